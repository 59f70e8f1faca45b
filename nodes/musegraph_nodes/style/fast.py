"""Nodes `style.load_fast` and `style.apply`: a net that knows one style repaints in one pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import (
    Context,
    Image,
    Loader,
    ModelError,
    ModelSource,
    Reference,
    node,
    read_header,
    read_safetensors,
)
from musegraph_nodes.weights import PICKLES, refuse_pickle

from .colours import recoloured
from .fast_layout import FastLayout, chosen, passed, read_layout
from .features import size
from .prepare import alpha_of, colours

if TYPE_CHECKING:
    from torch import Tensor

    from .fast_nets import FastStyle

LOADER = "style.fast"
BUNDLED = "starter/fast"


class FastNet(Reference):
    """A net that repaints pictures in the one style that it was trained on."""


@node(version="2")
def load_fast(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="A .safetensors file in the layout of PyTorch's example fast_neural_style,"
            " or what style.train_fast made. starter/fast comes with Musegraph.",
            json_schema_extra={"models": ["style"]},
        ),
    ] = BUNDLED,
    style: Annotated[
        str,
        Field(
            max_length=60,
            description="Which style, where a file knows several; empty: the first. starter/fast"
            " knows ink, woodblock, mosaic, impasto, pointillism, blueprint, stained_glass and"
            " watercolour.",
        ),
    ] = "",
) -> FastNet:
    """Choose a net that was trained on one style, or one of several that lie in a file."""
    return reference(source, ctx, style)


def reference(source: str, ctx: Context, style: str = "") -> FastNet:
    """A reference to a fast net, made from its header alone."""
    found = ctx.weights(source)
    layout_of(file_of(found.path, source), source, style)
    return FastNet(
        loader=LOADER, source=source, part="fast", digest=found.digest, family="fast_style",
        options={"style": style},
    )  # fmt: skip


def file_of(place: Path, source: str) -> Path:
    """The one file of a fast net; a pickle or a folder without a net is refused."""
    refuse_pickle(place, source, "get the fast style net as .safetensors", PICKLES | {".model"})
    file = place if place.is_file() else place / "model.safetensors"
    if not file.is_file():
        raise ModelError(f"{source!r} is a folder; a fast style net is one .safetensors file")
    return file


def layout_of(file: Path, source: str, style: str = "") -> FastLayout:
    """The layout of one style that a file's header tells."""
    return read_layout(chosen(read_header(file), style, source), source)


def grain_of(file: Path) -> float:
    """How much noise a net wants on the pictures that it sees, as its file says."""
    try:
        said = json.loads(read_safetensors(file).metadata.get("musegraph", "{}"))
        grain = float(said.get("grain", 0))
    except (ValueError, TypeError, AttributeError):
        return 0.0
    return grain if 0 <= grain <= 1 else 0.0


def load(ref: Reference, place: Path, device: str) -> FastStyle:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .fast_nets import build

    file, style = file_of(place, ref.source), str(ref.options.get("style", ""))
    layout = layout_of(file, ref.source, style)
    try:
        stored = chosen(load_file(file), style, ref.source)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}; get it again") from error
    net = build(layout)
    kept = {name: tensor.float() for name, tensor in stored.items() if not passed(name)}
    net.load_state_dict(kept, strict=True, assign=True)
    net.grain = grain_of(file)
    return net.eval().requires_grad_(False).to(device)


fast = Loader(load, size)


@node(version="2", numeric=True, uses="device")
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
    from .fast_nets import grained

    painted: Tensor = net(grained(picture, net.grain).to(ctx.device)).clamp(0, 1).cpu()
    if keep:
        painted = recoloured(painted, picture)
    return picture + (painted - picture) * strength
