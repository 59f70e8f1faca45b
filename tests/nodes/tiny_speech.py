"""Tiny voices of random weights, which know the letters a to z."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers as hf

from musegraph_nodes.live import quiet

LETTERS = "kabcdefghijlmnopqrstuvwxyz '"
"""In the order of their tokens; the first of them is also the blank between two, as in MMS."""


def make_voice(folder: Path, speakers: int = 1, **options: Any) -> Path:
    """Save a voice of 80 samples a frame, 16,000 a second; ``options`` are its tokenizer's."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(6)
        config = hf.VitsConfig(
            vocab_size=len(LETTERS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            ffn_dim=32, flow_size=16, spectrogram_bins=9, wavenet_dilation_rate=1,
            prior_encoder_num_flows=2, prior_encoder_num_wavenet_layers=2,
            posterior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=2,
            duration_predictor_flow_bins=4, duration_predictor_filter_channels=16,
            upsample_initial_channel=16, upsample_rates=[10, 8], upsample_kernel_sizes=[20, 16],
            resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], num_speakers=speakers,
            speaker_embedding_size=8 if speakers > 1 else 0, depth_separable_num_layers=2,
        )  # fmt: skip
        net = hf.VitsModel(config).eval()
        with torch.no_grad():
            net.decoder.conv_post.weight.mul_(0.5)
            for layer in net.duration_predictor.parameters():
                layer.add_(0.05 * torch.randn_like(layer))
        net.save_pretrained(folder)
        (folder / "vocab.json").write_text(json.dumps({one: at for at, one in enumerate(LETTERS)}))
        told = {"phonemize": False, "pad_token": LETTERS[0], "unk_token": "<unk>", **options}
        hf.VitsTokenizer(str(folder / "vocab.json"), **told).save_pretrained(folder)
    return folder
