"""Tiny language models of random weights, with words of single letters."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from musegraph_nodes.live import quiet

SIZE = 100
TEMPLATE = (
    "{% for m in messages %}[{{ m['role'][0] }}]{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}[a]{% if enable_thinking %}<think>{% endif %}{% endif %}"
)
WITHOUT_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
    + TEMPLATE
)


def words(template: str | None) -> Any:
    """A tokenizer of letters; ``<s>`` begins a text and ``</s>`` ends it."""
    letters = ["<s>", "</s>", "<?>", "<think>", "</think>", *string.printable[:95], "\n"]
    vocabulary = {letter: at for at, letter in enumerate(dict.fromkeys(letters))}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token="<?>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.decoder = decoders.Fuse()
    found = hf.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<?>"
    )
    found.add_tokens(["<think>", "</think>"])
    found.chat_template = template
    return found


def make_language(
    folder: Path, kind: str = "llama", template: str | None = TEMPLATE, reach: int = 256
) -> Path:
    """Save a model folder."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(4)
        own = words(template)
        net: Any
        if kind == "llama":
            net = hf.LlamaForCausalLM(
                hf.LlamaConfig(
                    vocab_size=len(own), hidden_size=32, intermediate_size=64,
                    num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                    max_position_embeddings=reach, initializer_range=0.6, bos_token_id=0,
                    eos_token_id=1,
                )
            )  # fmt: skip
        else:
            net = hf.GPT2LMHeadModel(
                hf.GPT2Config(
                    vocab_size=len(own), n_embd=32, n_layer=2, n_head=2, n_positions=reach,
                    initializer_range=0.6, bos_token_id=0, eos_token_id=1,
                )
            )  # fmt: skip
        net.eval().save_pretrained(folder)
        own.save_pretrained(folder)
    return folder
