"""`python -m musegraph_nodes.language.training --work DIR --minutes M [--to FOLDER]`.

Trains the small model that comes with Musegraph to make prompts for the starter's scenes of a few
words. It learns from captions that the data maker writes; nobody else's text goes into it. An
interrupted training goes on from its last checkpoint; at the end the mean of the recent weights is
written as half precision, in the layout of transformers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from musegraph_nodes.starter.training.course import Course, Habits, Span, say, spend
from musegraph_nodes.starter.training.export import state_float32

from .lessons import lesson
from .words import END, train_words

WEIGHTS = Path(__file__).resolve().parents[2] / "starter" / "weights" / "writer"
HELD_OUT = 1_000_000_000
"""Lessons from this number on are never learned from."""
IGNORED = -100


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    width: int = 160
    layers: int = 4
    words: int = 2048
    texts: int = 20_000
    reach: int = 192
    batch: int = 64
    rate: float = 2e-3
    average: float = 0.995
    seed: int = 0


class Training(Course):
    """A model that learns to make prompts of ideas."""

    def __init__(self, plan: Plan, words: Any, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.words = plan, words
        self.net = build(plan, words)
        steps = torch.optim.AdamW(
            self.net.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.05
        )
        super().__init__(self.net, steps, plan.average, folder)

    def learn(self, number: int, share: float) -> float:
        """One step on the lessons that belong to its number; ``share`` of the training is done."""
        plan = self.plan
        self.hurry(plan.rate * min(1.0, (number + 1) / 100, 0.02 + (1 - share) / 0.7))
        tokens, labels = self.batch(number * plan.batch)
        with torch.autocast("cpu", torch.bfloat16):
            loss = surprise(self.net, tokens, labels)
        return self.step(loss, number)

    def batch(self, first: int) -> tuple[Tensor, Tensor]:
        """Tokens [B,L], and the same with what is not a prompt left out."""
        pairs = [lesson(self.plan.seed, first + at) for at in range(self.plan.batch)]
        return encoded(self.words, pairs, self.plan.reach)


def build(plan: Plan, words: Any) -> Any:
    """A fresh model of the Llama kind."""
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    net = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=plan.width,
            intermediate_size=plan.width * 8 // 3 // 8 * 8,
            num_hidden_layers=plan.layers,
            num_attention_heads=max(1, plan.width // 32),
            num_key_value_heads=max(1, plan.width // 32),
            max_position_embeddings=plan.reach,
            tie_word_embeddings=True,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )
    net.generation_config = GenerationConfig(
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return net


def encoded(words: Any, pairs: list[tuple[str, str]], reach: int) -> tuple[Tensor, Tensor]:
    """Pairs as tokens [B,L], filled up at the end, and what is to be learned of them."""
    asked = [
        words.apply_chat_template(
            [{"role": "user", "content": idea}], add_generation_prompt=True, tokenize=False
        )
        for idea, _ in pairs
    ]
    begun = [words(text, add_special_tokens=False).input_ids for text in asked]
    ended = [words(made + END, add_special_tokens=False).input_ids for _, made in pairs]
    rows = [(a + b)[:reach] for a, b in zip(begun, ended, strict=True)]
    long = max(map(len, rows))
    tokens = torch.full((len(rows), long), int(words.pad_token_id))
    labels = torch.full((len(rows), long), IGNORED)
    for at, (row, told) in enumerate(zip(rows, begun, strict=True)):
        tokens[at, : len(row)] = torch.tensor(row)
        labels[at, len(told) : len(row)] = tokens[at, len(told) : len(row)]
    return tokens, labels


def surprise(net: Any, tokens: Tensor, labels: Tensor) -> Tensor:
    """How surprised a model is by prompts, in nats a token."""
    # What fills a row up stands behind it, where nothing that counts looks.
    logits = net(input_ids=tokens[:, :-1], use_cache=False).logits.float()
    return F.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)


def known_words(plan: Plan, work: Path) -> Any:
    """The tokenizer, which is learned once and kept."""
    from transformers import AutoTokenizer

    place = work / "words"
    if not place.is_dir():
        pairs = [lesson(plan.seed, HELD_OUT // 2 + at) for at in range(plan.texts)]
        train_words((text for pair in pairs for text in pair), plan.words).save_pretrained(place)
    return AutoTokenizer.from_pretrained(place)


@torch.no_grad()
def measured(training: Training) -> float:
    """The surprise at prompts that were never seen, with the mean weights."""
    with training.averages.applied():
        first = [HELD_OUT + number * training.plan.batch for number in range(4)]
        batches = [training.batch(one) for one in first]
        return float(np.mean([float(surprise(training.net, *batch)) for batch in batches]))


def write(training: Training, target: Path) -> None:
    """The folder that transformers opens, as half precision that loads as float32."""
    target.mkdir(parents=True, exist_ok=True)
    with training.averages.applied():
        training.net.half().save_pretrained(target)
        training.net.float()
    training.words.save_pretrained(target)
    state_float32(target / "config.json")
    (target / "model.safetensors").chmod(0o644)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="words and checkpoints")
    parser.add_argument(
        "--minutes", type=float, default=12, help="of the processor, earlier runs included"
    )
    parser.add_argument("--width", type=int, default=Plan.width)
    parser.add_argument("--layers", type=int, default=Plan.layers)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--texts", type=int, default=Plan.texts, help="that words are learned from")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = Plan(given.width, given.layers, batch=given.batch, texts=given.texts)
    training = Training(plan, known_words(plan, given.work), given.work / "model")
    training.restore()
    say(f"{sum(p.numel() for p in training.net.parameters()):,} weights")
    spend(
        Span(given.minutes), training, training.learn, Habits(said=50, measured=500, saved=60),
        lambda: measured(training),
    )  # fmt: skip
    write(training, given.to)


if __name__ == "__main__":
    main()
