"""Sound from sounds: going on, making a part anew, variations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import Audio, Context, NodeError, Seed, node

from .asked import Asked
from .families import family_of
from .ports import (
    Fade,
    Guidance,
    Prompt,
    Seconds,
    SoundModel,
    Steps,
    Temperature,
    TopK,
    TopP,
)
from .sound import finished, level, prepared, spliced

if TYPE_CHECKING:
    from torch import Tensor

Told = Callable[[int], dict[str, Any]]
"""The arguments of a pipeline for each of several sounds."""

_INPAINT = "StableAudio3InpaintPipeline"


class Edited(NamedTuple):
    """A sound of which a part is new."""

    audio: Annotated[
        Audio, Field(description="The given sound as it was, and what is new, faded together.")
    ]
    made: Annotated[
        Audio, Field(description="All that the model made, what was given among it, as it gave it.")
    ]


@node(version="1", title="Go on with music", numeric=True, uses="device")
def extend(
    model: SoundModel,
    audio: Annotated[Audio, Field(description="What is gone on from.")],
    prompt: Prompt,
    ctx: Context,
    seconds: Seconds = 10.0,
    context: Annotated[
        float, Field(ge=0.1, le=600, description="MusicGen hears so many of its last seconds.")
    ] = 10.0,
    steps: Steps = 0,
    guidance: Guidance = None,
    seed: Seed = 0,
    fade: Fade = 0.02,
    temperature: Temperature = 1.0,
    top_k: TopK = 250,
    top_p: TopP = 0.0,
) -> Edited:
    """Go on from the end of a sound, by MusicGen, ACE-Step or Stable Audio 3.

    Several after another make a piece of any length. It comes at the rate of the model, and in as
    many channels.
    """
    family_of(model, "extend")
    asked = Asked(
        ctx, model, prompt, seed, seconds, "", steps, guidance, len(audio.data),
        (temperature, top_k, top_p),
    )  # fmt: skip
    if model.family == "MusicgenForConditionalGeneration":
        return _drawn_on(asked, audio, context, fade)
    return _anew(asked, audio, None, fade)


@node(version="1", title="Repaint a part of a sound", numeric=True, uses="device")
def repaint(
    model: SoundModel,
    audio: Audio,
    prompt: Prompt,
    ctx: Context,
    start: Annotated[float, Field(ge=0, description="Second at which the new part begins.")] = 0.0,
    end: Annotated[
        float, Field(ge=0, description="Second at which it ends; 0: the end of the sound.")
    ] = 0.0,
    lyrics: Annotated[str, Field(description="Of the whole song, for ACE-Step.")] = "",
    steps: Steps = 0,
    guidance: Guidance = None,
    seed: Seed = 0,
    fade: Fade = 0.02,
) -> Edited:
    """Make a part of a sound anew from a text, by ACE-Step or Stable Audio 3; the rest stays."""
    family_of(model, "repaint")
    length = audio.data.shape[-1] / audio.sample_rate
    end = min(end or length, length)
    if start >= end:
        raise NodeError(
            f"the part from {start:g} to {end:g} s is empty: the sound lasts {length:.2f} s"
        )
    asked = Asked(ctx, model, prompt, seed, 0.0, "", steps, guidance, len(audio.data))
    if lyrics.strip():
        if model.family != "AceStepPipeline":
            raise NodeError("lyrics are sung by ACE-Step alone; leave them empty for this model")
        asked.more["lyrics"] = lyrics
    return _anew(asked, audio, (start, end), fade)


@node(version="1", title="Variations of a sound", numeric=True, uses="device")
def vary(
    model: SoundModel,
    audio: Audio,
    prompt: Prompt,
    ctx: Context,
    strength: Annotated[
        float, Field(gt=0, le=1, description="Little keeps its course; 1 keeps nothing of it.")
    ] = 0.6,
    steps: Steps = 0,
    guidance: Guidance = None,
    seed: Seed = 0,
) -> Audio:
    """Make another sound of the same course from a text, by ACE-Step (cover) or Stable Audio."""
    family_of(model, "vary")
    from . import piped

    asked = Asked(ctx, model, prompt, seed, 0.0, "", steps, guidance, len(audio.data))
    with ctx.load(model) as live:
        rate, channels = piped.rate_of(live)
        given = prepared(audio, rate, channels).to(ctx.device, live.parts["vae"].dtype)
        cls, told = _variation(model.family, given, rate, strength)
        weak = model.family == "StableAudioPipeline" and strength < 1
        made = piped.make(live, asked, cls, told, _started_at(strength) if weak else None)
    return finished(made, rate, ctx)


def _variation(family: str, given: Tensor, rate: int, strength: float) -> tuple[str, Told]:
    """Which pipeline makes variations, and what it is told of each sound."""
    seconds = given.shape[-1] / rate

    def ace(index: int) -> dict[str, Any]:
        told = {"task_type": "cover", "audio_cover_strength": 1 - strength}
        return told | {"src_audio": given[index], "audio_duration": seconds}

    def third(index: int) -> dict[str, Any]:
        told = {"init_noise_level": strength, "duration": seconds}
        return told | {"audio": given[index : index + 1]}

    def first(index: int) -> dict[str, Any]:
        told = {"initial_audio_sampling_rate": rate, "audio_end_in_s": seconds}
        return told | {"initial_audio_waveforms": given[index : index + 1]}

    known: dict[str, tuple[str, Told]] = {
        "AceStepPipeline": (family, ace),
        "StableAudio3Pipeline": ("StableAudio3AudioToAudioPipeline", third),
        "StableAudioPipeline": (family, first),
    }
    return known[family]


def _started_at(strength: float) -> Callable[[Any], None]:
    """Begin at less noise, as the sound that it is added to would drown in all of it."""

    def prepare(pipe: Any) -> None:
        config = pipe.scheduler.config
        low, high = float(config.sigma_min), float(config.sigma_max)
        most = low * (high / low) ** strength
        pipe.scheduler = type(pipe.scheduler).from_config(config, sigma_max=most)

    return prepare


def _anew(asked: Asked, audio: Audio, part: tuple[float, float] | None, fade: float) -> Edited:
    """Make a part anew, or what comes behind the end, by a pipeline that fills gaps."""
    import torch

    from . import piped

    ace = asked.model.family == "AceStepPipeline"
    with asked.ctx.load(asked.model) as live:
        rate, channels = piped.rate_of(live)
        kept = prepared(audio, rate, channels)
        length = kept.shape[-1]
        start, end = (length, length + round(asked.seconds * rate))
        if part is not None:
            start, end = round(part[0] * rate), min(round(part[1] * rate), length)
        whole = torch.nn.functional.pad(kept, (0, max(0, end - length)))
        told = (_repainted if ace else _inpainted)(whole, rate, start, end)
        cls = asked.model.family if ace else _INPAINT
        made = piped.make(live, asked, cls, lambda index: told(index) | asked.more)
    joined = []
    for index, one in enumerate(made):
        old, new = kept[index : index + 1], one.detach().float().cpu()
        if ace:  # which makes everything as loud as can be
            new = new * level(_outside(old, start, end), _outside(new[..., :length], start, end))
        joined.append(spliced(old, new, start, end, round(fade * rate)))
    return Edited(finished(joined, rate, asked.ctx), finished(made, rate, asked.ctx))


def _outside(sound: Tensor, start: int, end: int) -> Tensor:
    import torch

    return torch.cat([sound[..., :start], sound[..., end:]], -1)


def _repainted(whole: Tensor, rate: int, start: int, end: int) -> Told:
    """What ACE-Step is told."""

    def told(index: int) -> dict[str, Any]:
        return {
            "task_type": "repaint",
            "src_audio": whole[index],
            "audio_duration": whole.shape[-1] / rate,
            "repainting_start": start / rate,
            "repainting_end": end / rate,
        }

    return told


def _inpainted(whole: Tensor, rate: int, start: int, end: int) -> Told:
    """What Stable Audio 3 is told; a part up to the end reaches beyond the last, partial cell."""
    last = end / rate + (1 if end >= whole.shape[-1] else 0)

    def told(index: int) -> dict[str, Any]:
        return {
            "audio": whole[index : index + 1],
            "duration": whole.shape[-1] / rate,
            "mask_start_seconds": start / rate,
            "mask_end_seconds": last,
        }

    return told


def _drawn_on(asked: Asked, audio: Audio, context: float, fade: float) -> Edited:
    """Let MusicGen go on from the last seconds."""
    import torch

    from . import musicgen

    with asked.ctx.load(asked.model) as live:
        rate, channels = musicgen.rate_of(live)
        kept = prepared(audio, rate, channels)
        length = kept.shape[-1]
        heard = musicgen.whole_frames(live, min(round(context * rate), length))
        asked.given = kept[..., length - heard :]
        musicgen.check_length(asked, heard / rate)
        made = musicgen.make(live, asked)
    joined = []
    for index, one in enumerate(made):
        old = kept[index : index + 1]
        new = torch.cat([old[..., : length - heard], one.detach().float().cpu()], -1)
        joined.append(spliced(old, new, length, new.shape[-1], round(fade * rate)))
    return Edited(finished(joined, rate, asked.ctx), finished(made, rate, asked.ctx))
