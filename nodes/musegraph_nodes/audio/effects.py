"""Equaliser, compressor, reverb and echo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Audio, NodeError, node

from .options import Decibels, Hertz, Wet
from .samples import at_rate, check_length, each, factor, sound_of, wave_of, with_channels

if TYPE_CHECKING:
    from .samples import Doubles, Wave

Milliseconds = Annotated[float, Field(ge=0, le=5000)]


@node(version="1", numeric=True)
def equalise(
    sound: Audio,
    low: Annotated[Decibels, Field(description="Decibels for what is low.")] = 0.0,
    middle: Annotated[Decibels, Field(description="Decibels around the middle.")] = 0.0,
    high: Annotated[Decibels, Field(description="Decibels for what is high.")] = 0.0,
    low_below: Annotated[Hertz, Field(description="Hz below which it is low.")] = 200.0,
    middle_at: Annotated[Hertz, Field(description="Hz of the middle.")] = 1000.0,
    middle_width: Annotated[
        float, Field(ge=0.1, le=8, description="Octaves of the middle."), ADVANCED
    ] = 1.5,
    high_above: Annotated[Hertz, Field(description="Hz above which it is high.")] = 4000.0,
    cut_below: Annotated[
        float, Field(ge=0, le=20_000, description="Hz below which nothing is heard; 0: no cut.")
    ] = 0.0,
    cut_above: Annotated[
        float, Field(ge=0, le=96_000, description="Hz above which nothing is heard; 0: no cut.")
    ] = 0.0,
) -> Audio:
    """Raise or lower what is low, middle or high, and cut what is lower or higher still."""
    import numpy as np
    from scipy.signal import butter, sosfilt

    rate = sound.sample_rate
    sections: list[Doubles] = []
    for shape, gain, at in (("low", low, low_below), ("middle", middle, middle_at),
                            ("high", high, high_above)):  # fmt: skip
        if gain and at < rate * 0.49:
            sections.append(np.array([biquad(shape, gain, at, middle_width, rate)]))
    for at, kind in ((cut_below, "highpass"), (cut_above, "lowpass")):
        if 0 < at < rate * 0.49:
            sections.append(butter(4, at, kind, output="sos", fs=rate))
        elif at and kind == "highpass":
            raise NodeError(f"a sound at {rate} Hz has nothing above {at:g} Hz; cut below less")
    if not sections:
        return sound
    filters = np.concatenate(sections)
    return each(sound, lambda wave: sosfilt(filters, wave.astype(np.float64), axis=-1))


def biquad(shape: str, gain: float, at: float, width: float, rate: int) -> list[float]:
    """One filter of second order, as in the Audio EQ Cookbook of Robert Bristow-Johnson."""
    a, angle = 10 ** (gain / 40), 2 * math.pi * at / rate
    cos, sin = math.cos(angle), math.sin(angle)
    if shape == "middle":
        alpha = sin * math.sinh(math.log(2) / 2 * width * angle / sin)
        b = [1 + alpha * a, -2 * cos, 1 - alpha * a]
        c = [1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        sign = 1 if shape == "low" else -1
        root = math.sqrt(2 * a) * sin  # the steepest slope that does not ring
        up, down = a + 1, a - 1
        b = [
            a * (up - sign * down * cos + root), sign * 2 * a * (down - sign * up * cos),
            a * (up - sign * down * cos - root),
        ]  # fmt: skip
        c = [
            up + sign * down * cos + root, sign * -2 * (down + sign * up * cos),
            up + sign * down * cos - root,
        ]  # fmt: skip
    return [value / c[0] for value in (*b, *c)]


@node(version="1", numeric=True)
def compress(
    sound: Audio,
    threshold: Annotated[
        float, Field(ge=-80, le=0, description="Decibels above which it is held.")
    ] = -20.0,
    ratio: Annotated[
        float, Field(ge=1, le=100, description="Decibels above it of which one stays.")
    ] = 3.0,
    attack: Annotated[Milliseconds, Field(description="Milliseconds until it holds.")] = 10.0,
    release: Annotated[Milliseconds, Field(description="Milliseconds until it lets go.")] = 120.0,
    knee: Annotated[
        float, Field(ge=0, le=40, description="Decibels over which holding sets in."), ADVANCED
    ] = 6.0,
    makeup: Annotated[
        float, Field(ge=-24, le=36, description="Decibels that all is raised after it.")
    ] = 0.0,
    mix: Annotated[
        float, Field(ge=0, le=1, description="Less than 1 leaves some of the sound as it was.")
    ] = 1.0,
) -> Audio:
    """Hold what is loud, so that the rest can be louder; all channels by the same gain.

    Feed-forward with a smooth, decoupled detector (Giannoulis, Massberg and Reiss 2012).
    """
    rate = sound.sample_rate

    def held(wave: Wave) -> Doubles:
        import numpy as np

        gain = _gain(wave, rate, threshold, ratio, knee, attack / 1000, release / 1000)
        wet = wave * 10 ** ((gain + makeup) / 20)
        return np.asarray(wet * mix + wave * (1 - mix))

    return each(sound, held)


def _gain(
    wave: Wave, rate: int, threshold: float, ratio: float, knee: float, attack: float, rel: float
) -> Doubles:
    """Decibels at each sample, worked out twice in a millisecond."""
    import numpy as np

    step = max(rate // 2000, 1)
    loudest = np.abs(wave).max(axis=0)
    padded = np.pad(loudest, (0, -len(loudest) % step))
    level = 20 * np.log10(np.maximum(padded.reshape(-1, step).max(axis=1), 1e-6))
    over = level - threshold
    bent = (over + knee / 2) ** 2 / (2 * max(knee, 1e-9))
    soft = np.where(np.abs(over) * 2 <= knee, bent, over)
    taken = np.where(over * 2 < -knee, 0.0, soft) * (1 - 1 / ratio)
    fast, slow = (math.exp(-step / (rate * max(t, 1e-4))) for t in (attack, rel))
    held, smooth, found = 0.0, 0.0, []
    for value in taken.tolist():
        held = max(value, slow * held + (1 - slow) * value)
        smooth = fast * smooth + (1 - fast) * held
        found.append(-smooth)
    places = (np.arange(len(found)) + 0.5) * step
    return np.asarray(np.interp(np.arange(len(loudest)), places, np.array(found)))


@node(version="1", numeric=True)
def reverb(
    sound: Audio,
    seconds: Annotated[
        float, Field(ge=0.1, le=20, description="Until the room is still (60 dB).")
    ] = 1.8,
    mix: Wet = 0.25,
    distance: Annotated[Milliseconds, Field(description="Until it answers.")] = 15.0,
    damping: Annotated[
        float, Field(ge=0, le=1, description="How much sooner what is high dies away.")
    ] = 0.5,
    width: Annotated[
        float, Field(ge=0, le=1, description="How far apart both ears are; 0 is mono."), ADVANCED
    ] = 1.0,
    impulse: Annotated[
        Audio | None,
        Field(description="The answer of a room to a clap, which is then taken instead."),
    ] = None,
) -> Audio:
    """Put a sound into a room: a computed one, or one whose answer was recorded.

    The computed one is noise that dies away at its own pace in each octave (Moorer 1979), after a
    few walls. The room is as loud as the sound at mix 0.5; what it adds at the end is kept.
    """
    import numpy as np
    from scipy.signal import oaconvolve

    rate = sound.sample_rate
    wave = wave_of(sound)
    if impulse is None:
        answer = _room(rate, seconds, distance / 1000, damping, width)
    else:
        given = with_channels(wave_of(at_rate(impulse, rate))[:1], 2)[0].astype(np.float64)
        answer = given / max(math.sqrt((given**2).sum() / 2), 1e-9)
    stereo = with_channels(wave, 2) if wave.shape[1] == 1 else wave
    if stereo.shape[1] != 2:
        raise NodeError(f"the sound has {wave.shape[1]} channels; audio.channels makes it mono")
    check_length(stereo.size + stereo.shape[0] * answer.size, "the sound in its room")
    wet = oaconvolve(stereo.astype(np.float64), answer[None], axes=-1)
    dry = np.pad(stereo, ((0, 0), (0, 0), (0, answer.shape[1] - 1)))
    return sound_of(dry * min(1.0, 2 - 2 * mix) + wet * min(1.0, 2 * mix), rate)


def _room(rate: int, seconds: float, distance: float, damping: float, width: float) -> Doubles:
    """The answer of a room [2,N], with as much power as what it answers."""
    import numpy as np
    from scipy.signal import butter, sosfilt

    time = np.arange(int((seconds * 1.1 + 0.05) * rate)) / rate
    draws = [np.random.default_rng(side + 1).standard_normal(len(time)) for side in range(2)]
    draws[1] = draws[1] * width + draws[0] * (1 - width)
    made = np.zeros((2, len(time)))
    edges = [125 * 2**octave for octave in range(8) if 125 * 2**octave < rate * 0.45]
    for index, low in enumerate([0, *edges]):
        high = edges[index] if index < len(edges) else 0
        kind = "bandpass" if low and high else "lowpass" if high else "highpass"
        at = [low, high] if kind == "bandpass" else high or low
        band = sosfilt(butter(2, at, kind, output="sos", fs=rate), np.stack(draws))
        share = max(low, 60) / 500
        lasting = seconds * min(1.0, share ** (-0.45 * damping))
        made += band * 10 ** (-3 * time / lasting)
    made[:, : int(0.004 * rate)] *= np.linspace(0, 1, int(0.004 * rate))
    for index, (late, loud) in enumerate(((0.0, 6.0), (0.007, 4.5), (0.011, 4.0), (0.019, 3.0),
                                          (0.023, 2.6), (0.031, 2.2), (0.043, 1.6))):  # fmt: skip
        spot = int((late + 0.003) * rate)
        if spot < len(time):
            made[index % 2, spot] += loud
            made[1 - index % 2, spot] += loud * (1 - 0.6 * width)
    made = np.pad(made, ((0, 0), (int(distance * rate), 0)))
    return np.asarray(made / math.sqrt((made**2).sum() / 2))


@node(version="1", numeric=True)
def echo(
    sound: Audio,
    time: Annotated[
        float, Field(ge=1, le=5000, description="Milliseconds from one to the next.")
    ] = 375.0,
    feedback: Annotated[
        float, Field(ge=0, le=0.95, description="How much of one is in the next.")
    ] = 0.45,
    mix: Wet = 0.3,
    sides: Annotated[bool, Field(description="Whether they go from side to side.")] = True,
    darker: Annotated[
        float, Field(ge=0, le=1, description="How much duller each is than the one before.")
    ] = 0.3,
) -> Audio:
    """Repeat a sound, each time softer and duller, until it is 60 dB below; the end is kept."""
    import numpy as np
    from scipy.signal import lfilter

    wave, rate = wave_of(sound), sound.sample_rate
    count = 1 + (math.ceil(math.log(0.001) / math.log(feedback)) if feedback > 0.001 else 0)
    late = round(time / 1000 * rate)
    stereo = with_channels(wave, 2) if sides and wave.shape[1] == 1 else wave
    check_length(stereo.size + count * late * stereo.shape[0] * stereo.shape[1], "the echo")
    made = np.pad(stereo.astype(np.float64), ((0, 0), (0, 0), (0, count * late)))
    one = stereo.astype(np.float64)
    if sides and stereo.shape[1] == 2:
        one = np.stack((one.mean(axis=1), np.zeros_like(one[:, 0])), axis=1)
    dull, level = 0.75 * darker, 2 * mix
    for index in range(1, count + 1):
        one = lfilter([1 - dull], [1, -dull], one, axis=-1)
        made[:, :, index * late : index * late + one.shape[2]] += one * level
        one = (one[:, ::-1] if sides and one.shape[1] == 2 else one) * feedback
    return sound_of(made, rate)


@node(version="1", numeric=True)
def drive(
    sound: Audio,
    amount: Annotated[
        float, Field(ge=0, le=48, description="Decibels that it is driven too hard.")
    ] = 12.0,
    mix: Wet = 1.0,
) -> Audio:
    """Saturate a sound, as a valve does; four times oversampled, so that nothing folds down."""
    from fractions import Fraction

    import numpy as np

    from .samples import resampled

    def driven(wave: Wave) -> Doubles:
        finer = resampled(wave.astype(np.float64), Fraction(4))
        bent = np.tanh(finer * factor(amount)) / math.tanh(factor(amount))
        back = resampled(bent, Fraction(1, 4))[:, : wave.shape[1]]
        return np.asarray(back * mix + wave * (1 - mix))

    return each(sound, driven)
