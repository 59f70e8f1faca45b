"""Lines: a drawing of a picture, lines thinned to one pixel, a scribble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Context, Image, node
from musegraph_nodes.image.filters import gaussian
from musegraph_nodes.image.masks import dilated
from musegraph_nodes.image.pixels import Share

from .edges import soft_edges
from .planes import connected, grey, shifted, shown

if TYPE_CHECKING:
    from torch import Tensor


Ink = Annotated[
    Literal["white on black", "black on white"],
    Field(description="ControlNets want lines white on black; a page has them black on white."),
]
_WIDER = 1.6
"""How much wider the second Gaussian is: so their difference is near to a Laplacian's (Marr)."""


@node(version="1", numeric=True)
def lines(
    image: Image,
    width: Annotated[
        float,
        Field(ge=0.3, le=32, description="Of the lines, in pixels: that of the finer Gaussian."),
    ] = 1.0,
    sharpness: Annotated[
        float, Field(ge=0, le=200, description="How much of the differences shows; more is bolder.")
    ] = 20.0,
    level: Annotated[
        float,
        Field(ge=0, le=1, description="What is darker is inked; higher inks more."),
        ADVANCED,
    ] = 0.8,
    softness: Annotated[
        float,
        Field(gt=0, le=1, description="How gradually ink sets in."),
        ADVANCED,
    ] = 0.3,
    shadows: Annotated[
        Share,
        Field(description="0 draws lines alone, 1 fills what is dark with ink."),
        ADVANCED,
    ] = 0.0,
    ink: Ink = "white on black",
) -> Image:
    """Draw a picture in lines by an extended difference of Gaussians, XDoG (Winnemöller 2012).

    u = 1 − s + s · G + p · (G − G′), of the brightness under two Gaussians, s being ``shadows`` and
    p the sharpness; from the level on it is paper, below it ink sets in as 1 + tanh((u − level) /
    softness).
    """
    plane = grey(image)
    near, far = _blurred(plane, width), _blurred(plane, width * _WIDER)
    u = 1 - shadows + shadows * near + sharpness * (near - far)
    paper = (1 + ((u - level) / softness).tanh()).where(u < level, u * 0 + 1)
    return shown(paper if ink == "black on white" else 1 - paper)


@node(version="1")
def thin(
    image: Image,
    ctx: Context,
    level: Annotated[Share, Field(description="How bright or dark a pixel of a line is.")] = 0.5,
    drawn: Annotated[
        Literal["white on black", "black on white"], Field(description="How the lines are drawn.")
    ] = "white on black",
) -> Image:
    """Thin lines to one pixel, white on black, where they are; none is broken (Guo and Hall 1989).

    It makes line art of thick or uneven lines: of control.lines, of a scan, of a mask's shape.
    """
    plane = grey(image)
    shape = plane >= level if drawn == "white on black" else plane < level
    return shown(thinned(shape, ctx).float())


@node(version="1", numeric=True)
def scribble(
    image: Image,
    ctx: Context,
    width: Annotated[int, Field(ge=1, le=64, description="Of the pen, in pixels.")] = 5,
    detail: Annotated[
        float, Field(gt=0, le=20, description="Above 1 weaker edges are drawn too.")
    ] = 1.0,
    shortest: Annotated[
        int,
        Field(ge=1, le=4096, description="Pixels of the shortest line that is drawn."),
        ADVANCED,
    ] = 12,
    smooth: Annotated[
        float,
        Field(ge=0, le=32, description="How freely the pen takes corners, in pixels."),
        ADVANCED,
    ] = 2.0,
) -> Image:
    """Draw a picture as by hand with a thick pen, white on black: the ridges of its soft edges."""
    soft = soft_edges(image, finest=max(0.5, smooth / 2), scales=3, strength=detail)
    plane = _blurred(soft.data[..., 0], smooth)
    strokes = connected(thinned(_ridges(plane) & (plane > 0.2), ctx), smallest=shortest)
    pen = dilated(strokes.float(), width // 2)
    return shown((_blurred(pen, 1.0) >= 0.5).float() if width > 2 else pen)


def thinned(shape: Tensor, ctx: Context) -> Tensor:
    """Shapes [B,H,W] thinned to lines of one pixel that hang together as before.

    Guo and Hall, Parallel thinning with two-subiteration algorithms, CACM 32 (1989), A1.
    """
    made = shape.bool()
    while True:
        ctx.check()  # a round takes a pixel off each side, so a wide shape takes many
        before = made
        for first in (True, False):
            made = made & ~_removable(made, first)
        if made.equal(before):
            return made


def _removable(shape: Tensor, first: bool) -> Tensor:
    n, ne, e, se, s, sw, w, nw = (
        shifted(shape.float(), down, right) > 0
        for down, right in (
            (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1),
        )
    )  # fmt: skip
    corners = ((n, ne, e), (e, se, s), (s, sw, w), (w, nw, n))
    pieces = _count(*(~a & (b | c) for a, b, c in corners))
    fewest = _count(nw | n, ne | e, se | s, sw | w).minimum(_count(n | ne, e | se, s | sw, w | nw))
    held = (n | ne | ~se) & e if first else (s | sw | ~nw) & w
    return shape & (pieces == 1) & (fewest >= 2) & (fewest <= 3) & ~held


def _count(*shapes: Tensor) -> Tensor:
    """In how many of them each pixel lies."""
    import torch

    return torch.stack(shapes).sum(dim=0)


def _ridges(plane: Tensor) -> Tensor:
    """Where a plane [B,H,W] is largest along the one of four directions in which it bends most."""
    import torch

    sharpest, found = torch.zeros_like(plane), torch.zeros_like(plane, dtype=torch.bool)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one, other = shifted(plane, down, right), shifted(plane, -down, -right)
        bend = (one + other - 2 * plane) / (down * down + right * right)
        sharper = bend < sharpest
        top = (plane >= one) & (plane >= other)
        found, sharpest = top.where(sharper, found), bend.where(sharper, sharpest)
    return found


def _blurred(plane: Tensor, sigma: float) -> Tensor:
    return gaussian(plane[..., None], sigma)[..., 0]
