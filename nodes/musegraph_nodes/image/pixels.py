"""What the nodes of this pack share: limits, colours, transparency, batches.

Transparency is straight, as in PNG: colours are not multiplied by it. What mixes neighbouring
pixels multiplies first and divides after, or colours of unseen pixels would bleed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import NodeError

if TYPE_CHECKING:
    from torch import Tensor

MAX_SIDE = 16_384
MAX_PIXELS = 178_956_970

Side = Annotated[int, Field(ge=1, le=MAX_SIDE, description="In pixels.")]
Length = Annotated[int, Field(ge=0, le=MAX_SIDE, description="In pixels.")]
Offset = Annotated[int, Field(ge=-MAX_SIDE, le=MAX_SIDE, description="In pixels.")]
Share = Annotated[float, Field(ge=0, le=1)]
Color = Annotated[
    str,
    Field(
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="As #rrggbb.",
        json_schema_extra={"format": "color"},
    ),
]
Fill = Annotated[
    str,
    Field(
        pattern=r"^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$",
        description="As #rrggbb, or #rrggbbaa where it shows through; #00000000 is nothing.",
        json_schema_extra={"format": "color"},
    ),
]
Anchor = Literal[
    "top left",
    "top",
    "top right",
    "left",
    "center",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
]

LUMA = (0.2126, 0.7152, 0.0722)
"""Shares of red, green and blue in brightness (Rec. ITU-R BT.709), applied to sRGB values."""


def rgba(color: str) -> tuple[float, float, float, float]:
    """The channels of #rrggbb or #rrggbbaa, 0..1."""
    levels = bytes.fromhex(color[1:].ljust(8, "f"))
    red, green, blue, alpha = (level / 255 for level in levels)
    return red, green, blue, alpha


def check_size(width: int, height: int, count: int = 1) -> None:
    """Refuse a picture that would be too large to hold."""
    if width < 1 or height < 1:
        raise NodeError(f"a picture of {width}×{height} pixels holds nothing; make it larger")
    if max(width, height) > MAX_SIDE or width * height * count > MAX_PIXELS:
        times = f"{count} pictures of " if count > 1 else ""
        raise NodeError(
            f"{times}{width}×{height} pixels are too many; at most {MAX_SIDE:,} a side and "
            f"{MAX_PIXELS:,} together are made"
        )


def with_alpha(data: Tensor) -> Tensor:
    """Four channels: the alpha of three is one."""
    import torch

    return data if data.shape[-1] == 4 else torch.cat((data, torch.ones_like(data[..., :1])), -1)


def premultiplied(data: Tensor) -> Tensor:
    """Colours multiplied by alpha, for mixing; three channels stay as they are."""
    import torch

    if data.shape[-1] == 3:
        return data
    return torch.cat((data[..., :3] * data[..., 3:], data[..., 3:]), -1)


def straight(data: Tensor) -> Tensor:
    """The opposite of :func:`premultiplied`, clamped to 0..1; where nothing shows, black."""
    import torch

    if data.shape[-1] == 3:
        return data.clamp(0, 1)
    alpha = data[..., 3:].clamp(0, 1)
    colour = torch.where(alpha > 0, data[..., :3] / alpha.clamp(min=1e-6), 0)
    return torch.cat((colour.clamp(0, 1), alpha), -1)


def over_color(data: Tensor, color: str) -> Tensor:
    """Three channels: the pictures as they look on a page of one colour."""
    if data.shape[-1] == 3:
        return data
    page = data.new_tensor(rgba(color)[:3])
    return data[..., :3] * data[..., 3:] + page * (1 - data[..., 3:])


def filled(width: int, height: int, color: str, count: int = 1) -> Tensor:
    """[count,height,width,3 or 4] of one colour; four channels if it shows through."""
    import torch

    channels = rgba(color)
    shown = channels[:3] if channels[3] == 1 else channels
    return torch.tensor(shown).expand(count, height, width, len(shown)).clone()


def same_channels(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with four channels if one of them has."""
    if a.shape[-1] == b.shape[-1]:
        return a, b
    return with_alpha(a), with_alpha(b)


def same_batch(first: Tensor, second: Tensor, names: str) -> tuple[Tensor, Tensor]:
    """Both on the first one's device, with as many pictures: one alone serves for all."""
    a, b = len(first), len(second)
    if a != b and 1 not in (a, b):
        raise NodeError(f"{names} hold {a} and {b} pictures; give as many, or one for all")
    count = max(a, b)
    second = second.to(first.device)
    return (
        first.expand(count, *first.shape[1:]),
        second.expand(count, *second.shape[1:]),
    )


def described(data: Tensor) -> str:
    """Width × height of pictures or masks."""
    return f"{data.shape[2]}×{data.shape[1]}"


def placed(anchor: str, outer: tuple[int, int], inner: tuple[int, int]) -> tuple[int, int]:
    """Left and top of a box of size ``inner`` at an anchor of one of size ``outer``."""
    free_x, free_y = outer[0] - inner[0], outer[1] - inner[1]
    x = 0 if "left" in anchor else free_x if "right" in anchor else free_x // 2
    y = 0 if "top" in anchor else free_y if "bottom" in anchor else free_y // 2
    return x, y
