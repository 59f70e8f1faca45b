"""Stable Diffusion XL (https://arxiv.org/abs/2307.01952): two CLIPs, sizes, and its refiner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Context, Model, ModelError

from .base import VAE, Denoiser, Family, Kind, Prepared, clip, text_digest, wants_more, with_hole
from .sd import UNET, UnetDenoiser, check_channels
from .texts import ClipBeforeLast, Reader, States

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found

SCORE, SCORE_AWAY = 6.0, 2.5
"""How beautiful a picture is to be, and what guidance leads away from, as the refiner reads it."""


class StableDiffusionXL(Family):
    """Stable Diffusion XL, and its refiner, which has only the second encoder."""

    name = "sdxl"
    title = "Stable Diffusion XL"
    pipelines = (
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
    )
    kinds: ClassVar[Mapping[str, Kind]] = {
        "unet": UNET,
        "vae": VAE,
        "text_encoder": clip("", optional=True),
        "text_encoder_2": clip("_2", projected=True),
    }
    readers: ClassVar[tuple[Reader, ...]] = (
        ClipBeforeLast("text_encoder"),
        ClipBeforeLast("text_encoder_2"),
    )

    def check(self, found: Found, source: str) -> None:
        check_channels(found, source)
        unet = found.denoiser.config
        wide = unet.get("cross_attention_dim", 1280)
        widths = [
            found.parts[reader.part].config.get("hidden_size", 512)
            for reader in self.readers
            if reader.part in found.parts
        ]
        if wide != sum(widths):
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its unet takes texts {wide} wide"
                f" and its text encoders make them {sum(widths)} wide"
            )
        told = unet.get("addition_embed_type")
        if told != "text_time" or unet.get("time_cond_proj_dim") is not None:
            raise wants_more("unet", source, [str(told)])
        ids, rest = divmod(_added(found), int(unet.get("addition_time_embed_dim") or 1))
        if rest or ids not in (5, 6):
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its unet has no room for the sizes"
                " of Stable Diffusion XL beside the embedding of a text"
            )

    def texts(self, found: Found) -> str:
        encoders = [found.parts[r.part] for r in self.readers if r.part in found.parts]
        shapes = [
            (e.config.get("hidden_size", 512), e.config.get("num_hidden_layers", 12))
            for e in encoders
        ]
        names = {((768, 12), (1280, 32)): "sdxl", ((1280, 32),): "sdxl-refiner"}
        return names.get(tuple(shapes)) or f"sdxl-{text_digest(encoders)}"

    def options(self, found: Found) -> dict[str, Any]:
        """Also whether an empty text is all zeros, and how many numbers say the sizes."""
        unet = found.denoiser.config
        ids = _added(found) // int(unet["addition_time_embed_dim"])
        zeros = bool(found.index.get("force_zeros_for_empty_prompt", ids == 6))
        return {"architecture": self.name, "sizes": ids, "zeros": zeros}

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        import torch

        hidden = torch.cat([state.hidden for state in states], dim=-1)
        pooled = next(state.pooled for state in states if state.pooled is not None)
        return ConditioningPart({"embeds": hidden, "pooled": pooled})

    def unconditional(self, model: Model, like: ConditioningPart, ctx: Context) -> ConditioningPart:
        import torch

        if not model.options["zeros"]:
            return super().unconditional(model, like, ctx)
        zeros = {name: torch.zeros_like(like.embeds[name]) for name in ("embeds", "pooled")}
        sizes = {name: like.options[name] for name in ("sizes",) if name in like.options}
        return with_hole(ConditioningPart(zeros, sizes | {"away": True}), like)

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return XlDenoiser(net, model, device, one_by_one=one_by_one)


class XlDenoiser(UnetDenoiser):
    """A UNet that reads a text, one embedding of it, and the sizes of the picture."""

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        made = super()._prepared(part, shape, guidance)
        made["pooled"] = self._spread(part.embeds["pooled"], shape[0])
        made["sizes"] = self._sizes(part, shape)
        return made

    def _sizes(self, part: ConditioningPart, shape: tuple[int, ...]) -> Tensor:
        """Original size, corner of the crop and size to make, or how beautiful it is to be."""
        import torch

        scale = int(self.model.options["scale"])
        own = [shape[-2] * scale, shape[-1] * scale]
        told = part.options.get("sizes", {})
        numbers = [*told.get("original", own), *told.get("crop", (0, 0))]
        if self.model.options["sizes"] == 5:
            away = part.options.get("away", False)
            score = told.get("score_away", SCORE_AWAY) if away else told.get("score", SCORE)
            numbers.append(score)
        else:
            numbers += told.get("target", own)
        row = torch.tensor([numbers], dtype=self.dtype, device=self.device)
        return row.repeat(shape[0], 1)

    def _added(self, prepared: Prepared) -> dict[str, Tensor]:
        return {"text_embeds": prepared["pooled"], "time_ids": prepared["sizes"]}


def _added(found: Found) -> int:
    """How many numbers the unet takes that say sizes, each spread out to an embedding."""
    unet = found.denoiser.config
    projection = found.parts["text_encoder_2"].config.get("projection_dim", 512)
    return int(unet.get("projection_class_embeddings_input_dim") or 0) - int(projection)
