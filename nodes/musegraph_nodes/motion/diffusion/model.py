"""Node `motion.load_dance_model` and the loader `dancer`: nets that dance to music."""

from __future__ import annotations

import json
from dataclasses import dataclass
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
    from pathlib import Path

    from .edge import EdgeNet, EdgeSize
    from .learning import Build
    from .numbers import Range

LOADER = "motion.dancer"
BUNDLED = "starter/dance"
SCALE, SHIFT = "normalizer.scale", "normalizer.shift"
_MOST = {
    "per_beat": 64, "patch": 64, "window": 64, "heads": 64, "width": 4096, "inner": 16_384,
    "layers": 64,
}  # fmt: skip


class DanceModel(Reference):
    """A model that dances to music."""


@dataclass
class Dancer:
    """A net, what its numbers lie between, and how it is built."""

    net: EdgeNet
    scope: Range
    build: Build


@node(version="1", title="Load a dance model")
def load_dance_model(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="What motion.train_dance made, or EDGE's checkpoint as .safetensors;"
            " starter/dance comes with Musegraph.",
            json_schema_extra={"models": ["other"]},
        ),
    ] = BUNDLED,
) -> DanceModel:
    """Choose a model that dances: of motion.train_dance, or EDGE (https://arxiv.org/abs/2211.10658).

    EDGE's checkpoints are pickles, which are never opened here: `musegraph models convert` makes a
    .safetensors file of one. Of EDGE, models that listen to its 35 features of music are known;
    those that listen to Jukebox need a model that is not to be had any more.
    """
    return reference(source, ctx)


def reference(source: str, ctx: Context) -> DanceModel:
    """A reference to a dance model, made from its header alone."""
    found = ctx.weights(source)
    build_of(file_of(found.path, source), source)
    return DanceModel(
        loader=LOADER, source=source, part="dance", digest=found.digest, family="edge"
    )


def file_of(place: Path, source: str) -> Path:
    """The one file of a dance model; a pickle is refused."""
    refuse_pickle(
        place, source, f"`musegraph models convert {place.name}` makes a .safetensors file of it"
    )
    return one_file(
        place, source, "is no model of dance",
        "name one .safetensors file, or a folder with one of that name",
    )  # fmt: skip


def build_of(file: Path, source: str) -> tuple[Build, EdgeSize]:
    """How the model of a file is built, as its header says; refused if it is not to be used."""
    from . import edge
    from .learning import Build
    from .numbers import COUNT

    header = read_safetensors(file)
    shapes = {name: tuple(one["shape"]) for name, one in header.tensors.items()}
    scope = [shapes.pop(name, None) for name in (SCALE, SHIFT)]
    build = _told(header.metadata.get("musegraph_dance"), source)
    size = edge.size_of(shapes, source, build.heads if build else 0)
    edge.check(shapes, size, source)
    if build is None:
        build = Build(0, 1, size.tokens, ("",), size.heads, size.width, size.inner, size.layers)
        if size.heard == 4800:
            raise ModelError(
                f"the model of dance {source!r} listens to Jukebox's 4800 features, and Jukebox is"
                " no longer to be had; take one that was trained with EDGE's 35 features"
                " (feature_type baseline), or train one with motion.train_dance"
            )
        if size.numbers != COUNT or size.heard != 35 or size.tokens % 2:
            raise ModelError(
                f"the model of dance {source!r} has {size.numbers} numbers and {size.heard}"
                f" features of music to a frame; those with {COUNT} and 35 are known here"
            )
    elif build.size != size:
        raise ModelError(f"the header of {source!r} tells of another net than its weights are")
    if scope != [(COUNT,), (COUNT,)]:
        raise ModelError(
            f"the model of dance {source!r} has no {SCALE} and {SHIFT} of {COUNT} numbers each,"
            " without which what it says means nothing; convert EDGE's whole checkpoint"
        )
    return build, size


def _told(text: str | None, source: str) -> Build | None:
    """How one of our own models is built; None for one of EDGE's."""
    from .learning import Build

    if text is None:
        return None
    try:
        told = json.loads(text)
        found = {name: int(told["build"][name]) for name in _MOST}
        styles = tuple(str(one) for one in told["build"]["styles"])
        version = int(told["version"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(
            f"the header of the model of dance {source!r} cannot be read; get it again"
        ) from None
    good = all(1 <= found[name] <= most for name, most in _MOST.items())
    good = good and version == 1 and 1 <= len(styles) <= 100
    frames = found["per_beat"] * found["window"]
    if not good or found["window"] % 2 or frames % (2 * found["patch"]):
        raise ModelError(
            f"the model of dance {source!r} is of an unknown build: {text[:200]}; it may be from a"
            " later version of Musegraph"
        )
    return Build(styles=styles, **found)


def load(ref: Reference, place: Path, device: str) -> Dancer:
    """The dancer that a reference names, on a device; a damaged file is a ModelError."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .edge import EdgeNet
    from .numbers import Range

    file = file_of(place, ref.source)
    build, size = build_of(file, ref.source)
    net = EdgeNet(size)
    try:
        stored = {name: tensor.float() for name, tensor in load_file(file).items()}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"the model of dance {file} is damaged: {error}; get it again") from error
    scope = Range(stored.pop(SCALE).double().numpy(), stored.pop(SHIFT).double().numpy())
    if not all(bool(torch.isfinite(tensor).all()) for tensor in stored.values()) or not (
        (scope.scale > 0).all()
    ):
        raise ModelError(f"the model of dance {file} holds numbers that are none; get it again")
    for name, tensor in net.state_dict().items():
        stored.setdefault(name, tensor)  # what positions turn by, where it is left out
    net.load_state_dict(stored)
    return Dancer(net.eval().requires_grad_(False).to(device), scope, build)


def bytes_of(live: Any) -> int:
    """The bytes of a dancer."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.net.parameters())


dancer = Loader(load, bytes_of)
