"""What a file of weights is, by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from musegraph.library.families import BY_ID, FAMILIES, WIDTHS, by_saying
from musegraph.library.kinds import Kind

Tensors = Mapping[str, Mapping[str, Any]]

_PREFIXES = ("", "model.diffusion_model.", "diffusion_model.", "transformer.", "net.", "model.")
_LORA = (
    ".lora_down.", ".lora_A.", ".lora_up.", ".lora.down.", "_lora.down.", ".lokr_w", ".hada_w",
    ".oft_blocks", ".oft_diag", ".dora_scale", ".lora_linear_layer.down.", ".lora_A.default.",
)  # fmt: skip
_CONTROL = (
    "controlnet_cond_embedding", "control_model.", "input_hint_block", "controlnet_blocks.",
    "controlnet_x_embedder", "control_all_x_embedder", "control_layers.0", "lora_controlnet",
    "controlnet_down_blocks.", "vace_patch_embedding_control",
)  # fmt: skip
_OTHER_PARTS = ("first_stage_model.", "cond_stage_model.", "conditioner.", "text_encoders.", "vae.")
_UNET = ("input_blocks.", "down_blocks.", "output_blocks.")
_UNET_FIRST = ("input_blocks.0.0.weight", "time_embed.0.weight", "time_embedding.linear_1.weight")
_UNET_ADAPTED = ("down_blocks_", "input_blocks_", "mid_block_", "middle_block_", "up_blocks_")
_UPSCALER = (
    "conv_first.weight", "model.1.sub.0.RDB1.conv1.0.weight", "RRDB_trunk.0.RDB1.conv1.weight",
    "body.0.rdb1.conv1.weight", "model.0.weight", "layers.0.residual_group.blocks.0.norm1.weight",
    "block_1.c1_r.sk.weight", "params_ema",
)  # fmt: skip
_DECODERS = ("decoder.conv_in.weight", "decoder.conv_in.conv.weight", "decoder.conv1.weight")
_TINY = {"decoder.layers.1.weight", "encoder.layers.0.weight", "taesd_decoder.1.weight"}
_CLIPS = {768: "clip-l", 1280: "clip-g", 1024: "clip-h"}
_T2I = (
    "body.0.block1.weight", "body.0.resnets.0.block1.weight",
    "adapter.body.0.resnets.0.block1.weight",
)  # fmt: skip
_GAN = ("input.input", "conv1.conv.modulation.weight", "to_rgb1.conv.weight")
_WIDTH_OF_TEXT = ("attn2.to_k.weight", "attn2.to_k_ip.weight", "to_k_ip.weight")
_SAID = ("modelspec.architecture", "ss_base_model_version", "general.architecture", "base_model")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a model is; empty is what its header does not tell."""

    kind: Kind
    family: str = ""
    """The id of a family, see :mod:`musegraph.library.families`."""
    prediction: str = ""
    variant: str = ""
    """What sets it apart in its family: ``inpaint``, ``edit``, ``4 channels``."""


def recognise(tensors: Tensors, metadata: Mapping[str, Any] | None = None) -> Recognised:
    """What the file with these tensors is; ``metadata`` is asked where they do not tell."""
    said = metadata or {}
    names = "\n".join(tensors)
    found = next(filter(None, (look(tensors, names) for look in _LOOKS)), Recognised("other"))
    family = found.family or _family_said(said)
    if found.kind in ("vae", "text_encoder", "vision", "upscaler", "other"):
        family = found.family
    return Recognised(
        found.kind, family, _prediction(found.kind, family, tensors, said), found.variant
    )


def _family_said(said: Mapping[str, Any]) -> str:
    texts = (text for key in _SAID if isinstance(text := said.get(key), str))
    return next(filter(None, map(by_saying, texts)), "")


def _prediction(kind: Kind, family: str, tensors: Tensors, said: Mapping[str, Any]) -> str:
    """What the net predicts: said by its maker, by a mark in the file, or usual in its family."""
    if kind not in ("checkpoint", "denoiser", "lora"):
        return ""
    named = str(said.get("modelspec.prediction_type", "")).lower()
    if named in ("v", "v_prediction") or str(said.get("ss_v_parameterization")) == "True":
        return "v_prediction"
    if "v_pred" in tensors:
        return "v_prediction"
    if named == "epsilon":
        return "epsilon"
    return BY_ID[family].prediction if family in BY_ID and kind != "lora" else ""


# -- kinds ------------------------------------------------------------------------------------


