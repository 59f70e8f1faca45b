"""The ports that the nodes of this pack share."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Image, Json, Mask

STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT_LAYERS = ("conv4_2",)
"""As Gatys et al. (2016) chose them."""


Content = Annotated[Image, Field(description="What is to be seen: its shapes stay where they are.")]
Styles = Annotated[
    list[Image], Field(description="In whose manner: one picture, or several that are blended.")
]
Shares = Annotated[
    list[float] | None,
    Field(description="How much each style counts beside the others; without, all count alike."),
    ADVANCED,
]
Longest = Annotated[
    int, Field(ge=0, le=4096, description="Longer side of the result in pixels; 0: as it is.")
]
Steps = Annotated[
    int, Field(ge=1, le=5000, description="At each size from coarse to fine; more are finer.")
]
Levels = Annotated[
    int,
    Field(
        ge=0, le=6,
        description="How many sizes, each twice the one before; 0: as many as the picture has room"
        " for. Coarse ones make large strokes.",
    ), ADVANCED]  # fmt: skip
OptimiserName = Annotated[
    Literal["lbfgs", "adam"],
    Field(description="lbfgs gets further in a step; adam is steadier and needs less memory."),
    ADVANCED,
]
ContentWeight = Annotated[
    float,
    Field(ge=0, le=1e6, description="How much the shapes of the content count."),
    ADVANCED,
]
StyleWeight = Annotated[float, Field(ge=0, le=1e6, description="How much the style counts.")]
SmoothWeight = Annotated[
    float, Field(ge=0, le=1e4, description="How much noise is smoothed: total variation."), ADVANCED
]
KeepColours = Annotated[
    Literal["none", "luminance", "histogram"],
    Field(
        description="Keeps the colours of the content. luminance: only brightness is repainted;"
        " histogram: the style is given the colours of the content first."
    ),
]
Compare = Annotated[
    Literal["whitened", "centred", "gram"],
    Field(
        description="What of the features is compared. gram: Gram matrices as they are; centred:"
        " about the mean of the style; whitened: and faint variations count as much as strong"
        " ones, so that strokes are clear and noise is rare. The others want ten times the weight."
    ),
    ADVANCED,
]
StyleLayers = Annotated[
    str,
    Field(description="Layers, with commas between; empty: conv1_1, conv2_1, conv3_1, conv4_1,"
          " conv5_1."), ADVANCED]  # fmt: skip
ContentLayers = Annotated[
    str, Field(description="Layers, with commas between; empty: conv4_2."), ADVANCED
]
StyleScale = Annotated[
    float,
    Field(ge=0.1, le=4, description="Size of the strokes: 2 shows the style at twice the size."),
]
Masks = Annotated[
    list[Mask] | None, Field(description="Where each style counts: one mask for each.")
]
Init = Annotated[
    Literal["content", "noise", "picture"],
    Field(description="What to begin with; picture: that at the port 'start'."),
    ADVANCED,
]
Strength = Annotated[
    float,
    Field(
        ge=0.05,
        le=1,
        description="1: wholly in the style; below, the content counts as a style too, by the rest"
        " of the share: its own colours, marks and edges come back.",
    ),
]
Strokes = Annotated[
    bool,
    Field(
        description="Whether each size begins with patches of the style, laid where they resemble"
        " what is to be seen: clear strokes after few steps. Without, all comes of the feature net."
    ),
    ADVANCED,
]
Recolour = Annotated[
    bool,
    Field(
        description="Whether the content takes the colours of the styles before its shapes are"
        " looked at, so that its own do not stand against theirs."
    ),
    ADVANCED,
]
BasisOf = Annotated[
    Literal["waves", "pixels"],
    Field(
        description="What is changed at each step. waves: large shapes and common colours first,"
        " so that noise is rare; pixels: each pixel by itself, as it was first published."
    ),
    ADVANCED,
]
Tile = Annotated[
    int,
    Field(
        ge=0, le=4096,
        description="Side of the windows in which a large picture is worked on, which saves memory"
        " and changes nothing; 0: where it needs them.",
    ), ADVANCED]  # fmt: skip
Preview = Annotated[
    int, Field(ge=0, le=1000, description="A preview after so many steps; 0: none."), ADVANCED
]


class Repainted(NamedTuple):
    """The picture, its losses step by step, and its figures."""

    image: Image
    curve: Image
    figures: Json
