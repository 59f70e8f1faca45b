"""Tiny pipelines whose denoiser is a transformer: pictures."""

from __future__ import annotations

from typing import Any

import diffusers as d
import transformers as t

from .parts import clip_text, clip_words, letter_words, t5, vae_kl

Flow = d.FlowMatchEulerDiscreteScheduler


def _plain_vae(channels: int, levels: int = 2) -> Any:
    return vae_kl(
        channels,
        levels,
        shift_factor=0.06,
        scaling_factor=1.5,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def flux(cls: Any = None) -> Any:
    return (cls or d.FluxPipeline)(
        scheduler=Flow(),
        transformer=d.FluxTransformer2DModel(
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
        ),
        text_encoder=clip_text(),
        text_encoder_2=t5(),
        tokenizer=clip_words(),
        tokenizer_2=letter_words(),
        vae=_plain_vae(1),
    )


def chroma() -> Any:
    return d.ChromaPipeline(
        scheduler=Flow(),
        transformer=d.ChromaTransformer2DModel(
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 4, 8),
            approximator_hidden_dim=32,
            approximator_layers=1,
            approximator_num_channels=16,
        ),
        text_encoder=t5(),
        tokenizer=letter_words(),
        vae=_plain_vae(1),
    )


def pixart(cls: Any = None) -> Any:
    made = cls or d.PixArtAlphaPipeline
    return made(
        transformer=d.PixArtTransformer2DModel(
            sample_size=8,
            num_layers=2,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=3,
            caption_channels=32,
            in_channels=4,
            cross_attention_dim=24,
            out_channels=8,
            use_additional_conditions=False,
        ),
        vae=vae_kl(),
        scheduler=d.DDIMScheduler(),
        text_encoder=t5(),
        tokenizer=letter_words(),
    )


def dit() -> Any:
    return d.DiTPipeline(
        transformer=d.DiTTransformer2DModel(
            sample_size=8,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=2,
            in_channels=4,
            out_channels=8,
            num_embeds_ada_norm=1000,
        ),
        vae=vae_kl(),
        scheduler=d.DDIMScheduler(),
    )


def gemma() -> Any:
    return t.Gemma2Model(
        t.Gemma2Config(
            head_dim=16,
            hidden_size=8,
            intermediate_size=8,
            num_attention_heads=2,
            num_hidden_layers=1,
            num_key_value_heads=2,
            vocab_size=len(letter_words()),
        )
    )


def sana(cls: Any = None, **options: Any) -> Any:
    made = cls or d.SanaPipeline
    return made(
        transformer=d.SanaTransformer2DModel(
            patch_size=1,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=4,
            num_cross_attention_heads=2,
            cross_attention_head_dim=4,
            cross_attention_dim=8,
            caption_channels=8,
            sample_size=32,
            **options,
        ),
        vae=d.AutoencoderDC(
            latent_channels=4,
            attention_head_dim=2,
            encoder_block_types=("ResBlock", "EfficientViTBlock"),
            decoder_block_types=("ResBlock", "EfficientViTBlock"),
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            encoder_qkv_multiscales=((), (5,)),
            decoder_qkv_multiscales=((), (5,)),
            encoder_layers_per_block=(1, 1),
            decoder_layers_per_block=(1, 1),
            downsample_block_type="conv",
            upsample_block_type="interpolate",
            decoder_norm_types="rms_norm",
            decoder_act_fns="silu",
            scaling_factor=0.41407,
        ),
        scheduler=Flow(shift=7.0),
        text_encoder=gemma(),
        tokenizer=letter_words(start=True),
    )


def sana_sprint() -> Any:
    made = sana(d.SanaSprintPipeline, guidance_embeds=True, qk_norm="rms_norm_across_heads")
    made.scheduler = d.SCMScheduler()
    return d.SanaSprintPipeline(**made.components)


def qwen_vl() -> Any:
    return t.Qwen2_5_VLForConditionalGeneration(
        t.Qwen2_5_VLConfig(
            text_config={
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "rope_parameters": {
                    "mrope_section": [1, 1, 2],
                    "rope_type": "default",
                    "rope_theta": 1000000.0,
                },
                "vocab_size": len(letter_words()),
            },
            vision_config={
                "depth": 2,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_heads": 2,
                "out_hidden_size": 16,
            },
            vocab_size=len(letter_words()),
            hidden_size=16,
            image_token_id=4,
            video_token_id=5,
            vision_start_token_id=4,
            vision_end_token_id=5,
        )
    )


def qwen_image(cls: Any = None) -> Any:
    depth = 4
    return (cls or d.QwenImagePipeline)(
        scheduler=Flow(
            base_image_seq_len=256,
            base_shift=0.5,
            max_image_seq_len=8192,
            max_shift=0.9,
            shift=1.0,
            shift_terminal=0.02,
            time_shift_type="exponential",
            use_dynamic_shifting=True,
        ),
        vae=d.AutoencoderKLQwenImage(
            base_dim=depth * 6,
            z_dim=depth,
            dim_mult=[1, 2, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True],
            latents_mean=[0.0] * depth,
            latents_std=[1.0] * depth,
        ),
        text_encoder=qwen_vl(),
        tokenizer=letter_words(1024, pad_token="<|endoftext|>"),
        transformer=d.QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
        ),
    )


def z_image(cls: Any = None) -> Any:
    return (cls or d.ZImagePipeline)(
        scheduler=Flow(),
        vae=_plain_vae(16),
        text_encoder=t.Qwen3Model(
            t.Qwen3Config(
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                head_dim=8,
                vocab_size=len(letter_words()),
                max_position_embeddings=512,
            )
        ),
        tokenizer=letter_words(512, pad_token="<|endoftext|>"),
        transformer=d.ZImageTransformer2DModel(
            all_patch_size=(2,),
            all_f_patch_size=(1,),
            in_channels=16,
            dim=32,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=16,
            axes_dims=[8, 4, 4],
            axes_lens=[256, 32, 32],
        ),
    )


def aura() -> Any:
    return d.AuraFlowPipeline(
        tokenizer=letter_words(),
        text_encoder=t5(kind=t.UMT5EncoderModel, config=t.UMT5Config),
        vae=vae_kl(),
        transformer=d.AuraFlowTransformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=32,
            caption_projection_dim=32,
            pos_embed_max_size=64,
        ),
        scheduler=Flow(),
    )


def lumina2() -> Any:
    return d.Lumina2Pipeline(
        transformer=d.Lumina2Transformer2DModel(
            sample_size=4,
            patch_size=2,
            in_channels=4,
            hidden_size=8,
            num_layers=1,
            num_refiner_layers=1,
            num_attention_heads=1,
            num_kv_heads=1,
            multiple_of=16,
            axes_dim_rope=(4, 2, 2),
            axes_lens=(256, 32, 32),
            cap_feat_dim=8,
        ),
        vae=_plain_vae(4),
        scheduler=Flow(),
        text_encoder=gemma(),
        tokenizer=letter_words(start=True),
    )


def ddpm() -> Any:
    return d.DDPMPipeline(
        unet=d.UNet2DModel(
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            sample_size=16,
            in_channels=3,
            out_channels=3,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=d.DDPMScheduler(),
    )