def _lora(tensors: Tensors, names: str) -> Recognised | None:
    if not any(part in names for part in _LORA) or "lora_controlnet" in names:
        return None
    plain = names.replace(".", "_")
    if "lora_te2_" in plain or "text_encoder_2_" in plain:
        return Recognised("lora", "sdxl")
    if any(part in plain for part in _UNET_ADAPTED):
        return Recognised("lora", WIDTHS.get(_width_adapted(tensors), ""))
    for family in FAMILIES:
        if any(part in plain for part in family.adapted):
            return Recognised("lora", family.id)
    return Recognised("lora")


def _width_adapted(tensors: Tensors) -> int:
    for name, entry in tensors.items():
        inner = name.replace(".", "_")
        if "attn2_to_k" in inner and ("lora_down" in name or "lora_A" in name or "down.w" in name):
            return int(entry["shape"][1]) if len(entry["shape"]) > 1 else 0
    return 0


def _ip_adapter(tensors: Tensors, names: str) -> Recognised | None:
    if "to_k_ip" not in names and "ip_adapter." not in names:
        return None
    family = WIDTHS.get(_width(tensors), "")
    if "double_blocks" in names:
        family = "flux"
    variant = "plus" if "image_proj.latents" in names else ""
    return Recognised("ip_adapter", family, "", variant)


def _control(tensors: Tensors, names: str) -> Recognised | None:
    if not any(part in names for part in _CONTROL):
        return None
    family = _of_table(tensors) or WIDTHS.get(_width(tensors), "")
    return Recognised("control", family, "", "union" if "task_embedding" in names else "")


def _checkpoint(tensors: Tensors, names: str) -> Recognised | None:
    """A denoiser, alone or with what else makes pictures."""
    family = _of_table(tensors)
    if not family and any(part in names for part in _UNET):
        family = WIDTHS.get(_width(tensors), "")
    elif not family:
        return None
    if not family and _first(tensors, _UNET_FIRST) is None:
        return None
    whole = any(f"\n{part}" in f"\n{names}" for part in _OTHER_PARTS)
    return Recognised("checkpoint" if whole else "denoiser", family, "", _variant(tensors, family))


def _variant(tensors: Tensors, family: str) -> str:
    entry = _first(tensors, ("input_blocks.0.0.weight", "conv_in.weight"))
    if entry is not None and family in ("sd1", "sd2", "sdxl") and len(entry["shape"]) == 4:
        return {9: "inpaint", 8: "edit", 5: "depth", 7: "upscale"}.get(entry["shape"][1], "")
    entry = _first(tensors, ("img_in.weight", "x_embedder.weight"))
    if entry is not None and family == "flux" and len(entry["shape"]) == 2:
        return {384: "fill", 128: "control"}.get(entry["shape"][1], "")
    if _first(tensors, ("vace_blocks.0.after_proj.bias", "vace_blocks.0.proj_out.bias")):
        return "vace"
    return ""


def _motion(tensors: Tensors, names: str) -> Recognised | None:
    return Recognised("motion", "animatediff") if "motion_modules." in names else None


def _style(tensors: Tensors, names: str) -> Recognised | None:
    alone, together = "deconv3.conv2d.weight", "deconv1.conv2d.weight"
    if {alone, "in1.weight"} <= {*tensors} or {together, "conv1.conv2d.weight"} <= {*tensors}:
        return Recognised("style")  # fast nets, one or several: one pass repaints in a style
    if "decoder.paint.weight" in tensors and "decoder.stages.0.gate.weight" in tensors:
        return Recognised("style")  # any style at once, as style.adain paints
    return Recognised("style", "flux") if "redux_up.weight" in tensors else None


def _vae(tensors: Tensors, names: str) -> Recognised | None:
    for prefix in ("", "first_stage_model.", "vae."):
        for name in _DECODERS:
            entry = tensors.get(prefix + name)
            if entry is not None:
                sides = entry["shape"]
                wan = f"{prefix}decoder.middle.0.residual.0.gamma" in tensors
                channels = f"{sides[1]} channels" if len(sides) > 3 else ""
                return Recognised("vae", "wan" if wan else "", "", channels)
    if "decoder.project_in.conv.weight" in names or "decoder.stages.1.op_list." in names:
        return Recognised("vae", "sana")
    return Recognised("vae", "", "", "tiny") if _TINY & {*tensors} else None


