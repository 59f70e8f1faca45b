"""The losses of `style.transfer` for who makes the picture otherwise, as a sampler does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .prepare import Style, check_side
from .repaint import Work, base_of, objective_for
from .settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph import Context

    from .nets import Features
    from .objective import Objective


def aimed(
    net: Features,
    content: Tensor | None,
    styles: list[Style],
    size: tuple[int, int],
    chosen: Settings,
    ctx: Context,
) -> Objective:
    """What a picture of ``size`` (width, height) is to be like.

    Called with one [1,3,H,W] of 0..1, it says how far that is, and leaves the gradient at it.
    ``content`` [1,3,H,W] is of that size; without one nothing but the style counts. A size on which
    the net has no cell is a :class:`~musegraph.NodeError`.
    """
    options = chosen.options(net.layout)
    check_side(size, net.layout, (*options.style_layers, *options.content_layers), "content")
    base = base_of(content, styles, options)
    here = None if base is None else base.to(ctx.device)
    return objective_for(net, here, styles, size, size, options, Work(ctx, 1), None)
