"""Nodes that bring sounds to a loudness, or say how loud they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, Image, Json, NodeError, node

from .options import OneSound, Theme
from .samples import decibels, each, factor, one

if TYPE_CHECKING:
    from .samples import Doubles, Wave


@node(version="1", numeric=True)
def normalise(
    sound: Audio,
    ctx: Context,
    target: Annotated[
        float,
        Field(ge=-50, le=-5, description="LUFS: -14 streaming, -16 podcasts, -23 broadcast."),
    ] = -14.0,
    peak: Annotated[
        float, Field(ge=-20, le=0, description="Decibels that no peak goes beyond.")
    ] = -1.0,
    over: Annotated[
        Literal["limit", "softer"],
        Field(description="What is done where peaks are in the way: hold them, or stay softer."),
    ] = "limit",
) -> Audio:
    """Bring a sound to a loudness (ITU-R BS.1770-4), with true peaks below a limit."""
    from .loudness import SILENT, integrated, peaks

    rate = sound.sample_rate

    def levelled(wave: Wave) -> Wave:
        loud = integrated(wave, rate)
        if loud <= SILENT:
            ctx.warn("a sound is silent and stays as it is")
            return wave
        gain, highest = target - loud, decibels(float(peaks(wave, rate).max()))
        if over == "softer":
            return wave * factor(min(gain, peak - highest))
        return _raised(wave, rate, gain, peak, target)

    return each(sound, levelled)


def _raised(wave: Wave, rate: int, gain: float, peak: float, target: float) -> Wave:
    """A sound with a gain, limited; what the limiter takes is given back as far as it goes."""
    from .loudness import integrated

    made = limited(wave * factor(gain), rate, peak)
    for _ in range(3):
        short = target - integrated(made, rate)
        if short < 0.05:
            break
        gain += min(short, 3.0)
        made = limited(wave * factor(gain), rate, peak)
    return made


@node(version="1", numeric=True)
def limit(
    sound: Audio,
    gain: Annotated[float, Field(ge=-24, le=36, description="Decibels that it is raised.")] = 0.0,
    peak: Annotated[
        float, Field(ge=-20, le=0, description="Decibels that no peak goes beyond.")
    ] = -1.0,
    release: Annotated[
        float, Field(ge=5, le=2000, description="Milliseconds until it lets go."), ADVANCED
    ] = 80.0,
) -> Audio:
    """Hold the peaks of a sound below a level: it looks ahead, so that nothing is cut off."""
    rate = sound.sample_rate
    return each(sound, lambda wave: limited(wave * factor(gain), rate, peak, release / 1000))


def limited(wave: Wave, rate: int, peak: float, release: float = 0.08) -> Wave:
    """Samples [C,N] of which no true peak is beyond ``peak`` decibels.

    The gain is the least that the next 5 ms ask for, averaged over as long: so it is down in time.
    """
    import numpy as np
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    from .loudness import peaks

    ceiling, made = factor(peak), wave
    for _ in range(3):
        highest = peaks(made, rate)
        if float(highest.max()) <= ceiling * 1.0001:
            break
        wanted = np.minimum(1.0, ceiling * 0.9999 / np.maximum(highest, 1e-9))
        ahead = max(round(0.005 * rate), 1)
        lowest = minimum_filter1d(wanted, 2 * ahead + 1)
        let_go = uniform_filter1d(_released(lowest, rate, release), 2 * ahead + 1, mode="nearest")
        made = np.asarray(made * let_go, np.float32)
    return made


def _released(gain: Doubles, rate: int, seconds: float) -> Doubles:
    """A gain that comes back slowly, worked out every quarter of a millisecond."""
    import numpy as np

    step = max(rate // 4000, 1)
    padded = np.pad(gain, (0, -len(gain) % step), constant_values=1.0)
    coarse = padded.reshape(-1, step).min(axis=1)
    back = np.exp(-step / (rate * seconds))
    held, now = coarse.copy(), 1.0
    for index, value in enumerate(coarse.tolist()):
        now = min(value, 1 - (1 - now) * back)
        held[index] = now
    return np.asarray(np.minimum(np.repeat(held, step)[: len(gain)], gain))


class Measured(NamedTuple):
    """LUFS as a whole, the range in LU, the true peak in decibels, and the curve."""

    loudness: float
    range: float
    peak: float
    curve: Json
    picture: Image


@node(version="1", title="Measure loudness", numeric=True)
def measure(sound: OneSound, theme: Theme = "light") -> Measured:
    """Measure loudness as broadcasters do: ITU-R BS.1770-4, EBU R 128 and Tech 3342.

    ``curve`` has the momentary loudness (of 400 ms) and that of three seconds, every tenth of one.
    """
    from .chart import curves
    from .loudness import measure as measured

    wave = one(sound)
    if wave.shape[1] < 16:
        raise NodeError("the sound has less than 16 samples, and no loudness; link a longer one")
    found = measured(wave, sound.sample_rate)
    seconds = wave.shape[1] / sound.sample_rate
    lines = {
        "momentary": (found.momentary + 0.0).clip(-70),
        "short": (found.short + 0.0).clip(-70),
    }
    drawn = curves(lines, found.step, seconds, "LUFS", theme, level=found.integrated)
    told = {
        "step": found.step,
        "momentary": [round(float(value), 2) for value in found.momentary],
        "short": [round(float(value), 2) for value in found.short],
    }
    return Measured(
        round(found.integrated, 2), round(found.range, 2), round(found.peak, 2), told, drawn
    )
