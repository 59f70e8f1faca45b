"""A net of MDM on a device: what it is told, and what it makes of noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from musegraph import ModelError, NodeError
from musegraph_nodes.motion.diffusion.x0 import (
    Given,
    Schedule,
    Way,
    cosine,
    guided,
    linear,
    sample,
    seeded,
)
from musegraph_nodes.motion.turns import Doubles

from .layout import Layout
from .nets import MDM, Told
from .words import Reader, Words

# The actions of HumanAct12 in the order of MDM's numbers.
HUMANACT12 = (
    "warm up", "walk", "run", "jump", "drink", "lift dumbbell", "sit", "eat",
    "turn steering wheel", "phone", "boxing", "throw",
)  # fmt: skip


class Mover(nn.Module):
    """A net, its own reader of prompts if it has one, and what its numbers mean."""

    def __init__(
        self, net: MDM, reader: Words | None, mean: Tensor, deviation: Tensor, args: dict[str, Any]
    ) -> None:
        super().__init__()
        self.net, self.reader, self.args = net, reader, args
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        count = int(args.get("diffusion_steps", 1000))
        plan = linear if args.get("noise_schedule") == "linear" else cosine
        self.schedule: Schedule = plan(count)

    @property
    def layout(self) -> Layout:
        return self.net.layout

    @property
    def most(self) -> int:
        """The longest motion that it was trained on, in frames."""
        found = self.args.get("frames", 60 if self.layout.actions else 196)
        return found if isinstance(found, int) and 1 <= found <= 4000 else 196

    def numbers(self, table: Doubles) -> Tensor:
        """Features [T,F] as the net has them, [1,T,F]."""
        made = torch.from_numpy(np.asarray(table, np.float32)).to(self.mean.device)
        return ((made - self.mean) / self.deviation.clamp(min=1e-8))[None]

    def features(self, x: Tensor) -> Doubles:
        """Features [T,F] of what the net says, [1,T,F]."""
        found = x[0] * self.deviation + self.mean
        return found.double().cpu().numpy()

    def action(self, text: str) -> Told:
        """What stands for an action by its number or its name."""
        count = self.layout.actions
        names = HUMANACT12 if count == len(HUMANACT12) else ()
        plain = " ".join(text.lower().replace("_", " ").split())
        number = int(plain) if plain.isdecimal() and len(plain) < 6 else -1
        if plain in names:
            number = names.index(plain)
        if not 0 <= number < count:
            known = ", ".join(names) or f"numbers from 0 to {count - 1}"
            raise NodeError(
                f"port 'prompt': this model is told one of {count} actions, and {text!r} is none;"
                f" known are {known}"
            )
        return Told(action=self.net.action(torch.tensor([number], device=self.mean.device)))

    @torch.no_grad()
    def make(
        self,
        told: Told | None,
        frames: int,
        seed: int,
        steps: int,
        guidance: float,
        given: tuple[Doubles, Doubles] | None = None,
        heard: Callable[[int, int, Callable[[], Doubles]], None] | None = None,
    ) -> Doubles:
        """Features [frames,F] of a motion; ``told`` nothing, it is whatever comes.

        ``given`` are features, and 1 where the motion has to have them.
        """
        device = self.mean.device
        noise, draw = seeded((1, frames, self.layout.features), seed)

        def net(x: Tensor, time: Tensor, /, free: bool) -> Tensor:
            if told is not None:
                made: Tensor = self.net(x, time, told, free)
            else:
                made = self.net(x, time, self._nothing())
            return made

        held = None
        if given is not None:
            mask = torch.from_numpy(np.asarray(given[1], np.float32)).to(device)[None]
            held = Given(self.numbers(given[0]), mask)

        def tick(step: int, count: int, x0: Tensor) -> None:
            if heard is not None:
                heard(step, count, lambda: self.features(x0))

        scale = guidance if told is not None else 1.0
        way = Way(steps or len(self.schedule.left))
        made = sample(
            guided(net, scale), noise.to(device), self.schedule, way, draw, held, told=tick
        )
        return self.features(made)

    def _nothing(self) -> Told:
        """A text that says nothing."""
        if not self.layout.text:
            return Told()
        return Told(torch.zeros(1, 1, self.layout.text, device=self.mean.device))


def reader_of(
    stored: Mapping[str, Tensor], args: Mapping[str, Any], layout: Layout, source: str
) -> Words:
    """The reader of prompts that lies in the file of a net."""
    try:
        vocabulary = tuple(map(str, args["vocabulary"]))
        rows, width = stored["embedding.weight"].shape
        inner = stored["encoder.layers.0.linear1.weight"].shape[0]
        layers = len({name.split(".")[2] for name in stored if name.startswith("encoder.layers.")})
        if width != layout.text or rows != len(vocabulary) + 1 or len(vocabulary) > 100_000:
            raise ValueError("its vocabulary has another length than its table")
        words = Words(Reader(vocabulary, width, inner, layers, int(args.get("reader_heads", 4))))
        words.load_state_dict(dict(stored), strict=True, assign=True)
    except (KeyError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelError(
            f"the reader of prompts of {source!r} is not whole, or does not belong to its"
            f" args.json: {error}; get both again"
        ) from None
    return words
