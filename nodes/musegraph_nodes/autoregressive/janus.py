"""Janus of transformers: a token is a patch, by a codebook. Imported only where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from transformers import DynamicCache

from musegraph import ModelError, NodeError
from musegraph_nodes.language.load import reach_of
from musegraph_nodes.live import Live

from .painters import nearest

if TYPE_CHECKING:
    from torch import Tensor

    from .load import ImageModel

_BEGIN = "<begin_of_image>"


class Janus:
    """Patches after words, by one transformer (https://arxiv.org/abs/2410.13848, 2501.17811)."""

    def __init__(self, live: Live, model: ImageModel, device: str) -> None:
        self.net, self.words = live.parts["model"], live.parts["words"]
        self.source, self.device = model.source, device
        self.codec: Any = self.net.model.vqmodel
        self.side = int(model.options["side"])
        # Each level of the codec but the last halves the picture.
        self.pixels = self.side << len(self.codec.config.channel_multiplier) - 1

    def book(self) -> Tensor:
        """The codes [codes,D], of length 1: only their direction counts."""
        embedding = self.codec.quantize.embedding
        every = torch.arange(embedding.num_embeddings, device=self.device)
        book: Tensor = F.normalize(embedding(every).float(), dim=-1).cpu()
        return book

    def read(self, planes: Tensor) -> Tensor:
        """The code whose direction is nearest to that of each patch, as the codec was trained.

        The encoder of transformers leaves out that both are brought to length 1.
        """
        given = planes.to(self.device, self.net.dtype)
        seen = self.codec.quant_conv(self.codec.encoder(given)).permute(0, 2, 3, 1)
        points = F.normalize(seen.float(), dim=-1).cpu()
        return nearest(points.flatten(0, 2), self.book()).reshape(points.shape[:3])

    def show(self, tokens: Tensor) -> Tensor:
        """What the codec paints of the tokens."""
        made = self.net.decode_image_tokens(tokens.flatten(1).to(self.device))
        shown: Tensor = made.float().cpu()
        return shown

    def begin(self, prompt: str, guidance: float) -> Patches:
        """Pictures of what a prompt says."""
        return Patches(self, self.told(prompt), guidance)

    def told(self, prompt: str) -> Tensor:
        """The tokens [L] of a prompt, in the form that the model learned from."""
        if self.words.convert_tokens_to_ids(_BEGIN) in (None, self.words.unk_token_id):
            raise ModelError(
                f"the tokenizer of {self.source!r} has no {_BEGIN}, after which pictures begin; get"
                " the folder again"
            )
        text = f"<|User|>: {prompt.strip()}\n\n<|Assistant|>:{_BEGIN}"
        ids: Tensor = self.words(text, return_tensors="pt").input_ids[0]
        reach = reach_of(self.net.config)
        if reach is not None and len(ids) > (room := max(reach - self.side**2, 0)):
            raise NodeError(
                f"port 'prompt': it has {len(ids):,} tokens, and beside a picture the model sees"
                f" {room:,}; shorten it"
            )
        return ids

    def silent(self, ids: Tensor) -> Tensor:
        """What guidance leads away from: the tokens of a prompt with every word blotted out."""
        words, blank = self.words, self.net.generation_config.pad_token_id
        kept = [ids == words.convert_tokens_to_ids(_BEGIN), ids == words.bos_token_id]
        return torch.where(kept[0] | kept[1], ids, words.pad_token_id if blank is None else blank)


class Patches:
    """Patches that are being written."""

    def __init__(self, painter: Janus, prompt: Tensor, guidance: float) -> None:
        self.net, self.device, self.guidance = painter.net, painter.device, guidance
        asked = [prompt] if guidance == 1 else [prompt, painter.silent(prompt)]
        self.before: Tensor | None = torch.stack(asked)
        self.cache = DynamicCache()

    def feed(self, tokens: Tensor) -> Tensor:
        """Logits [B,codes] of the patch behind these [B,K], led by the words.

        Guidance (https://arxiv.org/abs/2207.12598) needs a second row for each picture.
        """
        net, sides = self.net, 1 if self.guidance == 1 else 2
        given = net.prepare_embeddings_for_image_generation(tokens.to(self.device))
        given = given.repeat(sides, 1, 1)
        if self.before is not None:
            words = net.get_input_embeddings()(self.before.to(self.device))
            given = torch.cat([words.repeat_interleave(len(tokens), 0), given], 1)
            self.before = None
        found = net.model.language_model(
            inputs_embeds=given, past_key_values=self.cache, use_cache=True
        )
        logits: Tensor = net.model.generation_head(found.last_hidden_state[:, -1]).float()
        if sides == 1:
            return logits
        led, free = logits.chunk(2)
        return free + self.guidance * (led - free)
