"""Which joint of a skeleton is the left knee: the parts of a body by what they do, by any name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from musegraph import NodeError, Skeleton

if TYPE_CHECKING:
    from musegraph import Motion

    from .turns import Doubles

BODY = Skeleton.body()
NAMES = BODY.names
"""The joints of SMPL in their order, which most models of motion keep."""

SOLE = 0.02
"""How high the ball of a foot stands over the floor, in metres: the sole is that thick."""

LEGS = {f"{side}_{one}" for side in ("left", "right") for one in ("hip", "knee", "ankle")}
"""What a skeleton has to have for its legs to be as long as something."""

# Words in the names of joints, by what they are; the first of a list that is there counts.
_WORDS: dict[str, tuple[str, ...]] = {
    "pelvis": ("pelvis", "hips", "root", "hip"),
    "neck": ("neck", "neck1", "neck01"),
    "head": ("head",),
    "hip": ("hip", "upleg", "thigh", "upperleg"),
    "knee": ("knee", "leg", "shin", "calf", "lowerleg"),
    "ankle": ("ankle", "foot"),
    "foot": ("foot", "toebase", "toe", "ball", "toes"),
    "collar": ("collar", "shoulder", "clavicle"),
    "shoulder": ("shoulder", "arm", "upperarm", "uparm"),
    "elbow": ("elbow", "forearm", "lowerarm", "lowarm"),
    "wrist": ("wrist", "hand"),
    "hand": ("hand", "palm"),
}
_SIDES = (("left", re.compile(r"^l(?:eft)?(?![a-z])|left|(?<![a-z])l$")),
          ("right", re.compile(r"^r(?:ight)?(?![a-z])|right|(?<![a-z])r$")))  # fmt: skip


def parts_of(skeleton: Skeleton) -> dict[str, int]:
    """The joints of a skeleton by the names of :data:`NAMES`; what it has not is left out."""
    if set(NAMES[:22]) <= set(skeleton.names):
        return {name: skeleton.names.index(name) for name in NAMES if name in skeleton.names}
    sides, plain = [], []
    for name in skeleton.names:
        side, rest = _split(name)
        sides.append(side)
        plain.append(rest)
    found: dict[str, int] = {}
    for role in NAMES:
        side, _, word = role.rpartition("_")
        if word.startswith("spine"):
            continue
        at = _first(_words(word, plain, sides), side, plain, sides, found)
        if at is not None:
            found[role] = at
    return _with_spine(found, skeleton)


def _with_spine(found: dict[str, int], skeleton: Skeleton) -> dict[str, int]:
    """Spines are numbered in as many ways as there are programs: they lie from pelvis to neck."""
    at = found.get("neck", found.get("head", -1))
    chain: list[int] = []
    while at >= 0 and skeleton.parents[at] >= 0 and skeleton.parents[at] != found.get("pelvis"):
        at = skeleton.parents[at]
        chain.insert(0, at)
    if "pelvis" in found and chain and skeleton.parents[chain[0]] == found["pelvis"]:
        found["spine1"] = chain[0]
        if len(chain) > 1:
            found["spine3"] = chain[-1]
        if len(chain) > 2:
            found["spine2"] = chain[len(chain) // 2]
    return found


def _split(name: str) -> tuple[str, str]:
    """Its side, and the rest in small letters: mixamorig:LeftUpLeg is left, upleg."""
    bare = name.rpartition(":")[2]
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", bare).lower()
    for side, pattern in _SIDES:
        words = [word for word in re.split(r"[^a-z0-9]+", bare) if word]
        short = side[0]
        if side in words or short in words:
            return side, "".join(word for word in words if word not in (side, short))
        if pattern.match(bare) and bare.startswith(side):
            return side, re.sub(r"[^a-z0-9]", "", bare.removeprefix(side))
    return "", re.sub(r"[^a-z0-9]", "", bare)


def _words(word: str, plain: list[str], sides: list[str]) -> tuple[str, ...]:
    """Shoulder and foot name a joint here and the next one there: told by what else there is."""
    legs = {one for one, side in zip(plain, sides, strict=True) if side}
    if word == "shoulder" and legs & {"arm", "upperarm", "uparm"}:
        return ("arm", "upperarm", "uparm")
    if word == "collar" and not legs & {"arm", "upperarm", "uparm"}:
        return ("collar", "clavicle")
    if word == "foot" and legs & {"toebase", "toe", "ball", "toes"}:
        return ("toebase", "toe", "ball", "toes")
    if word == "foot" and "ankle" not in legs:
        return ()
    if word == "hand" and "wrist" not in legs:
        return ()
    return _WORDS[word]


def _first(
    words: tuple[str, ...], side: str, plain: list[str], sides: list[str], found: dict[str, int]
) -> int | None:
    for word in words:
        for at, (one, own) in enumerate(zip(plain, sides, strict=True)):
            if one == word and own == side and at not in found.values():
                return at
    return None


def need(skeleton: Skeleton, *roles: str) -> list[int]:
    """The joints of these parts of the body; a sentence that names those that are not found."""
    found = parts_of(skeleton)
    missing = [role for role in roles if role not in found]
    if missing:
        known = ", ".join(skeleton.names[:30])
        raise NodeError(
            f"the skeleton has no joint that is known as {', '.join(missing)}; its joints are"
            f" {known}: name them so, or retarget the motion to a body first"
        )
    return [found[role] for role in roles]


def feet(skeleton: Skeleton) -> list[tuple[int, int]]:
    """The ankle and the ball of each foot, left and right; the ankle twice where there is none."""
    found = parts_of(skeleton)
    left, right = need(skeleton, "left_ankle", "right_ankle")
    return [(left, found.get("left_foot", left)), (right, found.get("right_foot", right))]


def leg_length(skeleton: Skeleton) -> float:
    """From hip to ankle along the bones, of both legs on the average."""
    total = 0.0
    for side in ("left", "right"):
        hip, knee, ankle = need(skeleton, f"{side}_hip", f"{side}_knee", f"{side}_ankle")
        total += along(skeleton, hip, knee) + along(skeleton, knee, ankle)
    return total / 2


def sole_of(skeleton: Skeleton) -> float:
    """How high the ball of a foot is over the floor: the sole of ours, as large as the leg is."""
    return SOLE * leg_length(skeleton) / leg_length(BODY)


def along(skeleton: Skeleton, top: int, bottom: int) -> float:
    """The length of the bones from a joint down to one below it."""
    length, at = 0.0, bottom
    while at != top and at >= 0:
        length += sum(part**2 for part in skeleton.offsets[at]) ** 0.5
        at = skeleton.parents[at]
    return length


def arrays(motion: Motion) -> tuple[Doubles, Doubles]:
    """Turns [T,J,4] and the root [T,3] of a motion, as NumPy in float64."""
    return (
        motion.rotations.detach().cpu().double().numpy(),
        motion.root.detach().cpu().double().numpy(),
    )


def motion_of(turns: Doubles, root: Doubles, fps: float, skeleton: Skeleton) -> Motion:
    """A motion of arrays, in float32."""
    import numpy as np
    import torch

    from musegraph import Motion

    from .turns import steady, unit

    return Motion(
        torch.from_numpy(steady(unit(turns)).astype(np.float32)),
        torch.from_numpy(np.array(root, np.float32)),
        fps,
        skeleton,
    )
