"""Pictures that join with themselves: convolutions whose edges meet."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import Model, ModelError, Patch, Vae, node
from musegraph_nodes.diffusion.references import check_loader, vae_of

if TYPE_CHECKING:
    from torch import Tensor

KIND = "seamless"
Axes = Literal["both", "sideways", "upwards"]


class Seamless(NamedTuple):
    """The parts of a model that make pictures which join with themselves."""

    model: Model
    vae: Vae


@node(version="1")
def seamless(
    model: Model,
    vae: Annotated[Vae | None, Field(description="Without one, that of the model.")] = None,
    axes: Annotated[
        Axes, Field(description="Whether left joins right, top joins bottom, or both.")
    ] = "both",
) -> Seamless:
    """Make pictures that can be laid beside themselves: tiles, wallpapers, textures.

    The convolutions of the model and of its autoencoder see the opposite edge where they would see
    nothing. Link both outputs. For models of convolutions: Stable Diffusion and SDXL.
    """
    check_loader(model)
    vae = vae or vae_of(model)
    check_loader(vae)
    patch = Patch(source="", options={"kind": KIND, "axes": axes})
    return Seamless(
        model.model_copy(update={"patches": (*model.patches, patch)}),
        vae.model_copy(update={"patches": (*vae.patches, patch)}),
    )


def make_seamless(net: Any, axes: str) -> None:
    """Let the convolutions of a network see the opposite edge; nothing of their weights changes."""
    import torch

    found = [
        module
        for module in net.modules()
        if isinstance(module, torch.nn.Conv2d) and any(module.padding)
    ]
    if not found:
        raise ModelError(
            f"a {type(net).__name__} has no convolutions whose edges could meet; diffusion.seamless"
            " is for Stable Diffusion and SDXL"
        )
    sideways = "circular" if axes != "upwards" else "constant"
    upwards = "circular" if axes != "sideways" else "constant"
    for module in found:
        module._conv_forward = MethodType(_around(sideways, upwards), module)  # type: ignore[method-assign]


def _around(sideways: str, upwards: str) -> Any:
    """A convolution that pads sideways and upwards in ways of their own."""

    def forward(self: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        from torch.nn.functional import conv2d, pad

        high, wide = self.padding
        x = pad(x, (wide, wide, 0, 0), mode=sideways)
        x = pad(x, (0, 0, high, high), mode=upwards)
        return conv2d(x, weight, bias, self.stride, 0, self.dilation, self.groups)

    return forward
