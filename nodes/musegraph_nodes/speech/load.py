"""Node `speech.load`: a reference to a model of speech, made from JSON and headers alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field

from musegraph import Context, ModelError, ModelSource, NodeError, Reference, node
from musegraph_nodes.folders import Precision, check_weights, options_of, read_json, refuse_file
from musegraph_nodes.soundgen.families import FAMILIES as SOUNDS

LOADER = "speech.transformers"
CLASSES = {"vits": "VitsModel", "whisper": "WhisperForConditionalGeneration"}
"""By the type that a config.json names, the class of transformers."""
_KNOWN = "VITS (facebook/mms-tts-…), which speaks, and Whisper, which listens"
_DOES = {"vits": "is a voice, which speaks", "whisper": "is a Whisper, which listens"}
_HELPERS = {
    "phonemize": (True, "phonemizer", "sounds of its letters (it wants espeak-ng as well)"),
    "is_uroman": (False, "uroman", "Latin letters of its script"),
}
"""By a setting of a tokenizer: what holds where it is not set, the package, what that makes."""


class SpeechModel(Reference):
    """A model of speech."""


@node(version="1", title="Load a speech model")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers: a voice (facebook/mms-tts-eng …) or a Whisper.",
            json_schema_extra={"models": ["speech"]},
        ),
    ],
    ctx: Context,
    precision: Precision = "auto",
) -> SpeechModel:
    """Open a model of speech: a voice of the kind VITS for speech.say, a Whisper that transcribes.

    Reads the JSON files and the headers of the weights; the node that uses the model loads them.
    Only .safetensors files are opened, never pickles, and no code that lies beside them.
    """
    found = ctx.weights(source)
    place = found.path
    refuse_file(place, source, "a model of speech", "its config.json and its tokenizer lie")
    family = _family(place, source)
    if family == "vits":
        _check_voice(place, source)
    else:
        _check_ears(place, source)
    check_weights(place, source, family)
    return SpeechModel(
        loader=LOADER,
        source=source,
        part="speech",
        digest=found.digest,
        family=family,
        options=options_of([place], precision),
    )


def check_family(model: Reference, family: str, wanted: str) -> None:
    """Refuse a model that is another pack's, or of another family than a node uses."""
    if model.loader != LOADER:
        raise NodeError(
            f"the reference to {model.source!r} was made for {model.loader!r}; link one that"
            " speech.load gives"
        )
    if model.family != family:
        raise NodeError(f"the model {model.source!r} {_DOES[model.family]}; link {wanted}")


def _family(place: Path, source: str) -> str:
    """The type that a folder names, if it is one of speech; else what opens it."""
    if (place / "model_index.json").is_file():
        raise ModelError(
            f"{source!r} is a pipeline of Diffusers, which does not speak; soundgen.load or"
            " pipelines.load opens it"
        )
    if not (place / "config.json").is_file():
        raise ModelError(
            f"the folder {place} holds no config.json, so {source!r} is no model of speech; name"
            " the folder in which that file lies"
        )
    config = read_json(place / "config.json", source)
    kind = str(config.get("model_type"))
    listed = config.get("architectures")
    named = str(listed[0]) if isinstance(listed, list) and listed else CLASSES.get(kind, kind)
    if CLASSES.get(kind) == named:
        return kind
    if named in SOUNDS:
        instead = "which makes other sounds than speech; soundgen.load opens it"
    elif named.endswith(("ForCausalLM", "LMHeadModel")):
        instead = "which writes texts; language.load opens it"
    else:
        instead = f"which is no model of speech that is known here; known are {_KNOWN}"
    raise ModelError(f"{source!r} is a {named}, {instead}")


def _check_voice(place: Path, source: str) -> None:
    """Refuse a voice whose tokenizer is not there, or wants a package that is not installed."""
    if not (place / "vocab.json").is_file():
        raise ModelError(
            f"the folder {place} of {source!r} has no tokenizer (vocab.json); get the whole folder"
        )
    file = place / "tokenizer_config.json"
    config = read_json(file, source) if file.is_file() else {}
    for name, (usual, package, what) in _HELPERS.items():
        if config.get(name, usual) and find_spec(package) is None:
            raise ModelError(
                f"the voice {source!r} reads a text as {what}, which the package {package} makes;"
                f" it is not installed: pip install {package}, or take a voice of MMS that does"
                " without it, such as facebook/mms-tts-eng"
            )


def _check_ears(place: Path, source: str) -> None:
    """Refuse a Whisper without what makes features of sounds, words of tokens, or times."""
    for name, what in (
        ("preprocessor_config.json", "how it hears"),
        ("tokenizer.json", "its words"),
        ("generation_config.json", "how it writes"),
    ):
        if not (place / name).is_file():
            raise ModelError(
                f"the folder {place} of {source!r} has no {name}, which tells {what}; get the whole"
                " folder"
            )
    if "no_timestamps_token_id" not in read_json(place / "generation_config.json", source):
        raise ModelError(
            f"the generation_config.json of {source!r} is of an old kind, without the tokens of"
            " times; get a newer one"
        )
