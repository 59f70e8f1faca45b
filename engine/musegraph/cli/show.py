"""``show``: a workflow as text that is read from top to bottom, sources before what uses them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator

from musegraph.cli.entry import FINE
from musegraph.cli.style import Style, number, printable, shorten
from musegraph.compare import in_order, said
from musegraph.workflow import GRAPH, Graph, Input, Link, Node, Port, Workflow


def show(args: Namespace) -> int:
    """The graph as text, or with ``--json`` the document itself in its canonical form."""
    workflow = Workflow.read(args.file)
    if args.json:
        sys.stdout.write(workflow.text())
        return FINE
    style = Style(sys.stdout)
    size = number(len(workflow.nodes), "node")
    if workflow.graphs:
        size += f", {number(len(workflow.graphs), 'subgraph')}"
    style.line(f"{style(printable(workflow.name or args.file), 'bold')}  {style(size, 'dim')}")
    _graph(workflow.graph, style, "")
    if workflow.quick:
        _section("quick", [(name, said(value)) for name, value in workflow.quick.items()], style)
    for name, graph in workflow.graphs.items():
        style.line()
        title = style(printable(GRAPH + name), "bold")
        style.line(f"{title}  {style(number(len(graph.nodes), 'node'), 'dim')}")
        _graph(graph, style, "  ")
    return FINE


def _graph(graph: Graph, style: Style, indent: str) -> None:
    inputs = [(name, _input(entry, style)) for name, entry in graph.inputs.items()]
    _section("inputs", inputs, style, indent)
    if graph.nodes:
        style.line(f"{indent}{style('nodes', 'dim')}")
    for id in in_order(graph):
        node = graph.nodes[id]
        notes = ", ".join(_notes(node))
        about = style(printable(node.type), "cyan")
        style.line(f"{indent}  {style(id, 'bold')}  {about}  {style(notes, 'yellow')}".rstrip())
        _rows(list(_ports(node, style)), style, indent + "    ")
    outputs = [(name, f"{_from(style)} {port}") for name, port in graph.outputs.items()]
    _section("outputs", outputs, style, indent)


def _section(title: str, rows: list[tuple[str, str]], style: Style, indent: str = "") -> None:
    if rows:
        style.line(f"{indent}{style(title, 'dim')}")
        _rows(rows, style, indent + "  ")


def _rows(rows: list[tuple[str, str]], style: Style, indent: str) -> None:
    """Names in a column, and what they are beside them; cut at the edge of a terminal."""
    wide = max((len(printable(name)) for name, _ in rows), default=0)
    room = max(style.width - len(indent) - wide - 2, 20)
    for name, text in rows:
        style.line(
            f"{indent}{printable(name).ljust(wide)}  {shorten(printable(text[: room + 1]), room)}"
        )


def _input(entry: Input, style: Style) -> str:
    parts = [f"= {said(entry.default)}"] if entry.has_default else []
    parts.append(f"{style.signs['to']} {', '.join(map(str, entry.to)) or 'nothing'}")
    if isinstance(label := entry.extra.get("label"), str):
        parts.append(f"({label})")
    return "  ".join(parts)


def _ports(node: Node, style: Style) -> Iterator[tuple[str, str]]:
    """The values of a node, then its links."""
    for name, value in node.values.items():
        yield name, f"= {said(value)}"
    for name, link in node.links.items():
        yield name, f"{_from(style)} {_sources(link)}"


def _sources(link: Link) -> str:
    return str(link) if isinstance(link, Port) else f"[{', '.join(map(str, link))}]"


def _from(style: Style) -> str:
    return "←" if style.signs["to"] == "→" else "<-"


def _notes(node: Node) -> Iterator[str]:
    if node.mode:
        yield {"mute": "muted", "bypass": "bypassed"}[node.mode]
    if node.pin is not None:
        pins = [f"{port} {shorten(name, 20)}" for port, name in node.pin.items()]
        yield f"pinned ({', '.join(pins)})"
    if node.repeat is not None:
        carried = [f"{out} to {into}" for out, into in node.repeat.carry.items()]
        yield f"{node.repeat.times} times" + (f", carrying {', '.join(carried)}" if carried else "")
