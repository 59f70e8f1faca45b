"""The sound of a film, and what is known of one: MP4, MOV, M4A, WebM and Matroska, by PyAV.

Which format it is, its first bytes say, and no other is tried: a list of files in the place of a
film could have a decoder fetch what it lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from musegraph.errors import NodeError

if TYPE_CHECKING:
    from torch import Tensor

_LATE = 600.0
"""Seconds by which the sound of a film may begin later than the film; more is a damaged number."""


def film_format(start: bytes) -> str | None:
    """The format of a film whose first 12 bytes these are, as FFmpeg calls it."""
    if start[4:8] == b"ftyp":
        return "mov"
    return "matroska" if start[:4] == b"\x1a\x45\xdf\xa3" else None


@contextmanager
def _opened(file: BinaryIO, form: str, name: str) -> Iterator[Any]:
    import av

    try:
        with av.open(file, format=form) as box:
            yield box
    except (av.error.FFmpegError, ValueError, EOFError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise NodeError(f"{name!r} is no film that can be read, or damaged: {why}") from None


def decode_film_sound(data: bytes, form: str, name: str, most: int) -> tuple[Tensor, int]:
    """The first sound of a film [1,C,N], in step with its pictures, and its samples a second."""
    import av
    import numpy as np
    import torch

    parts, count = list[Any](), 0
    with _opened(BytesIO(data), form, name) as box:
        if not box.streams.audio:
            raise NodeError(f"{name!r} is a film without sound")
        stream = box.streams.audio[0]
        rate, channels = int(stream.rate or 0), int(stream.channels or 0)
        if rate < 1 or channels < 1:
            raise NodeError(f"{name!r} does not say how its sound is kept; save it again")
        same = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        for frame in box.decode(stream):
            if not parts and 0 < (late := frame.time or 0.0) < _LATE:
                parts.append(np.zeros((channels, round(late * rate)), np.float32))
            for block in same.resample(frame):
                parts.append(block.to_ndarray())
                count += parts[-1].size
            if count > most:
                raise NodeError(f"{name!r} has more than {most:,} samples in its channels; cut it")
    if not count:
        raise NodeError(f"{name!r} is a film whose sound has no length")
    return torch.from_numpy(np.concatenate(parts, axis=1))[None], rate


def describe_film(file: BinaryIO, form: str, name: str) -> dict[str, Any]:
    """Width, height and seconds of a film by what its head says; :class:`NodeError` if it is none.

    Nothing is decoded.
    """
    with _opened(file, form, name) as box:
        if not box.streams.video:
            raise NodeError(f"{name!r} holds no moving pictures")
        seconds = (box.duration or 0) / 1e6
        first = box.streams.video[0]
        return {"width": int(first.width), "height": int(first.height), "seconds": seconds}
