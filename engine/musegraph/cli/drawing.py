"""A workflow's graph as SVG: nodes in layers, each to the right of all that it needs."""

from __future__ import annotations

from html import escape

from musegraph.workflow import Graph

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 148, 46, 190, 68, 8


def drawing(graph: Graph) -> str:
    """SVG with a link from every node to the page of its type, ``../nodes/ID.html``."""
    needs = {id: _sources(graph, id) for id in graph.nodes}
    depth: dict[str, int] = {}
    for _ in needs:  # a path has at most as many links as there are nodes
        depth = {id: 1 + max((depth.get(n, 0) for n in needs[id]), default=-1) for id in needs}
    rows: dict[int, int] = {}
    at: dict[str, tuple[int, int]] = {}
    for id in needs:
        row = rows.get(depth[id], 0)
        rows[depth[id]] = row + 1
        at[id] = (_EDGE + depth[id] * _ACROSS, _EDGE + row * _DOWN)
    width = max((x for x, _ in at.values()), default=0) + _WIDTH + _EDGE
    height = max((y for _, y in at.values()), default=0) + _HEIGHT + _EDGE
    lines = [_line(at[source], at[id]) for id in needs for source in sorted(needs[id])]
    boxes = [_box(id, graph.nodes[id].type, *at[id]) for id in needs]
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg class="graph" role="img" {size}>{"".join(lines + boxes)}</svg>'


def _sources(graph: Graph, id: str) -> set[str]:
    found: set[str] = set()
    for link in graph.nodes[id].links.values():
        ports = [link] if hasattr(link, "node") else link
        found.update(port.node for port in ports if port.node in graph.nodes)
    return found


def _line(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + _WIDTH, source[1] + _HEIGHT // 2
    u, v = target[0], target[1] + _HEIGHT // 2
    middle = (x + u) // 2
    return f'<path d="M{x} {y}C{middle} {y} {middle} {v} {u} {v}"/>'


def _box(id: str, kind: str, x: int, y: int) -> str:
    box = (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 12}" y="{y + 20}">{escape(id)}</text>'
        f'<text class="type" x="{x + 12}" y="{y + 36}">{escape(kind)}</text>'
    )
    return box if kind.startswith("graph:") else f'<a href="../nodes/{escape(kind)}.html">{box}</a>'
