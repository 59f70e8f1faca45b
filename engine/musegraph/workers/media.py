"""What a file from outside is: found out by decoding it, in a worker, never by its name.

Only what is on the list is more than bytes; all else can be stored, and is only ever downloaded.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

from musegraph.errors import NodeError
from musegraph.values.films import describe_film, film_format
from musegraph.workers import sound

PICTURES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
"""What Pillow may try, and as what it is served."""

BYTES = "application/octet-stream"
"""What is nothing else: it can be stored, and is only ever downloaded."""

MAX_PIXELS = 89_478_485
"""Where Pillow begins to warn: 360 MB for the decoder, and more than any camera gives."""

MOST_FRAMES = 1000
MAX_TEXT = 32 << 20
"""Bytes of all texts in a PNG, unpacked: twice what a workflow in it may take."""

MAX_META = 8 << 20
"""Bytes of the EXIF, the XMP and the colour profile of a picture, each."""
_TOO_MUCH = (
    "holds texts or a colour profile that are far larger than such things are; save it again"
    " without them"
)

SIDES = (32, 2048)
"""Pixels that a thumbnail's longer side may have."""


_SAID = {
    "picture": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff"),
    "sound": (".wav", ".mp3", ".flac", ".ogg"),
    "film": (".mp4", ".webm"),
}
"""What a name says to be, by its suffix."""


def describe(place: Path, name: str) -> dict[str, Any]:
    """Media type and facts of a file; :class:`NodeError` if it is not what its name says it is.

    A playlist under the name of a film could have a decoder fetch what it lists, a page under that
    of a picture could be shown as one. A picture is read whole, and of all else only what tells
    what it is.
    """
    with place.open("rb") as file:
        start = file.read(16)
    picture, heard = sniff(start), sound.sniff(start)
    film = "film" if (form := film_format(start)) else ""
    kind = "picture" if picture else "sound" if heard else film
    suffix = PurePath(name).suffix.lower()
    said = next((what for what, suffixes in _SAID.items() if suffix in suffixes), kind)
    if said != kind:
        raise NodeError(f"{name!r} is no {said} that can be read: its bytes are those of no {said}")
    if picture:
        width, height, frames = _decoded(place.read_bytes(), name)
        return {"media": picture, "width": width, "height": height, "frames": frames}
    if heard and (facts := sound.describe(place)):
        return {"media": heard, **facts}
    if start[:4] == b"MThd":
        return {"media": "audio/midi", **_score(place, name)}
    return (form and _film(place, form, start, name)) or {"media": BYTES}


def _film(place: Path, form: str, start: bytes, name: str) -> dict[str, Any] | None:
    """What a browser plays, with its size and length; of all other films nothing is said."""
    try:
        with place.open("rb") as file:
            facts = describe_film(file, form, name)
    except NodeError:
        return None
    played = start[8:12] != b"qt  " if form == "mov" else PurePath(name).suffix.lower() == ".webm"
    media = {"mov": "video/mp4", "matroska": "video/webm"}[form] if played else BYTES
    return {"media": media, **facts}


def _score(place: Path, name: str) -> dict[str, Any]:
    """Tracks, notes and seconds of a MIDI file."""
    from musegraph.values.midi import MidiError, read_midi

    try:
        score = read_midi(place.read_bytes())
    except MidiError as error:
        raise NodeError(f"{name!r} cannot be read as MIDI: {error}") from None
    notes = sum(len(track.notes) for track in score.tracks)
    return {"tracks": len(score.tracks), "notes": notes, "seconds": score.seconds}


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
        raise NodeError(f"{name!r} {_unpacks(error) or f'is damaged: {_first(error)}'}") from None
    return picture.width, picture.height, frames


def _open(data: bytes, name: str) -> Any:
    from PIL import Image as Pillow
    from PIL import PngImagePlugin

    PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT
    try:
        picture = Pillow.open(BytesIO(data), formats=[*PICTURES])
    except Exception as error:  # noqa: BLE001  see above
        said = _unpacks(error) or f"is no picture that can be read: {_first(error)}"
        raise NodeError(f"{name!r} {said}") from None
    if any(len(picture.info.get(key) or b"") > MAX_META for key in ("exif", "icc_profile", "xmp")):
        raise NodeError(f"{name!r} {_TOO_MUCH}")
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


def _unpacks(error: BaseException) -> str:
    """What is said where a text or a profile in a PNG has no end; empty for any other error."""
    text = str(error)
    return _TOO_MUCH if "MAX_TEXT_CHUNK" in text or "MAX_TEXT_MEMORY" in text else ""


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
