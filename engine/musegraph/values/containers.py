"""Where facts stand in sounds in Ogg, films, JPEG pictures and GLB: beside what they hold.

Ogg: a comment ``musegraph=`` of Vorbis or Opus. MP4 and QuickTime: a box ``uuid`` of our own at
the end, so that no place in the file moves. JPEG: segments ``APP9``. GLB: a chunk of our own at
the end. Each of these a reader passes over that does not know it.

What is not built as its format says is given back as it came.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterator
from typing import NamedTuple

# Ogg (RFC 3533): pages, which hold packets in pieces of up to 255 bytes


_OGG, _PAGE = b"OggS", struct.Struct("<4sBBQIIIB")
_GOES_ON, _NO_END = 1, (1 << 64) - 1
_OURS = b"musegraph="
_HEADERS = {b"\x01vorbis": (3, b"\x03vorbis"), b"OpusHead": (2, b"OpusTags")}
"""By how a stream begins: how many packets stand before the sound, and how its comments begin."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_EVERYTHING = (1 << 32) - 1
SERIAL = 0x4D474658
"""Of a stream that is written here: a library draws one, and equal sounds are to be equal files."""


class _Page(NamedTuple):
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes

    def packed(self) -> bytes:
        head = [_OGG, 0, self.flags, self.granule, self.serial, self.number]
        plain = _PAGE.pack(*head, 0, len(self.lacing)) + self.lacing + self.body
        return plain[:22] + struct.pack("<I", _ogg_sum(plain)) + plain[26:]


def is_ogg(data: bytes) -> bool:
    return data[:4] == _OGG


def _ogg_sum(data: bytes) -> int:
    """The checksum of a page: zlib's polynomial, with the bits the other way round."""
    mirrored = zlib.crc32(data.translate(_MIRRORED), _EVERYTHING) ^ _EVERYTHING
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(data: bytes, at: int = 0) -> Iterator[_Page]:
    while len(head := data[at : at + _PAGE.size]) == _PAGE.size:
        mark, _, flags, granule, serial, number, _, count = _PAGE.unpack(head)
        lacing = data[at + _PAGE.size : at + _PAGE.size + count]
        begin = at + _PAGE.size + count
        at = begin + sum(lacing)
        if mark != _OGG or len(lacing) < count or at > len(data):
            return
        yield _Page(flags, granule, serial, number, lacing, data[begin:at])


class _Head(NamedTuple):
    """What stands before the sound: its packets, how many pages and bytes they take."""

    packets: list[bytes]
    pages: int
    bytes: int


def _ogg_head(data: bytes) -> _Head | None:
    packets, part, serial, taken, wanted = list[bytes](), list[bytes](), None, 0, 1
    for count, page in enumerate(_pages(data), 1):
        if page.serial != (serial := page.serial if serial is None else serial):
            return None  # several streams in turn, such as a film
        taken += _PAGE.size + len(page.lacing) + len(page.body)
        at = 0
        for size in page.lacing:
            part.append(page.body[at : at + size])
            at += size
            if size < 255:
                packets.append(b"".join(part))
                part = []
        wanted = next((n for mark, (n, _) in _HEADERS.items() if packets
                       and packets[0].startswith(mark)), 0)  # fmt: skip
        if len(packets) > wanted:
            return None
        if len(packets) == wanted:
            return None if part else _Head(packets, count, taken)
    return None


def _comments(packet: bytes) -> tuple[bytes, list[bytes], bytes] | None:
    """The comments of a packet, with what stands before and after them."""
    mark = next((mark for _, mark in _HEADERS.values() if packet.startswith(mark)), None)
    if mark is None:
        return None
    try:
        at = len(mark) + 4 + struct.unpack_from("<I", packet, len(mark))[0]
        before, found = packet[:at], list[bytes]()
        (count,) = struct.unpack_from("<I", packet, at)
        at += 4
        for _ in range(count):
            end = at + 4 + struct.unpack_from("<I", packet, at)[0]
            found.append(packet[at + 4 : end])
            at = end
    except struct.error:
        return None
    return (before, found, packet[at:]) if at <= len(packet) else None


def _is_ours(comment: bytes) -> bool:
    return comment[: len(_OURS)].lower() == _OURS


def embed_ogg(data: bytes, text: bytes) -> bytes:
    head = _ogg_head(data)
    told = _comments(head.packets[1]) if head else None
    if head is None or told is None or head.pages < 2:
        return data
    before, comments, after = told
    every = [*(one for one in comments if not _is_ours(one)), _OURS + text]
    listed = b"".join(struct.pack("<I", len(one)) + one for one in every)
    packet = before + struct.pack("<I", len(every)) + listed + after
    first = next(_pages(data))
    made = list(_laid([packet, *head.packets[2:]], first.serial))
    moved = len(made) + 1 - head.pages
    sound, at = list[bytes](), head.bytes
    for page in _pages(data, head.bytes):
        own = page.serial == first.serial
        sound.append((page._replace(number=page.number + moved) if own else page).packed())
        at += len(sound[-1])
    return b"".join((first.packed(), *(page.packed() for page in made), *sound, data[at:]))


def _laid(packets: list[bytes], serial: int) -> Iterator[_Page]:
    """Packets on pages, the first of which is the second of its stream."""
    lacing = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets)
    body, at, goes_on = b"".join(packets), 0, 0
    for number, start in enumerate(range(0, len(lacing), 255), 1):
        part = lacing[start : start + 255]
        granule = 0 if min(part) < 255 else _NO_END
        end = at + sum(part)
        yield _Page(goes_on, granule, serial, number, part, body[at:end])
        at, goes_on = end, _GOES_ON if part[-1] == 255 else 0


