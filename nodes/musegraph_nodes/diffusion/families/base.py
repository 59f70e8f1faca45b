"""What every family of models has to say of itself, and how a sampler asks its denoiser."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from musegraph import (
    Conditioning,
    ConditioningPart,
    Context,
    Model,
    ModelError,
    NodeError,
    TextEncoder,
)
from musegraph_nodes.diffusion.layouts.weights import same_in_text_encoders, sampled_digest
from musegraph_nodes.diffusion.references import encoder_of, part_of

from .texts import Reader, States

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from musegraph_nodes.diffusion.layouts.found import Component, Found

Prediction = Literal["epsilon", "v_prediction", "sample", "flow_prediction"]
Prepared = dict[str, "Tensor"]
"""Conditions as a net takes them: named tensors [B,…], an item for each of its inputs."""


@dataclass(frozen=True)
class Words:
    """A tokenizer: the folder that it lies in, and the classes that it may be of."""

    folder: str
    classes: tuple[str, ...]
    files: tuple[tuple[str, ...], ...] = (("vocab.json", "merges.txt"), ("tokenizer.json",))
    """Sets of files of which one has to be whole; the first is what a sentence asks for."""

    def lies_in(self, folder: Path) -> bool:
        """Whether a folder has all its files."""
        return any(all((folder / name).is_file() for name in names) for names in self.files)


@dataclass(frozen=True)
class Kind:
    """A part of a model: its classes, the first of which opens it, and the name of its weights."""

    library: Literal["diffusers", "transformers"]
    classes: tuple[str, ...]
    words: Words | None = None
    optional: bool = False

    @property
    def stem(self) -> str:
        """What the file with its weights is called."""
        return "model" if self.library == "transformers" else "diffusion_pytorch_model"


_CLIP_WORDS = ("CLIPTokenizer", "CLIPTokenizerFast")
_T5_WORDS = ("T5TokenizerFast", "T5Tokenizer")
_T5_FILES = (("spiece.model",), ("tokenizer.json",))
_PROJECTED = "CLIPTextModelWithProjection"
CLIP = Kind("transformers", ("CLIPTextModel",), Words("tokenizer", _CLIP_WORDS))
VAE = Kind("diffusers", ("AutoencoderKL",))


def clip(number: str, *, projected: bool = False, optional: bool = False) -> Kind:
    """A CLIP that is the second or third encoder of its model."""
    words = Words(f"tokenizer{number}", _CLIP_WORDS)
    name = _PROJECTED if projected else "CLIPTextModel"
    return Kind("transformers", (name,), words, optional)


def t5(number: str, *, optional: bool = False) -> Kind:
    """A T5 that is the second or third encoder of its model."""
    words = Words(f"tokenizer{number}", _T5_WORDS, _T5_FILES)
    return Kind("transformers", ("T5EncoderModel",), words, optional)


class Steering(Protocol):
    """What leads a net beside the texts, such as a ControlNet; see ``control/steering.py``."""

    def inputs(self, part: ConditioningPart, shape: tuple[int, ...]) -> Prepared:
        """What it needs of a conditioning for each item of a batch of latents."""
        ...


class Denoiser(ABC):
    """The live net of a lease, as samplers ask it; made anew for each, it holds nothing else.

    What it answers is raw: noise, velocity or flow, as :attr:`prediction` says; a sampler gives it
    ``x`` [B,C,h,w] scaled as the scheduler wants it.
    """

    patch: ClassVar[int] = 1
    """Latent cells along a side that the net takes together."""

    def __init__(self, net: Any, model: Model, device: str, *, one_by_one: bool = False) -> None:
        self.net = net
        self.model = model
        self.one_by_one = one_by_one
        """Whether the net sees one picture at a time, which takes less memory and rounds apart."""
        self.dtype: torch.dtype = net.dtype  # asked once: it goes through all parameters
        self.device = device
        """Where it computes; its weights may lie elsewhere."""
        self.at = (0.0, 1.0)
        """The stretch of the sampler's way, 0 to 1, that the step which asks goes."""
        self.steering: Steering | None = None
        self.asked: Prepared = {}
        """The conditions of the call that the net is in."""

    @property
    def prediction(self) -> Prediction:
        """What the net was trained to say."""
        told: Prediction = self.model.options["scheduler"].get("prediction_type", "epsilon")
        return told

    def conditions(
        self,
        parts: Sequence[ConditioningPart],
        shape: tuple[int, ...],
        guidance: float = 1.0,
    ) -> Prepared:
        """Conditions for latents of a shape [B,C,h,w]: B items for each part, part by part.

        ``guidance`` is for nets that read it; others pass it over.
        """
        if any(side % self.patch for side in shape[-2:]):
            side = int(self.model.options["scale"]) * self.patch
            raise NodeError(
                f"the latent has {shape[-1]}×{shape[-2]} cells, of which this model takes"
                f" {self.patch}×{self.patch} together; make pictures whose width and height are"
                f" multiples of {side}"
            )
        made = [self._prepared(part, shape, guidance) for part in parts]
        if self.steering:
            more = [self.steering.inputs(part, shape) for part in parts]
            made = [own | other for own, other in zip(made, more, strict=True)]
        return made[0] if len(made) == 1 else self.joined(made)

    def kind(self, part: ConditioningPart) -> Any:
        """What has to be equal for the conditions of two parts to be joined."""
        return tuple((name, tuple(e.shape[1:])) for name, e in sorted(part.embeds.items()))

    def joined(self, prepared: Sequence[Prepared]) -> Prepared:
        """Conditions one after another along the batch."""
        return joined(prepared)

    def __call__(
        self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any] | None = None
    ) -> Tensor:
        """What the net says of ``x`` [B,C,h,w] at a timestep, float32.

        ``extra`` are further arguments for the net, such as what a control adds to its blocks.
        """
        import torch

        x = x.to(self.dtype)
        if self.one_by_one and len(x) > 1:
            items = zip(x.split(1), divided(prepared), strict=True)
            return torch.cat([self._once(item, t, own, extra) for item, own in items])
        return self._once(x, t, prepared, extra)

    def _once(
        self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any] | None
    ) -> Tensor:
        self.asked = prepared
        return self._answer(x, t, prepared, extra or {})

    def both(self, x: Tensor, t: Tensor, told: Prepared, free: Prepared) -> tuple[Tensor, Tensor]:
        """The answers to two conditionings, asked for as the plain pipeline does: at once."""
        import torch

        if not self.alike(told, free):
            return self(x, t, told), self(x, t, free)
        away, towards = self(torch.cat([x, x]), t, self.joined([free, told])).chunk(2)
        return towards, away

    def alike(self, one: Prepared, other: Prepared) -> bool:
        """Whether two conditions can be joined: texts may be of different lengths."""
        return one.keys() == other.keys() and all(
            one[name].shape[1:] == other[name].shape[1:] for name in one
        )

    def guided(self, told: Tensor, free: Tensor, guidance: float) -> Tensor:
        """Classifier-free guidance as the plain pipeline of the family computes it."""
        return free + guidance * (told - free)

    @abstractmethod
    def _prepared(
        self, part: ConditioningPart, shape: tuple[int, ...], guidance: float
    ) -> Prepared:
        """The conditions that one part stands for, for each item of a batch of this shape."""

    @abstractmethod
    def _answer(self, x: Tensor, t: Tensor, prepared: Prepared, extra: Mapping[str, Any]) -> Tensor:
        """Ask the net once."""

    def _spread(self, embeds: Tensor, batch: int) -> Tensor:
        """One text for every item of a batch."""
        if embeds.shape[0] not in (1, batch):
            raise NodeError(
                f"there are {embeds.shape[0]} texts for {batch} pictures; give one, or one for each"
            )
        embeds = embeds.to(device=self.device, dtype=self.dtype)
        if embeds.shape[0] == batch:
            return embeds
        return embeds.repeat(batch, *(1,) * (embeds.ndim - 1))


