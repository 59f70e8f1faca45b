"""Nodes that measure a motion: on the beat, on the floor, smooth, different, possible."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Motion, NodeError, node
from musegraph_nodes.audio.options import Beats, times_of


class OnBeat(NamedTuple):
    """How well a motion is on the beat."""

    of_music: Annotated[float, Field(description="Mean over beats of the music (EDGE, Bailando).")]
    of_motion: Annotated[float, Field(description="Mean over beats of the motion (AIST++).")]
    beats: Annotated[Beats, Field(description="Those of the motion: where the body is slowest.")]


class Skate(NamedTuple):
    """How feet stand."""

    slide: Annotated[float, Field(description="Centimetres from frame to frame while they stand.")]
    ratio: Annotated[float, Field(description="Share of frames in which a low foot slides.")]
    depth: Annotated[float, Field(description="Deepest below the floor, in centimetres.")]


class Possible(NamedTuple):
    """Whether a person could do it."""

    beyond: Annotated[float, Field(description="Share of frames with a joint beyond its limits.")]
    worst: Annotated[float, Field(description="Degrees that a joint is beyond, at the most.")]
    physics: Annotated[float, Field(description="PFC of EDGE: pushes without a standing foot.")]
    notes: Annotated[str, Field(description="What is wrong, in a sentence.")]


@node(version="1", title="Beat alignment", numeric=True)
def beat_alignment(
    motion: Motion,
    beats: Annotated[Beats, Field(description="Those of the music, of audio.beats.")],
    sigma: Annotated[
        float, Field(gt=0, le=1, description="Seconds off that count for 0.61."), ADVANCED
    ] = 0.05,
) -> OnBeat:
    """Measure how well a motion is on the beat: 1 always, 0 never.

    Beats of a motion are local minima of the mean speed of its joints. Two measures are in use,
    over the beats of the music and over those of the motion.
    """
    import numpy as np

    from .body import arrays
    from .shaping import motion_beats
    from .turns import placed

    where = placed(*arrays(motion), motion.skeleton)[1]
    own = motion_beats(where, motion.fps)
    music = np.array(times_of(beats))
    music = music[music <= motion.seconds]
    if not len(music):
        raise NodeError("no beat lies within the motion; link beats of audio.beats")
    told = {"tempo": 0.0, "times": [round(float(time), 4) for time in own]}
    if not len(own):
        return OnBeat(0.0, 0.0, told)
    off = np.abs(music[:, None] - own[None])
    near = [float(np.exp(-(off.min(axis) ** 2) / (2 * sigma**2)).mean()) for axis in (1, 0)]
    return OnBeat(round(near[0], 4), round(near[1], 4), told)


@node(version="1", title="Foot skate", numeric=True)
def foot_skate(motion: Motion) -> Skate:
    """Measure how feet slide while they stand, and how far they go through the floor.

    A foot slides that is lower than 5 cm and goes more than 2.5 cm at 20 frames a second.
    """
    import numpy as np

    from .body import arrays, feet
    from .contacts import floor_of, standing
    from .turns import placed

    where = placed(*arrays(motion), motion.skeleton)[1]
    stands = standing(where, motion.skeleton, motion.fps, 0.6)
    floor = floor_of(where, motion.skeleton)
    slides, low, sliding = [], 0, 0
    for side, (_, ball) in enumerate(feet(motion.skeleton)):
        step = np.linalg.norm(np.diff(where[:, ball][:, [0, 2]], axis=0), axis=-1)
        both = stands[1:, side] & stands[:-1, side]
        slides.append(step[both])
        near = (where[1:, ball, 1] < floor + 0.05) & (where[:-1, ball, 1] < floor + 0.05)
        low += len(near)
        sliding += int((near & (step * motion.fps > 0.5)).sum())
    every = np.concatenate(slides)
    balls = [ball for _, ball in feet(motion.skeleton)]
    depth = max(floor - float(where[:, balls, 1].min()), 0.0)
    return Skate(
        round(float(every.mean()) * 100, 4) if len(every) else 0.0,
        round(sliding / max(low, 1), 4),
        round(depth * 100, 3),
    )


@node(version="1", title="Jerk", numeric=True)
def jerk(motion: Motion) -> float:
    """Measure how jerky a motion is: the mean third derivative of places, in m/s³."""
    import numpy as np

    from .body import arrays
    from .turns import placed

    if motion.frames < 4:
        return 0.0
    where = placed(*arrays(motion), motion.skeleton)[1]
    third = np.diff(where, n=3, axis=0) * motion.fps**3
    return round(float(np.linalg.norm(third, axis=-1).mean()), 3)


@node(version="1", title="Diversity", numeric=True)
def diversity(
    motions: Annotated[list[Motion], Field(min_length=2, max_length=200)],
) -> float:
    """Measure how different motions of one skeleton are: the mean distance of joints, in metres.

    Joints are taken relative to the root, at ten moments a second, over the shortest of them.
    """
    import numpy as np

    from .body import arrays
    from .shaping import sampled
    from .turns import placed

    first = motions[0]
    if any(one.skeleton != first.skeleton for one in motions):
        raise NodeError("the motions have different skeletons; use motion.retarget first")
    seconds = min(one.seconds for one in motions)
    rows = []
    for one in motions:
        at = np.arange(max(int(seconds * 10), 1)) * one.fps / 10
        turns, root = sampled(*arrays(one), at)
        rows.append(placed(turns, root * 0, one.skeleton)[1])
    apart = [
        float(np.linalg.norm(a - b, axis=-1).mean())
        for at, a in enumerate(rows)
        for b in rows[at + 1 :]
    ]
    return round(float(np.mean(apart)), 4)


@node(version="1", title="Plausibility", numeric=True)
def plausibility(motion: Motion) -> Possible:
    """Tell whether a person could move so: joints within limits, and pushes that a foot makes."""
    import numpy as np

    from .body import arrays
    from .limits import beyond, bounds

    turns, _ = arrays(motion)
    over = np.degrees(beyond(turns, motion.skeleton))
    joints = bounds(motion.skeleton)[0]
    worst = float(over.max(initial=0.0))
    share = float((over > 1.0).any(axis=1).mean()) if over.size else 0.0
    name = motion.skeleton.names[joints[int(over.max(0).argmax())]] if over.size else ""
    said = f"{name} is {worst:.0f}° beyond what a joint can do" if worst > 1 else "nothing is amiss"
    return Possible(round(share, 4), round(worst, 2), round(_pushes(motion), 4), said)


def _pushes(motion: Motion) -> float:
    """The physical foot contact score of EDGE: accelerations of the root while both feet move."""
    import numpy as np

    from .body import arrays, feet
    from .turns import placed

    if motion.frames < 4:
        return 0.0
    where = placed(*arrays(motion), motion.skeleton)[1]
    speed = np.linalg.norm(np.diff(where, axis=0), axis=-1) * motion.fps
    pushed = np.diff(where[:, 0], n=2, axis=0) * motion.fps**2
    pushed[:, 1] = np.maximum(pushed[:, 1], 0)  # downward is what weight does
    size = np.linalg.norm(pushed, axis=-1)
    size = size / max(float(size.max()), 1e-9)
    slow = [speed[:-1, list(pair)].min(axis=1) for pair in feet(motion.skeleton)]
    return float((slow[0] * slow[1] * size).mean())
