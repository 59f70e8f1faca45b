"""What nodes are called in other languages: a pack brings ``LANGUAGE.json``, by node id.

An entry holds ``title``, ``text``, ``inputs`` and ``outputs``, each port with ``label`` and
``text``. What it leaves out stays English. ``english`` is the digest of the English that the entry
was made from, so that :func:`problems` finds the entries that have to be looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from musegraph.errors import MusegraphError
from musegraph.node import NodeType, Port

ENGLISH = "en"


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


def entries(folder: Path | None, language: str) -> Entries:
    """The entries of ``folder/LANGUAGE.json`` by node id; none if there is no such file."""
    if folder is None or not (file := folder / f"{language}.json").is_file():
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


def node_text(kind: NodeType, entries: Entries) -> NodeText:
    """The words of a node, in English where ``entries`` has none."""
    entry = entries.get(kind.id, {})
    return NodeText(
        title=str(entry.get("title") or kind.schema()["title"]),
        text=str(entry.get("text") or kind.text),
        inputs=_ports(kind.inputs, entry.get("inputs", {})),
        outputs=_ports(kind.outputs, entry.get("outputs", {})),
    )


def _ports(ports: Mapping[str, Port], said: Mapping[str, Any]) -> dict[str, PortText]:
    made = {}
    for name, port in ports.items():
        entry = said.get(name, {})
        made[name] = PortText(str(entry.get("label", "")), str(entry.get("text") or port.help))
    return made


def digest(kind: NodeType) -> str:
    """A short digest of all that a translator of the node has before him."""
    english = node_text(kind, {})
    ports = [
        [[name, port.text] for name, port in side.items()]
        for side in (english.inputs, english.outputs)
    ]
    said = json.dumps([english.title, english.text, *ports])
    return blake3(said.encode()).hexdigest()[:12]


def problems(kinds: Iterable[NodeType], entries: Entries) -> list[str]:
    """What entries lack, what is left over in them, and which their English has outrun."""
    known = {kind.id: kind for kind in kinds}
    found = [
        f"{id}: there is no such node; take its texts out" for id in entries if id not in known
    ]
    for id, kind in known.items():
        entry = entries.get(id)
        if entry is None:
            found.append(f'{id}: has no texts; "english" will be "{digest(kind)}"')
            continue
        found += [f"{id}: has no {part}" for part in ("title", "text") if not entry.get(part)]
        found += _port_problems(id, "input", kind.inputs, entry.get("inputs", {}))
        found += _port_problems(id, "output", kind.outputs, entry.get("outputs", {}))
        if entry.get("english") != digest(kind):
            found.append(
                f"{id}: its English has changed; look its texts through, "
                f'then set "english" to "{digest(kind)}"'
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
        if port.help and not entry.get("text"):
            found.append(f"{id}: the {side} {name!r} has no text")
    return found
