"""Less memory and less time: what a model is to give for that, in one place."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import Field

from musegraph import ADVANCED, Model, Patch, Vae, node
from musegraph_nodes.diffusion.references import check_loader, vae_of

from .marks import TOGETHER

Storage = Annotated[
    Literal["as loaded", "float8_e4m3fn", "float8_e5m2", "int8 by torchao"],
    Field(description="How weights are kept between uses; 8 bits halve 16."),
]
Offload = Annotated[
    Literal["no", "by block", "by layer"],
    Field(description="Weights stay in host memory and visit the GPU in groups."),
]
Attention = Annotated[
    Literal[
        "model default",
        "sliced",
        "native",
        "native math",
        "native flash",
        "native efficient",
        "native cudnn",
        "flex",
        "flash",
        "flash 3",
        "sage",
        "xformers",
    ],
    Field(description="Who computes attention; sliced takes less memory."),
]
Cache = Annotated[
    Literal["no", "deep", "first block", "taylor", "pyramid", "mag"],
    Field(
        description="Uses again what hardly changes from step to step. deep: for UNets; the"
        " others for transformers (pyramid and taylor by steps, first block and mag by change)."
    ),
]
Every = Annotated[
    int, Field(ge=1, le=20, description="deep, taylor, pyramid: compute anew in each n-th step.")
]
Threshold = Annotated[
    float,
    Field(ge=0, le=2, description="first block, mag: how much change is passed over."),
    ADVANCED,
]
Steps = Annotated[
    int,
    Field(ge=1, le=1000, description="mag: how many steps the sampler makes."),
    ADVANCED,
]
Last = Annotated[
    bool,
    Field(description="Another order in memory, faster for convolutions on some devices."),
    ADVANCED,
]
Compile = Annotated[
    bool,
    Field(description="torch.compile by region: minutes once, then faster."),
    ADVANCED,
]
Tiled = Annotated[
    bool, Field(description="The autoencoder works in overlapping tiles, as diffusers does.")
]
Together = Annotated[
    int,
    Field(
        ge=1,
        le=64,
        description="Seeds or prompts of a list, and samplers side by side, that are sampled as"
        " one batch at most; 1: each alone.",
    ),
]
OfModel = Annotated[Vae | None, Field(description="Without one, that of the model.")]


class Optimised(NamedTuple):
    """The parts of a model that take less memory or time."""

    model: Model
    vae: Vae


@node(version="1")
def optimise(
    model: Model,
    vae: OfModel = None,
    storage: Storage = "as loaded",
    offload: Offload = "no",
    attention: Attention = "model default",
    cache: Cache = "no",
    cache_every: Every = 3,
    cache_threshold: Threshold = 0.08,
    cache_steps: Steps = 20,
    channels_last: Last = False,
    compile: Compile = False,  # noqa: A002 - the name that people know it by
    tile_vae: Tiled = False,
    together: Together = 1,
) -> Optimised:
    """Trade exactness for memory or time, visibly: every choice here is part of what was made.

    The engine by itself only does what leaves pictures bit-equal. Most of these change them a
    little, caches a little more; each is taken back when the model is used without it. Step caches:
    https://arxiv.org/abs/2312.00858 (deep), https://arxiv.org/abs/2503.06923 (taylor),
    https://arxiv.org/abs/2408.12588 (pyramid), https://arxiv.org/abs/2506.09045 (mag).

    ``together`` takes memory and saves time where a picture leaves the device idle. Each picture
    starts from the same noise and is kept by itself; how many were made beside it changes its last
    digits (1e-4 relative in float32), so one made alone later is not bit-equal.
    """
    check_loader(model)
    vae = vae or vae_of(model)
    check_loader(vae)
    placed: dict[str, Any] = {}
    if storage != "as loaded":
        placed["storage"] = storage
    if offload != "no":
        placed["offload"] = offload
    placed |= {"channels_last": True} if channels_last else {}
    placed |= {"compile": True} if compile else {}
    patches = list(model.patches)
    if attention != "model default":
        patches.append(_patch("attention", backend=attention))
    if cache != "no":
        steps = {"every": cache_every, "threshold": cache_threshold, "steps": cache_steps}
        patches.append(_patch("cache", cache=cache, **steps))
    if together > 1:
        patches.append(_patch(TOGETHER, most=together))
    own = {"optimise": {"channels_last": True}} if channels_last else {}
    tiled = (_patch("tiling"),) if tile_vae else ()
    return Optimised(
        _with(model, {"optimise": placed} if placed else {}, tuple(patches)),
        _with(vae, own, (*vae.patches, *tiled)),
    )


R = TypeVar("R", Model, Vae)


def _with(ref: R, options: dict[str, Any], patches: tuple[Patch, ...]) -> R:
    return ref.model_copy(update={"options": ref.options | options, "patches": patches})


def _patch(kind: str, **options: Any) -> Patch:
    return Patch(source="", options={"kind": kind, **options})
