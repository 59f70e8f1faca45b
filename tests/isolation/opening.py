"""Opens packs that are given as texts, in processes of their own, without an installation."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from musegraph.isolation.opened import open_isolated
from musegraph.isolation.process import _alive
from musegraph.isolation.settings import Isolation, Launch
from musegraph.pack import Registry
from musegraph.run import Engine
from musegraph.store import Store

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


class Opener:
    """Makes registries of packs, given as texts of code by their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.isolation = Isolation()
        self.launches: dict[str, Launch] = {}

    def __call__(
        self, permissions: dict[str, Any] | None = None, seconds: float = 60, **packs: str
    ) -> Registry:
        entries = []
        for name, code in packs.items():
            tree = self.folder / "trees" / name
            tree.mkdir(parents=True, exist_ok=True)
            (tree / f"pack_{name}.py").write_text(HEAD + dedent(code), "utf-8")
            self.launches[name] = launch = Launch(
                name,
                f"pack_{name}:pack",
                "1",
                (tree,),
                self.isolation,
                permissions or {},
                import_seconds=seconds,
            )
            entries.append(Entry(launch, self.folder / "kept" / f"{name}.nodes"))
        return Registry(entries=entries)  # type: ignore[arg-type]

    def engine(self, registry: Registry) -> Engine:
        return Engine(registry, Store(self.folder / "cache"))

    def close(self) -> None:
        """Leave no process behind."""
        for process in list(_alive):
            process.close()
