"""Node `music.anticipate`: go on with a score, or accompany it, by a model of arrivals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import Context, NodeError, Score, Seed, node
from musegraph_nodes.music.language.nodes import Temperature, TopP

from .model import EventModel

MOST_SECONDS = 1800.0

Given = Annotated[
    Score | None, Field(description="What goes before, or is accompanied; nothing without it.")
]
How = Annotated[
    Literal["continue", "accompany"],
    Field(description="continue: after the score; accompany: others play along with it."),
]
Seconds = Annotated[
    float, Field(ge=0, le=600, description="How much is written; 0: as long as the score, or 20.")
]


@node(version="1", numeric=True, uses="device")
def anticipate(
    model: EventModel,
    ctx: Context,
    score: Given = None,
    how: How = "continue",
    seconds: Seconds = 0.0,
    temperature: Temperature = 1.0,
    top_p: TopP = 0.98,
    seed: Annotated[Seed, Field(description="Another one, other music.")] = 0,
) -> Score:
    """Let a model that thinks in arrivals of notes go on with a score, or accompany it.

    What was there stays as it is; what is new comes on tracks of its own, a track for each
    instrument. Its times are hundredths of a second, not beats, so it breathes as a player does.
    """
    import numpy as np

    from .events import HUNDREDTHS, events_of, score_with
    from .play import Player

    if how == "accompany" and (score is None or not score.notes):
        raise NodeError("port 'score': there is nothing to accompany; link a score that has notes")
    if score is not None and score.seconds > MOST_SECONDS:
        raise NodeError(
            f"port 'score': it lasts {score.seconds / 60:,.0f} minutes, and at most half an hour is"
            " taken in; cut it"
        )
    lasts = score.seconds if score is not None else 0.0
    start = round(lasts * HUNDREDTHS) if how == "continue" else 0
    length = round((seconds or (lasts if how == "accompany" else 20.0)) * HUNDREDTHS)
    before = events_of(score) if score is not None and how == "continue" else []
    given = events_of(score, given=True) if score is not None and how == "accompany" else []

    def tick(done: int) -> None:
        ctx.progress(min(done, length), length, text=f"{done / HUNDREDTHS:.1f} s")

    with ctx.load(model) as net:
        player = Player(net, given, temperature, top_p, np.random.default_rng(seed))
        made = player.play(before, start, start + length, tick)
    return score_with(score, made)
