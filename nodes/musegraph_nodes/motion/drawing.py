"""Frames of figures one after the other, never all of them in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musegraph import NodeError

from .camera import shots
from .contacts import floor_of
from .figure import DRESSES, SCENES, draw, shadow, stage
from .flesh import Flesh
from .turns import Doubles, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from musegraph import Motion, Skeleton

    from .camera import Shot
    from .looks import Look, Stage, View


class Picture(NamedTuple):
    """How figures are drawn."""

    look: Look = "body"
    stage: Stage = "studio"
    view: View = "three quarters"
    width: int = 512
    height: int = 512
    follow: bool = True
    closer: float = 1.0


def at_rate(motions: Sequence[Motion], fps: float, apart: float) -> list[Doubles]:
    """Places [T,J,3] of figures at one rate, side by side on the floor."""
    from .body import LEGS, arrays, parts_of, sole_of
    from .shaping import sampled

    seconds = min(one.seconds for one in motions)
    made = []
    for number, one in enumerate(motions):
        at = np.arange(max(round(seconds * fps), 1)) * one.fps / fps
        turns, root = sampled(*arrays(one), at)
        where = placed(turns, root, one.skeleton)[1]
        parts = parts_of(one.skeleton)
        if parts.keys() >= LEGS:
            where[..., 1] += sole_of(one.skeleton) - floor_of(where, one.skeleton)
        else:
            where[..., 1] -= float(where[..., 1].min())
        where[..., 0] += (number - (len(motions) - 1) / 2) * -apart
        made.append(where)
    return made


def frames(
    motions: Sequence[Motion], picture: Picture, fps: float, apart: float = 1.3
) -> Iterator[NDArray[np.uint8]]:
    """Pictures [H,W,3] of figures, one by one."""
    if picture.width % 2 or picture.height % 2:
        raise NodeError(
            f"the frames would be {picture.width} × {picture.height}; films need even numbers"
        )
    places = at_rate(motions, fps, apart)
    cameras = shots(places, picture.view, picture.width, picture.height, fps, picture.follow,
                    picture.closer)  # fmt: skip
    bodies = [Flesh(one.skeleton) for one in motions]
    scene = SCENES["white" if picture.look == "silhouette" else picture.stage]
    still: tuple[Doubles, NDArray[np.float32]] | None = None
    for at, shot in enumerate(cameras):
        if still is None or not np.array_equal(still[0], shot.eye):
            still = (shot.eye, stage(shot, scene))
        page = still[1].copy()
        now = [body.points(where[at]) for body, where in zip(bodies, places, strict=True)]
        if picture.look != "silhouette" and scene.shadow:
            shadow(page, shot, list(zip(now, bodies, strict=True)), scene.shadow)
        canvas = None
        for number, (where, body) in enumerate(zip(now, bodies, strict=True)):
            dress = DRESSES[number % len(DRESSES)]
            if picture.look == "silhouette":
                dress = ((0.0, 0.0, 0.0),) * 4
            canvas = draw(page, shot, where, body, picture.look, dress, canvas)
        yield (np.clip(page, 0, 1) * 255 + 0.5).astype(np.uint8)


def cutouts(
    where: Doubles, skeleton: Skeleton, cameras: Sequence[Shot], look: Look
) -> Iterator[NDArray[np.float32]]:
    """Pictures [H,W,4] of a figure at places [T,J,3] on nothing, one by one.

    Each is drawn on black and on white: where the two differ it can be seen through.
    """
    body = Flesh(skeleton)
    dress = ((0.0, 0.0, 0.0),) * 4 if look == "silhouette" else DRESSES[0]
    for now, shot in zip(where, cameras, strict=True):
        pages = [np.full((shot.height, shot.width, 3), tone, np.float32) for tone in (0, 1)]
        for page in pages:
            draw(page, shot, body.points(now), body, look, dress)
        clear = np.clip((pages[1] - pages[0]).mean(axis=-1, keepdims=True), 0, 1)
        seen = 1 - clear
        colour = np.clip(pages[0] / np.maximum(seen, 1e-4), 0, 1) * (seen > 1e-3)
        yield np.concatenate((colour, seen), axis=-1).astype(np.float32)


OPENPOSE = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip


def pose_points(
    where: Doubles, parts: dict[str, int], shot: Shot
) -> list[tuple[float, float, float]]:
    """The 18 points of OpenPose of a figure [J,3] as a camera sees them; those of a head of ours.

    Eyes and ears that the head itself hides are not seen.
    """
    from .turns import unit

    head, neck = where[parts["head"]], where[parts["neck"]]
    left, right = where[parts["left_shoulder"]], where[parts["right_shoulder"]]
    up = unit(head - neck)
    aside = unit(left - right)
    ahead = unit(np.cross(aside, up))
    middle = head + 0.08 * up
    face = {
        "nose": middle + 0.10 * ahead,
        "left_eye": middle + 0.035 * aside + 0.085 * ahead + 0.03 * up,
        "right_eye": middle - 0.035 * aside + 0.085 * ahead + 0.03 * up,
        "left_ear": middle + 0.075 * aside, "right_ear": middle - 0.075 * aside,
    }  # fmt: skip
    away = unit(shot.eye - middle)
    hidden = {
        "nose": float(ahead @ away) < -0.1, "left_eye": float((ahead + 0.6 * aside) @ away) < -0.05,
        "right_eye": float((ahead - 0.6 * aside) @ away) < -0.05,
        "left_ear": float((aside - 0.3 * ahead) @ away) < -0.4,
        "right_ear": float((-aside - 0.3 * ahead) @ away) < -0.4,
    }  # fmt: skip
    places = {"neck": (left + right) / 2, **face}
    made = []
    for name in OPENPOSE:
        place = places.get(name, where[parts[name]] if name in parts else None)
        if place is None or hidden.get(name):
            made.append((0.0, 0.0, 0.0))
            continue
        (x, y) = shot.seen(place[None])[0][0]
        made.append((round(float(x), 4), round(float(y), 4), 1.0))
    return made
