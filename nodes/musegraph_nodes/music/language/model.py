"""Node `music.load_model` and the loader `model`: nets that write music."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from .net import MusicNet, Size

LOADER = "music.model"
BUNDLED = "starter/music"
_MOST = {"width": 2048, "layers": 48, "heads": 32, "context": 16_384}


class MusicModel(Reference):
    """A model that writes music in tokens."""


@node(version="1")
def load_model(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="What music.train made: a .safetensors file, or a folder with one that is"
            " called model.safetensors.",
            json_schema_extra={"models": ["other"]},
        ),
    ] = BUNDLED,
) -> MusicModel:
    """Choose a model that writes music."""
    return reference(source, ctx)


def reference(source: str, ctx: Context) -> MusicModel:
    """A reference to a music model, made from its header alone."""
    found = ctx.weights(source)
    size_of(file_of(found.path, source), source)
    return MusicModel(
        loader=LOADER, source=source, part="music", digest=found.digest, family="musegraph_music"
    )


def file_of(place: Path, source: str) -> Path:
    """The one file of a music model; a pickle is refused."""
    refuse_pickle(place, source, "music.train makes models as .safetensors")
    return one_file(
        place, source, "is no music model",
        "name one .safetensors file that music.train made, or a folder with one of that name",
    )  # fmt: skip


def size_of(file: Path, source: str) -> Size:
    """How large the model of a file is, as its header says; refused if it is none of ours."""
    from .net import Size

    header = read_safetensors(file)
    try:
        told = json.loads(header.metadata["musegraph_music"])
        sizes = {name: int(told["size"][name]) for name in _MOST}
        tokens = int(told["tokens"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(
            f"{source!r} is no music model: its header has no musegraph_music; models that"
            " music.train made are known here"
        ) from None
    wrong = [name for name, most in _MOST.items() if not 1 <= sizes[name] <= most]
    if tokens != 1 or wrong or sizes["width"] % (2 * sizes["heads"]):
        raise ModelError(
            f"the music model {source!r} is of an unknown build: {told}; it may be from a later"
            " version of Musegraph"
        )
    return Size(**sizes)


def load(ref: Reference, place: Path, device: str) -> MusicNet:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .net import MusicNet

    file = file_of(place, ref.source)
    net = MusicNet(size_of(file, ref.source))
    try:
        stored = load_file(file)
        net.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ModelError(
            f"the music model {file} is damaged or not whole: {error}; get it again"
        ) from error
    return net.eval().requires_grad_(False).to(device)


def bytes_of(live: Any) -> int:
    """The bytes of a net."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.parameters())


model = Loader(load, bytes_of)
