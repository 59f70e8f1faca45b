"""Tiny pipelines of the Stable Diffusion, unCLIP and Kandinsky families."""

from __future__ import annotations

from typing import Any

import diffusers as d
from transformers import CLIPImageProcessor

from .parts import (
    SCHEDULE,
    clip_pictures,
    clip_text,
    clip_vision,
    clip_words,
    letter_words,
    t5,
    unet,
    vae_kl,
)


def sd15(cls: Any = None, channels: int = 4, **parts: Any) -> Any:
    return (cls or d.StableDiffusionPipeline)(
        vae=vae_kl(),
        text_encoder=clip_text(),
        tokenizer=clip_words(),
        unet=unet(in_channels=channels),
        scheduler=d.DDIMScheduler(**SCHEDULE),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        **parts,
    )


def sd15_inpaint() -> Any:
    return sd15(d.StableDiffusionInpaintPipeline, channels=9)


def controlnet(width: int = 32) -> Any:
    made = d.ControlNetModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        in_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
        conditioning_embedding_out_channels=(4, 8),
    )
    made.controlnet_down_blocks.apply(_loud)
    made.controlnet_mid_block.apply(_loud)
    return made


def _loud(layer: Any) -> None:
    """A ControlNet begins at zero and would change nothing."""
    if hasattr(layer, "weight"):
        layer.weight.data.normal_(std=0.5)


def sd15_controlnet() -> Any:
    return sd15(d.StableDiffusionControlNetPipeline, controlnet=controlnet())


