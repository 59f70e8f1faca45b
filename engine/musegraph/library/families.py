"""The families of models: what each is called, and by what its files give themselves away.

One table for the whole of Musegraph. Names of tensors are the better witness, for a file cannot be
loaded under others; what its maker has written into it only counts where they do not tell.
"""

from __future__ import annotations

from dataclasses import dataclass

EPSILON, FLOW = "epsilon", "flow_prediction"
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of denoisers.

    ``tensors``: any of these groups of names, all there, below one of the usual prefixes.
    ``adapted``: a part of the names in adapters for it, with ``_`` for every ``.``.
    ``classes``: how the names of its classes in Diffusers begin.
    ``said``: what makers write where they name the base of a model, in small letters.
    """

    id: str
    title: str
    prediction: str = FLOW
    tensors: tuple[Names, ...] = ()
    adapted: Names = ()
    classes: Names = ()
    said: Names = ()


FAMILIES: tuple[Family, ...] = (
    Family(
        "sd1", "Stable Diffusion 1", EPSILON,
        said=("stable-diffusion-v1", "sd_v1", "sd 1", "sd1"),
    ),
    Family(
        "sd2", "Stable Diffusion 2", "",
        said=("stable-diffusion-v2", "sd_v2", "sd 2", "sd2"),
    ),
    Family("sd", "Stable Diffusion", "", classes=("StableDiffusion", "LatentConsistency")),
    Family(
        "sdxl-refiner", "Stable Diffusion XL refiner", EPSILON,
        said=("stable-diffusion-xl-v1-refiner", "sdxl_refiner"),
    ),
    Family(
        "sdxl", "Stable Diffusion XL", EPSILON,
        classes=("StableDiffusionXL", "LatentConsistencyXL"),
        said=("stable-diffusion-xl", "sdxl", "sd xl", "pony", "illustrious"),
    ),
    Family(
        "svd", "Stable Video Diffusion", "v_prediction",
        tensors=(
            ("input_blocks.1.1.time_stack.0.attn2.to_k.weight",),
            ("down_blocks.0.attentions.0.temporal_transformer_blocks.0.attn1.to_q.weight",),
        ),
        classes=("StableVideoDiffusion", "UNetSpatioTemporal"),
    ),
    Family(
        "kandinsky2", "Kandinsky 2.2", EPSILON,
        tensors=(("encoder_hid_proj.image_embeds.weight",),),
        classes=("KandinskyV22", "Kandinsky"),
    ),
    Family(
        "cascade", "Stable Cascade", "",
        tensors=(("clip_txt_mapper.weight",), ("down_blocks.1.0.channelwise.0.weight",)),
        classes=("StableCascade", "Wuerstchen"),
    ),
    Family(
        "flux2", "FLUX.2",
        tensors=(
            ("single_stream_modulation.lin.weight",), ("single_stream_modulation.linear.weight",),
        ),
        adapted=("single_stream_modulation", "single_transformer_blocks_0_attn_to_qkv_mlp_proj"),
        classes=("Flux2",),
        said=("flux.2", "flux2", "flux-2"),
    ),
    Family(
        "flux3", "FLUX.3",
        tensors=(("early_stream_modulations.image.lin.weight",), ("ref_time_in.in_layer.weight",)),
        classes=("Flux3",),
        said=("flux.3", "flux3", "flux-3"),
    ),
    Family(
        "chroma", "Chroma",
        tensors=(
            ("distilled_guidance_layer.in_proj.bias",),
            ("distilled_guidance_layer.in_proj.weight",),
        ),
        adapted=("distilled_guidance_layer",),
        classes=("Chroma",),
        said=("chroma",),
    ),
    Family(
        "hunyuan-video", "HunyuanVideo",
        tensors=(
            ("txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.bias",),
            ("context_embedder.token_refiner.refiner_blocks.0.norm1.weight",),
        ),
        adapted=("single_blocks_38_", "individual_token_refiner"),
        classes=("HunyuanVideo", "HunyuanSkyreels"),
        said=("hunyuan-video", "hunyuanvideo", "hunyuan_video", "hyvid"),
    ),
    Family(
        "flux", "FLUX.1",
        tensors=(
            ("double_blocks.0.img_attn.norm.key_norm.scale",),
            ("single_transformer_blocks.0.attn.norm_k.weight", "x_embedder.weight"),
        ),
        adapted=("double_blocks_", "single_transformer_blocks_"),
        classes=("Flux",),
        said=("flux",),
    ),
    Family(
        "krea2", "Krea 2",
        tensors=(("txtfusion.projector.weight",),), classes=("Krea2",), said=("krea2", "krea-2"),
    ),
    Family(
        "qwen-image", "Qwen-Image",
        tensors=(("transformer_blocks.0.img_mod.1.weight",), ("txt_in.text_norm.weight",)),
        adapted=(
            "transformer_blocks_0_img_mlp", "transformer_blocks_0_txt_mlp",
            "transformer_blocks_0_img_mod", "transformer_blocks_59_",
        ),
        classes=("QwenImage",),
        said=("qwen-image", "qwen_image", "qwenimage"),
    ),
    Family(
        "sd3", "Stable Diffusion 3",
        tensors=(
            ("joint_blocks.0.context_block.adaLN_modulation.1.bias",),
            ("transformer_blocks.0.norm1_context.linear.weight", "pos_embed.proj.weight"),
        ),
        adapted=("joint_blocks_", "transformer_blocks_0_attn_add_k_proj"),
        classes=("StableDiffusion3", "SD3"),
        said=("stable-diffusion-3", "stable-diffusion-v3", "sd3", "sd 3"),
    ),
    Family(
        "hidream", "HiDream",
        tensors=(
            ("double_stream_blocks.0.block.adaLN_modulation.1.bias",),
        ),
        adapted=("double_stream_blocks_",),
        classes=("HiDream",),
        said=("hidream",),
    ),
    Family(
        "aura-flow", "AuraFlow",
        tensors=(
            ("double_layers.0.attn.w2q.weight",),
            ("joint_transformer_blocks.0.attn.add_k_proj.weight",),
        ),
        classes=("AuraFlow",),
        said=("auraflow", "aura"),
    ),
    Family(
        "z-image", "Z-Image",
        tensors=(
            ("layers.0.adaLN_modulation.0.weight",),
            ("control_layers.0.adaLN_modulation.0.weight",),
        ),
        adapted=("layers_0_attention_to_q", "layers_0_adaLN_modulation_0"),
        classes=("ZImage",),
        said=("z-image", "z_image", "zimage"),
    ),
    Family(
        "lumina2", "Lumina 2",
        tensors=(
            ("cap_embedder.0.weight",), ("time_caption_embed.caption_embedder.0.weight",),
        ),
        adapted=("layers_0_attention_qkv",),
        classes=("Lumina2",),
        said=("lumina2", "lumina-2"),
    ),
    Family(
        "wan", "Wan",
        tensors=(
            ("head.modulation",),
            ("condition_embedder.time_embedder.linear_1.weight", "blocks.0.attn2.to_k.weight"),
        ),
        adapted=("blocks_0_cross_attn_k_", "blocks_0_self_attn_q_lora", "_blocks_0_attn2_to_k_img"),
        classes=("Wan", "AutoencoderKLWan", "SkyReelsV2", "ChronoEdit"),
        said=("wan",),
    ),
    Family(
        "cosmos", "Cosmos",
        tensors=(("x_embedder.proj.1.weight", "blocks.0.self_attn.q_proj.weight"),
                 ("x_embedder.proj.1.weight", "extra_pos_embedder.pos_emb_h")),
        adapted=("blocks_0_self_attn_q_proj",),
        classes=("Cosmos",),
        said=("cosmos",),
    ),
    Family(
        "ltx2", "LTX-2",
        tensors=(
            ("av_ca_a2v_gate_adaln_single.emb.timestep_embedder.linear_1.weight",),
            ("av_cross_attn_audio_v2a_gate.emb.timestep_embedder.linear_1.weight",),
        ),
        adapted=("audio_to_video_attn",),
        classes=("LTX2",),
        said=("ltx2", "ltx-2", "ltxav"),
    ),
    Family(
        "ltx", "LTX-Video",
        tensors=(
            ("patchify_proj.weight",),
            ("time_embed.linear.weight", "caption_projection.linear_1.weight", "proj_in.weight"),
        ),
        classes=("LTX", "AutoencoderKLLTX"),
        said=("ltx",),
    ),
    Family(
        "sana", "Sana",
        tensors=(
            ("attention_y_norm.weight", "blocks.0.cross_attn.q_linear.weight"),
            ("caption_norm.weight", "patch_embed.proj.weight"),
        ),
        classes=("Sana", "AutoencoderDC"),
        said=("sana",),
    ),
    Family(
        "pixart", "PixArt", EPSILON,
        tensors=(
            ("blocks.0.cross_attn.q_linear.weight", "y_embedder.y_proj.fc1.weight"),
            ("adaln_single.linear.weight", "caption_projection.linear_1.weight",
             "pos_embed.proj.weight"),
        ),
        classes=("PixArt",),
        said=("pixart",),
    ),
    Family(
        "mochi", "Mochi",
        tensors=(
            ("blocks.0.attn.qkv_x.weight",), ("time_embed.pooler.to_kv.weight",),
        ),
        classes=("Mochi",),
        said=("mochi",),
    ),
    Family(
        "cogvideox", "CogVideoX", "v_prediction",
        tensors=(("patch_embed.text_proj.weight", "transformer_blocks.0.norm1.linear.weight"),),
        classes=("CogVideoX", "AutoencoderKLCogVideoX"),
        said=("cogvideox",),
    ),
    Family(
        "hunyuan-dit", "Hunyuan-DiT", "v_prediction",
        tensors=(("text_embedding_padding",),),
        classes=("HunyuanDiT",),
        said=("hunyuan-dit", "hunyuandit"),
    ),
    Family(
        "kandinsky5", "Kandinsky 5",
        tensors=(("visual_transformer_blocks.0.self_attention.to_query.weight",),),
        classes=("Kandinsky5",),
    ),
    Family("omnigen", "OmniGen", classes=("OmniGen",)),
    Family("allegro", "Allegro", "", classes=("Allegro",)),
    Family("unclip", "unCLIP", EPSILON, classes=("UnCLIP",)),
    Family(
        "deepfloyd", "DeepFloyd IF", EPSILON,
        classes=("IFPipeline", "IFImg", "IFSuper", "IFInp"),
    ),
    Family("latte", "Latte", EPSILON, classes=("Latte",)),
    Family("animatediff", "AnimateDiff", EPSILON, classes=("AnimateDiff", "MotionAdapter")),
    Family("audioldm", "AudioLDM", EPSILON, classes=("AudioLDM",)),
    Family(
        "stable-audio", "Stable Audio", "v_prediction",
        classes=("StableAudio", "AutoencoderOobleck"),
    ),
    Family("ace-step", "ACE-Step", classes=("AceStep",)),
)  # fmt: skip
"""The order counts: what is said of one family may hold for those behind it too."""

ENCODERS = (
    Family("clip-l", "CLIP L", ""),
    Family("clip-g", "CLIP G", ""),
    Family("clip-h", "CLIP H", ""),
    Family("t5", "T5", ""),
    Family("umt5", "UMT5", ""),
    Family("qwen-vl", "Qwen-VL", ""),
    Family("qwen", "Qwen", ""),
    Family("llama", "Llama", ""),
    Family("gemma", "Gemma", ""),
    Family("siglip", "SigLIP", ""),
)
"""Families of encoders; a text encoder of one serves several families of denoisers."""

BY_ID = {family.id: family for family in (*FAMILIES, *ENCODERS)}

WIDTHS = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl-refiner"}
"""Denoisers with the net of Stable Diffusion, by the width of the text that they attend to."""


def title_of(id: str) -> str:
    """What people call a family; the id itself if it is none of the table."""
    known = BY_ID.get(id)
    return known.title if known else id


def by_class(name: str) -> str:
    """The id of the family that a class of Diffusers belongs to; empty if it is not known."""
    found = [
        (len(start), family.id)
        for family in FAMILIES
        for start in family.classes
        if name.startswith(start)
    ]
    return max(found, default=(0, ""))[1]


def by_saying(text: str) -> str:
    """The id of the family that a maker names; empty if none is recognised."""
    small = text.lower()
    found = [(len(word), family.id) for family in FAMILIES for word in family.said if word in small]
    return max(found, default=(0, ""))[1]
