"""Files of patches, read once for a network and kept for as long as that one lives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

MOST = 1 << 30
"""Bytes that are kept for one network; what was used longest ago goes first."""

T = TypeVar("T")


@dataclass
class _Kept:
    """What was read for a network, with the bytes that it takes, last used last."""

    found: OrderedDict[tuple[Any, ...], tuple[Any, int]] = field(default_factory=OrderedDict)

    def add(self, key: tuple[Any, ...], value: Any) -> None:
        size = _bytes(value)
        if size > MOST:
            return
        self.found[key] = (value, size)
        while sum(size for _, size in self.found.values()) > MOST:
            self.found.popitem(last=False)


_KEPT: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()
_LOCK = threading.Lock()


def once(net: Any, file: Path, read: Callable[[], T], kind: str) -> T:
    """What ``read`` makes of a file for a network, read again only if the file is another.

    Tensors come in memory of their own: those that were mapped would change with the file. Who
    gets them must not write into them, nor into the tables that hold them.
    """
    facts = file.stat()
    key = (kind, str(file), facts.st_size, facts.st_mtime_ns, facts.st_ino)
    with _LOCK:
        kept = _KEPT.setdefault(net, _Kept())
        if key in kept.found:
            kept.found.move_to_end(key)
            made: T = kept.found[key][0]
            return made
    made = _own(read())
    with _LOCK:
        kept.add(key, made)
    return made


def _own(value: Any) -> Any:
    """The same with tensors in memory of their own."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return {name: _own(item) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _own(getattr(value, f.name)) for f in fields(value)})
    return value


def _bytes(value: Any) -> int:
    import torch

    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, Mapping):
        return 64 + sum(_bytes(item) for item in value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return sum(_bytes(getattr(value, f.name)) for f in fields(value))
    return 64
