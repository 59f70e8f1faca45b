"""The tones of instruments, each computed from what makes it sound as it does.

A tone is mono, float32, and has no end of its own but that of its decay: whoever plays it lets it
go. All are deterministic: noise has a seed by pitch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Wave = NDArray[np.float32]

Tone = Callable[[float, float, float, int], "Wave"]
"""From frequency in Hz, strength 0..1, seconds and sample rate to samples."""


@dataclass(frozen=True)
class Instrument:
    """A tone, and how it is let go: ``held`` ones last as long as their key is down."""

    tone: Tone
    release: float
    """Seconds in which it dies away once its key is up."""
    attack: float = 0.002
    held: bool = False
    gain: float = 1.0


def _time(seconds: float, rate: int) -> Wave:
    import numpy as np

    return np.arange(max(int(seconds * rate), 1), dtype=np.float32) / np.float32(rate)


def _partials(
    frequency: float, ratios: Any, levels: Any, decays: Any, seconds: float, rate: int
) -> Wave:
    """A sum of sines, each with its own decay in seconds; none above what the rate can hold."""
    import numpy as np

    time = _time(seconds, rate)
    made = np.zeros_like(time)
    for ratio, level, decay in zip(ratios, levels, decays, strict=True):
        pitch = frequency * ratio
        if pitch > rate * 0.45 or level < 1e-4:
            continue
        # Phases in double precision: a long tone in single precision would drift out of tune.
        phase = np.arange(len(time)) * (2 * np.pi * pitch / rate)
        wave = np.sin(np.remainder(phase, 2 * np.pi).astype(np.float32))
        made += np.float32(level) * wave * np.exp(time * np.float32(-6.9 / decay))
    return made


def piano(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """Struck strings: a little inharmonic, high partials die first, two strings beat slowly.

    Stiffness as in Fletcher, Blackham and Stratton 1962: f_n = n f sqrt(1 + B n²).
    """
    import numpy as np

    count = int(np.clip(9000 / frequency, 3, 18))
    n = np.arange(1, count + 1)
    stiff = 7e-5 * (frequency / 261.6) ** 0.9
    ratios = n * np.sqrt((1 + stiff * n**2) / (1 + stiff))
    bright = 0.12 + 0.5 * (1 - strength) + 0.05 * (frequency / 1000)
    levels = np.abs(np.sin(np.pi * n / 8.3)) / n**0.6 * np.exp(-bright * (n - 1))
    whole = 9.0 * (261.6 / frequency) ** 0.55
    decays = np.clip(whole / (1 + 0.35 * (n - 1)), 0.12, 16)
    made = _partials(frequency, ratios, levels, decays, seconds, rate)
    second = _partials(frequency * 1.0006, ratios[:5], levels[:5], decays[:5] * 1.7, seconds, rate)
    made += 0.35 * second
    return made + _knock(frequency, strength, len(made), rate)


def _knock(frequency: float, strength: float, length: int, rate: int) -> Wave:
    """The hammer: a short dull noise at the beginning."""
    import numpy as np
    from scipy.signal import lfilter

    size = min(length, rate // 25)
    noise = np.random.default_rng(int(frequency)).standard_normal(size).astype(np.float32)
    noise = lfilter([0.12], [1, -0.88], noise) * np.exp(-np.arange(size) / (rate * 0.006))
    made = np.zeros(length, np.float32)
    made[:size] = noise * (0.1 + 0.25 * strength)
    return made


def electric_piano(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """Frequency modulation (Chowning 1973): a tine at fourteen times the pitch, a body at one."""
    import numpy as np

    time = _time(seconds, rate)
    phase = np.arange(len(time)) * (2 * np.pi * frequency / rate)
    body = 0.9 * np.exp(-time * 1.6) * (0.4 + strength)
    tine = 0.5 * np.exp(-time * 14) * strength
    wave = np.sin(phase + body * np.sin(phase)) + 0.35 * np.sin(phase + tine * np.sin(14 * phase))
    return np.asarray(wave * np.exp(-time * (0.9 + frequency / 1500)), np.float32)


def plucked(dull: float, ring: float) -> Tone:
    """A string that is plucked: Karplus and Strong 1983, tuned as Jaffe and Smith 1983."""

    def tone(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
        import numpy as np
        from scipy.signal import lfilter

        length = max(int(seconds * rate), 1)
        period = rate / frequency
        # The loop is a delay, an average of two samples (half of one late), and an all-pass that
        # makes up for the rest of the period, which is no whole number of samples.
        whole = int(period - 0.6)
        part = period - 0.5 - whole
        allpass = (1 - part) / (1 + part)
        draw = np.random.default_rng(int(frequency * 10))
        burst = draw.uniform(-1, 1, whole)
        soft = dull + 0.45 * (1 - strength)
        burst = lfilter([1 - soft], [1, -soft], burst)
        burst -= burst.mean()
        burst /= np.abs(burst).max() + 1e-9
        excited = np.zeros(length)
        excited[: min(whole, length)] = burst[:length]
        loss = 10 ** (-3 / (frequency * ring * (1 + (110 / frequency) ** 0.3)))
        # y[n] = x[n] + loss · allpass(average(y[n - whole]))
        top = np.array([1.0, allpass])
        bottom = np.zeros(whole + 3)
        bottom[0], bottom[1] = 1.0, allpass
        for shift, weight in ((0, allpass), (1, 1.0)):
            bottom[whole + shift] -= 0.5 * loss * weight
            bottom[whole + shift + 1] -= 0.5 * loss * weight
        return np.asarray(0.9 * lfilter(top, bottom, excited), np.float32)

    return tone


def bowed(cut: float, vibrato: float, voices: int) -> Tone:
    """Many saws a little apart, dull, with a slow tremble: strings, pads, brass.

    Voices come in pairs that are mirrors of each other about one middle: as far above it as below,
    in how they tremble and where they begin. What they sound together then has the pitch of the
    middle at every moment, however slowly they beat; only the tremble of all of them moves it.
    """

    def tone(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
        import numpy as np
        from scipy.signal import butter, lfilter

        time = _time(seconds, rate)
        draw = np.random.default_rng(int(frequency * 7))
        rise = np.minimum(time * 2.5, 1.0) * vibrato
        middle = np.cumsum(frequency * (1 + 0.6 * rise * np.sin(2 * np.pi * 5.1 * time))) / rate
        middle += draw.random()
        made = _saw(middle, frequency / rate) if voices % 2 else np.zeros(len(time))
        for pair in range(voices // 2):
            apart = (pair + (1 if voices % 2 else 0.5)) * 0.0022
            wobble = 0.6 * rise * np.sin(2 * np.pi * (5.4 + 0.3 * pair) * time + pair + 1)
            away = np.cumsum(frequency * (apart + wobble)) / rate + 0.5 * draw.random()
            made += _saw(middle + away, frequency / rate) + _saw(middle - away, frequency / rate)
        cutoff = min(frequency * cut * (0.6 + 0.8 * strength), rate * 0.4)
        top, bottom = butter(2, cutoff / (rate / 2))
        return np.asarray(lfilter(top, bottom, made) * (0.7 / max(voices, 1) ** 0.5), np.float32)

    return tone


def _saw(turns: Any, step: float) -> Any:
    """A saw without the harmonics that fold back (PolyBLEP, Välimäki and Huovilainen 2007)."""
    import numpy as np

    at = np.remainder(turns, 1.0)
    wave = 2 * at - 1
    begun, ended = at < step, at > 1 - step
    x = at[begun] / step
    wave[begun] -= x + x - x * x - 1
    x = (at[ended] - 1) / step
    wave[ended] -= x * x + x + x + 1
    return wave


def square(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """A lead: two saws half a turn apart are a square."""
    import numpy as np
    from scipy.signal import butter, lfilter

    time = _time(seconds, rate)
    vibrato = 0.003 * np.clip((time - 0.25) * 3, 0, 1) * np.sin(2 * np.pi * 5.6 * time)
    turns = np.cumsum(frequency * (1 + vibrato)) / rate
    wave = _saw(turns, frequency / rate) - _saw(turns + 0.5, frequency / rate)
    top, bottom = butter(2, min(frequency * (4 + 8 * strength), rate * 0.4) / (rate / 2))
    return np.asarray(0.45 * lfilter(top, bottom, wave), np.float32)


def organ(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """Drawbars: sines at the harmonics of an electric organ."""
    made = _partials(
        frequency, (0.5, 1, 1.5, 2, 3, 4, 6), (0.5, 0.8, 0.25, 0.6, 0.35, 0.3, 0.15),
        (1e9,) * 7, seconds, rate,
    )  # fmt: skip
    return made * 0.5


def flute(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """Few harmonics, breath around them, and a slow tremble."""
    import numpy as np
    from scipy.signal import butter, lfilter

    time = _time(seconds, rate)
    tremble = 1 + 0.06 * np.clip(time * 2, 0, 1) * np.sin(2 * np.pi * 4.8 * time)
    made = _partials(frequency, (1, 2, 3, 4), (1, 0.25 + 0.3 * strength, 0.12, 0.05), (1e9,) * 4,
                     seconds, rate)  # fmt: skip
    breath = np.random.default_rng(int(frequency)).standard_normal(len(time))
    low, high = frequency * 0.9 / (rate / 2), min(frequency * 3 / (rate / 2), 0.9)
    top, bottom = butter(1, [min(low, 0.8), high], "band")
    return np.asarray(0.6 * made * tremble + 0.05 * lfilter(top, bottom, breath), np.float32)


def bell(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """The partials of a bell, none a multiple of the pitch but the strike note (Risset 1969)."""
    ratios = (0.56, 0.92, 1.0, 1.19, 1.7, 2.0, 2.74, 3.0, 3.76, 4.07)
    levels = (0.35, 0.25, 1.0, 0.3, 0.2, 0.35, 0.25, 0.2, 0.12, 0.1 * (0.5 + strength))
    decays = (6.0, 5.0, 4.5, 3.5, 2.5, 2.5, 1.8, 1.4, 1.0, 0.8)
    return 0.45 * _partials(frequency, ratios, levels, decays, seconds, rate)


def mallet(frequency: float, strength: float, seconds: float, rate: int) -> Wave:
    """A bar of wood: the fundamental, and one two octaves above that is soon gone."""
    ratios, levels = (1.0, 3.93, 9.2), (1.0, 0.3 + 0.3 * strength, 0.12 * strength)
    return 0.8 * _partials(frequency, ratios, levels, (0.9, 0.22, 0.08), seconds, rate)
