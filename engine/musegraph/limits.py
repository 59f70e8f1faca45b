"""What a step may take, by node type: seconds, and bytes of host memory.

A limit is set for one type (``diffusion.sample``), for a pack (``diffusion.*``) or for all (``*``);
the nearest one that says something holds. They belong to the machine, not to the node: what is much
here is little elsewhere, so a pack cannot declare them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from musegraph.errors import MusegraphError
from musegraph.sentences import sentence
from musegraph.shortage import in_words

NAME = r"^(\*|[A-Za-z_][A-Za-z0-9_-]*\.(\*|[A-Za-z_][A-Za-z0-9_-]*))$"
"""What a limit can be set for."""

UNITS = {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
LEAST_MEMORY = 2**20
FREE = nullcontext()


@dataclass(frozen=True, slots=True)
class Limit:
    """What is set for one name; None says nothing."""

    seconds: float | None = None
    memory: int | None = None

    def json(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "memory": self.memory}


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that holds for a step, and the name under which it was set."""

    name: str
    amount: float

    def seconds(self) -> str:
        """Why a step is ended that took longer."""
        amount = f"{self.amount:g}"
        if self.name == "*":
            return sentence("time-limit-any", seconds=amount)
        return sentence("time-limit", seconds=amount, kind=self.name)

    def memory(self) -> str:
        """What to do about a step that needs more."""
        return f"more than the {in_words(int(self.amount))} that {self._may('memory:NGB')}"

    def _may(self, part: str) -> str:
        who = "a step" if self.name == "*" else self.name
        return f"{who} may take here; raise it with --limit '{self.name}={part}' or in the settings"


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that are set, by name."""

    by_name: Mapping[str, Limit] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def seconds(self, kind: str) -> Bound | None:
        """How long a step of a node type may take."""
        return self._nearest(kind, "seconds")

    def memory(self, kind: str) -> Bound | None:
        """By how many bytes a step of a node type may let the memory of its process rise."""
        return self._nearest(kind, "memory")

    def _nearest(self, kind: str, what: str) -> Bound | None:
        for name in (kind, f"{kind.partition('.')[0]}.*", "*") if self.by_name else ():
            found = getattr(self.by_name.get(name), what, None)
            if found:
                return Bound(name, found)
        return None

    def json(self) -> dict[str, dict[str, Any]]:
        return {name: limit.json() for name, limit in self.by_name.items()}

    @classmethod
    def of(cls, made: Mapping[str, Mapping[str, Any]]) -> Limits:
        """From what :meth:`json` gives."""
        return cls({name: Limit(**limit) for name, limit in made.items()})


def read_limit(text: str) -> tuple[str, Limit]:
    """A limit as it is written: ``diffusion.sample=seconds:600,memory:8GB``."""
    name, _, said = text.partition("=")
    found: dict[str, Any] = {}
    for part in said.split(",") if re.fullmatch(NAME, name) else ():
        what, _, amount = part.partition(":")
        if what == "seconds":
            found[what] = _number(amount)
        elif what == "memory":
            found[what] = _bytes(amount)
    if not found or None in found.values() or len(found) != len(said.split(",")):
        raise MusegraphError(
            f"--limit {text!r} is not understood; write NODE=seconds:600,memory:8GB, where NODE is"
            " a node type, a pack as in 'diffusion.*', or '*' for all"
        )
    return name, Limit(**found)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 < found < float("inf") else None


def _bytes(text: str) -> int | None:
    amount = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]B|)", text.upper())
    if amount is None:
        return None
    found = int(float(amount[1]) * UNITS[amount[2]])
    return found if found >= LEAST_MEMORY else None


def bounded(bound: Bound | None) -> AbstractContextManager[None]:
    """Let the system refuse this process memory above a limit, counted from now (Linux).

    It is the process that is bounded, so whatever else runs in it should need little meanwhile.
    """
    return FREE if bound is None or not sys.platform.startswith("linux") else _bounded(bound)


@contextmanager
def _bounded(bound: Bound) -> Iterator[None]:
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data() + int(bound.amount)
    if before[0] != resource.RLIM_INFINITY:
        most = min(most, before[0])
    resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data() -> int:
    """The bytes that count towards RLIMIT_DATA: private memory that can be written to."""
    with open("/proc/self/status", "rb", buffering=0) as file:  # noqa: PTH123  a question to the system
        for line in file:
            if line.startswith(b"VmData:"):
                return int(line.split()[1]) * 1024
    return 0
