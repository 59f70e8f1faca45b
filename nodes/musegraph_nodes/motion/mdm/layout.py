"""How MDM lies in its files: names and shapes, from which its sizes are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musegraph import ModelError
from musegraph_nodes.weights import Shape, check_shapes, shape_of

WORDS = "words."
"""What the names begin with of a reader of prompts that lies in the same file."""

_PASSED = frozenset({"sequence_pos_encoder.pe", "embed_timestep.sequence_pos_encoder.pe"})
_LAYER = re.compile(r"seqTrans(?:En|De)coder\.layers\.(\d+)\.")
_MOST = {"width": 4096, "layers": 64, "inner": 16_384, "features": 4096, "actions": 10_000}


@dataclass(frozen=True)
class Layout:
    """The sizes of a net of MDM, and how it is told what to do."""

    features: int = 263
    width: int = 512
    layers: int = 8
    inner: int = 1024
    heads: int = 4
    text: int = 512
    """Numbers that stand for a text: 512 of CLIP, 768 of BERT; 0: it is not told one."""
    actions: int = 0
    decoder: bool = False
    step_token: bool = False
    """Whether the time also is a token of the decoder's own (``emb_trans_dec``)."""


def shapes_of(layout: Layout) -> dict[str, Shape]:
    """The names and shapes of all tensors of a net."""
    width = layout.width
    made = _linear("input_process.poseEmbedding", layout.features, width)
    made |= _linear("embed_timestep.time_embed.0", width, width)
    made |= _linear("embed_timestep.time_embed.2", width, width)
    if layout.text:
        made |= _linear("embed_text", layout.text, width)
    if layout.actions:
        made["embed_action.action_embedding"] = (layout.actions, width)
    for number in range(layout.layers):
        stem = f"seqTrans{'De' if layout.decoder else 'En'}coder.layers.{number}"
        made |= _attention(f"{stem}.self_attn", width)
        if layout.decoder:
            made |= _attention(f"{stem}.multihead_attn", width)
        made |= _linear(f"{stem}.linear1", width, layout.inner)
        made |= _linear(f"{stem}.linear2", layout.inner, width)
        for norm in range(1, 4 if layout.decoder else 3):
            made |= {f"{stem}.norm{norm}.weight": (width,), f"{stem}.norm{norm}.bias": (width,)}
    return made | _linear("output_process.poseFinal", width, layout.features)


def _linear(name: str, reads: int, makes: int) -> dict[str, Shape]:
    return {f"{name}.weight": (makes, reads), f"{name}.bias": (makes,)}


def _attention(name: str, width: int) -> dict[str, Shape]:
    return {
        f"{name}.in_proj_weight": (3 * width, width),
        f"{name}.in_proj_bias": (3 * width,),
    } | _linear(f"{name}.out_proj", width, width)


def own_names(stored: Mapping[str, Any], averaged: bool) -> dict[str, str]:
    """What the tensors of a net are called in a file, by their own names.

    A file may hold the net itself, or ``model`` and ``model_avg``, the mean over its training,
    which is taken where the training says so. Places, which are computed, are passed over.
    """
    heads = [head for head in ("model_avg.", "model.") if any(n.startswith(head) for n in stored)]
    if not averaged and "model." in heads:
        heads = ["model."]
    head = heads[0] if heads else ""
    own = {name.removeprefix(head): name for name in stored if name.startswith(head)}
    return {name: at for name, at in own.items() if name not in _PASSED}


def read_layout(shapes: Mapping[str, Shape], args: Mapping[str, Any], source: str) -> Layout:
    """The layout of tensors by their own names; what is missing, wrong or too much is named."""
    mine = {name: shape for name, shape in shapes.items() if not name.startswith(WORDS)}
    if "input_process.poseEmbedding.weight" not in mine:
        raise ModelError(
            f"{source!r} is no MDM: it has no input_process.poseEmbedding.weight; nets that MDM's"
            " training wrote are known here, as .safetensors"
        )
    if any(name.startswith("gru.") for name in mine):
        raise ModelError(
            f"{source!r} is an MDM with a GRU, which is not built here; those with a transformer"
            " (trans_enc, trans_dec) are"
        )
    if target := next((name for name in mine if name.startswith("embed_target_cond.")), ""):
        raise ModelError(
            f"{source!r} is an MDM that is led by targets ({target}), which is not built here;"
            " those that are told a text or an action are"
        )
    layout = _sizes(mine, args, source)
    beyond = "no MDM with these layers has"
    check_shapes(mine, shapes_of(layout), f"the MDM {source!r}", beyond)
    return layout


def _sizes(shapes: Mapping[str, Shape], args: Mapping[str, Any], source: str) -> Layout:
    """The sizes that shapes tell; how many heads attend is told by no shape."""
    decoder = any(name.startswith("seqTransDecoder.") for name in shapes)
    arch = args.get("arch")
    if arch is not None and arch != ("trans_dec" if decoder else "trans_enc"):
        raise ModelError(
            f"the args.json of {source!r} tell of {arch!r}, and its tensors are those of"
            f" {'trans_dec' if decoder else 'trans_enc'}: the two do not belong together"
        )
    numbers = {int(found[1]) for name in shapes if (found := _LAYER.match(name))}
    layers = max(numbers, default=-1) + 1
    first = f"seqTrans{'De' if decoder else 'En'}coder.layers.0.linear1.weight"
    pose = _two(shapes, "input_process.poseEmbedding.weight", source)
    sizes = {
        "features": pose[1], "width": pose[0], "layers": layers,
        "inner": _two(shapes, first, source)[0],
        "actions": (shapes.get("embed_action.action_embedding") or (0,))[0],
    }  # fmt: skip
    heads = args.get("heads", args.get("num_heads", 4))
    text = _two(shapes, "embed_text.weight", source)[1] if "embed_text.weight" in shapes else 0
    wrong = [name for name, most in _MOST.items() if sizes[name] > most]
    if wrong or len(numbers) != layers or not isinstance(heads, int) or heads < 1:
        raise ModelError(f"the MDM {source!r} is of an unknown build: {sizes}, {heads} heads")
    if sizes["width"] % (2 * heads):
        raise ModelError(
            f"the MDM {source!r} is {sizes['width']} wide, which {heads} heads do not divide;"
            " its args.json say another number of heads than it was trained with"
        )
    step = bool(args.get("emb_trans_dec", False))
    return Layout(heads=heads, text=text, decoder=decoder, step_token=step, **sizes)


def _two(shapes: Mapping[str, Shape], name: str, source: str) -> Shape:
    found = shape_of(shapes, name, f"the MDM {source!r}")
    if len(found) != 2 or 0 in found:
        raise ModelError(
            f"the MDM {source!r} is of an unknown build: its {name} is of the shape {list(found)},"
            " and a matrix has two sides"
        )
    return found
