"""Values to bytes and back, and the identity of a value.

The bytes are a safetensors file whose metadata holds the JSON part of the value. The layout is
written here rather than by the library because equal values must give equal bytes.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, cast

from pydantic import BaseModel

from musegraph.errors import StoreError
from musegraph.values.canonical import canonical, digest, digest_of_buffers, json_identity
from musegraph.values.media import Media, media_types

_DTYPES = {
    "torch.float64": "F64",
    "torch.float32": "F32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int64": "I64",
    "torch.int32": "I32",
    "torch.int16": "I16",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.bool": "BOOL",
}
_NAMES = {short: name.removeprefix("torch.") for name, short in _DTYPES.items()}
_WIDTH = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
_BYTES = "bytes"

PLAIN = frozenset({str, bool, int, float, type(None)})
"""The Python types of JSON that nobody can change: handed on as they are."""


class Buffer(NamedTuple):
    """One tensor or byte string on its way to a file."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


def to_json(value: Any) -> Any:
    """A JSON value as plain JSON: references become objects, tuples become arrays."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def identity(value: Any) -> str | None:
    """What a value is, by its content; None for a tensor that is not in host memory."""
    if isinstance(value, Media):
        if not in_host_memory(value):
            return None
        return digest_of_buffers(encode(value))
    if isinstance(value, list):
        return identity_of_list([identity(item) for item in value])
    return json_identity(to_json(value))


def identity_of_list(items: list[str | None]) -> str | None:
    known = [item for item in items if item is not None]
    return digest("list", *known) if len(known) == len(items) else None


def own(value: Any) -> Any:
    """JSON copied, so that whoever gets it may change it; media are handed on as they are."""
    if isinstance(value, dict) or (isinstance(value, list) and not _holds_media(value)):
        return deepcopy(value)
    return value


def _holds_media(items: list[Any]) -> bool:
    return any(
        isinstance(item, Media) or (isinstance(item, list) and _holds_media(item)) for item in items
    )


def tensors_of(value: Any) -> list[Any]:
    """Every tensor inside a value."""
    found: list[Any] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if hasattr(item, "dtype") and hasattr(item, "data_ptr"):
            found.append(item)
        elif is_dataclass(item) and not isinstance(item, type):
            todo.extend(getattr(item, f.name) for f in fields(item))
        elif isinstance(item, Mapping):
            todo.extend(item.values())
        elif isinstance(item, (list, tuple)):
            todo.extend(item)
    return found


def in_host_memory(value: Any) -> bool:
    return all(tensor.device.type == "cpu" for tensor in tensors_of(value))


def size_of(value: Any) -> dict[str, int]:
    """Bytes of a value by the kind of device that holds them (``cpu`` for host memory)."""
    sizes: dict[str, int] = {}
    for tensor in tensors_of(value):
        place = str(tensor.device)
        sizes[place] = sizes.get(place, 0) + tensor.numel() * tensor.element_size()
    data = getattr(value, "data", b"")
    sizes["cpu"] = sizes.get("cpu", 0) + (len(data) if isinstance(data, bytes) else 64)
    return sizes


def encode(value: Media) -> list[bytes | memoryview]:
    """The bytes of a media value in pieces; equal values give equal bytes."""
    buffers: list[Buffer] = []
    tree = {"type": value.type_name(), "value": _flatten(value, buffers)}
    order = sorted(range(len(buffers)), key=lambda i: -_WIDTH.get(buffers[i].dtype, 1))
    header: dict[str, Any] = {"__metadata__": {"musegraph": canonical(tree)}}
    at = 0
    for index in order:
        buffer = buffers[index]
        end = at + buffer.data.nbytes
        header[str(index)] = {
            "dtype": buffer.dtype,
            "shape": list(buffer.shape),
            "data_offsets": [at, end],
        }
        at = end
    text = canonical(header).encode()
    text += b" " * (-len(text) % 8)
    return [struct.pack("<Q", len(text)) + text, *(buffers[i].data for i in order)]


def decode(data: bytes | bytearray) -> Media:
    """The media value that :func:`encode` wrote; the tensors share the memory of ``data``."""
    try:
        length = struct.unpack_from("<Q", data)[0]
        header = json.loads(bytes(memoryview(data)[8 : 8 + length]))
        tree = json.loads(header.pop("__metadata__")["musegraph"])
        cls = media_types().get(tree["type"])
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the stored bytes are no value: {error}") from None
    if cls is None:
        raise StoreError(f"the stored value is a {tree['type']}, which no loaded pack defines")
    start = 8 + length
    slots = {
        name: (entry["dtype"], entry["shape"], start + entry["data_offsets"][0])
        for name, entry in header.items()
    }
    try:
        value = _restore(tree["value"], data, slots, cls, top=True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"the stored {tree['type']} cannot be read: {error}") from None
    assert isinstance(value, Media)
    return value


def _flatten(value: Any, buffers: list[Buffer]) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        view = memoryview(value)
        buffers.append(Buffer("U8", (view.nbytes,), view))
        return {"$": _BYTES, "at": len(buffers) - 1}
    if hasattr(value, "data_ptr"):
        buffers.append(_tensor_buffer(value))
        return {"$": "tensor", "at": len(buffers) - 1}
    if is_dataclass(value) and not isinstance(value, type):
        inside = {f.name: _flatten(getattr(value, f.name), buffers) for f in fields(value)}
        return {"$": "record", "type": _qualified(type(value)), "fields": inside}
    if isinstance(value, BaseModel):
        dumped = _flatten(value.model_dump(mode="json"), buffers)
        return {"$": "model", "type": _qualified(type(value)), "value": dumped}
    if isinstance(value, Mapping):
        return {"$": "object", "items": {k: _flatten(v, buffers) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"$": kind, "items": [_flatten(item, buffers) for item in value]}
    raise StoreError(f"a {type(value).__name__} cannot be stored; use tensors, bytes or JSON")


def _qualified(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _class(name: str, owner: type | None) -> type:
    """The class of a part: found in a module that is loaded already; nothing is imported."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    usable = isinstance(found, type) and (is_dataclass(found) or issubclass(found, BaseModel))
    if not usable or owner is None:
        raise StoreError(f"the stored value holds a {name}, which no loaded pack defines")
    return cast(type, found)


