"""Sound models for the table: once through the nodes of `soundgen`, once by the plain libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from sound_bench import SEED, Sounds, quieter, sound
from torch import Tensor

from musegraph_nodes.soundgen.codes import decode, encode
from musegraph_nodes.soundgen.edit import extend, repaint, vary
from musegraph_nodes.soundgen.generate import follow_melody, generate, song
from musegraph_nodes.soundgen.musicgen import melody_of

TEXT = "a slow waltz"
MUSICGEN, MELODY = "MusicgenForConditionalGeneration", "MusicgenMelodyForConditionalGeneration"
ACE, STABLE = "AceStepPipeline", "StableAudioPipeline"


@dataclass(frozen=True)
class Run:
    """What a node makes, and what the plain library makes of the same."""

    family: str
    cls: str
    node: str
    both: Callable[[Sounds], tuple[Tensor, Tensor]]


def plainly(sounds: Sounds, name: str, cls: str, frames: int, **given: Any) -> Tensor:
    """What ``generate`` of transformers makes, which draws from the generator of all of torch."""
    from .parts import letter_words

    net = sounds.plain(name, cls)
    books = net.decoder.num_codebooks // net.decoder.config.audio_channels
    told = letter_words()([TEXT], padding=True, return_tensors="pt")
    told = {name: told[name] for name in ("input_ids", "attention_mask")} | given
    torch.manual_seed(SEED)
    made = net.generate(**told, do_sample=True, top_k=250, max_new_tokens=frames + books - 1)
    return quieter(made)


def _musicgen(name: str) -> Callable[[Sounds], tuple[Tensor, Tensor]]:
    def both(sounds: Sounds) -> tuple[Tensor, Tensor]:
        made = generate(sounds.model(name), TEXT, sounds.ctx, seconds=0.2, seed=SEED)
        return made.data, plainly(sounds, name, MUSICGEN, 10)

    return both


def _going_on(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given = sound(0.5, 32_000)
    made = extend(
        sounds.model("musicgen"), given, TEXT, sounds.ctx, seconds=0.2, context=0.3, seed=SEED
    )
    heard = given.data[..., -9600:]
    return made.made.data, plainly(sounds, "musicgen", MUSICGEN, 10, input_values=heard)


def _melody(sounds: Sounds) -> tuple[Tensor, Tensor]:
    tune, name = sound(1.0, 32_000, 2), "musicgen-melody"
    made = follow_melody(sounds.model(name), tune, TEXT, sounds.ctx, seconds=0.2, seed=SEED)
    return made.data, plainly(sounds, name, MELODY, 10, input_features=melody_of(tune))


def _song(sounds: Sounds) -> tuple[Tensor, Tensor]:
    made = song(
        sounds.model("ace-step"), TEXT, "[verse]\nla la", sounds.ctx, bpm=90, key="A minor",
        meter="3", language="en", seconds=0.6, steps=2, seed=SEED,
    )  # fmt: skip
    wanted = sounds.piped(
        "ace-step", ACE, prompt=TEXT, lyrics="[verse]\nla la", bpm=90, keyscale="A minor",
        timesignature="3", audio_duration=0.6, num_inference_steps=2, guidance_scale=1.0,
    )  # fmt: skip
    return made.data, wanted


def _repainted(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given = sound(0.8, 2000, 2)
    made = repaint(
        sounds.model("ace-step"), given, TEXT, sounds.ctx, start=0.2, end=0.5, steps=2, seed=SEED
    )
    wanted = sounds.piped(
        "ace-step", ACE, prompt=TEXT, src_audio=given.data[0], audio_duration=0.8,
        task_type="repaint", repainting_start=0.2, repainting_end=0.5, num_inference_steps=2,
        guidance_scale=1.0,
    )  # fmt: skip
    return made.made.data, quieter(wanted)


def _covered(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given = sound(0.8, 2000, 2)
    made = vary(
        sounds.model("ace-step"), given, TEXT, sounds.ctx, strength=0.25, steps=2, seed=SEED
    )
    wanted = sounds.piped(
        "ace-step", ACE, prompt=TEXT, src_audio=given.data[0], task_type="cover",
        audio_cover_strength=0.75, audio_duration=0.8, num_inference_steps=2, guidance_scale=1.0,
    )  # fmt: skip
    return made.data, wanted


def _stable(sounds: Sounds) -> tuple[Tensor, Tensor]:
    made = generate(
        sounds.model("stable-audio"), TEXT, sounds.ctx, negative="noise", seconds=0.5, steps=3,
        guidance=3.0, seed=SEED,
    )  # fmt: skip
    wanted = sounds.piped(
        "stable-audio", STABLE, prompt=TEXT, negative_prompt="noise", audio_end_in_s=0.5,
        num_inference_steps=3, guidance_scale=3.0,
    )  # fmt: skip
    return made.data, quieter(wanted)


_TOLD: dict[str, Any] = {"prompt": TEXT, "num_inference_steps": 2, "duration": 0.5}
_THREE = "stable-audio-3"


def _third(sounds: Sounds) -> tuple[Tensor, Tensor]:
    made = generate(sounds.model(_THREE), TEXT, sounds.ctx, seconds=0.5, steps=2, seed=SEED)
    return made.data, sounds.piped(_THREE, "StableAudio3Pipeline", **_TOLD)


def _varied(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given = sound(0.5, 8000, 2)
    made = vary(sounds.model(_THREE), given, TEXT, sounds.ctx, strength=0.4, steps=2, seed=SEED)
    return made.data, sounds.piped(
        _THREE, "StableAudio3AudioToAudioPipeline", audio=given.data, init_noise_level=0.4, **_TOLD
    )


def _filled(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given = sound(0.5, 8000, 2)
    made = repaint(
        sounds.model(_THREE), given, TEXT, sounds.ctx, start=0.1, end=0.3, steps=2, seed=SEED
    )
    return made.made.data, sounds.piped(
        _THREE, "StableAudio3InpaintPipeline", audio=given.data, mask_start_seconds=0.1,
        mask_end_seconds=0.3, **_TOLD,
    )  # fmt: skip


def _coded(sounds: Sounds) -> tuple[Tensor, Tensor]:
    given, model = sound(0.4, 24_000, batch=2), sounds.model("encodec")
    made = decode(model, encode(model, given, sounds.ctx, bandwidth=3.0), sounds.ctx)
    net = sounds.plain("encodec", "EncodecModel")
    with torch.no_grad():
        codes = net.encode(given.data, bandwidth=3.0)
        wanted = net.decode(codes.audio_codes, codes.audio_scales).audio_values
    return made.data, quieter(wanted[..., : made.data.shape[-1]])


RUNS: tuple[Run, ...] = (
    Run("MusicGen", MUSICGEN, "soundgen.generate", _musicgen("musicgen")),
    Run("MusicGen stereo", MUSICGEN, "soundgen.generate", _musicgen("musicgen-stereo")),
    Run("MusicGen, going on", MUSICGEN, "soundgen.extend", _going_on),
    Run("MusicGen melody", MELODY, "soundgen.follow_melody", _melody),
    Run("ACE-Step 1.5", ACE, "soundgen.song", _song),
    Run("ACE-Step 1.5, repaint", ACE, "soundgen.repaint", _repainted),
    Run("ACE-Step 1.5, cover", ACE, "soundgen.vary", _covered),
    Run("Stable Audio", STABLE, "soundgen.generate", _stable),
    Run("Stable Audio 3", "StableAudio3Pipeline", "soundgen.generate", _third),
    Run("Stable Audio 3, of a sound", "StableAudio3AudioToAudioPipeline", "soundgen.vary", _varied),
    Run("Stable Audio 3, a part", "StableAudio3InpaintPipeline", "soundgen.repaint", _filled),
    Run("EnCodec", "EncodecModel", "soundgen.decode", _coded),
)


def compared(sounds: Sounds, run: Run) -> tuple[float, tuple[int, ...]]:
    """The largest difference of all samples, relative to the largest value; and the shape."""
    made, wanted = run.both(sounds)
    largest = float(wanted.abs().max().clamp(min=1e-9))
    return float((made - wanted).abs().max()) / largest, tuple(made.shape)
