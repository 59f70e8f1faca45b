"""Node `motion.load_text_model` and the loader `mdm`: nets that move as a text says."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import (
    Context,
    Loader,
    ModelError,
    ModelSource,
    NodeError,
    Reference,
    files,
    node,
    read_safetensors,
)
from musegraph_nodes.weights import one_file, refuse_pickle

from .layout import WORDS, Layout, own_names, read_layout
from .readers import text_reference

if TYPE_CHECKING:
    from .live import Mover

LOADER = "motion.mdm"
BUNDLED = "starter/text_to_motion"
MEAN, DEVIATION = "normalise.mean", "normalise.deviation"
"""What the mean and the deviation are called where they lie in the file of the net."""
FEATURES, ACTIONS = 263, 150
"""Widths that are known: HumanML3D's features, and 25 rows of six numbers."""

_MOST_TIMES = 4000
_BESIDE = ("Mean.npy", "Std.npy")
_MOST_BESIDE = 2**20
"""Bytes."""


class MotionModel(Reference):
    """A model that moves as a text says."""


@node(version="1", title="Load a text-to-motion model")
def load_text_model(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="A folder with model.safetensors and args.json in the layout of MDM;"
            " starter/text_to_motion comes with Musegraph.",
            json_schema_extra={"models": ["other"]},
        ),
    ] = BUNDLED,
    text_encoder: Annotated[
        ModelSource | None,
        Field(
            description="For public models: a folder of CLIP ViT-B/32, or of DistilBERT where the"
            " model was trained with it. The starter has its own.",
            json_schema_extra={"models": ["text_encoder"]},
        ),
    ] = None,
) -> MotionModel:
    """Choose a model that makes motion from text: MDM (https://arxiv.org/abs/2209.14916).

    Public checkpoints are pickles, which are never opened here; python -m
    musegraph_nodes.motion.mdm.convert makes a folder of one.
    """
    return reference(source, text_encoder, ctx)


def reference(source: str, text_encoder: str | None, ctx: Context) -> MotionModel:
    """A reference to a model, made from its JSON and header alone."""
    found = ctx.weights(source)
    file = file_of(found.path, source)
    args = args_of(file.parent, source)
    layout, names = layout_of(file, args, source)
    check_normalised(file, layout, source)
    options: dict[str, Any] = {}
    beside = [file.parent / name for name in _BESIDE]
    if all(one.is_file() for one in beside):
        if large := [one for one in beside if one.stat().st_size > _MOST_BESIDE]:
            raise ModelError(f"{large[0]} is no list of 263 numbers: it is far too large")
        # They are no weights, so the digest of the source does not know them.
        options["beside"] = sha256(b"".join(one.read_bytes() for one in beside)).hexdigest()
    own = any(name.startswith(WORDS) for name in names)
    if layout.text and not own:
        options["texts"] = text_reference(text_encoder, args, layout, source, ctx)
    elif text_encoder:
        raise NodeError(
            f"{source!r} takes no text encoder: it"
            + (" has its own" if own else " is told an action, not a text")
            + "; leave the port text_encoder empty"
        )
    return MotionModel(
        loader=LOADER, source=source, part="mdm", digest=found.digest, family="mdm",
        options=options,
    )  # fmt: skip


def file_of(place: Path, source: str) -> Path:
    """The one file of weights; a pickle is refused."""
    refuse_pickle(
        place,
        source,
        "python -m musegraph_nodes.motion.mdm.convert makes a folder with .safetensors of it",
    )
    return one_file(
        place, source, "is no MDM",
        "name a folder with one and its args.json",
    )  # fmt: skip


def args_of(place: Path, source: str) -> dict[str, Any]:
    """What MDM's training was told, which lies beside its checkpoints."""
    file = place / "args.json"
    if not file.is_file():
        raise ModelError(
            f"the MDM {source!r} has no args.json, which says how it was trained; it lies beside"
            " the checkpoint where that came from, copy it along"
        )
    try:
        args = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < 2**22 else None
    except (ValueError, RecursionError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}; get it again") from None
    if not isinstance(args, dict):
        raise ModelError(f"{file} is no args.json of MDM: it holds no object of a size to read")
    if args.get("pred_len") or args.get("context_len"):
        raise ModelError(
            f"{source!r} is an MDM that goes on with a motion piece by piece (DiP), which is not"
            " built here; those that make a motion as a whole are"
        )
    if args.get("emb_policy", "add") != "add":
        raise ModelError(f"{file} tells of an emb_policy {args['emb_policy']!r}; add is known")
    steps = args.get("diffusion_steps", 1000)
    if not isinstance(steps, int) or not 1 <= steps <= _MOST_TIMES:
        raise ModelError(f"{file} is no args.json of MDM: its diffusion_steps are {steps!r}")
    schedule = args.get("noise_schedule", "cosine")
    if schedule not in ("cosine", "linear"):
        raise ModelError(
            f"{file} tells of a noise_schedule {schedule!r}; cosine and linear are known"
        )
    return dict(args)


