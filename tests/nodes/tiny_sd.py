"""A tiny model of random weights in the layout of Stable Diffusion, and a context to run it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from musegraph import Cancelled, Context, Image, Reference, Weights
from musegraph_nodes.diffusion import pack
from musegraph_nodes.diffusion.load import Parts
from musegraph_nodes.diffusion.loader import settle
from musegraph_nodes.live import quiet

WORDS = 16
SD15_SCHEDULE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}


def tokenizer() -> CLIPTokenizer:
    """One that knows single letters."""
    letters = [chr(code) for code in range(33, 127)]
    names = [*letters, *(letter + "</w>" for letter in letters)]
    names += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {name: index for index, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=WORDS)


def make_tiny(
    folder: Path, seed: int = 0, channels: int = 4, width: int = 32, **schedule: Any
) -> Path:
    """Save a model folder: latents of 4 channels at a quarter of 32 pixels, texts of 16 tokens."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        words = tokenizer()
        pipeline = StableDiffusionPipeline(
            vae=_vae(channels),
            text_encoder=_text_encoder(words, width),
            tokenizer=words,
            unet=_unet(channels, width),
            scheduler=DDIMScheduler(**(SD15_SCHEDULE | schedule)),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.save_pretrained(folder)
    return folder


def _unet(channels: int, width: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        out_channels=channels,
        layers_per_block=1,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=8,
    )


def _vae(channels: int) -> AutoencoderKL:
    return AutoencoderKL(
        latent_channels=channels,
        block_out_channels=(8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
        sample_size=32,
    )


def _text_encoder(words: CLIPTokenizer, width: int) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=width,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=WORDS,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )


def edit_json(file: Path, **changes: Any) -> None:
    """Change members of a JSON file; None takes one away."""
    found = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))


def settled(pipeline: Any) -> None:
    """Have the weights of a plain pipeline lie in memory as ours do: kernels round by that."""
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            settle(part)


class Bench(Context):
    """A context without an engine: models by path, progress kept in lists."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.live: dict[tuple[str, ...], Any] = {}
        self.leased: list[str] = []
        self.steps: list[tuple[float, float]] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.previews: list[Callable[[], Image]] = []
        self.cancel_at = cancel_at

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        self.leased.append(ref.part)
        loader = pack.loaders[ref.loader.removeprefix("diffusion.")]
        if ref.base() not in self.live:
            self.live[ref.base()] = loader.load(ref, Path(ref.source), self.device)
        live = self.live[ref.base()]
        if not ref.patches:
            yield live
            return
        assert loader.patch is not None
        with loader.patch(live, ref, lambda patch: Path(patch.source)) as made:
            yield made

    def progress(
        self, done: float, total: float = 1.0, *, text: str | None = None, preview: Any = None
    ) -> None:
        if self.cancel_at is not None and len(self.steps) == self.cancel_at:
            raise Cancelled
        self.steps.append((done, total))
        if preview is not None:
            self.previews.append(preview)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Tiny:
    """A model folder opened by our nodes and by the plain pipelines."""

    def __init__(self, folder: Path) -> None:
        from diffusers import StableDiffusionImg2ImgPipeline

        from musegraph_nodes.diffusion import load

        self.folder = folder
        self.ctx = Bench()
        self.parts: Parts = load(str(folder), self.ctx)
        with quiet():
            self.pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
            parts = self.pipeline.components | {"requires_safety_checker": False}
            self.from_image = StableDiffusionImg2ImgPipeline(**parts)
        settled(self.pipeline)
        self.config = dict(self.pipeline.scheduler.config)
        for pipeline in (self.pipeline, self.from_image):
            pipeline.set_progress_bar_config(disable=True)

    def plain(self, scheduler: Any, seed: int = 7, steps: int = 4, **options: Any) -> torch.Tensor:
        """The latent that ``StableDiffusionPipeline`` makes."""
        return self._run(self.pipeline, scheduler, seed, steps, options)

    def plain_from_image(
        self, scheduler: Any, seed: int = 7, steps: int = 4, **options: Any
    ) -> torch.Tensor:
        """The latent that ``StableDiffusionImg2ImgPipeline`` makes."""
        return self._run(self.from_image, scheduler, seed, steps, options)

    def _run(
        self, pipeline: Any, scheduler: Any, seed: int, steps: int, options: dict[str, Any]
    ) -> torch.Tensor:
        pipeline.scheduler = scheduler
        found = pipeline(
            num_inference_steps=steps,
            generator=torch.Generator().manual_seed(seed),
            **({"output_type": "latent"} | options),
        ).images
        assert isinstance(found, torch.Tensor)
        return found