def _text_encoder(tensors: Tensors, names: str) -> Recognised | None:
    if "text_model.encoder.layers.0." in names or (
        "transformer.resblocks.0." in names and "token_embedding.weight" in names
    ):
        width = _side(tensors, "token_embedding.weight", 1)
        return Recognised("text_encoder", _CLIPS.get(width, ""))
    if "encoder.block.0.layer.0.SelfAttention.q." in names or "enc.blk.0.attn_q." in names:
        words = max(_side(tensors, "shared.weight", 0), _side(tensors, "token_embd.weight", 0))
        return Recognised("text_encoder", "umt5" if words > 200_000 else "t5")
    if "layers.0.self_attn.q_proj.weight" in names or "blk.0.attn_q.weight" in names:
        return Recognised("text_encoder", _language(names))
    return None


def _language(names: str) -> str:
    """The family of a language model, which some denoisers take their texts from."""
    if "visual." in names:
        return "qwen-vl"
    if "pre_feedforward_layernorm" in names or "post_ffw_norm" in names:
        return "gemma"
    marks = ("q_proj.bias", "q_norm", "attn_q.bias")
    return "qwen" if any(mark in names for mark in marks) else "llama"


def _vision(tensors: Tensors, names: str) -> Recognised | None:
    if "vision_model.encoder.layers.0." in names:
        return Recognised("vision", "siglip" if "vision_model.head." in names else "")
    if "features.0.weight" in tensors and "features.2.weight" in tensors:
        return Recognised("vision")  # of the VGG kind
    return Recognised("vision") if "visual.transformer.resblocks.0." in names else None


def _t2i_adapter(tensors: Tensors, names: str) -> Recognised | None:
    return Recognised("t2i_adapter") if any(mark in tensors for mark in _T2I) else None


def _upscaler(tensors: Tensors, names: str) -> Recognised | None:
    if len(tensors.get("body.1.weight", {}).get("shape", ())) == 1 and "body.0.weight" in tensors:
        return Recognised("upscaler")  # convolutions with PReLU between: SRVGGNetCompact
    for mark in _UPSCALER:
        entry = tensors.get(mark)
        if entry is not None and (len(entry["shape"]) != 4 or entry["shape"][1] <= 64):
            return Recognised("upscaler")
    return None


def _gan(tensors: Tensors, names: str) -> Recognised | None:
    """A generator of StyleGAN2, alone or with its critic in a checkpoint."""
    for prefix in ("", "g_ema.", "generator."):
        if all(prefix + name in tensors for name in _GAN):
            ups = sum(
                n.startswith(f"{prefix}to_rgbs.") and n.endswith(".conv.weight") for n in tensors
            )
            base = _side(tensors, f"{prefix}input.input", 2)
            return Recognised("gan", "stylegan2", "", f"{base << min(ups, 16)} px")
    return None


def _embedding(tensors: Tensors, names: str) -> Recognised | None:
    """Vectors that stand for a word, and nothing else."""
    if {"clip_g", "clip_l"} <= {*tensors}:
        return Recognised("embedding", "sdxl")
    if len(tensors) > 2:
        return None
    shapes = [entry["shape"] for entry in tensors.values()]
    width = next((shape[-1] for shape in shapes if 1 <= len(shape) <= 2 and shape[-1] in WIDTHS), 0)
    if not width or any(len(shape) == 2 and shape[0] > 256 for shape in shapes):
        return None
    return Recognised("embedding", {768: "sd1", 1024: "sd2"}.get(width, ""))


_LOOKS = (
    _lora, _ip_adapter, _control, _motion, _checkpoint, _vae, _style, _text_encoder, _vision,
    _t2i_adapter, _upscaler, _gan, _embedding,
)  # fmt: skip


# -- tensors ----------------------------------------------------------------------------------


def _of_table(tensors: Tensors) -> str:
    for family in FAMILIES:
        for group in family.tensors:
            for prefix in _PREFIXES:
                if all(prefix + name in tensors for name in group):
                    return family.id
    return ""


def _first(tensors: Tensors, names: tuple[str, ...]) -> Mapping[str, Any] | None:
    for prefix in _PREFIXES:
        for name in names:
            if prefix + name in tensors:
                return tensors[prefix + name]
    return None


def _width(tensors: Tensors) -> int:
    """The width of the text that the first attention on a text takes."""
    return next(_widths(tensors), 0)


def _widths(tensors: Tensors) -> Iterator[int]:
    for name, entry in tensors.items():
        if name.endswith(_WIDTH_OF_TEXT) and len(entry["shape"]) == 2:
            yield int(entry["shape"][1])


def _side(tensors: Tensors, ending: str, side: int) -> int:
    for name, entry in tensors.items():
        if name.endswith(ending) and len(entry["shape"]) > side:
            return int(entry["shape"][side])
    return 0
