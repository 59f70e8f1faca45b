"""Node `style.texture`: any amount of a texture from one sample of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import Context, Image, NodeError, Seed, node
from musegraph_nodes.image.pixels import check_size

from .features import FeatureNet
from .options import (
    BasisOf,
    Compare,
    Levels,
    OptimiserName,
    Preview,
    Repainted,
    SmoothWeight,
    Steps,
    Strokes,
    StyleLayers,
    StyleScale,
    Tile,
)
from .prepare import Style, styles_of
from .settings import Settings
from .transfer import count_of, curve_of

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from .nets import Features
    from .repaint import Options

Side = Annotated[int, Field(ge=32, le=4096, description="In pixels.")]


@node(version="3", numeric=True, uses="device", frugal="in smaller windows")
def texture(
    sample: Annotated[Image, Field(description="The texture; of a batch, the mean of all.")],
    features: FeatureNet,
    ctx: Context,
    width: Side = 512,
    height: Side = 512,
    seamless: Annotated[
        bool, Field(description="Whether the texture joins with itself at all four sides.")
    ] = False,
    steps: Steps = 60,
    levels: Levels = 0,
    smooth: SmoothWeight = 0.3,
    optimiser: OptimiserName = "lbfgs",
    scale: StyleScale = 1.0,
    layers: StyleLayers = "",
    compare: Compare = "whitened",
    strokes: Strokes = True,
    basis: BasisOf = "waves",
    tile: Tile = 0,
    preview: Preview = 5,
    seed: Annotated[Seed, Field(description="Other seeds give other pieces of it.")] = 0,
) -> Repainted:
    """Make more of a texture: a new picture with the strokes, colours and grain of a sample.

    From noise, which patches of the sample cover at first, until the layers of a feature net find
    in it what they find in the sample (Gatys, Ecker and Bethge 2015,
    https://arxiv.org/abs/1505.07376).
    """
    from .repaint import Work, as_image, repaint, sizes_of

    prepared = styles_of([sample], None, None, None, "sample")
    check_size(width, height)
    chosen = Settings(
        steps=steps, levels=levels, style_weight=1.0, smooth=smooth / 3, optimiser=optimiser,
        basis=basis, strokes=strokes, style_scale=scale, style_layers=layers, compare=compare,
        tile=tile, preview=preview, seed=seed, around=seamless, natural=True,
        layers_port="layers",
    )  # fmt: skip
    with ctx.load(features) as net:
        options = chosen.options(net.layout)
        size = (width, height)
        _check_sides(size, net, options)
        work = Work(ctx, options.steps * count_of(size, net, options), preview=options.preview)
        coarsest = sizes_of(size, net, options)[0]
        start = _begun(prepared, coarsest, ctx.generator(seed))
        made, figures = repaint(net, None, prepared, size, start, options, work)
    return Repainted(as_image(made), curve_of(work), figures)


def _check_sides(size: tuple[int, int], net: Features, options: Options) -> None:
    """Refuse sides at which a seamless texture has half a cell at one of its sizes."""
    stride = max(net.layout.stride(layer) for layer in options.style_layers)
    step = stride * 2 ** (count_of(size, net, options) - 1) if options.around else 1
    width, height = size
    if width % step or height % step:
        raise NodeError(
            f"port 'seamless': with these layers and sizes both sides are multiples of {step},"
            f" and {width}×{height} is none; {_near(width, step)}×{_near(height, step)} is"
        )


def _begun(samples: list[Style], size: tuple[int, int], random: Generator) -> Tensor:
    """Noise [1,3,H,W] with the mean colour of the samples, and as far from it as they are."""
    import torch

    noise = torch.randn(1, 3, size[1], size[0], generator=random)
    mean, spread = (
        torch.stack(parts).mean(0)[:, :, None, None]
        for parts in (
            [sample.picture.mean((2, 3)) for sample in samples],
            [sample.picture.std((2, 3), correction=0) for sample in samples],
        )
    )
    return (mean + spread * noise).clamp(0, 1)


def _near(side: int, step: int) -> int:
    return max(step, round(side / step) * step)
