"""What the models of this pack have in common. Imported only where one is used."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from musegraph_nodes.live import Live

if TYPE_CHECKING:
    from torch import Tensor

    from .load import ImageModel


class Writing(Protocol):
    """Pictures that are being written side by side."""

    def feed(self, tokens: Tensor) -> Tensor:
        """Read tokens [B,K] behind those before; logits [B,codes] of the one that follows."""


class Painter(Protocol):
    """A model that writes pictures of ``side`` × ``side`` tokens, row by row."""

    side: int
    pixels: int
    """Of a picture, in each direction."""

    def book(self) -> Tensor:
        """What the codes stand for: [codes,D], float32, on the CPU."""

    def read(self, planes: Tensor) -> Tensor:
        """The tokens [B,h,w] of pictures [B,3,H,W], -1 to 1, of ``pixels`` in each direction."""

    def show(self, tokens: Tensor) -> Tensor:
        """The pictures [B,H,W,3], -1 to 1, of tokens [B,h,w]."""

    def begin(self, prompt: str, guidance: float) -> Writing:
        """Pictures of which nothing is written yet."""


def painter_of(model: ImageModel, live: Live, device: str) -> Painter:
    """What a live model is, by the family of its reference, and where it computes."""
    from .imagegpt import ImageGPT
    from .janus import Janus

    kinds: dict[str, Any] = {"janus": Janus, "imagegpt": ImageGPT}
    made: Painter = kinds[model.family](live, model, device)
    return made


def named(model: ImageModel, painter: Painter) -> str:
    """A name for what codes mean: two models with the same codebook have the same."""
    state = blake2b(painter.book().contiguous().numpy().tobytes(), digest_size=8)
    return f"{model.family}-{state.hexdigest()}"


def nearest(points: Tensor, book: Tensor) -> Tensor:
    """For each of the points [N,D] the nearest row of a book [K,D]."""
    # |p - b|² without |p|², which is the same for all of them.
    return (book.square().sum(1) - 2 * points @ book.T).argmin(1)
