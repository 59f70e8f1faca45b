"""What ``musegraph`` exports, as data; ``python tests/packs/api.py`` writes it down.

What was written down once is promised to packs. It may grow; :func:`broken` says what a pack that
was written before would stumble over.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import musegraph

PLACE = Path(__file__).with_name("api-1.json")


def described() -> dict[str, Any]:
    """Everything that is exported."""
    return {name: describe(getattr(musegraph, name)) for name in sorted(musegraph.__all__)}


def describe(value: Any) -> dict[str, Any]:
    """One name: what it is, and how it is used."""
    if inspect.isclass(value):
        return _of_class(value)
    if isinstance(value, ModuleType):
        found = {n: describe(f) for n, f in vars(value).items() if _is_own(f, value, n)}
        return {"kind": "module", "members": found}
    if callable(value) and hasattr(value, "__code__"):
        return {"kind": "function", "takes": _taken(value)}
    return {"kind": "value"}


def _is_own(value: Any, module: ModuleType, name: str) -> bool:
    here = getattr(value, "__module__", "") == module.__name__
    return here and inspect.isfunction(value) and not name.startswith("_")


def _of_class(cls: type) -> dict[str, Any]:
    if hasattr(cls, "model_rebuild"):
        cls.model_rebuild()  # what was not used yet does not say yet what it takes
    members: dict[str, Any] = {}
    for name in dir(cls):
        if name.startswith("_") or name in _OF_PYDANTIC:
            continue
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "__func__", member)
        members[name] = _taken(function) if inspect.isfunction(function) else "value"
    for name in getattr(cls, "__annotations__", {}) if is_dataclass(cls) else ():
        members.setdefault(name, "value")
    for name in getattr(cls, "model_fields", {}):
        members[name] = "value"
    bases = [base.__name__ for base in cls.__mro__[1:] if base.__module__.startswith("musegraph")]
    return {"kind": "class", "takes": _taken(cls), "members": members, "is a": bases}


def _pydantic() -> set[str]:
    from pydantic import BaseModel

    return set(dir(BaseModel))


_OF_PYDANTIC = _pydantic()


def _taken(function: Any) -> list[list[str]]:
    """Name, kind and default of each parameter; the default is empty where there is none."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # an exception that takes what Exception takes
        return []
    return [[one.name, one.kind.name, _default(one)] for one in parameters]


def _default(one: inspect.Parameter) -> str:
    if one.default is one.empty:
        return ""
    shown = repr(one.default)
    return shown if " at 0x" not in shown and "<" not in shown else "something"


def broken(old: dict[str, Any], new: dict[str, Any], where: str = "musegraph") -> Iterator[str]:
    """Each thing that was promised and is no longer so."""
    for name, was in old.items():
        here = f"{where}.{name}"
        if name not in new:
            yield f"{here} is gone"
        elif isinstance(was, dict):
            yield from _broken(here, was, new[name])
        elif isinstance(was, list) and isinstance(new[name], list):
            yield from _calls(here, was, new[name])
        elif was != new[name] and isinstance(was, list):
            yield f"{here} can no longer be called"


def _broken(here: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if was["kind"] != now["kind"]:
        yield f"{here} was a {was['kind']}, and is a {now['kind']}"
        return
    yield from _calls(here, was.get("takes", []), now.get("takes", []))
    yield from broken(was.get("members", {}), now.get("members", {}), here)
    for base in was.get("is a", ()):
        if base not in now["is a"]:
            yield f"{here} is no {base} any more"


def _calls(here: str, was: list[list[str]], now: list[list[str]]) -> Iterator[str]:
    """What breaks a call that was right: a parameter that is gone, moved, or asked for anew."""
    names = [name for name, _, _ in now]
    known = {name: (kind, default) for name, kind, default in now}
    for name, kind, default in was:
        if name not in known:
            yield f"{here} no longer takes {name!r}"
        elif known[name] != (kind, default):
            yield f"{here} takes {name!r} in another way: {(kind, default)} became {known[name]}"
    placed = [name for name, kind, _ in was if kind.startswith("POSITIONAL") and name in known]
    if [name for name in names if name in placed] != placed:
        yield f"{here} takes {', '.join(placed)} in another order"
    before = {name for name, _, _ in was}
    for index, (name, kind, default) in enumerate(now):
        if name in before or kind.startswith("VAR"):
            continue
        if not default:
            yield f"{here} asks for {name!r}, which it did not"
        elif kind.startswith("POSITIONAL") and any(one in placed for one in names[index + 1 :]):
            yield f"{here} takes {name!r} before what it took by place"


if __name__ == "__main__":
    PLACE.write_text(json.dumps(described(), indent=1) + "\n", encoding="utf-8")
