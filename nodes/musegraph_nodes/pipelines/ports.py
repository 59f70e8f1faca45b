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
Give = Literal["picture", "latent"]


@cache
def words() -> dict[str, dict[str, list[str]]]:
    """The words for inputs and outputs: English, Chinese label, Chinese."""
    found: dict[str, dict[str, list[str]]] = json.loads(
        Path(__file__).with_name("words.json").read_text("utf-8")
    )
    return found


@cache
def annotation(kind: str, name: str, text: str) -> Any:
    """A port's annotation; the same object for equal ports, of which there are thousands."""
    optional = kind.endswith("?")
    bare = _BARE[kind.removesuffix("?")]
    marks: dict[str, Any] = {"description": text} | _LIMITS.get(name, {})
    if kind.rstrip("?") == "text":
        marks["json_schema_extra"] = {"multiline": True}
        optional = False
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
            yield name, _plain(Model | None, name), None
    for name, (kind, *default) in entry["params"].items():
        yield name, *_port(name, kind, default, said(entry, name))
    if entry.get("embeds"):
        yield "embeds", _plain(Conditioning | None, "embeds"), None
    if entry.get("latents"):
        yield "latents", _plain(Latent | None, "latents"), None
    if entry.get("seeds"):
        yield "seed", _plain(Seed, "seed"), 0
    if entry.get("batch") and entry["gives"] != "frames":
        yield "batch", annotation("int", "batch", words()["inputs"]["batch"][0]), 1
    if entry["gives"] in ("images", "frames"):
        yield "give", _plain(Give, "give"), "picture"


@cache
def _plain(hint: Any, name: str) -> Any:
    return Annotated[hint, Field(description=words()["inputs"][name][0])]


def _port(name: str, kind: str, default: list[Any], text: str) -> tuple[Any, Any]:
    if name in _SIZES and kind in ("int", "int?"):  # 0 rather than nothing: a field has a number
        return annotation("int", name, text), (default or [0])[0] or 0
    if kind.rstrip("?") in MEDIA:
        optional = kind.endswith("?")
        return annotation(kind, name, text), None if optional else Parameter.empty
    if kind.rstrip("?") == "text":
        return annotation(kind, name, text), (default or [""])[0] or ""
    if kind == "bool":
        return annotation(kind, name, text), bool((default or [False])[0])
    return annotation(kind, name, text), default[0] if default else Parameter.empty


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
