"""Tunes in ABC: what is written is what is played, and what is wrong is said where it stands."""

from __future__ import annotations

from fractions import Fraction

import pytest

from musegraph import Context, Meter, NodeError, Score
from musegraph_nodes.music.abc.nodes import Written, abc


class Said(Context):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def written(text: str) -> Written:
    return abc(text, Said())


def pitches(body: str, head: str = "L:1/4\nK:C\n") -> list[int]:
    return [note.pitch for note in written(head + body).score.notes]


def lengths(body: str, head: str = "L:1/4\nK:C\n") -> list[Fraction]:
    """In quarter notes."""
    notes = written(head + body).score.notes
    return [Fraction(note.duration, 480).limit_denominator(48) for note in notes]


def starts(score: Score) -> list[float]:
    return [note.start / 480 for note in score.notes]


def test_letters_and_marks_are_octaves() -> None:
    assert pitches("C, C c c' B, b") == [48, 60, 72, 84, 59, 83]


def test_a_sign_counts_to_the_end_of_its_bar_and_in_all_octaves() -> None:
    assert pitches("^F F f =F F | F") == [66, 66, 78, 65, 65, 65]
    assert pitches("^^C __D _B") == [62, 60, 70]


@pytest.mark.parametrize(
    ("key", "played"),
    [
        ("G", [66, 71, 60]),
        ("Bb", [65, 70, 60]),
        ("F#m", [66, 71, 61]),
        ("D dorian", [65, 71, 60]),
        ("Ador", [66, 71, 60]),
        ("E mix", [66, 71, 61]),
        ("none", [65, 71, 60]),
        ("Hp", [66, 71, 61]),
        ("C ^f _b", [66, 70, 60]),
        ("C clef=bass octave=-1", [53, 59, 48]),
        ("C transpose=2", [67, 73, 62]),
    ],
)
def test_a_key_says_what_is_sharp_and_flat(key: str, played: list[int]) -> None:
    assert pitches("F B C", f"L:1/4\nK:{key}\n") == played


def test_lengths_are_multiples_and_parts_of_the_unit() -> None:
    assert lengths("C2 D/ E/4 F// G3/2 A") == [2, Fraction(1, 2), Fraction(1, 4), Fraction(1, 4),
                                              Fraction(3, 2), 1]  # fmt: skip
    assert lengths("C", "M:6/8\nK:C\n") == [Fraction(1, 2)]
    assert lengths("C", "M:2/4\nK:C\n") == [Fraction(1, 4)]  # sixteenths, in short bars


def test_broken_rhythm_and_tuplets_share_time() -> None:
    assert lengths("C>D E<F G>>A") == [Fraction(3, 2), Fraction(1, 2), Fraction(1, 2),
                                       Fraction(3, 2), Fraction(7, 4), Fraction(1, 4)]  # fmt: skip
    assert lengths("(3CDE (2FG A") == [Fraction(2, 3)] * 3 + [Fraction(3, 2)] * 2 + [1]
    assert lengths("(5:4:3CDE F") == [Fraction(4, 5)] * 3 + [1]


