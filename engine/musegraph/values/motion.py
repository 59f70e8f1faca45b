"""Motion: how a skeleton turns and where its root goes, frame by frame, with the skeleton itself.

Metres, seconds and radians; y is up, and a figure at rest looks along z with its left to x.
torch and NumPy are imported inside functions only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musegraph.errors import NodeError
from musegraph.values.media import Media
from musegraph.values.turns import placed, steady

if TYPE_CHECKING:
    from torch import Tensor

MOST_JOINTS = 512
MOST_FRAMES = 1_000_000
FARTHEST = 10_000.0
"""Metres from the origin that a root or a joint may lie; beyond it numbers are no places."""
END = "_end"
"""A joint so named only says where its parent ends: it never turns."""


_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
_OFFSETS = (
    (0.0, 0.0, 0.0), (0.09, -0.06, 0.0), (-0.09, -0.06, 0.0), (0.0, 0.11, -0.01),
    (0.015, -0.41, 0.005), (-0.015, -0.41, 0.005), (0.0, 0.13, 0.0), (0.0, -0.41, -0.02),
    (0.0, -0.41, -0.02), (0.0, 0.06, 0.02), (0.015, -0.06, 0.13), (-0.015, -0.06, 0.13),
    (0.0, 0.21, -0.03), (0.07, 0.12, -0.02), (-0.07, 0.12, -0.02), (0.0, 0.10, 0.03),
    (0.11, 0.03, -0.01), (-0.11, 0.03, -0.01), (0.27, 0.0, 0.0), (-0.27, 0.0, 0.0),
    (0.25, 0.0, 0.0), (-0.25, 0.0, 0.0), (0.09, 0.0, 0.0), (-0.09, 0.0, 0.0),
)  # fmt: skip


class MotionError(Exception):
    """Bytes that hold no motion that can be read, in a clause."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joints by name, the joint that each hangs from, and where it lies there at rest, in metres.

    A parent stands before its children; the first joint is the root and its parent is -1. At rest
    no joint turns, so that offsets add up. ``family`` names a layout that others know (``smpl``).
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: tuple[tuple[float, float, float], ...]
    family: str = ""

    def __post_init__(self) -> None:
        count = len(self.names)
        if not 1 <= count <= MOST_JOINTS:
            raise NodeError(f"a Skeleton has 1 to {MOST_JOINTS} joints, and got {count}")
        if len(self.parents) != count or len(self.offsets) != count:
            raise NodeError(
                f"a Skeleton of {count} joints has as many parents and offsets, and got"
                f" {len(self.parents)} and {len(self.offsets)}"
            )
        if len(set(self.names)) != count:
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise NodeError(f"two joints of a Skeleton are called {twice!r}; names differ")
        if self.parents[0] != -1 or any(
            not 0 <= parent < at for at, parent in enumerate(self.parents) if at
        ):
            raise NodeError(
                "the first joint of a Skeleton is its root with the parent -1, and the parent of"
                " each other one stands before it"
            )
        if {len(place) for place in self.offsets} != {3} or not all(
            math.isfinite(x) and abs(x) <= FARTHEST for place in self.offsets for x in place
        ):
            raise NodeError(f"an offset of a Skeleton is three numbers up to {FARTHEST:g} metres")

    @property
    def ends(self) -> tuple[bool, ...]:
        """Which joints only say where their parent ends: they have no child and never turn."""
        inner = set(self.parents)
        return tuple(
            name.endswith(END) and at not in inner and at > 0 for at, name in enumerate(self.names)
        )

    @staticmethod
    def body() -> Skeleton:
        """A body 1.7 m tall with the 24 joints of SMPL in their order, and proportions of our own.

        At rest its arms are spread to the sides.
        """
        return Skeleton(_NAMES, _PARENTS, _OFFSETS, "smpl")

    def joint(self, name: str) -> int:
        """The number of a joint; a sentence if there is none of that name."""
        if name not in self.names:
            known = ", ".join(self.names[:40])
            raise NodeError(f"the skeleton has no joint {name!r}; it has {known}")
        return self.names.index(name)


@dataclass(frozen=True, eq=False, slots=True)
class Motion(Media):
    """A skeleton in motion, ``fps`` frames a second.

    ``rotations`` [T,J,4]: local unit quaternions w, x, y, z, how a joint is turned in its parent;
    ``root`` [T,3]: where the first joint is, in metres. Both float32 or float64.
    """

    rotations: Tensor
    root: Tensor
    fps: float
    skeleton: Skeleton

    def __post_init__(self) -> None:
        joints = len(self.skeleton.names)
        shape = tuple(getattr(self.rotations, "shape", ()))
        if len(shape) != 3 or shape[1:] != (joints, 4):
            raise NodeError(
                f"the rotations of a Motion with {joints} joints are [T,{joints},4], and got the"
                f" shape {list(shape)}"
            )
        if tuple(getattr(self.root, "shape", ())) != (shape[0], 3):
            raise NodeError(
                f"the root of a Motion of {shape[0]} frames is [{shape[0]},3], and got the shape"
                f" {list(getattr(self.root, 'shape', ()))}"
            )
        if not 1 <= shape[0] <= MOST_FRAMES:
            raise NodeError(f"a Motion has 1 to {MOST_FRAMES:,} frames, and got {shape[0]:,}")
        if not 1 <= self.fps <= 1000:
            raise NodeError(f"a Motion has 1 to 1000 frames a second, and got {self.fps:g}")

    @property
    def frames(self) -> int:
        return int(self.rotations.shape[0])

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def positions(self) -> Tensor:
        """Where all joints are, [T,J,3] in metres, as exact as float64 is."""
        import torch

        turns = self.rotations.detach().cpu().double().numpy()
        root = self.root.detach().cpu().double().numpy()
        return torch.from_numpy(placed(turns, root, self.skeleton)[1])


def checked(rotations: Any, root: Any, fps: float, skeleton: Skeleton, name: str) -> Motion:
    """A motion of arrays that came from a file: finite, its quaternions of length 1."""
    import numpy as np
    import torch

    if not 1 <= len(rotations) <= MOST_FRAMES:
        raise NodeError(
            f"{name!r} has {len(rotations):,} frames; a motion has 1 to {MOST_FRAMES:,}"
        )
    rotations, root = np.asarray(rotations, float), np.array(root, float)
    for what, numbers in (("rotation", rotations), ("place", root)):
        wrong = ~np.isfinite(numbers).all(axis=tuple(range(1, numbers.ndim)))
        if wrong.any():
            first = int(wrong.argmax()) + 1
            raise NodeError(f"{name!r} has a {what} in frame {first} that is no finite number")
    if np.abs(root).max() > FARTHEST:
        raise NodeError(f"{name!r} goes further than {FARTHEST:g} m from the origin")
    length = np.linalg.norm(rotations, axis=-1, keepdims=True)
    if (length < 1e-6).any():
        raise NodeError(f"{name!r} has a rotation of length 0, which is none")
    return Motion(
        torch.from_numpy(steady(rotations / length)), torch.from_numpy(root), float(fps), skeleton
    )
