"""Node `diffusion.style_guidance`: a sampler led towards the manner of other pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Conditioning, Image, NodeError, node
from musegraph_nodes.style.features import LOADER, FeatureNet
from musegraph_nodes.style.options import (
    ContentLayers,
    ContentWeight,
    Shares,
    SmoothWeight,
    StyleLayers,
    Styles,
    StyleScale,
    StyleWeight,
)
from musegraph_nodes.style.prepare import colours, styles_of

from .marks import STYLE

if TYPE_CHECKING:
    from torch import Tensor

MOST = 8
"""Style pictures at most: each is measured at the size of what is sampled."""

Strength = Annotated[
    float,
    Field(ge=0, le=5, description="How far each push goes: 1 is usual, 0 leaves the text alone."),
]
Pushes = Annotated[
    int, Field(ge=1, le=50, description="How often a step is pushed: more are nearer to the style.")
]
Every = Annotated[
    int,
    Field(ge=1, le=100, description="Pushes in one of so many steps: 2 in every second."),
    ADVANCED,
]
Start = Annotated[float, Field(ge=0, le=1, description="Where it sets in: 0 at once."), ADVANCED]
End = Annotated[float, Field(ge=0, le=1, description="Where it ends: 1 at the end."), ADVANCED]


@node(version="1")
def style_guidance(
    conditioning: Annotated[Conditioning, Field(description="The positive text.")],
    styles: Styles,
    features: FeatureNet,
    content: Annotated[
        Image | None,
        Field(
            description="Whose shapes are to stay; without one, only the text says what is seen."
        ),
    ] = None,
    weights: Shares = None,
    strength: Strength = 1.0,
    pushes: Pushes = 1,
    every: Every = 1,
    start: Start = 0.0,
    end: End = 1.0,
    style_weight: StyleWeight = 3.0,
    content_weight: ContentWeight = 1.0,
    smooth: SmoothWeight = 0.5,
    style_scale: StyleScale = 1.0,
    style_layers: StyleLayers = "",
    content_layers: ContentLayers = "",
) -> Conditioning:
    """Lead a sampler towards the manner of other pictures, with any model and without training.

    At each step the picture that is expected is decoded, and its latent pushed the way in which
    the losses of `style.transfer` fall: backward universal guidance (Bansal et al. 2023,
    https://arxiv.org/abs/2302.07121, section 3.2). The model's own net is not gone back through, so
    it takes the memory of the decoder and works with all families, samplers and controls. The
    sampler carries it out; the autoencoder is that of its model.
    """
    spec = _spec(features, strength, start, end) | {
        "pushes": pushes, "every": every, "style_weight": style_weight, "smooth": smooth,
        "content_weight": content_weight, "style_scale": style_scale,
        "style_layers": style_layers, "content_layers": content_layers,
    }  # fmt: skip
    if not style_weight and not content_weight:
        raise NodeError(
            "port 'style_weight': it is 0, and so is content_weight, so nothing is left to push"
            " towards; set one above 0"
        )
    shown, shares = _shown(styles, weights, content)
    return _put(conditioning, spec | {"weights": shares}, shown)


def _shown(
    styles: list[Image], weights: list[float] | None, content: Image | None
) -> tuple[dict[str, Tensor], list[float]]:
    """The pictures by their names in a conditioning, and how much each style counts."""
    found = styles_of(styles, weights, None, None)
    if len(found) > MOST:
        raise NodeError(
            f"port 'styles': there are {len(found)}, and {MOST} are the most; give fewer"
        )
    shown = {f"{STYLE}:{at}": style.picture for at, style in enumerate(found)}
    if content is not None:
        shown[f"{STYLE}:content"] = colours(content, "content")
    return shown, [style.weight for style in found]


def _put(
    conditioning: Conditioning, spec: dict[str, Any], shown: dict[str, Tensor]
) -> Conditioning:
    """A conditioning with a style; without strength, the very same."""
    if any(STYLE in part.options for part in conditioning.parts):
        raise NodeError(
            "port 'conditioning': the text has a style already; give all styles to one node, which"
            " blends them by their weights"
        )
    if not spec["strength"]:
        return conditioning
    parts = tuple(
        replace(part, embeds=part.embeds | shown, options=part.options | {STYLE: spec})
        for part in conditioning.parts
    )
    return replace(conditioning, parts=parts)


def _spec(features: FeatureNet, strength: float, start: float, end: float) -> dict[str, Any]:
    if features.loader != LOADER:
        raise NodeError(
            f"port 'features': the reference to {features.source!r} was made for"
            f" {features.loader!r}; link one that style.load_features gives"
        )
    if start >= end:
        raise NodeError(
            f"port 'end': style guidance ends at {end:g}, before it starts at {start:g}; set end"
            " higher"
        )
    return {
        "features": features.model_dump(mode="json"),
        "strength": strength,
        "start": start,
        "end": end,
    }
