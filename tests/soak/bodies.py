"""Skeletons of other programs, by rule: other names, proportions, rest poses and joints between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musegraph import Skeleton
from musegraph_nodes.motion.body import BODY

SMPL = tuple(
    f"{name[0].upper()}_{name.partition('_')[2].title()}"
    if name.startswith(("left", "right"))
    else name.title()
    for name in BODY.names
)
"""The joints of SMPL as exports to FBX and BVH call them: L_Hip, Spine1."""


class Bone(NamedTuple):
    """A joint, what it hangs from and where it is there at rest, in metres."""

    name: str
    parent: str
    x: float
    y: float
    z: float


def _both(*bones: Bone) -> list[Bone]:
    """Bones of a left limb, then those of the right."""
    right = [
        Bone(b.name.replace("Left", "Right").replace("LHip", "RHip"),
             b.parent.replace("Left", "Right").replace("LHip", "RHip"), -b.x, b.y, b.z)
        for b in bones
    ]  # fmt: skip
    return [*bones, *right]


def _mixamo() -> list[Bone]:
    """A figure of a game: long straight legs, arms out, a toe beyond the ball, no hands' ends."""
    legs = _both(
        Bone("LeftUpLeg", "Hips", 0.09, -0.06, 0), Bone("LeftLeg", "LeftUpLeg", 0, -0.52, 0),
        Bone("LeftFoot", "LeftLeg", 0, -0.50, -0.01),
        Bone("LeftToeBase", "LeftFoot", 0, -0.10, 0.12),
        Bone("LeftToe_End", "LeftToeBase", 0, 0, 0.09),
    )  # fmt: skip
    arms = _both(
        Bone("LeftShoulder", "Spine2", 0.06, 0.10, 0), Bone("LeftArm", "LeftShoulder", 0.13, 0, 0),
        Bone("LeftForeArm", "LeftArm", 0.30, 0, 0), Bone("LeftHand", "LeftForeArm", 0.27, 0, 0),
    )  # fmt: skip
    trunk = [
        Bone("Hips", "", 0, 0, 0), Bone("Spine", "Hips", 0, 0.11, 0),
        Bone("Spine1", "Spine", 0, 0.12, 0), Bone("Spine2", "Spine1", 0, 0.14, 0),
        Bone("Neck", "Spine2", 0, 0.16, 0), Bone("Head", "Neck", 0, 0.10, 0.02),
    ]  # fmt: skip
    return [bone._replace(name=f"mixamorig:{bone.name}",
                          parent=bone.parent and f"mixamorig:{bone.parent}")
            for bone in trunk + legs + arms]  # fmt: skip


def _cmu() -> list[Bone]:
    """As CMU's captures were turned into BVH: legs astride at rest, joints that do not move."""
    legs = _both(
        Bone("LHipJoint", "Hips", 0, 0, 0), Bone("LeftUpLeg", "LHipJoint", 0.08, -0.10, 0.05),
        Bone("LeftLeg", "LeftUpLeg", 0.14, -0.37, 0), Bone("LeftFoot", "LeftLeg", 0.14, -0.39, 0),
        Bone("LeftToeBase", "LeftFoot", 0.01, -0.03, 0.13),
    )  # fmt: skip
    arms = _both(
        Bone("LeftShoulder", "Spine1", 0, 0, 0), Bone("LeftArm", "LeftShoulder", 0.18, 0.09, 0),
        Bone("LeftForeArm", "LeftArm", 0.27, 0, 0), Bone("LeftHand", "LeftForeArm", 0.19, 0, 0),
        Bone("LeftFingerBase", "LeftHand", 0, 0, 0),
        Bone("LeftHandIndex1", "LeftFingerBase", 0.04, 0, 0), Bone("LThumb", "LeftHand", 0, 0, 0),
    )  # fmt: skip
    arms = [
        b._replace(name="RThumb") if b.name == "LThumb" and b.parent == "RightHand" else b
        for b in arms
    ]
    trunk = [
        Bone("Hips", "", 0, 0, 0), Bone("LowerBack", "Hips", 0, 0, 0),
        Bone("Spine", "LowerBack", 0, 0.11, 0), Bone("Spine1", "Spine", 0, 0.11, 0),
        Bone("Neck", "Spine1", 0, 0, 0), Bone("Neck1", "Neck", 0, 0.09, 0.01),
        Bone("Head", "Neck1", 0, 0.09, -0.01),
    ]  # fmt: skip
    return trunk + legs + arms


def _stretched(
    names: tuple[str, ...], parents: tuple[int, ...], draw: np.random.Generator
) -> Skeleton:
    """Our body with other lengths of legs, arms and trunk, feet included."""
    offsets = np.array(BODY.offsets[: len(names)])
    for words, low, high in (
        (("knee", "ankle"), 0.75, 1.2), (("elbow", "wrist"), 0.8, 1.2), (("hip",), 0.8, 1.3),
        (("foot",), 0.8, 1.3), (("spine", "neck", "head"), 0.85, 1.15),
    ):  # fmt: skip
        size = draw.uniform(low, high)
        for at, name in enumerate(BODY.names[: len(names)]):
            if any(word in name for word in words):
                offsets[at] *= size
    return Skeleton(names, parents, tuple((x, y, z) for x, y, z in offsets.tolist()))


def _built(bones: list[Bone], size: float) -> Skeleton:
    names = tuple(bone.name for bone in bones)
    parents = tuple(names.index(bone.parent) if bone.parent else -1 for bone in bones)
    return Skeleton(names, parents, tuple((size * b.x, size * b.y, size * b.z) for b in bones))


def skeleton(kind: str, draw: np.random.Generator) -> Skeleton:
    """One of a kind; those of other programs are smaller or larger each time."""
    if kind == "ours":
        return BODY
    if kind == "SMPL 24":
        return _stretched(SMPL, BODY.parents, draw)
    if kind == "HumanML3D 22":
        return _stretched(BODY.names[:22], BODY.parents[:22], draw)
    return _built(_mixamo() if kind == "Mixamo" else _cmu(), draw.uniform(0.6, 1.5))


KINDS = ("ours", "SMPL 24", "HumanML3D 22", "Mixamo", "CMU")
