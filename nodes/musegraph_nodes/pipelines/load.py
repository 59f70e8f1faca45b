"""Opening a pipeline's folder: a reference to its parts, made from JSON and headers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from musegraph import Context, Model, ModelError, ModelSource, NodeError, node
from musegraph_nodes.folders import Precision, check_weights, options_of, read_json

from .make import node_of, pipelines, signatures

LOADER = "pipelines.diffusers"
_DENOISERS = ("unet", "transformer", "prior", "decoder")
"""What a pipeline without one, such as an upscaler of latents, takes no notice of."""

_HELPERS = ("safety_checker", "feature_extractor", "image_encoder")
"""Parts that many pipelines do without."""

Extra = Literal["controlnet", "adapter", "motion_adapter", "latent_upsampler", "image_encoder"]


@node(version="1", title="Load a pipeline")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of Diffusers, with a model_index.json.",
            json_schema_extra={"models": ["pipeline"]},
        ),
    ],
    ctx: Context,
    precision: Precision = "auto",
) -> Model:
    """Open the folder of a Diffusers pipeline for the nodes of this pack.

    Reads the JSON files and the headers of the weights; the node that runs the pipeline loads them.
    Only .safetensors files are opened, never pickles, and no code that lies beside them. The same
    folder serves every pipeline that needs no other parts: text to image, image to image, inpaint.
    """
    found = ctx.weights(source)
    place = found.path
    index = index_of(place, source)
    kind = str(index.get("_class_name"))
    if kind not in pipelines():
        raise ModelError(
            f"the model {source!r} is for the pipeline {kind}, for which there is no node"
        )
    parts = parts_of(index, place, source)
    options = options_of([place / name for name in parts], precision) | {"parts": parts}
    return Model(loader=LOADER, source=source, digest=found.digest, family=kind, options=options)


@node(version="1", title="Load a part of a pipeline")
def load_part(
    source: Annotated[ModelSource, Field(description="A folder with a config.json and weights.")],
    part: Annotated[Extra, Field(description="What it is in the pipeline.")],
    ctx: Context,
    precision: Precision = "auto",
) -> Model:
    """Open one part that a pipeline takes beside its folder, such as a ControlNet."""
    found = ctx.weights(source)
    config = read_json(found.path / "config.json", source)
    library, kind = "diffusers", config.get("_class_name")
    if kind is None:
        library, kind = "transformers", (config.get("architectures") or [None])[0]
    if not isinstance(kind, str):
        raise ModelError(f"the config.json of {source!r} does not say which class it is of")
    check_weights(found.path, source, kind)
    return Model(
        loader=LOADER,
        source=source,
        part=part,
        digest=found.digest,
        family=kind,
        options=options_of([found.path], precision) | {"library": library},
    )


def index_of(place: Path, source: str) -> dict[str, Any]:
    if place.is_file():
        raise ModelError(
            f"{source!r} is one file; a pipeline is opened from its folder. diffusion.load opens"
            " single files"
        )
    if not (place / "model_index.json").is_file():
        raise ModelError(
            f"the folder {place} holds no model_index.json, so {source!r} is no pipeline; name the"
            " folder in which that file lies. A part alone is for pipelines.load_part"
        )
    return read_json(place / "model_index.json", source)


def parts_of(index: dict[str, Any], place: Path, source: str) -> dict[str, str]:
    """The classes of the parts that a folder has to hold, all of them there and no pickles."""
    parts: dict[str, str] = {}
    for name, entry in entries_of(index):
        library, cls = class_in(name, entry, source)
        if library is None:
            continue
        if not (place / name).is_dir():
            raise ModelError(
                f"the model {source!r} is incomplete: the folder {name} is missing in {place}; get"
                " it again"
            )
        check_weights(place / name, source, cls)
        parts[name] = cls
    return parts


def entries_of(index: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(name, entry) for name, entry in index.items() if isinstance(entry, list)]


def class_in(name: str, entry: list[Any], source: str) -> tuple[str | None, str]:
    """Library and class of a part; refused if that would run code from elsewhere."""
    library, kind = entry if len(entry) == 2 else (None, None)
    if library is None or kind is None:
        return None, ""
    allowed = {"diffusers", "transformers", *signatures()["folders"]}
    chosen = str(kind).startswith("Auto") and not str(kind).startswith("Autoencoder")
    if library not in allowed or not str(kind).isidentifier() or chosen:
        raise ModelError(
            f"the {name} of the model {source!r} is of the class {kind} in {library}, which is"
            " neither of diffusers nor of transformers; code that comes with a model is never run"
        )
    return str(library), str(kind)


def check_fit(cls: str, entry: dict[str, Any], model: Model, beside: set[str]) -> None:
    """Refuse a reference that is not for this pipeline, and say which node fits it."""
    if model.loader != LOADER or model.part:
        raise NodeError(
            f"the reference to {model.source!r} was made for"
            f" {model.loader + (' ' + model.part if model.part else '')!r}; link one that"
            " pipelines.load gives"
        )
    why = misfit(cls, entry, model.family, model.options["parts"], beside)
    if not why:
        return
    given = model.options["parts"]
    others = [
        node_of(other)
        for other, said in pipelines().items()
        if other != model.family and not misfit(other, said, model.family, given, set())
    ][:4]
    also = f", or also {', '.join(others)}" if others else ""
    raise NodeError(
        f"the model {model.source!r} is for {model.family} and does not fit here: {why}; its node"
        f" is {node_of(model.family)}{also}"
    )


def misfit(
    cls: str, entry: dict[str, Any], family: str, given: dict[str, str], beside: set[str]
) -> str:
    """Why the parts of a folder do not suit a pipeline; empty if they do."""
    if cls == family:
        return ""
    wanted = {name.removesuffix("?"): classes for name, classes in entry["parts"].items()}
    own = {name.removesuffix("?") for name in pipelines()[family]["parts"]}
    for name in wanted:  # what the folder's own pipeline knows and does without, others can, too
        if name not in (*given, *beside, *own) and not name.startswith(_HELPERS):
            return f"{cls} needs a {name}, which the folder has not"
    alone = not any(name in wanted for name in _DENOISERS)
    for name, kind in given.items():
        if name not in wanted and not name.startswith(_HELPERS) and not alone:
            return f"the folder has a {name}, which {cls} knows nothing of"
        known = wanted.get(name)
        if known and kind not in known:
            return f"its {name} is of the class {kind}, and {cls} takes {' or '.join(known)}"
    return ""