def sd15_adapter() -> Any:
    adapter = d.T2IAdapter(in_channels=3, channels=[8, 16], num_res_blocks=1, downscale_factor=2)
    made = sd15()
    made.unet = unet(
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    told = {"adapter": adapter, "requires_safety_checker": False}
    return d.StableDiffusionAdapterPipeline(**(_without_vision(made) | told))


def _without_vision(made: Any) -> dict[str, Any]:
    return {name: part for name, part in made.components.items() if name != "image_encoder"}


def lcm() -> Any:
    told = dict(SCHEDULE, set_alpha_to_one=True)
    made = sd15(d.LatentConsistencyModelPipeline)
    made.unet = unet(time_cond_proj_dim=16)
    made.scheduler = d.LCMScheduler(**told)
    return d.LatentConsistencyModelPipeline(**made.components, requires_safety_checker=False)


def instruct() -> Any:
    return sd15(d.StableDiffusionInstructPix2PixPipeline, channels=8)


def sdxl(cls: Any = None, **parts: Any) -> Any:
    return (cls or d.StableDiffusionXLPipeline)(
        vae=vae_kl(),
        text_encoder=clip_text(),
        text_encoder_2=clip_text(projection=32),
        tokenizer=clip_words(),
        tokenizer_2=clip_words(),
        unet=unet(
            64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=80,
            transformer_layers_per_block=(1, 2),
            use_linear_projection=True,
        ),
        scheduler=d.EulerDiscreteScheduler(**_euler()),
        **parts,
    )


def _euler() -> dict[str, Any]:
    return {name: SCHEDULE[name] for name in ("beta_start", "beta_end", "beta_schedule")}


def sdxl_inpaint() -> Any:
    return sdxl(d.StableDiffusionXLInpaintPipeline)


def sd3(cls: Any = None) -> Any:
    return (cls or d.StableDiffusion3Pipeline)(
        scheduler=d.FlowMatchEulerDiscreteScheduler(),
        transformer=d.SD3Transformer2DModel(
            sample_size=16,
            patch_size=1,
            in_channels=4,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=64,
            caption_projection_dim=32,
            pooled_projection_dim=64,
            out_channels=4,
            pos_embed_max_size=32,
        ),
        text_encoder=clip_text(projection=32),
        text_encoder_2=clip_text(projection=32),
        text_encoder_3=t5(64),
        tokenizer=clip_words(),
        tokenizer_2=clip_words(),
        tokenizer_3=letter_words(),
        vae=vae_kl(shift_factor=0.06, scaling_factor=1.5, use_quant_conv=False),
    )


def depth_upscale() -> Any:
    """The upscaler of Stable Diffusion: noise on a small picture, which the U-Net reads beside."""
    return d.StableDiffusionUpscalePipeline(
        vae=vae_kl(scaling_factor=0.08333),
        text_encoder=clip_text(),
        tokenizer=clip_words(),
        unet=unet(in_channels=7, num_class_embeds=1000),
        low_res_scheduler=d.DDPMScheduler(),
        scheduler=d.DDIMScheduler(**SCHEDULE),
        max_noise_level=350,
    )


def prior_net(tokens: int = 16, **options: Any) -> Any:
    made = d.PriorTransformer(
        num_attention_heads=2,
        attention_head_dim=8,
        embedding_dim=32,
        num_layers=1,
        num_embeddings=tokens,
        **options,
    )
    made.clip_std.data.fill_(1.0)
    return made


def unclip_schedule(**options: Any) -> Any:
    told = {"num_train_timesteps": 1000, "clip_sample_range": 5.0, "prediction_type": "sample"}
    return d.UnCLIPScheduler(**(told | {"variance_type": "fixed_small_log"} | options))


def unclip() -> Any:
    from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel

    learned = {"variance_type": "learned_range", "prediction_type": "epsilon"}
    return d.UnCLIPPipeline(
        prior=prior_net(),
        decoder=d.UNet2DConditionModel(
            sample_size=16,
            in_channels=3,
            out_channels=6,
            block_out_channels=(8, 16),
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            layers_per_block=1,
            cross_attention_dim=16,
            attention_head_dim=4,
            norm_num_groups=4,
            resnet_time_scale_shift="scale_shift",
            class_embed_type="identity",
        ),
        text_encoder=clip_text(projection=32),
        tokenizer=clip_words(),
        text_proj=UnCLIPTextProjModel(
            clip_extra_context_tokens=2,
            clip_embeddings_dim=32,
            time_embed_dim=32,
            cross_attention_dim=16,
        ),
        super_res_first=_enlarger(),
        super_res_last=_enlarger(),
        prior_scheduler=unclip_schedule(),
        decoder_scheduler=d.UnCLIPScheduler(num_train_timesteps=1000, **learned),
        super_res_scheduler=d.UnCLIPScheduler(
            num_train_timesteps=1000, variance_type="fixed_small_log", prediction_type="epsilon"
        ),
    )


def _enlarger() -> Any:
    return d.UNet2DModel(
        sample_size=32,
        in_channels=6,
        out_channels=3,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D"),
        up_block_types=("ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
    )


def kandinsky_prior() -> Any:
    return d.KandinskyV22PriorPipeline(
        prior=prior_net(),
        image_encoder=clip_vision(),
        text_encoder=clip_text(projection=32),
        tokenizer=clip_words(),
        scheduler=unclip_schedule(clip_sample=True, clip_sample_range=10.0),
        image_processor=CLIPImageProcessor(
            crop_size={"height": 32, "width": 32}, size={"shortest_edge": 32}
        ),
    )


def kandinsky_unet(channels: int = 4) -> Any:
    return d.UNet2DConditionModel(
        in_channels=channels,
        out_channels=8,
        addition_embed_type="image",
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(8, 16),
        layers_per_block=1,
        encoder_hid_dim=32,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
        resnet_time_scale_shift="scale_shift",
        class_embed_type=None,
    )


def movq() -> Any:
    return d.VQModel(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        num_vq_embeddings=12,
        latent_channels=4,
        norm_num_groups=8,
        norm_type="spatial",
        vq_embed_dim=4,
    )


def kandinsky(cls: Any = None, channels: int = 4) -> Any:
    schedule = d.DDIMScheduler(
        beta_schedule="linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
    )
    made = cls or d.KandinskyV22Pipeline
    return made(unet=kandinsky_unet(channels), scheduler=schedule, movq=movq())


def kandinsky_whole() -> Any:
    """Both stages in one."""
    first, second = kandinsky_prior(), kandinsky()
    parts = {f"prior_{name}": part for name, part in first.components.items()}
    return d.KandinskyV22CombinedPipeline(**second.components, **parts)


def video_diffusion() -> Any:
    return d.StableVideoDiffusionPipeline(
        image_encoder=clip_vision(side=224, patch=32),
        feature_extractor=clip_pictures(224),
        scheduler=d.EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            interpolation_type="linear",
            prediction_type="v_prediction",
            sigma_max=700.0,
            sigma_min=0.002,
            timestep_spacing="leading",
            timestep_type="continuous",
            use_karras_sigmas=True,
        ),
        unet=d.UNetSpatioTemporalConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=16,
            in_channels=8,
            out_channels=4,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=32,
            num_attention_heads=4,
            projection_class_embeddings_input_dim=96,
            addition_time_embed_dim=32,
            num_frames=2,
        ),
        vae=d.AutoencoderKLTemporalDecoder(
            block_out_channels=(32, 32),
            in_channels=3,
            out_channels=3,
            down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
            latent_channels=4,
        ),
    )


def animate() -> Any:
    adapter = d.MotionAdapter(
        block_out_channels=(8, 16),
        motion_layers_per_block=1,
        motion_num_attention_heads=2,
        motion_norm_num_groups=2,
    )
    return d.AnimateDiffPipeline(
        vae=vae_kl(),
        text_encoder=clip_text(),
        tokenizer=clip_words(),
        unet=unet(),
        motion_adapter=adapter,
        scheduler=d.DDIMScheduler(**SCHEDULE),
    )
