"""MusicGen of transformers: codes drawn one after another. Imported only where it is used."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList

from musegraph import Audio, NodeError
from musegraph_nodes.language.draw import Draw, warpers
from musegraph_nodes.live import Live

from .asked import Asked, Share
from .chroma import RATE, chroma
from .sound import prepared

LEARNED = 30.0
"""Seconds of the pieces that the published models learned from."""


class Processors(LogitsProcessorList):
    """What is done with the odds; guidance, which generation appends, comes first."""

    def append(self, item: Any) -> None:
        """Put a processor before all others."""
        self.insert(0, item)


def rate_of(live: Live) -> tuple[int, int]:
    """Samples a second, and channels."""
    model = live.parts["model"]
    return int(model.config.audio_encoder.sampling_rate), int(model.decoder.config.audio_channels)


def frame_rate(model: Any) -> float:
    """Codes of one level that make a second."""
    encoder = model.config.audio_encoder
    return float(encoder.sampling_rate) / float(encoder.hop_length)


def melody_of(audio: Audio) -> Tensor:
    """The melody of a sound [B,T,12], as MusicGen Melody reads it."""
    return chroma(prepared(audio, RATE, 1)[:, 0])


def make(live: Live, asked: Asked, melody: Tensor | None = None) -> list[Tensor]:
    """What the model makes [1,C,N], for each item: also what it was to go on from."""
    made = []
    with live.turn(asked.ctx):
        for index, seed in enumerate(asked.seeds()):
            share = Share(asked.ctx, index, asked.count)
            made.append(_one(live, asked, index, seed, share, melody))
    return made


def _one(
    live: Live, asked: Asked, index: int, seed: int, share: Share, melody: Tensor | None
) -> Tensor:
    model = live.parts["model"]
    config = _settings(model, asked)
    inputs = _inputs(live, asked, config)
    if melody is not None:
        inputs["input_features"] = melody[index : index + 1].to(model.device, model.dtype)
    if asked.given is not None:
        inputs["input_values"] = asked.given[index : index + 1].to(model.device, model.dtype)
    done, total = 0, config.max_new_tokens

    def tick() -> None:
        nonlocal done
        share.progress(done, total)
        done += 1

    processors = Processors([*warpers(*asked.sampling), Draw(asked.ctx.generator(seed), tick)])
    made: Tensor = model.generate(**inputs, generation_config=config, logits_processor=processors)
    return made


def _settings(model: Any, asked: Asked) -> GenerationConfig:
    """The model's own settings for generation, with a search that takes what :class:`Draw` left."""
    config: GenerationConfig = deepcopy(model.generation_config)
    usual = GenerationConfig()
    for name in ("temperature", "top_k", "top_p", "max_length"):
        setattr(config, name, getattr(usual, name))
    config.do_sample = False
    if asked.guidance is not None:
        config.guidance_scale = asked.guidance
    # Each level of codes begins one frame after the one before it.
    delay = model.decoder.num_codebooks // model.decoder.config.audio_channels
    config.max_new_tokens = max(1, round(asked.seconds * frame_rate(model))) + delay - 1
    return config


def _inputs(live: Live, asked: Asked, config: GenerationConfig) -> dict[str, Any]:
    """The text as the encoder reads it; without one, what the model takes for none."""
    model = live.parts["model"]
    found = live.parts["tokenizer"]([asked.prompt], padding=True, return_tensors="pt")
    inputs = {name: found[name].to(model.device) for name in ("input_ids", "attention_mask")}
    if not asked.prompt.strip():
        inputs["attention_mask"][:] = 0
        config.guidance_scale = 1.0
    return inputs


def check_length(asked: Asked, before: float = 0.0) -> None:
    """Say where a piece is longer than those that the models learned from."""
    whole = before + asked.seconds
    if whole > LEARNED:
        asked.ctx.warn(
            f"{whole:g} seconds at once: MusicGen learned from {LEARNED:g} seconds and loses the"
            " thread beyond them; soundgen.extend goes on from the last seconds of a sound"
        )


def whole_frames(live: Live, samples: int) -> int:
    """So many samples as fill frames of codes, so that what is made begins where they end."""
    hop = int(live.parts["model"].config.audio_encoder.hop_length)
    if samples < hop:
        raise NodeError(f"the sound is shorter than {hop} samples; link one to go on from")
    return samples // hop * hop
