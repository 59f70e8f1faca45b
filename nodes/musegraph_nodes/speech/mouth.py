"""Node `speech.mouth`: how far a mouth is open while a sound is heard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Audio, NodeError, node
from musegraph_nodes.audio.samples import one

if TYPE_CHECKING:
    from musegraph_nodes.audio.samples import Doubles, Wave

MOST = 100_000
"""Frames, nearly an hour at 30 a second."""

_BAND = (300.0, 3000.0)
"""Hz between which vowels have their formants: hum and hiss move no mouth."""

_SHORTEST = 0.03
"""Seconds that are heard for a frame at least: a few periods of a deep voice."""

_SILENT = 1e-6
"""Power below which nothing is said: -60 dB."""


@node(version="1", title="Mouth for speech", numeric=True)
def mouth(
    sound: Annotated[Audio, Field(description="One sound; its channels are heard together.")],
    fps: Annotated[float, Field(ge=1, le=120, description="Frames a second.")] = 25.0,
    sensitivity: Annotated[
        float,
        Field(ge=3, le=60, description="Decibels below the loudest syllables at which it is shut."),
    ] = 30.0,
    attack: Annotated[
        float, Field(ge=0, le=1, description="Seconds in which it mostly opens."), ADVANCED
    ] = 0.03,
    release: Annotated[
        float, Field(ge=0, le=1, description="Seconds in which it mostly closes."), ADVANCED
    ] = 0.08,
) -> list[float]:
    """Tell how far a mouth is open, frame by frame: 0 is shut, 1 is wide open.

    It follows the loudness between 300 and 3,000 Hz, measured against the loudest syllables. The
    list at a port for a number makes a picture for each frame; motion.mux puts them to the sound.
    """
    wave = one(sound).mean(axis=0)
    count = max(1, round(len(wave) / sound.sample_rate * fps))
    if count > MOST:
        raise NodeError(
            f"these would be {count:,} frames, more than {MOST:,}; make the sound shorter with"
            " audio.trim, or fps smaller"
        )
    if sound.sample_rate < 2 * _BAND[0]:
        raise NodeError(
            f"the sound has {sound.sample_rate} samples a second, too few for speech; it needs"
            f" {2 * _BAND[0]:g} or more"
        )
    wanted = _opened(_power(wave, sound.sample_rate, fps, count), sensitivity)
    return [round(value, 4) for value in _smooth(wanted, attack * fps, release * fps)]


def _power(wave: Wave, rate: int, fps: float, count: int) -> Doubles:
    """The mean power [count] in the band of speech around the middle of each frame."""
    import numpy as np
    from scipy.signal import butter, sosfilt

    high = min(_BAND[1], 0.45 * rate)
    low = min(_BAND[0], high / 2)
    band = sosfilt(butter(2, (low, high), "bandpass", fs=rate, output="sos"), wave)
    total = np.concatenate(([0.0], np.cumsum(np.asarray(band, np.float64) ** 2)))
    half = max(_SHORTEST, 1 / fps) * rate / 2
    middle = (np.arange(count) + 0.5) * rate / fps
    begin = np.clip(np.round(middle - half).astype(int), 0, len(wave) - 1)
    end = np.clip(np.round(middle + half).astype(int), begin + 1, len(wave))
    power: Doubles = (total[end] - total[begin]) / (end - begin)
    return power


def _opened(power: Doubles, span: float) -> list[float]:
    """From 0 at ``span`` decibels below the loudest twentieth of what is heard to 1 there."""
    import numpy as np

    heard = power[power > _SILENT]
    if not heard.size:
        return [0.0] * len(power)
    loud = float(np.quantile(heard, 0.95))
    level = 10 * np.log10(np.maximum(power, 1e-12) / loud)
    found = np.where(power > _SILENT, np.clip(1 + level / span, 0, 1), 0.0)
    return [float(value) for value in found]


def _smooth(wanted: list[float], attack: float, release: float) -> list[float]:
    """Values that follow others, within so many frames by all but a third (1/e)."""
    up, down = (1 - math.exp(-1 / frames) if frames else 1.0 for frames in (attack, release))
    made, now = [], 0.0
    for value in wanted:
        now += (up if value > now else down) * (value - now)
        made.append(now)
    return made
