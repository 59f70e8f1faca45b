"""The loader `transformers`: a net that reads depth, poses or words from pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import Context, Loader, ModelError, Reference
from musegraph_nodes.live import quiet, transformer

if TYPE_CHECKING:
    from torch import Tensor

LOADER = "control.transformers"
Precision = Annotated[
    Literal["auto", "float32", "float16", "bfloat16"],
    Field(description="Of the arithmetic. auto: float32 on the CPU, float16 on a GPU."),
]
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Estimator:
    """A net, its configuration, and how its ``preprocessor_config.json`` wants pictures."""

    net: Any
    wants: dict[str, Any]

    @property
    def config(self) -> Any:
        return self.net.config

    def normalised(self, planes: Tensor) -> Tensor:
        """[B,3,H,W] of 0..1 on the scale that the net was trained on, in its type of number."""
        if self.wants.get("do_normalize", True):
            mean = planes.new_tensor(self.wants.get("image_mean") or _MEAN)
            deviation = planes.new_tensor(self.wants.get("image_std") or _DEVIATION)
            planes = (planes - mean[:, None, None]) / deviation[:, None, None]
        return planes.to(self.net.dtype)


def reference(source: str, part: str, precision: str, ctx: Context) -> Reference:
    """A reference to a net in a model folder; ``part`` is what it reads from pictures."""
    found = ctx.weights(source)
    if not (found.path / "config.json").is_file():
        raise ModelError(
            f"{source!r} is no model folder of transformers: {found.path} has no config.json; name"
            " the folder in which config.json and model.safetensors lie"
        )
    return Reference(
        loader=LOADER,
        source=source,
        part=part,
        digest=found.digest,
        family=part,
        options={"precision": precision},
    )


def load(ref: Reference, place: Path, device: str) -> Estimator:
    """Open the net that a reference names; what is wrong with its folder is a ModelError."""
    import torch

    asked = str(ref.options.get("precision", "auto"))
    if asked == "auto":
        asked = "float32" if device == "cpu" else "float16"
    net = transformer(_class(ref.part), ref, place, getattr(torch, asked), what=f"{ref.part} model")
    net = net.requires_grad_(False).to(device)
    if ref.part == "caption":
        from .caption import captioner

        with quiet():
            return captioner(net, _wants(place), place, ref.source)
    return Estimator(net, _wants(place))


def _class(part: str) -> Any:
    import transformers

    name = {
        "caption": "AutoModelForImageTextToText",
        "depth": "AutoModelForDepthEstimation",
        "pose": "VitPoseForPoseEstimation",
    }[part]
    return getattr(transformers, name)


def _wants(place: Path) -> dict[str, Any]:
    file = place / "preprocessor_config.json"
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ModelError(f"{file} is damaged: it is no JSON object; get it again")
    return found


def size(live: Estimator) -> int:
    """The bytes of a net."""
    tensors = (*live.net.parameters(), *live.net.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


transformers = Loader(load, size)
