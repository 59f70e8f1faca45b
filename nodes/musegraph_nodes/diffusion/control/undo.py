"""Patches taken back exactly, whatever they did to the structure of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OWN = ("_modules", "_parameters", "_buffers", "_non_persistent_buffers_set")
_HOOKS = "_diffusers_hook"
"""Where diffusers keeps what it has put around a module; it is written into, not replaced."""


@contextmanager
def kept(net: Any) -> Iterator[None]:
    """Afterwards every module is what it was: its children, tensors, hooks and attributes.

    What was put in between is let go of. A patch may replace tensors but must never write into
    one: only references are kept here, which costs no memory.
    """
    before = [(module, _copied(vars(module))) for module in net.modules()]
    registries = [vars(module)[_HOOKS] for module, _ in before if _HOOKS in vars(module)]
    around = [(registry, _tables(vars(registry))) for registry in registries]
    try:
        yield
    finally:
        for thing, attributes in (*before, *around):
            vars(thing).clear()
            vars(thing).update(attributes)


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes, and copies of the tables of children, tensors and hooks among them."""
    made = dict(attributes)
    for name, value in attributes.items():
        if name in _OWN or name.endswith(("_hooks", "_hooks_with_kwargs", "_hooks_always_called")):
            made[name] = value.copy()
    return made


def _tables(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.copy() if isinstance(value, dict | list) else value
        for name, value in attributes.items()
    }