def extract_ogg(data: bytes) -> bytes | None:
    head = _ogg_head(data)
    told = _comments(head.packets[1]) if head else None
    found = next((one for one in told[1] if _is_ours(one)), None) if told else None
    return None if found is None else found[len(_OURS) :]


def with_serial(data: bytes) -> bytes:
    """A stream of Ogg under a number that is always the same."""
    return b"".join(page._replace(serial=SERIAL).packed() for page in _pages(data))


# MP4 and QuickTime (ISO/IEC 14496-12): boxes of a length, a name and what they hold


_OWNER = uuid.uuid5(uuid.NAMESPACE_URL, "urn:musegraph:facts").bytes


class _Box(NamedTuple):
    name: bytes
    start: int
    body: int
    """Where its content begins."""
    end: int


def is_film(data: bytes) -> bool:
    return data[4:8] == b"ftyp"


def _boxes(data: bytes) -> list[_Box] | None:
    """The outermost boxes; None if the file is not made of such, to its very end."""
    found, at = list[_Box](), 0
    while at < len(data):
        size, name, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = at + size if size else len(data)
        if end < body or end > len(data):
            return None
        found.append(_Box(name, at, body, end))
        at = end
    return found


def _is_our_box(data: bytes, box: _Box) -> bool:
    return box.name == b"uuid" and data[box.body : box.body + 16] == _OWNER


def embed_film(data: bytes, text: bytes) -> bytes:
    boxes = _boxes(data)
    if not boxes:
        return data
    end, last = len(data), boxes[-1]
    if _is_our_box(data, last):
        end = last.start
    elif data[last.start : last.start + 4] == bytes(4):
        if last.end - last.start > _EVERYTHING:
            return data
        # It ran to the end of the file, and something comes after it now.
        sized = struct.pack(">I", last.end - last.start)
        data = b"".join((data[: last.start], sized, data[last.start + 4 :]))
    return b"".join((data[:end], struct.pack(">I", 24 + len(text)), b"uuid", _OWNER, text))


def extract_film(data: bytes) -> bytes | None:
    ours = [box for box in _boxes(data) or () if _is_our_box(data, box)]
    return data[ours[-1].body + 16 : ours[-1].end] if ours else None


# JPEG (ISO/IEC 10918-1): segments of a mark, a length and what they hold; then the picture


_SOI, _SEGMENT, _TITLE = b"\xff\xd8", b"\xff\xe9", b"musegraph\0"
_FIRST = frozenset({0xE0, 0xE1})
"""JFIF and EXIF want to be found before all others."""
_MOST = 65533 - len(_TITLE)


def is_jpeg(data: bytes) -> bool:
    return data[:3] == b"\xff\xd8\xff"


def _segments(data: bytes) -> tuple[list[bytes], int]:
    """The segments before the tables and the picture, and where those begin."""
    found, at = list[bytes](), 2
    while data[at : at + 1] == b"\xff" and 0xE0 <= (data[at + 1 : at + 2] or b"\0")[0] <= 0xEF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            break
        found.append(data[at:end])
        at = end
    return found, at


def _is_our_segment(segment: bytes) -> bool:
    return segment[:2] == _SEGMENT and segment[4:].startswith(_TITLE)


def embed_jpeg(data: bytes, text: bytes) -> bytes:
    segments, at = _segments(data)
    kept = [one for one in segments if not _is_our_segment(one)]
    first = next((i for i, one in enumerate(kept) if one[1] not in _FIRST), len(kept))
    parts = [text[start : start + _MOST] for start in range(0, len(text), _MOST)]
    size = len(_TITLE) + 2
    ours = [_SEGMENT + struct.pack(">H", size + len(one)) + _TITLE + one for one in parts]
    return b"".join((_SOI, *kept[:first], *ours, *kept[first:], data[at:]))


def extract_jpeg(data: bytes) -> bytes | None:
    ours = [one[4 + len(_TITLE) :] for one in _segments(data)[0] if _is_our_segment(one)]
    return b"".join(ours) if ours else None


# GLB (glTF 2.0): a head with the length of all, then chunks whose lengths are whole words


_GLB, _CHUNK, _LITTLE = b"glTF", b"mgfx", struct.Struct("<II")


def is_glb(data: bytes) -> bool:
    return data[:4] == _GLB


def _glb_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The name and all bytes of each chunk."""
    found, at = list[tuple[bytes, bytes]](), 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "little")
        if end > len(data):
            break
        found.append((data[at + 4 : at + 8], data[at:end]))
        at = end
    return found


def embed_glb(data: bytes, text: bytes) -> bytes:
    version, length = _LITTLE.unpack(data[4:12].ljust(8, b"\0"))
    chunks = _glb_chunks(data)
    if version != 2 or length != len(data) or length != 12 + sum(len(one) for _, one in chunks):
        return data
    padded = text + b" " * (-len(text) % 4)
    body = b"".join(whole for name, whole in chunks if name != _CHUNK)
    body += struct.pack("<I", len(padded)) + _CHUNK + padded
    return _GLB + _LITTLE.pack(2, 12 + len(body)) + body


def extract_glb(data: bytes) -> bytes | None:
    return next((whole[8:] for name, whole in _glb_chunks(data) if name == _CHUNK), None)
