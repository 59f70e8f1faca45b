"""Nodes `gan.walk` and `gan.walk_to_beats`: styles frame by frame, on a way through others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, NodeError, node
from musegraph_nodes.audio.options import Beats, times_of

from .ports import Styles, same_kind

if TYPE_CHECKING:
    from torch import Tensor

MOST = 20_000
"""Frames of a walk."""

Route = Literal["smooth", "spline", "straight"]
Keys = Annotated[
    list[Styles],
    Field(description="The styles that it goes through, in their order; batches are taken apart."),
]
Way = Annotated[
    Route,
    Field(
        description="smooth: rests at each style; spline: glides through them in a curve; straight:"
        " as fast everywhere."
    ),
]


@node(version="1", title="Walk through styles", numeric=True)
def walk(
    styles: Keys,
    frames: Annotated[int, Field(ge=1, le=2000, description="From each style to the next.")] = 48,
    path: Way = "smooth",
    closed: Annotated[
        bool, Field(description="Goes back to the first style, so that the film can be looped.")
    ] = True,
) -> Styles:
    """Go from style to style, a frame at a time: gan.draw and motion.mux make a film of it.

    A closed walk ends one frame before it is where it began.
    """
    keys = _keys(styles)
    stretches = len(keys) if closed else len(keys) - 1
    count = stretches * frames + (0 if closed else 1)
    _check(count)
    return Styles(along(keys, [at / frames for at in range(count)], path, closed))


@node(version="1", title="Walk to beats", numeric=True)
def walk_to_beats(
    styles: Keys,
    beats: Annotated[Beats, Field(description="Those of audio.beats or audio.onsets.")],
    seconds: Annotated[
        float, Field(gt=0, le=3600, description="How long the film is: as long as the music.")
    ] = 10.0,
    fps: Annotated[float, Field(ge=1, le=120, description="Frames a second.")] = 30.0,
    every: Annotated[int, Field(ge=1, le=64, description="Beats from one style to the next.")] = 1,
    path: Way = "smooth",
    sharpness: Annotated[
        float,
        Field(
            ge=0.2,
            le=8,
            description="Above 1 it waits and then jumps onto the beat; below 1 it leaves at once.",
        ),
        ADVANCED,
    ] = 1.0,
) -> Styles:
    """Go from style to style so that one is reached on each beat, over and over, for as long.

    Before the first beat and after the last one it goes on as fast as between those next to it.
    """
    keys = _keys(styles)
    count = max(1, round(seconds * fps))
    _check(count)
    times = times_of(beats)[::every]
    if len(times) < 2:
        raise NodeError(
            f"port 'beats': {len(times)} beats are left of every {every}, and a walk needs 2; link"
            " more of them or set every lower"
        )
    places = [_place(at / fps, times, sharpness) for at in range(count)]
    return Styles(along(keys, places, path, True))


def _place(second: float, times: list[float], sharpness: float) -> float:
    """How many keys have been passed at a second: whole at a beat, 0 at the first one."""
    from bisect import bisect_right

    at = min(max(bisect_right(times, second) - 1, 0), len(times) - 2)
    span = max(times[at + 1] - times[at], 1e-6)
    place = at + (second - times[at]) / span
    whole = math.floor(place)
    return whole + float((place - whole) ** sharpness)


def _keys(styles: list[Styles]) -> Tensor:
    """All styles [K,L,D] of some batches."""
    import torch

    for other in styles[1:]:
        same_kind(styles[0], other, "styles")
    count = sum(len(one.data) for one in styles)
    if count < 2:
        raise NodeError(
            "port 'styles': a walk goes through 2 styles at least; set the count of gan.styles"
            " higher, or link more"
        )
    return torch.cat([one.data for one in styles])


def _check(count: int) -> None:
    if count > MOST:
        raise NodeError(f"a walk of {count:,} frames is too long; {MOST:,} are made at most")


def along(keys: Tensor, places: list[float], path: Route, closed: bool) -> Tensor:
    """Styles [len(places),L,D] on a way through keys [K,L,D]; place k is at key k.

    Straight lines in W, eased in and out where it is to be smooth, or a spline of Catmull and Rom
    (1974), whose speed at a key is that from the one before to the one behind. A closed way begins
    again after its last key, and ends with it before its first; an open one has two ends.
    """
    import torch

    count = len(keys)
    where = torch.tensor(places, dtype=torch.float64)
    if not closed:
        where = where.clamp(0, count - 1)
    whole = where.floor()
    if not closed:
        whole = whole.clamp(max=count - 2)
    share = (where - whole).to(keys.dtype)[:, None, None]
    at = whole.long()
    first, second = _key(keys, at, closed), _key(keys, at + 1, closed)
    if path == "straight":
        return first + (second - first) * share
    if path == "smooth":
        return first + (second - first) * (share * share * (3 - 2 * share))
    before, behind = _key(keys, at - 1, closed), _key(keys, at + 2, closed)
    leave, arrive = (second - before) / 2, (behind - first) / 2
    bend = 2 * (first - second) + leave + arrive
    return ((bend * share + (second - first - leave - bend)) * share + leave) * share + first


def _key(keys: Tensor, at: Tensor, closed: bool) -> Tensor:
    """The keys of numbers, which may be one before the first and one behind the last."""
    count = len(keys)
    if closed:
        return keys[at % count]
    inner = keys[at.clamp(0, count - 1)]
    beyond = (at - at.clamp(0, count - 1)).to(keys.dtype)[:, None, None]
    ends = keys[at.clamp(1, count - 1)] - keys[at.clamp(1, count - 1) - 1]
    return inner + beyond * ends
