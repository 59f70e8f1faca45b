"""Qwen-Image (https://arxiv.org/abs/2508.02324): a language model that sees, and a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from musegraph import ConditioningPart, Model, ModelError

from .base import Denoiser, Family, Kind, Prediction, Prepared, Words, text_digest
from .flux import Flux, evenly, packed, unpacked
from .sd import check_channels
from .texts import Encoder, Reader, States, Tokens, skipped

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Found

_WORDS = Words("tokenizer", ("Qwen2TokenizerFast", "Qwen2Tokenizer"))
_ASKED = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity,"
    " text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}"
    "<|im_end|>\n<|im_start|>assistant\n"
)
_BEFORE = 34
"""Tokens of what is said before the text, whose states are left out."""


@dataclass(frozen=True)
class Described(Reader):
    """A language model that is asked to describe a picture in detail, as Qwen-Image reads it."""

    kind: Literal["clip", "t5", "chat"] = "chat"
    length: int = 1024

    def tokens(self, live: Encoder, text: str) -> Tokens:
        options: dict[str, Any] = {"return_tensors": "pt", "verbose": False}
        most = self.length + _BEFORE
        said = _ASKED.format(text)
        made = live.tokenizer(said, max_length=most, truncation=True, **options)
        whole = live.tokenizer(said, **options).input_ids
        rest = live.tokenizer.decode(whole[0, most:]) if whole.shape[-1] > most else ""
        return Tokens(made.input_ids, made.attention_mask, str(rest).strip())

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        with torch.no_grad():
            found = live.net(
                input_ids=tokens.ids.to(device),
                attention_mask=tokens.mask.to(device),
                output_hidden_states=True,
            )
        return States(skipped(found.hidden_states, clip_skip, 1)[:, _BEFORE:].float())


class QwenImage(Family):
    """Qwen-Image."""

    name = "qwen_image"
    title = "Qwen-Image"
    pipelines = ("QwenImagePipeline", "QwenImageImg2ImgPipeline")
    kinds: ClassVar[Mapping[str, Kind]] = {
        "transformer": Kind("diffusers", ("QwenImageTransformer2DModel",)),
        "vae": Kind("diffusers", ("AutoencoderKLQwenImage",)),
        "text_encoder": Kind("transformers", ("Qwen2_5_VLForConditionalGeneration",), _WORDS),
    }
    readers: ClassVar[tuple[Reader, ...]] = (Described("text_encoder"),)
    net = "transformer"
    flow = True
    patch = 2
    steps = 50
    guidance = 4.0
    size = Flux.size

    def sigmas(self, steps: int, config: Mapping[str, Any]) -> list[float] | None:
        return evenly(steps)

    def check(self, found: Found, source: str) -> None:
        check_channels(found, source, packed=4)
        wide = found.denoiser.config.get("joint_attention_dim", 3584)
        made = _width(found.parts["text_encoder"].config)
        if wide != made:
            raise ModelError(
                f"the parts of the model {source!r} do not fit: its transformer takes texts {wide}"
                f" wide and its text_encoder makes them {made} wide"
            )

    def texts(self, found: Found) -> str:
        encoder = found.parts["text_encoder"]
        return "qwen" if _width(encoder.config) == 3584 else f"qwen-{text_digest([encoder])}"

    def joined(self, states: Sequence[States]) -> ConditioningPart:
        return ConditioningPart({"embeds": states[0].hidden})

    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        return QwenDenoiser(net, model, device, one_by_one=one_by_one)


def _width(config: Mapping[str, Any]) -> int | None:
    """How wide its states are; newer configurations say so one level deeper."""
    inner: Mapping[str, Any] = config.get("text_config") or config
    return inner.get("hidden_size")


class QwenDenoiser(Denoiser):
    """A transformer that reads squares of 2×2 latent cells."""

    patch = 2

    @property
    def prediction(self) -> Prediction:
        return "flow_prediction"

    def kind(self, part: ConditioningPart) -> Any:
        """One text after another, as ``QwenImagePipeline`` asks."""
        return object()

    def alike(self, one: Prepared, other: Prepared) -> bool:
        return False

    def guided(self, told: Tensor, free: Tensor, guidance: float) -> Tensor:
        """Guidance that leaves each square as strong as the text alone makes it."""
        import torch

        high, wide = told.shape[-2:]
        alone, made = packed(told), packed(super().guided(told, free, guidance))
        strong = torch.norm(alone, dim=-1, keepdim=True) / torch.norm(made, dim=-1, keepdim=True)
        return unpacked(made * strong, high, wide)

    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        import torch

        made = {"embeds": self._spread(part.embeds["embeds"], shape[0])}
        if self.net.config.guidance_embeds:
            made["guidance"] = torch.full([1], guidance, device=self.device).expand(shape[0])
        return made

    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        high, wide = x.shape[-2:]
        made: Tensor = self.net(
            hidden_states=packed(x),
            timestep=t.expand(len(x)).to(x.dtype) / 1000,
            guidance=prepared.get("guidance"),
            encoder_hidden_states=prepared["embeds"],
            encoder_hidden_states_mask=None,
            img_shapes=[[(1, high // 2, wide // 2)]] * len(x),
            return_dict=False,
            **extra,
        )[0]
        return unpacked(made, high, wide).float()
