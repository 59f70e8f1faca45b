"""Leading a sampler by a picture: ControlNets and T2I-Adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import Conditioning, Context, ControlNet, Image, ModelSource, NodeError, node
from musegraph_nodes.diffusion.control.marks import add_control
from musegraph_nodes.diffusion.layouts.weights import stored_type

from .controlnet_files import LOADER, read_controlnet

if TYPE_CHECKING:
    from torch import Tensor

Start = Annotated[float, Field(ge=0, le=1, description="Where it sets in: 0 at the first step.")]
End = Annotated[float, Field(ge=0, le=1, description="Where it ends: 1 after the last step.")]


@node(version="1", title="Load ControlNet")
def load_controlnet(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of Diffusers, or one .safetensors file in either layout.",
            json_schema_extra={"models": ["control", "t2i_adapter"]},
        ),
    ],
    ctx: Context,
    precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Field(description="Of the arithmetic. auto: float32 on the CPU; on a GPU as it is stored."),
    ] = "auto",
) -> ControlNet:
    """Open a ControlNet or a T2I-Adapter, by which a picture leads a sampler.

    See https://arxiv.org/abs/2302.05543 and https://arxiv.org/abs/2302.08453. Reads the JSON and
    the headers of the weights; the sampler loads them. What a single file does not tell stands in
    the folder ``NAME.config`` beside it, as ``controlnet/config.json``.
    """
    place = ctx.weights(source)
    found = read_controlnet(place.path, source)
    return ControlNet(
        loader=LOADER,
        source=source,
        digest=place.digest,
        part=found.kind,
        family=found.family,
        options={"precision": precision, "stored": stored_type(found.header)},
    )


@node(version="1", title="ControlNet")
def control(
    conditioning: Annotated[Conditioning, Field(description="The positive text; chain several.")],
    controlnet: ControlNet,
    image: Annotated[
        Image, Field(description="What it was trained on, such as edges; as large as the picture.")
    ],
    strength: Annotated[float, Field(ge=0, le=10, description="1 is as trained.")] = 1.0,
    start: Start = 0.0,
    end: End = 1.0,
    guess: Annotated[
        bool,
        Field(description="Leads only towards, not away: finds out of the picture what is meant."),
    ] = False,
) -> Conditioning:
    """Lead what a text makes by a picture, with a ControlNet or a T2I-Adapter.

    What guidance leads away from is led by the same picture, as in the pipelines of diffusers,
    unless it has controls of its own or ``guess`` is on.
    """
    if controlnet.loader != LOADER:
        raise NodeError(
            f"the reference to {controlnet.source!r} was made for {controlnet.loader!r}; link one"
            " that diffusion.load_controlnet gives"
        )
    known = {"sd15", "sd21", "sdxl"}
    if {conditioning.family, controlnet.family} <= known and (
        conditioning.family != controlnet.family
    ):
        raise NodeError(
            f"the ControlNet {controlnet.source!r} is for the family {controlnet.family!r} and the"
            f" text is encoded for {conditioning.family!r}; take one that was made for that family"
        )
    if start >= end:
        raise NodeError(
            f"the control ends at {end:g}, before it starts at {start:g}; set end higher"
        )
    spec = {
        "ref": controlnet.model_dump(mode="json"),
        "strength": strength,
        "start": start,
        "end": end,
        "guess": guess,
    }
    return add_control(conditioning, spec, _planes(image))


def _planes(image: Image) -> Tensor:
    """[B,3,H,W]; where a picture is see-through it is black, which controls read as nothing."""
    data = image.data.float()
    if data.shape[-1] == 4:
        data = data[..., :3] * data[..., 3:]
    return data.permute(0, 3, 1, 2).contiguous()
