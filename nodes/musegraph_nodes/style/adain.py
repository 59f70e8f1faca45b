"""Node `style.adain` and the loader `adain`: any style in one pass (Huang and Belongie 2017)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import (
    Context,
    Image,
    Loader,
    Mask,
    ModelError,
    ModelSource,
    Reference,
    node,
    read_safetensors,
)
from musegraph_nodes.image.pixels import check_size
from musegraph_nodes.weights import check_shapes, one_file, refuse_pickle

from .colours import recoloured
from .features import size as bytes_of
from .keeping import Kept
from .layouts import read_layout
from .options import Content, KeepColours, Longest, Shares, Styles
from .prepare import Style, alpha_of, check_side, colours, fitted, resized, styles_of
from .weave import laid_of, shown_as

if TYPE_CHECKING:
    from torch import Tensor

    from .adain_nets import AdaIN, Look

LOADER = "style.adain"
BUNDLED = "starter/adain"
_KEPT = 384 * 2**20
"""Bytes of what was laid and seen that are kept: so a slider runs the net alone."""


def reference(source: str, ctx: Context) -> Reference:
    """A reference to an encoder with its decoder, made from the header alone."""
    found = ctx.weights(source)
    _headed(found.path, source)
    return Reference(
        loader=LOADER, source=source, part="adain", digest=found.digest, family="adain"
    )


def _headed(place: Path, source: str) -> tuple[Path, AdaIN]:
    """The file of a source and a net without weights that fits it, or why none does."""
    from .adain_nets import without_weights

    refuse_pickle(place, source, "get the net as .safetensors")
    file = one_file(
        place,
        source,
        "holds no AdaIN",
        "name one .safetensors file, or a folder with one of that name",
    )
    header = read_safetensors(file)
    names = {name: tuple(entry["shape"]) for name, entry in header.tensors.items()}
    encoder = {n: e for n, e in header.tensors.items() if not n.startswith("decoder.")}
    if len(encoder) == len(names):
        raise ModelError(
            f"{source!r} holds no AdaIN: it has no decoder.paint.weight; a file with an encoder"
            " (features.0.weight …) and its decoder is wanted, as training.adain writes it"
        )
    layout = read_layout(encoder, source, header.metadata)
    net = without_weights(layout)
    wanted = {named(name): tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    check_shapes(names, wanted, f"the AdaIN {source!r}", "no decoder for this encoder has")
    return file, net


def named(own: str) -> str:
    """What a tensor of the net is called in a file."""
    return own.removeprefix("encoder.") if own.startswith("encoder.") else f"decoder.{own}"


class Painter:
    """A net on a device, and what it saw and laid lately."""

    def __init__(self, net: AdaIN) -> None:
        self.net = net
        self.kept = Kept(_KEPT)

    def look(self, picture: Tensor, device: str, manner: bool = False) -> Look:
        """What the encoder sees of a picture [1,3,H,W]; of one that it saw lately, at once."""

        def seen() -> Look:
            found = self.net.look(picture.to(device))
            return found.manner() if manner else found

        found: Look = self.kept(("look", manner), (picture,), seen, _bytes)
        return found


def _bytes(look: Look) -> int:
    return sum(int(made.numel()) * 4 for made in look.features.values())


def load(ref: Reference, place: Path, device: str) -> Painter:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file, net = _headed(place, ref.source)
    try:
        stored = load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}; get it again") from error
    kept = {own: stored[named(own)].float() for own in net.state_dict()}
    net.load_state_dict(kept, strict=True, assign=True)
    return Painter(net.eval().requires_grad_(False).to(device).by_pixel())


adain_loader = Loader(load, lambda live: bytes_of(live.net))


Places = Annotated[
    list[Mask] | None, Field(description="Where each style counts: one mask for each.")
]
Strength = Annotated[
    float, Field(ge=0, le=1, description="1: wholly in the style; 0: as the content was.")
]


Net = Annotated[
    ModelSource,
    Field(
        description="An encoder with its decoder; starter/adain comes with Musegraph.",
        json_schema_extra={"models": ["style"]},
    ),
]


@node(id="adain", version="4", numeric=True, uses="device")
def adain(
    content: Content,
    styles: Styles,
    ctx: Context,
    weights: Shares = None,
    masks: Places = None,
    strength: Strength = 1.0,
    size: Longest = 0,
    style_size: Annotated[
        int, Field(ge=32, le=2048, description="Longer side of the styles: smaller, finer strokes.")
    ] = 384,
    keep_colours: KeepColours = "none",
    source: Net = BUNDLED,
) -> Image:
    """Repaint a picture in any style in one pass, at once: Adaptive Instance Normalisation.

    Pieces of the styles are laid first, as style.weave does; then a net gives the whole the means
    and deviations that its encoder finds in the styles. Several styles are blended by their
    weights, or each counts where its mask is white. style.transfer takes longer, and its strokes
    follow the shapes of the content. Each picture of a batch is made by itself.
    """
    import torch

    pictures, alpha = colours(content, "content"), alpha_of(content)
    prepared = styles_of(styles, weights, masks, content.size)
    wide, high = fitted(content.size, size)
    check_size(wide, high, len(pictures))
    made = []
    with ctx.load(reference(source, ctx)) as live, torch.inference_mode():
        check_side((wide, high), live.net.encoder.layout, live.net.layers, "content")
        for at in range(len(pictures)):
            ctx.progress(at, len(pictures))
            picture = resized(pictures[at : at + 1], (wide, high))
            shown = [shown_as(style, picture, style_size, keep_colours) for style in prepared]
            for style in shown:
                side = (style.picture.shape[3], style.picture.shape[2])
                check_side(side, live.net.encoder.layout, live.net.layers, "styles")
            painted = _painted(live, picture, shown, strength, ctx)
            if keep_colours == "luminance":
                painted = recoloured(painted, picture)
            made.append(painted if strength else picture)
    ctx.progress(len(pictures), len(pictures))
    planes = torch.cat(made)
    if alpha is not None:
        planes = torch.cat((planes, resized(alpha[:, None], (wide, high))), 1)
    return Image(planes.permute(0, 2, 3, 1).contiguous())


def _painted(
    live: Painter, picture: Tensor, styles: list[Style], strength: float, ctx: Context
) -> Tensor:
    """The picture in pieces of the styles, with the statistics that they have."""
    import torch

    from .adain_nets import shares_of

    if all(style.mask is None for style in styles):
        return _together(live, picture, styles, strength, ctx)
    places = [None if style.mask is None else style.mask[None, None] for style in styles]
    made = torch.zeros_like(picture)
    # Each by itself: the statistics of a picture of several styles are those of none.
    for style, share in zip(styles, shares_of([s.weight for s in styles], places), strict=True):
        made += share * _together(live, picture, [replace(style, mask=None)], strength, ctx)
    return made


def _together(
    live: Painter, picture: Tensor, styles: list[Style], strength: float, ctx: Context
) -> Tensor:
    """The picture in all styles everywhere, by their weights."""
    from .adain_nets import between

    cell, device = live.net.stride, ctx.device
    high, wide = picture.shape[2:]
    laid = laid_of(picture, styles, ctx, live.kept, even=True)
    laid = _whole(picture + (laid - picture) * strength, cell).to(device)
    total = sum(style.weight for style in styles)
    goals = []
    for style in styles:
        ctx.check()
        look = live.look(_whole(style.picture, cell), device, manner=True)
        goals.append((look.moments, strength * style.weight / total))
    if strength < 1:
        look = live.look(_whole(picture, cell), device, manner=True)
        goals.append((look.moments, 1 - strength))
    painted = live.net(laid, live.net.look(laid), between(goals))
    made: Tensor = painted[..., :high, :wide].clamp(0, 1).cpu()
    return made


def _whole(picture: Tensor, cell: int) -> Tensor:
    """A picture that goes on at its right and lower edges: to whole cells, and two at least."""
    import torch.nn.functional as F

    high, wide = picture.shape[2:]
    rest = (max(-wide % cell, 2 * cell - wide), max(-high % cell, 2 * cell - high))
    return F.pad(picture, (0, rest[0], 0, rest[1]), "replicate") if any(rest) else picture
