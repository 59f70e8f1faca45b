"""What packs, nodes and example workflows are called in other languages: ``LANGUAGE.json``.

It lies in ``Pack.texts``, or for workflows in the folder ``texts`` beside them. The entry of a
node, by its id, or of a workflow, by the name of its file, holds ``title``, ``text``, ``inputs``
and ``outputs``, each port with ``label`` and ``text``, and a menu with ``choices``: the words for
its choices, as far as they need some; a node with a heading of its own also holds ``group``. The
entry of a pack, by its name, holds ``title``. What is left out stays English. ``english`` is the
digest of the English that the entry was made from, so that :func:`problems` finds the entries that
have to be looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3

from musegraph.errors import MusegraphError
from musegraph.node import NodeType, Port
from musegraph.pack import Pack
from musegraph.workflow import Workflow


@dataclass(frozen=True)
class PortText:
    """What a port is called, and what is said of it; both may be empty.

    ``choices`` are those of a menu, each with the word for it.
    """

    label: str = ""
    text: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Texts:
    """All words of one pack, node or workflow in one language."""

    title: str
    text: str = ""
    inputs: Mapping[str, PortText] = field(default_factory=dict)
    outputs: Mapping[str, PortText] = field(default_factory=dict)
    group: str = ""
    """The heading that a node stands under, if it is not the title of its pack."""


Entries = Mapping[str, Mapping[str, Any]]


def entries(folder: Path | None, language: str) -> Entries:
    """The texts of a folder in a language such as ``zh``; none if it has no such file."""
    if folder is None or not (file := folder / f"{language}.json").is_file():
        return {}
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MusegraphError(f"the texts in {file} cannot be read: {error}") from None
    if not (isinstance(read, dict) and all(_well_formed(entry) for entry in read.values())):
        raise MusegraphError(
            f"the texts in {file} have to be an object for each node or workflow, "
            "in it title, text, and an object for each of the inputs and outputs"
        )
    return read


def _well_formed(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    sides = [entry.get("inputs", {}), entry.get("outputs", {})]
    return all(
        isinstance(side, dict)
        and all(
            isinstance(port, dict) and isinstance(port.get("choices", {}), dict)
            for port in side.values()
        )
        for side in sides
    )


def texts_of(folder: Path, name: str) -> dict[str, Any]:
    """What a document carries as its ``texts``: the entries of one workflow by language."""
    made: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json")):
        if entry := dict(entries(folder, file.stem).get(name, {})):
            entry.pop("english", None)
            made[file.stem] = entry
    return made


def pack_texts(pack: Pack, entries: Entries) -> Texts:
    """What a pack is called: its title, or its name if it has none."""
    return _translated(Texts(pack.title or pack.name), entries.get(pack.name, {}))


def node_texts(kind: NodeType, entries: Entries) -> Texts:
    """The words of a node, in English where ``entries`` has none."""
    inputs, outputs = (
        {name: PortText("", _help(port), _menu(port)) for name, port in side.items()}
        for side in (kind.inputs, kind.outputs)
    )
    english = Texts(kind.heading, kind.text, inputs, outputs, kind.group)
    return _translated(english, entries.get(kind.id, {}))


def workflow_texts(name: str, workflow: Workflow, entries: Entries) -> Texts:
    """The words of the workflow in a file of this name, in English where ``entries`` has none."""
    inputs = {
        name: PortText(str(entry.extra.get("label", "")), str(entry.extra.get("help", "")))
        for name, entry in workflow.inputs.items()
    }
    outputs = dict.fromkeys(workflow.outputs, PortText())
    english = Texts(workflow.name or name, "", inputs, outputs)
    return _translated(english, entries.get(name, {}))


def schema_in(kind: NodeType, said: Texts) -> dict[str, Any]:
    """The node's schema in the words of a language; a port has a label where there is one."""
    made = kind.schema() | {"title": said.title, "text": said.text, "group": said.group}
    for side, texts in (("inputs", said.inputs), ("outputs", said.outputs)):
        for name, text in texts.items():
            port = made[side][name]
            if text.label:
                port["label"] = text.label
            if words := {value: word for value, word in text.choices.items() if word != value}:
                port["choices"] = words
            if text.text:
                port["schema"] = port.get("schema", {}) | {"description": text.text}
    return made


