"""Sounds as arrays and back: what nodes of sound begin and end with."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from musegraph import Audio, NodeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Wave = NDArray[np.float32]
    Doubles = NDArray[np.float64]

MOST_SAMPLES = 1 << 28
"""Longer sounds are not made: 46 minutes in stereo at 48 kHz."""

_FINEST = 16_000
"""Up to this a ratio of two rates is taken as it is; beyond, to within 30 in a million."""

_REACH = 64
"""Zeros of the sinc on either side of the middle of the filter that resampling takes."""


def wave_of(sound: Audio) -> Wave:
    """The samples of a sound [B,C,N]."""
    import numpy as np

    if 0 in sound.data.shape:
        raise NodeError("the sound has no samples; link one that has a length")
    return np.asarray(sound.data.detach().float().cpu().numpy(), np.float32)


def sound_of(wave: NDArray[np.floating], rate: int) -> Audio:
    """A sound of samples [B,C,N]."""
    import numpy as np
    import torch

    return Audio(torch.from_numpy(np.ascontiguousarray(wave, np.float32)), rate)


def decibels(level: float) -> float:
    """A factor of amplitude as decibels; nothing is -240."""
    return 20 * math.log10(max(level, 1e-12))


def factor(gain: float) -> float:
    """Decibels as a factor of amplitude."""
    return float(10 ** (gain / 20))


def check_length(samples: float, what: str) -> None:
    if samples > MOST_SAMPLES:
        raise NodeError(
            f"{what} would have {samples:,.0f} samples, more than {MOST_SAMPLES:,}; make it shorter"
        )


def one(sound: Audio) -> Wave:
    """The samples [C,N] of the only sound of a batch, as what analyses sounds takes them."""
    wave = wave_of(sound)
    if len(wave) > 1:
        raise NodeError(
            f"these are {len(wave)} sounds in a batch, and one at a time is analysed;"
            " audio.split makes a list of them"
        )
    only: Wave = wave[0]
    return only


def mono(sound: Audio, rate: int) -> Wave:
    """The mean of the channels [N] at a rate."""
    import numpy as np

    wave = one(sound).mean(axis=0, dtype=np.float64)
    made: Wave = np.asarray(resampled(wave, Fraction(rate, sound.sample_rate)), np.float32)
    return made


def resampled(wave: NDArray[np.floating], ratio: Fraction) -> NDArray[np.floating]:
    """The last axis with so many times as many samples, without aliases.

    A sinc in a Kaiser window: what lies below 0.9 of the lower of both limits stays within 0.01 dB,
    what lies above the limit falls below -90 dB.
    """
    import numpy as np
    from scipy.signal import firwin, resample_poly

    if ratio == 1:
        return wave
    check_length(float(wave.size * ratio), "the sound at that rate")
    if max(ratio.as_integer_ratio()) > _FINEST:
        # The filter is as long as they are large: of rates without a common divisor, gigabytes.
        less = min(ratio, 1 / ratio).limit_denominator(_FINEST)
        ratio = less if ratio < 1 else 1 / less
    most = max(ratio.numerator, ratio.denominator)
    taps = firwin(2 * _REACH * most + 1, 0.95 / most, window=("kaiser", 9.5))
    made = resample_poly(np.asarray(wave, np.float64), *ratio.as_integer_ratio(), -1, window=taps)
    return np.asarray(made, wave.dtype)


def at_rate(sound: Audio, rate: int) -> Audio:
    """A sound with so many samples a second."""
    if sound.sample_rate == rate:
        return sound
    return sound_of(resampled(wave_of(sound), Fraction(rate, sound.sample_rate)), rate)


def each(sound: Audio, change: Callable[[Wave], NDArray[np.floating]]) -> Audio:
    """A sound of which each of the batch [C,N] was changed alike."""
    import numpy as np

    return sound_of(np.stack([change(one) for one in wave_of(sound)]), sound.sample_rate)


def with_channels(wave: Wave, count: int) -> Wave:
    """Samples [B,C,N] with so many channels: mono is on all of them, many go to mono as a mean."""
    import numpy as np

    have = wave.shape[1]
    if have == count:
        return wave
    if count == 1:
        return np.asarray(wave.mean(axis=1, keepdims=True, dtype=np.float64), np.float32)
    if have == 1:
        return np.repeat(wave, count, axis=1)
    if have > count:
        raise NodeError(
            f"a sound of {have} channels does not become one of {count}; make it mono first with"
            " audio.channels"
        )
    silent = np.zeros((len(wave), count - have, wave.shape[2]), np.float32)
    return np.concatenate((wave, silent), axis=1)
