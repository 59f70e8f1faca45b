"""The net of MDM (https://arxiv.org/abs/2209.14916), with the names that its files have."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .layout import Layout

PLACES = 5000
"""How many frames, and how many times of a schedule, have a place."""


class Told(NamedTuple):
    """What a motion is to be: states of a text [L,B,D], or an action [B,D]; either may be none."""

    text: Tensor | None = None
    absent: Tensor | None = None
    """[B,L]: where a text is only filled up."""
    action: Tensor | None = None


def places(count: int, width: int) -> Tensor:
    """Sines and cosines [count,1,width] that tell places apart."""
    at = torch.arange(count, dtype=torch.float32)[:, None]
    waves = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10_000.0) / width))
    made = torch.zeros(count, width)
    made[:, 0::2] = torch.sin(at * waves)
    made[:, 1::2] = torch.cos(at * waves)
    return made[:, None]


class _Pose(nn.Module):
    """A linear map whose name in a file is ``poseEmbedding`` or ``poseFinal``."""

    def __init__(self, name: str, reads: int, makes: int) -> None:
        super().__init__()
        self.add_module(name, nn.Linear(reads, makes))
        self._name = name

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = getattr(self, self._name)(x)
        return made


class _Time(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.time_embed = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, place: Tensor) -> Tensor:
        made: Tensor = self.time_embed(place)
        return made


class _Action(nn.Module):
    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.action_embedding = nn.Parameter(torch.randn(count, width))


class MDM(nn.Module):
    """Says the motion that is under a noisy one, told a text or an action."""

    def __init__(self, layout: Layout, dropout: float = 0.0) -> None:
        super().__init__()
        self.layout = layout
        wide, heads, inner = layout.width, layout.heads, layout.inner
        self.input_process = _Pose("poseEmbedding", layout.features, wide)
        self.embed_timestep = _Time(wide)
        if layout.text:
            self.embed_text = nn.Linear(layout.text, wide)
        if layout.actions:
            self.embed_action = _Action(layout.actions, wide)
        if layout.decoder:
            self.seqTransDecoder = nn.TransformerDecoder(
                nn.TransformerDecoderLayer(wide, heads, inner, dropout, "gelu"), layout.layers
            )
        else:
            self.seqTransEncoder = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(wide, heads, inner, dropout, "gelu"),
                layout.layers, enable_nested_tensor=False,
            )  # fmt: skip
        self.output_process = _Pose("poseFinal", wide, layout.features)
        self.pe: Tensor
        self.register_buffer("pe", places(PLACES, wide), persistent=False)

    def forward(
        self, x: Tensor, time: Tensor, told: Told, free: bool = False, length: Tensor | None = None
    ) -> Tensor:
        """Features [B,T,F] of a motion, from noisy ones at times [B].

        ``free`` leaves out what is told. Frames from ``length`` [B] on are not looked at.
        """
        frames = x.shape[1]
        when = self.embed_timestep(self.pe[time][:, 0])[None]
        heard, absent = self._heard(when, told, free)
        tokens = self.input_process(x).transpose(0, 1)
        lead = 0
        if not self.layout.decoder:
            tokens, lead = torch.cat((heard, tokens)), len(heard)
        elif self.layout.step_token:
            tokens, lead = torch.cat((when, tokens)), 1
        tokens = tokens + self.pe[: len(tokens)].to(tokens.dtype)
        unseen = None
        if length is not None:
            unseen = torch.arange(frames, device=x.device)[None] >= length[:, None]
            unseen = torch.cat((unseen.new_zeros(len(x), lead), unseen), 1)
        if self.layout.decoder:
            made = self.seqTransDecoder(
                tokens, heard, tgt_key_padding_mask=unseen, memory_key_padding_mask=absent
            )
        else:
            if absent is not None:
                rest = absent.new_zeros(len(x), frames) if unseen is None else unseen[:, lead:]
                unseen = torch.cat((absent, rest), 1)
            made = self.seqTransEncoder(tokens, src_key_padding_mask=unseen)
        found: Tensor = self.output_process(made[lead:]).transpose(0, 1)
        return found

    def _heard(self, when: Tensor, told: Told, free: bool) -> tuple[Tensor, Tensor | None]:
        """The time and what is told as tokens [L,B,W], and where they are only filled up."""
        if told.text is not None:
            text = torch.zeros_like(told.text) if free else told.text
            return self.embed_text(text) + when, told.absent
        if told.action is not None and not free:
            return when + told.action[None], None
        return when, None

    def action(self, number: Tensor) -> Tensor:
        """What stands for actions [B]."""
        made: Tensor = self.embed_action.action_embedding[number]
        return made
