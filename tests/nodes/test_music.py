"""Chords, keys, voices, and what is done with scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musegraph import KeySignature, Message, Meter, NodeError, Note, Score, Tempo, Track
from musegraph.values import identity
from musegraph_nodes.music import edit, harmony
from musegraph_nodes.music.picture import piano_roll
from musegraph_nodes.music.theory import (
    MODES,
    QUALITIES,
    Chord,
    Key,
    parse_chord,
    parse_key,
    progression,
    voicing,
)

C, AM = Key(0), Key(9, "minor")


@pytest.mark.parametrize(
    ("text", "key", "pitches"),
    [
        ("C", C, {0, 4, 7}),
        ("Am7", C, {9, 0, 4, 7}),
        ("F#dim", C, {6, 9, 0}),
        ("Bbmaj7", C, {10, 2, 5, 9}),
        ("B♭M7", C, {10, 2, 5, 9}),
        ("F#m7b5", C, {6, 9, 0, 4}),
        ("Fø", C, {5, 8, 11, 3}),
        ("C/E", C, {0, 4, 7}),
        ("C6/9", C, {0, 4, 7, 9, 2}),
        ("G7(b9)", C, {7, 11, 2, 5, 8}),
        ("ii7", C, {2, 5, 9, 0}),
        ("V/V", C, {2, 6, 9}),
        ("V7/ii", C, {9, 1, 4, 7}),
        ("bVII", C, {10, 2, 5}),
        ("viio", C, {11, 2, 5}),
        ("vii°7", AM, {8, 11, 2, 5}),
        ("V7", AM, {4, 8, 11, 2}),
        ("VI", AM, {5, 9, 0}),
        ("I/iii", C, {4, 8, 11}),
    ],
)
def test_chords_are_read_as_musicians_write_them(text: str, key: Key, pitches: set[int]) -> None:
    assert {*parse_chord(text, key).pitches} == pitches


def test_the_bass_below_a_stroke_is_kept() -> None:
    assert parse_chord("C/E") == Chord(0, "", 4)
    assert parse_chord("Am7/G").name() == "Am7/G"


@pytest.mark.parametrize("text", ["H", "Cfoo", "", "C//E", "ii7", "C/Q", "V/V", "8", "c", "Cmaj8"])
def test_what_is_no_chord_is_refused_by_name(text: str) -> None:
    with pytest.raises(NodeError, match="is no chord"):
        parse_chord(text)


@given(st.integers(0, 11), st.sampled_from([*QUALITIES]), st.none() | st.integers(0, 11))
def test_a_chord_that_is_named_is_the_same_when_it_is_read(
    root: int, quality: str, bass: int | None
) -> None:
    chord = Chord(root, quality, bass)
    if quality == "6/9" and bass is not None:
        return  # two strokes; nobody writes it
    assert parse_chord(chord.name()) == chord


@pytest.mark.parametrize(
    ("text", "key", "sharps"),
    [
        ("C major", C, 0), ("c", Key(0, "minor"), -3), ("a minor", AM, 0),
        ("F#m", Key(6, "minor"), 3), ("Bb", Key(10), -2), ("F#", Key(6), 6), ("Db", Key(1), -5),
        ("D dorian", Key(2, "dorian"), -1),
        ("E harmonic minor", Key(4, "harmonic minor"), 1),
    ],
)  # fmt: skip
def test_keys_are_read_and_have_their_signature(text: str, key: Key, sharps: int) -> None:
    assert parse_key(text) == key
    assert key.sharps == sharps
    assert parse_key(str(key)) == key
    assert len({*key.scale}) == len(MODES[key.mode]) == 7


@pytest.mark.parametrize("text", ["", "H", "C blues", "major", "C#b minor x", "5"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NodeError, match="is no key"):
        parse_key(text)


def test_bars_share_hold_and_repeat() -> None:
    made = progression("| Am F | C . G . | % | . |")
    assert [(chord.name(), bars) for chord, bars in made] == [
        ("Am", 0.5), ("F", 0.5), ("C", 0.5), ("G", 0.5), ("C", 0.5), ("G", 0.5), ("G", 1.0),
    ]  # fmt: skip
    assert len(progression("Am, F, C")) == 3
    with pytest.raises(NodeError, match="begin with a point"):
        progression("| . C |")


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from([*QUALITIES])), min_size=2, max_size=8),
    st.integers(3, 5),
)
def test_voices_hold_the_chord_stay_in_their_range_and_move_little(
    chords: list[tuple[int, str]], voices: int
) -> None:
    before: list[int] | None = None
    for root, quality in chords:
        chord = Chord(root, quality)
        made = voicing(chord, before, 48, 72, voices)
        assert len(made) == voices
        assert made == sorted(made)
        assert 48 <= made[0] <= made[-1] <= 72
        assert {pitch % 12 for pitch in made} <= {*chord.pitches}
        third = [step for step in chord.steps if step in (2, 3, 4, 5)]
        if third and voices >= 3:
            assert (root + third[0]) % 12 in {pitch % 12 for pitch in made}
        if before is not None:
            moved = sum(abs(a - b) for a, b in zip(before, made, strict=True)) / voices
            assert moved <= 6
        before = made


def test_well_known_chords_are_led_as_a_textbook_does() -> None:
    """Common notes stay, and no voice leaps: four chords move fewer than 2 semitones a voice."""
    before, moves = None, []
    for chord, _ in progression("C Am F G C"):
        made = voicing(chord, before)
        if before is not None:
            moves.append(sum(abs(a - b) for a, b in zip(before, made, strict=True)) / 4)
        before = made
    assert max(moves) <= 2.5
    assert sum(moves) / len(moves) < 2


def written(text: str = "Am F C G", **more: Any) -> Score:
    return harmony.voice_chords(harmony.chords(text, "A minor"), **more)


@pytest.mark.parametrize("style", ["block", "arpeggio", "strum", "pulse"])
def test_every_note_is_of_the_chord_that_sounds(style: str) -> None:
    score = written("Am F C G", style=style)
    bar = score.resolution * 4
    for note in score.notes:
        chord = parse_chord(["Am", "F", "C", "G"][note.start // bar])
        assert note.pitch % 12 in chord.pitches
        assert note.end <= (note.start // bar + 1) * bar
    assert score.tempos == (Tempo(0, 600_000),)
    assert score.keys == (KeySignature(0, 0, True),)


SCORE = Score(
    480,
    (
        Track.of(
            [Note(5, 475, 60, 80), Note(490, 230, 64, 90), Note(0, 240, 36, 100, 9)],
            [Message(0, b"\xc0\x05"), Message(0, b"\xc9\x00")],
            "One",
        ),
    ),
    (Tempo(0, 500_000), Tempo(480, 1_000_000)),
    (Meter(0, 3, 4),),
    (KeySignature(0, 2),),
)


def test_transposing_moves_pitches_and_the_key_and_leaves_drums() -> None:
    up = edit.transpose(SCORE, 3)
    assert sorted(note.pitch for note in up.notes) == [36, 63, 67]
    assert up.keys[0].sharps == -1  # D to F
    assert identity(edit.transpose(up, -3)) == identity(SCORE)
    high = edit.transpose(edit.transpose(SCORE, 60), 60)
    assert all(note.pitch <= 127 for note in high.notes)
    assert high.notes[1].pitch % 12 == 0


def test_quantising_pulls_notes_to_the_grid_as_far_as_it_is_told() -> None:
    straight = edit.quantise(SCORE, 16, durations=True)
    assert [(note.start, note.end) for note in straight.notes] == [(0, 240), (0, 480), (480, 720)]
    half = edit.quantise(SCORE, 16, 0.5)
    assert [note.start for note in half.notes] == [0, 2, 485]
    assert identity(edit.quantise(SCORE, 16, 0.0)) == identity(SCORE)


def test_humanised_notes_are_apart_as_far_as_asked_and_alike_for_a_seed() -> None:
    straight = edit.loop(written(), 50)
    loose = edit.humanise(straight, 10, 8, 3)
    assert identity(loose) == identity(edit.humanise(straight, 10, 8, 3))
    assert identity(loose) != identity(edit.humanise(straight, 10, 8, 4))
    assert identity(edit.humanise(straight, 0, 0)) == identity(straight)
    chord = [note for note in loose.notes if note.start < 100]
    assert len({note.start for note in chord}) == 1
    spread = [note.velocity - 80 for note in loose.notes]
    assert abs(sum(spread) / len(spread)) < 1
    assert 7 < (sum(one**2 for one in spread) / len(spread)) ** 0.5 < 9


def test_tempo_changes_by_a_factor_or_to_a_number() -> None:
    assert edit.change_tempo(SCORE, 2).seconds == pytest.approx(SCORE.seconds / 2)
    to = edit.change_tempo(SCORE, bpm=60)
    assert [tempo.bpm for tempo in to.tempos] == [60, 30]
    assert edit.change_tempo(Score(96, ()), 2).tempos == (Tempo(0, 250_000),)


def test_scores_are_merged_at_once_or_one_after_another_whatever_their_ticks() -> None:
    other = Score(96, (Track.of([Note(0, 96, 72)], name="Two"),), (Tempo(0, 250_000),))
    both = edit.merge([SCORE, other])
    assert [track.name for track in both.tracks] == ["One", "Two"]
    assert both.tracks[1].notes == [Note(0, 480, 72, channel=1)]
    after = edit.merge([SCORE, other], one_after_another=True)
    assert after.notes[-1] == Note(720, 480, 72)
    assert after.seconds == pytest.approx(SCORE.seconds + other.seconds)


def test_what_plays_at_the_same_time_keeps_its_instruments() -> None:
    piano, strings, drums = written(program=0), written(program=48), SCORE
    both = edit.merge([piano, strings, drums])
    told = [track.programs for track in both.tracks]
    assert told == [{0: 0}, {1: 48}, {2: 5, 9: 0}]
    assert [track.channels for track in both.tracks] == [[0], [1], [2, 9]]
    assert [n.pitch for n in both.tracks[1].notes] == [n.pitch for n in strings.notes]
    crowd = edit.merge([written(program=number) for number in range(20)])
    assert len({track.channels[0] for track in crowd.tracks[:15]}) == 15


def test_a_score_that_is_split_is_the_same_when_it_is_merged() -> None:
    parts = edit.split(SCORE)
    assert [len(part.notes) for part in parts] == [2, 1]
    assert parts[0].tracks[0].programs == {0: 5}
    assert edit.merge(parts).notes == SCORE.notes


def test_a_loop_repeats_whole_bars_with_everything_in_them() -> None:
    twice = edit.loop(SCORE, 2)
    assert twice.end == 2 * 1440
    assert [note.start for note in twice.notes] == [0, 5, 490, 1440, 1445, 1930]
    assert len(twice.tempos) == 4
    short = edit.loop(SCORE, 3, 1.0)
    assert short.end == 3 * 480
    assert all(note.end <= (note.start // 480 + 1) * 480 for note in short.notes)


def test_a_piano_roll_shows_notes_where_they_are() -> None:
    picture = piano_roll(Score(480, (Track.of([Note(0, 480, 60), Note(480, 480, 71)]),)), 200, 120)
    assert picture.data.shape == (1, 120, 200, 3)
    grey = (picture.data.amax(-1) - picture.data.amin(-1))[0] > 0.15
    low, high = (part.any(dim=1).nonzero() for part in (grey[:, :95], grey[:, 105:]))
    assert int(high.max()) < int(low.min())  # what is higher stands higher
    dark = piano_roll(SCORE, 64, 64, "dark")
    assert float(dark.data.mean()) < 0.4


CROWDED = Score(1, (Track.of([Note(0, 1, pitch) for pitch in range(128)] * 10),))
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "no chords": (lambda: harmony.chords(" "), "no chord in the text"),
    "no key": (lambda: harmony.chords("C", "H"), "is no key"),
    "a thousand bars": (lambda: harmony.chords("C " * 9, times=256), "more than 1024 bars"),
    "chords by hand": (lambda: harmony.voice_chords({"chords": [{"root": 12}]}), "chords are none"),
    "a quality by hand": (
        lambda: harmony.voice_chords(
            {"chords": [{"root": 1, "start": 0, "duration": 1, "quality": "?"}]}
        ),
        "no quality",
    ),
    "a list for chords": (lambda: harmony.voice_chords({"chordz": 1}), "chords are none"),
    "no room": (lambda: written(low=60, high=64), "less than an octave"),
    "nothing to merge": (lambda: edit.merge([]), "nothing to merge"),
    "too long": (lambda: edit.loop(Score(32767, (Track(end=2**27),)), 1000), "longer than any"),
    "too many": (lambda: edit.loop(CROWDED, 1000), "notes; loop it less"),
    "an empty score": (lambda: piano_roll(Score(96, ())), "no notes to draw"),
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_is_refused_in_words(name: str) -> None:
    call, said = WRONG[name]
    with pytest.raises(NodeError, match=said):
        call()
