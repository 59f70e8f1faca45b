"""Opening a model that makes sound: a reference, made from JSON and headers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from musegraph import Context, Model, ModelError, ModelSource, node
from musegraph_nodes.folders import Precision, check_weights, options_of, read_json, refuse_file
from musegraph_nodes.pipelines.load import parts_of

from .families import ALIKE, FAMILIES, LOADER, titles

_SPEECH = ("VitsModel", "WhisperForConditionalGeneration")
"""Classes that the pack speech opens."""


@node(version="1", title="Load a sound model")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder with a model_index.json (ACE-Step, Stable Audio, AudioLDM 2) or a"
            " config.json (MusicGen, EnCodec).",
            json_schema_extra={"models": ["sound"]},
        ),
    ],
    ctx: Context,
    precision: Precision = "auto",
) -> Annotated[Model, Field(description="For the other nodes of this pack.")]:
    """Open a model that makes sound: MusicGen, ACE-Step, Stable Audio, AudioLDM 2, or EnCodec.

    Reads the JSON files and the headers of the weights; the node that uses the model loads them.
    Only .safetensors files are opened, never pickles, and no code that lies beside them.
    """
    found = ctx.weights(source)
    place = found.path
    refuse_file(
        place, source, "a model that makes sound", "a model_index.json or a config.json lies"
    )
    family, options = _read(place, source, precision)
    return Model(loader=LOADER, source=source, digest=found.digest, family=family, options=options)


def _read(place: Path, source: str, precision: str) -> tuple[str, dict[str, Any]]:
    if (place / "model_index.json").is_file():
        return _pipeline(place, source, precision)
    if not (place / "config.json").is_file():
        raise ModelError(
            f"the folder {place} holds neither a model_index.json nor a config.json, so {source!r}"
            f" is no model; name a folder of {titles()}"
        )
    config = read_json(place / "config.json", source)
    listed = config.get("architectures")
    kind = str(listed[0] if isinstance(listed, list) and listed else config.get("model_type"))
    _check_kind(kind, source, "transformers")
    check_weights(place, source, kind)
    return kind, options_of([place], precision)


def _pipeline(place: Path, source: str, precision: str) -> tuple[str, dict[str, Any]]:
    index = read_json(place / "model_index.json", source)
    named = str(index.get("_class_name"))
    kind = ALIKE.get(named, named)
    _check_kind(kind, source, "diffusers")
    parts = parts_of(index, place, source)
    return kind, options_of([place / name for name in parts], precision) | {"parts": parts}


def _check_kind(kind: str, source: str, library: str) -> None:
    if kind in _SPEECH:
        raise ModelError(f"{source!r} is a {kind}, a model of speech; speech.load opens it")
    if kind not in FAMILIES or FAMILIES[kind].library != library:
        raise ModelError(
            f"{source!r} is a {kind}, which makes no sound that is known here; known are {titles()}"
        )
