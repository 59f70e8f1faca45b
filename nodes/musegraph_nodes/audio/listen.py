"""Nodes that say what is heard: beats, onsets, key, chords, pitch, structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import (
    ADVANCED,
    Context,
    Image,
    Json,
    Message,
    NodeError,
    Note,
    Score,
    Tempo,
    Track,
    node,
)
from musegraph_nodes.colours import heat
from musegraph_nodes.music.harmony import Chords, Progression, Sounding
from musegraph_nodes.music.theory import Chord, Key, parse_key

from .frames import RATE
from .options import Beats, OneSound, Theme, times_of
from .pictures import NOTES, chroma_picture
from .samples import mono

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .chords import Heard

KINDS: dict[str, dict[str, tuple[int, ...]]] = {
    "triads": {"": (0, 4, 7), "m": (0, 3, 7)},
    "triads and more": {
        "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus4": (0, 5, 7),
    },
    "sevenths": {
        "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "7": (0, 4, 7, 10),
        "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    },
}  # fmt: skip
"""The chords that are told apart, by how many."""

_LETTERS = ("#2f6f8f", "#b3402f", "#8a8d2a", "#6b4f9b", "#3f8f6b", "#b07a2f", "#8f2f6f", "#5b6470")

GivenBeats = Annotated[
    Beats | None, Field(description="Those of audio.beats; without, they are found.")
]


class FoundBeats(NamedTuple):
    """The tempo in beats a minute, and the beats in seconds."""

    tempo: float
    beats: Beats


@node(id="beats", version="3", title="Find beats", numeric=True)
def find_beats(
    sound: OneSound,
    slowest: Annotated[
        float, Field(ge=20, le=400, description="Beats a minute, at the least.")
    ] = 55.0,
    fastest: Annotated[
        float, Field(ge=20, le=400, description="Beats a minute, at the most.")
    ] = 190.0,
) -> FoundBeats:
    """Find the tempo of music and where its beats are.

    Which of half, whole and double time is the beat is told from what comes back after how many of
    them; a range that is narrower decides it.
    """
    from .rhythm import pulse

    if fastest < slowest * 1.1:
        raise NodeError(f"from {slowest:g} to {fastest:g} there is no room; set fastest higher")
    found = pulse(mono(sound, RATE), slowest, fastest)
    return FoundBeats(round(found.tempo, 2), beats_value(found.times.tolist(), found.tempo))


def beats_value(times: Sequence[float], tempo: float) -> dict[str, Any]:
    return {"tempo": round(tempo, 3), "times": [round(float(time), 4) for time in times]}


@node(version="1", title="Find onsets", numeric=True)
def onsets(
    sound: OneSound,
    sensitivity: Annotated[
        float, Field(ge=0, le=1, description="More finds softer ones, and more that are none.")
    ] = 0.5,
) -> Beats:
    """Find where notes and beats of drums begin, in seconds; audio.clicks lets them be heard."""
    from .rhythm import onset_frames, seconds_of, strength

    rise = strength(mono(sound, RATE)).whole
    times = seconds_of(onset_frames(rise, sensitivity), rise)
    return beats_value(times.tolist(), 0.0)


class FoundKey(NamedTuple):
    """The key, as audio.chords and music.chords take it, how sure it is, and all others."""

    key: str
    sure: float
    all: Json
    tuning: float


@node(id="key", version="2", title="Find key", numeric=True)
def find_key(sound: OneSound) -> FoundKey:
    """Find the key of music, major or minor: by its notes, and what it begins and ends with.

    ``sure`` is how far it is before the next, 0 to 1. ``tuning`` says in cents how much higher than
    A at 440 Hz the instruments are.
    """
    from .tonal import chroma, keys

    heard = chroma(mono(sound, RATE))
    found = keys(heard)
    if not found or not heard.notes.any():
        raise NodeError("the sound has no notes and so no key; link one that is not silent")
    named = [
        {"key": str(Key(tonic, "minor" if minor else "major")), "likely": round(likely, 4)}
        for likely, tonic, minor in found
    ]
    sure = found[0][0] - found[1][0]
    return FoundKey(str(named[0]["key"]), round(sure, 3), named, round(heard.tuning * 100, 1))


class FoundChords(NamedTuple):
    """The chords in quarter notes as music.voice_chords plays them, in seconds, and drawn."""

    chords: Chords
    times: Json
    picture: Image


@node(id="chords", version="2", title="Find chords", numeric=True)
def find_chords(
    sound: OneSound,
    beats: GivenBeats = None,
    key: Annotated[
        str, Field(description="How chords are spelt: C major, A minor; empty: it is found.")
    ] = "",
    kinds: Annotated[
        Literal["triads", "triads and more", "sevenths"],
        Field(description="Which chords there may be: the more, the more often one is mistaken."),
    ] = "triads",
    hold: Annotated[
        float, Field(ge=0.1, le=5, description="How reluctantly a chord changes."), ADVANCED
    ] = 1.0,
    theme: Theme = "dark",
) -> FoundChords:
    """Find the chords of music: the likeliest row of them, by the notes that are heard."""
    from .chords import chords
    from .rhythm import pulse
    from .tonal import chroma, keys

    wave = mono(sound, RATE)
    heard = chroma(wave)
    if not heard.notes.any():
        raise NodeError("the sound has no notes and so no chords; link one that is not silent")
    first = keys(heard)[0]
    known = parse_key(key) if key else Key(first[1], "minor" if first[2] else "major")
    found = chords(heard, KINDS[kinds], hold)
    times = times_of(beats) if beats is not None else pulse(wave).times.tolist()
    seconds = len(wave) / RATE
    page = chroma_picture(heard.notes, seconds, times, 1024, 280, theme)
    for one in found:
        if one.root is not None:
            page.marks([one.start], page.colours["ink"])
            if (one.end - one.start) / seconds > 0.02:
                name = Chord(one.root, one.quality).name(known)
                page.text(name, (page.x(one.start) + 3, page.box[1] - 8), "lm")
    told = [
        {
            "start": round(one.start, 3),
            "end": round(min(one.end, seconds), 3),
            "name": "" if one.root is None else Chord(one.root, one.quality).name(known),
        }
        for one in found
    ]
    return FoundChords(_progression(found, times, known), told, page.image())


def _progression(found: Sequence[Heard], times: Sequence[float], key: Key) -> dict[str, Any]:
    """Chords on the nearest beats, a quarter note each; without beats half a second is one."""
    import numpy as np

    def quarter(second: float) -> float:
        if len(times) < 2:
            return round(second * 2)
        # Before the first beat and after the last they go on as far apart as they were.
        head, tail = times[1] - times[0], times[-1] - times[-2]
        if second < times[0]:
            return round((second - times[0]) / head)
        if second > times[-1]:
            return len(times) - 1 + round((second - times[-1]) / tail)
        return round(float(np.interp(second, times, range(len(times)))))

    made: list[Sounding] = []
    sounding = [one for one in found if one.root is not None]
    zero = quarter(sounding[0].start) if sounding else 0
    for one in sounding:
        assert one.root is not None
        start, end = quarter(one.start) - zero, quarter(one.end) - zero
        chord = Chord(one.root, one.quality)
        if end > start:
            made.append(
                Sounding(
                    start=start, duration=end - start, root=one.root, quality=one.quality,
                    name=chord.name(key),
                )
            )  # fmt: skip
    return Progression(key=str(key), chords=tuple(made)).model_dump(mode="json")


class FoundPitch(NamedTuple):
    """The melody as a score, the curve of the pitch, and both drawn."""

    melody: Score
    curve: Json
    picture: Image


@node(id="pitch", version="1", title="Find pitch", numeric=True)
def find_pitch(
    sound: OneSound,
    ctx: Context,
    lowest: Annotated[float, Field(ge=30, le=2000, description="Hz, at the least.")] = 65.0,
    highest: Annotated[float, Field(ge=60, le=4000, description="Hz, at the most.")] = 1400.0,
    shortest: Annotated[
        float, Field(ge=0.02, le=2, description="Seconds of a note, at the least.")
    ] = 0.08,
    tempo: Annotated[
        float, Field(ge=20, le=400, description="Quarter notes a minute of the score.")
    ] = 120.0,
    program: Annotated[
        int, Field(ge=0, le=127, description="Instrument of General MIDI that plays it."), ADVANCED
    ] = 0,
    theme: Theme = "light",
) -> FoundPitch:
    """Find the pitch of one voice, sung or played alone, and write it down as notes.

    The score keeps the times of the sound. Of several voices at once the strongest is followed, and
    not well.
    """
    from .tune import HOP, notes, pitch

    if highest < lowest * 1.5:
        raise NodeError(f"from {lowest:g} to {highest:g} Hz there is no room; set highest higher")
    wave = mono(sound, RATE)
    ctx.progress(0.1)
    found = pitch(wave, RATE, lowest, highest)
    held = notes(found, shortest)
    loudest = max((one.loud for one in held), default=1.0)
    per = 480 * tempo / 60
    score = Score(
        480,
        (
            Track.of(
                [
                    Note(
                        round(one.start * per), max(round((one.end - one.start) * per), 1),
                        min(max(one.pitch, 0), 127), round(40 + 80 * one.loud / loudest),
                    )
                    for one in held
                ],
                [Message(0, bytes((0xC0, program)))],
                "Melody",
            ),
        ),
        (Tempo(0, round(60e6 / tempo)),),
    )  # fmt: skip
    curve = {"step": HOP, "hertz": [round(float(value), 2) for value in found.hertz]}
    return FoundPitch(score, curve, _melody_picture(found.hertz, held, len(wave) / RATE, theme))


def _melody_picture(hertz: Any, held: Sequence[Any], seconds: float, theme: str) -> Image:
    import numpy as np

    from .chart import COLOURS, Page
    from .tune import HOP

    page = Page(1024, 320, theme, seconds)
    heights = 69 + 12 * np.log2(np.maximum(hertz, 1) / 440)
    known = heights[hertz > 0]
    low, high = (float(known.min()) - 2, float(known.max()) + 2) if len(known) else (59.0, 73.0)
    for one in held:
        box = (page.x(one.start), page.y((one.pitch + 0.5 - low) / (high - low)),
               page.x(one.end), page.y((one.pitch - 0.5 - low) / (high - low)))  # fmt: skip
        page.pen.rectangle(box, fill=page.colours["faint"])
    names = {
        f"{NOTES[p % 12]}{p // 12 - 1}": (p - low) / (high - low)
        for p in range(int(low) + 1, int(high) + 1)
        if p % 12 in ((0, 4, 7) if high - low < 40 else (0,))
    }
    page.scale(names, lines=True)
    run: list[tuple[float, float]] = []
    for index, value in enumerate([*hertz.tolist(), 0.0]):
        if value > 0:
            run.append((index * HOP, (69 + 12 * np.log2(value / 440) - low) / (high - low)))
        elif run:
            page.line(run, COLOURS[1])
            run = []
    page.ticks()
    return page.image()


class FoundSections(NamedTuple):
    """The parts with start, end and letter, and how alike every moment is to every other."""

    sections: Json
    picture: Image


@node(id="structure", version="3", title="Find structure", numeric=True)
def find_structure(
    sound: OneSound,
    beats: GivenBeats = None,
    least: Annotated[
        float, Field(ge=1, le=120, description="Seconds that a part lasts at the least.")
    ] = 6.0,
    theme: Theme = "dark",
) -> FoundSections:
    """Find the parts of a piece: where something else begins, and which of them are alike."""
    import numpy as np

    from .chart import Page
    from .rhythm import pulse
    from .sections import structure

    wave = mono(sound, RATE)
    seconds = len(wave) / RATE
    if seconds < 2 * least:
        raise NodeError(
            f"the sound lasts {seconds:.1f} s, and two parts of {least:g} s do not fit; lower least"
        )
    times = times_of(beats) if beats is not None else pulse(wave).times.tolist()
    found = structure(wave, np.array(times), least)
    page = Page(560, 560, theme, seconds, left=20, top=22)
    page.field(heat(np.clip(found.alike, 0, 1)[::-1] ** 1.5))
    told = []
    for first, last, letter in zip(found.edges[:-1], found.edges[1:], found.letters, strict=True):
        colour = _LETTERS[(ord(letter) - ord("A")) % len(_LETTERS)]
        box = (page.x(first) + 1, 4, page.x(last) - 1, page.box[1] - 4)
        page.pen.rectangle(box, fill=colour)
        page.text(letter, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), "mm", "#ffffff")
        told.append({"start": round(first, 2), "end": round(last, 2), "letter": letter})
    page.marks(found.edges[1:-1], "#ffffff")
    page.ticks()
    return FoundSections(told, page.image())
