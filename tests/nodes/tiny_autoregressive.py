"""Tiny models of random weights that write pictures: Janus and ImageGPT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tiny_language import words
from tokenizers.processors import TemplateProcessing

from musegraph_nodes.live import quiet

IMAGE_TOKENS = ("<image_placeholder>", "<begin_of_image>", "<end_of_image>")


def make_janus(folder: Path, side: int = 4, codes: int = 24, reach: int = 512) -> Path:
    """Save a folder of Janus: pictures of ``side`` × ``side`` tokens, two pixels wide each."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(4)
        own = words(None)
        own.add_special_tokens({"pad_token": "<pad>", "extra_special_tokens": [*IMAGE_TOKENS]})
        own.backend_tokenizer.post_processor = TemplateProcessing(
            "<s> $A", special_tokens=[("<s>", own.bos_token_id)]
        )
        own.save_pretrained(folder)
        config = hf.JanusConfig(
            text_config={
                "model_type": "llama", "vocab_size": len(own), "hidden_size": 32,
                "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                "num_key_value_heads": 2, "max_position_embeddings": reach,
                "initializer_range": 0.6,
            },
            vision_config={
                "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                "image_size": 2 * side, "patch_size": 2, "projection_dim": 32,
                "num_image_tokens": side * side, "mlp_ratio": 2.0,
            },
            vq_config={
                "embed_dim": 4, "num_embeddings": codes, "latent_channels": 8,
                "base_channels": 32, "channel_multiplier": [1, 1], "num_res_blocks": 1,
                "projection_dim": 32, "image_token_embed_dim": 32, "initializer_range": 0.3,
            },
            image_token_id=own.convert_tokens_to_ids("<image_placeholder>"),
        )  # fmt: skip
        net: Any = hf.JanusForConditionalGeneration(config).eval()
        net.generation_config.bos_token_id = own.bos_token_id
        net.generation_config.pad_token_id = own.pad_token_id
        net.save_pretrained(folder)
    return folder


def make_imagegpt(folder: Path, side: int = 6, codes: int = 20) -> Path:
    """Save a folder of ImageGPT: pictures of ``side`` × ``side`` pixels in so many colours."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(5)
        config = hf.ImageGPTConfig(
            vocab_size=codes + 1, n_positions=side * side, n_embd=32, n_layer=2, n_head=2,
            initializer_range=0.6,
        )  # fmt: skip
        hf.ImageGPTForCausalImageModeling(config).eval().save_pretrained(folder)
        palette = torch.rand(codes, 3).mul(2).sub(1)
        hf.ImageGPTImageProcessorPil(
            clusters=palette.numpy(), size={"height": side, "width": side}
        ).save_pretrained(folder)
    return folder
