"""Stable Diffusion 3 (https://arxiv.org/abs/2403.03206): two CLIPs, perhaps T5, a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Model, ModelError

from .base import VAE, Denoiser, Family, Kind, Prediction, Prepared, clip, t5, text_digest
from .sd import check_channels
from .texts import ClipBeforeLast, Reader, States, T5OrZeros

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found


class StableDiffusion3(Family):
    """Stable Diffusion 3 and 3.5."""

    name = "sd3"
    title = "Stable Diffusion 3"
    pipelines = ("StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline")
    kinds: ClassVar[Mapping[str, Kind]] = {
        "transformer": Kind("diffusers", ("SD3Transformer2DModel",)),
        "vae": VAE,
        "text_encoder": clip("", projected=True),
        "text_encoder_2": clip("_2", projected=True),
        "text_encoder_3": t5("_3", optional=True),
    }
    readers: ClassVar[tuple[Reader, ...]] = (
        ClipBeforeLast("text_encoder"),
        ClipBeforeLast("text_encoder_2"),
        T5OrZeros("text_encoder_3", length=256),
    )
    net = "transformer"
    flow = True
    most_shift = 1.16
    patch = 2
    steps = 28

    def check(self, found: Found, source: str) -> None:
        check_channels(found, source)
        net = found.denoiser.config
        clips = [found.parts[part].config for part in ("text_encoder", "text_encoder_2")]
        pooled = sum(config.get("projection_dim", 512) for config in clips)
        if net.get("pooled_projection_dim", 2048) != pooled:
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its transformer takes texts"
                f" {net.get('pooled_projection_dim', 2048)} wide and its text encoders make them"
                f" {pooled} wide"
            )
        wide, third = net.get("joint_attention_dim", 4096), found.parts.get("text_encoder_3")
        if third is not None and third.config.get("d_model", 512) != wide:
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its transformer takes texts {wide}"
                f" wide and its text_encoder_3 makes them {third.config.get('d_model', 512)} wide"
            )

    def texts(self, found: Found) -> str:
        encoders = [found.parts[r.part] for r in self.readers if r.part in found.parts]
        widths = tuple(e.config.get("hidden_size", e.config.get("d_model")) for e in encoders)
        if widths[:2] == (768, 1280) and widths[2:] in ((), (4096,)):
            return "sd3"
        return f"sd3-{text_digest(encoders[:2])}"

    def options(self, found: Found) -> dict[str, Any]:
        """Also how wide the texts are, which only T5 would tell."""
        width = int(found.denoiser.config.get("joint_attention_dim", 4096))
        return {"architecture": self.name, "width": width}

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        import torch
        import torch.nn.functional as F

        one, two, long = states
        assert one.pooled is not None
        assert two.pooled is not None
        short = torch.cat([one.hidden, two.hidden], dim=-1)
        short = F.pad(short, (0, long.hidden.shape[-1] - short.shape[-1]))
        hidden = torch.cat([short, long.hidden.to(short.device)], dim=-2)
        pooled = torch.cat([one.pooled, two.pooled], dim=-1)
        return ConditioningPart({"embeds": hidden, "pooled": pooled})

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return Sd3Denoiser(net, model, device, one_by_one=one_by_one)


class Sd3Denoiser(Denoiser):
    """A transformer that reads texts and pictures alike."""

    patch = 2

    @property
    def prediction(self) -> Prediction:
        return "flow_prediction"

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        return {name: self._spread(part.embeds[name], shape[0]) for name in ("embeds", "pooled")}

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        made: Tensor = self.net(
            hidden_states=x,
            timestep=t.expand(len(x)),
            encoder_hidden_states=prepared["embeds"],
            pooled_projections=prepared["pooled"],
            return_dict=False,
            **extra,
        )[0]
        return made.float()