def test_chords_begin_together_and_ties_join() -> None:
    made = written("L:1/4\nK:C\n[CEG]2 C- C | ^F- | F F").score
    assert starts(made) == [0, 0, 0, 2, 4, 6]
    assert [note.duration // 480 for note in made.notes] == [2, 2, 2, 2, 2, 1]
    assert [note.pitch for note in made.notes[-2:]] == [66, 65]  # the tie keeps its sign


def test_rests_take_their_time() -> None:
    assert starts(written("M:3/4\nL:1/4\nK:C\nz2 C | Z2 | x D").score) == [2, 10]


@pytest.mark.parametrize(
    ("body", "played"),
    [
        ("C |: D :| E", "CDDE"),
        ("C D :| E", "CDCDE"),
        ("|: C :: D :| E", "CCDDE"),
        ("|: C |1 D :|2 E || F", "CDCEF"),
        ("|: C [1,3 D :|[2 E :|[4 F |] G", "CDCECDCFG"),
        ("|: C [1-2 D :|[3 E |]", "CDCDCE"),
        ("|:: C ::| D", "CCCD"),
        ("|: C || D :| E", "CDCDE"),
        ("|: C |1 D :| E |: F :|", "CDCEFF"),
        ("|: C |1 D :|2 E :| |: F |1 G :|2 A :|", "CDCEFGFA"),
    ],
)
def test_repeats_and_endings_are_played_out(body: str, played: str) -> None:
    names = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G", 69: "A"}
    assert "".join(names[pitch] for pitch in pitches(body)) == played


def test_what_is_no_note_is_passed_over() -> None:
    body = '{gf}C !trill! D ~E .F (G A) "^slowly" uB vc y | % a remark\nw: words to sing\n`c'
    assert pitches(body) == [60, 62, 64, 65, 67, 69, 71, 72, 72]


def test_chords_in_quotes_become_chords_and_others_are_told_of() -> None:
    said = Said()
    made = abc('K:G\nL:1/4\n"G"G2 "D7/F#"A2 | "N.C."z2 "fine"B2', said).chords
    assert made["key"] == "G major"
    found = [(one["name"], one["start"], one["duration"]) for one in made["chords"]]
    assert found == [("G", 0, 2), ("D7/F#", 2, 2)]
    (warning,) = said.warnings
    assert "line 3, column 28" in warning
    assert "'fine' is no chord" in warning


def test_tempo_meter_and_key_may_change_on_the_way() -> None:
    head = 'M:3/4\nL:1/4\nQ:"Andante" 1/4=90\nK:Dm\n'
    made = written(f"{head}C D E [M:C|][K:A][Q:1/2=60] C4").score
    assert made.meters == (Meter(0, 3, 4), Meter(1440, 2, 2))
    assert [(one.time, round(one.bpm)) for one in made.tempos] == [(0, 90), (1440, 120)]
    assert [(one.sharps, one.minor) for one in made.keys] == [(-1, True), (3, False)]


def test_voices_are_tracks_and_programs_are_asked_for() -> None:
    made = abc("M:4/4\nL:1/4\nK:C\nV:high\nc d\nV:low\nC,2", Said(), program=40).score
    assert [track.name for track in made.tracks] == ["high", "low"]
    assert [track.programs for track in made.tracks] == [{0: 40}, {1: 40}]
    assert starts(made) == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "has no notes"),
        ("CDEF", 1, 1, "K:G"),
        ("K:C\nC D ? E", 2, 5, "is nothing that is read"),
        ("K:Q", 1, 1, "is no key"),
        ("K:Cfoo", 1, 1, "is no mode"),
        ("K:G# lyd\nC", 1, 1, "more than seven"),
        ("M:4/5\nK:C\nC", 1, 1, "is none; the lower"),
        ("M:four\nK:C\nC", 1, 1, "is no meter"),
        ("L:0\nK:C\nC", 1, 1, "is no length"),
        ("Q:1/4=0\nK:C\nC", 1, 1, "are no tempo"),
        ("Q:fast\nK:C\nC", 1, 1, "is no tempo"),
        ("K:C\nC [CE", 2, 3, "has no end"),
        ("K:C\n[]", 2, 1, "no note in the brackets"),
        ("K:C\n[C ? E]", 2, 4, "is no note of a chord"),
        ('K:C\nC "Am D', 2, 3, "has no end"),
        ("K:C\nC99999", 2, 1, "more than four digits"),
        ("K:C\nC/0", 2, 1, "the part of nothing"),
        ("K:C\nC0", 2, 1, "lasts nothing"),
        ("K:C\n>C", 2, 1, "between two notes"),
        ("K:C\nC>", 2, 1, "there is none"),
        ("K:C\n(3CD", 2, 1, "lacks 1"),
        ("K:C\nc''''''", 2, 1, "beyond all instruments"),
        ("K:C\nC & D", 2, 3, "laid over each other"),
        ("K:C\nC [0 D", 2, 3, "an ending"),
        ("M:none\nK:C\nZ", 3, 1, "needs a meter"),
        ("K:C\nC\n\nX:2\nK:C\nD", 4, 1, "a second tune"),
        ("m:~g2 = {a}g\nK:C\nC", 1, 1, "macros"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_column(
    text: str, line: int, column: int, said: str
) -> None:
    with pytest.raises(NodeError, match=rf"line {line}, column {column}: .*{said}"):
        written(text)


def test_repeats_within_bounds_only() -> None:
    body = "|: C |1-20 D :|" * 40
    assert len(written(f"K:C\n{body}").score.notes) == 40 * (20 * 2 + 1)
    with pytest.raises(NodeError, match=r"more than 200,000 notes"):
        written("K:C\n" + "|: " + "C" * 12_000 + " |1-20 D :|")
    with pytest.raises(NodeError, match="longer than any music"):
        written("L:1\nK:C\n" + "C9999" * 200)
