"""FLUX.1 of Black Forest Labs: a CLIP, a T5, and a transformer that may have learnt guidance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Model, ModelError

from .base import CLIP, VAE, Denoiser, Family, Kind, Prediction, Prepared, t5, text_digest
from .sd import check_channels
from .texts import T5, ClipPooled, Reader, States

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found


class Flux(Family):
    """FLUX.1 dev and schnell."""

    name = "flux"
    title = "FLUX.1"
    pipelines = ("FluxPipeline", "FluxImg2ImgPipeline")
    kinds: ClassVar[Mapping[str, Kind]] = {
        "transformer": Kind("diffusers", ("FluxTransformer2DModel",)),
        "vae": VAE,
        "text_encoder": CLIP,
        "text_encoder_2": t5("_2"),
    }
    readers: ClassVar[tuple[Reader, ...]] = (ClipPooled("text_encoder"), T5("text_encoder_2"))
    net = "transformer"
    embeds_guidance = True
    flow = True
    patch = 2
    steps = 28
    guidance = 3.5

    def check(self, found: Found, source: str) -> None:
        check_channels(found, source, packed=4)
        net = found.denoiser.config
        widths = {
            "text_encoder": ("pooled_projection_dim", 768, "hidden_size"),
            "text_encoder_2": ("joint_attention_dim", 4096, "d_model"),
        }
        for part, (name, usual, own) in widths.items():
            wide, made = net.get(name, usual), found.parts[part].config.get(own, 512)
            if wide != made:
                raise ModelError(
                    f"the parts of the model {source!r} do not fit: its transformer takes texts"
                    f" {wide} wide and its {part} makes them {made} wide"
                )

    def texts(self, found: Found) -> str:
        encoders = [found.parts[reader.part] for reader in self.readers]
        shapes = (encoders[0].config.get("hidden_size"), encoders[1].config.get("d_model"))
        return "flux1" if shapes == (768, 4096) else f"flux1-{text_digest(encoders)}"

    def size(self, found: Found) -> tuple[int, int]:
        """What FLUX.1 is used with; its configuration does not say."""
        side = 128 * found.scale
        return side, side

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        short, long = states
        assert short.pooled is not None
        return ConditioningPart({"embeds": long.hidden, "pooled": short.pooled})

    def sigmas(self, steps: int, config: Mapping[str, Any]) -> list[float] | None:
        """Its pipeline leaves them to a scheduler that spaces a flow by itself."""
        return None if config.get("use_flow_sigmas") else evenly(steps)

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return FluxDenoiser(net, model, device, one_by_one=one_by_one)


class FluxDenoiser(Denoiser):
    """A transformer that reads squares of 2×2 latent cells with their places."""

    patch = 2

    @property
    def prediction(self) -> Prediction:
        return "flow_prediction"

    def kind(self, part: ConditioningPart) -> Any:
        """One text after another, as ``FluxPipeline`` asks."""
        return object()

    def alike(self, one: Prepared, other: Prepared) -> bool:
        return False

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        import torch

        made = {name: self._spread(part.embeds[name], shape[0]) for name in ("embeds", "pooled")}
        if self.net.config.guidance_embeds:
            strength = float(part.options.get("guidance", guidance))
            made["guidance"] = torch.full([1], strength, device=self.device).expand(shape[0])
        return made

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        import torch

        high, wide = x.shape[-2:]
        texts = prepared["embeds"]
        made: Tensor = self.net(
            hidden_states=packed(x),
            timestep=t.expand(len(x)).to(x.dtype) / 1000,
            guidance=prepared.get("guidance"),
            pooled_projections=prepared["pooled"],
            encoder_hidden_states=texts,
            txt_ids=torch.zeros(texts.shape[1], 3, device=x.device, dtype=x.dtype),
            img_ids=places(high // 2, wide // 2, x),
            return_dict=False,
            **extra,
        )[0]
        return unpacked(made, high, wide).float()


def evenly(steps: int) -> list[float]:
    """Levels from 1 down, the last step as long as the others."""
    import numpy as np

    return [float(level) for level in np.linspace(1.0, 1 / steps, steps)]


def packed(x: Tensor) -> Tensor:
    """[B,C,h,w] as one row for each square of 2×2 cells: [B,h/2·w/2,4C]."""
    count, channels, high, wide = x.shape
    squares = x.reshape(count, channels, high // 2, 2, wide // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return squares.reshape(count, (high // 2) * (wide // 2), channels * 4)


def unpacked(rows: Tensor, high: int, wide: int) -> Tensor:
    """The inverse of :func:`packed`."""
    count, _, channels = rows.shape
    squares = rows.reshape(count, high // 2, wide // 2, channels // 4, 2, 2)
    return squares.permute(0, 3, 1, 4, 2, 5).reshape(count, channels // 4, high, wide)


def places(high: int, wide: int, like: Tensor) -> Tensor:
    """Row and column of each square: [h·w,3], the first number being free."""
    import torch

    made = torch.zeros(high, wide, 3)
    made[..., 1] += torch.arange(high)[:, None]
    made[..., 2] += torch.arange(wide)[None, :]
    return made.reshape(high * wide, 3).to(device=like.device, dtype=like.dtype)
