"""Sounds made longer or higher: a phase vocoder that keeps attacks sharp and sides together."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import Audio, Context, node

from .samples import check_length, each, resampled

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from .samples import Wave

Detail = Annotated[
    Literal["drums", "mixed", "tones"],
    Field(description="What it is heard by: a shorter or a longer window is taken."),
]
_WINDOWS = {"drums": 0.023, "mixed": 0.046, "tones": 0.093}
_FRESH = 1.4
"""A partial that is so many times as strong after an attack as before begins with it."""
_BATCH = 128


@node(version="1", title="Stretch time", numeric=True)
def stretch(
    sound: Audio,
    ctx: Context,
    factor: Annotated[
        float, Field(ge=0.25, le=4, description="2 is twice as long, at the same pitch.")
    ] = 1.0,
    detail: Detail = "mixed",
) -> Audio:
    """Make a sound longer or shorter without changing its pitch.

    A phase vocoder with phases locked to the peaks (Laroche and Dolson 1999); around an attack time
    runs as it was, and partials that begin there start anew, so that drums stay crisp (Röbel 2003).
    """
    check_length(sound.data.numel() * factor, "the stretched sound")
    count = len(sound.data)
    done = iter(range(count))

    def made(wave: Wave) -> Wave:
        at = next(done)
        size = window(sound.sample_rate, detail)
        return stretched(wave, factor, size, lambda share: ctx.progress((at + share) / count))

    return each(sound, made)


@node(version="1", numeric=True)
def shift_pitch(
    sound: Audio,
    ctx: Context,
    semitones: Annotated[
        float, Field(ge=-24, le=24, description="12 are an octave; also parts of one.")
    ] = 0.0,
    detail: Detail = "mixed",
) -> Audio:
    """Make a sound higher or lower without changing how long it lasts."""
    import numpy as np

    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(1000)
    check_length(sound.data.numel() * max(float(ratio), 1.0), "the sound on its way")

    def made(wave: Wave) -> Wave:
        if ratio == 1:
            return wave
        size = window(sound.sample_rate, detail)
        longer = stretched(wave, float(ratio), size, ctx.progress)
        back = np.asarray(resampled(longer, 1 / ratio), np.float32)[:, : wave.shape[1]]
        return np.pad(back, ((0, 0), (0, wave.shape[1] - back.shape[1])))

    return each(sound, made)


def window(rate: int, detail: str) -> int:
    """Samples of a frame, a power of two."""
    return int(max(1 << round(rate * _WINDOWS[detail]).bit_length() - 1, 64))


def stretched(wave: Wave, factor: float, size: int, tick: Callable[[float], None]) -> Wave:
    """Samples [C,N] that last ``factor`` times as long."""
    import numpy as np
    from scipy.fft import irfft, rfft

    many, length = wave.shape
    longer = max(round(length * factor), 1)
    if factor == 1 or length < size:
        places = np.linspace(0, length - 1, longer)
        return wave if factor == 1 else wave[:, np.round(places).astype(int)]
    hop = size // 4
    shape = np.hanning(size + 1)[:-1].astype(np.float32)
    attacks, fresh = _attacks(wave, size)
    times, resets = _map(attacks, length, longer, factor, hop, size)
    padded = np.pad(wave, ((0, 0), (size + hop, 2 * size)))
    views = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)
    starts = times + size + hop - size // 2
    made = np.zeros((many, (len(times) + 4) * hop + size), np.float32)
    turns = np.exp(0.5j * np.pi * np.arange(many) / max(many - 1, 1)).astype(np.complex64)
    before: NDArray[np.complex64] | None = None
    for first in range(0, len(times), _BATCH):
        tick(first / len(times))
        some = starts[first : first + _BATCH]
        now = rfft(views[:, some] * shape, axis=-1)  # [C,frames,bins]
        earlier = rfft(views[:, some - hop] * shape, axis=-1)
        # Sides are added with a quarter turn between them, so that they never cancel, and every
        # side is turned alike: where a sound stands does not change.
        heard, heard_before = (np.tensordot(turns, part, (0, 0)) for part in (now, earlier))
        for index in range(len(some)):
            turn = _turned(heard[index], heard_before[index], before)
            if (which := resets.get(first + index)) is not None:
                turn = np.where(fresh[which], 1, turn)
            before = heard[index] * turn
            now[:, index] *= turn
        pieces = irfft(now, size, axis=-1) * (shape / 1.5)
        for index in range(len(some)):
            at = (first + index) * hop
            made[:, at : at + size] += pieces[:, index]
    return made[:, size // 2 : size // 2 + longer]


def _turned(now: Any, earlier: Any, before: Any) -> Any:
    """By what every bin is turned, so that the phases go on from the frame before.

    ``earlier`` is the frame one hop earlier in the source: how far phases went in that time is
    known, and nothing has to be unwrapped. All bins around a peak are turned as it is.
    """
    import numpy as np

    if before is None:
        return np.ones(len(now), np.complex64)
    size = np.abs(now)
    middle = size[2:-2]
    top = (middle > size[1:-3]) & (middle >= size[3:-1]) & (middle > size[:-4])
    peaks = np.flatnonzero(top & (middle >= size[4:])) + 2
    if not len(peaks):
        peaks = np.array([int(size.argmax())])
    went = before[peaks] * np.conj(earlier[peaks])
    strength = np.abs(went)
    turn = np.where(strength > 1e-20, went / np.maximum(strength, 1e-20), 1)
    borders = (peaks[1:] + peaks[:-1] + 1) // 2
    widths = np.diff(np.concatenate(([0], borders, [len(now)])))
    return np.repeat(turn, widths).astype(np.complex64)


def _attacks(wave: Wave, size: int) -> tuple[NDArray[np.int64], list[Any]]:
    """The samples at which something begins suddenly, and which bins are new there."""
    import numpy as np
    from scipy.fft import rfft
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    heard = np.abs(wave).max(axis=0) if len(wave) > 1 else wave[0]
    step, short = max(size // 16, 8), max(size // 4, 32)
    padded = np.pad(heard, (short // 2, short))
    frames = np.lib.stride_tricks.sliding_window_view(padded, short)[::step]
    frames = frames[: len(heard) // step + 1]
    power = np.sqrt(np.abs(rfft(frames * np.hanning(short).astype(np.float32), axis=-1)))
    flux = np.pad(np.maximum(np.diff(power, axis=0), 0).sum(axis=1), (1, 0))
    flux = uniform_filter1d(flux, 3)
    local = uniform_filter1d(flux, 48) * 2.2 + 0.15 * float(flux.max(initial=0.0))
    tops = (flux == maximum_filter1d(flux, 13)) & (flux > local)
    found = np.flatnonzero(tops) * step
    mixed = np.pad(wave.sum(axis=0), (size, 2 * size))
    shape = np.hanning(size).astype(np.float32)
    kept, fresh = [], []
    for at in found.tolist():
        old, new = (np.abs(rfft(mixed[p : p + size] * shape)) for p in (at, at + size))
        begun = new > _FRESH * old
        if begun.mean() > 0.1:
            kept.append(at)
            fresh.append(begun)
    return np.array(kept, np.int64), fresh


def _map(
    attacks: NDArray[np.int64], length: int, longer: int, factor: float, hop: int, size: int
) -> tuple[NDArray[np.int64], dict[int, int]]:
    """The sample of the source in the middle of each frame, and the frames at which attacks begin.

    Around an attack time runs as in the source, so that no frame holds it at another place.
    """
    import numpy as np

    count = -(-longer // hop) + 3
    places = np.arange(count) * hop
    gaps = np.diff(np.concatenate(([0], attacks, [length]))) * min(1.0, factor) * 0.47
    outs, ins, resets = [-1e9], [-1e9 / factor], {}
    for index, at in enumerate(attacks.tolist()):
        half = min(size / 2, *gaps[index : index + 2])
        outs += [at * factor - half, at * factor + half]
        ins += [at - half, at + half]
        resets[int(np.ceil((at * factor - half) / hop))] = index
    outs.append(longer + 1e9)
    ins.append(length + 1e9 / factor)
    times = np.round(np.interp(places, outs, ins)).astype(np.int64)
    return np.clip(times, 0, length + size // 2), resets
