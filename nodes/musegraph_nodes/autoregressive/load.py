"""Node `autoregressive.load`: a reference to a model, made from JSON and headers alone."""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from musegraph import Context, ModelError, ModelSource, Reference, node
from musegraph_nodes.folders import Precision, check_weights, options_of, read_json, refuse_file

LOADER = "autoregressive.transformers"
CLASSES = {"janus": "JanusForConditionalGeneration", "imagegpt": "ImageGPTForCausalImageModeling"}
"""By the type that a config.json names, the class of transformers that writes pictures."""
_ALSO = {"ImageGPTLMHeadModel": "imagegpt"}
"""Names that classes had when models were published."""
_KNOWN = "Janus and Janus-Pro in the layout of transformers, and ImageGPT"


class ImageModel(Reference):
    """A model that writes pictures, token after token."""


@node(version="1", title="Load an autoregressive model")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers: Janus, Janus-Pro or ImageGPT.",
            json_schema_extra={"models": ["autoregressive"]},
        ),
    ],
    ctx: Context,
    precision: Precision = "auto",
) -> ImageModel:
    """Open a model that writes pictures token after token: Janus from words, ImageGPT from nothing.

    Reads the JSON files and the headers of the weights; the node that uses the model loads them.
    Only .safetensors files are opened, never pickles, and no code that lies beside them.
    """
    found = ctx.weights(source)
    place = found.path
    refuse_file(place, source, "a model that writes pictures", "its config.json lies")
    family, config = _family(place, source)
    codes, side = _grid(family, config, source)
    if family == "imagegpt":
        palette_of(place, source, codes)
    elif not (place / "tokenizer.json").is_file():
        raise ModelError(f"the folder {place} of {source!r} has no tokenizer.json; get it whole")
    check_weights(place, source, family)
    return ImageModel(
        loader=LOADER,
        source=source,
        part="autoregressive",
        digest=found.digest,
        family=family,
        options=options_of([place], precision) | {"codes": codes, "side": side},
    )


def palette_of(place: Path, source: str, codes: int) -> list[list[float]]:
    """The colours of ImageGPT, one for each code: red, green and blue from -1 to 1."""
    file = place / "preprocessor_config.json"
    found = read_json(file, source).get("clusters")
    fine = isinstance(found, list) and len(found) == codes and all(map(_is_colour, found))
    if not isinstance(found, list) or not fine:
        raise ModelError(
            f"{file} of {source!r} does not hold the {codes} colours (clusters) that its tokens"
            " stand for; get it again"
        )
    return found


def _is_colour(found: Any) -> bool:
    return isinstance(found, list) and len(found) == 3 and all(map(_is_number, found))


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _family(place: Path, source: str) -> tuple[str, dict[str, Any]]:
    """The type that a folder names, if it is one that writes pictures; else what opens it."""
    if (place / "model_index.json").is_file():
        raise ModelError(
            f"{source!r} is a pipeline of Diffusers, which makes a picture as a whole;"
            " diffusion.load or pipelines.load opens it"
        )
    if not (place / "config.json").is_file():
        raise ModelError(
            f"the folder {place} holds no config.json, so {source!r} writes no pictures; name a"
            f" folder of {_KNOWN}"
        )
    config = read_json(place / "config.json", source)
    kind = str(config.get("model_type"))
    listed = config.get("architectures")
    named = str(listed[0]) if isinstance(listed, list) and listed else CLASSES.get(kind, kind)
    if kind in CLASSES and (named == CLASSES[kind] or _ALSO.get(named) == kind):
        return kind, config
    raise ModelError(f"{source!r} is a {named}, {_instead(kind, named)}")


def _instead(kind: str, named: str) -> str:
    """What to do with a model that writes no pictures here: the end of a sentence."""
    if kind == "multi_modality":
        return (
            "Janus in the layout of its makers; get it in that of transformers, such as"
            " deepseek-community/Janus-Pro-1B"
        )
    if named.endswith(("ForCausalLM", "LMHeadModel")):
        return "which writes texts; language.load opens it"
    return f"which writes no pictures here; known are {_KNOWN}"


def _grid(family: str, config: dict[str, Any], source: str) -> tuple[int, int]:
    """How many codes there are for a token, and how many tokens stand in a row, by its settings."""
    if family == "imagegpt":
        codes, side = _count(config, "vocab_size", 513) - 1, isqrt(_count(config, "n_positions", 1))
        whole = side * side == config.get("n_positions")
    else:
        seen, vq = (config.get(name) or {} for name in ("vision_config", "vq_config"))
        patch = max(_count(seen, "patch_size", 16), 1)
        side, codes = _count(seen, "image_size", 384) // patch, _count(vq, "num_embeddings", 16384)
        whole = _count(seen, "num_image_tokens", 576) == side * side
    if not whole or side < 1 or codes < 2:
        raise ModelError(
            f"the config.json of {source!r} names no square picture of tokens; get it again"
        )
    return codes, side


def _count(config: Any, name: str, usual: int) -> int:
    """A whole number of a configuration; ``usual`` is what transformers takes where none is."""
    found = config.get(name, usual) if isinstance(config, dict) else usual
    return found if isinstance(found, int) else 0
