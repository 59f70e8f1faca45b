"""The loader `transformers`: a language model and its tokenizer, live on a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from musegraph import Loader, ModelError, Reference
from musegraph_nodes.pipelines.loader import Live, precision_of, size


def load(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a :class:`ModelError`."""
    live = _read(ref, place, device)
    live.parts["model"].to(device)
    return live


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory; each layer's visit the device in turn."""
    import torch
    from accelerate import cpu_offload

    live = _read(ref, place, device)
    cpu_offload(live.parts["model"], torch.device(device), offload_buffers=True)
    return live


def _read(ref: Reference, place: Path, device: str) -> Live:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from musegraph_nodes.diffusion.loader import quiet

    with quiet():
        try:
            opened: Any = AutoModelForCausalLM.from_pretrained(
                place,
                dtype=precision_of(ref, device),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                variant=ref.options.get("variant"),
                output_loading_info=True,
            )
            words = AutoTokenizer.from_pretrained(
                place, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # the libraries raise all kinds of errors for a damaged folder
            why = " ".join(str(error).split())[:300]
            raise ModelError(
                f"the language model {ref.source!r} cannot be opened: {why}; its files in {place}"
                " are damaged or do not belong together, get them again"
            ) from error
    model, info = opened
    if missing := sorted(str(name) for name in info["missing_keys"]):
        raise ModelError(
            f"the language model {ref.source!r} lacks {len(missing)} of its tensors"
            f" ({missing[0]} …): its config.json and its weights do not belong together"
        )
    return Live({"model": model.eval(), "words": words})


transformers = Loader(load, size, offload=offload)
