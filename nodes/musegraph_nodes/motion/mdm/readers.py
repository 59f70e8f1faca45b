"""The loader `mdm_texts`: the text encoders that public models of MDM were trained with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from musegraph import Context, Loader, ModelError, NodeError, Reference
from musegraph_nodes.folders import check_weights, read_json
from musegraph_nodes.live import opening, tokenizer, transformer

if TYPE_CHECKING:
    from torch import Tensor

    from .layout import Layout
    from .nets import Told

LOADER = "motion.mdm_texts"
_NAME = "text encoder"
_WORDS = 22
"""Tokens that CLIP reads of a prompt for MDM: twenty, a beginning and an end."""
_CLASSES = {"clip": "CLIPTextModelWithProjection", "bert": "DistilBertModel"}
_USUAL = {"clip": "CLIP ViT-B/32", "bert": "DistilBERT"}


def text_reference(
    text_encoder: str | None, args: Mapping[str, Any], layout: Layout, source: str, ctx: Context
) -> dict[str, Any]:
    """What says which text encoder a model reads its prompts with; JSON."""
    kind = str(args.get("text_encoder_type") or ("bert" if layout.text == 768 else "clip"))
    if kind not in _CLASSES:
        raise ModelError(
            f"the args.json of {source!r} tell of a text encoder {kind!r}; clip and bert are known"
        )
    if not text_encoder:
        raise NodeError(
            f"port 'text_encoder': {source!r} was trained with {_USUAL[kind]}, which its file does"
            " not hold; name a folder of it, with config.json, tokenizer and .safetensors"
        )
    found = ctx.weights(text_encoder)
    if found.path.is_file():
        raise ModelError(f"{text_encoder!r} is one file; a text encoder is opened from its folder")
    width = _width(read_json(found.path / "config.json", text_encoder), kind)
    if width != layout.text:
        raise ModelError(
            f"the text encoder {text_encoder!r} is none that says {layout.text} numbers of a text,"
            f" as {source!r} reads them; that was trained with {_USUAL[kind]}"
        )
    check_weights(found.path, text_encoder, _CLASSES[kind])
    made = Reference(
        loader=LOADER, source=text_encoder, part=kind, digest=found.digest, family="mdm_texts"
    )
    return made.model_dump()


def _width(config: dict[str, Any], kind: str) -> int:
    """How many numbers an encoder says of a text, by its config.json."""
    if kind == "bert":
        return int(config.get("dim") or config.get("hidden_size") or 0)
    inner = config.get("text_config")
    own = inner.get("projection_dim") if isinstance(inner, dict) else None
    return int(config.get("projection_dim") or own or 0)


class Texts(NamedTuple):
    """A text encoder and its tokenizer."""

    net: Any
    tokenizer: Any
    kind: str

    def told(self, text: str, device: str) -> Told:
        """A prompt as MDM's net is told it."""
        import torch

        from .nets import Told

        with torch.no_grad():
            if self.kind == "clip":
                read = self.tokenizer(text, truncation=True, max_length=_WORDS, return_tensors="pt")
                pooled: Tensor = self.net(read.input_ids.to(device)).text_embeds
                return Told(pooled.float()[None])
            read = self.tokenizer(text, truncation=True, return_tensors="pt")
            mask = read.attention_mask.to(device)
            states = self.net(read.input_ids.to(device), attention_mask=mask).last_hidden_state
        return Told(states.float().transpose(0, 1), mask == 0)


def load(ref: Reference, place: Path, device: str) -> Texts:
    """The text encoder that a reference names, on a device; a damaged file is a ModelError."""
    import transformers

    net = transformer(getattr(transformers, _CLASSES[ref.part]), ref, place, what=_NAME)
    with opening(ref, place, _NAME):
        words = tokenizer(place)
    return Texts(net.float().requires_grad_(False).to(device), words, ref.part)


mdm_texts = Loader(load, lambda live: sum(p.numel() * 4 for p in live.net.parameters()))
