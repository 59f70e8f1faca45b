"""Scores as pictures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import Image, NodeError, Score, Track, node

_COLOURS = (
    (64, 160, 120), (66, 133, 220), (214, 120, 60), (170, 90, 200),
    (200, 160, 40), (60, 170, 190), (210, 80, 110), (120, 130, 150),
)  # fmt: skip
_LIGHT = {"ground": (250, 250, 251), "black": (236, 238, 242), "line": (208, 212, 220)}
_DARK = {"ground": (24, 26, 31), "black": (32, 35, 41), "line": (60, 64, 74)}
_FINE = 2
"""Pixels are drawn as many by as many, and averaged, so that edges are smooth."""


@node(version="1")
def piano_roll(
    score: Score,
    width: Annotated[int, Field(ge=64, le=8192, description="In pixels.")] = 1024,
    height: Annotated[int, Field(ge=64, le=4096, description="In pixels.")] = 384,
    theme: Literal["light", "dark"] = "light",
) -> Image:
    """Draw a score as a piano roll: time to the right, pitch upwards, a colour for each track."""
    if not score.notes:
        raise NodeError("the score has no notes to draw; link one that has")
    return drawn(score, width, height, theme)


def drawn(score: Score, width: int, height: int, theme: str = "light", end: int = 0) -> Image:
    """A score as a piano roll of at least so many ticks; without notes an empty one."""
    import torch
    from PIL import Image as Pillow
    from PIL import ImageDraw

    pitches = [note.pitch for note in score.notes] or [60]
    low = min(pitches) // 12 * 12
    high = max(max(pitches) // 12 * 12 + 11, low + 23)
    wide, tall = width * _FINE, height * _FINE
    colours = _LIGHT if theme == "light" else _DARK
    picture = Pillow.new("RGB", (wide, tall), colours["ground"])
    pen = ImageDraw.Draw(picture)
    clock, row = score.clock(), tall / (high - low + 1)
    end = max(end, score.end)
    scale = wide / max(clock.seconds(end), 1e-6)
    for pitch in range(low, high + 1):
        top = (high - pitch) * row
        if pitch % 12 in (1, 3, 6, 8, 10):
            pen.rectangle((0, top, wide, top + row), fill=colours["black"])
        if pitch % 12 == 0:
            pen.line((0, top + row, wide, top + row), fill=colours["line"], width=_FINE)
    for bar in _bars(score, end):
        x = clock.seconds(bar) * scale
        pen.line((x, 0, x, tall), fill=colours["line"], width=_FINE)
    sounding = [track for track in score.tracks if track.packed_notes]
    # Held chords first, so that what moves is seen before them.
    for index, track in sorted(enumerate(sounding), key=lambda row: -_held(row[1])):
        colour = _COLOURS[index % len(_COLOURS)]
        for note in track.notes:
            left, right = clock.seconds(note.start) * scale, clock.seconds(note.end) * scale
            top = (high - note.pitch) * row
            share = 0.45 + 0.55 * note.velocity / 127
            fill = _mixed(colour, colours["ground"], share)
            box = (left, top + 1, max(right - 1, left + 2), max(top + row - 1, top + 2))
            pen.rounded_rectangle(box, radius=min(row / 4, 4 * _FINE), fill=fill)
    small = picture.resize((width, height), Pillow.Resampling.BOX)
    pixels = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8)
    return Image(pixels.reshape(1, height, width, 3).float() / 255)


def _held(track: Track) -> float:
    """How long its notes last on average."""
    notes = track.notes
    return sum(note.duration for note in notes) / len(notes)


def _mixed(colour: tuple[int, ...], ground: tuple[int, ...], share: float) -> tuple[int, int, int]:
    red, green, blue = (
        round(a * share + b * (1 - share)) for a, b in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _bars(score: Score, end: int) -> list[int]:
    """The ticks at which bars begin, by the meter that the score begins with; 512 at most."""
    meter = next((m for m in score.meters if m.beats), None)
    bar = score.resolution * 4 * (meter.beats if meter else 4) // (meter.unit if meter else 4)
    return list(range(0, end, max(bar, end // 512 + 1, 1)))
