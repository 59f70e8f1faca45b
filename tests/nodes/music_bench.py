"""What the tests of composing share: a tiny model that has learned a little, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from style_bench import Bench

from musegraph import Reference, Weights
from musegraph_nodes import music as pack
from musegraph_nodes.music.language.corpus import Corpus, lessons
from musegraph_nodes.music.language.learning import Plan, Training, write
from musegraph_nodes.music.language.net import Size

TINY = Size(32, 1, 1, 256)


def tiny_model(place: Path, steps: int = 3) -> Path:
    """A model that was taught for a moment, as a file."""
    training = Training(Plan(TINY, 96, 2), place.parent / f"{place.stem}-training")
    corpus = Corpus.of(lessons(1))
    for step in range(steps):
        training.learn(corpus, step, 0.0)
    write(training.net, place, {"name": "tiny"})
    return place


class Stage(Bench):
    """A context with the loaders of the pack, what it keeps in a folder."""

    def __init__(self, folder: Path, cancel_at: int | None = None) -> None:
        super().__init__(cancel_at)
        self.folder = folder
        self.notes: list[str] = []

    def place(self, source: str) -> Path:
        return self.folder / source if not Path(source).is_absolute() else Path(source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        yield pack.pack.loaders[ref.loader.partition(".")[2]].load(
            ref, self.place(ref.source), self.device
        )

    def keep(self, name: str, file: Path) -> Weights:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        return self.weights(name)

    def bench(self, name: str) -> Path:
        place = self.folder / "unfinished" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def note(self, text: str) -> None:
        self.notes.append(text)
