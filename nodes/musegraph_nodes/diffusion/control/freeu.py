"""FreeU: what the backbone of a UNet says made louder, what goes past it made softer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from musegraph import Model, ModelError, Patch, node
from musegraph_nodes.diffusion.references import check_loader

KIND = "freeu"

Louder = Annotated[
    float, Field(ge=0, le=4, description="How loud the backbone is there; 1 as trained.")
]
Softer = Annotated[
    float, Field(ge=0, le=4, description="How loud what is coarse in the skips is there; 1 all.")
]


@node(version="1", title="FreeU")
def freeu(
    model: Model,
    b1: Louder = 1.3,
    b2: Louder = 1.4,
    s1: Softer = 0.9,
    s2: Softer = 0.2,
) -> Model:
    """Make what a UNet denoises with louder than what its skips bring past it.

    FreeU (https://arxiv.org/abs/2309.11497): 1 and 2 are the deepest two blocks on the way up.
    Its authors use 1.3, 1.4, 0.9, 0.2 for Stable Diffusion 1.4 and SDXL, 1.5, 1.6, 0.9, 0.2 for
    1.5, and 1.4, 1.6, 0.9, 0.2 for 2.1. It costs no training and hardly any time.
    """
    check_loader(model)
    options = {"kind": KIND, "b1": b1, "b2": b2, "s1": s1, "s2": s2}
    patch = Patch(source="", options=options)
    return model.model_copy(update={"patches": (*model.patches, patch)})


def enable_freeu(net: Any, told: dict[str, Any]) -> None:
    """Set it on a live UNet; its numbers are attributes of blocks, which the lease puts back."""
    if not hasattr(net, "enable_freeu"):
        raise ModelError(
            f"a {type(net).__name__} has no skips past its backbone; diffusion.freeu is for Stable"
            " Diffusion and SDXL"
        )
    net.enable_freeu(**{name: told[name] for name in ("s1", "s2", "b1", "b2")})
