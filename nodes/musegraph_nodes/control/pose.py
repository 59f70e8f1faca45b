"""Poses: the points of bodies, read by a net and drawn as pose ControlNets want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Json, Mask, ModelError, ModelSource, NodeError, node
from musegraph_nodes.image.filters import gaussian
from musegraph_nodes.image.mask_tools import bounds
from musegraph_nodes.image.pixels import Share, check_size, described

from .estimators import Estimator, Precision, reference
from .planes import opaque
from .skeleton import Point, body, drawn, read, written

if TYPE_CHECKING:
    from torch import Tensor


_WIDER = 1.25
"""How much larger than a person the net is shown: as VitPose was trained."""

Thickness = Annotated[
    float, Field(ge=0, le=64, description="Of limbs, in pixels; 0 is 4 at a side of 512.")
]
Frame = tuple[float, float, float, float]
"""What the net is shown of the picture: left, top, width and height in pixels."""


class Pose(NamedTuple):
    """The bodies drawn, and their points as OpenPose writes them."""

    image: Image
    keypoints: Json


@node(version="1", numeric=True, uses="device")
def pose(
    image: Image,
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers with VitPose.",
            json_schema_extra={"models": ["pose"]},
        ),
    ],
    ctx: Context,
    people: Annotated[
        list[Mask] | None,
        Field(description="A mask over each person; without any, one fills the picture."),
        ADVANCED,
    ] = None,
    least: Annotated[
        Share,
        Field(description="How sure the net has to be of a point that is drawn."),
        ADVANCED,
    ] = 0.3,
    thickness: Annotated[Thickness, ADVANCED] = 0.0,
    precision: Annotated[Precision, ADVANCED] = "auto",
) -> Pose:
    """Read the pose of each person with VitPose, and draw it in the colours of OpenPose.

    The net sees one person at a time: what each mask shows, as image.mask_pieces lists them. The 17
    points of COCO become OpenPose's 18; the neck lies between the shoulders.
    """
    import torch

    if len(image.data) != 1:
        raise NodeError(
            f"the batch holds {len(image.data)} pictures and people differ from one to the next;"
            " image.split makes a list of them"
        )
    boxes = [_around(mask, image) for mask in people or []]
    if people is None:
        boxes = [(0, 0, *image.size)]
    ref = reference(source, "pose", precision, ctx)
    found = []
    with ctx.load(ref) as live, torch.no_grad():
        _check(live, source)
        data = opaque(image).to(ctx.device)
        for index, box in enumerate(boxes):
            ctx.progress(index, len(boxes))
            found.append(body(_points(live, data, box), least))
    page = drawn(found, image.size, thickness or _usual(image.size))
    return Pose(Image(page[None]), written(found, image.size))


@node(version="1", numeric=True)
def draw_pose(
    keypoints: Annotated[Json, Field(description="As OpenPose writes them, 18 to a person.")],
    width: Annotated[
        int, Field(ge=0, le=16384, description="In pixels; 0 takes what the points say.")
    ] = 0,
    height: Annotated[
        int, Field(ge=0, le=16384, description="In pixels; 0 takes what the points say.")
    ] = 0,
    thickness: Thickness = 0.0,
) -> Image:
    """Draw bodies in the colours of OpenPose, on black; with another size they are scaled."""
    people, own = read(keypoints)
    size = (width or own[0], height or own[1])
    if not all(size):
        raise NodeError("the points do not say of what size their picture is; set width and height")
    check_size(*size)
    across, down = (wanted / (side or wanted) for wanted, side in zip(size, own, strict=True))
    scaled = [[(x * across, y * down, sure) for x, y, sure in person] for person in people]
    return Image(drawn(scaled, size, thickness or _usual(size))[None])


def _usual(size: tuple[int, int]) -> float:
    return max(1.0, min(size) / 128)


def _around(mask: Mask, image: Image) -> tuple[int, int, int, int]:
    if mask.data.shape[1:] != image.data.shape[1:3]:
        raise NodeError(
            f"a mask is {described(mask.data)} and the picture {described(image.data)};"
            " image.mask_resize makes them agree"
        )
    found = bounds((mask.data > 0).any(dim=0))
    if found is None:
        raise NodeError("a mask of people is empty; leave it out, or paint over the person")
    left, top, right, bottom = found
    return left, top, right - left, bottom - top


def _check(live: Estimator, source: str) -> None:
    points = live.config.num_labels
    if points != 17:
        raise ModelError(
            f"the model {source!r} reads {points} points of a body, and only those with the 17 of"
            " COCO are known here"
        )


def _points(live: Estimator, data: Tensor, box: tuple[int, int, int, int]) -> list[Point]:
    """The points of the one person in a box of a picture [1,H,W,3], in its pixels."""
    import torch

    config = live.config.backbone_config
    high, wide = config.image_size
    frame = _frame(box, wide / high)
    options = {}
    if getattr(config, "num_experts", 1) > 1:  # ViTPose+: the expert for COCO is the first
        options["dataset_index"] = torch.zeros(1, dtype=torch.long, device=data.device)
    planes = live.normalised(_seen(data, frame, (wide, high)))
    return read_maps(live.net(pixel_values=planes, **options).heatmaps[0].float(), frame)


def _frame(box: tuple[int, int, int, int], shape: float) -> Frame:
    """A box in the shape of the net's view and somewhat larger, about the same middle."""
    left, top, width, height = box
    wide = _WIDER * max(width, height * shape)
    high = wide / shape
    return left + width / 2 - wide / 2, top + height / 2 - high / 2, wide, high


