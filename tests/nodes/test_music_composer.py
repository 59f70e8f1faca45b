"""The composer by rule, and the node that arranges chords."""

from __future__ import annotations

from collections import Counter

import pytest

from musegraph import KeySignature, Message, NodeError, Note, Score, Track
from musegraph.values.midi import read_midi, write_midi
from musegraph_nodes.music.arrange import arrange
from musegraph_nodes.music.composer.form import pitches_at
from musegraph_nodes.music.composer.piece import BASS, DRUMS, MELODY, ROLES, STEPS, Piece, score_of
from musegraph_nodes.music.composer.styles import STYLES, fitted, steps_of
from musegraph_nodes.music.composer.write import composed
from musegraph_nodes.music.harmony import chords

GENRES = [*STYLES]


def on_beats_in_tune(piece: Piece) -> float:
    """The share of the melody's notes on beats that are of the chord."""
    found = Counter(
        tone.pitch % 12 in chord.pitches
        for tone in piece.parts[MELODY].tones
        if tone.start % (2 * STEPS) == 0 and (chord := piece.chord_at(tone.start)) is not None
    )
    return found[True] / found.total()


@pytest.mark.parametrize("genre", GENRES)
def test_a_piece_is_whole_and_the_same_for_the_same_seed(genre: str) -> None:
    piece = composed(genre, 5, 8)
    assert piece == composed(genre, 5, 8)
    assert piece != composed(genre, 6, 8)
    style = STYLES[genre]
    assert style.tempo[0] <= piece.tempo <= style.tempo[1]
    assert (DRUMS in piece.parts) == bool(style.grooves)
    for part in piece.parts.values():
        assert part.tones
        assert all(tone.start < piece.end for tone in part.tones)
    score = score_of(piece)
    assert read_midi(write_midi(score)).notes == score.notes


@pytest.mark.parametrize("genre", GENRES)
def test_a_melody_keeps_to_its_chords_on_beats_and_comes_home(genre: str) -> None:
    pieces = [composed(genre, seed, 8) for seed in range(6)]
    assert sum(map(on_beats_in_tune, pieces)) / len(pieces) >= 0.95
    for piece in pieces:
        last = piece.parts[MELODY].tones[-1]
        home = piece.chord_at(piece.end - 1)
        assert home is not None
        assert last.pitch % 12 in home.pitches
        low = [tone for tone in piece.parts[BASS].tones if tone.start >= piece.end - piece.bar]
        assert [tone.pitch % 12 for tone in low] == [home.root]


def test_phrases_come_back() -> None:
    piece = composed("pop", 8, 16)
    bars = [
        tuple((t.start % piece.bar, t.length) for t in piece.parts[MELODY].tones
              if t.start // piece.bar == bar)
        for bar in range(16)
    ]  # fmt: skip
    assert len({*bars[:15]}) < 12


@pytest.mark.parametrize("genre", GENRES)
def test_every_pattern_fills_its_bar(genre: str) -> None:
    style = STYLES[genre]
    bar = style.beats * STEPS
    drums = [row for groove in (*style.grooves, style.fill) for row in groove.values()]
    for pattern in (*style.comp, *style.low, *style.cells, *style.closes, *drums):
        assert bar % len(pattern) == 0, pattern
        assert all(start + length <= bar for start, length, _ in steps_of(pattern, style.beats))
        for beats in (2, 3, 5, 7):
            assert all(a + n <= beats * STEPS for a, n, _ in fitted(pattern, style.beats, beats))


def test_scales_bend_to_what_a_chord_has() -> None:
    from musegraph_nodes.music.theory import Chord, Key

    assert set(pitches_at(Chord(4, "7"), Key(9, "minor"))) == {9, 11, 0, 2, 4, 5, 8}


@pytest.mark.parametrize("genre", GENRES)
def test_chords_are_arranged_for_so_many_bars_with_what_was_asked_for(genre: str) -> None:
    text = chords("Am F C G", key="C major", beats=STYLES[genre].beats)
    made = arrange(text, style=genre, bars=8, with_pad=False, seed=3)  # type: ignore[arg-type]
    assert {track.name for track in made.tracks} <= {name.capitalize() for name in ROLES[:4]}
    bar = STYLES[genre].beats * 480
    assert 7 * bar <= max(note.start for note in made.notes) < 8 * bar
    assert made.meters[0].beats == STYLES[genre].beats
    low = next(track for track in made.tracks if track.name == "Bass").notes
    firsts = [next(n.pitch % 12 for n in low if n.start // bar == at) for at in range(4)]
    assert firsts == [9, 5, 0, 7]


def test_a_melody_that_is_given_is_played_as_it_is() -> None:
    tune = Score(96, (Track.of([Note(0, 96, 72), Note(96, 192, 76, 100), Note(0, 24, 36, 90, 9)]),))
    made = arrange(chords("C G"), tune, style="folk", with_drums=False)
    sung = next(track for track in made.tracks if track.name == "Melody").notes
    assert [(n.start, n.duration, n.pitch) for n in sung] == [(0, 480, 72), (480, 960, 76)]


def test_a_key_that_the_chords_do_not_keep_to_is_looked_for() -> None:
    assert arrange(chords("D A Bm G")).keys == (KeySignature(0, 2, False),)
    assert arrange(chords("Am F C G")).keys == (KeySignature(0, 0, False),)


def test_what_cannot_be_arranged_is_said() -> None:
    with pytest.raises(NodeError, match="every part is off"):
        arrange(
            chords("C"), with_melody=False, with_chords=False, with_bass=False, with_drums=False,
            with_pad=False,
        )  # fmt: skip
    with pytest.raises(NodeError, match="no notes but drums"):
        arrange(
            chords("C"), Score(96, (Track.of([Note(0, 9, 36, 90, 9)], [Message(0, b"\xc9\0")]),))
        )
    with pytest.raises(NodeError, match="no chords to play"):
        arrange({"chords": []})
