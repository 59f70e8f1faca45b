"""Spectra of frames, as what analyses sounds begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles

RATE = 22_050
"""What analyses rhythm and harmony listens at so many samples a second."""

_BATCH = 512


def magnitudes(wave: NDArray[np.floating], size: int, hop: int) -> Doubles:
    """How strong each frequency is [T,size/2+1]; frame t has its middle at sample t times hop."""
    import numpy as np
    from scipy.fft import rfft

    padded = np.pad(np.asarray(wave, np.float32), (size // 2, size // 2 + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][: 1 + len(wave) // hop]
    shape = (np.hanning(size + 1)[:-1]).astype(np.float32)
    made = np.empty((len(frames), size // 2 + 1), np.float32)
    for first in range(0, len(frames), _BATCH):
        some = frames[first : first + _BATCH] * shape
        made[first : first + _BATCH] = np.abs(rfft(some, axis=1))
    return np.asarray(made)


def mel_filters(rate: int, size: int, count: int, low: float = 0.0, high: float = 0.0) -> Doubles:
    """Triangles [count,size/2+1] of equal area, evenly spaced on Slaney's mel scale (1998)."""
    import numpy as np

    edges = _hertz(np.linspace(_mel(low), _mel(high or rate / 2), count + 2))
    bins = np.linspace(0, rate / 2, size // 2 + 1)
    slopes = (bins[None] - edges[:, None]) / np.diff(np.append(edges, edges[-1] + 1))[:, None]
    rising = slopes[:-2]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    shape = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(shape * (2 / (edges[2:] - edges[:-2]))[:, None])


def _mel(hertz: float) -> float:
    """Even up to 1 kHz, in octaves above."""
    import math

    return hertz * 3 / 200 if hertz < 1000 else 15 + math.log(hertz / 1000) * 27 / math.log(6.4)


def _hertz(mel: Doubles) -> Doubles:
    import numpy as np

    high = 1000 * np.exp(np.log(6.4) / 27 * (np.maximum(mel, 15) - 15))
    return np.where(mel < 15, mel * 200 / 3, high)


def one_hot(length: int, places: NDArray[np.integer]) -> Doubles:
    import numpy as np

    made = np.zeros(length)
    made[places[(places >= 0) & (places < length)]] = 1
    return made
