"""A map over another that is never touched: what changed, above what was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeVar

Value = TypeVar("Value")


class Overlay(MutableMapping[str, Value]):
    """``base`` with the entries of ``own`` above it, in the order of ``base``.

    To fork one costs what was changed, not what there is; once a quarter has changed it is laid
    out flat, so that look-ups stay short and the cost of that is paid for by the changes.
    """

    __slots__ = ("base", "own")

    def __init__(self, base: Mapping[str, Value], own: dict[str, Value] | None = None) -> None:
        self.base: Mapping[str, Value] = base
        self.own: dict[str, Value] = own if own is not None else {}
        if isinstance(base, Overlay) and 4 * len(base.own) > len(base.base):
            self.base = dict(base)
        elif isinstance(base, Overlay):
            self.base, self.own = base.base, {**base.own, **self.own}

    def __getitem__(self, key: str) -> Value:
        own = self.own
        return own[key] if key in own else self.base[key]

    def __setitem__(self, key: str, value: Value) -> None:
        self.own[key] = value

    def __delitem__(self, key: str) -> None:
        raise TypeError("an overlay only adds and replaces")

    def __contains__(self, key: object) -> bool:
        return key in self.own or key in self.base

    def __iter__(self) -> Iterator[str]:
        yield from self.base
        for key in self.own:
            if key not in self.base:
                yield key

    def __len__(self) -> int:
        return len(self.base) + sum(key not in self.base for key in self.own)
