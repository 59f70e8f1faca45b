"""Values from outside put into a workflow's named inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from musegraph.errors import InvalidWorkflow, MusegraphError, Problem, UnreadableWorkflow
from musegraph.pack import Registry
from musegraph.paths import at_home, read, shown, text_of
from musegraph.plan.interface import interface
from musegraph.store import Store
from musegraph.values import Media, Type, parse
from musegraph.values.codec import encode, to_json
from musegraph.values.scalars import MAX_SEED
from musegraph.values.types import TEXT
from musegraph.workflow import GRAPH, Port, Workflow

_NUMERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MEDIA = {"Image": "image/", "Mask": "image/"}
"""What the files that a folder gives to a port of this type are; at other ports all are taken."""


_WRITTEN = frozenset(("Text", "Choice", "ModelSource"))
"""The types whose values are texts: what is typed is the value as it stands."""


def is_text(type_: Type) -> bool:
    """Whether an input takes a text, and no list of them."""
    return not type_.is_list and type_.name in _WRITTEN


def input_types(workflow: Workflow, registry: Registry) -> dict[str, Type]:
    """The type of each named input: that of the first port it sets."""
    return interface(workflow, registry.get)[0]


def parse_argument(text: str, type_: Type) -> Any:
    """What ``--set name=text`` means for an input of this type.

    Text stays text; other JSON types are read as JSON, and as text where that is no JSON; at a
    media port the text is the path of a file. Raises :class:`UnreadableWorkflow` for a number that
    is beyond what a workflow can hold.
    """
    words = is_text(type_)
    if words and not text.startswith("["):
        return text
    try:
        return parse(text)
    except UnreadableWorkflow:
        if not words and _NUMERAL.fullmatch(text):
            raise
        return text


def settle_inputs(
    workflow: Workflow, given: Mapping[str, Any], registry: Registry, store: Store
) -> Workflow:
    """The document with these inputs as its defaults; files and media go to the store."""
    types = input_types(workflow, registry)
    settled: dict[str, Any] = {}
    for name, value in given.items():
        if name not in workflow.inputs:
            known = ", ".join(workflow.inputs) or "none"
            message = f"there is no input {name!r}; the inputs are: {known}"
            raise InvalidWorkflow([Problem(None, name, "input", message)])
        type_ = types.get(name, TEXT)
        settled[name] = _settle(name, _listed(name, value, type_), type_, store)
    return workflow.set_inputs(settled)


def _listed(name: str, value: Any, type_: Type) -> Any:
    """The files of a folder that is given at a media port; any other value as it is."""
    base = type_.item or type_
    if base.is_json or base.is_variable or not isinstance(value, (str, Path)):
        return value
    folder = at_home(value)
    try:
        if not folder.is_dir():
            return value
        found = [path for path in folder.iterdir() if _belongs(path, base)]
    except OSError as error:
        message = f"{shown(folder)} cannot be read: {error.strerror}"
        raise InvalidWorkflow([Problem(None, name, "input", message)]) from None
    if not found:
        message = f"the folder {folder} holds no file for an input of type {base}; add some to it"
        raise InvalidWorkflow([Problem(None, name, "input", message)])
    return sorted(found, key=_naturally)


def _belongs(path: Path, base: Type) -> bool:
    wanted = _MEDIA.get(base.name, "")
    media = guess_type(path.name)[0] or ""
    return not path.name.startswith(".") and media.startswith(wanted) and path.is_file()


def _naturally(path: Path) -> tuple[list[str | int], str]:
    """Sorts ``2.png`` before ``10.png``: every other part of a name is a number."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


def _settle(name: str, value: Any, type_: Type, store: Store) -> Any:
    base = type_.item or type_
    if isinstance(value, (list, tuple)):
        return [_settle(name, item, type_, store) for item in value]
    if isinstance(value, Media):
        data = b"".join(bytes(part) for part in encode(value))
        return {"asset": store.put_bytes(data), "name": name, "media": "application/safetensors"}
    if base.is_json or base.is_variable:
        return to_json(value)
    if isinstance(value, (str, Path)):
        return _import(name, Path(value), store)
    if hasattr(value, "save") and hasattr(value, "convert"):
        return _picture(name, value, store)
    return value


def _import(name: str, path: Path, store: Store) -> dict[str, str]:
    try:
        data = read(at_home(path))
    except OSError as error:
        message = f"the file {shown(path)} cannot be read: {error.strerror}"
        raise InvalidWorkflow([Problem(None, name, "input", message)]) from None
    media = guess_type(path.name)[0] or "application/octet-stream"
    return {"asset": store.put_bytes(data), "name": text_of(path.name), "media": media}


def _picture(name: str, picture: Any, store: Store) -> dict[str, str]:
    from io import BytesIO

    stream = BytesIO()
    picture.save(stream, format="PNG")
    digest = store.put_bytes(stream.getvalue())
    return {"asset": digest, "name": f"{name}.png", "media": "image/png"}


def with_seed(workflow: Workflow, seed: int, registry: Registry) -> Workflow:
    """The document with this seed in its seed inputs, or, without such, at every seed port.

    A list of seeds becomes a list of as many that count up from it.
    """
    if not 0 <= seed <= MAX_SEED:
        raise MusegraphError(f"the seed {seed} is out of range: it has to be 0 … 2^53 − 1")
    types = input_types(workflow, registry)
    named = [name for name, type_ in types.items() if (type_.item or type_).name == "Seed"]
    if named:
        return workflow.set_inputs({name: _like(_default(workflow, name), seed) for name in named})
    changes: dict[Port, Any] = {}
    for id, node in workflow.nodes.items():
        kind = registry.get(node.type) if not node.type.startswith(GRAPH) else None
        for name, port in kind.inputs.items() if kind else ():
            if port.type.name == "Seed" and name not in node.links:
                changes[Port(id, name)] = _like(node.values.get(name), seed)
    return workflow.with_values(changes)


def _default(workflow: Workflow, name: str) -> Any:
    entry = workflow.inputs[name]
    if entry.has_default:
        return entry.default
    at = entry.to[0]
    return workflow.nodes[at.node].values.get(at.port) if at.node in workflow.nodes else None


def _like(value: Any, seed: int) -> Any:
    if isinstance(value, list):
        return [(seed + index) % (MAX_SEED + 1) for index in range(len(value))]
    return seed
