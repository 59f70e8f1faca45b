"""The types at the edges of a graph: of its named inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable

from musegraph.node import NodeType
from musegraph.values import Type
from musegraph.workflow import GRAPH, Graph, Port, Workflow

Lookup = Callable[[str], NodeType | None]
MAX_DEPTH = 40
"""How deep subgraphs may stand in subgraphs."""


class Interface:
    """The types at the edges of a graph definition."""

    def __init__(self, workflow: Workflow, lookup: Lookup) -> None:
        self.workflow = workflow
        self.lookup = lookup
        self.known: dict[tuple[str, bool], dict[str, Type]] = {}
        """The types of the named graphs' outputs (True) and inputs, each found out once."""

    def inputs(self, graph: Graph, depth: int = 0) -> dict[str, Type]:
        made = {}
        for name, entry in graph.inputs.items():
            for at in entry.to[:1]:
                if type_ := self._port(graph, at, False, depth):
                    made[name] = type_.required()
        return made

    def outputs(self, graph: Graph, depth: int = 0) -> dict[str, Type]:
        found = {k: self._port(graph, at, True, depth) for k, at in graph.outputs.items()}
        return {name: type_.required() for name, type_ in found.items() if type_}

    def _port(self, graph: Graph, at: Port, output: bool, depth: int) -> Type | None:
        node = graph.nodes.get(at.node)
        if node is None or depth > MAX_DEPTH:
            return None
        if node.type.startswith(GRAPH):
            return self._inner(node.type.removeprefix(GRAPH), output, depth + 1).get(at.port)
        kind = self.lookup(node.type)
        port = (kind.outputs if output else kind.inputs).get(at.port) if kind else None
        return port.type if port else None

    def _inner(self, name: str, output: bool, depth: int) -> dict[str, Type]:
        inner = self.workflow.graphs.get(name)
        if inner is None:
            return {}
        if (name, output) not in self.known:
            self.known[name, output] = {}  # what a graph that contains itself finds
            side = self.outputs if output else self.inputs
            self.known[name, output] = side(inner, depth)
        return self.known[name, output]


def interface(workflow: Workflow, lookup: Lookup) -> tuple[dict[str, Type], dict[str, Type]]:
    """The types of a workflow's named inputs and outputs."""
    inside = Interface(workflow, lookup)
    return inside.inputs(workflow.graph), inside.outputs(workflow.graph)
