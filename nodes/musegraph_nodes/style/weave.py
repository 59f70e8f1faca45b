"""Node `style.weave`: a picture made of pieces of a style."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import Context, Image, Mask, NodeError, node
from musegraph_nodes.image.pixels import check_size

from .colours import matched, recoloured
from .keeping import Kept
from .options import Content, KeepColours, Longest, Shares, Styles
from .prepare import Style, alpha_of, colours, fitted, resized, resized_mask, styles_of

if TYPE_CHECKING:
    from torch import Tensor

    from .weaving import Pieces

Places = Annotated[
    list[Mask] | None, Field(description="Where each style counts: one mask for each.")
]


@node(version="2", numeric=True, uses="device")
def weave(
    content: Content,
    styles: Styles,
    ctx: Context,
    weights: Shares = None,
    masks: Places = None,
    strength: Annotated[
        float, Field(ge=0, le=1, description="1: wholly in the style; 0: as the content was.")
    ] = 1.0,
    size: Longest = 0,
    style_size: Annotated[
        int, Field(ge=32, le=1024, description="Longer side of the styles: smaller, finer strokes.")
    ] = 384,
    keep_colours: KeepColours = "none",
) -> Image:
    """Repaint a picture at once with pieces of the style itself, without a net.

    Strokes and colours are those of the style; each piece lies where the content looks like it, and
    neighbours go on in each other. Several styles are blended by their weights, or each counts
    where its mask is white. Each picture of a batch is made by itself.
    """
    import torch

    pictures, alpha = colours(content, "content"), alpha_of(content)
    prepared = styles_of(styles, weights, masks, content.size)
    wide, high = fitted(content.size, size)
    check_size(wide, high, len(pictures))
    made = []
    with torch.inference_mode():
        for at in range(len(pictures)):
            ctx.progress(at, len(pictures))
            picture = resized(pictures[at : at + 1], (wide, high))
            shown = [shown_as(style, picture, style_size, keep_colours) for style in prepared]
            painted = laid_of(picture, shown, ctx)
            painted = (picture + (painted - picture) * strength).clamp(0, 1)
            if keep_colours == "luminance":
                painted = recoloured(painted, picture)
            made.append(painted if strength else picture)
    ctx.progress(len(pictures), len(pictures))
    planes = torch.cat(made)
    if alpha is not None:
        planes = torch.cat((planes, resized(alpha[:, None], (wide, high))), 1)
    return Image(planes.permute(0, 2, 3, 1).contiguous())


def shown_as(style: Style, picture: Tensor, longest: int, keep: str) -> Style:
    """A style as large as its strokes are to be, and its mask as large as the picture."""
    shown = matched(style.picture, picture) if keep == "histogram" else style.picture
    size = fitted((shown.shape[3], shown.shape[2]), longest)
    whole = (picture.shape[3], picture.shape[2])
    mask = None if style.mask is None else resized_mask(style.mask, whole)
    return replace(style, picture=resized(shown, size), mask=mask)


def laid_of(
    picture: Tensor, styles: list[Style], ctx: Context, kept: Kept | None = None, even: bool = False
) -> Tensor:
    """The picture in pieces of all styles, each by its share of every place."""
    import torch

    from .adain_nets import shares_of
    from .weaving import SMALLEST, pieces, size_of, woven

    for style in styles:
        high, wide = style.picture.shape[2:]
        if min(high, wide) < SMALLEST:
            raise NodeError(
                f"port 'styles': a style is {wide}×{high} pixels here, and a piece of it is"
                f" {SMALLEST}×{SMALLEST}; give a larger one, or set style_size higher"
            )
    kept = kept or Kept(0)
    places = [None if style.mask is None else style.mask[None, None] for style in styles]
    shares = shares_of([style.weight for style in styles], places)
    made = torch.zeros_like(picture)
    for style, share in zip(styles, shares, strict=True):
        ctx.check()
        shown = style.picture

        def laid(shown: Tensor = shown) -> Tensor:
            known: Pieces = kept("pieces", (shown,), partial(pieces, shown.to(ctx.device)), size_of)
            return woven(picture.to(ctx.device), known, even).cpu()

        one: Tensor = kept("laid", (picture, shown), laid, lambda held: held.numel() * 4)
        made = made + one * share
    return made
