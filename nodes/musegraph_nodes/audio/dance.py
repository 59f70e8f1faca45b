"""The features of music that models of dance take: 35 numbers, thirty times a second."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Audio, Media, NodeError, node

from .options import Beats, OneSound, times_of
from .samples import mono

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from .samples import Doubles, Wave

HOP = 512
COUNT = 35
"""Strength of onsets, 20 cepstral coefficients, 12 chroma, whether an onset, whether a beat."""

_SIZE = 2048


@dataclass(frozen=True, eq=False, slots=True)
class MusicFeatures(Media):
    """What is heard of music, frame by frame: ``data`` [T,35], float32, at ``fps`` frames a second.

    ``beats`` in seconds, ``tempo`` in beats a minute.
    """

    data: Tensor
    fps: float
    beats: tuple[float, ...] = ()
    tempo: float = 0.0

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.data, "shape", ()))
        if len(shape) != 2 or shape[1] != COUNT:
            raise NodeError(f"MusicFeatures are [T,{COUNT}], and got the shape {list(shape)}")


@node(version="2", title="Features for dance", numeric=True)
def dance_features(
    sound: OneSound,
    beats: Annotated[
        Beats | None, Field(description="Those of audio.beats; without, they are found.")
    ] = None,
    fps: Annotated[
        int, Field(ge=10, le=120, description="Frames a second; models take 30."), ADVANCED
    ] = 30,
) -> MusicFeatures:
    """Describe music for a model of dance: 35 numbers to a frame, as EDGE and AIST++ take them.

    In their order: onset strength, 20 MFCC, 12 chroma, onset yes or no, beat yes or no. Onset
    strength and MFCC follow the definitions of librosa; chroma are normalised, quantised and
    smoothed (CENS).
    """
    import numpy as np
    import torch

    from .frames import RATE
    from .rhythm import pulse, tempo_of

    wave = mono(sound, fps * HOP)
    if beats is None:
        found = pulse(mono(sound, RATE))
        times, tempo = found.times.tolist(), found.tempo
    else:
        times = times_of(beats)
        tempo = float(beats.get("tempo") or tempo_of(np.array(times)))
    made = features(wave, fps, np.array(times))
    return MusicFeatures(
        torch.from_numpy(made.astype(np.float32)), float(fps), tuple(times), float(tempo)
    )


def features(wave: Wave, fps: int, beats: Doubles) -> Doubles:
    """The features [T,35] of samples at ``fps`` times :data:`HOP` a second."""
    import numpy as np
    from scipy.fft import dct

    from .frames import magnitudes, mel_filters, one_hot

    rate = fps * HOP
    power = magnitudes(wave, _SIZE, HOP).astype(np.float64) ** 2
    level = decibels(power @ mel_filters(rate, _SIZE, 128).T)
    cepstrum = dct(level, axis=1, norm="ortho")[:, :20]
    rise = onset_strength(level)
    onsets = one_hot(len(rise), picked(rise, fps))
    beat = one_hot(len(rise), np.round(beats * fps).astype(np.int64))
    parts = (rise[:, None], cepstrum, cens(wave, rate, len(rise)), onsets[:, None], beat[:, None])
    return np.concatenate(parts, axis=1)


def decibels(power: Doubles) -> Doubles:
    """Power in decibels, none more than 80 below the loudest."""
    import numpy as np

    level = 10 * np.log10(np.maximum(power, 1e-10))
    return np.asarray(np.maximum(level, level.max(initial=-100.0) - 80))


def onset_strength(level: Doubles) -> Doubles:
    """The mean rise of decibels [T,bands] from frame to frame, as late as the frames are wide."""
    import numpy as np

    rise = np.maximum(np.diff(level, axis=0), 0).mean(axis=1)
    late = 1 + _SIZE // (2 * HOP)
    return np.asarray(np.pad(rise, (late, 0))[: len(level)])


def picked(rise: Doubles, fps: int) -> NDArray[np.int64]:
    """The frames of onsets, as librosa picks peaks with what it found to be the best settings."""
    import numpy as np

    if not len(rise) or not rise.any():
        return np.zeros(0, np.int64)
    even = rise - rise.min()
    even = even / max(float(even.max()), 1e-9)
    # Windows in frames: 30 ms before a peak, 100 ms before and after a mean, 30 ms between two.
    before, around, wait = int(0.03 * fps), int(0.1 * fps), int(0.03 * fps)
    found, last = [], -10_000
    for at, value in enumerate(even.tolist()):
        highest = even[max(at - before, 0) : at + 1].max()
        mean = even[max(at - around, 0) : at + around + 1].mean()
        if value >= highest and value >= mean + 0.07 and at > last + wait:
            found.append(at)
            last = at
    return np.array(found, np.int64)


def cens(wave: Wave, rate: int, count: int) -> Doubles:
    """Chroma as energy normalised statistics (Müller and Ewert 2011) [count,12]."""
    import numpy as np
    from scipy.signal import oaconvolve

    from .frames import RATE
    from .samples import resampled
    from .tonal import FPS, chroma

    heard = chroma(np.asarray(resampled(wave, Fraction(RATE, rate)), np.float32))
    notes = heard.notes**2
    places = np.arange(count) * HOP / rate
    spots = np.arange(len(notes)) / FPS
    made = np.stack([np.interp(places, spots, one) for one in notes.T], axis=1)
    made = made / np.maximum(made.sum(axis=1, keepdims=True), 1e-9)
    steps = sum(0.25 * (made > edge) for edge in (0.4, 0.2, 0.1, 0.05))
    window = np.hanning(43)[1:-1]
    window = window / window.sum()
    padded = np.pad(np.asarray(steps, float), ((20, 20), (0, 0)))
    smooth = oaconvolve(padded, window[:, None], mode="valid", axes=0)
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-6, smooth / np.maximum(length, 1e-6), 0))


@node(version="1", numeric=True)
def clicks(
    sound: Audio,
    beats: Annotated[Beats, Field(description="Those of audio.beats or audio.onsets.")],
    level: Annotated[float, Field(ge=-60, le=0, description="Decibels of a click.")] = -9.0,
) -> Audio:
    """Let beats be heard as clicks in a sound."""
    import numpy as np

    from .samples import each, factor

    rate = sound.sample_rate
    time = np.arange(round(0.03 * rate)) / rate
    click = np.sin(2 * np.pi * 1500 * time) * np.exp(-time * 160) * factor(level)

    def marked(wave: Wave) -> Wave:
        made = wave.copy()
        for second in times_of(beats):
            at = round(second * rate)
            size = min(len(click), made.shape[1] - at)
            if size > 0:
                made[:, at : at + size] += click[:size].astype(np.float32)
        return made

    return each(sound, marked)