def _seen(data: Tensor, frame: Frame, size: tuple[int, int]) -> Tensor:
    """[1,3,h,w] of what lies in a frame: the middles of its corner pixels lie in its corners.

    This is the unbiased way of Huang et al. (2020) that VitPose was trained with; outside the
    picture it is black.
    """
    import torch
    import torch.nn.functional as F

    left, top, wide, high = frame
    x = left + torch.arange(size[0], device=data.device) * (wide / (size[0] - 1))
    y = top + torch.arange(size[1], device=data.device) * (high / (size[1] - 1))
    height, width = data.shape[1:3]
    across = ((x + 0.5) / width * 2 - 1).expand(size[1], -1)
    down = ((y + 0.5) / height * 2 - 1)[:, None].expand(-1, size[0])
    places = torch.stack((across, down), dim=-1)[None].to(data)
    return F.grid_sample(data.permute(0, 3, 1, 2), places, "bilinear", "zeros", False)


def read_maps(maps: Tensor, frame: Frame) -> list[Point]:
    """The point that each heat map [h,w] peaks at, finer than its pixels, in those of the picture.

    DARK (Zhang et al. 2020): one step of Newton's method on the logarithm of the smoothed map.
    """
    height, width = maps.shape[1:]
    smooth = gaussian(maps[..., None], 0.8)[..., 0].clamp(0.001, 50).log().double()
    found: list[Point] = []
    for raw, curve in zip(maps, smooth, strict=True):
        at = int(raw.argmax())
        y, x = divmod(at, width)
        sure = float(raw[y, x])
        fine_x, fine_y = x + 0.0, y + 0.0
        if 0 < x < width - 1 and 0 < y < height - 1:
            step = _newton(curve[y - 1 : y + 2, x - 1 : x + 2].tolist())
            fine_x, fine_y = fine_x + step[0], fine_y + step[1]
        left, top, wide, high = frame
        found.append((left + fine_x * wide / (width - 1), top + fine_y * high / (height - 1), sure))
    return found


def _newton(near: list[list[float]]) -> tuple[float, float]:
    """Where a surface is highest by its 3 × 3 values, at most a pixel from the middle."""
    (a, n, b), (w, c, e), (d, s, f) = near
    slope_x, slope_y = (e - w) / 2, (s - n) / 2
    xx, yy, xy = e - 2 * c + w, s - 2 * c + n, (f + a - b - d) / 4
    size = xx * yy - xy * xy
    if xx >= 0 or size <= 1e-12:
        return 0.0, 0.0  # no peak
    x, y = (xy * slope_y - yy * slope_x) / size, (xy * slope_x - xx * slope_y) / size
    return max(-1.0, min(1.0, x)), max(-1.0, min(1.0, y))
