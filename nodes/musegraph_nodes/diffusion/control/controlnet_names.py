"""What the tensors of a single file say of the ControlNet or T2I-Adapter that they are of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musegraph import ModelError

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]
_CONDITION = "controlnet_cond_embedding."
_HINT = "input_hint_block."


def config_of(shapes: Shapes, source: str) -> tuple[str, dict[str, Any]]:
    """The class in diffusers and the configuration that shapes of tensors tell of."""
    names = {name.removeprefix("control_model."): shape for name, shape in shapes.items()}
    if f"{_CONDITION}conv_in.weight" in names:
        config = _unet_config(names, source)
        if "task_embedding" in names:
            return "ControlNetUnionModel", config | _union_config(names)
        return "ControlNetModel", config
    if f"{_HINT}0.weight" in names:
        return "ControlNetModel", _unet_config(_renamed(names), source)
    if any(re.match(r"(adapter\.)?body\.0\.", name) for name in names):
        return "T2IAdapter", _adapter_config(names)
    raise ModelError(
        f"{source!r} is no ControlNet or T2I-Adapter of a known layout: it holds"
        f" {next(iter(names), 'nothing')} …; name a file with input_hint_block or"
        " controlnet_cond_embedding, or a folder of Diffusers"
    )


def _renamed(names: Shapes) -> dict[str, tuple[int, ...]]:
    """Shapes by the names of diffusers, by way of tensors that hold nothing."""
    import torch

    empty = {name: torch.empty(shape, device="meta") for name, shape in names.items()}
    made = from_first_release(empty, {})
    return {name: tuple(tensor.shape) for name, tensor in made.items()}


def _unet_config(names: Shapes, source: str) -> dict[str, Any]:
    blocks = 1 + max(
        int(found[1]) for name in names if (found := re.match(r"down_blocks\.(\d+)", name))
    )
    widths = [names[f"down_blocks.{i}.resnets.0.conv2.weight"][0] for i in range(blocks)]
    layers = sum(
        bool(re.fullmatch(r"down_blocks\.0\.resnets\.\d+\.conv1\.weight", name)) for name in names
    )
    depths = [_depth(names, f"down_blocks.{i}.attentions.0.") for i in range(blocks)]
    width = next((s[1] for n, s in names.items() if n.endswith("attn2.to_k.weight")), 0)
    if width not in (768, 1024, 2048):
        raise ModelError(
            f"the ControlNet {source!r} reads texts {width} wide, and nothing says how many heads"
            " its attention has; put its config.json into NAME.config/controlnet beside it"
        )
    heads: Any = 8 if width == 768 else [wide // 64 for wide in widths]
    condition = _condition(names)
    made: dict[str, Any] = {
        "in_channels": names["conv_in.weight"][1],
        "conditioning_channels": names[f"{_CONDITION}conv_in.weight"][1],
        "block_out_channels": widths,
        "down_block_types": [
            "CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths
        ],
        "layers_per_block": layers,
        "cross_attention_dim": width,
        "attention_head_dim": heads,
        "use_linear_projection": len(_first(names, "proj_in.weight")) == 2,
        "conditioning_embedding_out_channels": condition,
        "transformer_layers_per_block": [max(1, depth) for depth in depths],
    }
    if "mid_block.attentions.0.proj_in.weight" not in names:
        made["mid_block_type"] = "UNetMidBlock2D"
    if "add_embedding.linear_1.weight" in names:
        made |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": names["add_embedding.linear_1.weight"][1],
        }
    return made


def _union_config(names: Shapes) -> dict[str, Any]:
    """What one for several kinds of pictures has beside the rest."""
    layers = {name.split(".")[1] for name in names if name.startswith("transformer_layes.")}
    kinds, wide = names["task_embedding"]
    return {
        "num_control_type": kinds,
        "num_trans_channel": wide,
        "num_trans_layer": len(layers),
        "num_proj_channel": names["spatial_ch_projs.weight"][0],
    }


def _first(names: Shapes, end: str) -> tuple[int, ...]:
    return next((shape for name, shape in names.items() if name.endswith(end)), ())


def _depth(names: Shapes, start: str) -> int:
    """How many transformer layers the attentions of a block have."""
    pattern = re.compile(re.escape(start) + r"transformer_blocks\.\d+\.norm1\.weight")
    return sum(bool(pattern.fullmatch(name)) for name in names)


def _condition(names: Shapes) -> list[int]:
    """The widths of the small net that reads the picture."""
    made = [names[f"{_CONDITION}conv_in.weight"][0]]
    index = 1
    while f"{_CONDITION}blocks.{index}.weight" in names:
        made.append(names[f"{_CONDITION}blocks.{index}.weight"][0])
        index += 2
    return made


def _adapter_config(names: Shapes) -> dict[str, Any]:
    names = {name.removeprefix("adapter."): shape for name, shape in names.items()}
    read = names.get("conv_in.weight")
    if read is None:  # the light one sends the picture straight into its first block
        widths = [_width(names, i) for i in range(_blocks(names) - 1)]  # the last twice
        first = names["body.0.in_conv.weight"][1]
        return {
            "adapter_type": "light_adapter",
            "in_channels": first // 64,
            "channels": widths,
            "num_res_blocks": _resnets(names, light=True),
            "downscale_factor": 8,
        }
    large = read[1] in (256, 768)
    factor = 16 if large else 8
    diffusers = any(re.match(r"body\.0\.resnets\.", name) for name in names)
    resnets = _resnets(names, light=False) if diffusers else 2
    if diffusers:
        widths = [names[f"body.{i}.resnets.0.block1.weight"][0] for i in range(_blocks(names))]
    else:
        count = _blocks(names) // resnets
        widths = [names[f"body.{i * resnets}.block1.weight"][0] for i in range(count)]
    return {
        "adapter_type": "full_adapter_xl" if large else "full_adapter",
        "in_channels": read[1] // factor**2,
        "channels": widths,
        "num_res_blocks": resnets,
        "downscale_factor": factor,
    }


def _blocks(names: Shapes) -> int:
    return 1 + max(int(found[1]) for n in names if (found := re.match(r"body\.(\d+)\.", n)))


def _width(names: Shapes, block: int) -> int:
    return names[f"body.{block}.out_conv.weight"][0]


def _resnets(names: Shapes, light: bool) -> int:
    pattern = re.compile(r"body\.0\.(?:resnets|body)\.(\d+)\.block1\.weight")
    return 1 + max((int(found[1]) for n in names if (found := pattern.fullmatch(n))), default=1)


def from_first_release(
    tensors: Mapping[str, Tensor], config: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Tensors of a ControlNet by the names of diffusers, whichever they had."""
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

    plain = {name.removeprefix("control_model."): tensor for name, tensor in tensors.items()}
    if "time_embed.0.weight" not in plain:
        return plain
    layers = config.get("layers_per_block") or _layers(plain)
    made: dict[str, Tensor] = convert_controlnet_checkpoint(plain, {"layers_per_block": layers})
    return made


def _layers(plain: Mapping[str, Any]) -> int:
    """How many layers a block has: the first one that makes it smaller comes after them."""
    ops = [int(found[1]) for n in plain if (found := re.match(r"input_blocks\.(\d+)\.0\.op\.", n))]
    return min(ops, default=3) - 1
