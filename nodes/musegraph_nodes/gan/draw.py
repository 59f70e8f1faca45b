"""Node `gan.draw`: the pictures of styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Context, Image, Seed, node
from musegraph_nodes.image.pixels import check_size

from .planes import shown
from .ports import Batch, Model, fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_AT_ONCE, _PIXELS = 16, 1 << 20
"""On a GPU so many pictures are drawn at once, and not more pixels than those."""


@node(version="1", title="Draw styles", numeric=True, uses="device", frugal="one by one")
def draw(
    model: Model,
    styles: Batch,
    ctx: Context,
    noise: Annotated[
        Seed | None,
        Field(
            description="Of hair, leaves, grain and what else is left to chance. All pictures of a"
            " batch have the same, so that films do not flicker; empty: none, which is smoother."
        ),
    ] = 0,
) -> Image:
    """Draw the pictures of styles with the generator that they belong to."""
    import torch

    from .nets import noises_of

    fitting(styles, model)
    side = int(model.options["side"])
    check_size(side, side, len(styles.data))
    with ctx.load(model) as net, torch.no_grad():
        grain = None
        if noise is not None:
            own = noises_of(net.layout, ctx.generator(noise))
            grain = [plane.to(ctx.device) for plane in own]
        return Image(torch.cat(_parts(net, styles.data, grain, ctx)))


def _parts(net: Any, styles: Tensor, noises: Sequence[Tensor] | None, ctx: Context) -> list[Tensor]:
    """Pictures [b,H,W,3] in host memory, a few at a time.

    On a CPU one at a time, which is hardly slower: so each is to the bit what it is alone.
    """
    total, side = len(styles), net.layout.side
    some = 1 if ctx.device == "cpu" or ctx.frugal else min(_AT_ONCE, _PIXELS // side**2 or 1)
    made: list[Tensor] = []
    for at in range(0, total, some):
        ctx.progress(at, total, preview=(lambda: Image(made[-1][:1])) if made else None)
        planes = net(styles[at : at + some].to(ctx.device), noises)
        made.append(shown(planes))
    ctx.progress(total, total)
    return made
