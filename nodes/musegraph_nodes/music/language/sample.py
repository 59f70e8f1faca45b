"""Sampling within the grammar, and within what a user asked for: bars, chords, whole parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from musegraph_nodes.music.composer.form import pitches_at
from musegraph_nodes.music.composer.piece import DRUMS, LEVELS, STEPS, Harmony, Tone
from musegraph_nodes.music.theory import Chord, Key

from . import vocabulary as v
from .code import bar_token, chord_tokens, group_tokens
from .echo import Echo
from .session import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .reader import Mask, Reader

_OPEN = frozenset({"pos", "chord", "played", "struck"})
"""States in which a group may begin."""

_NEAR = 0.88
"""Of chords, the likeliest with this share: lessons have strange ones too."""
_OTHER = 0.5
"""How much of the echo goes against the chords of the phrase before where a new one is due."""
_BEYOND = v.QUALITY.first + v.QUALITY.count
"""The first token after those of chords: roots, then qualities."""


@dataclass(frozen=True)
class Taste:
    """How tokens are drawn."""

    temperature: float = 0.95
    top_p: float = 0.95
    strict: bool = True
    """Whether on strong beats only notes of the chord or the scale are played."""
    echo: float = 2.5
    """By how much what returns is likelier, in nats; 0 leaves forms to the model."""


@dataclass
class Wishes:
    """What has to be in a piece: how many bars, and by step chords and the tones of parts."""

    bars: int
    ends: bool = True
    harmony: dict[int, Chord | None] | None = None
    """By step; None leaves chords to the model."""
    parts: dict[int, dict[int, list[Tone]]] = field(default_factory=dict)
    """By role and step; the model adds nothing to these roles."""
    whole: int | None = None
    """The bars of the whole piece; without it, it ends where the wishes do, or not at all."""
    programs: Mapping[int, Collection[int]] = field(default_factory=dict)
    """By role, the instruments that may play it."""

    def give(self, role: int, tones: Iterable[Tone]) -> None:
        by_step: dict[int, list[Tone]] = defaultdict(list)
        for tone in tones:
            by_step[tone.start].append(tone)
        self.parts[role] = by_step

    def word(self, bar: int) -> int:
        """The token that begins a bar."""
        return bar_token(bar, self.whole or (self.bars if self.ends else None))

    def due(self, step: int) -> bool:
        """Whether something asked for begins at a step."""
        if self.harmony is not None and step in self.harmony:
            return True
        return any(step in by_step for by_step in self.parts.values())


def asked(harmony: Iterable[Harmony]) -> dict[int, Chord | None]:
    return {one.start: one.chord for one in harmony}


def _half(beats: int) -> int:
    """The steps from one place where a chord may change to the next."""
    return beats * STEPS // (1 if beats % 2 else 2)


class Sampler:
    """Says one token after the other, until the bars are full.

    Before each draw it stops and hands out its session, so that several can be heard at once.
    """

    def __init__(
        self, session: Session, wishes: Wishes, taste: Taste, seed: int,
        tick: Callable[[int], None] | None = None,
    ) -> None:  # fmt: skip
        self.session = session
        self.wishes = wishes
        self.taste = taste
        self.draw = np.random.default_rng(seed)
        self.echo = Echo(seed)
        self.tick = tick or (lambda bar: None)
        self.asked: tuple[int, list[int]] = -1, []

    @property
    def reader(self) -> Reader:
        return self.session.writer.reader

    def header(self, tokens: Sequence[int], roles: Sequence[int]) -> Iterator[Session]:
        """Say what the piece is; instruments are drawn by the model among those wished for."""
        self.session.say(tokens)
        for role in sorted(roles):
            self.session.say([v.PART[role]])
            mask = np.zeros(v.SIZE, np.bool_)
            for program in self.wishes.programs.get(role, range(128)):
                mask[v.PROGRAM[program]] = True
            yield from self._choose(mask)

    def run(self) -> Iterator[Session]:
        """Fill the bars that are wished for, and end if that is wished as well."""
        self.tick(self.reader.bar)
        while True:
            reader = self.reader
            if reader.state == "end" or (not self.wishes.ends and self._full()):
                return
            forced = self._forced()
            if forced:
                self.session.say(forced)
                continue
            mask = self._within_wishes(reader.allowed())
            if reader.state in ("group", "pitched") and reader.role != DRUMS:
                mask = self._in_tune(mask)
            token = yield from self._choose(mask)
            if token in v.BAR:
                self.tick(reader.bar)

    def _full(self) -> bool:
        """Whether all bars are there and nothing is left to say in the last."""
        reader = self.reader
        return reader.bar + 1 > self.wishes.bars

    # -- what has to be -----------------------------------------------------------------------

    def _forced(self) -> list[int]:
        """Tokens that can be nothing else here: chords, and after them parts that are given."""
        reader, wishes = self.reader, self.wishes
        if reader.state == "pos" and wishes.harmony is not None and reader.now in wishes.harmony:
            return chord_tokens(wishes.harmony[reader.now], reader.tonic)
        return []

    def _given(self) -> list[int]:
        """What the next role says here whose part is given; nothing if there is none."""
        reader = self.reader
        for role in sorted(self.wishes.parts):
            tones = self.wishes.parts[role].get(reader.now)
            if tones and role > reader.role and role in reader.programs:
                return group_tokens(role, tones, reader.tonic)
        return []

    def _within_wishes(self, mask: Mask) -> Mask:
        reader, wishes = self.reader, self.wishes
        if reader.state in ("parts", "program"):
            mask[v.PART.slice] = False
        # Chords change with bars and their halves, as they do in all that a model learns from.
        if wishes.harmony is not None or reader.pos % _half(reader.beats):
            mask[v.ROOT.slice] = False
        for role in wishes.parts:
            first = v.GROUP.first + role * len(LEVELS)
            mask[first : first + len(LEVELS)] = False
        if reader.state in _OPEN and (given := self._given()):
            kept = np.zeros_like(mask)
            # Earlier roles, more drums of the same stroke, a chord: what may still come before.
            kept[v.GROUP.first : given[0]] = True
            kept[v.DRUM.slice] = kept[v.ROOT.slice] = True
            mask &= kept
            mask[given[0]] = True
            return mask
        return self._in_time(mask)

    def _in_time(self, mask: Mask) -> Mask:
        """No later than what is due, no bar too many, and the right word for each bar."""
        reader, wishes = self.reader, self.wishes
        due = [pos for pos in self._due(max(reader.bar, 0)) if pos > reader.pos]
        if reader.bar >= 0 and due:
            mask[v.POS.first + due[0] + 1 : v.POS.first + v.POS.count] = False
            mask[v.BAR.slice] = mask[v.END] = False
        if wishes.harmony is not None and not {*reader.programs} - {*wishes.parts}:
            for pos in range(reader.steps):
                mask[v.POS[pos]] &= pos in due
        more = reader.bar + 1 < wishes.bars
        bar = mask[v.BAR.first]
        mask[v.BAR.slice] = False
        if more or not wishes.ends:
            mask[v.END] = False
            mask[wishes.word(reader.bar + 1)] = bar
        return mask

    def _due(self, bar: int) -> list[int]:
        """Where in a bar something asked for begins."""
        if self.asked[0] != bar:
            steps = self.reader.steps
            due = [pos for pos in range(steps) if self.wishes.due(bar * steps + pos)]
            self.asked = bar, due
        return self.asked[1]

    def _in_tune(self, mask: Mask) -> Mask:
        """On strong beats, the chord or the scale alone; between them lie the ways to the next."""
        reader = self.reader
        if not self.taste.strict or reader.pos % _half(reader.beats):
            return mask
        key = Key(0, "minor" if reader.mode else "major")
        chord = None
        if reader.root != v.NO_ROOT:
            chord = Chord(reader.root, v.CHORD_QUALITIES[reader.quality])
        classes = np.zeros(12, np.bool_)
        classes[list(pitches_at(chord, key))] = True
        wanted = mask.copy()
        wanted[v.PITCH.slice] &= classes[(np.arange(v.PITCH.count) + v.LOWEST) % 12]
        return wanted if wanted.any() else mask

    # -- the draw -----------------------------------------------------------------------------

    def _choose(self, mask: Mask) -> Generator[Session, None, int]:
        """Draw one of the allowed tokens, and say it, or what it stands for."""
        reader = self.reader
        given = self._given() if reader.state in _OPEN else []
        options = np.flatnonzero(mask)
        if not len(options):
            # Everybody plays as much as can be told apart; the chord is said again instead.
            self.session.say([v.ROOT[reader.root], v.QUALITY[reader.quality]])
            return v.NOTHING
        token = int(options[0])
        if len(options) > 1:
            yield self.session
            token = self._drawn(options)
        if given and token == given[0]:
            self.session.say(given)
        else:
            self.session.choose(token)
        return token

    def _drawn(self, options: NDArray[np.intp]) -> int:
        logits = self.session.logits()
        if self.taste.echo:
            self.echo.hear(self.session.tokens)
            expected = self.echo.expected(self.reader)
            other = self.echo.other(self.reader)
            if expected or other:
                logits = logits.copy()
                logits[expected] += self.taste.echo
                logits[other] -= _OTHER * self.taste.echo
        return self._of(logits, options)

    def _of(self, logits: NDArray[np.float64], options: NDArray[np.intp]) -> int:
        """One of the options; of chords one that is not far-fetched, for others would follow it."""
        taste, token = self.taste, v.ROOT.first
        chords = options[(options >= v.ROOT.first) & (options < _BEYOND)]
        if len(chords) < len(options):
            token = drawn(logits, options, taste.temperature, taste.top_p, self.draw)
        if token not in v.ROOT:
            return token
        return drawn(logits, chords, taste.temperature, min(taste.top_p, _NEAR), self.draw)


def drawn(
    logits: NDArray[np.float64], options: NDArray[np.intp], temperature: float, top_p: float,
    draw: np.random.Generator,
) -> int:  # fmt: skip
    """One of the options: the likeliest where nothing is dared, else one of those with a share."""
    logits = logits[options]
    if temperature <= 0:
        return int(options[int(logits.argmax())])
    shares = np.exp((logits - logits.max()) / temperature)
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(shares[order]), top_p)) + 1]
    place = draw.random() * shares[kept].sum()
    at = int(np.searchsorted(np.cumsum(shares[kept]), place))
    return int(options[kept[min(at, len(kept) - 1)]])
