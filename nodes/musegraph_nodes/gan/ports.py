"""What travels between the nodes of this pack, and inputs that several have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Media, NodeError, Reference

if TYPE_CHECKING:
    from torch import Tensor


class Gan(Reference):
    """A generator, which draws a picture of a style."""


@dataclass(frozen=True, eq=False, slots=True)
class Styles(Media):
    """A batch of styles of a generator: ``data`` [B,L,D], float32, D numbers for each of L layers.

    The first layers decide on what is large in a picture, the last ones on colours and grain.
    """

    data: Tensor

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.data, "shape", ()))
        if len(shape) != 3 or 0 in shape:
            raise NodeError(f"Styles need a tensor [B,L,D], and got the shape {list(shape)}")

    @property
    def layers(self) -> int:
        """How many layers each style is for."""
        return int(self.data.shape[1])


@dataclass(frozen=True, eq=False, slots=True)
class Directions(Media):
    """Directions in which styles of a generator change most: ``data`` [K,D], each of length 1.

    ``spread`` [K] is by how much styles differ along each, as a deviation; the layers ``first`` to
    ``last`` (from 1) are those whose weights they were read off.
    """

    data: Tensor
    spread: Tensor
    first: int
    last: int

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.data, "shape", ()))
        if len(shape) != 2 or 0 in shape:
            raise NodeError(f"Directions need a tensor [K,D], and got the shape {list(shape)}")


Model = Annotated[Gan, Field(description="From gan.load or gan.train.")]
Batch = Annotated[Styles, Field(description="From gan.styles, gan.find and others.")]
FirstLayer = Annotated[
    int, Field(ge=0, le=64, description="The first layer that counts, from 1; 0: the first."),
    ADVANCED,
]  # fmt: skip
LastLayer = Annotated[
    int, Field(ge=0, le=64, description="The last layer that counts; 0: the last."), ADVANCED
]


def fitting(styles: Styles, model: Gan, port: str = "styles") -> None:
    """Refuse styles that are those of another generator, by their shape."""
    layers, width = int(model.options["layers"]), int(model.options["width"])
    found = tuple(styles.data.shape[1:])
    if found != (layers, width):
        raise NodeError(
            f"port {port!r}: the styles have {found[0]} layers of {found[1]} numbers, and the"
            f" generator {model.source!r} takes {layers} of {width}; link styles that were made"
            " with it"
        )


def same_kind(one: Styles, other: Styles, port: str) -> None:
    """Refuse styles that cannot be put together with others, by their shape."""
    if one.data.shape[1:] != other.data.shape[1:]:
        first, second = tuple(one.data.shape[1:]), tuple(other.data.shape[1:])
        raise NodeError(
            f"port {port!r}: these styles have {second[0]} layers of {second[1]} numbers, and the"
            f" others {first[0]} of {first[1]}; link styles of one generator"
        )


def stretch(first: int, last: int, layers: int) -> tuple[int, int]:
    """The layers ``first`` to ``last`` of so many, 0 being the ends: where to begin and to stop."""
    begin, end = first or 1, last or layers
    if not begin <= end <= layers:
        raise NodeError(
            f"ports 'first' and 'last': there are layers 1 to {layers}, and {begin} to {end} were"
            " asked for"
        )
    return begin - 1, end
