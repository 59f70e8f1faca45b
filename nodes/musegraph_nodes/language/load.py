"""Node `language.load`: a reference to a language model, made from JSON and headers alone."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from musegraph import Context, ModelError, ModelSource, Reference, node
from musegraph_nodes.folders import Precision, check_weights, options_of, read_json, refuse_file

LOADER = "language.transformers"
_WORDS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
"""Files of which a folder has one if words can be made of its tokens."""

_PAINTERS = ("janus", "imagegpt")
"""Types that the pack autoregressive lets write pictures."""


class LanguageModel(Reference):
    """A model that writes, token after token."""


@node(version="1", title="Load a language model")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers: Qwen, Llama, SmolLM, Gemma, Mistral, GPT-2 …",
            json_schema_extra={"models": ["language"]},
        ),
    ],
    ctx: Context,
    precision: Precision = "auto",
) -> LanguageModel:
    """Open a language model, for language.write and the other nodes of this pack.

    Reads the JSON files and the headers of the weights; the node that uses the model loads them.
    Only .safetensors files are opened, never pickles, and no code that lies beside them.
    """
    found = ctx.weights(source)
    place = found.path
    refuse_file(place, source, "a language model", "its config.json and its tokenizer lie")
    if not (place / "config.json").is_file():
        raise ModelError(
            f"the folder {place} holds no config.json, so {source!r} is no language model; name"
            " the folder in which that file lies"
        )
    kind = kind_of(read_json(place / "config.json", source), source)
    if not any((place / name).is_file() for name in _WORDS):
        raise ModelError(
            f"the folder {place} of {source!r} has no tokenizer (tokenizer.json); get the whole"
            " folder"
        )
    check_weights(place, source, kind)
    return LanguageModel(
        loader=LOADER,
        source=source,
        part="language",
        digest=found.digest,
        family=kind,
        options=options_of([place], precision),
    )


def kind_of(config: dict[str, Any], source: str) -> str:
    """The type that a configuration names, if transformers writes with it.

    What a folder says of code of its own (`auto_map`) is not looked at: that is never run.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as KNOWN

    kind = str(config.get("model_type"))
    listed = config.get("architectures")
    named = str(listed[0]) if isinstance(listed, list) and listed else ""
    if kind in _PAINTERS:
        raise ModelError(
            f"{source!r} ({named or kind}) writes pictures; autoregressive.load opens it"
        )
    if kind not in KNOWN or (named and not named.endswith(("CausalLM", "LMHeadModel"))):
        raise ModelError(
            f"{source!r} is a {named or kind}, which is no language model that the installed"
            " transformers writes with; known are those whose class ends with ForCausalLM, such as"
            " Qwen3ForCausalLM, LlamaForCausalLM or GPT2LMHeadModel"
        )
    return kind


def reach_of(config: Any) -> int | None:
    """How many tokens a model sees at once, if its configuration tells."""
    own = config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "max_sequence_length"):
        if isinstance(found := getattr(own, name, None), int):
            return found
    return None
