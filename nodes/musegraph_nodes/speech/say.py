"""Node `speech.say`: a text, read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, Json, NodeError, Seed, node
from musegraph_nodes.soundgen.sound import finished

from .load import SpeechModel, check_family
from .sentences import sentences

if TYPE_CHECKING:
    from torch import Tensor

    from .voice import Manner

Speed = Annotated[
    float, Field(ge=0.25, le=4, description="2 is twice as fast as the voice by itself.")
]
Pause = Annotated[
    float, Field(ge=0, le=10, description="Seconds of silence between two sentences.")
]
Expressiveness = Annotated[
    float | None,
    Field(
        ge=0,
        le=2,
        description="How freely the sound is drawn: 0 always alike; empty: as the voice is.",
    ),
]
Rhythm = Annotated[
    float | None,
    Field(
        ge=0,
        le=2,
        description="How freely the lengths of sounds are drawn; empty: as the voice is.",
    ),
    ADVANCED,
]
Speaker = Annotated[
    int,
    Field(ge=0, le=100_000, description="Who speaks, where a model has several, from 0 on."),
    ADVANCED,
]
_SHOWN = 120
"""Characters of a sentence that are shown while it is said."""


class Spoken(NamedTuple):
    """A text as it sounds, and when which sentence of it is said."""

    audio: Audio
    words: Annotated[
        Json,
        Field(description="The sentences: text, start and end of each, in seconds of the sound."),
    ]


@node(version="1", title="Say a text", numeric=True, uses="device")
def say(
    model: Annotated[SpeechModel, Field(description="A voice, from speech.load.")],
    text: Annotated[
        str,
        Field(
            description="In the language of the voice; the end of a line ends a sentence.",
            json_schema_extra={"multiline": True},
        ),
    ],
    ctx: Context,
    speed: Speed = 1.0,
    pause: Pause = 0.3,
    expressiveness: Expressiveness = None,
    rhythm: Rhythm = None,
    speaker: Speaker = 0,
    seed: Annotated[Seed, Field(description="Another one says it in another way.")] = 0,
) -> Spoken:
    """Read a text aloud, sentence by sentence, by a voice of the kind VITS (Kim et al. 2021).

    The sound is mono, at the rate of the voice. Each sentence is drawn from the seed alone, so one
    that is changed changes no other. With a list of texts it is called once for each.
    """
    check_family(model, "vits", "a voice of the kind VITS, such as facebook/mms-tts-eng")
    said = sentences(text)
    if not said:
        raise NodeError("port 'text': there is nothing to say; write a sentence")
    from .voice import Manner, check_speaker

    manner = Manner(speed, expressiveness, rhythm, speaker, seed)
    with ctx.load(model) as live:
        check_speaker(live, speaker, model.source)
        rate = int(live.parts["model"].config.sampling_rate)
        spoken = _spoken(live, said, manner, ctx)
    return _joined(spoken, rate, pause, ctx)


def _spoken(live: Any, said: list[str], manner: Manner, ctx: Context) -> list[tuple[str, Tensor]]:
    """Each sentence that can be said, with its samples [1,1,N]."""
    from .voice import left_out, plain, speak, tokens

    words = live.parts["words"]
    if unknown := left_out(words, plain(words, "".join(said))):
        ctx.warn(
            f"the voice does not know {unknown}, and leaves it out; write it in letters that it"
            " knows, numbers as words"
        )
    found: list[tuple[str, Tensor]] = []
    for number, sentence in enumerate(said):
        ctx.progress(number, len(said), text=sentence[:_SHOWN])
        if (ids := tokens(live, sentence)) is not None:
            found.append((sentence, speak(live, ids, manner, ctx)))
    if not found:
        raise NodeError(
            "port 'text': the voice knows no letter of it; write it in the language and the"
            " script of the voice"
        )
    ctx.progress(len(said), len(said))
    return found


def _joined(spoken: list[tuple[str, Tensor]], rate: int, pause: float, ctx: Context) -> Spoken:
    """Sentences one after another, and when each begins and ends."""
    import torch

    gap = torch.zeros(1, 1, round(pause * rate))
    pieces: list[Tensor] = []
    words: list[dict[str, Any]] = []
    at = 0
    for sentence, samples in spoken:
        if pieces:
            pieces.append(gap)
            at += gap.shape[-1]
        pieces.append(samples)
        end = at + samples.shape[-1]
        words.append({"text": sentence, "start": at / rate, "end": end / rate})
        at = end
    return Spoken(finished([torch.cat(pieces, -1)], rate, ctx), words)
