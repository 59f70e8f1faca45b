"""Node types of pipelines, made from their signatures; nothing heavy is imported for that."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import Audio, Conditioning, Image, Latent, node

from .names import GROUPS
from .ports import parameters


class Pictures(NamedTuple):
    """What a pipeline for pictures gives."""

    image: Annotated[Image, Field(description="The pictures.")]
    latent: Annotated[Latent, Field(description="What the pictures are decoded from.")]


class Frames(NamedTuple):
    """What a pipeline for videos gives."""

    frames: Annotated[Image, Field(description="The frames of the video, one after another.")]
    fps: Annotated[float, Field(description="Frames per second that they are meant for.")]
    latent: Annotated[Latent, Field(description="What the pictures are decoded from.")]


class Sounding(NamedTuple):
    """What a pipeline for videos with sound gives."""

    frames: Annotated[Image, Field(description="The frames of the video, one after another.")]
    fps: Annotated[float, Field(description="Frames per second that they are meant for.")]
    audio: Annotated[Audio, Field(description="The sound of the video.")]
    latent: Annotated[Latent, Field(description="What the pictures are decoded from.")]


class Embedded(NamedTuple):
    """What a first stage gives."""

    embeds: Annotated[Conditioning, Field(description="What the next stage reads.")]


class Reading(NamedTuple):
    """What reads a picture."""

    image: Annotated[Image, Field(description="The pictures.")]


@cache
def signatures() -> dict[str, Any]:
    """What is written down of Diffusers."""
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("signatures.json").read_text("utf-8")
    )
    return found


def pipelines() -> dict[str, dict[str, Any]]:
    """The pipelines by the names of their classes."""
    found: dict[str, dict[str, Any]] = signatures()["pipelines"]
    return found


def node_of(pipeline: str) -> str:
    """The id of the node for a pipeline."""
    return f"pipelines.{pipelines()[pipeline]['id']}"


def makers() -> dict[str, Callable[[], Callable[..., Any]]]:
    """How the node for each pipeline is made, by the node's name."""
    return {entry["id"]: partial(_node, cls, entry) for cls, entry in pipelines().items()}


def result_of(entry: dict[str, Any]) -> type:
    """The record that a pipeline's node returns."""
    if entry["gives"] == "frames":
        return Sounding if entry.get("sound") else Frames
    kinds: dict[str, type] = {"images": Pictures, "embeds": Embedded, "prediction": Reading}
    return kinds[entry["gives"]]


def _node(cls: str, entry: dict[str, Any]) -> Callable[..., Any]:
    def run(**values: Any) -> Any:
        from .run import carry_out

        return carry_out(cls, entry, values)

    result = result_of(entry)
    signature = Signature(list(parameters(entry)), return_annotation=result)
    run.__name__ = run.__qualname__ = entry["id"]
    run.__module__ = __name__
    run.__doc__ = text_of(cls, entry)
    run.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    run.__annotations__["return"] = result
    run.__signature__ = signature  # type: ignore[attr-defined]
    return node(
        id=entry["id"],
        version="1",
        numeric=True,
        uses="device",
        title=entry["title"][0],
        frugal="with attention in slices and the autoencoder in tiles",
        group=GROUPS[entry["group"]][0],
        generated=True,
    )(run)


def text_of(cls: str, entry: dict[str, Any]) -> str:
    """What is said of a pipeline's node."""
    old = " Diffusers keeps it without caring for it any more." if entry.get("old") else ""
    return (
        f"Run ``{cls}`` of Diffusers as one node, with the pipeline's own inputs and defaults."
        f"{old}\n\nFor models of {entry['family']}, opened with pipelines.load."
    )
