"""A workflow's graph as SVG: nodes in layers, each to the right of all that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from musegraph.cli.sockets import family
from musegraph.node import NodeType
from musegraph.workflow import Graph, Port

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 156, 46, 212, 68, 2
_Points = dict[str, tuple[int, int]]


def drawing(graph: Graph, types: Mapping[str, NodeType], titles: Mapping[str, str]) -> str:
    """SVG with a link from every node to the page of its type, ``../nodes/ID.html``."""
    at = _places(graph)
    width = max((x for x, _ in at.values()), default=0) + _WIDTH + _EDGE
    height = max((y for _, y in at.values()), default=0) + _HEIGHT + _EDGE
    lines = dict.fromkeys(
        _line(at[source], at[id], _colour(types.get(graph.nodes[source].type), output))
        for id in graph.nodes
        for source, output in _sources(graph, id)
    )
    boxes = []
    for id, node in graph.nodes.items():
        kind = types.get(node.type)
        first = next(iter(kind.outputs), "") if kind else ""
        box = _box(id, titles.get(node.type, node.type), _colour(kind, first), *at[id])
        boxes.append(f'<a href="../nodes/{escape(node.type)}.html">{box}</a>' if kind else box)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg class="graph" role="img" {size}>{"".join([*lines, *boxes])}</svg>'


def _places(graph: Graph) -> _Points:
    """Each node's corner: layers from the left, each as near its sources' height as it may."""
    needs = {id: {source for source, _ in _sources(graph, id)} for id in graph.nodes}
    depth: dict[str, int] = {}
    for _ in needs:  # a path has at most as many links as there are nodes
        depth = {id: 1 + max((depth.get(n, 0) for n in needs[id]), default=-1) for id in needs}
    rows: dict[str, float] = {}
    for layer in range(max(depth.values(), default=-1) + 1):
        wanted = {
            id: sum(rows[n] for n in needs[id]) / len(needs[id]) if needs[id] else 0.0
            for id in needs
            if depth[id] == layer
        }
        free = 0.0
        for id in sorted(wanted, key=wanted.__getitem__):
            rows[id] = max(free, wanted[id])
            free = rows[id] + 1
    return {
        id: (_EDGE + depth[id] * _ACROSS, _EDGE + round(rows[id] * _DOWN)) for id in graph.nodes
    }


def _sources(graph: Graph, id: str) -> Iterator[tuple[str, str]]:
    """The node and output of every link that comes from a node, not from an input."""
    for link in graph.nodes[id].links.values():
        for port in [link] if isinstance(link, Port) else link:
            if port.node in graph.nodes:
                yield port.node, port.port


def _colour(kind: NodeType | None, output: str) -> str:
    port = kind.outputs.get(output) if kind else None
    return family(port.type) if port else "any"


def _line(source: tuple[int, int], target: tuple[int, int], colour: str) -> str:
    x, y = source[0] + _WIDTH, source[1] + _HEIGHT // 2
    u, v = target[0], target[1] + _HEIGHT // 2
    middle = (x + u) // 2
    return f'<path class="{colour}" d="M{x} {y}C{middle} {y} {middle} {v} {u} {v}"/>'


def _box(id: str, title: str, colour: str, x: int, y: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<rect class="stripe {colour}" x="{x + 1}" y="{y + 6}" width="3" height="{_HEIGHT - 12}"/>'
        f'<text x="{x + 14}" y="{y + 20}">{escape(id)}</text>'
        f'<text class="kind" x="{x + 14}" y="{y + 36}">{escape(title)}</text>'
    )
