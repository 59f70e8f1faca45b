"""The part of a document that some nodes need: what else stands in it cannot hold up their run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from musegraph.document import Graph
from musegraph.workflow import Port, Workflow


def narrow(workflow: Workflow, only: Iterable[str]) -> Workflow:
    """The document with the nodes that ``only`` names, by path or by output, and all above them.

    As it is if ``only`` is empty, or names something that is not there.
    """
    graph = workflow.graph
    todo = [_node(graph, name) for name in only]
    if not todo or not all(id in graph.nodes for id in todo):
        return workflow
    needed = set(todo)
    while todo:
        node = graph.nodes.get(todo.pop())
        for link in node.links.values() if node is not None else ():
            for source in (link,) if isinstance(link, Port) else link:
                if source.node not in needed:
                    needed.add(source.node)
                    todo.append(source.node)
    if needed.issuperset(graph.nodes):
        return workflow
    inputs = {
        name: replace(entry, to=tuple(at for at in entry.to if at.node in needed))
        for name, entry in graph.inputs.items()
    }
    nodes = {id: node for id, node in graph.nodes.items() if id in needed}
    outputs = {name: at for name, at in graph.outputs.items() if at.node in needed}
    return replace(workflow, graph=replace(graph, nodes=nodes, inputs=inputs, outputs=outputs))


def _node(graph: Graph, name: str) -> str:
    """The node of the document that a path stands in, or that an output comes from."""
    at = graph.outputs.get(name)
    return name.partition("/")[0] if at is None else at.node
