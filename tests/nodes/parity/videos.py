"""Tiny pipelines for videos."""

from __future__ import annotations

from typing import Any

import diffusers as d

from .parts import clip_pictures, clip_vision, letter_words, t5

Flow = d.FlowMatchEulerDiscreteScheduler


def wan_vae() -> Any:
    return d.AutoencoderKLWan(
        base_dim=3,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )


def wan(cls: Any = None, channels: int = 16, **parts: Any) -> Any:
    sees = {"image_dim": 32, "added_kv_proj_dim": 24} if "image_encoder" in parts else {}
    return (cls or d.WanPipeline)(
        tokenizer=letter_words(),
        text_encoder=t5(),
        vae=wan_vae(),
        scheduler=d.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        transformer=d.WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=channels,
            out_channels=16,
            text_dim=32,
            freq_dim=32,
            ffn_dim=32,
            num_layers=2,
            rope_max_seq_len=32,
            **sees,
        ),
        **parts,
    )


def wan_image() -> Any:
    return wan(
        d.WanImageToVideoPipeline,
        channels=36,
        image_encoder=clip_vision(),
        image_processor=clip_pictures(),
    )


def ltx(cls: Any = None) -> Any:
    return (cls or d.LTXPipeline)(
        scheduler=Flow(),
        vae=d.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
            spatio_temporal_scaling=(True, True, False, False),
            decoder_spatio_temporal_scaling=(True, True, False, False),
            patch_size=1,
            patch_size_t=1,
        ),
        text_encoder=t5(),
        tokenizer=letter_words(),
        transformer=d.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=1,
            caption_channels=32,
        ),
    )


def cogvideo(cls: Any = None, channels: int = 4) -> Any:
    turning = cls is not None
    return (cls or d.CogVideoXPipeline)(
        tokenizer=letter_words(16),
        text_encoder=t5(),
        vae=d.AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
            temporal_compression_ratio=4,
        ),
        transformer=d.CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            in_channels=channels,
            out_channels=4,
            time_embed_dim=2,
            text_embed_dim=32,
            num_layers=1,
            sample_width=2,
            sample_height=2,
            sample_frames=9,
            patch_size=2,
            temporal_compression_ratio=4,
            max_text_seq_length=16,
            use_rotary_positional_embeddings=turning,
            use_learned_positional_embeddings=turning,
        ),
        scheduler=d.CogVideoXDDIMScheduler(
            prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing"
        ),
    )


def latte() -> Any:
    return d.LattePipeline(
        transformer=d.LatteTransformer3DModel(
            sample_size=8,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=3,
            caption_channels=32,
            in_channels=4,
            cross_attention_dim=24,
            out_channels=8,
            attention_bias=True,
            activation_fn="gelu-approximate",
            num_embeds_ada_norm=1000,
            norm_type="ada_norm_single",
            norm_elementwise_affine=False,
            norm_eps=1e-6,
        ),
        vae=d.AutoencoderKL(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4,
            latent_channels=4,
        ),
        scheduler=d.DDIMScheduler(),
        text_encoder=t5(),
        tokenizer=letter_words(),
    )
