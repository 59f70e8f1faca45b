"""What a node may ask of the engine while it runs, and what it may answer with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from musegraph.errors import NodeError
from musegraph.values import Reference

if TYPE_CHECKING:
    from torch import Generator

    from musegraph.values import Image


class _Unset:
    """The type of :data:`UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()
"""Returned for an output to leave it unset: what depends on it is skipped."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the files of a model are, and the digest of their content."""

    path: Path
    digest: str
    source: str


class Context:
    """What a running node may ask of the engine; a parameter of this type is no port.

    It is narrow on purpose: a node sees neither the store nor the server nor other nodes. This
    base class answers without an engine, so that a node can be called in a plain unit test.
    """

    device: str = "cpu"
    frugal: bool = False
    """Whether memory ran out and the node, which says that it can, is to do with less."""

    def progress(
        self,
        done: float,
        total: float = 1.0,
        *,
        text: str | None = None,
        preview: Image | Callable[[], Image] | None = None,
    ) -> None:
        """Say how far along; raises :class:`Cancelled` once the run is cancelled.

        A callable ``preview`` is called only when somebody looks, at most a few times a second, and
        by this call itself: it may use the models that the node uses.
        """

    def check(self) -> None:
        """Raise :class:`Cancelled` once the run is cancelled."""

    def stream(self, text: str) -> None:
        """Show text as it is made."""

    def warn(self, text: str) -> None:
        """Say what a user should know and what stops nothing."""

    def note(self, text: str) -> None:
        """Say how something was done; it stands in the record of the run, once."""

    def load(self, ref: Reference) -> AbstractContextManager[Any]:
        """A lease on the live model, on :attr:`device`."""
        raise NodeError(f"no model can be loaded outside a run (asked for {ref.source!r})")

    def weights(self, source: str) -> Weights:
        """Where a model source lives, and the digest of its files."""
        raise NodeError(f"no model can be found outside a run (asked for {source!r})")

    def keep(self, name: str, file: Path) -> Weights:
        """Put weights that a node made among the models, under a name that is free or theirs."""
        raise NodeError(f"no model can be kept outside a run (asked for {name!r})")

    def bench(self, name: str) -> Path:
        """A folder of that name that outlasts the run: for checkpoints, which a killed one left."""
        raise NodeError(f"nothing is kept outside a run (asked for {name!r})")

    def generator(self, seed: int) -> Generator:
        """A generator on the CPU, so that every device starts from the same noise."""
        import torch

        return torch.Generator().manual_seed(seed)

    def secret(self, name: str) -> str:
        """A secret by name; never part of a key, a record or an event."""
        raise NodeError(f"no secret is kept outside a run (asked for {name!r})")
