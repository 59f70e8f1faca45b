"""Motion from and to BVH (Biovision Hierarchy): a skeleton as text, and angles frame by frame.

Angles are in degrees and lengths in whatever unit a program likes: what we write is in centimetres,
as most do, and a figure taller than eight units is taken to be in centimetres when it is read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from musegraph.values.motion import (
    END,
    MOST_FRAMES,
    MOST_JOINTS,
    Motion,
    MotionError,
    Skeleton,
    checked,
)
from musegraph.values.turns import product, rotated

MOST_BYTES = 512 << 20
TALL = 8.0
"""A figure that is larger at rest is measured in centimetres."""
DEEPEST = 200
_MOVES = ("Xposition", "Yposition", "Zposition")
_TURNS = ("Xrotation", "Yrotation", "Zrotation")
_WORD = re.compile(r"\S+")


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    channels: list[str] = field(default_factory=list)
    end: bool = False


def read_bvh(data: bytes, name: str = "the file", scale: float = 0.0) -> Motion:
    """The motion that a BVH holds; ``scale`` metres are one of its units, 0: it is guessed."""
    import numpy as np

    if len(data) > MOST_BYTES:
        raise MotionError(f"has {len(data):,} bytes, and at most {MOST_BYTES:,} are read")
    head, mark, tail = data.partition(b"MOTION")
    if not mark or b"HIERARCHY" not in head[:4096]:
        raise MotionError("has no HIERARCHY with a MOTION after it")
    joints = _hierarchy(head.decode("utf-8", "replace"))
    count = sum(len(joint.channels) for joint in joints)
    frames, fps, rows = _rows(tail, count)
    table = _numbers(rows, frames, count)
    kept = [at for at, joint in enumerate(joints) if not joint.end or any(joint.offset)]
    place = {old: new for new, old in enumerate(kept)}
    turns = np.zeros((frames, len(kept), 4))
    turns[..., 0] = 1
    offsets = np.array([joint.offset for joint in joints], float)
    root = np.broadcast_to(offsets[0], (frames, 3)).copy()
    at = 0
    for number, joint in enumerate(joints):
        own = table[:, at : at + len(joint.channels)]
        at += len(joint.channels)
        if number in place:
            _apply(joint, number, own, turns[:, place[number]], root, offsets)
    scale = scale or (0.01 if _extent(joints, offsets) > TALL else 1.0)
    skeleton = Skeleton(
        _distinct([joints[old].name for old in kept]),
        tuple(place[joints[old].parent] if old else -1 for old in kept),
        tuple(
            (0.0, 0.0, 0.0) if not old else tuple((offsets[old] * scale).tolist()) for old in kept
        ),
    )
    return checked(turns, root * scale, fps, skeleton, name)


def _apply(joint: _Joint, number: int, own: Any, turn: Any, root: Any, offsets: Any) -> None:
    """The channels of a joint as turns, and as places of the root or the joint's own offset."""
    import numpy as np

    for column, channel in enumerate(joint.channels):
        values = own[:, column]
        if channel in _TURNS:
            half = np.radians(values) / 2
            step = np.zeros((len(values), 4))
            step[:, 0] = np.cos(half)
            step[:, 1 + _TURNS.index(channel)] = np.sin(half)
            turn[:] = product(turn, step)
        elif not number:
            root[:, _MOVES.index(channel)] = values
        else:
            # Some programs write where every joint is; bones keep their lengths all the same.
            offsets[number, _MOVES.index(channel)] = float(np.median(values))


def _extent(joints: list[_Joint], offsets: Any) -> float:
    import numpy as np

    where = np.zeros((len(joints), 3))
    for at, joint in enumerate(joints):
        if at:
            where[at] = where[joint.parent] + offsets[at]
    return float(np.ptp(where, axis=0).max())


def _distinct(names: list[str]) -> tuple[str, ...]:
    used: set[str] = set()
    for at, name in enumerate(names):
        plain, times = name, 1
        while names[at] in used:
            times += 1
            names[at] = (
                f"{plain[: -len(END)]}.{times}{END}" if plain.endswith(END) else f"{plain}.{times}"
            )
        used.add(names[at])
    return tuple(names)


