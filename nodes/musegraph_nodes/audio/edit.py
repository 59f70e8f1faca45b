"""Sounds cut, faded, joined, mixed, placed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import Audio, NodeError, node

from .options import Seconds
from .samples import at_rate, check_length, each, factor, sound_of, wave_of, with_channels

if TYPE_CHECKING:
    from .samples import Wave

Level = Annotated[float, Field(ge=-120, le=40, description="In decibels; 6 is twice as much.")]
Curve = Annotated[
    Literal["linear", "smooth", "equal power"],
    Field(description="Equal power keeps the loudness where two different sounds cross."),
]


@node(version="1", numeric=True)
def resample(
    sound: Audio,
    sample_rate: Annotated[int, Field(ge=1000, le=384_000, description="Samples a second.")],
) -> Audio:
    """Change how many samples a second has; it sounds the same, but for what is too high for it."""
    return at_rate(sound, sample_rate)


@node(version="1")
def channels(
    sound: Audio,
    count: Annotated[int, Field(ge=1, le=8, description="1 is mono, 2 stereo.")] = 2,
) -> Audio:
    """Make a sound mono (the mean of its channels), or give it more: mono on all, others silent."""
    return sound_of(with_channels(wave_of(sound), count), sound.sample_rate)


@node(version="1")
def trim(
    sound: Audio,
    start: Annotated[Seconds, Field(description="Seconds that are cut from the beginning.")] = 0.0,
    length: Annotated[Seconds, Field(description="Seconds that stay; 0: all the rest.")] = 0.0,
) -> Audio:
    """Cut a sound to a stretch of it."""
    wave, rate = wave_of(sound), sound.sample_rate
    first = round(start * rate)
    last = wave.shape[2] if length == 0 else first + max(round(length * rate), 1)
    if first >= wave.shape[2]:
        raise NodeError(
            f"the sound lasts {wave.shape[2] / rate:.3g} s, and nothing of it is left after"
            f" {start:g} s; start earlier"
        )
    return sound_of(wave[:, :, first:last], rate)


@node(version="1")
def trim_silence(
    sound: Audio,
    below: Annotated[
        float, Field(ge=-120, le=0, description="Decibels of full scale that count as silence.")
    ] = -60.0,
    keep: Annotated[Seconds, Field(description="Seconds of silence that stay.")] = 0.02,
) -> Audio:
    """Cut the silence before and after a sound."""
    import numpy as np

    wave, rate = wave_of(sound), sound.sample_rate
    heard = np.flatnonzero(np.abs(wave).max(axis=(0, 1)) > factor(below))
    if not len(heard):
        raise NodeError(f"the sound is nowhere louder than {below:g} dB; lower what is silence")
    room = round(keep * rate)
    return sound_of(wave[:, :, max(int(heard[0]) - room, 0) : int(heard[-1]) + room + 1], rate)


def slope(count: int, curve: str) -> Wave:
    """From 0 to 1 in so many samples."""
    import numpy as np

    line = (np.arange(count) + 0.5) / max(count, 1)
    if curve == "smooth":
        line = 0.5 - 0.5 * np.cos(np.pi * line)
    elif curve == "equal power":
        line = np.sin(np.pi / 2 * line)
    return np.asarray(line, np.float32)


@node(version="1", numeric=True)
def fade(
    sound: Audio,
    fade_in: Annotated[Seconds, Field(description="Seconds until it is there.")] = 0.05,
    fade_out: Annotated[Seconds, Field(description="Seconds until it is gone.")] = 1.0,
    curve: Curve = "smooth",
) -> Audio:
    """Let a sound come and go."""
    wave, rate = wave_of(sound).copy(), sound.sample_rate
    length = wave.shape[2]
    first, last = min(round(fade_in * rate), length), min(round(fade_out * rate), length)
    wave[:, :, :first] *= slope(first, curve)
    wave[:, :, length - last :] *= slope(last, curve)[::-1]
    return sound_of(wave, rate)


def _alike(sounds: list[Audio]) -> tuple[list[Wave], int]:
    """The samples of sounds at the rate of the first, with as many channels as the most has."""
    if not sounds:
        raise NodeError("there is no sound; link one or several")
    rate = sounds[0].sample_rate
    waves = [wave_of(at_rate(sound, rate)) for sound in sounds]
    many = max(wave.shape[1] for wave in waves)
    batch = max(len(wave) for wave in waves)
    if any(len(wave) not in (1, batch) for wave in waves):
        raise NodeError("the batches of sounds differ in length; audio.split makes lists of them")
    return [with_channels(wave, many).repeat(batch // len(wave), 0) for wave in waves], rate


@node(version="1", numeric=True)
def join(
    sounds: Annotated[list[Audio], Field(description="One after another.")],
    overlap: Annotated[
        float,
        Field(ge=-60, le=60, description="Seconds that one fades into the next; below 0 a pause."),
    ] = 0.0,
    curve: Curve = "equal power",
) -> Audio:
    """Put sounds one after another, at the rate of the first."""
    import numpy as np

    waves, rate = _alike(sounds)
    made = waves[0]
    check_length(sum(wave.size for wave in waves), "the sound")
    for wave in waves[1:]:
        cross = min(max(round(overlap * rate), 0), made.shape[2], wave.shape[2])
        pause = np.zeros((*made.shape[:2], max(round(-overlap * rate), 0)), np.float32)
        rising = slope(cross, curve)
        both = made[:, :, made.shape[2] - cross :] * rising[::-1] + wave[:, :, :cross] * rising
        head = made[:, :, : made.shape[2] - cross]
        made = np.concatenate((head, both, pause, wave[:, :, cross:]), axis=2)
    return sound_of(made, rate)


@node(version="1", numeric=True)
def mix(
    sounds: Annotated[list[Audio], Field(description="Heard together.")],
    levels: Annotated[
        list[float] | None,
        Field(max_length=256, description="Decibels for each; those without one stay as they are."),
    ] = None,
    starts: Annotated[
        list[float] | None,
        Field(max_length=256, description="Seconds at which each begins; without one at once."),
    ] = None,
) -> Audio:
    """Let sounds be heard together, at the rate of the first. What gets too loud is not cut here.

    Sounds are added up as they are: audio.normalise brings the sum to a loudness.
    """
    import numpy as np

    waves, rate = _alike(sounds)
    gains, times = _filled(levels, len(waves), "levels"), _filled(starts, len(waves), "starts")
    if min(times) < 0:
        raise NodeError("a sound starts at 0 seconds or later; set starts to 0 or more")
    firsts = [round(time * rate) for time in times]
    length = max(first + wave.shape[2] for first, wave in zip(firsts, waves, strict=True))
    check_length(length * waves[0].shape[0] * waves[0].shape[1], "the mix")
    made = np.zeros((*waves[0].shape[:2], length), np.float32)
    for wave, first, gain in zip(waves, firsts, gains, strict=True):
        made[:, :, first : first + wave.shape[2]] += wave * np.float32(factor(gain))
    return sound_of(made, rate)


def _filled(values: list[float] | None, count: int, what: str) -> list[float]:
    given = values or []
    if len(given) > count:
        raise NodeError(f"{what} has {len(given)} numbers for {count} sounds; leave some out")
    if any(not math.isfinite(value) or abs(value) > 1e5 for value in given):
        raise NodeError(f"{what} has a number beyond all bounds; take seconds or decibels")
    return [*given, *[0.0] * (count - len(given))]


@node(version="1", numeric=True)
def pan(
    sound: Audio,
    place: Annotated[
        float, Field(ge=-1, le=1, description="-1 is left, 0 the middle, 1 right.")
    ] = 0.0,
    width: Annotated[
        float, Field(ge=0, le=2, description="How far apart the sides are: 0 mono, 1 as they were.")
    ] = 1.0,
) -> Audio:
    """Place a sound between left and right with equal power, and widen or narrow it."""
    import numpy as np

    wave = wave_of(sound)
    if wave.shape[1] > 2:
        raise NodeError(f"the sound has {wave.shape[1]} channels; audio.channels makes it mono")
    stereo = with_channels(wave, 2)
    middle, side = stereo.mean(axis=1), (stereo[:, 0] - stereo[:, 1]) * np.float32(width / 2)
    angle = (place + 1) * math.pi / 4
    left, right = (middle + side) * math.cos(angle), (middle - side) * math.sin(angle)
    # In the middle nothing changes: the loudness of a mono sound is 3 dB more on two sides.
    return sound_of(np.stack((left, right), axis=1) * math.sqrt(2), sound.sample_rate)


@node(version="1", numeric=True)
def volume(sound: Audio, gain: Level = 0.0) -> Audio:
    """Make a sound louder or softer."""
    return each(sound, lambda wave: wave * factor(gain))


@node(version="1")
def reverse(sound: Audio) -> Audio:
    """Play a sound backwards."""
    return each(sound, lambda wave: wave[:, ::-1])
