"""Depth: how near things are, read by a net; and the surface that a depth map stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import Context, Image, ModelSource, node
from musegraph_nodes.image.filters import resample

from .estimators import Estimator, Precision, reference
from .planes import grey, opaque, shown

if TYPE_CHECKING:
    from torch import Tensor

_METRIC = ("zoedepth", "depth_pro", "glpn")


@node(version="1", numeric=True, uses="device")
def depth(
    image: Image,
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers: DPT, Depth Anything and so on.",
            json_schema_extra={"models": ["depth"]},
        ),
    ],
    ctx: Context,
    near: Annotated[
        Literal["white", "black"],
        Field(description="White is what ControlNets take."),
    ] = "white",
    precision: Precision = "auto",
) -> Image:
    """Read from pictures how near things are; each picture reaches from black to white.

    For any net that transformers opens to estimate depth. One that gives distances in metres is
    turned into nearness, 1 / distance, first. Size and scale are those that its folder asks for.
    """
    import torch

    ref = reference(source, "depth", precision, ctx)
    data = opaque(image)
    made = []
    with ctx.load(ref) as live, torch.no_grad():
        for index, one in enumerate(data.split(1)):
            ctx.progress(index, len(data))
            made.append(_nearness(live, one.to(ctx.device), image.size))
    plane = torch.cat(made)
    return shown(plane if near == "white" else 1 - plane)


@node(version="1", numeric=True)
def normals(
    image: Annotated[Image, Field(description="A depth map; what is near is white.")],
    relief: Annotated[
        float, Field(ge=0, le=4096, description="How far white stands out from black, in pixels.")
    ] = 48.0,
    convention: Annotated[
        Literal["controlnet", "opengl", "directx"],
        Field(
            description="ControlNet: red looks left, green up; OpenGL: red right, green up;"
            " DirectX: red right, green down. Blue looks at you."
        ),
    ] = "controlnet",
) -> Image:
    """Draw the normals of the surface that a depth map stands for, as colours: (n + 1) / 2.

    The slopes are Sobel's; a flat surface is (0.5, 0.5, 1).
    """
    import torch
    import torch.nn.functional as F

    planes = F.pad(grey(image)[:, None] * relief, (1, 1, 1, 1), mode="replicate")[:, 0]
    rows = planes[:, :-2] + 2 * planes[:, 1:-1] + planes[:, 2:]
    columns = planes[..., :-2] + 2 * planes[..., 1:-1] + planes[..., 2:]
    right = -(rows[..., 2:] - rows[..., :-2]) / 8
    up = (columns[:, 2:] - columns[:, :-2]) / 8
    red = -right if convention == "controlnet" else right
    green = -up if convention == "directx" else up
    vectors = torch.stack((red, green, torch.ones_like(red)), dim=-1)
    return Image(F.normalize(vectors, dim=-1) / 2 + 0.5)


def _nearness(live: Estimator, data: Tensor, size: tuple[int, int]) -> Tensor:
    """[1,H,W] from 0, the farthest, to 1, the nearest."""
    wanted = _size(live, size)
    fitted = data if wanted == size else resample(data, wanted, "bicubic").clamp(0, 1)
    planes = live.normalised(fitted.permute(0, 3, 1, 2))
    found = live.net(pixel_values=planes).predicted_depth.float()
    found = found.reshape(1, *found.shape[-2:], 1)
    if _is_metric(live.config):
        found = 1 / found.clamp(min=1e-3)
    plane = found if found.shape[1:3] == data.shape[1:3] else resample(found, size, "bicubic")
    low, high = plane.amin(), plane.amax()
    return ((plane - low) / (high - low).clamp(min=1e-12))[..., 0]


def _is_metric(config: Any) -> bool:
    return (
        config.model_type in _METRIC
        or getattr(config, "depth_estimation_type", "relative") == "metric"
    )


def _size(live: Estimator, size: tuple[int, int]) -> tuple[int, int]:
    """The size that a net is shown a picture at: what its folder says of size, shape and multiple.

    As ``DPTImageProcessor`` has it: with ``keep_aspect_ratio`` both sides are scaled by the factor
    that changes less.
    """
    wants = live.wants
    asked = wants.get("size") or {}
    if isinstance(asked, int):
        asked = {"height": asked, "width": asked}
    short = asked.get("shortest_edge")
    if not wants.get("do_resize", True):
        high, wide = size[1], size[0]
    elif short:
        factor = short / min(size)
        high, wide = size[1] * factor, size[0] * factor
    else:
        high, wide = asked.get("height", 384), asked.get("width", 384)
        if wants.get("keep_aspect_ratio"):
            across, down = wide / size[0], high / size[1]
            factor = across if abs(1 - across) < abs(1 - down) else down
            high, wide = size[1] * factor, size[0] * factor
    multiple = wants.get("ensure_multiple_of") or _patch(live.config)
    return _near(wide, multiple), _near(high, multiple)


def _patch(config: Any) -> int:
    inner = getattr(config, "backbone_config", None)
    found = getattr(inner, "patch_size", None) or getattr(config, "patch_size", None) or 1
    return int(found[0] if isinstance(found, list | tuple) else found)


def _near(side: float, multiple: int) -> int:
    return max(1, round(side / multiple)) * multiple
