"""What the tests of the pack `style` share: nets as torchvision writes them, and a context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from musegraph import Cancelled, Context, Reference, Weights
from musegraph_nodes import starter
from musegraph_nodes import style as pack

NARROW = ((8, 8), (12, 12), (16,) * 4, (20,) * 4, (20,) * 4)
"""VGG-19, with few channels."""


class Bench(Context):
    """A context without an engine: models by path, progress in a list."""

    def __init__(self, cancel_at: int | None = None, frugal: bool = False) -> None:
        self.steps: list[tuple[float, float]] = []
        self.previews: list[Any] = []
        self.checks = 0
        self.cancel_at = cancel_at
        self.frugal = frugal

    def place(self, source: str) -> Path:
        if source.startswith("starter/"):
            assert starter.pack.models is not None
            return starter.pack.models / source.partition("/")[2]
        return Path(source)

    def weights(self, source: str) -> Weights:
        return Weights(self.place(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        yield pack.pack.loaders["features"].load(ref, self.place(ref.source), self.device)

    def check(self) -> None:
        self.checks += 1
        if self.cancel_at is not None and len(self.steps) >= self.cancel_at:
            raise Cancelled

    def progress(self, done: float, total: float = 1.0, **told: Any) -> None:
        self.check()
        self.steps.append((done, total))
        if told.get("preview") is not None:
            self.previews.append(told["preview"]())


def torchvision_like(
    blocks: tuple[tuple[int, ...], ...], pooling: str, seed: int = 0
) -> nn.Sequential:
    """`torchvision.models.vgg19().features`, with other widths and random weights."""
    made = torch.Generator().manual_seed(seed)
    parts: list[nn.Module] = []
    reads = 3
    for widths in blocks:
        for makes in widths:
            conv = nn.Conv2d(reads, makes, 3, padding=1)
            nn.init.orthogonal_(conv.weight, 2**0.5, generator=made)
            nn.init.normal_(conv.bias, std=0.05, generator=made)
            parts += [conv, nn.ReLU()]
            reads = makes
        parts.append(nn.AvgPool2d(2) if pooling == "avg" else nn.MaxPool2d(2))
    return nn.Sequential(*parts).requires_grad_(False)


def saved(net: nn.Sequential, file: Path) -> Path:
    """A file with the names of torchvision."""
    tensors = {f"features.{name}": tensor for name, tensor in net.state_dict().items()}
    save_file(tensors | {"classifier.0.weight": torch.zeros(2, 2)}, file)
    return file
