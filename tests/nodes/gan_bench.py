"""A context without an engine for the pack `gan`: models by path, what is shown in lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from musegraph import Cancelled, Context, Reference, Weights, load_registry


class Bench(Context):
    def __init__(self, folder: Path | None = None, stop: int = 100_000) -> None:
        self.folder, self.stop = folder, stop
        self.shown: list[str] = []
        self.previews: list[Any] = []
        self.warned: list[str] = []
        self.noted: list[str] = []

    def weights(self, source: str) -> Weights:
        place = Path(source)
        if not place.exists() and self.folder is not None:
            place = self.folder / source
        return Weights(place, blake2b(source.encode(), digest_size=8).hexdigest(), source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        name, _, loader = ref.loader.partition(".")
        pack = load_registry().pack(name)
        assert pack is not None
        yield pack.loaders[loader].load(ref, self.weights(ref.source).path, self.device)

    def progress(self, done: float, total: float = 1.0, **what: Any) -> None:
        self.shown.append(what.get("text") or "")
        if len(self.shown) >= self.stop:
            raise Cancelled
        if what.get("preview") is not None and len(self.previews) < 5:
            self.previews.append(what["preview"]())

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def note(self, text: str) -> None:
        self.noted.append(text)

    def bench(self, name: str) -> Path:
        assert self.folder is not None
        made = self.folder / "bench" / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def keep(self, name: str, file: Path) -> Weights:
        assert self.folder is not None
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        return self.weights(name)
