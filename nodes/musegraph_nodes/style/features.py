"""Node `style.load_features` and the loader `features`: nets that see how a picture is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import (
    Context,
    Loader,
    ModelError,
    ModelSource,
    Reference,
    node,
    read_safetensors,
)
from musegraph_nodes.weights import one_file, refuse_pickle

from .layouts import Layout, read_layout

if TYPE_CHECKING:
    from .nets import Features

LOADER = "style.features"
BUNDLED = "starter/features"


class FeatureNet(Reference):
    """A net that sees strokes, textures and shapes in a picture."""


@node(version="1")
def load_features(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="VGG-16 or VGG-19 as a .safetensors file with torchvision's names. The net"
            " that comes with Musegraph is starter/features.",
            json_schema_extra={"models": ["vision"]},
        ),
    ] = BUNDLED,
    pooling: Annotated[
        Literal["avg", "max"],
        Field(description="How neighbours are put together: averages make smoother pictures."),
    ] = "avg",
) -> FeatureNet:
    """Choose the net by which styles are compared.

    How deep and how wide it is, its file says: any net of the VGG kind serves whose tensors are
    called features.0.weight, features.0.bias and so on.
    """
    return reference(source, pooling, ctx)


def reference(source: str, pooling: str, ctx: Context) -> FeatureNet:
    """A reference to a feature net, made from its header alone."""
    found = ctx.weights(source)
    layout_of(file_of(found.path, source), source)
    return FeatureNet(
        loader=LOADER,
        source=source,
        part="features",
        digest=found.digest,
        family="vgg",
        options={"pooling": pooling},
    )


def file_of(place: Path, source: str) -> Path:
    """The one file of a feature net; a pickle is refused."""
    if place.is_file():
        refuse_pickle(place, source, "get the feature net as .safetensors")
    return one_file(
        place, source, "is no feature net",
        "name one .safetensors file, or a folder with one of that name",
    )  # fmt: skip


def layout_of(file: Path, source: str) -> Layout:
    """The layout that the header of a file tells."""
    header = read_safetensors(file)
    return read_layout(header.tensors, source, header.metadata)


def load(ref: Reference, place: Path, device: str) -> Features:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .nets import build

    file = file_of(place, ref.source)
    layout = layout_of(file, ref.source)
    try:
        stored = load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}; get it again") from error
    kept = {name: t.float() for name, t in stored.items() if name.startswith("features.")}
    net = build(layout, str(ref.options.get("pooling", "avg")))
    net.load_state_dict(kept, strict=True)
    return net.eval().requires_grad_(False).to(device)


def size(live: Any) -> int:
    """The bytes of a net."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.parameters())


features = Loader(load, size)
