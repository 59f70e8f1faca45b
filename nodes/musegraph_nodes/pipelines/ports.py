"""The ports of a pipeline's node, made from what is written down of its signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from musegraph import Conditioning, Context, Image, Latent, Mask, Model, Seed

_BARE: dict[str, Any] = {
    "text": str,
    "line": str,
    "int": int,
    "float": float,
    "bool": bool,
    "ints": list[int],
    "floats": list[float],
    "texts": list[str],
    "boxes": list[list[float]],
    "pair": list[int],
    "picture": Image,
    "frames": Image,
    "references": list[Image],
    "plane": Image,
    "volume": Image,
    "masks": Mask,
    "volume255": Mask,
}
MEDIA = ("picture", "frames", "references", "plane", "volume", "masks", "volume255")
_LIMITS: dict[str, dict[str, Any]] = {
    "width": {"ge": 0, "le": 16384},
    "height": {"ge": 0, "le": 16384},
    "steps": {"ge": 1, "le": 1000},
    "batch": {"ge": 1, "le": 256},
    "strength": {"ge": 0, "le": 1},
    "num_frames": {"ge": 1, "le": 10000},
}
_SIZES = ("width", "height")
_FIRST = ("model", "controlnet", "adapter", "motion_adapter", "latent_upsampler", "image_encoder")
_BASICS = ("width", "height", "num_frames", "video_length", "steps", "guidance", "strength")
_USUAL = {
    *_BASICS, "prompt", "negative_prompt", "seed", "batch", "true_cfg_scale",
    "controlnet_conditioning_scale", "adapter_conditioning_scale", "fps", "frame_rate",
}  # fmt: skip
"""What people set who use a pipeline; every other number, choice and text is rarely set."""
Give = Literal["picture", "latent"]


@cache
def words() -> dict[str, dict[str, list[str]]]:
    """The words for inputs and outputs: English, Chinese label, Chinese."""
    found: dict[str, dict[str, list[str]]] = json.loads(
        Path(__file__).with_name("words.json").read_text("utf-8")
    )
    return found


@cache
def annotation(kind: str, name: str, text: str, advanced: bool = False) -> Any:
    """A port's annotation; the same object for equal ports, of which there are thousands."""
    optional = kind.endswith("?")
    bare = _BARE[kind.removesuffix("?")]
    marks: dict[str, Any] = {"description": text} | _LIMITS.get(name, {})
    extra: dict[str, Any] = {"advanced": True} if advanced else {}
    if kind.rstrip("?") == "text":
        extra["multiline"] = True
        optional = False
    if extra:
        marks["json_schema_extra"] = extra
    made = bare | None if optional else bare
    return Annotated[made, Field(**marks)]


def parameters(entry: dict[str, Any]) -> Iterator[Parameter]:
    """The inputs of a pipeline's node, in the order in which a form shows them."""
    made = {name: port for name, *port in _ports(entry)}
    yield Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=Context)
    for name in sorted(made, key=_rank):
        hint, default = made[name]
        yield Parameter(name, Parameter.KEYWORD_ONLY, annotation=hint, default=default)


def _ports(entry: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "model", _plain(Model, "model"), Parameter.empty
    parts = {name.removesuffix("?") for name in entry["parts"]}
    for name in _FIRST[1:]:
        if name in parts:
            yield name, _plain(Model | None, name, advanced=name == "image_encoder"), None
    for name, (kind, *default) in entry["params"].items():
        yield name, *_port(name, kind, default, said(entry, name))
    if entry.get("embeds"):
        yield "embeds", _plain(Conditioning | None, "embeds", advanced=True), None
    if entry.get("latents"):
        yield "latents", _plain(Latent | None, "latents", advanced=True), None
    if entry.get("seeds"):
        yield "seed", _plain(Seed, "seed"), 0
    if entry.get("batch") and entry["gives"] != "frames":
        yield "batch", annotation("int", "batch", words()["inputs"]["batch"][0]), 1
    if entry["gives"] in ("images", "frames"):
        yield "give", _plain(Give, "give", advanced=True), "picture"


@cache
def _plain(hint: Any, name: str, advanced: bool = False) -> Any:
    extra: dict[str, Any] = {"json_schema_extra": {"advanced": True}} if advanced else {}
    return Annotated[hint, Field(description=words()["inputs"][name][0], **extra)]


def _port(name: str, kind: str, default: list[Any], text: str) -> tuple[Any, Any]:
    bare = kind.rstrip("?")
    if name in _SIZES and bare == "int":  # 0 rather than nothing: a field has a number
        return annotation("int", name, text), (default or [0])[0] or 0
    if bare in MEDIA:
        optional = kind.endswith("?")
        return annotation(kind, name, text), None if optional else Parameter.empty
    value: Any = default[0] if default else Parameter.empty
    if bare == "text":
        value = (default or [""])[0] or ""
    if kind == "bool":
        value = bool((default or [False])[0])
    advanced = name not in _USUAL and value is not Parameter.empty
    return annotation(kind, name, text, advanced), value


def said(entry: dict[str, Any], name: str) -> str:
    """What an input is, in English: our word for it, else that of the pipeline."""
    known = words()["inputs"].get(name)
    if known:
        return known[0]
    told = entry.get("docs", {}).get(name)
    return str(told) if told else f"As ``{name}`` of the pipeline."


def _rank(name: str) -> tuple[int, int]:
    """Where a port stands: models, texts, pictures, sizes, seed, all else as in the signature."""
    if name in _FIRST:
        return 0, _FIRST.index(name)
    if "prompt" in name and "embeds" not in name:
        return 1, 0
    if name in ("embeds", "latents"):
        return 3, 0
    if name in _BASICS:
        return 4, _BASICS.index(name)
    if name in ("seed", "batch", "give"):
        return 5, ("seed", "batch", "give").index(name)
    return (2, 0) if any(part in name for part in ("image", "video", "mask")) else (6, 0)
