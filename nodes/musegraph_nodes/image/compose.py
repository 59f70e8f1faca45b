"""One picture laid over another.

Formulas: W3C Compositing and Blending Level 1, sections 5 (source over), 9 (separable modes) and,
for `add`, 8.2 (plus lighter) without its weighting by alpha.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import Image, Mask, NodeError, node

from .pixels import Anchor, Offset, Share, placed, premultiplied, same_batch, straight, with_alpha

if TYPE_CHECKING:
    from torch import Tensor

BlendMode = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "add",
    "subtract",
    "difference",
    "exclusion",
    "soft light",
    "hard light",
    "color dodge",
    "color burn",
]


@node(version="1", numeric=True)
def compose(
    base: Annotated[Image, Field(description="What lies below; the result has its size.")],
    over: Annotated[Image, Field(description="What is laid on top; its transparency counts.")],
    mask: Annotated[
        Mask | None, Field(description="Where the upper picture shows; as large as that picture.")
    ] = None,
    x: Annotated[Offset, Field(description="How far right of the anchor, in pixels.")] = 0,
    y: Annotated[Offset, Field(description="How far below the anchor, in pixels.")] = 0,
    anchor: Annotated[
        Anchor, Field(description="Where the upper picture stands at x = y = 0.")
    ] = "top left",
    opacity: Annotated[Share, Field(description="How much of the upper picture shows.")] = 1.0,
    mode: Annotated[BlendMode, Field(description="How the colours mix.")] = "normal",
) -> Image:
    """Lay a picture over another (W3C Compositing and Blending Level 1)."""
    below, above = same_batch(base.data, with_alpha(over.data), "base and over")
    if mask is not None:
        above = _masked(above, mask)
        below, above = same_batch(below, above, "the pictures and the mask")
    left, top = placed(anchor, base.size, over.size)
    left, top = left + x, top + y
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + over.size[0], base.size[0]), min(top + over.size[1], base.size[1])
    result = below.clone()
    if x0 < x1 and y0 < y1:
        part = above[:, y0 - top : y1 - top, x0 - left : x1 - left]
        ground = below[:, y0:y1, x0:x1]
        result[:, y0:y1, x0:x1] = _laid(ground, part, opacity, _MODES[mode])
    return Image(result)


def _masked(above: "Tensor", mask: Mask) -> "Tensor":
    import torch

    if above.shape[1:3] != mask.data.shape[1:3]:
        raise NodeError(
            f"the mask is {mask.data.shape[2]}×{mask.data.shape[1]} and the upper picture "
            f"{above.shape[2]}×{above.shape[1]}; image.mask_resize makes them agree"
        )
    above, shape = same_batch(above, mask.data, "the upper picture and the mask")
    return torch.cat((above[..., :3], above[..., 3:] * shape[..., None]), dim=-1)


def _laid(
    ground: "Tensor", source: "Tensor", opacity: float, mix: "Callable[[Tensor, Tensor], Tensor]"
) -> "Tensor":
    """Source over ground; the ground keeps its channels."""
    import torch

    alpha = source[..., 3:] * opacity
    behind = ground[..., 3:] if ground.shape[-1] == 4 else torch.ones_like(alpha)
    mixed = mix(ground[..., :3], source[..., :3]).clamp(0, 1)
    colour = (1 - behind) * source[..., :3] + behind * mixed
    if ground.shape[-1] == 3:
        return (alpha * colour + (1 - alpha) * ground).clamp(0, 1)
    shown = alpha * colour + (1 - alpha) * premultiplied(ground)[..., :3]
    return straight(torch.cat((shown, alpha + behind * (1 - alpha)), dim=-1))


def _hard_light(b: "Tensor", s: "Tensor") -> "Tensor":
    return (2 * s * b).where(s <= 0.5, 1 - 2 * (1 - s) * (1 - b))


def _soft_light(b: "Tensor", s: "Tensor") -> "Tensor":
    curve = (((16 * b - 12) * b + 4) * b).where(b <= 0.25, b.clamp(min=0).sqrt())
    return (b - (1 - 2 * s) * b * (1 - b)).where(s <= 0.5, b + (2 * s - 1) * (curve - b))


def _color_dodge(b: "Tensor", s: "Tensor") -> "Tensor":
    lit = (b / (1 - s).clamp(min=1e-6)).clamp(max=1)
    return (b * 0).where(b <= 0, lit)


def _color_burn(b: "Tensor", s: "Tensor") -> "Tensor":
    burnt = 1 - ((1 - b) / s.clamp(min=1e-6)).clamp(max=1)
    return (b * 0 + 1).where(b >= 1, burnt)


# Each takes the backdrop b and the source s.
_MODES: "dict[str, Callable[[Tensor, Tensor], Tensor]]" = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: _hard_light(s, b),
    "darken": lambda b, s: b.minimum(s),
    "lighten": lambda b, s: b.maximum(s),
    "add": lambda b, s: b + s,
    "subtract": lambda b, s: b - s,
    "difference": lambda b, s: (b - s).abs(),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "soft light": _soft_light,
    "hard light": _hard_light,
    "color dodge": _color_dodge,
    "color burn": _color_burn,
}