def _tensor_buffer(tensor: Any) -> Buffer:
    import torch

    dtype = _DTYPES.get(str(tensor.dtype))
    if dtype is None:
        raise StoreError(f"tensors of {tensor.dtype} cannot be stored")
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    data = memoryview(flat.view(torch.uint8).numpy()) if flat.numel() else memoryview(b"")
    return Buffer(dtype, tuple(tensor.shape), data)


def _restore(tree: Any, data: Any, slots: dict[str, Any], cls: type, top: bool = False) -> Any:
    if not isinstance(tree, dict):
        return tree
    kind = tree["$"]
    if kind == "record":
        made = cls if top else _class(tree["type"], cls)
        parts = tree["fields"].items()
        return made(**{name: _restore(item, data, slots, cls) for name, item in parts})
    if kind == "model":
        model: Any = _class(tree["type"], cls)
        return model.model_validate(_restore(tree["value"], data, slots, cls))
    if kind == "object":
        return {name: _restore(item, data, slots, cls) for name, item in tree["items"].items()}
    if kind in ("list", "tuple"):
        items = [_restore(item, data, slots, cls) for item in tree["items"]]
        return tuple(items) if kind == "tuple" else items
    dtype, shape, offset = slots[str(tree["at"])]
    if kind == _BYTES:
        return bytes(memoryview(data)[offset : offset + shape[0]])
    return _read_tensor(data, dtype, shape, offset)


def _read_tensor(data: Any, dtype: str, shape: list[int], offset: int) -> Any:
    import torch

    kind = getattr(torch, _NAMES[dtype])
    count = 1
    for side in shape:
        count *= side
    if not count:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(data, dtype=kind, count=count, offset=offset).reshape(shape)


def to_host(value: Any) -> Any:
    """The same value with its tensors in host memory."""
    if hasattr(value, "data_ptr"):
        return value.cpu()
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: to_host(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return {name: to_host(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_host(item) for item in value)
    return value
