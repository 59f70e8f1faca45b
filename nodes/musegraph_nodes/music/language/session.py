"""A conversation with a model: what was said, its cache, and what it would say next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import vocabulary as v
from .code import Writer
from .net import Cache, MusicNet

Logits = NDArray[np.float64]


@dataclass
class Session:
    """Tokens said so far by a user or a model. What is too long ago for the model is forgotten."""

    net: MusicNet
    writer: Writer = field(default_factory=Writer)
    tokens: list[int] = field(default_factory=list)
    facts: list[tuple[int, ...]] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    """Where bars begin among the tokens."""
    cache: Cache | None = None
    read: int = 0
    """How many of the tokens the cache holds, or the window before it had."""
    heard: Logits | None = None
    """What the net said after the last token that it read, [tokens]."""

    def say(self, tokens: Sequence[int]) -> None:
        """Go on by tokens; :class:`Ungrammatical` if one does not fit."""
        for token in tokens:
            self._add(token, True)

    def choose(self, token: int) -> None:
        """Go on by a token that was chosen among those allowed."""
        self._add(token, False)

    def _add(self, token: int, checked: bool) -> None:
        self.writer.take(token, checked)
        if token in v.BAR:
            self.bars.append(len(self.tokens))
        self.tokens.append(token)
        self.facts.append(self.writer.reader.facts())

    @property
    def waiting(self) -> int:
        """Tokens that the net has not read yet."""
        return len(self.tokens) - self.read

    @torch.inference_mode()
    def logits(self) -> Logits:
        """How likely each token is to come next, as logits on the CPU."""
        if self.waiting or self.heard is None:
            if self.cache is None or self.cache.length + self.waiting > self.net.size.context:
                return self.anew()
            self.heard = self._read(range(self.read, len(self.tokens)))[-1].double().numpy()
            self.read = len(self.tokens)
        return self.heard

    @torch.inference_mode()
    def anew(self) -> Logits:
        """The same, read into a cache of its own from as far back as there is room for."""
        self.cache = Cache(self.net.size, 1, self.net.turns.device)
        self.heard = self._read(self._window())[-1].double().numpy()
        self.read = len(self.tokens)
        return self.heard

    def _read(self, places: Sequence[int]) -> Tensor:
        device = self.net.turns.device
        tokens = torch.tensor([[self.tokens[at] for at in places]], device=device)
        facts = torch.tensor([[self.facts[at] for at in places]], device=device)
        made: Tensor = self.net(tokens, facts, self.cache)[0].float().cpu()
        return made

    def _window(self) -> list[int]:
        """The header, and as many of the last bars as leave room for more."""
        header = self.bars[0] if self.bars else len(self.tokens)
        room = self.net.size.context * 5 // 8
        start = next((bar for bar in self.bars if len(self.tokens) - bar <= room), None)
        if start is None:  # a bar that is longer than that: its end
            start = max(header, len(self.tokens) - room)
        if len(self.tokens) <= self.net.size.context * 3 // 4:
            start = header
        return [*range(header), *range(max(start, header), len(self.tokens))]

    @torch.inference_mode()
    def likelihood(self, tokens: Sequence[int]) -> float:
        """How likely it would be, in nats, to go on by these tokens; nothing is said.

        They may be those of other bars, into whose notes what is held here rings on.
        """
        other, before = Session(self.net), len(self.tokens)
        for token in (*self.tokens, *tokens):
            other.choose(token)
        header = other.bars[0]
        room = self.net.size.context
        first = max(header, len(other.tokens) - (room - header))
        places = [*range(header), *range(first, len(other.tokens))]
        said = torch.log_softmax(other._read(places), -1)
        found = 0.0
        for index, place in enumerate(places[:-1]):
            if places[index + 1] >= before and places[index + 1] == place + 1:
                found += float(said[index, other.tokens[place + 1]])
        return found
