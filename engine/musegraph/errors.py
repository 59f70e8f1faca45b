"""Everything that can go wrong, said in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from musegraph.sentences import named, said_by, told


class MusegraphError(Exception):
    """An error raised on purpose: its message says what is wrong, where, and what to do."""

    @property
    def message(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a workflow, with its address."""

    node: str | None
    port: str | None
    code: str
    message: str

    def __str__(self) -> str:
        where = ".".join(part for part in (self.node, self.port) if part)
        return f"{where}: {self.message}" if where else self.message

    def json(self) -> dict[str, Any]:
        known = {"node": self.node, "port": self.port, "code": self.code, "message": self.message}
        return known | told(self.message)

    @classmethod
    def of(cls, made: dict[str, Any]) -> Problem:
        """A problem as another process told it."""
        return cls(made["node"], made["port"], made["code"], named(made))


class InvalidWorkflow(MusegraphError):
    """The workflow cannot be run; ``problems`` lists every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnreadableWorkflow(MusegraphError):
    """The text or file is no workflow at all."""


class InvalidNode(MusegraphError):
    """A node is defined in a way that the engine cannot read."""


class NodeError(MusegraphError):
    """A node refuses what it was given; raised inside nodes, shown as it is."""


class Stopped(NodeError):
    """A step was ended from outside; ``code`` says why, for programs."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    def json(self) -> dict[str, Any]:
        return {"message": str(self), "code": self.code} | told(said_by(self))

    @classmethod
    def of(cls, made: dict[str, Any]) -> Stopped:
        """As another process told it."""
        return cls(named(made), made["code"])


class OutOfMemory(MusegraphError):
    """Memory ran out in a node, and nothing that could be done about it was enough."""


class ModelError(MusegraphError):
    """A model is missing, damaged or of the wrong kind."""


class ModelMissing(ModelError):
    """There is no model of that name in any place that was looked at."""


class HubError(MusegraphError):
    """The hub of models cannot be asked, refuses, or gives what cannot be used."""


class PackError(MusegraphError):
    """A pack cannot be read, built, installed or opened."""


class StoreError(MusegraphError):
    """The cache, an output folder or the folder of models cannot be used."""


class Cancelled(MusegraphError):
    """The run was cancelled; raised inside a node by its progress calls."""

    def __init__(self, message: str = "the run was cancelled") -> None:
        super().__init__(message)
