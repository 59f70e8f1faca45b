"""What a pitch is called: its letter, its sign and its octave, by the key that it is in."""

from __future__ import annotations

_LETTERS = "FCGDAEB"
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def spelt(pitch: int, sharps: int, minor: bool) -> tuple[str, int, int]:
    """Letter, semitones that its sign raises it, and octave; the 4th begins with the middle C.

    Of the names that sound alike the one that is nearest on the row of fifths to those of the
    scale: in C, B flat and E flat but F sharp and C sharp; in A minor also G sharp.
    """
    lowest = sharps - (3 if minor else 4)
    fifth = pitch * 7 % 12
    fifth += -((fifth - lowest) // 12) * 12
    letter, alter = _LETTERS[(fifth + 1) % 7], (fifth + 1) // 7
    return letter, alter, (pitch - alter - _SEMITONES[letter]) // 12 - 1


def drum_place(pitch: int) -> tuple[str, int, str]:
    """Where a drum of General MIDI stands on the staff, and the head of its notes."""
    return _DRUMS.get(pitch, ("E", 4, "triangle"))


_DRUMS = {
    35: ("F", 4, ""), 36: ("F", 4, ""), 37: ("C", 5, "x"), 38: ("C", 5, ""), 39: ("C", 5, "slash"),
    40: ("C", 5, ""), 41: ("G", 4, ""), 42: ("G", 5, "x"), 43: ("A", 4, ""), 44: ("D", 4, "x"),
    45: ("B", 4, ""), 46: ("G", 5, "circle-x"), 47: ("D", 5, ""), 48: ("E", 5, ""),
    49: ("A", 5, "x"), 50: ("F", 5, ""), 51: ("F", 5, "x"), 52: ("A", 5, "x"),
    53: ("F", 5, "diamond"), 54: ("B", 5, "x"), 55: ("B", 5, "x"), 56: ("E", 5, "triangle"),
    57: ("B", 5, "x"), 59: ("F", 5, "x"),
}  # fmt: skip
