"""Samplings as they are called, alone or several as one batch.

Several go together if nothing differs but seeds, texts and the content of latents: for the net they
are one batch, whose texts lie one after another. Each item draws its noise from its own seed, and
no item is computed from another, so that they differ from those made alone by rounding only.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from musegraph import (
    Conditioning,
    ConditioningPart,
    Context,
    Latent,
    Mask,
    Model,
    NodeError,
)
from musegraph_nodes.diffusion.control.marks import TOGETHER, is_led
from musegraph_nodes.diffusion.latents import blank
from musegraph_nodes.diffusion.references import check_loader

from .guiders import guiding_of
from .noise import drawing_of
from .way import Asked, sampled

if TYPE_CHECKING:
    from torch import Tensor

Call = Mapping[str, Any]
_APART = ("model", "positive", "negative", "latent", "mask", "seed")
"""What of a call is compared by more than its JSON, or need not be equal."""


def sampled_alone(call: Call, ctx: Context) -> Latent:
    """The latent that one call asks for."""
    asked = _asked(call, (call["seed"],))
    return sampled(call["model"], call["positive"], call["negative"], _latent(call), asked, ctx)


def sampled_together(calls: Sequence[Call], ctx: Context) -> list[Latent]:
    """The latents that calls of one kind ask for, made as one batch."""
    import torch

    first, latents = calls[0], [_latent(call) for call in calls]
    each = len(latents[0].data)
    positive = _merged([call["positive"] for call in calls], each)
    negative = _merged([call["negative"] for call in calls], each)
    assert positive is not None
    start = Latent(torch.cat([one.data for one in latents]), latents[0].family, latents[0].scale)
    asked = _asked(first, tuple(call["seed"] for call in calls))
    if asked.mask is not None:
        asked = replace(asked, mask=Mask(_cat([call["mask"].data for call in calls], each)))
    made = sampled(first["model"], positive, negative, start, asked, ctx)
    ctx.note(f"sampled in a batch of {len(calls)}")
    # Each in memory of its own: what is let go of later frees its part.
    parts = [part.clone() for part in made.data.split(each)]
    return [Latent(part, made.family, made.scale) for part in parts]


def kind_of(call: Call) -> tuple[int, Hashable] | None:
    """How many calls may be made as one batch, and what has to be equal; None for one alone."""
    model: Model = call["model"]
    most = max((int(patch.options["most"]) for patch in _patches(model, TOGETHER)), default=1)
    if most < 2 or _decides_for_all(call):
        return None
    own = json.dumps(
        {name: value for name, value in call.items() if name not in _APART}, sort_keys=True
    )
    each = len(_latent(call).data)
    texts = tuple(_told(call[name], each) for name in ("positive", "negative"))
    mask: Mask | None = call["mask"]
    if mask is not None and len(mask.data) not in (1, each):
        return None  # the call says what is wrong with it
    size = None if mask is None else tuple(mask.data.shape[1:])
    return most, (model.model_dump_json(), own, _shown(call["latent"]), size, texts)


def _decides_for_all(call: Call) -> bool:
    """Whether something is decided for the whole of a batch, by how far its items are from it.

    The adaptive sampler sizes its steps so, and the cache of the first block what it passes over.
    """
    caches = [patch.options["cache"] for patch in _patches(call["model"], "cache")]
    return call["sampler"] == "dpm_adaptive" or "first block" in caches[-1:]


def _patches(model: Model, kind: str) -> list[Any]:
    return [patch for patch in model.patches if patch.options.get("kind") == kind]


def _shown(latent: Latent | None) -> Hashable:
    """What of a latent has to be equal; an empty one starts otherwise than one of a picture."""
    if latent is None:
        return None
    data = latent.data
    return latent.family, latent.scale, tuple(data.shape), str(data.device), bool(data.any())


def _told(text: Conditioning | None, each: int) -> Hashable:
    """What of a text has to be equal: all but what its tensors say.

    With one that controls or pictures lead, only the very same one goes.
    """
    if text is None:
        return None
    led = any(is_led(part) for part in text.parts)
    lengths = {len(tensor) for part in text.parts for tensor in _tensors(part).values()}
    if not lengths <= ({1} if led else {1, each}):
        return object()  # equal to nothing
    return id(text) if led else (text.family, tuple(_part(part) for part in text.parts))


def _part(part: ConditioningPart) -> Hashable:
    shapes = [(name, tuple(t.shape[1:]), t.dtype) for name, t in sorted(_tensors(part).items())]
    options = json.dumps(part.options, sort_keys=True, default=str)
    return tuple(shapes), options, part.strength, part.ranges


def _tensors(part: ConditioningPart) -> dict[str, Tensor]:
    """All tensors of a part; where it counts is one of them."""
    return part.embeds if part.area is None else part.embeds | {" area": part.area}


def _merged(texts: Sequence[Conditioning | None], each: int) -> Conditioning | None:
    """Texts of one kind as one, with as many items for each; the same one is left as it is."""
    first = texts[0]
    if first is None or (all(text is first for text in texts) and _is_for_all(first)):
        return first
    given = [text for text in texts if text is not None]
    alike = zip(*(text.parts for text in given), strict=True)
    return Conditioning(tuple(_joined(parts, each) for parts in alike), first.family)


def _is_for_all(text: Conditioning) -> bool:
    """Whether each of its tensors is for all items of a batch."""
    return all(len(tensor) == 1 for part in text.parts for tensor in _tensors(part).values())


def _joined(parts: Sequence[ConditioningPart], each: int) -> ConditioningPart:
    embeds = {name: _cat([part.embeds[name] for part in parts], each) for name in parts[0].embeds}
    areas = [part.area for part in parts if part.area is not None]
    return replace(parts[0], embeds=embeds, area=_cat(areas, each) if areas else None)


def _cat(tensors: Sequence[Tensor], each: int) -> Tensor:
    """What is given for all items of each call, or for one, for all items of the batch."""
    import torch

    return torch.cat([one.expand(each, *one.shape[1:]) for one in tensors])


def _latent(call: Call) -> Latent:
    """The latent to start from, which gives the size; without one, an empty one of the model's."""
    check_loader(call["model"])
    if call["latent"] is not None:
        return call["latent"]  # type: ignore[no-any-return]
    if call["denoise"] < 1:
        raise NodeError(
            f"denoise is {call['denoise']:g} and there is no latent to start from; link one"
            " (diffusion.encode makes it of a picture), or set denoise to 1"
        )
    return blank(call["model"])


def _asked(call: Call, seeds: tuple[int, ...]) -> Asked:
    sigmas = call["sigmas"]
    return Asked(
        sampler=call["sampler"],
        schedule=call["schedule"],
        steps=call["steps"] if sigmas is None else len(sigmas) - 1,
        denoise=call["denoise"],
        seeds=seeds,
        sigmas=sigmas,
        drawing=drawing_of(call["noise"]),
        start=call["start"],
        end=call["end"],
        guidance=call["guidance"],
        guidance_rescale=call["guidance_rescale"],
        guiding=guiding_of(call["guider"]),
        mask=call["mask"],
    )
