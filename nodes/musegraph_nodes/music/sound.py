"""Scores as sounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, NodeError, Score, node

MOST_SECONDS = 3600.0

Rate = Annotated[int, Field(ge=8000, le=96_000, description="Samples a second."), ADVANCED]
Reverb = Annotated[float, Field(ge=0, le=1, description="How much of the room is heard.")]
Room = Annotated[
    float, Field(ge=0.2, le=8, description="Seconds until the room is still."), ADVANCED
]
Stereo = Annotated[
    float, Field(ge=0, le=1, description="How far apart the tracks stand; 0 is mono."), ADVANCED
]
Tuned = Annotated[
    float, Field(ge=-12, le=12, description="Semitones, also parts of one."), ADVANCED
]


def playable(score: Score) -> None:
    """Refuses a score without notes, and one that nobody would listen to the end of."""
    if not score.notes:
        raise NodeError("the score has no notes to play; link one that has")
    if score.seconds > MOST_SECONDS:
        raise NodeError(
            f"the score lasts {score.seconds / 60:,.0f} minutes, and at most an hour is played;"
            " music.loop with times 1 cuts it"
        )


@node(version="2", title="Play score", numeric=True)
def render(
    score: Score,
    ctx: Context,
    sample_rate: Rate = 44_100,
    reverb: Reverb = 0.22,
    room: Room = 1.6,
    stereo: Stereo = 1.0,
    transpose: Tuned = 0.0,
) -> Audio:
    """Play a score with built-in instruments [1,2,N], as loud as can be without clipping.

    Programs of General MIDI are played by the nearest of twelve instruments: piano, electric piano,
    mallet, bell, organ, guitar, bass, strings, brass, flute, lead, pad; channel 10 by drums.
    Volume, expression, place and the pedal count; bends do not.
    """
    import torch

    from .synth.render import levelled, render
    from .synth.render import room as in_room

    playable(score)

    def tick(share: float) -> None:
        ctx.progress(share, 1.0)

    mix = render(score, sample_rate, tick, tail=room + 0.2, stereo=stereo, semitones=transpose)
    made = levelled(in_room(mix, sample_rate, reverb, room))
    return Audio(torch.from_numpy(made)[None], sample_rate)