class Family(ABC):
    """A family of models: of which parts it consists, and how texts and noise are meant."""

    name: ClassVar[str]
    title: ClassVar[str]
    pipelines: ClassVar[tuple[str, ...]]
    """The pipelines of diffusers whose folders are opened."""
    kinds: ClassVar[Mapping[str, Kind]]
    readers: ClassVar[tuple[Reader, ...]]
    """How each of its text encoders is read, in order."""
    net: ClassVar[str] = "unet"
    embeds_guidance: ClassVar[bool] = False
    """Whether guidance is learnt, so that its strength is an input and no second answer is needed.

    Such a model is led away from a negative text only if somebody asks for that beside it.
    """
    flow: ClassVar[bool] = False
    """Whether noise takes the place of the picture along a straight line (rectified flow)."""
    most_shift: ClassVar[float] = 1.15
    patch: ClassVar[int] = 1
    """Latent cells along a side that the net takes together."""
    steps: ClassVar[int] = 20
    guidance: ClassVar[float] = 7.0

    @abstractmethod
    def check(self, found: Found, source: str) -> None:
        """Refuse parts that do not work together, or of a kind that comes later."""

    @abstractmethod
    def texts(self, found: Found) -> str:
        """What its conditioning is: a known name, else one that only the same encoders have."""

    @abstractmethod
    def joined(self, states: Sequence[States]) -> ConditioningPart:
        """The conditioning that the states of its encoders make together."""

    @abstractmethod
    def denoiser(
        self, net: Any, model: Model, device: str, *, one_by_one: bool = False
    ) -> Denoiser:
        """The live net of a model, ready to be asked."""

    def size(self, found: Found) -> tuple[int, int] | None:
        """Width and height in pixels that it was trained for, if the configuration says so."""
        cells = found.denoiser.config.get("sample_size")
        if cells is None:
            return None
        high, wide = cells if isinstance(cells, list) else (cells, cells)
        return int(wide) * found.scale, int(high) * found.scale

    def options(self, found: Found) -> dict[str, Any]:
        """What its references say beside what all have."""
        return {"architecture": self.name}

    def encode(
        self, encoder: TextEncoder, text: str, ctx: Context, clip_skip: int = 0
    ) -> tuple[ConditioningPart, list[str]]:
        """The conditioning of a text, and the ends for which its encoders had no room.

        One encoder after another is leased, so that only the largest has to find room.
        """
        states, rests = [], []
        for reader in self.readers:
            if not reader.given(encoder):
                absent = reader.absent(encoder)
                states += [absent] if absent else []
                continue
            with ctx.load(part_of(encoder, reader.part)) as live:
                tokens = reader.tokens(live, text)
                states.append(reader.states(live, tokens, clip_skip, ctx.device))
            rests.append(tokens.rest)
        return self.joined(states), [rest for rest in rests if rest]

    def unconditional(self, model: Model, like: ConditioningPart, ctx: Context) -> ConditioningPart:
        """What guidance leads away from where nobody says: the empty text."""
        part, _ = self.encode(encoder_of(model), "", ctx)
        sizes = {name: like.options[name] for name in ("sizes",) if name in like.options}
        return with_hole(ConditioningPart(part.embeds, sizes | {"away": True}), like)

    def away(
        self, model: Model, positive: Conditioning, negative: Conditioning | None, ctx: Context
    ) -> Conditioning:
        """What guidance leads away from: a negative text if there is one, else an empty one."""
        like = positive.parts[0]
        if negative is None:
            return Conditioning((self.unconditional(model, like, ctx),), positive.family)
        parts = [with_hole(part, like) for part in negative.parts]
        marked = [replace(part, options=part.options | {"away": True}) for part in parts]
        return Conditioning(tuple(marked), negative.family)

    def shift(self, config: Mapping[str, Any], shape: tuple[int, ...]) -> float | None:
        """How far the noise levels of a flow are shifted for a size, as diffusers' ``mu``.

        None if the scheduler's configuration has the same shift for all sizes.
        """
        if not self.flow or not config.get("use_dynamic_shifting"):
            return None
        tokens = (shape[-2] // self.patch) * (shape[-1] // self.patch)
        few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        least, most = config.get("base_shift", 0.5), config.get("max_shift", self.most_shift)
        slope = (most - least) / (many - few)
        return float(tokens * slope + (least - slope * few))

    def sigmas(self, steps: int, config: Mapping[str, Any]) -> list[float] | None:
        """The noise levels that the pipeline of a flow gives its scheduler, before any shift."""
        return None

    def set_timesteps(
        self, scheduler: Any, steps: int, device: str, shape: tuple[int, ...]
    ) -> None:
        """Space the steps of a scheduler for latents of a shape [B,C,h,w], as the pipeline does."""
        import numpy as np

        known = signature(scheduler.set_timesteps).parameters
        mu, sigmas = self.shift(scheduler.config, shape), self.sigmas(steps, scheduler.config)
        if sigmas is not None and "sigmas" in known:
            scheduler.set_timesteps(sigmas=np.array(sigmas), device=device, mu=mu)
        elif mu is not None and "mu" in known:
            scheduler.set_timesteps(steps, device=device, mu=mu)
        else:
            scheduler.set_timesteps(steps, device=device)


def joined(prepared: Sequence[Prepared]) -> Prepared:
    """Conditions one after another along the batch."""
    import torch

    return {name: torch.cat([one[name] for one in prepared]) for name in prepared[0]}


def divided(prepared: Prepared) -> list[Prepared]:
    """Conditions item by item."""
    count = len(next(iter(prepared.values())))
    return [
        {name: tensor[item : item + 1] for name, tensor in prepared.items()}
        for item in range(count)
    ]


def with_hole(part: ConditioningPart, like: ConditioningPart) -> ConditioningPart:
    """A text with the picture to fill in that another came with, unless it has its own."""
    shown = {name: like.embeds[name] for name in ("mask", "masked") if name in like.embeds}
    return replace(part, embeds=shown | part.embeds)


def wants_more(part: str, source: str, wanted: Sequence[str]) -> ModelError:
    """An error for a net that wants inputs that nothing here gives."""
    return ModelError(
        f"the {part} of the model {source!r} wants more than a text ({', '.join(wanted)}); such"
        " models come with a later version"
    )


def text_digest(encoders: Sequence[Component]) -> str:
    """A short digest of text encoders that are of no known size."""
    return "-".join(
        sampled_digest(encoder.files, same_in_text_encoders(encoder.prefix)) for encoder in encoders
    )
