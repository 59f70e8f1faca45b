"""From what comes in at the ports to what a pipeline is called with."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musegraph import Conditioning, Context, Image, Latent, Mask, NodeError

from .catalogue import RENAMED
from .results import PACKED, latent_family

if TYPE_CHECKING:
    import torch

_MOST_SEEDS = 2**53
TRUE_NAMES = {ours: theirs for theirs, ours in RENAMED.items()}
_SEE_THROUGH = ("QwenImageLayeredPipeline",)
"""Pipelines that read transparency."""


@dataclass
class Given:
    """One call of a node: the pipeline, and what it was given."""

    cls: str
    entry: dict[str, Any]
    values: dict[str, Any]
    pipe: Any
    ctx: Context
    count: int = field(init=False)
    """Items made at once, each with a seed of its own."""

    repeats: int = field(init=False)
    """How many pictures came in, each of which takes the text for itself."""

    def __post_init__(self) -> None:
        image = self.values.get("image")
        kind = self.entry["params"].get("image", [""])[0].rstrip("?")
        alike = kind == "picture" and "prompt" in self.values and self.entry["gives"] != "frames"
        self.repeats = len(image.data) if alike and image is not None else 1
        labels = self.values.get("class_labels") or [0]
        self.count = self.repeats * int(self.values.get("batch", len(labels)))

    @property
    def latent(self) -> bool:
        """Whether latents are asked for."""
        return self.values.get("give") == "latent"


def arguments_of(given: Given, first: int, count: int) -> dict[str, Any]:
    """The arguments for items ``first`` to ``first + count``."""
    entry, values = given.entry, given.values
    made: dict[str, Any] = {}
    for name, (kind, *default) in entry["params"].items():
        value = _argument(given, name, kind, default, values[name])
        if value is not None:
            made[TRUE_NAMES.get(name, name)] = value
    if given.repeats > 1:
        _one_for_each(given, made, first, count)
    if batch := entry.get("batch"):
        made[batch] = count if given.repeats == 1 else max(1, count // given.repeats)
    if entry.get("seeds"):
        seeds = [(values["seed"] + first + index) % _MOST_SEEDS for index in range(count)]
        drawn = [given.ctx.generator(seed) for seed in seeds]
        made["generator"] = drawn if len(drawn) > 1 and entry["seeds"] == "each" else drawn[0]
    if values.get("embeds") is not None:
        _add_embeds(given, made, values["embeds"])
    if values.get("latents") is not None:
        made["latents"] = _latents(given, values["latents"])[first : first + count]
    known = inspect.signature(given.pipe.__call__).parameters
    if "output_type" in known:
        made["output_type"] = _output_type(given)
    return made


def _output_type(given: Given) -> str:
    if given.latent:
        return "latent"
    return "pt" if given.entry["gives"] == "embeds" else "np"


def _one_for_each(given: Given, made: dict[str, Any], first: int, count: int) -> None:
    """Each of several pictures takes the texts for itself."""
    each = max(1, given.count // given.repeats)
    chosen = range(given.repeats) if count == given.count else [first // each]
    for name, (kind, *_) in given.entry["params"].items():
        value = made.get(name)
        if kind.rstrip("?") == "text" and isinstance(value, str):
            made[name] = [value] * len(chosen) if len(chosen) > 1 else value
        elif isinstance(value, list) and len(value) == given.repeats and len(chosen) == 1:
            made[name] = value[chosen[0]]


def _argument(given: Given, name: str, kind: str, default: list[Any], value: Any) -> Any:
    """A value as the pipeline takes it; None leaves the pipeline its default."""
    kind = kind.rstrip("?")
    if value is None or (name in ("width", "height") and value == 0):
        return None
    if kind in ("text", "line"):
        return value if value or name == "prompt" else (default or [None])[0]
    if kind == "pair":
        return tuple(value)
    if kind == "references":
        return [one for image in value for one in _pil(given, image)] or None
    if kind in ("picture", "frames"):
        found = _pil(given, value)
        return found[0] if kind == "picture" and len(found) == 1 else found
    if kind == "masks":
        found = _mask_pil(value)
        return found[0] if len(found) == 1 and given.entry["gives"] != "frames" else found
    if kind in ("plane", "volume", "volume255"):
        return _planes(given, kind, value)
    return value


def _pil(given: Given, image: Image) -> list[Any]:
    """Pictures as nearly every pipeline takes them, in levels of 8 bits."""
    from PIL import Image as pil

    data = image.data.float()
    if data.shape[-1] == 4 and given.cls not in _SEE_THROUGH:
        if bool((data[..., 3] < 1).any()):
            raise NodeError(
                "the picture is transparent in places, which this pipeline does not read;"
                " image.flatten_alpha puts it on a background"
            )
        data = data[..., :3]
    return [pil.fromarray(levels) for levels in _levels(data)]


def _mask_pil(mask: Mask) -> list[Any]:
    from PIL import Image as pil

    return [pil.fromarray(levels, "L") for levels in _levels(mask.data.float())]


def _levels(data: torch.Tensor) -> Any:
    import torch

    return (data.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _planes(given: Given, kind: str, value: Image | Mask) -> torch.Tensor:
    """Pictures as planes [B,3,H,W], or frames as a volume [1,C,F,H,W]."""
    device, dtype = given.ctx.device, given.pipe.dtype
    data = value.data.float()
    if kind == "plane":
        return data[..., :3].permute(0, 3, 1, 2).to(device, dtype)
    if kind == "volume":
        return data[..., :3].permute(3, 0, 1, 2)[None].to(device, dtype)
    return (data[None, None] * 255).to(device, dtype)


def _add_embeds(given: Given, made: dict[str, Any], embeds: Conditioning) -> None:
    """Put in what another node made of texts or pictures."""
    family = given.entry["family"]
    if embeds.family != family:
        raise NodeError(
            f"the embeddings are of the family {embeds.family!r} and this pipeline reads those of"
            f" {family!r}; link what a node of that family gives"
        )
    found = embeds.parts[0].embeds
    unknown = sorted(set(found) - set(given.entry["embeds"]))
    if unknown:
        raise NodeError(
            f"{given.cls} takes no {unknown[0]}; it takes {', '.join(given.entry['embeds'])}"
        )
    for name, tensor in found.items():
        made[name] = tensor.to(given.ctx.device, given.pipe.dtype)
    if "prompt_embeds" in found:
        for name in ("prompt", "prompt_2", "prompt_3", "prompt_4"):
            made.pop(name, None)
    if "negative_prompt_embeds" in found:
        for name in ("negative_prompt", "negative_prompt_2", "negative_prompt_3"):
            made.pop(name, None)


def _latents(given: Given, latents: Latent) -> torch.Tensor:
    """Latents to start from, if they are those of this model's autoencoder."""
    family, _ = latent_family(given.pipe)
    if latents.family.removesuffix(PACKED) != family:
        raise NodeError(
            f"the latents are of the family {latents.family!r} and this model makes {family!r};"
            " link latents that a node with the same model gave"
        )
    return latents.data.to(given.ctx.device, given.pipe.dtype)
