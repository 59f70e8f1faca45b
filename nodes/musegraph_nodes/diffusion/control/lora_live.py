"""LoRAs on a live network for the time of a lease, in the arithmetic of diffusers and peft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from musegraph import ModelError, Patch, Reference

from .blocks import block_of, blocks_of
from .lora_files import WHOLE, Opened, file_of, header_of, mixin_of, open_lora, refused
from .lycoris import merge
from .once import once
from .placed import as_computed

PlaceOf = Callable[[Patch], Path]


def apply_loras(ref: Reference, net: Any, patches: Sequence[Patch], place: PlaceOf) -> None:
    """Put LoRAs on the network of a reference; several at once add up.

    Low-rank pairs are computed beside the weights, which stay untouched; other kinds of changes
    are added to a copy of the weights that they concern.
    """
    family = str(ref.options.get("architecture", "sd"))
    low: list[tuple[str, Patch, dict[str, Any], Path]] = []
    for index, patch in enumerate(patches):
        file = file_of(place(patch), patch.source)
        names = once(net, file, partial(header_of, file, patch.source), "names")
        if any(sign in known for known in names for sign in WHOLE):
            merge(ref.part, net, file, patch, _strength_in(net, patch))
        else:
            low.append((f"lora{index}", patch, names, file))
    taken = []  # only now: what is put beside a module hides its weights
    for adapter, patch, names, file in low:
        opened = _opened(ref.part, net, file, patch, family)
        with as_computed(net):
            if _inject(ref.part, net, opened, adapter, patch, names):
                taken.append((adapter, patch))
    _activate(net, taken)


def _opened(part: str, net: Any, file: Path, patch: Patch, family: str) -> Opened:
    """What a file holds for a network; the rest of it is not kept."""
    mixin = mixin_of(net, family)
    kind = f"{mixin.__name__} {part}"
    return once(net, file, lambda: open_lora(file, patch.source, mixin, net).of(part), kind)


def _inject(
    part: str, net: Any, opened: Opened, adapter: str, patch: Patch, names: dict[str, Any]
) -> bool:
    """Put one LoRA on a network; False if it has nothing for this part."""
    own = opened.tensors
    if not own:
        _check_some(opened, net, patch, names)
        return False
    _check_modules(part, net, own, patch, names)
    options: dict[str, Any] = {
        "network_alphas": deepcopy(opened.alphas),
        "adapter_name": adapter,
        "metadata": deepcopy(opened.metadata),
        "low_cpu_mem_usage": True,
    }
    try:
        if hasattr(net, "load_lora_adapter"):
            net.load_lora_adapter(dict(own), prefix=part, **options)
        else:
            from diffusers.loaders.lora_base import _load_lora_into_text_encoder

            _load_lora_into_text_encoder(
                dict(own),
                text_encoder=net,
                prefix=part,
                text_encoder_name=part,
                **options,
            )
    except (RuntimeError, ValueError, TypeError) as error:
        why = " ".join(str(error).split())[:200]
        raise refused(patch.source, net, names, why) from error
    return True


def _check_some(opened: Opened, net: Any, patch: Patch, names: dict[str, Any]) -> None:
    """A LoRA may leave a part alone, but one without anything for a denoiser is of no use here."""
    denoisers = ("unet.", "transformer.")
    known = (*denoisers, "text_encoder.", "text_encoder_2.", "text_encoder_3.")
    wrong = hasattr(net, "load_lora_adapter") and any(
        key.startswith(denoisers) for key in opened.names
    )
    if wrong or not any(key.startswith(known) for key in opened.names):
        first = next(iter(names), "nothing")
        raise refused(patch.source, net, names, f"none of its tensors belongs there ({first} …)")


def _check_modules(
    part: str, net: Any, own: dict[str, Any], patch: Patch, names: dict[str, Any]
) -> None:
    """Refuse what has no module in the network to go to."""
    from diffusers.utils.state_dict_utils import (
        convert_state_dict_to_diffusers,
        convert_state_dict_to_peft,
        convert_unet_state_dict_to_peft,
    )

    short = {key.removeprefix(f"{part}."): value for key, value in own.items()}
    if "lora_A" not in next(iter(short)):
        if hasattr(net, "load_lora_adapter"):
            short = convert_unet_state_dict_to_peft(short)
        else:
            short = convert_state_dict_to_peft(convert_state_dict_to_diffusers(short))
    modules = {name for name, _ in net.named_modules()}
    flat = not hasattr(net, "text_model")
    lost = []
    for key in short:
        module = key.partition(".lora_")[0].partition(".lokr_")[0]
        if flat:
            module = module.removeprefix("text_model.")
        if module not in modules:
            lost.append(module)
    if lost:
        raise refused(
            patch.source,
            net,
            names,
            f"{len(lost)} of its {len(short)} tensors are for modules that there are none of"
            f" ({min(lost)} …)",
        )


def _activate(net: Any, taken: Sequence[tuple[str, Patch]]) -> None:
    """As ``set_adapters`` of the pipelines does, with the strength of each module's block."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    if not taken:
        return
    strengths = [(adapter, _strength_in(net, patch)) for adapter, patch in taken]
    modules: list[tuple[str, Any]] = list(net.named_modules())
    for name, module in modules:
        if not isinstance(module, BaseTunerLayer):
            continue
        layer: Any = module  # set_scale is of the classes below it
        layer.set_adapter([adapter for adapter, _ in taken])
        for adapter, strength in strengths:
            layer.set_scale(adapter, strength(name))


def _strength_in(net: Any, patch: Patch) -> Callable[[str], float]:
    """The strength that a patch has in a module: its own, times that of the module's block."""
    blocks: dict[str, float] = patch.options.get("blocks") or {}
    if not blocks:
        return lambda module: patch.strength
    denoiser = hasattr(net, "load_lora_adapter")
    known = blocks_of(net)
    unknown = sorted(set(blocks) - set(known))
    if denoiser and unknown and not any(name in known for name in blocks if name != "BASE"):
        raise ModelError(
            f"the LoRA {patch.source!r} has strengths for blocks that this model has none of"
            f" ({', '.join(unknown[:4])}); it has {', '.join(known)}"
        )
    return lambda module: (
        patch.strength * (blocks.get(block_of(net, module) if denoiser else "BASE", 1.0))
    )
