"""The model: a small decoder that knows where in the music it is, with a cache of what it read.

Beside the token, each place takes in the facts that the grammar knows: chord, position, player, its
last pitch. Pitches are also told, and weighed, by how far they lie from the root of the chord and
from the last pitch of their part, so that what is learned over one chord serves over all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import vocabulary as v
from .reader import FACTS, NO_PHASE, NO_PITCH, NO_POS, NO_ROLE

_SIZES = {
    "genre": v.GENRES, "mode": 2, "meter": len(v.BEATS), "root": v.NO_ROOT + 1,
    "quality": len(v.CHORD_QUALITIES), "pos": NO_POS + 1, "role": NO_ROLE + 1,
    "phase": NO_PHASE + 1, "last": NO_PITCH + 1,
}  # fmt: skip
_ROOT, _LAST = FACTS.index("root"), FACTS.index("last")
_FARTHEST = 18
"""Semitones from the last pitch that are told apart; what is farther is all the same."""


@dataclass(frozen=True)
class Size:
    """How large a model is."""

    width: int = 128
    layers: int = 4
    heads: int = 4
    context: int = 640

    @property
    def inner(self) -> int:
        return self.width * 3

    def told(self) -> dict[str, int]:
        return asdict(self)


class Cache:
    """Keys and values of what was read, [layers, 2, B, heads, context, width of a head]."""

    def __init__(self, size: Size, batch: int, device: torch.device | str) -> None:
        head = size.width // size.heads
        shape = (size.layers, 2, batch, size.heads, size.context, head)
        self.held = torch.zeros(shape, device=device)
        self.length = 0

    def picked(self, rows: Tensor) -> Cache:
        """The readers of some rows, each of which may come several times."""
        made = object.__new__(Cache)
        made.held = self.held[:, :, rows].contiguous()
        made.length = self.length
        return made

    def turn(self, turns: Tensor, length: int) -> Tensor:
        """The angles of so many places after what was read."""
        return turns[:, self.length : self.length + length]

    def joined(
        self, layer: int, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """All keys and values, these last ones included, and what each may look at."""
        begin, length = self.length, key.shape[2]
        end = begin + length
        self.held[layer, 0, :, :, begin:end] = key
        self.held[layer, 1, :, :, begin:end] = value
        mask = None
        if length > 1:
            mask = torch.ones(length, end, dtype=torch.bool, device=key.device).tril(begin)
        return self.held[layer, 0, :, :, :end], self.held[layer, 1, :, :, :end], mask

    def went_on(self, length: int) -> None:
        self.length += length


class Rows(Cache):
    """A cache of readers that are each at another place, and take in one token at a time.

    Only the first ``used`` rows are read.
    """

    def __init__(self, size: Size, batch: int, device: torch.device | str) -> None:
        super().__init__(size, batch, device)
        self.used = batch
        self.lengths = torch.zeros(batch, dtype=torch.long, device=device)

    def put(self, row: int, other: Cache, source: int = 0) -> None:
        """A row reads on where a row of another cache is."""
        length = int(other.lengths[source]) if isinstance(other, Rows) else other.length
        self.held[:, :, row, :, :length] = other.held[:, :, source, :, :length]
        self.lengths[row] = length

    def turn(self, turns: Tensor, length: int) -> Tensor:
        return turns[:, self.lengths[: self.used], None, None]

    def joined(
        self, layer: int, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        lengths, end = self.lengths[: self.used], int(self.lengths[: self.used].max()) + 1
        rows = torch.arange(self.used, device=key.device)
        self.held[layer, 0, rows, :, lengths] = key[:, :, 0]
        self.held[layer, 1, rows, :, lengths] = value[:, :, 0]
        mask = torch.arange(end, device=key.device) <= lengths[:, None]
        held = self.held[layer, :, : self.used, :, :end]
        return held[0], held[1], mask[:, None, None]

    def went_on(self, length: int) -> None:
        self.lengths[: self.used] += length


class Block(nn.Module):
    """Attention and a gated layer, each on what is normalised, added to what came."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.before = nn.RMSNorm(size.width)
        self.reads = nn.Linear(size.width, 3 * size.width, bias=False)
        self.joins = nn.Linear(size.width, size.width, bias=False)
        self.between = nn.RMSNorm(size.width)
        self.opens = nn.Linear(size.width, 2 * size.inner, bias=False)
        self.closes = nn.Linear(size.inner, size.width, bias=False)

    def forward(self, x: Tensor, turn: Tensor, cache: Cache | None, layer: int) -> Tensor:
        batch, length, width = x.shape
        parts = self.reads(self.before(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        query, key = turned(query, turn), turned(key, turn)
        mask = None
        if cache is not None:
            key, value, mask = cache.joined(layer, key, value)
        heard = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=cache is None
        )
        x = x + self.joins(heard.transpose(1, 2).reshape(batch, length, width))
        gate, what = self.opens(self.between(x)).chunk(2, -1)
        made: Tensor = x + self.closes(F.silu(gate) * what)
        return made


def turned(x: Tensor, turn: Tensor) -> Tensor:
    """Rotary positions: pairs of x turned by the angles of their places."""
    one, two = x.chunk(2, -1)
    cos, sin = turn[0], turn[1]
    return torch.cat((one * cos - two * sin, one * sin + two * cos), -1)


class MusicNet(nn.Module):
    """Tokens and facts in, a number for each token that may come next out."""

    turns: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.words = nn.Embedding(v.SIZE, size.width)
        self.facts = nn.ModuleList([nn.Embedding(_SIZES[name], size.width) for name in FACTS])
        self.above_root = nn.Embedding(13, size.width)
        self.from_last = nn.Embedding(2 * _FARTHEST + 2, size.width)
        self.blocks = nn.ModuleList([Block(size) for _ in range(size.layers)])
        self.last = nn.RMSNorm(size.width)
        self.to_root = nn.Linear(size.width, 12, bias=False)
        self.to_step = nn.Linear(size.width, 2 * _FARTHEST + 2, bias=False)
        head = size.width // size.heads
        speeds = 10_000.0 ** (-torch.arange(0, head, 2) / head)
        angles = torch.arange(size.context)[:, None] * speeds
        self.register_buffer("turns", torch.stack((angles.cos(), angles.sin())), persistent=False)
        pitches = torch.arange(v.PITCH.count)
        self.register_buffer("pitches", pitches, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=0.02 if "closes" not in name else 0.01)

    def forward(self, tokens: Tensor, facts: Tensor, cache: Cache | None = None) -> Tensor:
        """Tokens [B,T], facts [B,T,9]; [B,T,tokens]. A cache is read, and written on."""
        length = tokens.shape[1]
        turn = self.turns[:, :length] if cache is None else cache.turn(self.turns, length)
        x = self._taken_in(tokens, facts)
        for layer, block in enumerate(self.blocks):
            x = block(x, turn, cache, layer)
        if cache is not None:
            cache.went_on(length)
        return self._weighed(self.last(x), facts)

    def _taken_in(self, tokens: Tensor, facts: Tensor) -> Tensor:
        x: Tensor = self.words(tokens)
        for index, table in enumerate(self.facts):
            x = x + table(facts[..., index])
        pitch = tokens - v.PITCH.first
        is_pitch = (pitch >= 0) & (pitch < v.PITCH.count)
        root, last = facts[..., _ROOT], facts[..., _LAST]
        above = torch.where(is_pitch & (root < v.NO_ROOT), (pitch + v.LOWEST - root) % 12, 12)
        step = _step(pitch, last)
        step = torch.where(is_pitch, step, 2 * _FARTHEST + 1)
        made: Tensor = x + self.above_root(above) + self.from_last(step)
        return made

    def _weighed(self, x: Tensor, facts: Tensor) -> Tensor:
        logits = x @ self.words.weight.T
        root, last = facts[..., _ROOT, None], facts[..., _LAST, None]
        # Without a chord what counts is the way from the tonic, which is at 0.
        pitches: Any = self.pitches
        above = (pitches + v.LOWEST - torch.where(root < v.NO_ROOT, root, 0)) % 12
        step = _step(pitches.expand(*last.shape[:-1], -1), last)
        more = self.to_root(x).gather(-1, above) + self.to_step(x).gather(-1, step)
        first = v.PITCH.first
        parts = (logits[..., :first], logits[..., v.PITCH.slice] + more,
                 logits[..., first + v.PITCH.count :])  # fmt: skip
        return torch.cat(parts, -1)


def _step(pitch: Tensor, last: Tensor) -> Tensor:
    """From the last pitch of the part, 0 for the farthest below; its own number without one."""
    away = (pitch - last).clamp(-_FARTHEST, _FARTHEST) + _FARTHEST
    return torch.where(last < NO_PITCH, away, 2 * _FARTHEST + 1)
