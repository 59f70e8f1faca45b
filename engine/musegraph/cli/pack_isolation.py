"""What is said of a pack's isolation, and asked for it on the command line."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from musegraph.cli.entry import UsageError
from musegraph.cli.style import size
from musegraph.isolation.settings import DANGERS, Isolation

_UNITS = {"MB": 2**20, "GB": 2**30, "TB": 2**40}
_FREE = {"network": "network", "subprocess": "programs"}
"""The permissions that open a wall."""


def isolation_of(args: Namespace) -> Isolation | None:
    """What the options ask for; None for nothing, and then a pack stays as it is."""
    named = {"--memory": args.memory, "--patience": args.patience, "--trusted": args.trusted}
    asked = [name for name, value in named.items() if value]
    if not args.isolated:
        if asked:
            raise UsageError(f"{asked[0]} is of packs in a process of their own; add --isolated")
        return None
    more: dict[str, Any] = {"trusted": bool(args.trusted)}
    if args.memory:
        more["memory"] = _bytes(args.memory)
    if args.patience:
        more["patience"] = _seconds(args.patience)
    return Isolation(**more)


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([MGT]B)", text.upper())
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"--memory {text!r} is not understood; write 500MB or 8GB")
    return int(float(found[1]) * _UNITS[found[2]])


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UsageError(f"--patience {text!r} is not understood; write seconds, such as 600")
    return found


def facts(isolated: Isolation | None, permissions: Mapping[str, Any]) -> dict[str, Any] | None:
    """How a pack is isolated, as JSON: ``held`` by what it is kept from here, and what not."""
    if isolated is None:
        return None
    held, open_ = _held(isolated, permissions)
    return {**isolated.model_dump(), "held": held, "not_held": open_}


def rows(isolated: Isolation | None, permissions: Mapping[str, Any]) -> list[list[str]]:
    """The same for people."""
    if isolated is None:
        return [["runs", "in the process of the run, where it can do what you can do"]]
    held, open_ = _held(isolated, permissions)
    taken = f"it may take {size(isolated.memory)} of memory and {isolated.patience:g} s of silence"
    made = [["runs", f"in a process and an environment of its own; {taken}"]]
    if held:
        walls = ", ".join(f"{DANGERS[wall]} ({how})" for wall, how in held.items())
        made.append(["cannot", walls])
    if open_:
        made.append(["can", ", ".join(DANGERS[wall] for wall in open_)])
    if "network" in permissions and not isolated.trusted:
        made.append(["not held", "which hosts it speaks to: only their ports are looked at"])
    return made


def _held(isolated: Isolation, permissions: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    from musegraph.isolation.probe import probe

    there = {} if isolated.trusted else probe()
    free = {wall for name, wall in _FREE.items() if name in permissions}
    held = {wall: how for wall, how in there.items() if wall not in free}
    return held, [wall for wall in DANGERS if wall not in held]
