"""LoRA files: in which layout they are, what they were made for, and their tensors by module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from musegraph import ModelError, read_header

WHOLE = (".hada_", ".lokr_", ".dora_scale", ".diff", ".diff_b", ".lora_mid.", ".oft_", ".glora")
"""Parts of names that say that a file holds more than plain low-rank pairs (LyCORIS)."""
_MIXINS = {
    "UNet2DConditionModel": "StableDiffusionLoraLoaderMixin",
    "SD3Transformer2DModel": "SD3LoraLoaderMixin",
    "FluxTransformer2DModel": "FluxLoraLoaderMixin",
    "Flux2Transformer2DModel": "Flux2LoraLoaderMixin",
    "QwenImageTransformer2DModel": "QwenImageLoraLoaderMixin",
    "ZImageTransformer2DModel": "ZImageLoraLoaderMixin",
    "SanaTransformer2DModel": "SanaLoraLoaderMixin",
    "Lumina2Transformer2DModel": "Lumina2LoraLoaderMixin",
    "AuraFlowTransformer2DModel": "AuraFlowLoraLoaderMixin",
    "HiDreamImageTransformer2DModel": "HiDreamImageLoraLoaderMixin",
    "CogView4Transformer2DModel": "CogView4LoraLoaderMixin",
    "WanTransformer3DModel": "WanLoraLoaderMixin",
    "LTXVideoTransformer3DModel": "LTXVideoLoraLoaderMixin",
    "HunyuanVideoTransformer3DModel": "HunyuanVideoLoraLoaderMixin",
    "CogVideoXTransformer3DModel": "CogVideoXLoraLoaderMixin",
    "MochiTransformer3DModel": "Mochi1LoraLoaderMixin",
}
_FAMILIES = {"sd3": "SD3LoraLoaderMixin", "flux": "FluxLoraLoaderMixin"}
_SIGNS = (
    ("FLUX", ("double_blocks", "single_blocks", "single_transformer_blocks")),
    ("Stable Diffusion 3", ("joint_blocks", "attn.add_k_proj", "attn_add_k_proj")),
    ("Wan", ("cross_attn.k", "cross_attn_k", "head.modulation")),
)


@dataclass(frozen=True)
class Opened:
    """The tensors of a file by module as diffusers names them, with the part as prefix."""

    tensors: dict[str, Any]
    alphas: dict[str, Any] | None
    metadata: dict[str, Any] | None
    names: tuple[str, ...]
    """Of all tensors, also where those of one part alone are kept."""

    def of(self, part: str) -> Opened:
        """The same with the tensors of one part."""
        own = {key: value for key, value in self.tensors.items() if key.startswith(f"{part}.")}
        return replace(self, tensors=own)


def file_of(place: Path, source: str) -> Path:
    """The one weight file of a LoRA: itself, or what lies in its folder."""
    if place.is_file():
        return place
    found = sorted(place.glob("*.safetensors"))
    if len(found) != 1:
        raise ModelError(
            f"the folder of the LoRA {source!r} holds {len(found)} .safetensors files; name the one"
            " that is meant"
        )
    return found[0]


def made_for(names: dict[str, dict[str, Any]]) -> str:
    """For which family a file was made, in words, judging by its header; empty if unknown."""
    for family, signs in _SIGNS:
        if any(sign in name for name in names for sign in signs):
            return family
    if any(name.startswith(("lora_te2_", "text_encoder_2.")) for name in names):
        return "Stable Diffusion XL"
    widths = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
    for name, entry in names.items():
        if "attn2" in name and "to_k" in name and ("down" in name or "lora_A" in name):
            return widths.get(entry["shape"][-1], "")
    return ""


def header_of(file: Path, source: str) -> dict[str, dict[str, Any]]:
    """Names and shapes of a LoRA's tensors; :class:`ModelError` if the file holds something else.

    Nothing but the header is read.
    """
    if file.suffix != ".safetensors":
        raise ModelError(
            f"the LoRA {source!r} is a {file.suffix or 'nameless'} file; only .safetensors files"
            " are opened"
        )
    names = read_header(file)
    pairs = ("lora_down", "lora_up", "lora_A", "lora_B", "lora.down", "lora.up", "_lora_")
    if any(sign in name for name in names for sign in (*pairs, *WHOLE)):
        return names
    raise ModelError(
        f"{source!r} is no LoRA: none of its {len(names)} tensors has a name of one"
        f" ({next(iter(names), 'there are none')} …)"
    )


def mixin_of(net: Any, family: str) -> Any:
    """The class of diffusers that knows the layouts of LoRAs for a network."""
    from diffusers.loaders import lora_pipeline

    name = _MIXINS.get(type(net).__name__, "")
    if name == "StableDiffusionLoraLoaderMixin" and net.config.addition_embed_type == "text_time":
        name = "StableDiffusionXLLoraLoaderMixin"
    if not name and not hasattr(net, "load_lora_adapter"):  # a text encoder, of whichever family
        sure = (mixin for start, mixin in _FAMILIES.items() if family.startswith(start))
        name = next(sure, "StableDiffusionXLLoraLoaderMixin")
    if not name:
        raise ModelError(f"no LoRA can be put on a {type(net).__name__}: its layouts are unknown")
    return getattr(lora_pipeline, name)


def open_lora(file: Path, source: str, mixin: Any, net: Any) -> Opened:
    """Read a file of low-rank pairs, in whichever layout, by the names of diffusers."""
    options: dict[str, Any] = {
        "weight_name": file.name,
        "local_files_only": True,
        "use_safetensors": True,
        "return_lora_metadata": True,
    }
    if "unet" in mixin._lora_loadable_modules and hasattr(net, "load_lora_adapter"):
        options["unet_config"] = net.config
    elif mixin.__name__ == "FluxLoraLoaderMixin":
        options["return_alphas"] = True
    try:
        found = mixin.lora_state_dict(str(file.parent), **options)
    except Exception as error:  # the converters raise all kinds of errors for names they know not
        why = " ".join(str(error).split())[:200]
        raise refused(
            source, net, header_of(file, source), f"its names mean nothing: {why}"
        ) from error
    tensors, metadata = found[0], found[-1]
    alphas = found[1] if len(found) == 3 else None
    return Opened(tensors, alphas or None, metadata, tuple(tensors))


def refused(source: str, net: Any, names: dict[str, dict[str, Any]], why: str) -> ModelError:
    """The sentence for a LoRA that does not belong to a model."""
    guess = made_for(names)
    return ModelError(
        f"the LoRA {source!r} does not fit this model, a {type(net).__name__}: {why}"
        + (f"; it was made for {guess}" if guess else "")
        + "; take one that was made for the family of the model"
    )