def _hierarchy(text: str) -> list[_Joint]:
    """The joints of the first part, a parent before its children."""
    words = _WORD.findall(text)
    try:
        return _joints(words, words.index("HIERARCHY") + 1)
    except (IndexError, ValueError):
        raise MotionError(
            "has a HIERARCHY that breaks off or has words where numbers belong"
        ) from None


def _joints(words: list[str], at: int) -> list[_Joint]:
    joints: list[_Joint] = []
    above: list[int] = []
    while at < len(words):
        word = words[at]
        if word in ("ROOT", "JOINT", "End"):
            if word == "ROOT" and joints:
                raise MotionError("has more than one ROOT; save each figure in a file of its own")
            if (word != "ROOT") == (not above) or len(above) > DEEPEST:
                raise MotionError(f"has a {word} where none can be")
            at = words.index("{", at)
            if len(joints) >= MOST_JOINTS:
                raise MotionError(f"has more than {MOST_JOINTS} joints")
            parent = above[-1] if above else -1
            said = " ".join(words[_named(words, at, word) : at])
            joints.append(_Joint(joints[parent].name + END if word == "End" else said, parent))
            joints[-1].end = word == "End"
            above.append(len(joints) - 1)
        elif word == "OFFSET":
            x, y, z = (float(number) for number in words[at + 1 : at + 4])
            if not all(math.isfinite(number) for number in (x, y, z)):
                raise MotionError("has an OFFSET that is no finite number")
            joints[above[-1]].offset = (x, y, z)
            at += 3
        elif word == "CHANNELS":
            joints[above[-1]].channels = _channels(words, at)
            at += 1 + len(joints[above[-1]].channels)
        elif word == "}":
            above.pop()
        else:
            raise MotionError(f"has {word[:40]!r} in its HIERARCHY, which means nothing there")
        at += 1
    if above or not joints:
        raise MotionError("has a HIERARCHY whose brackets do not close")
    return joints


def _channels(words: list[str], at: int) -> list[str]:
    count = int(words[at + 1])
    found = words[at + 2 : at + 2 + count] if 0 <= count <= 6 else []
    if len(found) != count:
        raise MotionError(f"has a joint with {words[at + 1][:20]} CHANNELS; there are up to six")
    wrong = [one for one in found if one not in _MOVES + _TURNS]
    if wrong:
        raise MotionError(f"has a channel {wrong[0][:40]!r}; there are positions and rotations")
    return found


def _named(words: list[str], brace: int, keyword: str) -> int:
    """Where the name before a bracket begins: names may hold spaces."""
    at = brace - 1
    while words[at] != keyword:
        at -= 1
        if brace - at > 20:
            raise MotionError("has a joint without a name")
    return at + 1


def _rows(tail: bytes, count: int) -> tuple[int, float, bytes]:
    """Frames, frames a second and the numbers after them."""
    found = re.match(
        rb"\s*Frames:\s*(\d{1,12})\s+Frame Time:\s*([0-9.eE+-]{1,40})[ \t]*\r?(?:\n|$)", tail
    )
    if not found:
        raise MotionError("does not say Frames: and Frame Time: after MOTION")
    frames = int(found[1])
    try:
        time = float(found[2])
    except ValueError:
        time = 0.0
    if not 0 < time <= 1:
        raise MotionError("has a Frame Time that is not between 0 and 1 second")
    if not 1 <= frames <= MOST_FRAMES:
        raise MotionError(f"has {frames:,} frames; a motion has 1 to {MOST_FRAMES:,}")
    rows = tail[found.end() :]
    if frames * count * 2 > len(rows) + 2:
        raise MotionError(f"says that it has {frames:,} frames of {count} numbers, and breaks off")
    fps = 1 / time
    near = round(fps * 4) / 4  # a time in seven digits is of a rate that somebody chose
    return frames, max(near if abs(fps - near) < 2e-3 * fps else fps, 1.0), rows


