"""Every place of a document where a file may stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from musegraph.plan.interface import Interface, Lookup
from musegraph.values import Type
from musegraph.workflow import GRAPH, Graph, Node, Workflow

Change = Callable[[Any, Type | None, str | None, str], Any]
"""What becomes of one value, given the type of its port (if known), its node and port."""


def change_values(workflow: Workflow, lookup: Lookup, change: Change) -> Workflow:
    """The workflow with every value that may be a file, and every item of such a list, changed.

    At ports that take JSON an object stays what it is: data, whatever its members are called.
    """
    walk = _Walk(workflow, lookup, change)
    graphs = {name: walk.graph(g, f"{GRAPH}{name}/") for name, g in workflow.graphs.items()}
    types = walk.interface.inputs(workflow.graph)
    quick = {
        name: walk.value(value, types.get(name), None, name)
        for name, value in workflow.quick.items()
    }
    return replace(workflow, graph=walk.graph(workflow.graph, ""), graphs=graphs, quick=quick)


class _Walk:
    def __init__(self, workflow: Workflow, lookup: Lookup, change: Change) -> None:
        self.workflow = workflow
        self.lookup = lookup
        self.change = change
        self.interface = Interface(workflow, lookup)

    def graph(self, graph: Graph, where: str) -> Graph:
        types = self.interface.inputs(graph)
        inputs = dict(graph.inputs)
        for name, entry in graph.inputs.items():
            if entry.has_default:
                default = self.value(entry.default, types.get(name), None, where + name)
                inputs[name] = replace(entry, extra={**entry.extra, "default": default})
        nodes = {id: self.node(node, where + id) for id, node in graph.nodes.items()}
        return replace(graph, inputs=inputs, nodes=nodes)

    def node(self, node: Node, where: str) -> Node:
        if not node.values:
            return node
        types = self.types(node.type)
        values = {
            port: self.value(value, types.get(port), where, port)
            for port, value in node.values.items()
        }
        return node._replace(values=values)

    def types(self, kind: str) -> Mapping[str, Type]:
        if kind.startswith(GRAPH):
            inner = self.workflow.graphs.get(kind.removeprefix(GRAPH))
            return self.interface.inputs(inner) if inner else {}
        found = self.lookup(kind)
        return {name: port.type for name, port in found.inputs.items()} if found else {}

    def value(self, value: Any, type_: Type | None, node: str | None, port: str) -> Any:
        if isinstance(value, list):
            return [self.value(item, type_, node, port) for item in value]
        base = (type_.item or type_) if type_ is not None else None
        if isinstance(value, Mapping) and base is not None and (base.is_json or base.is_variable):
            return value
        return self.change(value, type_, node, port)
