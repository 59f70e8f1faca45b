"""What a file from outside is: found out by decoding it, in a worker, never by its name.

Only what is on the list is more than bytes; all else can be stored, and is only ever downloaded.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from musegraph.errors import NodeError
from musegraph.values.files import MAX_PIXELS
from musegraph.workers import sound

PICTURES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
"""What Pillow may try, and as what it is served."""

MOST_FRAMES = 1000
SIDES = (32, 2048)
"""Pixels that a thumbnail's longer side may have."""


BYTES = "application/octet-stream"
"""What is nothing else: it can be stored, and is only ever downloaded."""


def describe(place: Path, name: str) -> dict[str, Any]:
    """Media type and facts of a file; :class:`NodeError` if it says to be a picture and is none.

    A picture is read whole, and of all else only what tells what it is.
    """
    with place.open("rb") as file:
        start = file.read(16)
    if kind := sniff(start):
        width, height, frames = _decoded(place.read_bytes(), name)
        return {"media": kind, "width": width, "height": height, "frames": frames}
    if (kind := sound.sniff(start)) and (facts := sound.describe(place)):
        return {"media": kind, **facts}
    return {"media": BYTES}


def sniff(data: bytes) -> str | None:
    """The kind of picture that the first bytes say, if they say any."""
    starts = (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
    )
    for start, kind in starts:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def _decoded(data: bytes, name: str) -> tuple[int, int, int]:
    picture = _open(data, name)
    try:
        frames = int(getattr(picture, "n_frames", 1))
        if frames > MOST_FRAMES:
            raise NodeError(f"{name!r} has {frames:,} frames; at most {MOST_FRAMES:,} are taken")
        picture.load()
    except NodeError:
        raise
    except Exception as error:  # noqa: BLE001  a decoder's own errors are of every kind
        raise NodeError(f"{name!r} is damaged: {_first(error)}") from None
    return picture.width, picture.height, frames


def _open(data: bytes, name: str) -> Any:
    from PIL import Image as Pillow

    try:
        picture = Pillow.open(BytesIO(data), formats=[*PICTURES])
    except Exception as error:  # noqa: BLE001  see above
        raise NodeError(f"{name!r} is no picture that can be read: {_first(error)}") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise NodeError(
            f"{name!r} has {picture.width:,} × {picture.height:,} pixels, and at most"
            f" {MAX_PIXELS:,} are taken; scale it down"
        )
    return picture


def thumbnail(data: bytes, size: int) -> bytes:
    """A WEBP of a picture, its longer side ``size`` pixels or less."""
    from PIL import ImageOps

    picture = _open(data, "the picture")
    size = min(max(size, SIDES[0]), SIDES[1])
    try:
        picture.draft("RGB", (size, size))
        small = ImageOps.exif_transpose(picture)
        small.thumbnail((size, size))
        small = small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info
                              else "RGB")  # fmt: skip
        stream = BytesIO()
        small.save(stream, format="WEBP", quality=80)
    except Exception as error:  # noqa: BLE001  see above
        raise NodeError(f"the picture is damaged: {_first(error)}") from None
    return stream.getvalue()


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
