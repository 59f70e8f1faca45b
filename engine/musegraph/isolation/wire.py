"""What passes between a run and the process of a pack: messages of JSON, and values beside them.

A message is a head, JSON, and an area of bytes with its values, each as the codec writes it. Small
areas follow the message; large ones lie in an arena whose handle is sent once. Nothing that comes
in is believed: sizes are bounded, and a value may only be of Musegraph's own types.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import weakref
from dataclasses import dataclass, field
from typing import Any

from musegraph.isolation.arena import Arena, Foreign
from musegraph.node_context import UNSET
from musegraph.values import Media, decode, encode
from musegraph.values.codec import to_json

HEAD = struct.Struct("<IQB")
"""The bytes of JSON, those of the area, and where the area is."""

MOST_JSON = 32 << 20
INLINE = 64 << 10
_NONE, _HERE, _ARENA, _NEW_ARENA = range(4)
_ALIGNED = 64
_OWN_TYPES = ("musegraph.values.",)


class Broken(Exception):
    """What came over the wire is no message."""


class Closed(Exception):
    """The other side is gone."""


@dataclass(slots=True)
class Parcel:
    """Values on their way: where each piece stands in the area."""

    pieces: list[tuple[int, Any]] = field(default_factory=list)
    size: int = 0

    def put(self, value: Any) -> dict[str, Any]:
        """What stands for a value in the message."""
        if isinstance(value, Media):
            start = self.size
            for piece in encode(value):
                self.pieces.append((self.size, piece))
                self.size += memoryview(piece).nbytes
            length = self.size - start
            self.size += -self.size % _ALIGNED
            return {"m": [start, length]}
        if value is UNSET:
            return {"u": 1}
        if isinstance(value, (list, tuple)) and any(isinstance(one, Media) for one in value):
            return {"l": [self.put(one) for one in value]}
        return {"j": to_json(value)}


@dataclass(slots=True)
class Frame:
    """A message that came, with the area of its values."""

    message: dict[str, Any]
    area: Any = None
    held: weakref.ref[Any] | None = None
    size: int = 0

    def value(self, told: Any, strange: bool) -> Any:
        """The value that something in the message stands for; ``strange`` if it is not believed."""
        match told:
            case {"j": value}:
                return value
            case {"m": [int(at), int(length)]}:
                if self.area is None or not 0 <= at <= at + length <= self.size:
                    raise Broken("a value lies outside of what was sent")
                view = memoryview(self.area).cast("B")[at : at + length]
                if strange:
                    _only_own_types(view)
                return decode(view)  # type: ignore[arg-type]
            case {"u": 1}:
                return UNSET
            case {"l": [*items]}:
                return [self.value(item, strange) for item in items]
        raise Broken("what stands for a value is none")


def _only_own_types(data: memoryview) -> None:
    """Refuse bytes that ask for a class of anybody else's to be filled with what they say."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(bytes(data[8 : 8 + length]))
    todo = [json.loads(header["__metadata__"]["musegraph"])["value"]]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            if part.get("$") in ("record", "model") and not str(part["type"]).startswith(
                _OWN_TYPES
            ):
                raise Broken(f"a value holds a {part['type']}, which is none of Musegraph's types")
            todo += part.values()


class Line:
    """One end of the wire. Its user sees to it that one thread at a time sends, and one reads."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._out: Arena | None = None
        self._in: Foreign | None = None
        self._handles: list[int] = []

    def send(self, message: dict[str, Any], parcel: Parcel | None = None) -> None:
        text = json.dumps(message, separators=(",", ":")).encode()
        if len(text) > MOST_JSON:
            raise Broken(f"it holds {len(text):,} bytes of JSON, and {MOST_JSON:,} may pass")
        size = parcel.size if parcel is not None else 0
        if parcel is None or not size:
            self.end.sendall(HEAD.pack(len(text), 0, _NONE) + text)
        elif size <= INLINE:
            area = bytearray(size)
            for at, piece in parcel.pieces:
                view = memoryview(piece).cast("B")
                area[at : at + view.nbytes] = view
            self.end.sendall(HEAD.pack(len(text), size, _HERE) + text + area)
        else:
            self._send_by_arena(text, size, parcel)

    def _send_by_arena(self, text: bytes, size: int, parcel: Parcel) -> None:
        new = self._out is None or self._out.size < size
        if new:
            self.renew()
            self._out = Arena(size)
        assert self._out is not None
        self._out.write(parcel.pieces)
        head = HEAD.pack(len(text), size, _NEW_ARENA if new else _ARENA) + text
        if new:
            sent = socket.send_fds(self.end, [head], [self._out.handle])
            head = head[sent:]
        self.end.sendall(head)

    def renew(self) -> None:
        """Write into another arena from now on: the other side still holds what is in this one."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def receive(self, strange: bool) -> Frame:
        """The next message; :class:`Closed` if there will be none, :class:`Broken` if it is none.

        ``strange`` says that the other side is not believed: its values are copied.
        """
        length, size, place = HEAD.unpack(self._exactly(HEAD.size))
        if length > MOST_JSON or (place == _HERE and size > INLINE):
            raise Broken(f"a message of {max(length, size):,} bytes is too long")
        text = self._exactly(length)
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Broken("a message is no JSON") from None
        if not isinstance(message, dict):
            raise Broken("a message is no JSON object")
        if place == _NONE:
            return Frame(message)
        if place == _HERE:
            return Frame(message, bytearray(self._exactly(size)), size=size)
        if place == _NEW_ARENA:
            self._take_arena()
        if self._in is None:
            raise Broken("values were promised, and there are none")
        try:
            if strange:
                return Frame(message, self._in.copy(size), size=size)
            area, held = self._in.in_place(size)
        except ValueError as error:
            raise Broken(str(error)) from None
        return Frame(message, area, held, size)

    def _take_arena(self) -> None:
        if not self._handles:
            raise Broken("memory was promised, and none was sent")
        if self._in is not None:
            self._in.close()
        try:
            self._in = Foreign(self._handles.pop(0))
        except (OSError, ValueError):
            raise Broken("what was sent is no memory") from None

    def _exactly(self, size: int) -> bytes:
        data, left = bytearray(), size
        while left:
            part, handles, _, _ = socket.recv_fds(self.end, min(left, 1 << 20), 4)
            self._handles += handles
            for extra in self._handles[4:]:
                os.close(extra)
            del self._handles[4:]
            if not part:
                raise Closed
            data += part
            left -= len(part)
        return bytes(data)

    def close(self) -> None:
        self.end.close()
        self.renew()
        for handle in self._handles:
            os.close(handle)
        if self._in is not None:
            self._in.close()
            self._in = None
