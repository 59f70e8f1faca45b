"""The original layouts: which parts a single file holds, under which names, and what it is not.

They are those of the code that the models were trained with, and for text encoders and autoencoders
those under which they are passed on alone. Widths and depths follow from the shapes of the tensors;
what no shape tells comes from the configurations in ``configs``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import shapes
from .weights import Header

CONFIGS = Path(__file__).parent / "configs"
NET = ("model.diffusion_model.", "")
_UNET = ("model.diffusion_model.",)
_VAE = ("first_stage_model.", "vae.", "")


@dataclass(frozen=True)
class Slot:
    """Where a part stands in a file: what its names begin with, and tensors of which it has one."""

    names: str
    """How its names are converted: see :mod:`checkpoint`."""
    prefixes: tuple[str, ...]
    marks: tuple[str, ...]
    infer: shapes.Infer
    shipped: str
    """The folder in ``configs`` of what the shapes do not tell."""

    def prefix(self, header: Header) -> str | None:
        """What its names begin with in this file; None if it is not there."""
        for prefix in self.prefixes:
            if any(prefix + mark in header for mark in self.marks):
                return prefix
        return None


@dataclass(frozen=True)
class Original:
    """A family of models as single files."""

    family: str
    title: str
    slots: Mapping[str, Slot]
    scheduler: str

    def finds(self, header: Header) -> dict[str, str]:
        """The parts that are in a file, with what their names begin with."""
        found = {part: slot.prefix(header) for part, slot in self.slots.items()}
        return {part: prefix for part, prefix in found.items() if prefix is not None}


def _unet(shipped: str, infer: shapes.Infer = shapes.heads_of_64) -> Slot:
    marks = ("input_blocks.0.0.weight", "time_embed.0.weight")
    return Slot("unet", _UNET, marks, infer, shipped)


def _vae(shipped: str) -> Slot:
    marks = ("decoder.conv_in.weight", "encoder.conv_in.weight")
    return Slot("vae", _VAE, marks, shapes.vae, shipped)


def _clip(*prefixes: str, shipped: str = "sd15/text_encoder") -> Slot:
    mark = "text_model.embeddings.token_embedding.weight"
    return Slot("clip", (*prefixes, ""), (mark,), shapes.clip, shipped)


def _open_clip(prefix: str, shipped: str, infer: shapes.Infer = shapes.open_clip) -> Slot:
    return Slot("open_clip", (prefix,), ("token_embedding.weight",), infer, shipped)


def _t5() -> Slot:
    marks = ("shared.weight", "encoder.embed_tokens.weight")
    return Slot("t5", ("text_encoders.t5xxl.transformer.", ""), marks, shapes.t5, "t5/text_encoder")


_L = "text_encoders.clip_l.transformer."
_G = _clip("text_encoders.clip_g.transformer.", shipped="sdxl/text_encoder_2")
SD15 = Original(
    "sd",
    "Stable Diffusion 1.x",
    {
        "unet": _unet("sd15/unet", shapes.unet),
        "vae": _vae("sd15/vae"),
        "text_encoder": _clip("cond_stage_model.transformer."),
    },
    "sd15/scheduler",
)
SD2 = Original(
    "sd",
    "Stable Diffusion 2",
    {
        "unet": _unet("sd2/unet"),
        "vae": _vae("sd15/vae"),
        "text_encoder": _open_clip(
            "cond_stage_model.model.", "sd2/text_encoder", shapes.open_clip_but_last
        ),
    },
    "sd2/scheduler",
)
SDXL = Original(
    "sdxl",
    "Stable Diffusion XL",
    {
        "unet": _unet("sdxl/unet"),
        "vae": _vae("sdxl/vae"),
        "text_encoder": _clip("conditioner.embedders.0.transformer."),
        "text_encoder_2": _open_clip("conditioner.embedders.1.model.", "sdxl/text_encoder_2"),
    },
    "sdxl/scheduler",
)
REFINER = Original(
    "sdxl",
    "the refiner of Stable Diffusion XL",
    {
        "unet": _unet("sdxl-refiner/unet"),
        "vae": _vae("sdxl/vae"),
        "text_encoder_2": _open_clip("conditioner.embedders.0.model.", "sdxl/text_encoder_2"),
    },
    "sdxl/scheduler",
)
SD3 = Original(
    "sd3",
    "Stable Diffusion 3",
    {
        "transformer": Slot(
            "sd3", NET, ("joint_blocks.0.x_block.attn.qkv.weight",), shapes.sd3, "sd3/transformer"
        ),
        "vae": _vae("sd3/vae"),
        "text_encoder": _clip(_L),
        "text_encoder_2": _G,
        "text_encoder_3": _t5(),
    },
    "sd3/scheduler",
)
FLUX = Original(
    "flux",
    "FLUX.1",
    {
        "transformer": Slot(
            "flux",
            NET,
            (
                "double_blocks.0.img_attn.qkv.weight",
                "single_transformer_blocks.0.proj_mlp.weight",
            ),
            shapes.flux,
            "flux/transformer",
        ),
        "vae": _vae("flux/vae"),
        "text_encoder": _clip(_L),
        "text_encoder_2": _t5(),
    },
    "flux/scheduler",
)
Z_IMAGE = Original(
    "z_image",
    "Z-Image",
    {
        "transformer": Slot(
            "z_image",
            NET,
            ("layers.0.adaLN_modulation.0.weight",),
            shapes.z_image,
            "z-image/transformer",
        ),
        "vae": _vae("flux/vae"),
        "text_encoder": Slot(
            "qwen",
            ("text_encoders.qwen3_4b.transformer.", ""),
            ("model.embed_tokens.weight", "embed_tokens.weight"),
            shapes.qwen,
            "z-image/text_encoder",
        ),
    },
    "z-image/scheduler",
)
QWEN_IMAGE = Original(
    "qwen_image",
    "Qwen-Image",
    {
        "transformer": Slot(
            "plain", NET, ("txt_norm.weight",), shapes.qwen_image, "qwen-image/transformer"
        ),
    },
    "qwen-image/scheduler",
)
LATER = (SD3, FLUX, Z_IMAGE, QWEN_IMAGE)
_BY_TEXT = {
    "conditioner.embedders.1.": SDXL,
    "conditioner.embedders.0.transformer.": SDXL,
    "conditioner.embedders.0.model.": REFINER,
    "cond_stage_model.model.": SD2,
}
_BY_WIDTH = {1024: SD2, 2048: SDXL, 1280: REFINER}
# What training left in a file and pictures do not need: the schedule as tables, copies of the
# weights averaged over time, and counters; and what parts hold that others than ours read.
_LEFT = re.compile(
    r"(model_ema\.|(sqrt_|log_)?(one_minus_|recip_|recipm1_)?alphas_cumprod|betas$|posterior_"
    r"|logvar$|lvlb_weights$|denoiser\.sigmas$|global_step$|v_pred$|ztsnr$|edm_"
    r"|first_stage_model\.loss\."
    r"|(.*\.)?text_model\.embeddings\.position_ids$|(.*\.)?logit_scale$"
    r"|text_encoders\.[a-z0-9_]+\.logit_scale$|(.*\.)?spiece_model$|(.*\.)?norm_final\.weight$)"
)


def left_over(name: str) -> bool:
    """Whether a tensor is one that nothing here has a use for, and nothing lacks."""
    return _LEFT.match(name) is not None


def recognised(header: Header) -> Original | None:
    """The layout of a file that holds a denoiser, told by the names of its tensors."""
    for original in LATER:
        if original.slots["transformer"].prefix(header) is not None:
            return original
    for prefix, original in _BY_TEXT.items():
        if any(name.startswith(prefix) for name in header):
            return original
    if any(name.startswith(_UNET[0]) for name in header):
        if any(name.startswith("cond_stage_model.") for name in header):
            return SD15
        looks = (entry["shape"] for name, entry in header.items() if "attn2.to_k.weight" in name)
        return _BY_WIDTH.get(next(looks, [0, 0])[-1], SD15)
    parts = ("first_stage_model.", "cond_stage_model.")
    return SD15 if any(name.startswith(parts) for name in header) else None


def layout_of(family: str, part: str) -> Slot | None:
    """How a part of a family stands in a file of its own; None if only folders hold it."""
    ours = {"sd": SD15, "sdxl": SDXL} | {original.family: original for original in LATER}
    return ours[family].slots.get(part)
