"""The styles of the composer, as patterns that are written with letters.

A pattern is one bar; each letter is an equal share of it, so 16 letters are sixteenths of 4/4 and
12 the triplets of a shuffle. ``.`` is silence and ``-`` holds what was before. Drums: ``,oxX`` from
soft to strong. Bass: ``R`` root, ``5`` fifth, ``3`` third, ``8`` octave, ``a`` the way to the next
root, ``w`` a walking step. Chords: ``C`` all voices, ``c`` softly, ``1`` to ``4`` single voices.
Melody: ``x`` a note.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Groove = dict[int, str]
KICK, STICK, SNARE, CLAP, CLOSED, PEDAL, OPEN = 36, 37, 38, 39, 42, 44, 46
CRASH, RIDE, TAMBOURINE, SHAKER, LOW_TOM, MID_TOM, HIGH_TOM = 49, 51, 54, 70, 43, 47, 50


@dataclass(frozen=True)
class Style:
    """How one style goes: tempos, instruments, chords, and a few patterns for each part."""

    title: str
    tempo: tuple[int, int]
    melody: tuple[int, ...]
    chords: tuple[int, ...]
    bass: tuple[int, ...]
    major: tuple[str, ...]
    minor: tuple[str, ...]
    cadence: tuple[str, str]
    """Half a bar of dominant and the end, in major and in minor, as the last two bars go."""
    comp: tuple[str, ...]
    low: tuple[str, ...]
    cells: tuple[str, ...]
    closes: tuple[str, ...]
    grooves: tuple[Groove, ...] = ()
    fill: Groove = field(default_factory=dict)
    pad: tuple[int, ...] = ()
    beats: int = 4
    voices: int = 3
    share_of_minor: float = 0.4


_ROCK_FILL = {SNARE: "x...x...x.xxx...", HIGH_TOM: "............xx..", LOW_TOM: "..............xx",
              KICK: "x...x...x...x..."}  # fmt: skip
_TURN_MAJOR = ("I V vi IV", "I vi IV V", "vi IV I V", "I IV vi V", "I iii IV V", "IV V iii vi",
               "I ii IV V", "I IV I V")  # fmt: skip
_TURN_MINOR = ("i VI III VII", "i VII VI VII", "i iv VI VII", "VI VII i i", "i III VII VI",
               "i iv i VII")  # fmt: skip

STYLES: dict[str, Style] = {
    "pop": Style(
        "Pop", (92, 126), (0, 73, 80, 25), (0, 4, 25), (33, 34, 38), _TURN_MAJOR, _TURN_MINOR,
        ("V I", "V i"),
        ("C-------C-------", "C---C---C---C---", "C-----C-----C---", "1-2-3-2-1-2-3-2-"),
        ("R-----R-R-----R-", "R-------R-------", "R-R-R-R-R-R-R-a-", "R-----R---5-8---"),
        ("x---x-x---x-x---", "x-x-x---x---....", "..x-x-x-x---x---", "x-----x-x-x-----",
         "x---x---x-x-x-x-", "x-----x-----x---", "....x-x-x-x-x---"),
        ("x-------........", "x---x-------....", "x-----x---------"),
        ({KICK: "x.......x.x.....", SNARE: "....x.......x...", CLOSED: "x.o.x.o.x.o.x.o."},
         {KICK: "x.....x.x.......", SNARE: "....x.......x..,", CLOSED: "x.x.x.x.x.x.x.x."},
         {KICK: "x...x...x...x...", CLAP: "....x.......x...", CLOSED: "..x...x...x...x."}),
        _ROCK_FILL, (48, 89),
    ),
    "rock": Style(
        "Rock", (112, 156), (29, 30, 27), (27, 29, 18), (33, 34),
        ("I bVII IV I", "I IV V IV", "I V IV V", "I I IV V", "I vi IV V", "I bVII IV IV"),
        ("i VII VI VII", "i III VII iv", "i VI VII i", "i i VI VII", "i iv VII i"),
        ("V I", "VII i"),
        ("C-C-C-C-C-C-C-C-", "C--C--C-C--C--C-", "C---..C-C---..C-", "C-------C-C-C---"),
        ("R-R-R-R-R-R-R-R-", "R-R-R-R-R-R-5-a-", "R--R--R-R--R--R-", "R-R-8-R-R-R-8-a-"),
        ("x-x-x-x-x-----..", "x--x--x-x--x--x-", "x-----x-x---x---", "..x-x-x-x-x-x---",
         "x---x-x-x-------", "x-xxx-x-x---x---"),
        ("x---------------", "x-x-x-----------", "x-------x-------"),
        ({KICK: "x.......x.x.....", SNARE: "....X.......X...", CLOSED: "x.x.x.x.x.x.x.x."},
         {KICK: "x.x.....x.x...x.", SNARE: "....X.......X...", CLOSED: "x.o.x.o.x.o.x.o."},
         {KICK: "x..x..x.x..x....", SNARE: "....X.......X...", RIDE: "x.x.x.x.x.x.x.x."}),
        _ROCK_FILL, (16, 18),
    ),
    "jazz": Style(
        "Jazz", (112, 184), (66, 65, 56, 11), (0, 4, 26), (32,),
        ("ii7 V7 Imaj7 vi7", "Imaj7 vi7 ii7 V7", "iii7 VI7 ii7 V7", "Imaj7 VI7 ii7 V7",
         "ii7 V7 iii7 VI7", "Imaj7 IVmaj7 iii7 vi7"),
        ("iim7b5 V7 i7 i7", "i7 iv7 iim7b5 V7", "i7 VImaj7 iim7b5 V7", "iv7 VII7 IIImaj7 VImaj7"),
        ("ii7 Imaj7", "V7 i6"),
        ("..C..C......", "C----.......", ".....C......", "C-......C...", "..C-----..C."),
        ("w--w--w--w--",),
        ("x-xx-xx-xx--", "x--x-xx-x...", "...x-xx-xx-x", "x-x..x--x-xx", "..xx-xx--...",
         "x-----x-xx-x", "..x..xx-x-x-"),
        ("x-----......", "x-xx--------", "..xx-----..."),
        ({RIDE: "x..x.xx..x.x", PEDAL: "...x.....x..", KICK: ",..,..,..,.."},
         {RIDE: "x..x.xx..x.x", PEDAL: "...x.....x..", SNARE: ".....,......", KICK: "o..........."},
         {RIDE: "x..x.ox..x.o", PEDAL: "...x.....x..", SNARE: "..,........,"}),
        {RIDE: "x..x..x.....", SNARE: "..o..x..xxxx", KICK: "x.....x....x", PEDAL: "...x.....x.."},
        voices=4, share_of_minor=0.35,
    ),
    "blues": Style(
        "Blues", (84, 128), (26, 65, 22), (0, 16, 26), (33, 32),
        ("I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7"),
        ("i7 iv7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7 V7",),
        ("V7 I7", "V7 i7"),
        ("C--C--C--C--", "..C..C..C..C", "C----C......", "C-C..CC-C..C"),
        ("R--3--5--3--", "R-R5-58-85-5", "R--w--w--a--"),
        ("x-xx-xx-----", "...x-xx-x---", "x--x-xx-----", "x-x..xx-x---", "..xx-xx-x-x-",
         "x-----..x-x-"),
        ("x-----------", "x-x---------", "x--x--------"),
        ({KICK: "x.....x.....", SNARE: "...x.....x..", CLOSED: "x.ox.ox.ox.o"},
         {KICK: "x....xx.....", SNARE: "...x.....x..", RIDE: "x.ox.ox.ox.o"}),
        {KICK: "x.....x.....", SNARE: "...x.xx.xxxx", CLOSED: "x.ox........"},
        share_of_minor=0.2,
    ),
    "bossa": Style(
        "Bossa nova", (116, 148), (73, 65, 24), (24, 26), (32,),
        ("Imaj7 II7 ii7 V7", "Imaj7 vi7 ii7 V7", "ii7 V7 Imaj7 VI7", "Imaj7 IVmaj7 ii7 V7",
         "iii7 vi7 ii7 V7"),
        ("i7 iim7b5 V7 i7", "i7 VImaj7 iim7b5 V7", "iv7 VII7 IIImaj7 VImaj7", "i7 iv7 V7 i7"),
        ("V7 Imaj7", "V7 i6"),
        ("C--C--C---C--C--", "C-----C---C-----", "C---C--C----C---", "..C-C-....C--C--"),
        ("R-----5-5-----R-", "R-----R-5-----5-", "R-----5-R-----a-"),
        ("x---x-x--x--x---", "..x-x-x---x-x---", "x-----x-x-x-----", "x-x-x-x---------",
         "...x--x--x--x---", "x--x--x-----x---"),
        ("x---------------", "x-----x---------", "..x-----------.."),
        ({STICK: "x..x..x...x..x..", CLOSED: "ooxoooxoooxoooxo", KICK: "x.....xxx.....xx"},
         {STICK: "x..x...x..x..x..", SHAKER: "o,x,o,x,o,x,o,x,", KICK: "x.....x.x.....x."}),
        {STICK: "x..x..x.....x.x.", CLOSED: "ooxoooxooo......", KICK: "x.....xxx.....xx",
         HIGH_TOM: "..........x.x.xx"},
        voices=4,
    ),
    "folk": Style(
        "Folk waltz", (92, 144), (40, 73, 22, 105), (25, 24, 21), (32, 42),
        ("I IV I V", "I vi IV V", "I I V V", "IV I V I", "I V vi iii", "I IV V I"),
        ("i iv V i", "i VII VI V", "i VII i V", "i III VII i"),
        ("V I", "V i"),
        ("..C-C-", "..C-c-", "1-2-3-", "123432"),
        ("R-----", "R---5-", "R---a-"),
        ("x-x-x-", "x---x-", "xxx-x-", "x--xx-", "x-xxx-", "x-----"),
        ("x-----", "x---..", "x-x---"),
        ({KICK: "x.....", STICK: "..o.o."}, {KICK: "x.....", TAMBOURINE: "..x.x."}),
        {KICK: "x.....", SNARE: "..o.xx", STICK: "..o..."},
        beats=3,
    ),
    "house": Style(
        "House", (118, 129), (81, 80, 87), (4, 5, 16), (38, 39),
        ("I V vi IV", "vi IV I V", "IV I V vi", "ii vi IV V", "Imaj7 vi7 IVmaj7 V7"),
        ("i VI III VII", "i7 iv7 VImaj7 VII7", "i VII VI VII", "i i VI VII", "i7 III VII iv7"),
        ("V I", "VII i"),
        ("..C-..C-..C-..C-", "C--C--C---C--C--", "...C..C-...C..C-", "C-..C-..C--C--C-"),
        ("..R-..R-..R-..R-", "R..R..R...R.R...", "..R-..R-..R-..8-", "R.RR..R.R.RR..8."),
        ("x--x--x-x--x--x-", "x-x-..x-x-x-....", "..x-..x-..x-x-x-", "x---....x-x-x---",
         "x-xx..x-x-..x---"),
        ("x-------........", "x--x--x---......", "x-x-x-x-x---...."),
        ({KICK: "X...X...X...X...", CLAP: "....x.......x...", OPEN: "..x...x...x...x.",
          CLOSED: "o.,oo.,oo.,oo.,o"},
         {KICK: "X...X...X...X...", CLAP: "....x.......x..o", OPEN: "..x...x...x...x."},
         {KICK: "X...X...X...X...", SNARE: "....x.......x...", SHAKER: "o,x,o,x,o,x,o,x,"}),
        {KICK: "X...X...X.......", CLAP: "....x...x.x.xxxx", OPEN: "..x...x........."},
        (89, 90, 95), share_of_minor=0.7,
    ),
    "lofi": Style(
        "Lo-fi", (70, 90), (4, 11, 0), (4, 5, 0), (32, 35),
        ("Imaj7 vi7 ii7 V7", "IVmaj7 iii7 ii7 Imaj7", "ii7 V7 Imaj7 Imaj7", "IVmaj7 V7 iii7 vi7"),
        ("i7 iv7 VII7 IIImaj7", "i7 VImaj7 iv7 V7", "i7 v7 VImaj7 iv7", "VImaj7 VII7 i7 i7"),
        ("V7 Imaj7", "V7 i7"),
        ("C-----C---------", "C-------C-----C-", "C--C------C-----", "1-2-3-4-3-2-1-2-"),
        ("R-----R---5-----", "R-------R---..a-", "R--R------R-5---"),
        ("x-----x-x-------", "..x-x-x---..x-x-", "x-x-....x---....", "....x-x-x---x---",
         "x-x-x---........"),
        ("x-------........", "x-----x---------", "................"),
        ({KICK: "x......x..x.....", SNARE: "....x.......x...", CLOSED: "x.o.x.o.x.o.x.o,"},
         {KICK: "x.x.......x.....", SNARE: "....x......,x...", CLOSED: "x,o.x.o,x.o.x.o."}),
        {KICK: "x......x........", SNARE: "....x.....o.x.oo", CLOSED: "x.o.x.o........."},
        (89, 92), voices=4, share_of_minor=0.5,
    ),
    "classical": Style(
        "Classical", (72, 126), (0, 40, 73, 68), (0, 46, 6), (42, 43, 0),
        ("I IV V I", "I V I V", "I vi ii V", "I IV ii V", "vi ii V I", "I I IV V"),
        ("i iv V i", "i VI iv V", "i V i V", "i VI iv V7", "i III iv V"),
        ("V7 I", "V7 i"),
        ("1-3-2-3-1-3-2-3-", "1-2-3-2-1-2-3-2-", "C-------C-------", "1---2---3---2---"),
        ("R---------------", "R-------5-------", "R-------R-----a-"),
        ("x---x---x---x---", "x-----x-x-x-x---", "x-x-x-x-x---x---", "x-------x---x---",
         "x---x-x-x-x-x-x-", "xxxxx-x-x---x---"),
        ("x-------........", "x---------------", "x---x---x-------"),
        pad=(48,), share_of_minor=0.45,
    ),
}  # fmt: skip
"""By its name; the order is that of the model's words for them, so new ones come at the end."""


def steps_of(pattern: str, beats: int) -> list[tuple[int, int, str]]:
    """What a pattern of one bar plays: when and for how long in steps of a 12th, and its letter."""
    bar = beats * 12
    found: list[tuple[int, int, str]] = []
    share = bar // len(pattern)
    for at, letter in enumerate(pattern):
        if letter == "-" and found and found[-1][0] + found[-1][1] == at * share:
            found[-1] = (found[-1][0], found[-1][1] + share, found[-1][2])
        elif letter not in "-.":
            found.append((at * share, share, letter))
    return found


def fitted(pattern: str, own: int, beats: int) -> list[tuple[int, int, str]]:
    """A pattern for bars of ``own`` beats in a bar of another length: again, or cut off."""
    played = steps_of(pattern, own)
    made: list[tuple[int, int, str]] = []
    for turn in range(-(-beats // own)):
        for start, length, letter in played:
            at = turn * own * 12 + start
            if at < beats * 12:
                made.append((at, min(length, beats * 12 - at), letter))
    return made
