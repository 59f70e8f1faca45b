"""Stable Diffusion 1.x (https://arxiv.org/abs/2112.10752): one CLIP and a UNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Model, ModelError
from musegraph_nodes.diffusion.layouts.weights import same_in_text_encoders, sampled_digest

from .base import CLIP, VAE, Denoiser, Family, Kind, Prepared, wants_more
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
    pipelines = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline")
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
        if name is not None:
            return name
        own = sampled_digest(encoder.files, same_in_text_encoders(encoder.prefix))
        return f"clip-{width}-{own}"

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
        return {"embeds": self._spread(part.embeds["embeds"], shape[0])}

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        texts = prepared["embeds"]
        made: Tensor = self.net(x, t, encoder_hidden_states=texts, return_dict=False, **extra)[0]
        return made.float()


def check_channels(found: Found, source: str) -> None:
    """Refuse a net that reads other latents than the autoencoder makes."""
    reads, channels = found.denoiser.config.get("in_channels", 4), found.channels
    if reads == 9:
        raise ModelError(
            f"the model {source!r} is made for inpainting: its unet reads 9 channels; such models"
            " come with a later version"
        )
    if reads != channels:
        raise ModelError(
            f"the parts of the model {source!r} do not fit: its {found.net} reads {reads} channels"
            f" and its vae makes {channels}"
        )
