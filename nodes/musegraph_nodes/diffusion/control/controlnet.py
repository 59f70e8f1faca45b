"""Leading a sampler by a picture: ControlNets and T2I-Adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import (
    ADVANCED,
    Conditioning,
    Context,
    ControlNet,
    Image,
    ModelSource,
    NodeError,
    node,
)
from musegraph_nodes.diffusion.control.marks import add_control
from musegraph_nodes.diffusion.layouts.weights import stored_type

from .controlnet_files import LOADER, read_controlnet

if TYPE_CHECKING:
    from torch import Tensor


KINDS = ("pose", "depth", "soft edge", "line", "normal", "segment", "tile", "inpaint")
"""Kinds of pictures by the numbers that the union ControlNets for SDXL give them."""

Kind = Annotated[
    Literal[
        "not said", "pose", "depth", "soft edge", "line", "normal", "segment", "tile", "inpaint"
    ],
    Field(description="What a union ControlNet is shown: line also for canny, soft edge scribble."),
]  # fmt: skip
Start = Annotated[
    float, Field(ge=0, le=1, description="Where it sets in: 0 at the first step."), ADVANCED
]
End = Annotated[
    float, Field(ge=0, le=1, description="Where it ends: 1 after the last step."), ADVANCED
]


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
    kinds = {"kinds": found.kinds} if found.kinds else {}
    return ControlNet(
        loader=LOADER,
        source=source,
        digest=place.digest,
        part=found.kind,
        family=found.family,
        options={"precision": precision, "stored": stored_type(found.header)} | kinds,
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
        ADVANCED,
    ] = False,
    kind: Kind = "not said",
) -> Conditioning:
    """Lead what a text makes by a picture, with a ControlNet or a T2I-Adapter.

    What guidance leads away from is led by the same picture, as in the pipelines of diffusers,
    unless it has controls of its own or ``guess`` is on. Pictures of several kinds for one union
    ControlNet are shown to it together.
    """
    _check(conditioning, controlnet, kind)
    if start >= end:
        raise NodeError(
            f"the control ends at {end:g}, before it starts at {start:g}; set end higher"
        )
    spec: dict[str, Any] = {
        "ref": controlnet.model_dump(mode="json"),
        "strength": strength,
        "start": start,
        "end": end,
        "guess": guess,
    }
    if kind != "not said":
        spec["kind"] = KINDS.index(kind)
    return add_control(conditioning, spec, _planes(image))


def _check(conditioning: Conditioning, controlnet: ControlNet, kind: str) -> None:
    """Refuse a control of another pack or family, and a kind of picture that it cannot tell."""
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
    known_kinds = KINDS[: int(controlnet.options.get("kinds", 0))]
    if kind in known_kinds or (kind == "not said" and not known_kinds):
        return
    if not known_kinds:
        raise NodeError(
            f"the ControlNet {controlnet.source!r} was made for one kind of picture; leave kind at"
            " 'not said'"
        )
    raise NodeError(
        f"the ControlNet {controlnet.source!r} tells {len(known_kinds)} kinds of pictures apart;"
        f" set kind to that of this one: {', '.join(known_kinds)}"
    )


def _planes(image: Image) -> Tensor:
    """[B,3,H,W]; where a picture is see-through it is black, which controls read as nothing."""
    data = image.data.float()
    if data.shape[-1] == 4:
        data = data[..., :3] * data[..., 3:]
    return data.permute(0, 3, 1, 2).contiguous()
