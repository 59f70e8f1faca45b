"""The pages of the catalogue, as HTML without scripts: nothing in them is written twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from musegraph import values
from musegraph.cli.drawing import drawing
from musegraph.cli.nodes import limits, short
from musegraph.node import NodeType, Port
from musegraph.pack import Pack
from musegraph.values import Type, media_types
from musegraph.workflow import Workflow

_STYLE = """\
:root{--canvas:#f3f4f6;--panel:#fff;--line:#d5d9e0;--text:#1a1d23;--text-2:#4e5664;--accent:#1b63c6}
@media(prefers-color-scheme:dark){:root{--canvas:#15171b;--panel:#23272f;--line:#3b414c;
--text:#e7eaef;--text-2:#a6afbd;--accent:#6ca8ff}}
:root{color-scheme:light dark}
body{margin:0 auto;max-width:960px;padding:32px 24px 64px;background:var(--canvas);
color:var(--text);font:16px/1.55 system-ui,sans-serif}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
nav,.quiet{color:var(--text-2);font-size:14px}h1{margin:16px 0 4px;line-height:1.2}
h2{margin-top:32px}
code,pre{font:13px/1.5 ui-monospace,monospace}
pre,table,.scroll{background:var(--panel);border:1px solid var(--line);border-radius:8px}
pre,.scroll{padding:16px;overflow:auto}.text{white-space:pre-line}
table{border-collapse:collapse;width:100%}
td,th{padding:8px 12px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
tr:last-child td{border:0}img{max-width:100%;border-radius:8px;min-width:256px}
.graph path{fill:none;stroke:var(--text-2);stroke-width:1.5}
.graph rect{fill:var(--canvas);stroke:var(--line)}
.graph text{fill:var(--text);font:13px system-ui,sans-serif}
.graph .type{fill:var(--text-2);font-size:11px}
"""


@dataclass(frozen=True)
class Example:
    """A workflow that was run, and the pictures that came out, as paths from the index."""

    name: str
    path: str
    workflow: Workflow
    pictures: tuple[str, ...]

    @property
    def title(self) -> str:
        return str(self.workflow.json().get("name") or self.name)


@dataclass(frozen=True)
class Pages:
    """All pages of some packs and examples."""

    packs: Sequence[Pack]
    examples: Sequence[Example]

    def all(self) -> dict[str, str]:
        """The text of every page by its path."""
        made = {"index.html": self._index()}
        for pack in self.packs:
            made[f"packs/{pack.name}.html"] = _page(
                pack.title or pack.name, [_nodes(pack.types.values(), "../")], "../"
            )
            for kind in pack.types.values():
                made[f"nodes/{kind.id}.html"] = self._node(kind)
        for example in self.examples:
            made[f"examples/{example.name}.html"] = _example(example)
        return made

    def _index(self) -> str:
        parts = []
        if self.examples:
            links = [[_link(f"examples/{e.name}.html", e.title)] for e in self.examples]
            parts += ["<h2>Examples</h2>", _table([], links)]
        for pack in self.packs:
            parts.append(f"<h2>{_link(f'packs/{pack.name}.html', pack.title or pack.name)}</h2>")
            parts.append(_nodes(pack.types.values(), ""))
        return _page("Musegraph: nodes and examples", parts, "")

    def _node(self, kind: NodeType) -> str:
        schema = kind.schema()
        facts = [f"<code>{escape(kind.id)}</code>"]
        facts.append("kept" if kind.cache else "runs every time: it reads the world")
        facts.append(f"uses the {kind.uses}")
        if kind.numeric:
            facts.append("results depend on the device and the library versions")
        parts = [
            f'<p class="quiet">{" · ".join(facts)}</p>',
            f'<p class="text">{escape(kind.text)}</p>',
            "<h2>Inputs</h2>",
            _table(
                ["port", "type", "default", "meaning"], [_input(p) for p in kind.inputs.values()]
            ),
            "<h2>Outputs</h2>",
            _table(["port", "type"], [[n, _typed(p.type)] for n, p in kind.outputs.items()]),
            "<h2>In a workflow</h2>",
            f"<pre>{escape(_snippet(kind))}</pre>",
        ]
        using = [
            [_link(f"../examples/{e.name}.html", e.title)]
            for e in self.examples
            if any(node.type == kind.id for node in e.workflow.nodes.values())
        ]
        if using:
            parts += ["<h2>Examples</h2>", _table([], using)]
        return _page(schema["title"], parts, "../", f"packs/{kind.pack}.html")


def _example(example: Example) -> str:
    document = example.workflow.json()
    rows = [
        [
            escape(name),
            escape(i.get("label", "")),
            _code(i.get("default")),
            escape(i.get("help", "")),
        ]
        for name, i in document.get("inputs", {}).items()
    ]
    outputs = [[escape(n), _code(at)] for n, at in document.get("outputs", {}).items()]
    shown = [f'<p><img src="../{escape(p)}" alt="{escape(p)}"></p>' for p in example.pictures]
    parts = [
        *shown,
        '<p class="quiet">Made with the quick inputs of the workflow.</p>' if shown else "",
        f'<div class="scroll">{drawing(example.workflow.graph)}</div>',
        f"<pre>musegraph run {escape(example.path)} --out out</pre>",
        "<h2>Inputs</h2>",
        _table(["name", "label", "default", "meaning"], rows),
        "<h2>Outputs</h2>",
        _table(["name", "port"], outputs),
        "<h2>The file</h2>",
        f"<pre>{escape(example.workflow.text())}</pre>",
    ]
    return _page(example.title, parts, "../")


def _page(title: str, parts: Iterable[str], up: str, parent: str = "") -> str:
    way = [_link(f"{up}index.html", "Musegraph")] if up else []
    if parent:
        way.append(_link(up + parent, parent.partition("/")[2].removesuffix(".html")))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>\n{_STYLE}</style></head><body>\n"
        f"<nav>{' / '.join(way)}</nav><h1>{escape(title)}</h1>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _nodes(kinds: Iterable[NodeType], up: str) -> str:
    return _table(
        [],
        [
            [_link(f"{up}nodes/{kind.id}.html", kind.id), escape(kind.text.partition("\n")[0])]
            for kind in kinds
        ],
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "<tr>" + "".join(f"<th>{name}</th>" for name in heads) + "</tr>" if heads else ""
    body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table>{head}{''.join(body)}</table>" if body else '<p class="quiet">None.</p>'


def _input(port: Port) -> list[str]:
    described = port.schema()
    schema = described.get("schema", {})
    if port.required:
        default = "required"
    else:
        value = described.get("default")
        default = "optional" if value is None else _code(value)
    said = [str(schema.get("description", "")), limits(schema)]
    return [port.name, _typed(port.type), default, escape(" · ".join(filter(None, said)))]


def _typed(kind: Type) -> str:
    """The type; for media, what its own docstring says of shapes and units."""
    base = kind.item or kind
    cls = media_types().get(base.name) or getattr(values, base.name, None)
    text = (cls.__doc__ or "").partition("\n")[0] if isinstance(cls, type) else ""
    name = base.name if base.choices else str(kind)
    return f"{escape(name)}" + (f'<br><span class="quiet">{escape(text)}</span>' if text else "")


def _snippet(kind: NodeType) -> str:
    """The node in a workflow: what has a default is set to it, what is required is linked."""
    entry: dict[str, Any] = {"type": kind.id}
    given = {name: port.schema() for name, port in kind.inputs.items()}
    set_ = {n: s["default"] for n, s in given.items() if s.get("default") is not None}
    links = {name: f"source.{name}" for name, port in kind.inputs.items() if port.required}
    entry |= {"values": set_} if set_ else {}
    entry |= {"links": links} if links else {}
    return f'"{kind.id.partition(".")[2]}": ' + json.dumps(entry, indent=2, ensure_ascii=False)


def _code(value: Any) -> str:
    return "" if value is None else f"<code>{escape(short(value))}</code>"


def _link(to: str, text: str) -> str:
    return f'<a href="{escape(to)}">{escape(text)}</a>'
