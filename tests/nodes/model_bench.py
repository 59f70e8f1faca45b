"""A context for nodes that run models of transformers, without an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from musegraph import Cancelled, Context, Reference, Weights


class Bench(Context):
    """A context without an engine: models by path; what is shown and warned of in lists."""

    def __init__(self, stop: int = 10_000) -> None:
        self.shown: list[str] = []
        self.warned: list[str] = []
        self.live: dict[str, Any] = {}
        self.stop = stop

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        known = self.live.get(ref.source)
        if known is None:
            home, name = ref.loader.split(".")
            pack = import_module(f"musegraph_nodes.{home}").pack
            known = pack.loaders[name].load(ref, Path(ref.source), self.device)
            self.live[ref.source] = known
        yield known

    def progress(self, done: float, total: float = 1.0, **what: Any) -> None:
        self.shown.append(what.get("text") or "")
        if len(self.shown) == self.stop:
            raise Cancelled

    def warn(self, text: str) -> None:
        self.warned.append(text)