def layout_of(file: Path, args: dict[str, Any], source: str) -> tuple[Layout, dict[str, str]]:
    """The sizes of the net of a file, and what its tensors are called there."""
    header = read_safetensors(file)
    names = own_names(header.tensors, bool(args.get("use_ema", False)))
    shapes = {own: tuple(header.tensors[name]["shape"]) for own, name in names.items()}
    own = {name: shape for name, shape in shapes.items() if name not in (MEAN, DEVIATION)}
    layout = read_layout(own, args, source)
    if layout.features not in (FEATURES, ACTIONS):
        raise ModelError(
            f"the MDM {source!r} says {layout.features} numbers a frame; those with 263"
            " (HumanML3D) and 150 (actions: 25 rows of six) are known here"
        )
    return layout, names


def check_normalised(file: Path, layout: Layout, source: str) -> None:
    """Refuse a model of features without the mean and the deviation that they were learned with."""
    if layout.features != FEATURES or MEAN in read_safetensors(file).tensors:
        return
    missing = [name for name in _BESIDE if not (file.parent / name).is_file()]
    if missing:
        raise ModelError(
            f"the MDM {source!r} has no {' and no '.join(missing)}: without the mean and the"
            " deviation of HumanML3D its numbers mean nothing; put both files of that data set"
            " beside the checkpoint"
        )


def normaliser(file: Path, stored: dict[str, Any], width: int) -> tuple[Any, Any]:
    """Mean and deviation [width] of a model, as float32 tensors."""
    import torch

    made = []
    for own, name in zip((MEAN, DEVIATION), _BESIDE, strict=True):
        if own in stored:
            table = stored[own].float()
        else:
            table = torch.from_numpy(numbers_of(file.parent / name))
        if table.shape != (width,) or not torch.isfinite(table).all():
            raise ModelError(
                f"the {name} of {file.parent} has the shape {list(table.shape)} or a number that is"
                f" not finite; {width} numbers belong to this model"
            )
        made.append(table)
    if (made[1] < 0).any():
        raise ModelError(f"the deviation of {file.parent} is negative somewhere; get it again")
    return made[0], made[1]


def numbers_of(place: Path) -> Any:
    """The one array of an NPY file, as float32."""
    found = list(files.arrays_of(place.read_bytes(), place.name).values())
    if len(found) != 1 or found[0].dtype.kind not in "fiu":
        raise ModelError(f"{place} holds no array of numbers; get it again from the data set")
    return found[0].astype("float32")


def load(ref: Reference, place: Path, device: str) -> Mover:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .live import Mover, reader_of
    from .nets import MDM

    file = file_of(place, ref.source)
    args = args_of(file.parent, ref.source)
    layout, names = layout_of(file, args, ref.source)
    try:
        stored = load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} cannot be read: {error}; get it again") from error
    kept = {
        own: stored[name].float()
        for own, name in names.items()
        if own not in (MEAN, DEVIATION) and not own.startswith(WORDS)
    }
    net = MDM(layout)
    net.load_state_dict(kept, strict=True, assign=True)
    words = {n[len(WORDS) :]: stored[at].float() for n, at in names.items() if n.startswith(WORDS)}
    reader = reader_of(words, args, layout, ref.source) if words else None
    if layout.features == FEATURES:
        mean, deviation = normaliser(file, stored, layout.features)
    else:
        mean, deviation = torch.zeros(layout.features), torch.ones(layout.features)
    mover = Mover(net, reader, mean, deviation, args)
    return mover.eval().requires_grad_(False).to(device)


def bytes_of(live: Any) -> int:
    """The bytes of a net."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.parameters())


mdm = Loader(load, bytes_of)