def _numbers(rows: bytes, frames: int, count: int) -> Any:
    import numpy as np

    words = rows.split()
    if len(words) != frames * count:
        raise MotionError(
            f"has {len(words):,} numbers, and {frames:,} frames of {count} are {frames * count:,}"
        )
    try:
        table = np.array(words, dtype="S32").astype(float).reshape(frames, count)
    except ValueError:
        raise MotionError("has words where its frames should have numbers") from None
    wrong = ~np.isfinite(table).all(axis=1)
    if wrong.any():
        raise MotionError(f"has a number in frame {int(wrong.argmax()) + 1} that is not finite")
    return table


# Motion to BVH


def write_bvh(motion: Motion, scale: float = 100.0) -> bytes:
    """The motion as BVH, ``scale`` units to a metre, turns as Z, X, Y."""
    import numpy as np

    skeleton, ends = motion.skeleton, motion.skeleton.ends
    children: list[list[int]] = [[] for _ in skeleton.names]
    for at, parent in enumerate(skeleton.parents):
        if parent >= 0:
            children[parent].append(at)
    lines = ["HIERARCHY"]
    order: list[int] = []
    _write_joint(skeleton, children, ends, scale, lines, order)
    angles = euler_zxy(motion.rotations.detach().cpu().double().numpy()[:, order])
    root = motion.root.detach().cpu().double().numpy() * scale
    table = np.concatenate((root, angles.reshape(motion.frames, -1)), axis=1)
    lines += ["MOTION", f"Frames: {motion.frames}", f"Frame Time: {1 / motion.fps:.9f}"]
    rows = (" ".join([f"{number:.7g}" if abs(number) < 1e-4 else f"{number:.6f}" for number in row])
            for row in table.tolist())  # fmt: skip
    return "\n".join([*lines, *rows, ""]).encode()


def _write_joint(
    skeleton: Skeleton,
    children: list[list[int]],
    ends: tuple[bool, ...],
    scale: float,
    lines: list[str],
    order: list[int],
) -> None:
    """The hierarchy, deepest first; ``order`` becomes the order of the channels."""
    todo: list[tuple[int, int]] = [(0, 0)]
    while todo:
        at, depth = todo.pop()
        pad = "\t" * depth
        if at < 0:
            lines.append(f"{pad}}}")
            continue
        offset = " ".join(f"{part * scale:.6f}" for part in skeleton.offsets[at])
        if ends[at]:
            lines += [f"{pad}End Site", f"{pad}{{", f"{pad}\tOFFSET {offset}", f"{pad}}}"]
            continue
        name = re.sub(r"\s+", "_", skeleton.names[at]) or f"joint{at}"
        moves = f"6 {' '.join(_MOVES)}" if not at else "3"
        lines += [
            f"{pad}{'JOINT' if at else 'ROOT'} {name}",
            f"{pad}{{",
            f"{pad}\tOFFSET {offset}",
            f"{pad}\tCHANNELS {moves} Zrotation Xrotation Yrotation",
        ]
        order.append(at)
        if not children[at]:
            lines += [f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET 0 0 0", f"{pad}\t}}"]
        todo.append((-1, depth))
        todo += [(child, depth + 1) for child in reversed(children[at])]


def euler_zxy(turns: Any) -> Any:
    """Degrees about z, then x, then y of the turned axes [...,3], for quaternions [...,4]."""
    import numpy as np

    x_axis = rotated(turns, np.array([1.0, 0.0, 0.0]))
    y_axis = rotated(turns, np.array([0.0, 1.0, 0.0]))
    z_axis = rotated(turns, np.array([0.0, 0.0, 1.0]))
    x = np.arctan2(y_axis[..., 2], np.hypot(y_axis[..., 0], y_axis[..., 1]))
    locked = np.hypot(y_axis[..., 0], y_axis[..., 1]) < 1e-7
    y = np.where(locked, 0.0, np.arctan2(-x_axis[..., 2], z_axis[..., 2]))
    z = np.where(
        locked,
        np.arctan2(x_axis[..., 1], x_axis[..., 0]),
        np.arctan2(-y_axis[..., 0], y_axis[..., 1]),
    )
    return np.degrees(np.stack((z, x, y), axis=-1))
