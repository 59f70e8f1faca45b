"""LoHa, LoKr, DoRA and full differences: changes that are no plain low-rank pairs.

The kinds of LyCORIS (https://arxiv.org/abs/2309.14859) and DoRA
(https://arxiv.org/abs/2402.09353). Each gives a module other weights; what is used is
``base + strength · (trained - base)`` in a copy, and the copy is dropped with the lease.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import ModelError, Patch

from .blocks import block_of
from .lora_files import header_of, refused
from .once import once

if TYPE_CHECKING:
    from torch import Tensor

_END = re.compile(
    r"\.(hada_[wt]\d(?:_[ab])?|lokr_[wt]\d(?:_[ab])?|lora_up|lora_down|lora_mid|lora_A|lora_B"
    r"|lora\.up|lora\.down|alpha|dora_scale|diff_b|diff)(?:\.weight)?"
)
_STARTS = {
    "unet": ("lora_unet_", "lycoris_"),
    "transformer": ("lora_unet_", "lora_transformer_", "lycoris_"),
    "text_encoder": ("lora_te_", "lora_te1_"),
    "text_encoder_2": ("lora_te2_",),
    "text_encoder_3": ("lora_te3_",),
}
_RESNET = {
    "norm1": "in_layers_0",
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "norm2": "out_layers_0",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
_ENDS = {
    "conv_in": "input_blocks_0_0",
    "conv_norm_out": "out_0",
    "conv_out": "out_2",
    "time_embedding.linear_1": "time_embed_0",
    "time_embedding.linear_2": "time_embed_2",
    "add_embedding.linear_1": "label_emb_0_0",
    "add_embedding.linear_2": "label_emb_0_2",
}


def merge(part: str, net: Any, file: Path, patch: Patch, strength: Callable[[str], float]) -> None:
    """Give a network's modules the weights that a file makes of theirs."""
    import torch
    from safetensors.torch import load_file

    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in once(net, file, lambda: load_file(file), "whole").items():
        found = _END.search(name)
        if found is None or found.end() != len(name):
            raise ModelError(
                f"the LoRA {patch.source!r} holds {name!r}, a kind of change that is not known"
                " here; convert it to a plain LoRA with the program that made it"
            )
        groups.setdefault(name[: found.start()], {})[found[1].replace("lora.", "lora_")] = tensor
    own = [name for name in groups if _belongs(name, part)]
    known = _aliases(part, net)
    lost = [name for name in own if name not in known]
    if lost or (not own and hasattr(net, "load_lora_adapter")):
        several = f"{len(lost) or len(groups)} of its {len(groups)} changes"
        why = f"there is no module for {several} ({(lost or [*groups])[0]} …)"
        raise refused(patch.source, net, header_of(file, patch.source), why)
    for name in own:
        module = net.get_submodule(known[name])
        with torch.no_grad():
            _change(module, groups[name], strength(known[name]), patch, name)


def _belongs(name: str, part: str) -> bool:
    """Whether a change is for a part; names without a prefix are a denoiser's."""
    named = {start: other for other, starts in _STARTS.items() for start in starts}
    for start, other in named.items():
        if name.startswith(start):
            return other == part or {other, part} == {"unet", "transformer"}
    for other in _STARTS:
        if name.startswith(f"{other}."):
            return other == part
    return part in ("unet", "transformer")


def _aliases(part: str, net: Any) -> dict[str, str]:
    """The modules of a network by all the names that files have for them."""
    made: dict[str, str] = {}
    flat = not hasattr(net, "text_model") and part.startswith("text_encoder")
    for module, live in net.named_modules():
        if not module or getattr(live, "weight", None) is None:
            continue
        dotted = {module, f"text_model.{module}"} if flat else {module}
        joined = {name.replace(".", "_") for name in dotted}
        if hasattr(net, "down_blocks") and (first := _first_name(net, module)):
            joined.add(first)
        names = dotted | {f"{part}.{name}" for name in dotted}
        names |= {start + name for start in _STARTS.get(part, ()) for name in joined}
        made |= dict.fromkeys(names, module)
    return made


