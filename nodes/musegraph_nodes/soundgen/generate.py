"""Sound from texts: music, songs, and music that follows a melody."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, NodeError, Seed, node

from .asked import Asked
from .families import family_of
from .ports import (
    MULTILINE,
    Batch,
    Guidance,
    Negative,
    Prompt,
    Seconds,
    SoundModel,
    Steps,
    Temperature,
    TopK,
    TopP,
)
from .sound import finished, prepared

_DURATION = {
    "AceStepPipeline": "audio_duration",
    "StableAudioPipeline": "audio_end_in_s",
    "StableAudio3Pipeline": "duration",
    "AudioLDM2Pipeline": "audio_length_in_s",
}
"""What the pipelines call the seconds."""


@node(version="1", title="Text to music", numeric=True, uses="device")
def generate(
    model: SoundModel,
    prompt: Prompt,
    ctx: Context,
    negative: Negative = "",
    seconds: Seconds = 10.0,
    steps: Steps = 0,
    guidance: Guidance = None,
    seed: Seed = 0,
    batch: Batch = 1,
    temperature: Temperature = 1.0,
    top_k: TopK = 250,
    top_p: TopP = 0.0,
) -> Audio:
    """Make music, or any sound, from a text.

    MusicGen draws one code after another; ACE-Step, Stable Audio and AudioLDM 2 refine noise in
    steps. Item *i* of a batch is what the seed + *i* makes alone.
    """
    family_of(model, "generate")
    asked = Asked(
        ctx, model, prompt, seed, seconds, negative, steps, guidance, batch,
        (temperature, top_k, top_p),
    )  # fmt: skip
    if model.family in _DURATION:
        return piped_from(asked, {_DURATION[model.family]: seconds})
    return drawn(asked)


@node(version="1", title="Song with lyrics", numeric=True, uses="device", frugal="in tiles")
def song(
    model: SoundModel,
    prompt: Prompt,
    lyrics: Annotated[
        str,
        Field(description="With [verse], [chorus], [bridge] on lines of their own."),
        MULTILINE,
    ],
    ctx: Context,
    language: Annotated[str, Field(description="Of the lyrics: en, zh, ja …"), ADVANCED] = "en",
    bpm: Annotated[
        int, Field(ge=0, le=300, description="Quarter notes in a minute; 0: the model decides.")
    ] = 0,
    key: Annotated[str, Field(description="C major, F# minor …; empty: the model decides.")] = "",
    meter: Annotated[
        str, Field(description="Beats of a bar: 4, 3, 6; empty: the model decides."), ADVANCED
    ] = "",
    reference: Annotated[
        Audio | None, Field(description="A sound whose voices and instruments it is to have.")
    ] = None,
    seconds: Seconds = 60.0,
    steps: Steps = 0,
    guidance: Guidance = None,
    shift: Annotated[
        float,
        Field(gt=0, le=10, description="How long the sampler dwells on what is coarse."),
        ADVANCED,
    ] = 3.0,
    seed: Seed = 0,
    batch: Batch = 1,
) -> Audio:
    """Make a song with lyrics in a tempo and key, by ACE-Step 1.5.

    ``[Instrumental]`` as lyrics asks for music without a voice.
    """
    family_of(model, "song")
    asked = Asked(ctx, model, prompt, seed, seconds, "", steps, guidance, batch)
    more: dict[str, Any] = {"audio_duration": seconds, "lyrics": lyrics, "shift": shift}
    more |= {"vocal_language": language}
    more |= {"bpm": bpm or None, "keyscale": key or None, "timesignature": meter or None}
    return piped_from(asked, more, reference)


@node(version="1", title="Music that follows a melody", numeric=True, uses="device")
def follow_melody(
    model: SoundModel,
    melody: Annotated[
        Audio, Field(description="A tune: hummed, played, or a whole piece. 30 seconds are heard.")
    ],
    prompt: Prompt,
    ctx: Context,
    seconds: Seconds = 10.0,
    guidance: Guidance = None,
    seed: Seed = 0,
    temperature: Temperature = 1.0,
    top_k: TopK = 250,
    top_p: TopP = 0.0,
) -> Audio:
    """Make music from a text that has the melody of a sound, by MusicGen Melody.

    The model is told which of the twelve tones is the strongest in every eighth of a second. A
    melody that is shorter than the music is repeated.
    """
    family_of(model, "melody")
    from . import musicgen

    asked = Asked(
        ctx, model, prompt, seed, seconds, "", 0, guidance, len(melody.data),
        (temperature, top_k, top_p),
    )  # fmt: skip
    return drawn(asked, musicgen.melody_of(melody))


def drawn(asked: Asked, melody: Any = None) -> Audio:
    """What MusicGen makes."""
    from . import musicgen

    if asked.negative.strip() or asked.steps:
        asked.ctx.warn("MusicGen reads no negative prompt and has no steps; they were left out")
    musicgen.check_length(asked)
    with asked.ctx.load(asked.model) as live:
        made = musicgen.make(live, asked, melody)
        rate, _ = musicgen.rate_of(live)
    return finished(made, rate, asked.ctx)


def piped_from(asked: Asked, told: dict[str, Any], reference: Audio | None = None) -> Audio:
    """What a pipeline makes that is told this."""
    from . import piped

    with asked.ctx.load(asked.model) as live:
        rate, channels = piped.rate_of(live)
        if reference is not None:
            if len(reference.data) > 1:
                raise NodeError(f"one reference is heard, and {len(reference.data)} are linked")
            told["reference_audio"] = prepared(reference, rate, channels)[0]
        made = piped.make(live, asked, asked.model.family, lambda _: told)
    return finished(made, rate, asked.ctx)
