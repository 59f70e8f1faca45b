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


def make_whisper(folder: Path, languages: tuple[str, ...] = ("en", "zh"), window: int = 3) -> Path:
    """Save a Whisper that hears so many seconds at a time and writes letters.

    Without ``languages`` it is one for English alone.
    """
    plain = [chr(one) for one in range(33, 127)] + ["Ġ"]
    marks = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{one}|>" for one in languages)]
    marks += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    marks += ["<|nospeech|>", "<|notimestamps|>"]
    vocabulary = {one: at for at, one in enumerate(plain)}
    words = hf.WhisperTokenizer(vocab=vocabulary, merges=[], unk_token=marks[0])
    words.add_special_tokens({"additional_special_tokens": marks[1:]})
    ids = {one: int(words.convert_tokens_to_ids(one)) for one in marks}
    times = ids["<|notimestamps|>"] + 1
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(9)
        config = hf.WhisperConfig(
            vocab_size=times + 50 * window + 1, d_model=16, encoder_layers=2, decoder_layers=2,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
            decoder_ffn_dim=32, max_source_positions=50 * window, max_target_positions=40,
            num_mel_bins=80, init_std=0.9, decoder_start_token_id=ids[marks[1]],
            eos_token_id=ids[marks[0]], bos_token_id=ids[marks[0]], pad_token_id=ids[marks[0]],
        )  # fmt: skip
        net = hf.WhisperForConditionalGeneration(config).eval()
        told: dict[str, Any] = {
            "no_timestamps_token_id": ids["<|notimestamps|>"], "is_multilingual": bool(languages),
            "max_initial_timestamp_index": 25, "max_length": 40, "pad_token_id": ids[marks[0]],
            "decoder_start_token_id": ids[marks[1]], "eos_token_id": ids[marks[0]],
        }  # fmt: skip
        if languages:
            told["lang_to_id"] = {f"<|{one}|>": ids[f"<|{one}|>"] for one in languages}
            told["task_to_id"] = {one: ids[f"<|{one}|>"] for one in ("translate", "transcribe")}
        net.generation_config = hf.GenerationConfig(**told)
        net.save_pretrained(folder)
        words.save_pretrained(folder)
        hf.WhisperFeatureExtractor(chunk_length=window).save_pretrained(folder)
    return folder
