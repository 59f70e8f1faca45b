"""Sounds from outside: what they are, and the outline that a waveform is drawn from.

They are decoded block by block, so that an hour takes no more memory than a second.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soundfile import SoundFile

KINDS = frozenset({"audio/wav", "audio/flac", "audio/ogg", "audio/mpeg"})
"""What libsndfile decodes and a browser plays."""

BLOCK = 1 << 16
"""Frames that are decoded at once."""

MOST_CHANNELS = 64
DECIMALS = 4
"""Of a peak: finer than 13 bits, and no screen shows more."""


def sniff(start: bytes) -> str | None:
    """The kind of sound that the first bytes say, if they say any; only decoding tells."""
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return "audio/wav"
    if start[:4] == b"fLaC":
        return "audio/flac"
    if start[:4] == b"OggS":
        return "audio/ogg"
    layer3 = len(start) > 1 and start[0] == 0xFF and start[1] & 0xE6 == 0xE2
    return "audio/mpeg" if layer3 or start[:3] == b"ID3" else None


def describe(place: Path) -> dict[str, Any] | None:
    """Rate in Hz, channels and seconds of a sound; None if it cannot be decoded."""
    try:
        with _opened(place) as sound:
            if not len(sound.read(1, dtype="float32")):
                return None
            return {
                "sample_rate": sound.samplerate,
                "channels": sound.channels,
                "seconds": sound.frames / sound.samplerate,
            }
    except NodeError:
        return None


def peaks(place: Path, bins: int) -> dict[str, Any]:
    """The lowest and the highest sample of each of ``bins`` equal parts, by channel."""
    import numpy as np

    with _opened(place) as sound:
        frames, channels = sound.frames, sound.channels
        bins = max(1, min(bins, frames))
        edges = np.arange(bins + 1) * frames // bins
        low = np.zeros((channels, bins), np.float32)
        high = np.zeros((channels, bins), np.float32)
        begun, at = 0, 0  # bins that have a sample so far, frames that were read
        while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
            block = np.ascontiguousarray(block[: frames - at].T)  # ten times as fast to reduce
            end = at + block.shape[1]
            if end == at:
                break
            first = int(np.searchsorted(edges, at, "right")) - 1
            last = int(np.searchsorted(edges, end, "left"))
            starts = np.maximum(edges[first:last] - at, 0)
            lowest = np.fmin.reduceat(block, starts, axis=1)
            highest = np.fmax.reduceat(block, starts, axis=1)
            if first < begun:  # the bin that the block before ended in
                lowest[:, 0] = np.fmin(lowest[:, 0], low[:, first])
                highest[:, 0] = np.fmax(highest[:, 0], high[:, first])
            low[:, first:last], high[:, first:last] = lowest, highest
            begun, at = last, end
    drawn = (np.nan_to_num(part, posinf=1, neginf=-1).astype(float) for part in (low, high))
    minima, maxima = (part.round(DECIMALS).tolist() for part in drawn)
    facts = {"sample_rate": sound.samplerate, "frames": frames}
    return {**facts, "minima": minima, "maxima": maxima}


@contextmanager
def _opened(place: Path) -> Iterator[SoundFile]:
    from soundfile import LibsndfileError, SoundFile

    try:
        with SoundFile(str(place)) as sound:
            if sound.channels > MOST_CHANNELS:
                raise NodeError(f"the sound has more than {MOST_CHANNELS} channels")
            if sound.frames <= 0:
                raise NodeError("the sound is empty")
            yield sound
    except LibsndfileError as error:
        raise NodeError(f"the sound cannot be decoded: {error.error_string}") from None
