"""The loader `models`: what makes sound, live on a device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import Loader, ModelError, NodeError, Reference
from musegraph_nodes.pipelines.loader import Live, class_of, precision_of, size
from musegraph_nodes.pipelines.loader import load as load_pipeline

from .families import FAMILIES

if TYPE_CHECKING:
    import torch

_COMPUTED = "embed_positions"
"""Weights that are computed and need not be stored."""


def load(ref: Reference, place: Path, device: str) -> Live:
    """Load what a reference names; a damaged file is a :class:`ModelError`."""
    if FAMILIES[ref.family].library == "diffusers":
        return _mended(load_pipeline(ref, place, device))
    live = _opened(ref, place, device)
    for module in live.modules():
        module.to(device)
    return live


def _opened(ref: Reference, place: Path, device: str) -> Live:
    from musegraph_nodes.diffusion.loader import quiet

    with quiet():
        try:
            model = _model(ref, place, precision_of(ref, device))
            parts = {"model": model.eval()}
            if "text_encoder" in {name for name, _ in model.named_children()}:
                parts["tokenizer"] = _tokenizer(place)
        except (ModelError, NodeError):
            raise
        except Exception as error:  # the libraries raise all kinds of errors for a damaged file
            why = " ".join(str(error).split())[:300]
            raise ModelError(
                f"the model {ref.source!r} cannot be opened: {why}; its files in {place} are"
                " damaged or do not belong together, get them again"
            ) from error
    return Live(parts)


def _model(ref: Reference, place: Path, dtype: torch.dtype) -> Any:
    opened: Any = class_of(ref.family, "transformers").from_pretrained(
        place,
        dtype=dtype,
        local_files_only=True,
        use_safetensors=True,
        variant=ref.options.get("variant"),
        output_loading_info=True,
    )
    model, info = opened
    missing = sorted(str(name) for name in info["missing_keys"] if _COMPUTED not in str(name))
    if missing:
        raise ModelError(
            f"the model {ref.source!r} lacks {len(missing)} of its tensors ({missing[0]} …): its"
            " config.json and its weights do not belong together"
        )
    return model


def _tokenizer(place: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)


def _mended(live: Live) -> Live:
    """Give AudioLDM 2 the class of language model that its pipeline asks for.

    Its published folders name ``GPT2Model``, from which transformers has since taken what the
    pipeline calls; the one with a head, which goes unused, has it.
    """
    from transformers import GPT2LMHeadModel, GPT2Model

    found = live.parts.get("language_model")
    if isinstance(found, GPT2Model):
        whole: Any = GPT2LMHeadModel(found.config)
        whole.transformer = found
        whole.tie_weights()
        live.parts["language_model"] = whole.eval().to(found.device, found.dtype)
    return live


models = Loader(load, size)
