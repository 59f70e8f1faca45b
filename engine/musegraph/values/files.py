"""Files to values and values to files: what may be dropped on a port, and what is saved.

What reads and writes them is imported inside functions: reading a workflow needs none of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from musegraph.errors import NodeError
from musegraph.values import codec
from musegraph.values.bvh import read_bvh, write_bvh
from musegraph.values.canonical import canonical
from musegraph.values.embedding import embed, extract
from musegraph.values.gltf import read_glb
from musegraph.values.gltf_write import write_glb
from musegraph.values.media import Audio, File, Image, Mask, Media
from musegraph.values.midi import MidiError, read_midi, write_midi
from musegraph.values.motion import Motion, MotionError
from musegraph.values.npz import arrays_of as _arrays_of
from musegraph.values.npz import pack_arrays, read_npz, write_npz
from musegraph.values.pictures import MAX_PIXELS, PICTURE_FORMATS, decode_picture, encode_picture
from musegraph.values.score import Score
from musegraph.values.sounds import SOUND_FORMATS, decode_sound, encode_sound

__all__ = [
    "BYTES",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MOTION_FORMATS",
    "PICTURE_FORMATS",
    "SOUND_FORMATS",
    "arrays_of",
    "embed",
    "extract",
    "file_name",
    "pack_arrays",
    "plain_name",
    "read",
    "read_motion",
    "to_file",
    "to_files",
    "write_bvh",
]

MAX_BYTES = 1 << 30

SAFETENSORS = "application/safetensors"

BYTES = "application/octet-stream"
MOTION_FORMATS = {"bvh": BYTES, "glb": "model/gltf-binary", "npz": BYTES}
"""What a motion is saved as. BVH and NPZ have no registered media type."""

_SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg", "text": ".txt", "json": ".json"}
_SUFFIXES |= {kind: f".{kind}" for kind in SOUND_FORMATS}
_SUFFIXES |= {"midi": ".mid", "safetensors": ".safetensors"}
_SUFFIXES |= {kind: f".{kind}" for kind in MOTION_FORMATS}
_RESERVED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that Windows keeps for devices, whatever their suffix."""

_LUMA = (0.2126, 0.7152, 0.0722)


# Files to values


def read(type_name: str, data: bytes, media: str, name: str) -> Media:
    """The value of an asset at a port of type ``type_name``.

    Pictures become an Image (float32, upright, sRGB, 16 bits kept where a PNG has them, four
    channels where it has transparency) or a Mask (its transparency if it has any, else its
    brightness); sounds an Audio, MIDI a Score, and BVH, GLB and NPZ a Motion. Any file may stand at
    a File port; what was saved as ``.safetensors`` comes back as the value it was.
    """
    if type_name == "File":
        return File(data, name, media)
    if len(data) > MAX_BYTES:
        raise NodeError(f"{name!r} has {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    if media == SAFETENSORS or name.lower().endswith(".safetensors"):
        return _read_value(type_name, data, name)
    if type_name == "Audio":
        return Audio(*decode_sound(data, name))
    if type_name == "Score":
        return _read_score(data, name)
    if type_name == "Motion":
        return read_motion(data, name)
    if type_name not in ("Image", "Mask"):
        raise NodeError(f"{name!r} is no {type_name}; give a .safetensors file saved from one")
    pixels = decode_picture(data, name)
    if type_name == "Image":
        return Image(pixels[None])
    if pixels.shape[-1] == 4:
        return Mask(pixels[None, ..., 3].contiguous())
    return Mask((pixels @ pixels.new_tensor(_LUMA)).clamp(0, 1)[None])


def _read_score(data: bytes, name: str) -> Score:
    try:
        return read_midi(data)
    except MidiError as error:
        raise NodeError(f"{name!r} cannot be read as MIDI: {error}") from None


def read_motion(data: bytes, name: str, fps: float = 0.0, scale: float = 0.0) -> Motion:
    """The motion of a BVH, GLB or NPZ, told apart by their bytes.

    ``fps`` counts where the file does not say it; ``scale`` metres are a unit of a BVH, 0: guessed.
    """
    kind = "GLB" if data[:4] == b"glTF" else "BVH"
    kind = "NPZ" if data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"\x93NUM") else kind
    try:
        if kind == "GLB":
            return read_glb(data, name, fps)
        if kind == "NPZ":
            return read_npz(data, name, fps)
        return read_bvh(data, name, scale)
    except MotionError as error:
        raise NodeError(f"{name!r} cannot be read as {kind}: it {error}") from None


def arrays_of(data: bytes, name: str) -> dict[str, Any]:
    """The arrays of an NPZ or an NPY; pickles, and what would unpack without end, are refused."""
    try:
        return _arrays_of(data)
    except MotionError as error:
        raise NodeError(f"{name!r} cannot be read as NPZ: it {error}") from None


