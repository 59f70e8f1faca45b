"""ControlNets and T2I-Adapters on disk: what kind each is, and the live nets of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import Loader, ModelError, Reference, read_header
from musegraph_nodes.diffusion.layouts.settings import read_json

from .controlnet_names import config_of, from_first_release

if TYPE_CHECKING:
    from torch import Tensor

LOADER = "diffusion.controlnet"
CLASSES = {
    "ControlNetModel": "controlnet",
    "ControlNetUnionModel": "controlnet_union",
    "T2IAdapter": "t2i_adapter",
    "SD3ControlNetModel": "sd3_controlnet",
    "FluxControlNetModel": "flux_controlnet",
}
_FAMILIES = {768: "sd15", 1024: "sd21", 2048: "sdxl"}
_STEM = "diffusion_pytorch_model"


@dataclass(frozen=True)
class FoundControl:
    """A control found whole: its class, its configuration, and its weights by their header."""

    cls: str
    config: dict[str, Any]
    header: dict[str, dict[str, Any]]
    files: tuple[Path, ...]

    @property
    def kind(self) -> str:
        return CLASSES[self.cls]

    @property
    def kinds(self) -> int:
        """How many kinds of pictures it tells apart; 0 of one that was made for one kind."""
        if self.kind != "controlnet_union":
            return 0
        return int(self.config.get("num_control_type", 6))

    @property
    def family(self) -> str:
        """Which texts it reads; empty if nobody can tell."""
        if self.kind in ("controlnet", "controlnet_union"):
            return _FAMILIES.get(self.config.get("cross_attention_dim", 1280), "")
        return "sdxl" if self.config.get("adapter_type") == "full_adapter_xl" else ""


def read_controlnet(place: Path, source: str) -> FoundControl:
    """Read what a control is from its JSON and its headers; the weights stay where they are."""
    return _single(place, source) if place.is_file() else _folder(place, source)


def _folder(place: Path, source: str) -> FoundControl:
    config = read_json(place / "config.json", source)
    cls = str(config.get("_class_name"))
    if cls not in CLASSES:
        raise ModelError(
            f"{source!r} is a {cls}, no ControlNet or T2I-Adapter that is known here; those are"
            f" {', '.join(CLASSES)}"
        )
    if config.get("num_mode") or config.get("extra_conditioning_channels"):
        raise ModelError(
            f"the ControlNet {source!r} is of many modes in one (union, for FLUX.1) or wants a mask"
            " beside the picture, which is not known here; take one that was made for one kind of"
            " picture"
        )
    files = sorted(place.glob(f"{_STEM}*.safetensors"))
    plain = [file for file in files if file.name == f"{_STEM}.safetensors"]
    files = plain or files
    if not files:
        raise ModelError(
            f"the ControlNet {source!r} is incomplete: {place} holds no {_STEM}.safetensors; get it"
            " again in that format"
        )
    header = {name: entry for file in files for name, entry in read_header(file).items()}
    return FoundControl(cls, config, header, tuple(files))


def _single(file: Path, source: str) -> FoundControl:
    if file.suffix != ".safetensors":
        raise ModelError(
            f"the ControlNet {source!r} is a {file.suffix or 'nameless'} file; only .safetensors"
            " files are opened"
        )
    header = read_header(file)
    told = file.with_suffix(".config") / "controlnet" / "config.json"
    if told.is_file():
        config = read_json(told, source)
        cls = str(config.get("_class_name", "ControlNetModel"))
    else:
        shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        cls, config = config_of(shapes, source)
    return FoundControl(cls, config, header, (file,))


def load(ref: Reference, place: Path, device: str) -> Any:
    """The live net of a control."""
    import diffusers

    from musegraph_nodes.live import precision_of, quiet

    found = read_controlnet(place, ref.source)
    dtype = precision_of(ref, device)
    with quiet():
        config = {name: value for name, value in found.config.items() if name[:1] != "_"}
        net = getattr(diffusers, found.cls).from_config(config)
        tensors = _tensors(found, config)
        try:
            net.load_state_dict(tensors, strict=True)
        except RuntimeError as error:
            why = " ".join(str(error).split())[:300]
            raise ModelError(
                f"the ControlNet {ref.source!r} cannot be opened: {why}; its configuration does"
                " not suit it: put the right one into NAME.config/controlnet/config.json"
            ) from error
        return net.to(device=device, dtype=dtype).eval().requires_grad_(False)


def _tensors(found: FoundControl, config: Mapping[str, Any]) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    tensors: dict[str, Tensor] = {}
    for file in found.files:
        tensors |= load_file(file)
    if found.cls == "ControlNetModel":
        return from_first_release(tensors, config)
    if found.cls == "T2IAdapter" and not any(name.startswith("adapter.") for name in tensors):
        return {_adapter_name(name, config): tensor for name, tensor in tensors.items()}
    return tensors


def _adapter_name(name: str, config: Mapping[str, Any]) -> str:
    """The name in diffusers of a tensor of a T2I-Adapter as it was first released."""
    found = re.fullmatch(r"body\.(\d+)\.(.+)", name)
    if found is None:
        return f"adapter.{name}"
    layer, rest = int(found[1]), found[2]
    if config.get("adapter_type") == "light_adapter":
        return f"adapter.body.{layer}.{rest.replace('body.', 'resnets.')}"
    block, resnet = divmod(layer, int(config.get("num_res_blocks", 2)))
    if rest.startswith("in_conv"):
        return f"adapter.body.{block}.{rest}"
    return f"adapter.body.{block}.resnets.{resnet}.{rest}"


def size(live: Any) -> int:
    """The bytes of a live control."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.state_dict().values())


controlnet = Loader(load, size)
