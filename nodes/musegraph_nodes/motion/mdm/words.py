"""A small reader of prompts over the words that a starter knows."""

from __future__ import annotations

import re
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .chinese import english, unknown

MOST = 24
"""Words of a prompt that are read."""


class Reader(NamedTuple):
    """The words that are known, and the sizes of the net that reads them."""

    vocabulary: tuple[str, ...]
    width: int = 128
    inner: int = 256
    layers: int = 2
    heads: int = 4


def words_of(text: str) -> list[str]:
    """A text as English words in small letters."""
    return re.findall(r"[a-z]+", english(text).lower().replace("'", ""))


def third(verb: str) -> str:
    """What somebody does, of what he is told to: stands of stand."""
    if verb == "be":
        return "is"
    return f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{verb}s"


class Words(nn.Module):
    """One vector for a prompt: a small transformer, and the mean over its words."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader
        self._ids = {word: at + 1 for at, word in enumerate(reader.vocabulary)}
        self.embedding = nn.Embedding(len(reader.vocabulary) + 1, reader.width)
        self.place = nn.Parameter(torch.randn(MOST, reader.width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            reader.width, reader.heads, reader.inner, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, reader.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(reader.width)

    def ids(self, texts: list[str]) -> Tensor:
        """Numbers of the known words of texts [B,MOST]; 0 where there is none."""
        made = torch.zeros(len(texts), MOST, dtype=torch.long)
        for row, text in zip(made, texts, strict=True):
            said = self.sentence(words_of(text))
            known = [self._ids[word] for word in said if word in self._ids][:MOST]
            row[: len(known)] = torch.tensor(known, dtype=torch.long)
        return made

    def sentence(self, words: list[str]) -> list[str]:
        """An order as what somebody does: "walk and wave" as "a person walks and waves".

        Both forms of a verb are in the vocabulary, and one form is learned faster than two.
        """
        heads = [at for at, word in enumerate(words) if at == 0 or words[at - 1] == "and"]
        for number, head in enumerate(heads):
            while head < len(words) and (words[head].endswith("ly") or words[head] == "fast"):
                head += 1
            verb = words[head] if head < len(words) else ""
            if verb in self._ids and third(verb) in self._ids:
                words = [*words[:head], third(verb), *words[head + 1 :]]
            elif not number:
                return words
        return ["a", "person", *words] if words else words

    def unknown(self, text: str) -> list[str]:
        """The words of a text that are not known."""
        strange = [word for word in words_of(text) if word not in self._ids]
        return list(dict.fromkeys([*strange, *unknown(english(text))]))

    def forward(self, ids: Tensor) -> Tensor:
        """A vector for each text [B,width]; none of its words: zeros."""
        there = ids > 0
        x = self.embedding(ids) + self.place
        # Where nothing can be looked at a softmax would have no values: the first is looked at.
        hidden = ~there
        hidden[:, 0] = False
        x = self.norm(self.encoder(x, src_key_padding_mask=hidden))
        share = there[..., None].to(x.dtype)
        made: Tensor = (x * share).sum(1) / share.sum(1).clamp(min=1)
        return made
