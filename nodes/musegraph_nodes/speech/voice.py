"""A voice says a sentence. Imported only where it is used."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from musegraph import Context, NodeError
from musegraph_nodes.live import Live

if TYPE_CHECKING:
    from torch import Tensor

_READ = "%&@#"
"""Signs that are read aloud, although Unicode counts them among punctuation."""


@dataclass(frozen=True)
class Manner:
    """How it is said: a factor of the pace, how freely (None: as the model's makers), by whom."""

    speed: float = 1.0
    expression: float | None = None
    rhythm: float | None = None
    speaker: int = 0
    seed: int = 0


class Draws(TorchFunctionMode):
    """Takes what a model draws in this thread from a generator of its own, on the CPU.

    So the draws are the same whatever else runs meanwhile, and on every device; the model itself
    would take them from the generator of the whole process.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.generator = generator

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.randn:
            return torch.randn(*args, **kwargs, generator=self.generator)
        if func is torch.randn_like:
            # Filled in the order in which it lies in memory, as by the model itself.
            like = torch.empty_like(args[0], dtype=torch.float32, device="cpu")
            return like.normal_(generator=self.generator).to(args[0])
        return func(*args, **kwargs)


def check_speaker(live: Live, speaker: int, source: str) -> None:
    """Refuse a number that no voice of a model has."""
    count = max(int(live.parts["model"].config.num_speakers), 1)
    if speaker >= count:
        have = f"{count} voices, 0 to {count - 1}" if count > 1 else "one voice, 0"
        raise NodeError(f"port 'speaker': {source!r} has {have}, and {speaker} is asked for")


def tokens(live: Live, sentence: str) -> Tensor | None:
    """The tokens [1,L] of a sentence; None where there is nothing in it that can be said."""
    words = live.parts["words"]
    text = plain(words, sentence)
    if not words.normalize and not words.phonemize:
        text = "".join(one for one in text if one in words.encoder)
    try:
        ids = words(text, return_tensors="pt").input_ids.long()
    except RuntimeError as error:  # phonemizer: espeak-ng is not there
        raise NodeError(f"the tokenizer cannot read the text: {error}") from None
    found: Tensor = ids[:, ids[0] < live.parts["model"].config.vocab_size]
    return found if found.numel() else None


def speak(live: Live, ids: Tensor, manner: Manner, ctx: Context) -> Tensor:
    """The samples [1,1,N] of tokens [1,L], float32 on the CPU."""
    net = live.parts["model"]
    ids = ids.to(ctx.device)
    speaker = torch.tensor([manner.speaker], device=ctx.device)
    draws = Draws(ctx.generator(manner.seed))
    with live.turn(ctx), _mannered(net, manner), draws, torch.no_grad():
        made: Tensor = net(
            ids,
            attention_mask=torch.ones_like(ids),
            speaker_id=speaker if net.config.num_speakers > 1 else None,
            speaking_rate=net.speaking_rate * manner.speed,
        ).waveform
    return made[:, None].float().cpu()


@contextmanager
def _mannered(net: Any, manner: Manner) -> Iterator[None]:
    """A model that takes its noise as it is asked to; afterwards it is as it was."""
    before = net.noise_scale, net.noise_scale_duration
    if manner.expression is not None:
        net.noise_scale = manner.expression
    if manner.rhythm is not None:
        net.noise_scale_duration = manner.rhythm
    try:
        yield
    finally:
        net.noise_scale, net.noise_scale_duration = before


def plain(words: Any, text: str) -> str:
    """A text with the apostrophe that a tokenizer knows, where it knows the typographic one not."""
    return text if "’" in words.encoder else text.replace("’", "'")


def left_out(words: Any, text: str) -> str:
    """The letters, digits and signs of a text that a tokenizer leaves out, each once.

    Punctuation, which most voices do not know, is not among them.
    """
    if words.phonemize:
        return ""
    found = dict.fromkeys(one for one in text if _is_read(one) and not _knows(words, one))
    return " ".join(found)


def _is_read(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMNS" or letter in _READ


def _knows(words: Any, letter: str) -> bool:
    if words.is_uroman and not letter.isascii():
        return True  # it is written in Latin letters first
    read, _ = words.prepare_for_tokenization(letter)
    return bool(read) and all(one in words.encoder for one in read)
