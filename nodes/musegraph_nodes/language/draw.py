"""How the next token is chosen. Imported only where it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from transformers import (
    LogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

if TYPE_CHECKING:
    from torch import Tensor


class Draw(LogitsProcessor):
    """Draws the next token, and leaves no other for the search to choose.

    So the draws come from a generator of their own, on the CPU, whatever else runs meanwhile; in
    generation itself they would come from the generator of the whole process.
    """

    def __init__(self, generator: torch.Generator, tick: Callable[[], None]) -> None:
        self.generator, self.tick = generator, tick

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.tick()
        odds = torch.softmax(scores, dim=-1).cpu()
        drawn = torch.multinomial(odds, 1, generator=self.generator).to(scores.device)
        return torch.full_like(scores, -torch.inf).scatter(1, drawn, 0.0)


def warpers(temperature: float, top_k: int, top_p: float) -> list[LogitsProcessor]:
    """What is done with the odds before a draw, in the order of generation itself.

    A temperature of 1, a ``top_k`` of 0 and a ``top_p`` of 0 or 1 change nothing.
    """
    made: list[LogitsProcessor] = []
    if temperature != 1:
        made.append(TemperatureLogitsWarper(temperature))
    if top_k:
        made.append(TopKLogitsWarper(top_k))
    if 0 < top_p < 1:
        made.append(TopPLogitsWarper(top_p))
    return made
