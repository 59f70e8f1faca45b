"""Node `speech.transcribe`: what is said in a sound, as text."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import Audio, Context, Json, Text, node
from musegraph_nodes.audio.samples import mono

from .load import SpeechModel, check_family

Task = Literal["transcribe", "translate"]


class Transcribed(NamedTuple):
    """What is said, when which part of it is said, and in which language."""

    text: Text
    words: Annotated[
        Json,
        Field(description="The parts: text, start and end of each, in seconds of the sound."),
    ]
    language: Annotated[Text, Field(description="Its code, such as en or zh: asked for or heard.")]


@node(version="1", numeric=True, uses="device")
def transcribe(
    model: Annotated[SpeechModel, Field(description="A Whisper, from speech.load.")],
    sound: Annotated[Audio, Field(description="One sound; its channels are heard together.")],
    ctx: Context,
    language: Annotated[
        str,
        Field(
            description="In which it is said: a code or an English name (zh, Chinese); empty: it is"
            " heard in the first half minute."
        ),
    ] = "",
    task: Annotated[
        Task, Field(description="transcribe: in its language; translate: into English.")
    ] = "transcribe",
) -> Transcribed:
    """Write down what is said in a sound, by Whisper (Radford et al. 2022), and when.

    Longer sounds are heard half a minute at a time, each from where the last part that was heard
    to its end has ended. The likeliest words are always taken.
    """
    check_family(model, "whisper", "a Whisper, such as openai/whisper-tiny")
    from .hearing import RATE, hear

    wave = mono(sound, RATE)
    with ctx.load(model) as live:
        parts, code = hear(live, wave, language, task, ctx)
    text = "".join(part["text"] for part in parts).strip()
    return Transcribed(text, [{**part, "text": part["text"].strip()} for part in parts], code)
