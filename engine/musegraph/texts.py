"""What a pack and its nodes are called in other languages: ``LANGUAGE.json`` in ``Pack.texts``.

The entry of a node, by its id, holds ``title``, ``text``, ``inputs`` and ``outputs``, each port
with ``label`` and ``text``; the entry of the pack, by its name, holds ``title``. What is left out
stays English. ``english`` is the digest of the English that the entry was made from, so that
:func:`problems` finds the entries that have to be looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from musegraph.errors import MusegraphError
from musegraph.node import NodeType, Port
from musegraph.pack import Pack


@dataclass(frozen=True)
class PortText:
    """What a port is called, and what is said of it; both may be empty."""

    label: str = ""
    text: str = ""


@dataclass(frozen=True)
class NodeText:
    """All words of one node in one language."""

    title: str
    text: str
    inputs: Mapping[str, PortText]
    outputs: Mapping[str, PortText]


Entries = Mapping[str, Mapping[str, Any]]


def entries(pack: Pack, language: str) -> Entries:
    """The texts that a pack brings in a language such as ``zh``; none if it has no such file."""
    if pack.texts is None or not (file := pack.texts / f"{language}.json").is_file():
        return {}
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MusegraphError(f"the texts in {file} cannot be read: {error}") from None
    if not (isinstance(read, dict) and all(_well_formed(entry) for entry in read.values())):
        raise MusegraphError(
            f"the texts in {file} have to be an object for each node id, "
            "in it title, text, and an object for each of the inputs and outputs"
        )
    return read


def _well_formed(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    sides = [entry.get("inputs", {}), entry.get("outputs", {})]
    return all(
        isinstance(side, dict) and all(isinstance(port, dict) for port in side.values())
        for side in sides
    )


def pack_title(pack: Pack, entries: Entries) -> str:
    """What a pack is called: its title, or its name if it has none."""
    return str(entries.get(pack.name, {}).get("title") or pack.title or pack.name)


def node_text(kind: NodeType, entries: Entries) -> NodeText:
    """The words of a node, in English where ``entries`` has none."""
    entry = entries.get(kind.id, {})
    return NodeText(
        title=str(entry.get("title") or kind.schema()["title"]),
        text=str(entry.get("text") or kind.text),
        inputs=_ports(kind.inputs, entry.get("inputs", {})),
        outputs=_ports(kind.outputs, entry.get("outputs", {})),
    )


def schema_in(kind: NodeType, said: NodeText) -> dict[str, Any]:
    """The node's schema in the words of a language; a port has a label where there is one."""
    made = kind.schema() | {"title": said.title, "text": said.text}
    for side, texts in (("inputs", said.inputs), ("outputs", said.outputs)):
        for name, text in texts.items():
            port = made[side][name]
            if text.label:
                port["label"] = text.label
            if text.text:
                port["schema"] = port.get("schema", {}) | {"description": text.text}
    return made


def _ports(ports: Mapping[str, Port], said: Mapping[str, Any]) -> dict[str, PortText]:
    made = {}
    for name, port in ports.items():
        entry = said.get(name, {})
        made[name] = PortText(str(entry.get("label", "")), str(entry.get("text") or _help(port)))
    return made


def _help(port: Port) -> str:
    """What the author says of a port, or else its type of itself."""
    return port.help or str(port.schema().get("schema", {}).get("description", ""))


def digest(kind: NodeType) -> str:
    """A short digest of all the English that a translator of the node has in hand."""
    english = node_text(kind, {})
    ports = [
        [[name, port.text] for name, port in side.items()]
        for side in (english.inputs, english.outputs)
    ]
    return _digest([english.title, english.text, *ports])


def _digest(english: list[Any]) -> str:
    return blake3(json.dumps(english).encode()).hexdigest()[:12]


def problems(pack: Pack, entries: Entries) -> list[str]:
    """What entries lack, what is left over in them, and which their English has outrun."""
    known = {pack.name, *pack.types}
    found = [f"{id}: there is no such node; take it out" for id in entries if id not in known]
    entry = entries.get(pack.name, {})
    found += _entry_problems(pack.name, entry, ("title",), _digest([pack.title]))
    for id, kind in pack.types.items():
        entry = entries.get(id, {})
        found += _entry_problems(id, entry, ("title", "text"), digest(kind))
        found += _port_problems(id, "input", kind.inputs, entry.get("inputs", {}))
        found += _port_problems(id, "output", kind.outputs, entry.get("outputs", {}))
    return found


def _entry_problems(
    id: str, entry: Mapping[str, Any], parts: tuple[str, ...], today: str
) -> list[str]:
    found = [f"{id}: has no {part}" for part in parts if not entry.get(part)]
    if entry.get("english") != today:
        found.append(
            f"{id}: its texts were not made from today's English; "
            f'look them through, then set "english" to "{today}"'
        )
    return found


def _port_problems(
    id: str, side: str, ports: Mapping[str, Port], said: Mapping[str, Any]
) -> list[str]:
    found = [
        f"{id}: there is no {side} {name!r}; take it out" for name in said if name not in ports
    ]
    for name, port in ports.items():
        entry = said.get(name, {})
        if not entry.get("label"):
            found.append(f"{id}: the {side} {name!r} has no label")
        if _help(port) and not entry.get("text"):
            found.append(f"{id}: the {side} {name!r} has no text")
    return found
