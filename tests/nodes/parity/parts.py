"""Tiny parts that pipelines share: tokenizers of single letters, text encoders, autoencoders."""

from __future__ import annotations

from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

LETTERS = [chr(code) for code in range(32, 127)]
CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SCHEDULE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}


def clip_words(length: int = 16) -> CLIPTokenizer:
    """One in the manner of CLIP."""
    names = [*LETTERS[1:], *(letter + "</w>" for letter in LETTERS[1:])]
    names += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {name: index for index, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=length)


def letter_words(length: int = 64, start: bool = False, **special: str) -> PreTrainedTokenizerFast:
    """One in the manner of T5, Gemma and Qwen: a letter is a token; an end, perhaps a start."""
    names = ["<pad>", "</s>", "<unk>", "<s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    byte = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {name: index for index, name in enumerate([*names, *sorted(byte)])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    if start:
        made.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 3)])
    elif not special:
        made.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    tokens = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=length,
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
        chat_template=CHAT,
        **(tokens | special),
    )


def clip_text(projection: int = 0, width: int = 32, layers: int = 2, length: int = 16) -> Any:
    """A text encoder; with ``projection`` one that also gives the text as one vector."""
    words = clip_words()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=37,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=length,
        projection_dim=projection or 32,
        hidden_act="gelu",
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def clip_vision(width: int = 32, projection: int = 32, side: int = 32, patch: int = 8) -> Any:
    """What reads pictures."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=width,
            image_size=side,
            projection_dim=projection,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=37,
            patch_size=patch,
        )
    )


def clip_pictures(side: int = 32) -> Any:
    """What prepares pictures for :func:`clip_vision`."""
    return CLIPImageProcessor(
        crop_size={"height": side, "width": side}, size={"shortest_edge": side}
    )


def t5(width: int = 32, kind: Any = T5EncoderModel, config: Any = T5Config) -> Any:
    """A text encoder of the T5 family."""
    return kind(
        config(
            vocab_size=len(letter_words()),
            d_model=width,
            d_kv=8,
            d_ff=37,
            num_layers=2,
            num_heads=4,
            relative_attention_num_buckets=8,
            feed_forward_proj="gated-gelu",
        )
    )


def vae_kl(channels: int = 4, levels: int = 2, **options: Any) -> Any:
    """An image autoencoder; a latent cell is ``2 ** (levels - 1)`` pixels wide."""
    from diffusers import AutoencoderKL

    widths = (8, 16, 16, 16)[:levels]
    return AutoencoderKL(
        latent_channels=channels,
        block_out_channels=widths,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        norm_num_groups=4,
        sample_size=32,
        **options,
    )


def unet(width: int = 32, **options: Any) -> Any:
    """A U-Net that attends to texts ``width`` wide."""
    from diffusers import UNet2DConditionModel

    told = {
        "sample_size": 16,
        "in_channels": 4,
        "out_channels": 4,
        "layers_per_block": 1,
        "block_out_channels": (8, 16),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": width,
        "attention_head_dim": 4,
        "norm_num_groups": 4,
    }
    return UNet2DConditionModel(**(told | options))
