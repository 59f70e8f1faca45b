"""Loudness as ITU-R BS.1770-4 and EBU R 128 measure it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .samples import decibels, resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles, Wave

ABSOLUTE, RELATIVE, RELATIVE_RANGE = -70.0, -10.0, -20.0
"""Gates in LUFS and LU: BS.1770-4, annex 1; EBU Tech 3342 for the range."""

SILENT = -120.0
"""What is said of silence, which has no loudness."""

_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}
"""By the number of channels; left, right, centre, low frequencies, both surrounds."""


@dataclass(frozen=True)
class Loudness:
    """What a sound measures: integrated, range, true peak, and what is heard at a time."""

    integrated: float
    range: float
    peak: float
    momentary: Doubles
    short: Doubles
    step: float
    """Seconds between the values of ``momentary`` (over 400 ms) and ``short`` (over 3 s)."""


def weighted(wave: NDArray[np.floating], rate: int) -> Doubles:
    """Samples as the ear weighs them: filter K, whose two stages the standard gives for 48 kHz.

    At other rates these are the same analogue filters: a shelf of 4 dB for the head, and a high
    pass (as Brecht De Man worked out their parameters).
    """
    import numpy as np
    from scipy.signal import sosfilt

    sections = np.array([_shelf(rate), _high_pass(rate)])
    return np.asarray(sosfilt(sections, np.asarray(wave, np.float64), axis=-1))


def _shelf(rate: int) -> list[float]:
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    return [
        (high + band * k / q + k * k) / scale, 2 * (k * k - high) / scale,
        (high - band * k / q + k * k) / scale,
        1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale,
    ]  # fmt: skip


def _high_pass(rate: int) -> list[float]:
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    scale = 1 + k / q + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


def powers(wave: Wave, rate: int, seconds: float, step: float = 0.1) -> Doubles:
    """The weighted power of blocks that begin every ``step`` seconds; one at the least."""
    import numpy as np

    weights = np.array(_WEIGHTS.get(len(wave), (1.0,) * len(wave)))
    power = weights @ weighted(wave, rate) ** 2
    total = np.concatenate(([0.0], np.cumsum(power)))
    size = min(round(seconds * rate), len(power))
    starts = np.round(np.arange(0, len(power) - size + 1, step * rate)).astype(np.int64)
    starts = starts[starts + size < len(total)]
    return np.asarray(np.maximum(total[starts + size] - total[starts], 0) / size)


def level(power: float) -> float:
    """LUFS of a weighted power."""
    return max(-0.691 + 10 * math.log10(power), SILENT) if power > 0 else SILENT


def levels(power: Doubles) -> Doubles:
    import numpy as np

    return np.maximum(-0.691 + 10 * np.log10(np.maximum(power, 1e-20)), SILENT)


def gated(power: Doubles, gate: float) -> Doubles:
    """The blocks that count: above the absolute gate, and above that below their mean."""
    above = power[levels(power) > ABSOLUTE]
    if not len(above):
        return above
    limit = level(float(above.mean())) + gate
    return above[levels(above) > limit]


def integrated(wave: Wave, rate: int) -> float:
    """The loudness of samples [C,N] as a whole in LUFS; :data:`SILENT` of what is never heard."""
    counting = gated(powers(wave, rate, 0.4), RELATIVE)
    return level(float(counting.mean())) if len(counting) else SILENT


def spread(short: Doubles) -> float:
    """Loudness range in LU, of the powers of blocks of three seconds."""
    import numpy as np

    counting = gated(short, RELATIVE_RANGE)
    if len(counting) < 2:
        return 0.0
    low, high = np.percentile(levels(counting), [10, 95])
    return float(high - low)


def peaks(wave: Wave, rate: int) -> Doubles:
    """At each sample the highest of all channels, between the samples as well (annex 2)."""
    import numpy as np

    times = 4 if rate < 96_000 else 2 if rate < 192_000 else 1
    finer = np.abs(resampled(np.asarray(wave, np.float64), Fraction(times))).max(axis=0)
    finer = np.pad(finer, (0, len(wave[0]) * times - len(finer)))[: len(wave[0]) * times]
    return np.asarray(finer.reshape(-1, times).max(axis=1))


def measure(wave: Wave, rate: int) -> Loudness:
    """All that is measured of samples [C,N]."""
    momentary, short = powers(wave, rate, 0.4), powers(wave, rate, 3.0)
    return Loudness(
        integrated(wave, rate),
        spread(short),
        decibels(float(peaks(wave, rate).max())),
        levels(momentary),
        levels(short),
        0.1,
    )
