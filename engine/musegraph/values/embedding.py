"""Facts inside files: the workflow and the record of a run, beside untouched pixels and sounds.

PNG: an uncompressed ``iTXt`` chunk with the keyword ``musegraph``, before the pixel data. WebP: a
property of the XMP packet, which other programs know to keep. WAV and MIDI: a chunk of our own at
the end, which their specifications let every reader pass over. FLAC: a block
``APPLICATION``. MP3: a frame ``PRIV`` of an ID3 tag. Ogg, MP4, JPEG and GLB are told of in
``containers``. Nothing is ever encoded again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from xml.etree import ElementTree

from musegraph.errors import NodeError, UnreadableWorkflow
from musegraph.values import containers
from musegraph.values.canonical import canonical, parse
from musegraph.values.media import File

MAX_TEXT = 16 << 20
"""More text than this is neither embedded nor read."""

_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"musegraph"
_SPACE = "urn:musegraph:facts"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OPEN = f'<rdf:Description rdf:about="" xmlns:musegraph="{_SPACE}">'
_CLOSE = "</rdf:Description>"
_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10


class Chunk(NamedTuple):
    """One chunk of a file: its name, its content, and all its bytes as they stand in the file."""

    name: bytes
    body: bytes
    whole: bytes


def embed(file: File, facts: dict[str, Any] | str) -> File:
    """The file with facts inside, in place of earlier ones; other formats stay as they are.

    Facts for many files are best given as the text that :func:`canonical` makes of them.
    """
    formats = [one for one in _FORMATS if one.knows(file.data)]
    if not formats:
        return file
    text = (facts if isinstance(facts, str) else canonical(facts)).encode()
    if len(text) > MAX_TEXT:
        raise NodeError(f"{file.name!r}: {len(text):,} bytes are too many to embed in a file")
    return replace(file, data=formats[0].embed(file.data, text))


def extract(data: bytes) -> dict[str, Any] | None:
    """The facts inside a file; None if there are none, or none that can be read."""
    try:
        formats = [one for one in _FORMATS if one.knows(data)]
        text = formats[0].extract(data) if formats else None
        facts = parse(text) if text is not None else None
    except (UnreadableWorkflow, UnicodeDecodeError, zlib.error, ElementTree.ParseError):
        return None
    return facts if isinstance(facts, dict) else None


# PNG (ISO/IEC 15948): signature, then chunks of length, name, body, CRC


def _png_chunks(data: bytes) -> Iterator[Chunk]:
    at = len(_PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            return
        yield Chunk(data[at + 4 : at + 8], data[at + 8 : end - 4], data[at:end])
        at = end


def _is_ours(chunk: Chunk) -> bool:
    return chunk.name == b"iTXt" and chunk.body.startswith(_KEYWORD + b"\0")


def _embed_png(data: bytes, text: bytes) -> bytes:
    chunks = list(_png_chunks(data))
    tail = data[len(_PNG) + sum(len(chunk.whole) for chunk in chunks) :]
    kept = [chunk for chunk in chunks if not _is_ours(chunk)]
    first = next((i for i, chunk in enumerate(kept) if chunk.name == b"IDAT"), None)
    if first is None:
        return data
    # keyword, not compressed (two bytes), no language, no translated keyword
    body = b"iTXt" + _KEYWORD + b"\0\0\0\0\0" + text
    ours = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    parts = [chunk.whole for chunk in kept]
    return b"".join((_PNG, *parts[:first], ours, *parts[first:], tail))


def _extract_png(data: bytes) -> str | None:
    for chunk in _png_chunks(data):
        if not _is_ours(chunk):
            continue
        compressed = chunk.body[len(_KEYWORD) + 1 : len(_KEYWORD) + 2] == b"\1"
        fields = chunk.body[len(_KEYWORD) + 3 :].split(b"\0", 2)
        if len(fields) < 3:
            return None
        text = _inflated(fields[2]) if compressed else fields[2]
        return text.decode() if len(text) <= MAX_TEXT else None
    return None


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, MAX_TEXT + 1)


# WebP (RFC 9649): a RIFF of chunks; with metadata the first is VP8X and says what follows


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _riff_chunks(data: bytes) -> Iterator[Chunk]:
    at, stop = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= stop:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if at + 8 + length > stop:
            return
        yield Chunk(data[at : at + 4], data[at + 8 : at + 8 + length], data[at:end])
        at = end


def _riff(name: bytes, body: bytes) -> Chunk:
    whole = name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return Chunk(name, body, whole)


def _embed_webp(data: bytes, text: bytes) -> bytes:
    chunks = list(_riff_chunks(data))
    header = _extended_header(chunks)
    if header is None:
        return data
    old = next((chunk.body for chunk in chunks if chunk.name == b"XMP "), b"")
    kept = [chunk for chunk in chunks if chunk.name not in (b"VP8X", b"XMP ")]
    parts = [header, *kept, _riff(b"XMP ", _packet(old, text.decode()))]
    content = b"WEBP" + b"".join(chunk.whole for chunk in parts)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _extended_header(chunks: list[Chunk]) -> Chunk | None:
    """The VP8X chunk with the flag for XMP set, made of the bitstream's own header if missing."""
    by_name = {chunk.name: chunk.body for chunk in chunks}
    extended = by_name.get(b"VP8X", b"")
    if len(extended) >= 10:
        return _riff(b"VP8X", bytes([extended[0] | _XMP_FLAG]) + extended[1:])
    lossless, lossy = by_name.get(b"VP8L", b""), by_name.get(b"VP8 ", b"")
    flags = _XMP_FLAG
    if len(lossless) >= 5:
        bits = int.from_bytes(lossless[1:5], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        flags |= _ALPHA_FLAG if bits >> 28 & 1 else 0
    elif len(lossy) >= 10:
        width, height = (int.from_bytes(lossy[i : i + 2], "little") & 0x3FFF for i in (6, 8))
        width, height = width - 1, height - 1
    else:
        return None
    if min(width, height) < 0:  # a damaged file of no pixels
        return None
    size = width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return _riff(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def _packet(old: bytes, text: str) -> bytes:
    """An XMP packet with the facts; what another program wrote into the old one stays."""
    # XML knows no U+FFFE and U+FFFF; inside JSON strings they may be written as escapes.
    safe = text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ours = f"{_OPEN}<musegraph:facts>{safe}</musegraph:facts>{_CLOSE}"
    packet = _without_ours(old.decode("utf-8", "replace"))
    head, end, rest = packet.rpartition("</rdf:RDF>")
    if not end:
        head = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="' + _RDF + '">'
        end, rest = "</rdf:RDF>", "</x:xmpmeta>"
    return (head + ours + end + rest).encode()


def _without_ours(packet: str) -> str:
    """A packet without the facts of an earlier time; in one pass, whatever somebody put into it."""
    kept, at = [], 0
    while (start := packet.find(_OPEN, at)) >= 0 and (end := packet.find(_CLOSE, start)) >= 0:
        kept.append(packet[at:start])
        at = end + len(_CLOSE)
    return "".join(kept) + packet[at:]


def _extract_webp(data: bytes) -> str | None:
    packet = next((chunk.body for chunk in _riff_chunks(data) if chunk.name == b"XMP "), b"")
    packet = packet.strip(b"\0 \r\n\t")
    # A document type could define entities that grow without end; XMP has no use for one. A zero
    # byte means UTF-16, which XMP in WebP never is, and in which one could hide.
    if not packet or len(packet) > 2 * MAX_TEXT or b"<!DOCTYPE" in packet or b"\0" in packet:
        return None
    tree = ElementTree.fromstring(packet)
    for element in tree.iter():
        if element.tag == f"{{{_SPACE}}}facts":
            return element.text
        if f"{{{_SPACE}}}facts" in element.attrib:
            return element.attrib[f"{{{_SPACE}}}facts"]
    return None


# WAV (RIFF): a chunk at the end. MIDI (RP-001): the same, with lengths the other way round


_CHUNK = b"mgfx"


def _is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def _embed_wav(data: bytes, text: bytes) -> bytes:
    kept = [chunk.whole for chunk in _riff_chunks(data) if chunk.name != _CHUNK]
    content = b"WAVE" + b"".join(kept) + _riff(_CHUNK, text).whole
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _extract_wav(data: bytes) -> str | None:
    found = next((chunk.body for chunk in _riff_chunks(data) if chunk.name == _CHUNK), None)
    return _decoded(found)


def _is_midi(data: bytes) -> bool:
    return data[:4] == b"MThd"


def _midi_chunks(data: bytes) -> Iterator[Chunk]:
    at = 0
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if end > len(data):
            return
        yield Chunk(data[at : at + 4], data[at + 8 : end], data[at:end])
        at = end


def _embed_midi(data: bytes, text: bytes) -> bytes:
    kept = [chunk.whole for chunk in _midi_chunks(data) if chunk.name != _CHUNK]
    return b"".join((*kept, _CHUNK, struct.pack(">I", len(text)), text))


def _extract_midi(data: bytes) -> str | None:
    return _decoded(next((c.body for c in _midi_chunks(data) if c.name == _CHUNK), None))


def _decoded(text: bytes | None) -> str | None:
    return text.decode() if text is not None and len(text) <= MAX_TEXT else None


# FLAC (RFC 9639): a mark, then blocks of one byte that says which and whether it is the last, a
# length, and what they hold; then frames


_FLAC, _APPLICATION, _LAST = b"fLaC", 2, 0x80
_MOST_OF_A_BLOCK = (1 << 24) - 1


def _flac_blocks(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """The blocks before the sound, and where that begins."""
    found, at, last = list[tuple[int, bytes]](), 4, False
    while not last and at + 4 <= len(data):
        last = bool(data[at] & _LAST)
        end = at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        found.append((data[at] & ~_LAST, data[at + 4 : end]))
        at = end
    return found, at


def _is_our_block(block: tuple[int, bytes]) -> bool:
    return block[0] == _APPLICATION and block[1][:4] == _CHUNK


def _embed_flac(data: bytes, text: bytes) -> bytes:
    blocks, at = _flac_blocks(data)
    kept = [block for block in blocks if not _is_our_block(block)]
    if not kept or len(text) + 4 > _MOST_OF_A_BLOCK:
        return data
    every = [*kept, (_APPLICATION, _CHUNK + text)]
    head = [
        bytes([kind | (_LAST if index == len(every) - 1 else 0)]) + struct.pack(">I", len(body))[1:]
        for index, (kind, body) in enumerate(every)
    ]
    parts = [mark + body for mark, (_, body) in zip(head, every, strict=True)]
    return b"".join((_FLAC, *parts, data[at:]))


def _extract_flac(data: bytes) -> str | None:
    ours = next((body for kind, body in _flac_blocks(data)[0] if _is_our_block((kind, body))), None)
    return _decoded(ours[4:]) if ours is not None else None


# MP3: an ID3v2.4 tag before the sound (id3.org), with a frame PRIV that names its owner


_ID3, _OWNER = b"ID3", b"musegraph\0"


def _is_mp3(data: bytes) -> bool:
    return data[:3] == _ID3 or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2)


def _syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _number(data: bytes, bits: int) -> int:
    value = 0
    for byte in data:
        value = value << bits | byte
    return value


def _id3(data: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """The frames of the tag, each its name and all its bytes, and where the sound begins."""
    if data[:3] != _ID3 or len(data) < 10:
        return [], 0
    end = 10 + _number(data[6:10], 7)
    found, at, bits = list[tuple[bytes, bytes]](), 10, 8 if data[3] == 3 else 7
    while at + 10 <= end and data[at]:
        stop = at + 10 + _number(data[at + 4 : at + 8], bits)
        found.append((data[at : at + 4], data[at:stop]))
        at = stop
    return found, end


def _is_our_frame(frame: tuple[bytes, bytes]) -> bool:
    return frame[0] == b"PRIV" and frame[1][10:].startswith(_OWNER)


def _embed_mp3(data: bytes, text: bytes) -> bytes:
    frames, at = _id3(data)
    if data[:3] == _ID3 and data[3:6] != b"\4\0\0":
        frames = []  # another version has other frames; what it said is told by nothing of ours
    body = _OWNER + text
    ours = b"PRIV" + _syncsafe(len(body)) + b"\0\0" + body
    tag = b"".join(whole for name, whole in frames if not _is_our_frame((name, whole))) + ours
    return _ID3 + b"\4\0\0" + _syncsafe(len(tag)) + tag + data[at:]


def _extract_mp3(data: bytes) -> str | None:
    ours = next((whole for name, whole in _id3(data)[0] if _is_our_frame((name, whole))), None)
    return _decoded(ours[10 + len(_OWNER) :]) if ours is not None else None


def _text(extract: Callable[[bytes], bytes | None]) -> Callable[[bytes], str | None]:
    return lambda data: _decoded(extract(data))


class _Format(NamedTuple):
    """How facts get into files of one format, and out of them."""

    knows: Callable[[bytes], bool]
    embed: Callable[[bytes, bytes], bytes]
    extract: Callable[[bytes], str | None]


_FORMATS = (
    _Format(lambda data: data.startswith(_PNG), _embed_png, _extract_png),
    _Format(_is_webp, _embed_webp, _extract_webp),
    _Format(_is_wav, _embed_wav, _extract_wav),
    _Format(_is_midi, _embed_midi, _extract_midi),
    _Format(lambda data: data.startswith(_FLAC), _embed_flac, _extract_flac),
    _Format(_is_mp3, _embed_mp3, _extract_mp3),
    _Format(containers.is_ogg, containers.embed_ogg, _text(containers.extract_ogg)),
    _Format(containers.is_film, containers.embed_film, _text(containers.extract_film)),
    _Format(containers.is_jpeg, containers.embed_jpeg, _text(containers.extract_jpeg)),
    _Format(containers.is_glb, containers.embed_glb, _text(containers.extract_glb)),
)
