"""Latents of another size, taken apart and put together: no autoencoder is needed for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Latent, NodeError, node

from .latents import check_sides

_LONGEST = 16384
Side = Annotated[int, Field(ge=8, le=_LONGEST, description="In pixels of the picture.")]
Method = Annotated[
    Literal["nearest", "bilinear", "bicubic"],
    Field(
        description="What lies between cells: the nearest, which keeps grain; a mixture, smoother."
    ),
    ADVANCED,
]


@node(version="1", numeric=True)
def resize_latent(latent: Latent, width: Side, height: Side, method: Method = "bicubic") -> Latent:
    """Resample a latent to the width and height of a picture, for a sampler to go on from.

    What comes of it is blurred or in squares until a sampler has denoised about half of the way
    again: the second pass of a picture that is larger than its model was trained for.
    """
    _check_flat(latent)
    check_sides(width, height, latent.scale, "set width and height so")
    return _resampled(latent, width // latent.scale, height // latent.scale, method)


@node(version="1", numeric=True)
def scale_latent(
    latent: Latent,
    factor: Annotated[
        float,
        Field(gt=0, le=16, description="2 doubles width and height; to the nearest whole cell."),
    ] = 1.5,
    method: Method = "bicubic",
) -> Latent:
    """Resample a latent by a factor, for a sampler to go on from, as diffusion.resize_latent."""
    _check_flat(latent)
    high, wide = (max(1, round(side * factor)) for side in latent.data.shape[-2:])
    longest = max(high, wide) * latent.scale
    if longest > _LONGEST:
        raise NodeError(
            f"{factor:g} times as large, a side of the picture has {longest:,} pixels, and"
            f" {_LONGEST:,} are the most; make factor smaller"
        )
    return _resampled(latent, wide, high, method)


@node(version="1")
def split_latents(latent: Latent) -> list[Latent]:
    """List the latents of a batch one by one, so that core.pick can take one of four."""
    return [Latent(item[None].contiguous(), latent.family, latent.scale) for item in latent.data]


@node(version="1")
def stack_latents(latents: list[Latent]) -> Latent:
    """Put latents of one size and one model into one batch, which is sampled at once."""
    import torch

    if not latents:
        raise NodeError("the list is empty; a batch holds at least one latent")
    first = latents[0]
    for number, latent in enumerate(latents, 1):
        if (latent.family, latent.scale) != (first.family, first.scale):
            raise NodeError(
                f"latent {number} is of the family {latent.family!r} and the first of"
                f" {first.family!r}; a batch belongs to one autoencoder"
            )
        if latent.data.shape[1:] != first.data.shape[1:]:
            raise NodeError(
                f"latent {number} has the shape {_shape(latent)} and the first {_shape(first)}; a"
                " batch has one, diffusion.resize_latent makes sizes agree"
            )
    parts = [latent.data.to(first.data) for latent in latents]
    return Latent(torch.cat(parts), first.family, first.scale)


def _resampled(latent: Latent, wide: int, high: int, method: str) -> Latent:
    """A latent of other width and height in cells; of the same, it is itself."""
    import torch.nn.functional as F

    data = latent.data.float()
    if (high, wide) == tuple(data.shape[-2:]):
        return latent
    # Frames of a film are resampled one by one, as if they were a batch.
    frames = data.movedim(2, 1).flatten(0, 1) if data.ndim == 5 else data
    if method == "nearest":
        made = F.interpolate(frames, (high, wide), mode="nearest-exact")
    else:
        made = F.interpolate(frames, (high, wide), mode=method, antialias=True, align_corners=False)
    if data.ndim == 5:
        made = made.unflatten(0, (data.shape[0], data.shape[2])).movedim(1, 2)
    return Latent(made.contiguous(), latent.family, latent.scale)


def _check_flat(latent: Latent) -> None:
    if latent.data.ndim < 4:
        raise NodeError(
            f"the latent has the shape {_shape(latent)}, which is of sound: it has no width and"
            " height; link the latent of a picture or of a film"
        )


def _shape(latent: Latent) -> str:
    return "×".join(str(side) for side in latent.data.shape[1:])
