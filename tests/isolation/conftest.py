"""Packs for tests in processes of their own, without an installation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from musegraph.isolation.opened import Elsewhere, open_isolated
from musegraph.isolation.settings import Isolation, Launch
from musegraph.pack import Registry
from musegraph.run import Engine
from musegraph.store import Store

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packs"), str(HERE.parent / "engine")]

Opens = Callable[..., Registry]

HEAD = """
from __future__ import annotations
import ctypes, os, signal, socket, sys, threading, time
from typing import Annotated, Any, NamedTuple
from pydantic import Field
from musegraph import UNSET, Context, Image, NodeError, Pack, Seed, node
"""


class Entry:
    """Stands in for what is installed."""

    def __init__(self, launch: Launch, kept: Path) -> None:
        self.launch, self.kept = launch, kept
        self.name, self.value, self.version = launch.name, launch.entry, launch.version
        self.module = launch.entry.partition(":")[0]

    def load(self) -> Any:
        return open_isolated(self.launch, self.kept, "digest")


@pytest.fixture
def opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    """Makes a registry of packs, given as texts of code by their names."""
    there: list[Elsewhere] = []
    before = Elsewhere.__init__

    def init(self: Elsewhere, launch: Launch) -> None:
        before(self, launch)
        there.append(self)

    monkeypatch.setattr(Elsewhere, "__init__", init)

    def made(
        permissions: dict[str, Any] | None = None, seconds: float = 60, **packs: str
    ) -> Registry:
        isolation = made.isolation  # type: ignore[attr-defined]
        entries = []
        for name, code in packs.items():
            tree = tmp_path / "trees" / name
            tree.mkdir(parents=True, exist_ok=True)
            (tree / f"pack_{name}.py").write_text(HEAD + dedent(code), "utf-8")
            launch = Launch(
                name, f"pack_{name}:pack", "1", (tree,), isolation, permissions or {},
                import_seconds=seconds,
            )  # fmt: skip
            entries.append(Entry(launch, tmp_path / "kept" / f"{name}.nodes"))
        return Registry(entries=entries)  # type: ignore[arg-type]

    made.isolation = Isolation()  # type: ignore[attr-defined]
    yield made
    for one in there:
        one._close()


@pytest.fixture
def engine_of(tmp_path: Path) -> Callable[[Registry], Engine]:
    def made(registry: Registry) -> Engine:
        return Engine(registry, Store(tmp_path / "cache"))

    return made
