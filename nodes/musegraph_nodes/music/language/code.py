"""Pieces as tokens and back; what lies on the grid comes back as it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from musegraph_nodes.music.composer.form import merged
from musegraph_nodes.music.composer.piece import (
    DRUMS,
    LEVELS,
    LOWEST_DRUM,
    Harmony,
    Part,
    Piece,
    Tone,
    tidy,
)
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.theory import Chord, Key

from . import vocabulary as v
from .reader import MOST_GROUPS, MOST_PITCHES, Reader, Ungrammatical

GENRE_NAMES = tuple(STYLES)


def header(piece: Piece) -> list[int]:
    """What a piece is, before its first bar."""
    made = [
        v.BEGIN,
        v.GENRE[GENRE_NAMES.index(piece.genre)],
        v.MODE[int(piece.key.minor)],
        v.KEY[piece.key.tonic],
        v.TEMPO[v.tempo_index(piece.tempo)],
        v.METER[v.BEATS.index(piece.beats)],
    ]
    for role, part in sorted(piece.parts.items()):
        made += [v.PART[role], v.PROGRAM[part.program]]
    return made


def bar_token(bar: int, bars: int | None) -> int:
    """The word for a bar: its place among eight, or that it is the last."""
    return v.BAR[v.LAST_BAR] if bars is not None and bar == bars - 1 else v.BAR[bar % 8]


def encoded(piece: Piece) -> list[int]:
    """All tokens of a piece."""
    return [*header(piece), *(t for bar in encoded_bars(piece) for t in bar), v.END]


def encoded_bars(piece: Piece, ends: bool = True) -> list[list[int]]:
    """The tokens of each bar; unless it ``ends``, none is called the last."""
    by_step: dict[int, dict[int, list[Tone]]] = defaultdict(lambda: defaultdict(list))
    for role, part in piece.parts.items():
        for tone in tidy(part.tones, role == DRUMS, piece.end):
            by_step[tone.start][role].append(tone)
    chords = {one.start: one.chord for one in merged(piece.harmony)}
    made = []
    for bar in range(piece.bars):
        tokens = [bar_token(bar, piece.bars if ends else None)]
        for pos in range(piece.bar):
            step = bar * piece.bar + pos
            found = []
            if step in chords:
                found += chord_tokens(chords[step], piece.key.tonic)
            for role, tones in sorted(by_step.get(step, {}).items()):
                found += group_tokens(role, tones, piece.key.tonic)
            if found:
                tokens += [v.POS[pos], *found]
        made.append(tokens)
    return made


def chord_tokens(chord: Chord | None, tonic: int) -> list[int]:
    """Root from the tonic, and quality; a bass of its own has no word."""
    if chord is None:
        return [v.ROOT[v.NO_ROOT], v.QUALITY[0]]
    quality = v.CHORD_QUALITIES.index(v.plainer(chord.quality))
    return [v.ROOT[(chord.root - tonic) % 12], v.QUALITY[quality]]


def group_tokens(role: int, tones: Iterable[Tone], tonic: int) -> list[int]:
    """What a role begins to play at one position."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for tone in tones:
        length = 0 if role == DRUMS else v.length_index(tone.length)
        groups[tone.level, length].append(tone.pitch)
    made = []
    for (level, length), pitches in sorted(groups.items())[:MOST_GROUPS]:
        made.append(v.GROUP[role * len(LEVELS) + level])
        if role == DRUMS:
            made += [v.DRUM[pitch - LOWEST_DRUM] for pitch in sorted(pitches)]
        else:
            few = sorted(pitches)[:MOST_PITCHES]
            made += [v.PITCH[pitch - v.shift(tonic) - v.LOWEST] for pitch in few]
            made.append(v.LENGTH[length])
    return made


@dataclass
class Writer:
    """Puts together what a reader reads."""

    reader: Reader = field(default_factory=Reader)
    harmony: list[Harmony] = field(default_factory=list)
    tones: dict[int, list[Tone]] = field(default_factory=lambda: defaultdict(list))

    def take(self, token: int, checked: bool = True) -> None:
        """One token more; ``checked`` says whether its place still has to be proved."""
        reader = self.reader
        if checked:
            reader.take(token)
        else:
            reader.advance(token)
        if token in v.QUALITY:
            self._chord()
        elif token in v.DRUM:
            pitch = token - v.DRUM.first + LOWEST_DRUM
            self.tones[DRUMS].append(Tone(reader.now, 1, pitch, reader.level))
        elif token in v.LENGTH:
            length = v.length_of(token - v.LENGTH.first)
            for pitch in reader.fresh:
                real = pitch + v.shift(reader.tonic) + v.LOWEST
                self.tones[reader.role].append(Tone(reader.now, length, real, reader.level))

    def _chord(self) -> None:
        reader = self.reader
        chord = None
        if reader.root != v.NO_ROOT:
            root = (reader.root + reader.tonic) % 12
            chord = Chord(root, v.CHORD_QUALITIES[reader.quality])
        self.harmony.append(Harmony(reader.now, chord))

    def piece(self) -> Piece:
        """What has been read so far."""
        reader = self.reader
        bars = reader.bar + 1
        end = bars * reader.steps
        parts = {
            role: Part(program, tidy(self.tones.get(role, ()), role == DRUMS, end))
            for role, program in reader.programs.items()
        }
        genre = GENRE_NAMES[min(reader.genre, len(GENRE_NAMES) - 1)]
        key = Key(reader.tonic, "minor" if reader.mode else "major")
        return Piece(
            genre, key, v.tempo_of(reader.tempo), reader.beats, bars, merged(self.harmony), parts
        )


def decoded(tokens: Sequence[int]) -> Piece:
    """The piece that tokens say; :class:`Ungrammatical` if they say none."""
    writer = Writer()
    for token in tokens:
        writer.take(token)
    if writer.reader.bar < 0:
        raise Ungrammatical("there is no bar in it")
    return writer.piece()


def facts_of(tokens: Sequence[int]) -> list[tuple[int, ...]]:
    """What is known after each token; see :data:`musegraph_nodes.music.language.reader.FACTS`."""
    reader, made = Reader(), []
    for token in tokens:
        reader.advance(token)
        made.append(reader.facts())
    return made
