"""Sounds as pictures: waveform, spectrogram, chroma."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Image, NodeError, node
from musegraph_nodes.colours import heat

from .options import Beats, Height, OneSound, Theme, Width, times_of
from .samples import mono, one

if TYPE_CHECKING:
    from .chart import Page
    from .samples import Doubles, Wave

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

Marks = Annotated[
    Beats | None, Field(description="Beats of audio.beats, drawn as lines above the sound.")
]


@node(version="1", numeric=True)
def waveform(
    sound: OneSound,
    beats: Marks = None,
    width: Width = 1024,
    height: Height = 240,
    theme: Theme = "light",
) -> Image:
    """Draw how a sound swings: its peaks, and darker its mean power; up to two channels."""
    from .chart import Page

    wave, rate = one(sound), sound.sample_rate
    shown = wave if len(wave) <= 2 else wave.mean(axis=0, keepdims=True)
    page = Page(width, height, theme, wave.shape[1] / rate)
    for index, channel in enumerate(shown):
        middle = 1 - (index + 0.5) / len(shown)
        _swing(page, channel, middle, 0.48 / len(shown))
        page.scale({"0": middle}, lines=True)
    page.marks(times_of(beats), share=0.12)
    page.ticks()
    return page.image()


def _swing(page: Page, channel: Wave, middle: float, half: float) -> None:
    import numpy as np

    columns = page.wide
    edges = np.linspace(0, len(channel), columns + 1).astype(int)[:-1]
    edges = np.minimum(edges, len(channel) - 1)
    high, low = np.maximum.reduceat(channel, edges), np.minimum.reduceat(channel, edges)
    counts = np.maximum(np.diff(np.append(edges, len(channel))), 1)
    power = np.sqrt(np.add.reduceat(channel.astype(np.float64) ** 2, edges) / counts)
    light, dark = ("#7fb0c6", "#2f6f8f") if page.colours["ink"] == "#3b3a36" else (
        "#3f7f9c", "#9fd0e4")  # fmt: skip
    for index in range(columns):
        x = page.box[0] + index
        for top, foot, colour in ((high[index], low[index], light),
                                  (power[index], -power[index], dark)):  # fmt: skip
            top, foot = np.clip((top, foot), -1, 1) * half + middle
            page.pen.line((x, page.y(top), x, page.y(foot)), colour)


@node(version="1", numeric=True)
def spectrogram(
    sound: OneSound,
    scale: Annotated[
        Literal["mel", "logarithmic", "linear"],
        Field(description="How pitch rises: as the ear hears it, in octaves, in Hz."),
    ] = "mel",
    low: Annotated[float, Field(ge=1, le=20_000, description="Lowest Hz.")] = 30.0,
    high: Annotated[float, Field(ge=0, le=192_000, description="Highest Hz; 0: all.")] = 0.0,
    depth: Annotated[
        float, Field(ge=20, le=160, description="Decibels from the darkest to the brightest.")
    ] = 80.0,
    window: Annotated[
        float, Field(ge=2, le=500, description="Milliseconds that are looked at."), ADVANCED
    ] = 50.0,
    beats: Marks = None,
    width: Width = 1024,
    height: Height = 384,
    theme: Theme = "dark",
) -> Image:
    """Draw which pitches a sound has at which time: the brighter, the louder."""
    import numpy as np

    from .chart import Page
    from .frames import magnitudes

    rate = sound.sample_rate
    wave = one(sound).mean(axis=0)
    limit = min(high or rate / 2, rate / 2)
    if limit <= low * 1.01:
        raise NodeError(f"from {low:g} to {limit:g} Hz there is nothing to draw; widen it")
    seconds = len(wave) / rate
    page = Page(width, height, theme, seconds)
    size = max(1 << (round(rate * window / 1000) - 1).bit_length(), 32)
    hop = max(len(wave) // page.wide, size // 16, 1)
    loud = magnitudes(wave, size, hop)
    bins = _bins(scale, low, limit, page.tall) * size / rate
    rows = _rows(loud, bins)
    level = 20 * np.log10(np.maximum(rows, 1e-9))
    shares = np.clip((level - level.max()) / depth + 1, 0, 1)
    columns = np.minimum(np.arange(page.wide) * len(shares) // page.wide, len(shares) - 1)
    page.field(heat(shares[columns].T[::-1]))
    page.scale(_pitches(scale, low, limit))
    page.marks(times_of(beats), share=0.06)
    page.ticks()
    return page.image()


def _warped(hertz: Doubles | float, scale: str) -> Doubles:
    import numpy as np

    if scale == "linear":
        return np.asarray(hertz, float)
    return np.asarray(np.log2(hertz) if scale == "logarithmic" else np.log1p(np.divide(hertz, 700)))


def _bins(scale: str, low: float, high: float, count: int) -> Doubles:
    """The Hz of rows from the lowest to the highest; edges, one more than rows."""
    import numpy as np

    even = np.linspace(float(_warped(low, scale)), float(_warped(high, scale)), count + 1)
    if scale == "linear":
        return even
    return np.asarray(2**even if scale == "logarithmic" else 700 * np.expm1(even))


def _rows(loud: Doubles, edges: Doubles) -> Doubles:
    """Per frame and row the loudest bin between two edges, or what lies between two bins."""
    import numpy as np

    middles = np.clip((edges[1:] + edges[:-1]) / 2, 0, loud.shape[1] - 1.001)
    first = middles.astype(int)
    part = middles - first
    made = loud[:, first] * (1 - part) + loud[:, first + 1] * part
    wide = np.flatnonzero(edges[1:] - edges[:-1] > 1)
    for row in wide:
        start = int(edges[row])
        made[:, row] = loud[:, start : max(int(edges[row + 1]), start + 1)].max(axis=1)
    return np.asarray(made)


def _pitches(scale: str, low: float, high: float) -> dict[str, float]:
    foot, top = float(_warped(low, scale)), float(_warped(high, scale))
    steps = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]
    if scale == "linear":
        every = 10 ** math.floor(math.log10(high)) / 2
        steps = [round(every * i) for i in range(1, int(high / every) + 1)]
    found: dict[str, float] = {}
    before = -1.0
    for hertz in steps:
        share = (float(_warped(hertz, scale)) - foot) / (top - foot)
        if 0.02 < share < 0.98 and share - before > 0.05:
            found[f"{hertz / 1000:g} kHz" if hertz >= 1000 else f"{hertz} Hz"] = share
            before = share
    return found


@node(version="1", numeric=True)
def chromagram(
    sound: OneSound,
    beats: Marks = None,
    width: Width = 1024,
    height: Height = 240,
    theme: Theme = "dark",
) -> Image:
    """Draw which of the twelve notes are heard at which time, in whatever octave."""
    from .frames import RATE
    from .tonal import chroma

    wave = mono(sound, RATE)
    return chroma_picture(chroma(wave).notes, len(wave) / RATE, times_of(beats), width, height,
                          theme).image()  # fmt: skip


def chroma_picture(
    notes: Doubles, seconds: float, beats: list[float], width: int, height: int, theme: str
) -> Page:
    """A page with chroma [T,12], the C at the foot."""
    import numpy as np

    from .chart import Page

    page = Page(width, height, theme, seconds, left=30, top=20)
    columns = np.minimum(np.arange(page.wide) * len(notes) // page.wide, len(notes) - 1)
    highest = np.maximum(notes.max(axis=1, keepdims=True), 1e-9)
    page.field(np.repeat(heat((notes / highest)[columns].T[::-1]), 8, axis=0))
    page.scale({name: (index + 0.5) / 12 for index, name in enumerate(NOTES)})
    page.marks(beats, share=0.06)
    page.ticks()
    return page