def _translated(english: Texts, entry: Mapping[str, Any]) -> Texts:
    return Texts(
        title=str(entry.get("title") or english.title),
        text=str(entry.get("text") or english.text),
        inputs=_ports(english.inputs, entry.get("inputs", {})),
        outputs=_ports(english.outputs, entry.get("outputs", {})),
        group=str(entry.get("group") or english.group),
    )


def _ports(
    english: Mapping[str, PortText], said: Mapping[str, Mapping[str, Any]]
) -> dict[str, PortText]:
    made = {}
    for name, port in english.items():
        entry = said.get(name, {})
        label, text = entry.get("label") or port.label, entry.get("text") or port.text
        words = entry.get("choices", {})
        choices = {value: str(words.get(value) or word) for value, word in port.choices.items()}
        made[name] = PortText(str(label), str(text), choices)
    return made


def _menu(port: Port) -> dict[str, str]:
    """The choices of a port, each for itself."""
    return {choice: choice for choice in (port.type.item or port.type).choices}


def _help(port: Port) -> str:
    """What the author says of a port, or else its type of itself."""
    return port.help or str(port.schema().get("schema", {}).get("description", ""))


def digest(english: Texts) -> str:
    """A short digest of all the English that a translator has in hand."""
    ports = [
        [[name, *([port.label] if port.label else []), port.text] for name, port in side.items()]
        for side in (english.inputs, english.outputs)
    ]
    return blake3(json.dumps([english.title, english.text, *ports]).encode()).hexdigest()[:12]


def english_digest(what: NodeType | Pack) -> str:
    """What the entry of a node or a pack says as its ``english``, for scripts that write texts."""
    return digest(pack_texts(what, {}) if isinstance(what, Pack) else node_texts(what, {}))


def problems(pack: Pack, entries: Entries) -> list[str]:
    """What entries lack, what is left over in them, and which their English has outrun."""
    nodes = {id: node_texts(kind, {}) for id, kind in pack.types.items()}
    return _problems("node", {pack.name: pack_texts(pack, {}), **nodes}, entries)


def workflow_problems(workflows: Mapping[str, Workflow], entries: Entries) -> list[str]:
    """The same of workflows by the names of their files."""
    english = {name: workflow_texts(name, workflow, {}) for name, workflow in workflows.items()}
    return _problems("workflow", english, entries)


def _problems(what: str, english: Mapping[str, Texts], entries: Entries) -> list[str]:
    found = [f"{id}: there is no such {what}; take it out" for id in entries if id not in english]
    for id, said in english.items():
        entry = entries.get(id, {})
        parts = {"title": said.title, "text": said.text, "group": said.group}
        found += [
            f"{id}: has no {part}" for part, text in parts.items() if text and not entry.get(part)
        ]
        if entry.get("english") != digest(said):
            found.append(
                f"{id}: its texts were not made from today's English; "
                f'look them through, then set "english" to "{digest(said)}"'
            )
        found += _port_problems(id, "input", said.inputs, entry.get("inputs", {}))
        found += _port_problems(id, "output", said.outputs, entry.get("outputs", {}))
    return found


def _port_problems(
    id: str, side: str, ports: Mapping[str, PortText], said: Mapping[str, Any]
) -> list[str]:
    found = [
        f"{id}: there is no {side} {name!r}; take it out" for name in said if name not in ports
    ]
    for name, port in ports.items():
        entry = said.get(name, {})
        if not entry.get("label"):
            found.append(f"{id}: the {side} {name!r} has no label")
        if port.text and not entry.get("text"):
            found.append(f"{id}: the {side} {name!r} has no text")
        found += [
            f"{id}: the {side} {name!r} has no choice {choice!r}; take it out"
            for choice in entry.get("choices", {})
            if choice not in port.choices
        ]
    return found
