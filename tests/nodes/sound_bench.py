"""Sound models called through nodes and plainly, on the same folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import tiny_sound
import torch
import transformers

from musegraph import Audio, Context, Model, Reference, Weights
from musegraph.errors import Cancelled
from musegraph_nodes.live import quiet
from musegraph_nodes.soundgen import pack
from musegraph_nodes.soundgen.load import load

SEED = 7
OWN = SEED + 0x5EED
"""What ACE-Step draws of its encoder comes from this seed."""


class Alone(Context):
    """A context without an engine: models by path, what is said kept in lists."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.live: dict[tuple[str, ...], Any] = {}
        self.steps: list[tuple[float, float]] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.cancel_at = cancel_at

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        if ref.base() not in self.live:
            self.live[ref.base()] = pack.loaders["models"].load(ref, Path(ref.source), "cpu")
        yield self.live[ref.base()]

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        if len(self.steps) == self.cancel_at:
            raise Cancelled
        self.steps.append((done, total))

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)


class Sounds:
    """A folder of tiny models, each made when it is first asked for."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ctx = Alone()
        self.pipes: dict[tuple[str, str], Any] = {}

    def folder(self, name: str) -> Path:
        found = self.place / name
        return found if found.exists() else tiny_sound.save(name, found)

    def model(self, name: str) -> Model:
        return load(str(self.folder(name)), self.ctx)

    def fresh(self) -> Alone:
        """A context with the models that are loaded, and nothing said yet."""
        made = Alone()
        made.live = self.ctx.live
        return made

    def plain(self, name: str, cls: str) -> Any:
        """The plain library's model or pipeline."""
        if (name, cls) not in self.pipes:
            home: Any = diffusers if "Pipeline" in cls else transformers
            with quiet():
                made = getattr(home, cls).from_pretrained(self.folder(name))
            if "Pipeline" in cls:
                made.set_progress_bar_config(disable=True)
            else:
                made.eval()
            self.pipes[name, cls] = made
        return self.pipes[name, cls]

    def piped(self, name: str, cls: str, **told: Any) -> torch.Tensor:
        """What the plain pipeline makes of the seed."""
        pipe = self.plain(name, cls)  # before the seed: loading draws from the same generator
        torch.manual_seed(OWN)
        drawn = torch.Generator().manual_seed(SEED)
        made = torch.as_tensor(pipe(**told, generator=drawn, output_type="pt")[0])
        made = made.float()
        return made[:, None] if made.ndim == 2 else made


def quieter(made: torch.Tensor) -> torch.Tensor:
    """As the nodes give what would clip."""
    return made / made.abs().amax((1, 2), keepdim=True).clamp(min=1)


def sound(seconds: float, rate: int, channels: int = 1, batch: int = 1) -> Audio:
    """A tune of decaying tones, and a little noise."""
    at = torch.arange(round(seconds * rate)) / rate
    drawn = torch.Generator().manual_seed(1)
    made = torch.zeros(batch, channels, len(at))
    for item in range(batch):
        for side in range(channels):
            tone = 220 * 2 ** (((at * 4).floor() * 5 + 3 * item) % 12 / 12)
            made[item, side] = torch.sin(2 * torch.pi * tone * at) * (0.5 - 0.1 * side)
    return Audio(made + torch.randn(made.shape, generator=drawn) * 0.01, rate)
