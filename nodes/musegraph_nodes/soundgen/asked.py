"""What a node asks of a model, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musegraph import Context, Model

if TYPE_CHECKING:
    from torch import Tensor

_MOST_SEEDS = 2**53


@dataclass
class Asked:
    """One call of a node: how many sounds, of which text, how long, and what else was said."""

    ctx: Context
    model: Model
    prompt: str
    seed: int
    seconds: float = 0.0
    negative: str = ""
    steps: int = 0
    guidance: float | None = None
    count: int = 1
    sampling: tuple[float, int, float] = (1.0, 250, 0.0)
    """Temperature, how many codes are drawn from, and how much of the probability."""

    more: dict[str, Any] = field(default_factory=dict)
    """What one family of pipelines alone is told."""

    given: Tensor | None = None
    """The sounds [B,C,N] that were given, as the model wants them: one item is made of each."""

    def seeds(self) -> list[int]:
        """The seed of each item."""
        return [(self.seed + index) % _MOST_SEEDS for index in range(self.count)]


class Share:
    """A context for one item among several: it tells how far all of them are."""

    def __init__(self, ctx: Context, index: int, count: int) -> None:
        self.ctx, self.index, self.count = ctx, index, count

    def check(self) -> None:
        """Stop if the run was cancelled."""
        self.ctx.check()

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        """Say how far along the item is."""
        self.ctx.progress(self.index * total + done, self.count * total)
