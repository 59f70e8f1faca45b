"""Media values: frozen, typed, with tensors in torch (batch first, float32 at ports).

torch is never imported here; shapes are checked on what a tensor says of itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musegraph.errors import NodeError

if TYPE_CHECKING:
    from torch import Tensor


class Media:
    """Base of all values that are not JSON. A pack's own is a frozen dataclass below this one.

    Fields may be tensors, bytes, JSON, and tuples, dicts or frozen dataclasses of these.
    """

    __slots__ = ()

    @classmethod
    def type_name(cls) -> str:
        return cls.__name__


def media_types() -> dict[str, type[Media]]:
    """Every media class known to this process, by name."""
    found: dict[str, type[Media]] = {}
    todo = list(Media.__subclasses__())
    while todo:
        cls = todo.pop()
        found.setdefault(cls.type_name(), cls)
        todo.extend(cls.__subclasses__())
    return found


def _shape(value: Any, name: str, layout: str, dims: tuple[int, ...]) -> tuple[int, ...]:
    shape = tuple(getattr(value, "shape", ()))
    if len(shape) not in dims:
        raise NodeError(f"{name} needs a tensor {layout}, and got the shape {list(shape)}")
    return shape


@dataclass(frozen=True, eq=False, slots=True)
class Image(Media):
    """A batch of pictures: ``data`` [B,H,W,3 or 4], float32, 0..1, sRGB."""

    data: Tensor

    def __post_init__(self) -> None:
        shape = _shape(self.data, "an Image", "[B,H,W,3 or 4]", (4,))
        if shape[-1] not in (3, 4):
            raise NodeError(f"an Image has 3 or 4 channels last, and got the shape {list(shape)}")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.data.shape[2]), int(self.data.shape[1])


@dataclass(frozen=True, eq=False, slots=True)
class Mask(Media):
    """A batch of masks: ``data`` [B,H,W], float32, 0..1; 1 means act here."""

    data: Tensor

    def __post_init__(self) -> None:
        _shape(self.data, "a Mask", "[B,H,W]", (3,))


@dataclass(frozen=True, eq=False, slots=True)
class Latent(Media):
    """A batch of latents in model space: ``data`` [B,C,h,w], [B,C,T,h,w] or [B,C,N].

    ``family`` names the autoencoder it belongs to, so that a wrong one is refused; ``scale`` is
    the number of pixels along one latent cell.
    """

    data: Tensor
    family: str
    scale: int = 8

    def __post_init__(self) -> None:
        _shape(self.data, "a Latent", "[B,C,h,w], [B,C,T,h,w] or [B,C,N]", (3, 4, 5))


@dataclass(frozen=True, eq=False, slots=True)
class ConditioningPart:
    """Named embedding tensors as a model family wants them, with JSON options.

    ``area`` [B,H,W], 0..1, says where the part counts: everywhere without one. ``strength`` says
    how much beside the other parts, and ``ranges`` when: stretches of the way of a sampler, from
    0 where it starts to 1 where it ends, each with its start and without its end.
    """

    embeds: dict[str, Tensor]
    options: dict[str, Any] = field(default_factory=dict)
    area: Tensor | None = None
    strength: float = 1.0
    ranges: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def __post_init__(self) -> None:
        if self.area is not None:
            _shape(self.area, "the area of a ConditioningPart", "[B,H,W]", (3,))
        if not 0 <= self.strength < math.inf:
            raise NodeError(f"the strength of a part is 0 or more, and got {self.strength}")
        for start, end in self.ranges:
            if not 0 <= start <= end <= 1:
                raise NodeError(
                    f"a range lies between 0 and 1, its start first, and got {start:g} to {end:g}"
                )

    def at(self, progress: float) -> bool:
        """Whether the part counts where a sampler has gone this share of its way."""
        return any(start <= progress < end for start, end in self.ranges)


@dataclass(frozen=True, eq=False, slots=True)
class Conditioning(Media):
    """What steers a denoiser: parts, so that areas and schedules combine."""

    parts: tuple[ConditioningPart, ...]
    family: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Audio(Media):
    """A batch of sounds: ``data`` [B,C,N], float32, -1..1, at ``sample_rate`` Hz."""

    data: Tensor
    sample_rate: int

    def __post_init__(self) -> None:
        _shape(self.data, "an Audio", "[B,C,N]", (3,))


@dataclass(frozen=True, eq=False, slots=True)
class File(Media):
    """Bytes with a name and a media type."""

    data: bytes
    name: str
    media: str = "application/octet-stream"
