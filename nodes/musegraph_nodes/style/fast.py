"""Nodes `style.load_fast` and `style.apply`: a net that knows one style repaints in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import Context, Image, Loader, ModelError, ModelSource, Reference, node, read_header

from .colours import recoloured
from .fast_layout import FastLayout, passed, read_layout
from .features import size
from .prepare import alpha_of, colours

if TYPE_CHECKING:
    from torch import Tensor

    from .fast_nets import FastStyle

LOADER = "style.fast"
_PICKLES = frozenset({".pth", ".pt", ".model", ".bin", ".ckpt", ".pkl"})


class FastNet(Reference):
    """A net that repaints pictures in the one style that it was trained on."""


@node(version="1")
def load_fast(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="A .safetensors file in the layout of PyTorch's example fast_neural_style,"
            " or what style.train_fast made.",
            json_schema_extra={"models": ["style"]},
        ),
    ],
) -> FastNet:
    """Choose a net that was trained on one style."""
    return reference(source, ctx)


def reference(source: str, ctx: Context) -> FastNet:
    """A reference to a fast net, made from its header alone."""
    found = ctx.weights(source)
    layout_of(found.path, source)
    return FastNet(
        loader=LOADER, source=source, part="fast", digest=found.digest, family="fast_style"
    )


def layout_of(place: Path, source: str) -> FastLayout:
    """The layout that a file's header tells; a pickle or a folder is refused."""
    if place.suffix in _PICKLES:
        raise ModelError(
            f"{source!r} is a pickle, which can run code when it is opened, so it never is; get the"
            " fast style net as .safetensors"
        )
    if not place.is_file():
        raise ModelError(f"{source!r} is a folder; a fast style net is one .safetensors file")
    return read_layout(read_header(place), source)


def load(ref: Reference, place: Path, device: str) -> FastStyle:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .fast_nets import build

    layout = layout_of(place, ref.source)
    try:
        stored = load_file(place)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{place} cannot be read: {error}; get it again") from error
    net = build(layout)
    kept = {name: tensor.float() for name, tensor in stored.items() if not passed(name)}
    net.load_state_dict(kept, strict=True, assign=True)
    return net.eval().requires_grad_(False).to(device)


fast = Loader(load, size)


@node(version="1", numeric=True, uses="device")
def apply(
    image: Image,
    net: FastNet,
    ctx: Context,
    strength: Annotated[
        float, Field(ge=0, le=1, description="1: as the net paints it; 0: the picture as it was.")
    ] = 1.0,
    keep_colours: Annotated[
        Literal["none", "luminance"],
        Field(description="luminance: brightness from the style, colours from the picture."),
    ] = "none",
) -> Image:
    """Repaint pictures in one pass with a net that knows one style.

    style.load_fast chooses such a net, style.train_fast makes one of any picture. Strokes keep
    their size in pixels, so a larger picture has finer ones.
    """
    import torch

    planes, alpha = colours(image, "image"), alpha_of(image)
    made = []
    with ctx.load(net) as live, torch.inference_mode():
        for at in range(len(planes)):
            ctx.progress(at, len(planes))
            one = planes[at : at + 1]
            made.append(_painted(live, one, strength, keep_colours == "luminance", ctx))
    ctx.progress(len(planes), len(planes))
    data = torch.cat(made).permute(0, 2, 3, 1)
    if alpha is not None:
        data = torch.cat((data, alpha[..., None]), -1)
    return Image(data.contiguous())


def _painted(net: Any, picture: Tensor, strength: float, keep: bool, ctx: Context) -> Tensor:
    if not strength:
        return picture
    painted: Tensor = net(picture.to(ctx.device)).clamp(0, 1).cpu()
    if keep:
        painted = recoloured(painted, picture)
    return picture + (painted - picture) * strength
