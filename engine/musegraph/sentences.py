"""Sentences that a page says again in its own language: each by its name, with what stands in it.

A :class:`Sentence` is a text like any other. Where it is sent as JSON its name and its parts go
along, and a client that has a translation of that name fills the parts in; any other shows the
text. The canvas has one for each name here, and tests/contract holds its English to this table.
A name, once given, keeps its meaning and its parts; what says another thing gets a new name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SENTENCES: Mapping[str, str] = {
    # what is linked to what
    "link-no-node": "it is linked to {source}, and there is no such node",
    "cycle": "the links run in a circle: {path}; cut one",
    "no-output": "{node} has no output {output}; its outputs are: {known}",
    "no-output-none": "{node} has no output {output}; its outputs are: none",
    "no-input": "{kind} has no input {input}. Its inputs are: {known}",
    "no-input-none": "{kind} has no input {input}. Its inputs are: none",
    "no-input-close": "{kind} has no input {input}; did you mean {close}? Its inputs are: {known}",
    "unequal-lengths": "its lists are of unequal length: {said}; core.product makes all pairs",
    # types
    "type-mismatch": "it takes {target} and is given {source}",
    "type-nested": (
        "it takes {target} and is given {source}: "
        "a list of lists does not map by itself; put core.flatten between them"
    ),
    "type-optional": (
        "it takes {target} and is given {source}, "
        "which may be None; put core.first between them to name what stands in"
    ),
    "type-bound": "it takes {target}, as another input does, and is given {source}",
    "type-settled": "it is a {source}, and another input has settled on another type",
    "type-one": "it takes one {target}, and is given a list of links; link one",
    "type-listed": "{source} is a list already; link it alone, or put core.flatten behind",
    # types, with what to put between them
    "type-image-mask": (
        "it takes {target} and is given {source}; image.to_mask makes a mask of a picture"
    ),
    "type-mask-image": (
        "it takes {target} and is given {source}; image.from_mask makes a picture of a mask"
    ),
    "type-image-latent": (
        "it takes {target} and is given {source}; diffusion.encode makes a latent of a picture"
    ),
    "type-latent-image": (
        "it takes {target} and is given {source}; diffusion.decode makes a picture of a latent"
    ),
    "type-text-conditioning": (
        "it takes {target} and is given {source}; "
        "diffusion.encode_text makes conditioning of a text"
    ),
    "type-number-integer": (
        "it takes {target} and is given {source}; core.round makes an integer of a number"
    ),
    "type-number-text": (
        "it takes {target} and is given {source}; core.to_text makes a text of a number"
    ),
    "type-integer-text": (
        "it takes {target} and is given {source}; core.to_text makes a text of a number"
    ),
    "type-text-number": (
        "it takes {target} and is given {source}; core.to_number reads a number from a text"
    ),
    "type-text-integer": (
        "it takes {target} and is given {source}; "
        "core.to_number and core.round read one from a text"
    ),
    "type-json-text": (
        "it takes {target} and is given {source}; core.json_text takes a text out of JSON"
    ),
    "type-json-number": (
        "it takes {target} and is given {source}; core.json_number takes a number out of JSON"
    ),
    "type-boolean-text": (
        "it takes {target} and is given {source}; core.json_text makes a text of it"
    ),
    "type-text-choice": (
        "it takes {target} and is given {source}; only one of the listed words may stand there"
    ),
    "type-file-image": (
        "it takes {target} and is given {source}; image.open reads a picture from a file"
    ),
    "type-image-file": (
        "it takes {target} and is given {source}; image.save makes a file of a picture"
    ),
    # node types and packs
    "no-type": "{kind} is no node type; types are written pack.node",
    "pack-failed": "the pack {pack} could not be opened: {why}",
    "not-installed": "the pack {pack} of {kind} is not installed; there are: {known}",
    "not-installed-none": "the pack {pack} of {kind} is not installed; there are: none",
    "unknown-node": "the pack {pack} has no node {name}",
    "unknown-node-close": "the pack {pack} has no node {name}; close to it: {close}",
    # what other versions of a pack saved
    "no-migration": (
        "{kind} has no input {input} in {pack} {new}; the workflow was made with {old}, and its"
        " pack does not say what became of it: install {pack}=={old}, or set the node anew"
    ),
    "no-migration-new": (
        "{kind} asks for {input} in {pack} {new}; the workflow was made with {old}, and its pack"
        " does not say what was done before: install {pack}=={old}, or set it"
    ),
    "default-changed": (
        "{input} of {kind} was {old} by itself when the workflow was locked, and is {new} now;"
        " set it, or lock the workflow anew"
    ),
    # values
    "missing-value": "it needs a value of type {type}; set one or link one",
    "missing-link": "it needs a value of type {type}; link a node that makes one",
    "value-null": "it is null, and null is no value here; leave the input out instead",
    "value-text": "{given} is no text",
    "value-whole": "{given} is no whole number",
    "value-number": "{given} is no number",
    "value-boolean": "{given} is no true or false",
    "value-finite": "{given} is no finite number",
    "value-list": "{given} is no list",
    "value-at-most": "{given} is out of range: it has to be at most {limit}",
    "value-less": "{given} is out of range: it has to be less than {limit}",
    "value-at-least": "{given} is out of range: it has to be at least {limit}",
    "value-more": "{given} is out of range: it has to be more than {limit}",
    "value-multiple": "{given} is out of range: it has to be a multiple of {limit}",
    "value-choice": "{given} is none of the choices: {choices}",
    "value-media": (
        "it takes a value of type {type}, and {given} is none; link a node, or give"
        " a file as {{\"file\": \"name.png\"}}"
    ),
    # files, models, pins
    "file-missing": "there is no file {file}",
    "file-lost": "the file {file} is not in the cache; add it again",
    "model-missing": "there is no model {model}; looked at: {places}",
    "model-on-hub": (
        "there is no model {model}; looked at: {places}"
        "; to fetch it from the Hugging Face hub: {command}"
    ),
    "model-close": "there is no model {model}; did you mean {close}?",
    "model-path": "the model {model} is a path; name one of a pack or of a model folder",
    "pin-lost": "the pinned result {result} is not in the cache; unpin the node",
    "pin-output": "it pins {output}, which is none of its outputs: {known}",
    "pin-graph": "a subgraph cannot be pinned; pin the node inside that makes the result",
    # the workflow's own inputs and outputs, graphs in nodes
    "input-no-node": "the input {name} points to {port}, and there is no such node",
    "output-no-node": "the output {name} points to {port}, and there is no such node",
    "output-no-port": "the output {name} points to {port}; the outputs there are: {known}",
    "output-no-port-none": "the output {name} points to {port}; the outputs there are: none",
    "output-bypassed": "the output {name} comes from a bypassed node with nothing linked",
    "no-graph": "no graph {name}; there are: {known}",
    "no-graph-none": "no graph {name}; there are: none",
    "graph-itself": "the graph {name} contains itself ({chain}); a graph cannot",
    "graph-no-input": "the graph {name} has no input {input}; it has: {known}",
    "graph-no-input-none": "the graph {name} has no input {input}; it has: none",
    "repeat-node": "only a subgraph can be repeated; put this node into one",
    "bypass-no-input": "cannot be bypassed: no input of type {type} can stand for {output}",
    "bypass-no-value": "cannot be bypassed: its input {input} has neither link nor value",
    # what fails while it runs
    "out-of-memory": "out of memory; give it less at once, or close what else holds memory",
    "out-of-memory-asked": (
        "out of memory ({asked} were asked for at once)"
        "; give it less at once, or close what else holds memory"
    ),
    "out-of-memory-device": (
        "out of memory on the device; give it less at once, or close what else holds memory"
    ),
    "out-of-memory-device-asked": (
        "out of memory on the device ({asked} were asked for at once)"
        "; give it less at once, or close what else holds memory"
    ),
    "time-limit": (
        "it took longer than the {seconds} s that {kind} may take here"
        "; raise it with --limit '{kind}=seconds:N' or in the settings"
    ),
    "time-limit-any": (
        "it took longer than the {seconds} s that a step may take here"
        "; raise it with --limit '*=seconds:N' or in the settings"
    ),
    # packs in processes of their own
    "isolated-crashed": (
        "the pack {pack} crashed in its own process ({how}); everything else goes on"
        "; try it again, and tell its author if that does not help"
    ),
    "isolated-hangs": (
        "the pack {pack} gave no sign of life for {seconds} s, so its process was ended"
        "; if it needs that long, install it again with a higher --patience"
    ),
    "isolated-import": (
        "the pack {pack} was not imported within {seconds} s, so its process was ended"
        "; tell its author, or take it out with 'musegraph pack remove {pack}'"
    ),
    "isolated-memory": (
        "the pack {pack} took more than the {most} of memory that it may"
        "; give it less at once, or install it again with a higher --memory"
    ),
    "isolated-flood": (
        "the pack {pack} printed more than {most} during one call, so its process was ended"
        "; tell its author"
    ),
    "isolated-babble": (
        "the pack {pack} sent what no pack may send ({what}), so its process was ended"
        "; tell its author"
    ),
    # requests that are refused
    "queue-full": "{most} runs are waiting already; try again later",
    "run-missing": "there is no run {run}",
    "run-goes-on": "it has not ended; cancel it first",
    "workflow-missing": "there is no workflow {workflow} in the library",
    "workflow-named": "there is a workflow named {name} already; choose another name",
    "workflow-newer": (
        "it was saved from elsewhere since: the latest version is {latest}, and"
        " the change was made to {after}; load the latest, or save under another name"
    ),
    "value-gone": "the file is no longer here, or was damaged; make it again",
    "no-picture": "it is no picture",
    "no-score": "it is no score",
    "no-sound": "it is no sound",
    "file-empty": "the file is empty",
    "uploads-full": "{most} uploads are on already; try again in a moment",
}  # fmt: skip
"""The English of each sentence, with its parts in braces."""


class Sentence(str):
    """A text that also says by which name and with which parts it was made."""

    name: str
    parts: Mapping[str, str]

    @classmethod
    def of(cls, text: str, name: str, parts: Mapping[str, str]) -> Sentence:
        made = cls(text)
        made.name, made.parts = name, parts
        return made

    def __reduce__(self) -> Any:
        return Sentence.of, (str(self), self.name, dict(self.parts))


def sentence(name: str, /, **parts: object) -> Sentence:
    """The sentence of this name; its parts are put in as ``str`` has them."""
    texts = {key: str(part) for key, part in parts.items()}
    return Sentence.of(SENTENCES[name].format(**texts), name, texts)


def listing(name: str, known: Iterable[str], /, **parts: object) -> Sentence:
    """A sentence that ends in a list, or in the word that there is nothing to list."""
    if listed := ", ".join(known):
        return sentence(name, known=listed, **parts)
    return sentence(f"{name}-none", **parts)


def said_by(error: BaseException) -> str:
    """What an error says, with its name and parts if it has them: ``str(error)`` drops those."""
    found = error.args[0] if error.args else ""
    return found if isinstance(found, Sentence) else str(error)


def named(made: Mapping[str, Any]) -> str:
    """The message of what another process told, with its name and parts if it told them."""
    message, name = str(made["message"]), made.get("sentence")
    if not isinstance(name, str):
        return message
    return Sentence.of(message, name, made.get("parts") or {})


def naming(text: str) -> dict[str, Any]:
    """What is written of a text beside the text itself; nothing if it has no name."""
    if isinstance(text, Sentence):
        return {"sentence": text.name, "parts": dict(text.parts)}
    return {}


def told(text: str) -> dict[str, Any]:
    """The same, for answers: every field is there."""
    return {"sentence": None, "parts": {}} | naming(text)
