"""The tokenizer and the text encoder, in the formats that CLIP made common."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

START = "<|startoftext|>"
END = "<|endoftext|>"
WORD_END = "</w>"


@dataclass(frozen=True)
class TextPlan:
    """Sizes of the tokenizer and of the text encoder."""

    length: int = 64
    merges: int = 1600
    width: int = 128
    inner: int = 512
    layers: int = 2
    heads: int = 4
    lessons: int = 700
    """Steps in which the text encoder learns to read, before the denoiser."""


def train_tokenizer(captions: Iterable[str], folder: Path, plan: TextPlan) -> Any:
    """Learn a byte-level BPE from captions and write it as `CLIPTokenizer` reads it.

    All 256 bytes are in the vocabulary, inside a word and at its end, so any text can be encoded.
    """
    alphabet = _byte_symbols()
    merges = _learn_merges(captions, alphabet, plan.merges)
    words = alphabet + [symbol + WORD_END for symbol in alphabet]
    words += [left + right for left, right in merges]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*words, START, END]))}
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [f"{left} {right}" for left, right in merges]
    text = json.dumps(vocabulary, ensure_ascii=False)
    (folder / "vocab.json").write_text(text, encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs, ""]), encoding="utf-8")
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": plan.length,
        "do_lower_case": True,
        "add_prefix_space": False,
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    specials = {key: settings[key] for key in ("bos_token", "eos_token", "pad_token", "unk_token")}
    (folder / "special_tokens_map.json").write_text(json.dumps(specials, indent=2), "utf-8")
    return load_tokenizer(folder)


def load_tokenizer(folder: Path) -> Any:
    """The `transformers.CLIPTokenizer` in `folder`."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(folder)


def same_words(folder: Path, other: Path) -> bool:
    """Whether two tokenizers give every text the same numbers."""
    return all(
        (folder / name).read_bytes() == (other / name).read_bytes()
        for name in ("vocab.json", "merges.txt")
    )


def encode(tokenizer: Any, texts: list[str]) -> Tensor:
    """Token ids of texts, int64 `[n, length]`, padded and cut as the pipeline does."""
    ids = tokenizer(
        texts,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    return torch.as_tensor(ids)


def build_text_encoder(plan: TextPlan, tokenizer: Any) -> Any:
    """A fresh `transformers.CLIPTextModel` for `tokenizer`."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=plan.width,
        intermediate_size=plan.inner,
        projection_dim=plan.width,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        max_position_embeddings=plan.length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def _byte_symbols() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _learn_merges(
    captions: Iterable[str], alphabet: list[str], count: int
) -> list[tuple[str, str]]:
    """Learn merges with the pre-tokenization that `CLIPTokenizer` uses."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import CLIPTokenizer

    plain = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    learner.normalizer = plain.normalizer
    learner.pre_tokenizer = plain.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=2 * len(alphabet) + count,
        initial_alphabet=alphabet,
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [(left, right) for left, right in merges]
