"""Stable Diffusion 1.x (https://arxiv.org/abs/2112.10752): one CLIP and a UNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Model, ModelError, NodeError

from .base import CLIP, VAE, Denoiser, Family, Kind, Prepared, text_digest, wants_more
from .texts import Clip, Reader, States

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found

UNET = Kind("diffusers", ("UNet2DConditionModel",))
_TEXTS = {(768, 12, 49408): "sd15", (1024, 23, 49408): "sd21"}


class StableDiffusion(Family):
    """Stable Diffusion 1.x."""

    name = "sd"
    title = "Stable Diffusion 1.x"
    pipelines = (
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
    )
    kinds: ClassVar[Mapping[str, Kind]] = {"unet": UNET, "vae": VAE, "text_encoder": CLIP}
    readers: ClassVar[tuple[Reader, ...]] = (Clip(),)

    def check(self, found: Found, source: str) -> None:
        unet = found.denoiser.config
        check_channels(found, source)
        wide = unet.get("cross_attention_dim", 1280)
        width = found.parts["text_encoder"].config.get("hidden_size", 512)
        if wide != width:
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its unet takes texts {wide} wide"
                f" and its text_encoder makes them {width} wide"
            )
        names = ("time_cond_proj_dim", "addition_embed_type", "class_embed_type")
        wanted = [name for name in names if unet.get(name) is not None]
        if wanted:
            raise wants_more("unet", source, wanted)

    def texts(self, found: Found) -> str:
        encoder = found.parts["text_encoder"]
        width = encoder.config.get("hidden_size", 512)
        layers = encoder.config.get("num_hidden_layers", 12)
        name = _TEXTS.get((width, layers, encoder.config.get("vocab_size", 49408)))
        return name or f"clip-{width}-{text_digest([encoder])}"

    def options(self, found: Found) -> dict[str, Any]:
        return {}

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        return ConditioningPart({"embeds": states[0].hidden})

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return UnetDenoiser(net, model, device, one_by_one=one_by_one)


class UnetDenoiser(Denoiser):
    """A UNet that looks at a text."""

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        made = {"embeds": self._spread(part.embeds["embeds"], shape[0])}
        if "masked" in part.embeds:
            made["hole"] = self._hole(part, shape)
        elif self.net.config.in_channels != shape[1]:
            raise NodeError(
                "the model is made for inpainting and is shown no picture to fill in; lead its"
                " text through diffusion.condition_inpaint"
            )
        return made

    def _hole(self, part: ConditioningPart, shape: tuple[int, ...]) -> Tensor:
        """The mask and the rest of the picture [B,1+C,h,w]."""
        import torch

        names = ("mask", "masked")
        planes = [self._spread(part.embeds[name], shape[0]) for name in names]
        if self.net.config.in_channels != shape[1] + sum(plane.shape[1] for plane in planes):
            raise NodeError(
                "the model is not made for inpainting, so it cannot read the picture that its text"
                " was shown; leave out diffusion.condition_inpaint, or take such a model"
            )
        if planes[1].shape[-2:] != shape[-2:]:
            high, wide = planes[1].shape[-2:]
            raise NodeError(
                f"the picture to fill in has {wide}×{high} latent cells and the latent"
                f" {shape[-1]}×{shape[-2]}; make them of one size"
            )
        return torch.cat(planes, dim=1)

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        import torch

        given: dict[str, Any] = {"encoder_hidden_states": prepared["embeds"]}
        added = {**self._added(prepared), **extra.get("added_cond_kwargs", {})}
        if added:
            given["added_cond_kwargs"] = added
        if "hole" in prepared:
            x = torch.cat([x, prepared["hole"]], dim=1)
        made: Tensor = self.net(x, t, **{**extra, **given}, return_dict=False)[0]
        return made.float()

    def _added(self, prepared: Prepared) -> dict[str, Tensor]:
        """What the net reads beside the text."""
        return {}


def check_channels(found: Found, source: str, packed: int = 1) -> None:
    """Refuse a net that reads other latents than the autoencoder makes.

    ``packed`` is how many latent cells it takes together as channels.
    """
    reads, channels = found.denoiser.config.get("in_channels", 4), found.channels * packed
    if reads not in (channels, *((2 * channels + 1,) if found.net == "unet" else ())):
        raise ModelError(
            f"the parts of the model {source!r} do not fit: its {found.net} reads {reads} channels"
            f" and its vae makes {channels}"
        )
