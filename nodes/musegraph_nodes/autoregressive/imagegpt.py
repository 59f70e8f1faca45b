"""ImageGPT of transformers: a token is a pixel. Imported only where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from transformers import DynamicCache

from musegraph import NodeError
from musegraph_nodes.live import Live

from .painters import nearest

if TYPE_CHECKING:
    from torch import Tensor

    from .load import ImageModel


class ImageGPT:
    """Pixels of few colours, one after another (https://cdn.openai.com/papers/Generative_Pretraining_from_Pixels_V2.pdf)."""

    def __init__(self, live: Live, model: ImageModel, device: str) -> None:
        self.net, self.source, self.device = live.parts["model"], model.source, device
        self.palette = torch.tensor(live.told["palette"], dtype=torch.float32)
        self.side = self.pixels = int(model.options["side"])

    def book(self) -> Tensor:
        """The colours [codes,3], -1 to 1."""
        return self.palette

    def read(self, planes: Tensor) -> Tensor:
        """The nearest colour of each pixel."""
        points = planes.permute(0, 2, 3, 1)
        return nearest(points.reshape(-1, 3), self.palette).reshape(points.shape[:3])

    def show(self, tokens: Tensor) -> Tensor:
        """The colours themselves."""
        return self.palette[tokens]

    def begin(self, prompt: str, guidance: float) -> Pixels:
        """Pictures without words: there is nothing to be led by."""
        if prompt.strip():
            raise NodeError(
                f"port 'prompt': {self.source!r} is an ImageGPT, which reads no words; leave it"
                " empty, or load a Janus"
            )
        return Pixels(self)


class Pixels:
    """Pixels that are being written."""

    def __init__(self, painter: ImageGPT) -> None:
        self.net, self.device = painter.net, painter.device
        self.begun = False
        self.cache = DynamicCache()

    def feed(self, tokens: Tensor) -> Tensor:
        """Logits [B,codes] of the pixel behind these [B,K]."""
        tokens = tokens.to(self.device)
        if not self.begun:
            # What stands before the first pixel has the number behind those of the colours.
            start = tokens.new_full((len(tokens), 1), self.net.config.vocab_size - 1)
            tokens, self.begun = torch.cat([start, tokens], 1), True
        found = self.net(tokens, past_key_values=self.cache, use_cache=True).logits
        logits: Tensor = found[:, -1]
        return logits