def _first_name(net: Any, module: str) -> str:
    """What the first release of Stable Diffusion calls a module of the UNet, joined by ``_``."""
    if module in _ENDS:
        return _ENDS[module]
    parts = module.split(".")
    if parts[0] == "mid_block":
        kind, index, rest = parts[1], int(parts[2]), parts[3:]
        place = "middle_block_1" if kind == "attentions" else f"middle_block_{2 * index}"
    elif parts[0] in ("down_blocks", "up_blocks"):
        kind, rest = parts[2], parts[4:]
        down = parts[0] == "down_blocks"
        block = block_of(net, module)
        number = int(block.removeprefix("IN" if down else "OUT"))
        slot = 1 if kind == "attentions" else 0
        if kind == "upsamplers":
            slot = 2 if getattr(net.up_blocks[int(parts[1])], "attentions", None) else 1
        place = f"{'input' if down else 'output'}_blocks_{number}_{slot}"
    else:
        return ""
    if kind == "resnets":
        return f"{place}_{_RESNET.get(rest[0], rest[0])}"
    return f"{place}_op" if kind == "downsamplers" else "_".join([place, *rest])


def _change(
    module: Any, given: dict[str, Tensor], strength: float, patch: Patch, name: str
) -> None:
    import torch

    weight = module.weight
    base = weight.float()
    try:
        trained = base + _difference(given, base)
        if "dora_scale" in given:
            trained = _magnified(trained, given["dora_scale"].to(base))
        made = base + strength * (trained - base)
        if "diff_b" in given:
            bias = module.bias.float() + strength * given["diff_b"].to(base).reshape(-1)
            module.bias = torch.nn.Parameter(bias.to(module.bias.dtype), requires_grad=False)
    except (RuntimeError, AttributeError, KeyError) as error:
        raise ModelError(
            f"the LoRA {patch.source!r} does not fit this model: what it holds for {name} does not"
            f" fit weights of the shape {list(weight.shape)} ({' '.join(str(error).split())[:120]})"
        ) from error
    module.weight = torch.nn.Parameter(made.to(weight.dtype), requires_grad=False)


def _difference(given: dict[str, Tensor], base: Tensor) -> Tensor:
    """What a change adds to the weights at full strength, in their shape."""
    import torch

    found = {name: tensor.to(base) for name, tensor in given.items()}
    if "diff" in found:
        return found["diff"].reshape(base.shape)
    if any(name.startswith("hada") for name in found):
        rank = found["hada_w1_b"].shape[0]
        made = _product(found, "hada_w1", "hada_t1") * _product(found, "hada_w2", "hada_t2")
    elif any(name.startswith("lokr") for name in found):
        one, two = (_product(found, f"lokr_w{i}", f"lokr_t{i}") for i in (1, 2))
        low = [found[name].shape[0] for name in ("lokr_w1_b", "lokr_w2_b") if name in found]
        rank = low[-1] if low else 0
        made = torch.kron(one.reshape(*one.shape, *([1] * (two.ndim - one.ndim))), two)
    else:
        down = found.get("lora_down", found.get("lora_A"))
        up = found.get("lora_up", found.get("lora_B"))
        if down is None or up is None:
            return torch.zeros_like(base)  # only the bias, or only the magnitude, is another
        rank = down.shape[0]
        if "lora_mid" in found:
            made = torch.einsum(
                "nmkl,on,mi->oikl", found["lora_mid"], up.flatten(1), down.flatten(1)
            )
        else:
            made = up.flatten(1) @ down.flatten(1)
    scale = float(found["alpha"]) / rank if "alpha" in found and rank else 1.0
    return scale * made.reshape(base.shape)


def _product(found: dict[str, Tensor], factor: str, core: str) -> Tensor:
    """A factor: whole, as a product of two, or with a core of a convolution between them."""
    import torch

    if factor in found:
        return found[factor]
    left, right = found[f"{factor}_a"], found[f"{factor}_b"]
    if core in found:
        return torch.einsum("ijkl,jr,ip->prkl", found[core], right, left)
    return (left @ right.flatten(1)).reshape(left.shape[0], *right.shape[1:])


def _magnified(trained: Tensor, magnitude: Tensor) -> Tensor:
    """Weights whose directions are the trained ones and whose lengths are given apart."""
    import torch

    rows = magnitude.numel() == trained.shape[0] and magnitude.shape[0] == trained.shape[0]
    kept = 0 if rows else 1
    axes = [axis for axis in range(trained.ndim) if axis != kept]
    length = torch.linalg.vector_norm(trained, dim=axes, keepdim=True)
    shape = [-1 if axis == kept else 1 for axis in range(trained.ndim)]
    made: Tensor = trained * (magnitude.reshape(shape) / (length + torch.finfo(trained.dtype).eps))
    return made
