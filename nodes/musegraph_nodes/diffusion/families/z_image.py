"""Z-Image of Tongyi-MAI: a language model reads the text, one transformer both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from musegraph import ConditioningPart, Model, ModelError

from .base import VAE, Denoiser, Family, Kind, Prediction, Prepared, Words, text_digest
from .sd import check_channels
from .texts import Chat, Reader, States

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found

_WORDS = Words("tokenizer", ("Qwen2TokenizerFast", "Qwen2Tokenizer"))


class ZImage(Family):
    """Z-Image and Z-Image-Turbo."""

    name = "z_image"
    title = "Z-Image"
    pipelines = ("ZImagePipeline", "ZImageImg2ImgPipeline")
    kinds: ClassVar[Mapping[str, Kind]] = {
        "transformer": Kind("diffusers", ("ZImageTransformer2DModel",)),
        "vae": VAE,
        "text_encoder": Kind("transformers", ("Qwen3Model", "Qwen3ForCausalLM"), _WORDS),
    }
    readers: ClassVar[tuple[Reader, ...]] = (Chat("text_encoder"),)
    net = "transformer"
    flow = True
    patch = 2
    steps = 9
    guidance = 1.0

    def check(self, found: Found, source: str) -> None:
        check_channels(found, source)
        wide = found.denoiser.config.get("cap_feat_dim", 2560)
        made = found.parts["text_encoder"].config.get("hidden_size")
        if wide != made:
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its transformer takes texts {wide}"
                f" wide and its text_encoder makes them {made} wide"
            )

    def texts(self, found: Found) -> str:
        encoder = found.parts["text_encoder"]
        if (encoder.config.get("hidden_size"), encoder.config.get("num_hidden_layers")) == (
            2560,
            36,
        ):
            return "z-image"
        return f"z-image-{text_digest([encoder])}"

    def size(self, found: Found) -> tuple[int, int]:
        """What Z-Image is used with; its configuration does not say."""
        side = 128 * found.scale
        return side, side

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        return ConditioningPart({"embeds": states[0].hidden})

    def sigmas(self, steps: int, config: Mapping[str, Any]) -> list[float] | None:
        import torch

        made: list[float] = torch.linspace(1.0, 1 / steps, steps).tolist()
        return made

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return ZImageDenoiser(net, model, device, one_by_one=one_by_one)


class ZImageDenoiser(Denoiser):
    """A transformer that takes pictures and texts as lists, and says the flow backwards."""

    patch = 2

    @property
    def prediction(self) -> Prediction:
        return "flow_prediction"

    def kind(self, part: ConditioningPart) -> Any:
        """Texts of all lengths go together."""
        return ()

    def alike(self, one: Prepared, other: Prepared) -> bool:
        return True

    def joined(self, prepared: Sequence[Prepared]) -> Prepared:
        import torch.nn.functional as F

        longest = max(one["embeds"].shape[1] for one in prepared)
        filled = [
            one | {"embeds": F.pad(one["embeds"], (0, 0, 0, longest - one["embeds"].shape[1]))}
            for one in prepared
        ]
        return super().joined(filled)

    def guided(self, told: Tensor, free: Tensor, guidance: float) -> Tensor:
        """The same as elsewhere but for rounding: ``ZImagePipeline`` counts guidance from 0."""
        # It turns the flow about after guidance, which changes no bit.
        return told + (guidance - 1) * (told - free)

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        import torch

        texts = self._spread(part.embeds["embeds"], shape[0])
        away = bool(part.options.get("away", False))
        return {
            "embeds": texts,
            "length": torch.full((shape[0],), texts.shape[1]),
            "away": torch.full((shape[0],), away),
        }

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        import torch

        # What guidance leads away from comes last in the batch of the pipeline, and kernels round
        # by the place in the batch.
        order = torch.argsort(prepared["away"].int(), stable=True).tolist()
        texts = [prepared["embeds"][i, : int(prepared["length"][i])] for i in order]
        at = (1000 - t.expand(len(x))) / 1000
        pictures = [x[i].unsqueeze(1) for i in order]
        made = self.net(pictures, at, texts, return_dict=False, **extra)[0]
        back = sorted(range(len(order)), key=order.__getitem__)
        return -torch.stack([made[i].float() for i in back]).squeeze(2)
