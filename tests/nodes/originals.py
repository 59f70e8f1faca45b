"""The original layouts, written from the names of Diffusers: the inverse of what our nodes do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Given:
    """Parts that lie in no folder."""

    tensors: dict[str, Tensors]
    configs: dict[str, dict[str, Any]]


Source = Path | Given
UNET, VAE = "model.diffusion_model.", "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model."


def original(folder: Source) -> Tensors:
    """All tensors of a model folder by their names in the original layout."""
    return unet(folder) | vae(folder) | clip(folder, "text_encoder", TEXT)


def config_of(folder: Source, part: str) -> dict[str, Any]:
    """The configuration of a part."""
    if isinstance(folder, Given):
        return folder.configs[part]
    made: dict[str, Any] = json.loads((folder / part / "config.json").read_text())
    return made


def tensors_of(folder: Source, part: str) -> Tensors:
    """The tensors of a part in the layout of Diffusers."""
    if isinstance(folder, Given):
        return folder.tensors[part]
    (file,) = (folder / part).glob("*.safetensors")
    return load_file(file)


def unet(folder: Source) -> Tensors:
    """The UNet of a folder as latent diffusion names it."""
    layers = config_of(folder, "unet")["layers_per_block"]
    found = tensors_of(folder, "unet")
    return {UNET + unet_name(name, layers): tensor for name, tensor in found.items()}


def vae(folder: Source, prefix: str = VAE) -> Tensors:
    """The autoencoder of a folder as latent diffusion names it."""
    made = {}
    levels = len(config_of(folder, "vae")["block_out_channels"])
    for name, tensor in tensors_of(folder, "vae").items():
        old = vae_name(name, levels)
        attends = ".attn_1." in old and old.endswith("weight") and "norm" not in old
        made[prefix + old] = tensor[:, :, None, None].contiguous() if attends else tensor
    return made


def clip(folder: Source, part: str, prefix: str) -> Tensors:
    """A CLIP as transformers named it before its version 5, ``text_model.`` in the prefix."""
    made = {}
    for name, tensor in tensors_of(folder, part).items():
        bare = name.removeprefix("text_model.")
        alone = bare.startswith("text_projection")
        made[(prefix.removesuffix("text_model.") if alone else prefix) + bare] = tensor
    return made


def plain(folder: Source, part: str, prefix: str = "") -> Tensors:
    """A part under its own names behind a prefix."""
    return {prefix + name: tensor for name, tensor in tensors_of(folder, part).items()}


def open_clip(folder: Source, part: str, prefix: str) -> Tensors:
    """A CLIP as OpenCLIP names it: questions, keys and values in one tensor."""
    given = {n.removeprefix("text_model."): t for n, t in tensors_of(folder, part).items()}
    made = {}
    for name, tensor in given.items():
        found = re.match(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(\w+)", name)
        if found is None:
            old = renamed(
                name,
                [
                    (r"^embeddings\.position_embedding\.weight", "positional_embedding"),
                    (r"^embeddings\.token_embedding", "token_embedding"),
                    (r"^final_layer_norm", "ln_final"),
                    (r"^encoder\.layers\.", "transformer.resblocks."),
                    (r"\.self_attn\.", ".attn."),
                    (r"\.layer_norm(\d)", r".ln_\1"),
                    (r"\.mlp\.fc1", ".mlp.c_fc"),
                    (r"\.mlp\.fc2", ".mlp.c_proj"),
                ],
            )
            projects = name == "text_projection.weight"
            made[prefix + ("text_projection" if projects else old)] = (
                tensor.T.contiguous() if projects else tensor
            )
        elif found[2] == "q":
            stem = f"encoder.layers.{found[1]}.self_attn"
            parts = [given[f"{stem}.{letter}_proj.{found[3]}"] for letter in "qkv"]
            old = f"transformer.resblocks.{found[1]}.attn.in_proj_{found[3]}"
            made[prefix + old] = torch.cat(parts)
    return made


def _fused(given: Tensors, stems: dict[str, tuple[str, ...]]) -> Tensors:
    """Weights and biases of several layers as those of one."""
    made = {}
    for old, parts in stems.items():
        for kind in ("weight", "bias"):
            own = [given.pop(f"{part}.{kind}", None) for part in parts]
            if own[0] is not None:
                made[f"{old}.{kind}"] = torch.cat([one for one in own if one is not None])
    return made


def _turned(given: Tensors, new: str, old: str) -> Tensors:
    """Scale and shift as shift and scale."""
    return {
        f"{old}.{kind}": torch.cat(given.pop(f"{new}.{kind}").chunk(2)[::-1])
        for kind in ("weight", "bias")
    }


_EMBEDDERS = [
    (r"^time_text_embed\.timestep_embedder\.linear_1", "TIME.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "TIME.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "TEXT.0"),
    (r"^time_text_embed\.text_embedder\.linear_2", "TEXT.2"),
    (r"^time_text_embed\.guidance_embedder\.linear_1", "guidance_in.in_layer"),
    (r"^time_text_embed\.guidance_embedder\.linear_2", "guidance_in.out_layer"),
]


def sd3(given: Tensors, prefix: str = UNET) -> Tensors:
    """The transformer of Stable Diffusion 3 as its authors name it."""
    given = dict(given)
    layers = 1 + max(int(n.split(".")[1]) for n in given if n.startswith("transformer_blocks."))
    made = _turned(given, "norm_out.linear", "final_layer.adaLN_modulation.1")
    last = layers - 1
    made |= _turned(
        given,
        f"transformer_blocks.{last}.norm1_context.linear",
        f"joint_blocks.{last}.context_block.adaLN_modulation.1",
    )
    for layer in range(layers):
        new, old = f"transformer_blocks.{layer}", f"joint_blocks.{layer}"
        own, added = ("to_q", "to_k", "to_v"), ("add_q_proj", "add_k_proj", "add_v_proj")
        made |= _fused(
            given,
            {
                f"{old}.x_block.attn.qkv": tuple(f"{new}.attn.{name}" for name in own),
                f"{old}.x_block.attn2.qkv": tuple(f"{new}.attn2.{name}" for name in own),
                f"{old}.context_block.attn.qkv": tuple(f"{new}.attn.{name}" for name in added),
            },
        )
    names = [
        *_EMBEDDERS,
        ("^TIME", "t_embedder.mlp"),
        ("^TEXT", "y_embedder.mlp"),
        (r"^pos_embed\.pos_embed", "pos_embed"),
        (r"^pos_embed\.proj", "x_embedder.proj"),
        (r"^proj_out", "final_layer.linear"),
        (r"^transformer_blocks\.", "joint_blocks."),
        (r"\.norm1\.linear", ".x_block.adaLN_modulation.1"),
        (r"\.norm1_context\.linear", ".context_block.adaLN_modulation.1"),
        (r"\.attn(2?)\.to_out\.0", r".x_block.attn\1.proj"),
        (r"\.attn\.to_add_out", ".context_block.attn.proj"),
        (r"\.attn(2?)\.norm_([qk])", r".x_block.attn\1.ln_\2"),
        (r"\.attn\.norm_added_([qk])", r".context_block.attn.ln_\1"),
        (r"\.ff\.net\.0\.proj", ".x_block.mlp.fc1"),
        (r"\.ff\.net\.2", ".x_block.mlp.fc2"),
        (r"\.ff_context\.net\.0\.proj", ".context_block.mlp.fc1"),
        (r"\.ff_context\.net\.2", ".context_block.mlp.fc2"),
    ]
    made |= {renamed(name, names): tensor for name, tensor in given.items()}
    return {prefix + name: tensor for name, tensor in made.items()}


def flux(given: Tensors, prefix: str = "") -> Tensors:
    """The transformer of FLUX.1 as its authors name it."""
    given = dict(given)
    made = _turned(given, "norm_out.linear", "final_layer.adaLN_modulation.1")
    own, added = ("to_q", "to_k", "to_v"), ("add_q_proj", "add_k_proj", "add_v_proj")
    for layer in range(64):
        new, old = f"transformer_blocks.{layer}", f"double_blocks.{layer}"
        single = f"single_transformer_blocks.{layer}"
        made |= _fused(
            given,
            {
                f"{old}.img_attn.qkv": tuple(f"{new}.attn.{name}" for name in own),
                f"{old}.txt_attn.qkv": tuple(f"{new}.attn.{name}" for name in added),
                f"single_blocks.{layer}.linear1": (
                    *(f"{single}.attn.{name}" for name in own),
                    f"{single}.proj_mlp",
                ),
            },
        )
    names = [
        *_EMBEDDERS,
        (r"^TIME\.0", "time_in.in_layer"),
        (r"^TIME\.2", "time_in.out_layer"),
        (r"^TEXT\.0", "vector_in.in_layer"),
        (r"^TEXT\.2", "vector_in.out_layer"),
        ("^context_embedder", "txt_in"),
        ("^x_embedder", "img_in"),
        (r"^single_transformer_blocks\.(\d+)\.norm\.linear", r"single_blocks.\1.modulation.lin"),
        (r"^single_transformer_blocks\.(\d+)\.proj_out", r"single_blocks.\1.linear2"),
        (
            r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight",
            r"single_blocks.\1.norm.query_norm.scale",
        ),
        (
            r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight",
            r"single_blocks.\1.norm.key_norm.scale",
        ),
        (r"^proj_out", "final_layer.linear"),
        (r"^transformer_blocks\.", "double_blocks."),
        (r"\.norm1\.linear", ".img_mod.lin"),
        (r"\.norm1_context\.linear", ".txt_mod.lin"),
        (r"\.attn\.norm_q\.weight", ".img_attn.norm.query_norm.scale"),
        (r"\.attn\.norm_k\.weight", ".img_attn.norm.key_norm.scale"),
        (r"\.attn\.norm_added_q\.weight", ".txt_attn.norm.query_norm.scale"),
        (r"\.attn\.norm_added_k\.weight", ".txt_attn.norm.key_norm.scale"),
        (r"\.attn\.to_out\.0", ".img_attn.proj"),
        (r"\.attn\.to_add_out", ".txt_attn.proj"),
        (r"\.ff\.net\.0\.proj", ".img_mlp.0"),
        (r"\.ff\.net\.2", ".img_mlp.2"),
        (r"\.ff_context\.net\.0\.proj", ".txt_mlp.0"),
        (r"\.ff_context\.net\.2", ".txt_mlp.2"),
    ]
    made |= {renamed(name, names): tensor for name, tensor in given.items()}
    return {prefix + name: tensor for name, tensor in made.items()}


def z_image(given: Tensors, prefix: str = "") -> Tensors:
    """The transformer of Z-Image as its authors name it."""
    given = dict(given)
    made = {}
    for name in list(given):
        if name.endswith(".attention.to_q.weight"):
            stem = name.removesuffix(".to_q.weight")
            parts = tuple(f"{stem}.to_{letter}" for letter in "qkv")
            made |= _fused(given, {f"{stem}.qkv": parts})
    names = [
        (r"^all_final_layer\.2-1\.", "final_layer."),
        (r"^all_x_embedder\.2-1\.", "x_embedder."),
        (r"\.attention\.to_out\.0\.", ".attention.out."),
        (r"\.attention\.norm_([qk])\.", r".attention.\1_norm."),
    ]
    made |= {renamed(name, names): tensor for name, tensor in given.items()}
    return {prefix + name: tensor for name, tensor in made.items()}


_L, _G = (
    "text_encoders.clip_l.transformer.text_model.",
    "text_encoders.clip_g.transformer.text_model.",
)
_T5, _QWEN = "text_encoders.t5xxl.transformer.", "text_encoders.qwen3_4b.transformer.model."


def whole(name: str, folder: Source) -> Tensors:
    """All tensors of a tiny model as they stand in one file of its family."""
    if name == "sd2":
        text = open_clip(folder, "text_encoder", "cond_stage_model.model.")
        layers = config_of(folder, "text_encoder")["num_hidden_layers"]
        more = {
            key.replace(f"resblocks.{layers - 1}.", f"resblocks.{layers}."): tensor + 1
            for key, tensor in text.items()
            if f"resblocks.{layers - 1}." in key
        }
        more["cond_stage_model.model.text_projection"] = torch.ones(32, 32)
        more["cond_stage_model.model.logit_scale"] = torch.ones(())
        return unet(folder) | vae(folder) | text | more
    if name == "sdxl":
        one = clip(folder, "text_encoder", "conditioner.embedders.0.transformer.text_model.")
        two = open_clip(folder, "text_encoder_2", "conditioner.embedders.1.model.")
        return unet(folder) | vae(folder) | one | two
    if name == "sdxl-refiner":
        two = open_clip(folder, "text_encoder_2", "conditioner.embedders.0.model.")
        return unet(folder) | vae(folder) | two
    if name == "sd3":
        net = sd3(tensors_of(folder, "transformer"))
        texts = clip(folder, "text_encoder", _L) | clip(folder, "text_encoder_2", _G)
        return net | vae(folder) | texts | plain(folder, "text_encoder_3", _T5)
    if name == "flux":
        net = flux(tensors_of(folder, "transformer"), UNET)
        texts = clip(folder, "text_encoder", _L) | plain(folder, "text_encoder_2", _T5)
        return net | vae(folder, "vae.") | texts
    assert name == "z_image"
    net = z_image(tensors_of(folder, "transformer"), UNET)
    return net | vae(folder, "vae.") | plain(folder, "text_encoder", _QWEN)


def renamed(name: str, pairs: list[tuple[str, str]]) -> str:
    for new, old in pairs:
        name = re.sub(new, old, name)
    return name


def unet_name(name: str, layers: int) -> str:
    resnet = [
        (r"\.norm1\.", ".in_layers.0."),
        (r"\.conv1\.", ".in_layers.2."),
        (r"\.norm2\.", ".out_layers.0."),
        (r"\.conv2\.", ".out_layers.3."),
        (r"\.time_emb_proj\.", ".emb_layers.1."),
        (r"\.conv_shortcut\.", ".skip_connection."),
    ]
    if "resnets" in name:
        name = renamed(name, resnet)

    def down(found: re.Match[str]) -> str:
        level, kind, layer = int(found[1]), found[2], int(found[3])
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (layers + 1)}.0.op."
        at = 1 + level * (layers + 1) + layer
        return f"input_blocks.{at}.{'0' if kind == 'resnets' else '1'}."

    def up(found: re.Match[str]) -> str:
        level, kind, layer = int(found[1]), found[2], int(found[3])
        if kind == "upsamplers":
            inside = 2 if level else 1  # the lowest level of this model does not look at the text
            return f"output_blocks.{level * (layers + 1) + layers}.{inside}.conv."
        at = level * (layers + 1) + layer
        return f"output_blocks.{at}.{'0' if kind == 'resnets' else '1'}."

    name = re.sub(r"^down_blocks\.(\d)\.(downsamplers)\.(0)\.conv\.", down, name)
    name = re.sub(r"^up_blocks\.(\d)\.(upsamplers)\.(0)\.conv\.", up, name)
    name = re.sub(r"^down_blocks\.(\d)\.(resnets|attentions)\.(\d)\.", down, name)
    name = re.sub(r"^up_blocks\.(\d)\.(resnets|attentions)\.(\d)\.", up, name)
    return renamed(
        name,
        [
            (r"^mid_block\.resnets\.0\.", "middle_block.0."),
            (r"^mid_block\.attentions\.0\.", "middle_block.1."),
            (r"^mid_block\.resnets\.1\.", "middle_block.2."),
            (r"^add_embedding\.linear_1\.", "label_emb.0.0."),
            (r"^add_embedding\.linear_2\.", "label_emb.0.2."),
            (r"^time_embedding\.linear_1\.", "time_embed.0."),
            (r"^time_embedding\.linear_2\.", "time_embed.2."),
            (r"^conv_in\.", "input_blocks.0.0."),
            (r"^conv_norm_out\.", "out.0."),
            (r"^conv_out\.", "out.2."),
        ],
    )


def vae_name(name: str, levels: int) -> str:
    def up(found: re.Match[str]) -> str:
        return f".up.{levels - 1 - int(found[1])}."

    return renamed(
        re.sub(r"\.up_blocks\.(\d)\.", up, name),
        [
            (r"\.down_blocks\.(\d)\.", r".down.\1."),
            (r"\.mid_block\.attentions\.0\.", ".mid.attn_1."),
            (r"\.mid_block\.resnets\.0\.", ".mid.block_1."),
            (r"\.mid_block\.resnets\.1\.", ".mid.block_2."),
            (r"\.resnets\.(\d)\.", r".block.\1."),
            (r"\.downsamplers\.0\.", ".downsample."),
            (r"\.upsamplers\.0\.", ".upsample."),
            (r"\.conv_shortcut\.", ".nin_shortcut."),
            (r"\.conv_norm_out\.", ".norm_out."),
            (r"\.group_norm\.", ".norm."),
            (r"\.to_(q|k|v)\.", r".\1."),
            (r"\.to_out\.0\.", ".proj_out."),
        ],
    )
