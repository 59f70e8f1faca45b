"""Node `gan.load` and the loader `generators`: one generator from a .safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Context, Loader, ModelError, ModelSource, Reference, node, read_header
from musegraph_nodes.weights import one_file, refuse_pickle

from .layout import MEAN, Layout, read_layout
from .ports import Gan

if TYPE_CHECKING:
    from .nets import Generator

LOADER = "gan.generators"


@node(version="1", title="Load a GAN")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A .safetensors file of StyleGAN2 in the layout of stylegan2-pytorch, or"
            " what gan.train made.",
            json_schema_extra={"models": ["gan"]},
        ),
    ],
    ctx: Context,
) -> Gan:
    """Choose a generator of pictures of the StyleGAN2 kind.

    Its sizes are read off its header. Of a whole checkpoint the averaged generator (g_ema) is
    taken. Pickles (.pt, .pkl) are never opened: musegraph models convert makes a .safetensors file
    of a .pt.
    """
    return reference(source, ctx)


def reference(source: str, ctx: Context) -> Gan:
    """A reference to a generator, made from its header alone."""
    found = ctx.weights(source)
    layout = read_layout(read_header(file_of(found.path, source)), source)
    return Gan(
        loader=LOADER,
        source=source,
        part="gan",
        digest=found.digest,
        family="stylegan2",
        options={"side": layout.side, "layers": layout.layers, "width": layout.width},
    )


def file_of(place: Path, source: str) -> Path:
    """The one file of a generator; a pickle is refused."""
    if place.suffix == ".pkl":
        refuse_pickle(
            place, source, "convert it with a program that you trust to a .pt in the layout of"
            " stylegan2-pytorch, and that with musegraph models convert",
        )  # fmt: skip
    refuse_pickle(
        place, source, f"musegraph models convert {place.name} makes a .safetensors file of it"
    )
    return one_file(
        place, source, "is no generator",
        "name one .safetensors file, or a folder with one of that name",
    )  # fmt: skip


def open_net(ref: Reference, place: Path, device: str) -> Generator:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import safe_open

    from .nets import Generator, mean_of

    file = file_of(place, ref.source)
    layout = read_layout(read_header(file), ref.source)
    try:
        with safe_open(file, framework="pt") as held:
            # A checkpoint has two more nets in it, which are left there.
            stored = {own: held.get_tensor(n).float() for n, own in layout.names.items()}
    except Exception as error:  # the library raises several kinds for damaged files
        raise ModelError(f"{file} cannot be read: {error}; get it again") from error
    mean = stored.pop(MEAN, None)
    net = _empty(layout, Generator)
    net.load_state_dict(stored, strict=False, assign=True)
    net.eval().requires_grad_(False).to(device)
    net.mean = mean_of(net) if mean is None else mean.to(device)
    return net


def _empty(layout: Layout, kind: type[Generator]) -> Generator:
    """A net with no memory for its weights yet; its filters, which a file may lack, are made."""
    import torch

    from .nets import Filter

    with torch.device("meta"):
        net = kind(layout)
    for module in net.modules():
        if isinstance(module, Filter):
            module.kernel = Filter(4.0).kernel
    return net


def size(live: Any) -> int:
    """The bytes of a net."""
    tensors = (*live.parameters(), *live.buffers(), live.mean)
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


generators = Loader(open_net, size)