def _read_value(type_name: str, data: bytes, name: str) -> Media:
    try:
        value = codec.decode(bytearray(data))
    except Exception as error:  # noqa: BLE001  the file may hold anything at all
        raise NodeError(f"{name!r} holds no value that was saved here: {error}") from None
    if value.type_name() != type_name:
        raise NodeError(f"{name!r} holds a {value.type_name()}, and the port takes {type_name}")
    return value


# Values to files


def to_file(
    value: Any,
    name: str,
    format: str | None = None,
    quality: int | None = None,
) -> File:
    """The file that a value is saved as; a batch of several pictures has to be split first."""
    files = to_files(value, name, format, quality)
    if len(files) != 1:
        raise NodeError(f"{name!r} is {len(files)} files, not one; split it with image.split")
    return files[0]


def to_files(
    value: Any,
    name: str,
    format: str | None = None,
    quality: int | None = None,
) -> list[File]:
    """The files that a value is saved as: one for each picture of a batch, numbered from 1.

    Pictures and masks become PNG, or WebP (lossless unless ``quality`` is given) or JPEG; sounds
    WAV, or FLAC, OGG or MP3; a score MIDI; a motion BVH, or GLB or NPZ; text becomes ``.txt``,
    other JSON ``.json``, other media ``.safetensors``. A ``format`` counts for what can be saved
    in it. Equal values give equal bytes with the same versions of the libraries that compress them.
    """
    if format is not None and format not in PICTURE_FORMATS | SOUND_FORMATS | MOTION_FORMATS:
        pictures, sounds = ", ".join(PICTURE_FORMATS), ", ".join(SOUND_FORMATS)
        raise NodeError(
            f"{format!r} is no format for pictures or sounds; choose one of {pictures}, or {sounds}"
            f"; motions are saved as {', '.join(MOTION_FORMATS)}"
        )
    if isinstance(value, (list, tuple)) and any(isinstance(item, Media) for item in value):
        names = _numbered(name, len(value))
        pairs = zip(value, names, strict=True)
        return [file for item, own in pairs for file in to_files(item, own, format, quality)]
    if isinstance(value, File):
        return [value]
    if isinstance(value, (Image, Mask)):
        kind = format if format in PICTURE_FORMATS else "png"
        names = _numbered(name, len(value.data))
        made = (encode_picture(one, name, kind, quality) for one in value.data)
        return _files(made, names, kind, PICTURE_FORMATS[kind])
    if isinstance(value, Audio):
        kind = format if format in SOUND_FORMATS else "wav"
        names = _numbered(name, len(value.data))
        rate = value.sample_rate
        made = (encode_sound(one, rate, name, kind, quality) for one in value.data)
        return _files(made, names, kind, SOUND_FORMATS[kind])
    if isinstance(value, Score):
        return _files([write_midi(value)], [name], "midi", "audio/midi")
    if isinstance(value, Motion):
        kind = format if format in MOTION_FORMATS else "bvh"
        return _files([_motion_bytes(value, name, kind)], [name], kind, MOTION_FORMATS[kind])
    if isinstance(value, Media):
        data = b"".join(codec.encode(value))
        return [File(data, file_name(name, "safetensors"), SAFETENSORS)]
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return [File(data, file_name(name, "text"), "text/plain;charset=utf-8")]
    ordered = json.loads(canonical(codec.to_json(value)))
    text = json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"
    return [File(text.encode(), file_name(name, "json"), "application/json")]


def _motion_bytes(motion: Motion, name: str, kind: str) -> bytes:
    if kind == "glb":
        return write_glb(motion, name)
    return write_npz(motion) if kind == "npz" else write_bvh(motion)


def _files(made: Iterable[bytes], names: list[str], kind: str, media: str) -> list[File]:
    pairs = zip(made, names, strict=True)
    return [File(data, file_name(own, kind), media) for data, own in pairs]


def _numbered(name: str, count: int) -> list[str]:
    if count == 1:
        return [name]
    stem, digits = _stem(name), len(str(count))
    return [f"{stem}-{index:0{digits}}" for index in range(1, count + 1)]


def _stem(name: str) -> str:
    for suffix in (*_SUFFIXES.values(), ".jpeg"):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def file_name(name: str, kind: str) -> str:
    """A plain file name with the suffix of its kind, at most 120 letters before it."""
    stem = plain_name(_stem(name))[:120].rstrip(" .")
    return (stem or "untitled") + _SUFFIXES[kind]


def plain_name(name: str) -> str:
    """A text as a file name that every system takes: no folders, and nothing that one reserves.

    Empty if nothing is left of it.
    """
    plain = _RESERVED.sub("_", name).strip(" .")
    return f"_{plain}" if _DEVICE.fullmatch(plain) else plain
