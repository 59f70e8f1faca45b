"""The parts of a workflow document: nodes, ports, links, named inputs, graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

GRAPH = "graph:"
EMPTY: Mapping[str, Any] = MappingProxyType({})


class Port(NamedTuple):
    """The address of a port: ``node.port`` in the file."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


Link = Port | tuple[Port, ...]
"""One source, or an ordered list of sources at a list port."""


def sources_of(link: Link) -> tuple[Port, ...]:
    """The sources of a link, in order."""
    return (link,) if isinstance(link, Port) else link


@dataclass(frozen=True, slots=True)
class Repeat:
    """Run a subgraph several times, its ``carry`` outputs going to the named inputs."""

    times: int | str
    carry: Mapping[str, str]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return {"times": self.times, "carry": dict(self.carry), **self.extra}


class Node(NamedTuple):
    """One node: its type, and for each input a value or a link."""

    type: str
    values: Mapping[str, Any] = EMPTY
    links: Mapping[str, Link] = EMPTY
    mode: str = ""
    pin: Mapping[str, str] | None = None
    repeat: Repeat | None = None
    extra: Mapping[str, Any] = EMPTY

    def json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": self.type}
        if self.values:
            made["values"] = dict(self.values)
        if self.links:
            made["links"] = {
                name: str(link) if isinstance(link, Port) else [str(part) for part in link]
                for name, link in self.links.items()
            }
        if self.mode:
            made["mode"] = self.mode
        if self.pin is not None:
            made["pin"] = dict(self.pin)
        if self.repeat is not None:
            made["repeat"] = self.repeat.json()
        return {**made, **self.extra}


@dataclass(frozen=True, slots=True)
class Input:
    """A named input of a workflow: the ports it sets, and what it is when nobody says."""

    to: tuple[Port, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_default(self) -> bool:
        return "default" in self.extra

    @property
    def default(self) -> Any:
        return self.extra["default"]

    def json(self) -> dict[str, Any]:
        return {"to": [str(port) for port in self.to], **self.extra}


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes with named inputs and outputs: a workflow, or a definition inside one."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Port] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return {
            "inputs": {name: entry.json() for name, entry in self.inputs.items()},
            "outputs": {name: str(port) for name, port in self.outputs.items()},
            "nodes": {id: node.json() for id, node in self.nodes.items()},
            **self.extra,
        }
