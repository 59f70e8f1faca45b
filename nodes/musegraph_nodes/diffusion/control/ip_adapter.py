"""Pictures in the place of words: IP-Adapters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import (
    ADVANCED,
    Conditioning,
    Context,
    Image,
    Mask,
    Model,
    ModelSource,
    NodeError,
    Patch,
    Vision,
    node,
)
from musegraph_nodes.diffusion.references import check_loader

from .blocks import read_blocks
from .ip_adapter_live import KIND, read_adapter
from .marks import PICTURE
from .vision import check_vision, embeddings

if TYPE_CHECKING:
    from torch import Tensor


Only = Annotated[
    Literal["all", "style", "layout", "style and layout"],
    Field(description="What to take over: with SDXL its style, its layout, or both."),
]
Blocks = Annotated[
    str,
    Field(description="Weights of blocks, times the weight: IN08:0, OUT01:1.5. Empty: all 1."),
    ADVANCED,
]
Start = Annotated[float, Field(ge=0, le=1, description="Where it sets in: 0 at once."), ADVANCED]
End = Annotated[float, Field(ge=0, le=1, description="Where it ends: 1 at the end."), ADVANCED]
Source = Annotated[
    ModelSource,
    Field(
        description="One .safetensors file with image_proj and ip_adapter in it.",
        json_schema_extra={"models": ["ip_adapter"]},
    ),
]

Where = Annotated[
    Mask | None,
    Field(description="Where it counts: one, or one for each picture; without, everywhere."),
]


class WithPicture(NamedTuple):
    """A model that looks at a picture, and the text with the picture."""

    model: Model
    conditioning: Conditioning


@node(version="1", title="IP-Adapter", numeric=True, uses="device")
def ip_adapter(
    model: Model,
    conditioning: Annotated[Conditioning, Field(description="The positive text; chain several.")],
    source: Source,
    vision: Annotated[Vision, Field(description="The encoder that the adapter was trained with.")],
    image: Annotated[Image, Field(description="What to look at; a batch is seen as one thing.")],
    ctx: Context,
    weight: Annotated[float, Field(ge=-5, le=5, description="1 is as trained.")] = 1.0,
    start: Start = 0.0,
    end: End = 1.0,
    only: Only = "all",
    blocks: Blocks = "",
    mask: Where = None,
) -> WithPicture:
    """Let a model look at a picture as it reads a text (https://arxiv.org/abs/2308.06721).

    Both outputs go to the sampler: the model with the adapter on it, and the text with what the
    encoder sees. Style and layout lie in blocks of their own (https://arxiv.org/abs/2404.02733).
    """
    check_loader(model)
    check_vision(vision)
    if start >= end:
        raise NodeError(
            f"the adapter ends at {end:g}, before it starts at {start:g}; set end higher"
        )
    found = ctx.weights(source)
    adapter = read_adapter(found.path, source)
    with ctx.load(vision) as live:
        seen, none = embeddings(live, image, adapter.tokens, ctx.device)
    if seen.shape[-1] != adapter.reads:
        raise NodeError(
            f"the adapter {source!r} reads embeddings {adapter.reads} wide and the encoder"
            f" {vision.source!r} makes them {seen.shape[-1]} wide; link the encoder that the"
            " adapter was trained with"
        )
    options: dict[str, Any] = {"kind": KIND, "start": start, "end": end, "only": only}
    if known := read_blocks(blocks):
        options["blocks"] = known
    patch = Patch(source=source, digest=found.digest, strength=weight, options=options)
    index = sum(other.options.get("kind") == KIND for other in model.patches)
    name = f"{PICTURE}{index}"
    own = {name: seen.cpu(), f"{name}:free": none.cpu()}
    if mask is not None:
        own[f"{name}:mask"] = _masks(mask, seen.shape[1])
    parts = tuple(replace(part, embeds=part.embeds | own) for part in conditioning.parts)
    return WithPicture(
        model.model_copy(update={"patches": (*model.patches, patch)}),
        Conditioning(parts, conditioning.family),
    )


def _masks(mask: Mask, count: int) -> Tensor:
    """A mask for each picture: [1,n,H,W]."""
    if len(mask.data) not in (1, count):
        raise NodeError(
            f"there are {len(mask.data)} masks for {count} pictures; give one, or one for each"
        )
    return mask.data.float().cpu().expand(count, -1, -1)[None].contiguous()
