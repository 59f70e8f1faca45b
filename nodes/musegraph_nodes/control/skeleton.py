"""Bodies of 18 points as OpenPose has them: from points of COCO, and drawn in its colours.

Points, limbs and colours are those of OpenPose's COCO model (Cao et al., 2017), which pose
ControlNets were trained on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph import Json, NodeError

if TYPE_CHECKING:
    from torch import Tensor

POINTS = 18
_NECK = -1
# Which point of COCO each is: nose, neck, right shoulder, elbow, wrist, left ones, right hip, knee,
# ankle, left ones, right eye, left eye, right ear, left ear.
_OF_COCO = (0, _NECK, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12),
    (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip
_SHADE = 0.6

Point = tuple[float, float, float]
"""Across and down in pixels, and how sure; 0 is not seen."""


class _Person(BaseModel):
    model_config = ConfigDict(extra="allow")

    pose_keypoints_2d: list[float] = Field(min_length=3 * POINTS, max_length=3 * POINTS)


class _Canvas(BaseModel):
    model_config = ConfigDict(extra="allow")

    canvas_width: int = Field(0, ge=0)
    canvas_height: int = Field(0, ge=0)
    people: list[_Person] = Field(max_length=1000)


def body(coco: list[Point], least: float) -> list[Point]:
    """The 18 points of one of 17 of COCO; what is less sure is not seen, the neck lies between."""
    left, right = coco[5], coco[6]
    neck = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2, min(left[2], right[2]))
    points = [neck if at == _NECK else coco[at] for at in _OF_COCO]
    return [_rounded(point) if point[2] >= least else (0.0, 0.0, 0.0) for point in points]


def _rounded(point: Point) -> Point:
    """As it is written, so that what is drawn is what is written."""
    x, y, sure = (round(value, 4) for value in point)
    return x, y, sure


def written(people: list[list[Point]], size: tuple[int, int]) -> Json:
    """People as OpenPose writes them, with the size of the picture."""
    flat = [[value for point in person for value in point] for person in people]
    return {
        "canvas_width": size[0],
        "canvas_height": size[1],
        "people": [{"pose_keypoints_2d": person} for person in flat],
    }


def read(keypoints: Json) -> tuple[list[list[Point]], tuple[int, int]]:
    """People and the size of the picture from what OpenPose writes; in words what is wrong."""
    given = keypoints[0] if isinstance(keypoints, list) and len(keypoints) == 1 else keypoints
    try:
        canvas = _Canvas.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise NodeError(
            f"these are no points as OpenPose writes them: {where}: {first['msg']}; give an object"
            " with people, each with pose_keypoints_2d: 18 times x, y and how sure"
        ) from None
    flat = [person.pose_keypoints_2d for person in canvas.people]
    if not all(math.isfinite(value) for person in flat for value in person):
        raise NodeError("a point is no finite number; give x and y in pixels")
    people = [
        [(one[at], one[at + 1], one[at + 2]) for at in range(0, 3 * POINTS, 3)] for one in flat
    ]
    return people, (canvas.canvas_width, canvas.canvas_height)


def drawn(people: list[list[Point]], size: tuple[int, int], thickness: float) -> Tensor:
    """[H,W,3]: limbs as ellipses in darker colours, points as circles in full ones, on black."""
    import torch

    page = torch.zeros(size[1], size[0], 3)
    for person in people:
        for (a, b), colour in zip(_LIMBS, COLOURS, strict=False):
            if person[a][2] > 0 and person[b][2] > 0:
                _limb(page, person[a], person[b], thickness, colour)
    for person in people:
        for point, colour in zip(person, COLOURS, strict=True):
            if point[2] > 0:
                _ellipse(page, (point[0], point[1]), (thickness, thickness), 0.0, colour, 1.0)
    return page


def _limb(page: Tensor, a: Point, b: Point, thickness: float, colour: tuple[int, int, int]) -> None:
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    _ellipse(page, middle, (max(length / 2, thickness), thickness), angle, colour, _SHADE)


def _ellipse(
    page: Tensor,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float,
    colour: tuple[int, int, int],
    shade: float,
) -> None:
    """Fill an ellipse on the page, its edge one pixel soft."""
    import torch

    height, width = page.shape[:2]
    reach = max(radii) + 1
    left, right = (_clipped(centre[0] + side * reach, width) for side in (-1, 1))
    top, bottom = (_clipped(centre[1] + side * reach, height) for side in (-1, 1))
    if left >= right or top >= bottom:
        return
    x = torch.arange(left, right) + 0.5 - centre[0]
    y = (torch.arange(top, bottom) + 0.5 - centre[1])[:, None]
    along = (x * math.cos(angle) + y * math.sin(angle)) / radii[0]
    beside = (y * math.cos(angle) - x * math.sin(angle)) / radii[1]
    near = torch.hypot(along, beside)
    slope = torch.hypot(along / radii[0], beside / radii[1]).clamp(min=1e-9)
    cover = (0.5 - near * (near - 1) / slope).clamp(0, 1).where(near > 1e-6, near * 0 + 1)
    part = page[top:bottom, left:right]
    part += cover[..., None] * (torch.tensor(colour) / 255 * shade - part)


def _clipped(at: float, side: int) -> int:
    return int(min(max(math.floor(at), 0), side))
