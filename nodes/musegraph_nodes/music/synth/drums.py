"""A drum kit by the notes of General MIDI, each drum computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tones import Wave


def drum(pitch: int, strength: float, rate: int) -> Wave:
    """What the drum of a note sounds like, struck so strongly."""
    import numpy as np

    draw = np.random.default_rng(pitch)
    if pitch in (35, 36):
        made = _kick(strength, rate, draw)
    elif pitch in (38, 40):
        made = _snare(strength, rate, draw)
    elif pitch in (37, 39):
        made = _clap(rate, draw) if pitch == 39 else _click(rate, 1700, 0.03)
    elif pitch in (42, 44, 46):
        made = _metal(rate, draw, {42: 0.045, 44: 0.06, 46: 0.35}[pitch], 7000) * 0.5
    elif pitch in (49, 52, 55, 57):
        made = _metal(rate, draw, 1.1, 3500) * 0.7
    elif pitch in (51, 53, 59):
        made, ping = _metal(rate, draw, 0.6, 5200) * 0.4, _click(rate, 3100, 0.25)
        made[: len(ping)] += ping * 0.3
    elif pitch in (41, 43, 45, 47, 48, 50):
        made = _tom(70 + (pitch - 41) * 14, rate, draw)
    elif pitch in (54, 69, 70, 82):
        made = _metal(rate, draw, 0.06, 9000) * 0.4
    elif pitch in (60, 61, 62, 63, 64):
        made = _tom(330 - (pitch - 60) * 35, rate, draw, 0.12)
    else:
        made = _click(rate, 500 + pitch * 14, 0.06)
    return np.asarray(made * (0.25 + 0.75 * strength), np.float32)


def _time(seconds: float, rate: int) -> Any:
    import numpy as np

    return np.arange(int(seconds * rate)) / rate


def _kick(strength: float, rate: int, draw: Any) -> Any:
    """A skin whose pitch falls, and the beater."""
    import numpy as np

    time = _time(0.45, rate)
    pitch = 46 + 120 * np.exp(-time * 38) + 200 * np.exp(-time * 220) * strength
    body = np.sin(2 * np.pi * np.cumsum(pitch) / rate) * np.exp(-time * 9)
    beater = draw.standard_normal(len(time)) * np.exp(-time * 400) * 0.25
    return np.tanh(1.6 * body) * 0.9 + beater


def _snare(strength: float, rate: int, draw: Any) -> Any:
    """Two modes of the skin, and the wires below it."""
    import numpy as np
    from scipy.signal import butter, lfilter

    time = _time(0.32, rate)
    skin = np.sin(2 * np.pi * 187 * time) + 0.6 * np.sin(2 * np.pi * 332 * time)
    top, bottom = butter(2, [1400 / (rate / 2), min(9500 / (rate / 2), 0.95)], "band")
    wires = lfilter(top, bottom, draw.standard_normal(len(time)))
    return 0.45 * skin * np.exp(-time * 26) + 1.1 * wires * np.exp(-time * (15 - 4 * strength))


def _clap(rate: int, draw: Any) -> Any:
    """Several hands, one shortly after another."""
    import numpy as np
    from scipy.signal import butter, lfilter

    time = _time(0.25, rate)
    shape = sum(np.where(time >= at, np.exp(-(time - at) * 160), 0) for at in (0, 0.011, 0.023))
    shape = shape + np.where(time >= 0.03, np.exp(-(time - 0.03) * 22), 0)
    top, bottom = butter(2, [900 / (rate / 2), min(3500 / (rate / 2), 0.95)], "band")
    return 0.8 * lfilter(top, bottom, draw.standard_normal(len(time))) * shape


def _metal(rate: int, draw: Any, seconds: float, low: float) -> Any:
    """Six squares of no harmony and noise, without what is low: cymbals of drum machines."""
    import numpy as np
    from scipy.signal import butter, lfilter

    time = _time(seconds * 2.2, rate)
    tones = sum(
        np.sign(np.sin(2 * np.pi * pitch * time))
        for pitch in (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
    )
    noise = tones / 6 + 0.9 * draw.standard_normal(len(time))
    top, bottom = butter(2, min(low / (rate / 2), 0.9), "high")
    return 0.55 * lfilter(top, bottom, noise) * np.exp(-time * (3.2 / seconds))


def _tom(pitch: float, rate: int, draw: Any, seconds: float = 0.4) -> Any:
    import numpy as np

    time = _time(seconds, rate)
    falling = pitch * (1 + 0.5 * np.exp(-time * 30))
    body = np.sin(2 * np.pi * np.cumsum(falling) / rate) * np.exp(-time * (3 / seconds))
    return 0.8 * body + 0.12 * draw.standard_normal(len(time)) * np.exp(-time * 120)


def _click(rate: int, pitch: float, seconds: float) -> Any:
    import numpy as np

    time = _time(seconds, rate)
    return 0.6 * np.sin(2 * np.pi * pitch * time) * np.exp(-time * (6 / seconds))
