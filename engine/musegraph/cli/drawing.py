"""A workflow's graph as SVG: nodes in layers, each to the right of all that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from musegraph.cli.sockets import family
from musegraph.node import NodeType
from musegraph.workflow import Graph, sources_of

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 144, 46, 192, 60, 2
_LEAST = 0.8
"""How far a drawing shrinks to fit its page: so far that it can be read."""

_Spot = tuple[str, int]
"""A node's id and a layer: its own, or a later one that links from it pass through."""


def drawing(graph: Graph, types: Mapping[str, NodeType], titles: Mapping[str, str]) -> str:
    """SVG with a link from every node to the page of its type, ``../nodes/ID.html``."""
    depth = _depths(graph)
    at = _places(graph, depth)
    width = max((x for x, _ in at.values()), default=0) + _WIDTH + _EDGE
    height = max((y for _, y in at.values()), default=0) + _HEIGHT + _EDGE
    lines = dict.fromkeys(
        _line(
            [at[source, layer] for layer in range(depth[source], depth[id])] + [at[id, depth[id]]],
            _colour(types.get(graph.nodes[source].type), output),
        )
        for id in graph.nodes
        for source, output in _sources(graph, id)
    )
    boxes = []
    for id, node in graph.nodes.items():
        kind = types.get(node.type)
        first = next(iter(kind.outputs), "") if kind else ""
        box = _box(id, titles.get(node.type, node.type), _colour(kind, first), *at[id, depth[id]])
        boxes.append(f'<a href="../nodes/{escape(node.type)}.html">{box}</a>' if kind else box)
    size = (
        f'viewBox="0 0 {width} {height}" width="{width}" style="min-width: {_LEAST * width:.0f}px"'
    )
    return f'<svg class="graph" role="img" {size}>{"".join([*lines, *boxes])}</svg>'


def _depths(graph: Graph) -> dict[str, int]:
    """The layer of each node, counted from the left."""
    needs = {id: {source for source, _ in _sources(graph, id)} for id in graph.nodes}
    depth: dict[str, int] = {}
    for _ in needs:  # a path has at most as many links as there are nodes
        depth = {id: 1 + max((depth.get(n, 0) for n in needs[id]), default=-1) for id in needs}
    return depth


def _places(graph: Graph, depth: Mapping[str, int]) -> dict[_Spot, tuple[int, int]]:
    """The corner of each spot, as near the height of what it comes from as there is room.

    A link that passes a layer has a spot there of its own, so that it runs behind no node.
    """
    before: dict[_Spot, set[_Spot]] = {(id, layer): set() for id, layer in depth.items()}
    for id in graph.nodes:
        for source, _ in _sources(graph, id):
            before[id, depth[id]].add((source, depth[id] - 1))
            for layer in range(depth[source] + 1, depth[id]):
                before.setdefault((source, layer), set()).add((source, layer - 1))
    rows: dict[_Spot, float] = {}
    for layer in range(max(depth.values(), default=-1) + 1):
        wanted = {
            spot: sum(rows[b] for b in origins) / len(origins) if origins else 0.0
            for spot, origins in before.items()
            if spot[1] == layer
        }
        free = 0.0
        for spot in sorted(wanted, key=wanted.__getitem__):
            rows[spot] = max(free, wanted[spot])
            free = rows[spot] + 1
    return {
        spot: (_EDGE + spot[1] * _ACROSS, _EDGE + round(row * _DOWN)) for spot, row in rows.items()
    }


def _sources(graph: Graph, id: str) -> Iterator[tuple[str, str]]:
    """The node and output of every link that comes from a node, not from an input."""
    for link in graph.nodes[id].links.values():
        for port in sources_of(link):
            if port.node in graph.nodes:
                yield port.node, port.port


def _colour(kind: NodeType | None, output: str) -> str:
    port = kind.outputs.get(output) if kind else None
    return family(port.type) if port else "any"


def _line(spots: Sequence[tuple[int, int]], colour: str) -> str:
    """From the right edge of the first spot to the left edge of the last, across the others."""
    x, y = spots[0][0] + _WIDTH, spots[0][1] + _HEIGHT // 2
    path = f"M{x} {y}"
    for left, top in spots[1:]:
        middle, v = (x + left) // 2, top + _HEIGHT // 2
        path += f"C{middle} {y} {middle} {v} {left} {v}"
        x, y = left + _WIDTH, v
        if (left, top) != spots[-1]:
            path += f"H{x}"
    return f'<path class="{colour}" d="{path}"/>'


def _box(id: str, title: str, colour: str, x: int, y: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<rect class="stripe {colour}" x="{x + 1}" y="{y + 6}" width="3" height="{_HEIGHT - 12}"/>'
        f'<text x="{x + 14}" y="{y + 20}">{escape(id)}</text>'
        f'<text class="kind" x="{x + 14}" y="{y + 36}">{escape(title)}</text>'
    )
