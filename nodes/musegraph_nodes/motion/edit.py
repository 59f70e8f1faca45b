"""Nodes that change a motion: when, how fast, to which side, with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Motion, NodeError, node
from musegraph_nodes.audio.options import Beats, times_of

from .options import Contacts, Rate, Seconds, Side

if TYPE_CHECKING:
    from .shaping import Pair

Amount = Annotated[float, Field(ge=0, le=1, description="0 is the first, 1 the second.")]


@node(version="1", numeric=True)
def trim(
    motion: Motion,
    start: Annotated[Seconds, Field(description="Seconds cut off at the beginning.")] = 0.0,
    length: Annotated[Seconds, Field(description="Seconds that are kept; 0: all the rest.")] = 0.0,
) -> Motion:
    """Cut a motion to a part of it."""
    first = round(start * motion.fps)
    if first >= motion.frames:
        raise NodeError(
            f"the motion has {motion.seconds:.2f} s, so nothing is left after {start:g} s; start"
            " earlier"
        )
    last = first + max(round(length * motion.fps), 1) if length else motion.frames
    return Motion(
        motion.rotations[first:last], motion.root[first:last], motion.fps, motion.skeleton
    )


@node(version="1", numeric=True)
def loop(
    motion: Motion,
    times: Annotated[int, Field(ge=1, le=1000, description="How often it is to be seen.")] = 2,
    blend: Annotated[
        Seconds, Field(le=10, description="Seconds in which the end goes over into the start.")
    ] = 0.4,
) -> Motion:
    """Repeat a motion: each time goes on from where and how the one before ended."""
    from .body import arrays, motion_of
    from .shaping import joined

    own = arrays(motion)
    made = own
    overlap = min(round(blend * motion.fps), motion.frames // 2)
    for _ in range(times - 1):
        made = joined(made, own, overlap)
        if len(made[1]) > 1_000_000:
            raise NodeError("the motion would have more than a million frames; loop it less often")
    return motion_of(*made, motion.fps, motion.skeleton)


@node(version="1", numeric=True)
def join(
    motions: Annotated[list[Motion], Field(min_length=1, description="One after the other.")],
    blend: Annotated[
        Seconds, Field(le=10, description="Seconds in which one goes over into the next.")
    ] = 0.4,
) -> Motion:
    """Put motions one after the other: each goes on from where the one before is, and looks there.

    All become as fast in frames as the first; they need the same skeleton.
    """
    from .body import motion_of
    from .shaping import joined

    first = motions[0]
    pairs = [_like(first, one) for one in motions]
    made = pairs[0]
    for pair in pairs[1:]:
        made = joined(made, pair, round(blend * first.fps))
    return motion_of(*made, first.fps, first.skeleton)


@node(version="1", numeric=True)
def blend(
    first: Motion,
    second: Motion,
    amount: Amount = 0.5,
    part: Annotated[
        Literal["all", "upper body", "lower body"],
        Field(description="Of what the second is taken; of the rest the first stays."),
    ] = "all",
) -> Motion:
    """Mix two motions moment by moment; the result is as long as the shorter one."""
    import numpy as np

    from .body import motion_of
    from .shaping import mixed_of, upper_joints

    one, two = _like(first, first), _like(first, second)
    count = min(len(one[1]), len(two[1]))
    upper = upper_joints(first.skeleton)
    joints = {
        "all": None,
        "upper body": upper,
        "lower body": [at for at in range(len(first.skeleton.names)) if at not in upper],
    }[part]
    cut = [(turns[:count], root[:count]) for turns, root in (one, two)]
    made = mixed_of(cut[0], cut[1], np.full(count, amount), joints)
    return motion_of(*made, first.fps, first.skeleton)


def _like(first: Motion, other: Motion) -> Pair:
    """A motion at the frames a second of the first; its joints have to be the same."""
    import numpy as np

    from .body import arrays
    from .shaping import sampled

    if first.skeleton != other.skeleton:
        raise NodeError(
            f"the motions have different skeletons ({len(first.skeleton.names)} and"
            f" {len(other.skeleton.names)} joints, or other bones); bring them onto one with"
            " motion.retarget first"
        )
    own = arrays(other)
    if first.fps == other.fps:
        return own
    count = max(round(other.seconds * first.fps), 1)
    return sampled(*own, np.arange(count) * other.fps / first.fps)


@node(version="1", numeric=True)
def mirror(motion: Motion) -> Motion:
    """Show a motion as a mirror does: left and right change places."""
    from .body import arrays, motion_of
    from .shaping import mirrored

    return motion_of(*mirrored(*arrays(motion), motion.skeleton), motion.fps, motion.skeleton)


@node(version="1", title="Frames a second", numeric=True)
def resample(
    motion: Motion,
    fps: Annotated[float, Field(ge=1, le=240, description="Frames a second.")] = 30.0,
    speed: Annotated[
        float, Field(ge=0.1, le=10, description="2 is twice as fast and half as long.")
    ] = 1.0,
) -> Motion:
    """Change how many frames a second a motion has, or how fast it goes."""
    import numpy as np

    from .body import arrays, motion_of
    from .shaping import sampled

    count = max(round(motion.seconds / speed * fps), 1)
    made = sampled(*arrays(motion), np.arange(count) * motion.fps * speed / fps)
    return motion_of(*made, fps, motion.skeleton)


@node(version="1", title="Warp to beats", numeric=True)
def warp(
    motion: Motion,
    beats: Annotated[
        Beats, Field(description="Where the motion is to fall: those of audio.beats.")
    ],
    own: Annotated[
        Beats | None,
        Field(description="The beats that it has now; without, where the body is slowest."),
    ] = None,
) -> Motion:
    """Bend a motion in time so that its beats fall on those of the music.

    Between beats it goes evenly faster or slower, never less than half or more than twice as fast.
    """
    import numpy as np
    from scipy.interpolate import PchipInterpolator

    from .body import arrays, motion_of
    from .shaping import motion_beats, sampled, warp_of
    from .turns import placed

    turns, root = arrays(motion)
    goal = np.array(times_of(beats))
    if not len(goal):
        raise NodeError("there are no beats to fall on; link those of audio.beats")
    if own is None:
        had = motion_beats(placed(turns, root, motion.skeleton)[1], motion.fps)
    else:
        had = np.array(times_of(own))
    source, target = warp_of(had, goal, motion.seconds)
    if len(source) < 2:
        return motion
    count = max(round(float(target[-1]) * motion.fps), 1)
    at = PchipInterpolator(target, source)(np.arange(count) / motion.fps)
    return motion_of(*sampled(turns, root, at * motion.fps), motion.fps, motion.skeleton)


@node(version="1", numeric=True)
def smooth(
    motion: Motion,
    seconds: Annotated[
        float,
        Field(ge=0, le=2, description="How wide the smoothing is: 0.05 takes a tremble away."),
    ] = 0.05,
    keep_feet: Annotated[bool, Field(description="Feet that stand stay where they are.")] = True,
) -> Motion:
    """Take what trembles out of a motion."""
    from .body import arrays, motion_of
    from .contacts import planted, standing
    from .shaping import smoothed
    from .turns import placed

    if not seconds:
        return motion
    turns, root = arrays(motion)
    made = smoothed(turns, root, seconds * motion.fps)
    if keep_feet:
        stands = standing(placed(*made, motion.skeleton)[1], motion.skeleton, motion.fps, 0.6)
        made = planted(*made, motion.skeleton, stands, motion.fps)
    return motion_of(*made, motion.fps, motion.skeleton)


@node(version="1", title="Find contacts", numeric=True)
def contacts(
    motion: Motion,
    slow: Annotated[
        float,
        Field(ge=0.01, le=5, description="A standing foot is slower, in metres a second."),
        ADVANCED,
    ] = 0.25,
) -> Contacts:
    """Find when the feet stand on the floor: stretches in seconds, left and right."""
    from .body import arrays
    from .contacts import runs, standing
    from .turns import placed

    where = placed(*arrays(motion), motion.skeleton)[1]
    found = standing(where, motion.skeleton, motion.fps, slow)
    return {
        side: [[round(a / motion.fps, 4), round(b / motion.fps, 4)] for a, b in runs(found[:, at])]
        for at, side in enumerate(("left", "right"))
    }


@node(version="1", title="Fix feet", numeric=True)
def fix_feet(
    motion: Motion,
    contacts: Annotated[
        Contacts | None,
        Field(description="When feet stand, of motion.contacts; without, it is found."),
    ] = None,
    slow: Annotated[
        float,
        Field(ge=0.01, le=5, description="A foot that slides slower than that is held."),
        ADVANCED,
    ] = 0.6,
    ease: Annotated[
        float,
        Field(ge=0, le=1, description="Seconds in which a foot comes to its place."),
        ADVANCED,
    ] = 0.12,
) -> Motion:
    """Keep feet where they stand: no sliding, nothing below the floor.

    The place of a foot is that in the middle of the time that it stands. Legs follow, and the body
    sinks where a leg would be too short.
    """
    from .beats import stretches
    from .body import arrays, motion_of
    from .contacts import planted, standing
    from .turns import placed

    turns, root = arrays(motion)
    if contacts is None:
        where = placed(turns, root, motion.skeleton)[1]
        stands = standing(where, motion.skeleton, motion.fps, slow)
    else:
        stands = stretches(contacts, motion.frames, motion.fps)
    made = planted(turns, root, motion.skeleton, stands, motion.fps, None, ease)
    return motion_of(*made, motion.fps, motion.skeleton)


@node(version="1", title="Reach", numeric=True)
def reach(
    motion: Motion,
    limb: Annotated[Side, Field(description="What is to reach.")] = "right hand",
    x: Annotated[float, Field(ge=-20, le=20, description="Metres to the left.")] = -0.3,
    y: Annotated[float, Field(ge=-20, le=20, description="Metres up.")] = 1.4,
    z: Annotated[float, Field(ge=-20, le=20, description="Metres ahead.")] = 0.4,
    frame: Annotated[
        Literal["figure", "floor"],
        Field(description="Counted from below the figure and turned as it is, or from the origin."),
    ] = "figure",
    start: Seconds = 0.0,
    length: Annotated[Seconds, Field(description="Seconds; 0: to the end.")] = 0.0,
    ease: Annotated[
        float, Field(ge=0, le=5, description="Seconds in which it comes there and leaves.")
    ] = 0.3,
) -> Motion:
    """Let a hand or a foot be at a place for a while: inverse kinematics of an arm or a leg."""
    from .body import motion_of
    from .reaching import reaching

    span = (start, length or max(motion.seconds - start, 0.0), ease)
    made = reaching(motion, limb, (x, y, z), frame == "floor", span)
    return motion_of(*made, motion.fps, motion.skeleton)


@node(version="1", numeric=True)
def retarget(
    motion: Motion,
    like: Annotated[
        Motion | None,
        Field(description="A motion whose skeleton it gets; without one, a body with 24 joints."),
    ] = None,
    keep_feet: Annotated[bool, Field(description="Feet that stand stay where they are.")] = True,
    fps: Rate = 0.0,
) -> Motion:
    """Bring a motion onto another skeleton, by what its joints are called.

    Names of SMPL, Mixamo, CMU and the like are known. The figure goes as far as its legs are long;
    joints that only one of them has stay at rest.
    """
    import numpy as np

    from .body import BODY, arrays, motion_of
    from .retargeting import retargeted
    from .shaping import sampled

    target = BODY if like is None else like.skeleton
    turns, root = arrays(motion)
    rate = fps or motion.fps
    if rate != motion.fps:
        count = max(round(motion.seconds * rate), 1)
        turns, root = sampled(turns, root, np.arange(count) * motion.fps / rate)
    made = retargeted(turns, root, motion.skeleton, target, rate, keep_feet)
    return motion_of(*made, rate, target)
