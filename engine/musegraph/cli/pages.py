"""The pages of the catalogue, as HTML without scripts: nothing in them is written twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from musegraph.cli.drawing import drawing
from musegraph.cli.markup import STYLE, Place, inline, prose
from musegraph.cli.nodes import facts, limits, short
from musegraph.cli.sockets import family, meaning, socket, type_name
from musegraph.cli.words import LANGUAGES, Words
from musegraph.node import NodeType, Port
from musegraph.pack import Pack
from musegraph.texts import PortText, Texts, entries, node_texts, pack_texts, workflow_texts
from musegraph.values import Type
from musegraph.workflow import Workflow

_INDEX = "index.html"


@dataclass(frozen=True)
class Example:
    """A workflow that was run, and the pictures that came out, as paths from the root."""

    name: str
    path: str
    workflow: Workflow
    pictures: tuple[str, ...]
    texts: Path | None = None
    """The folder of what it is called in other languages."""

    @property
    def page(self) -> str:
        return f"examples/{self.name}.html"


def all_pages(packs: Sequence[Pack], examples: Sequence[Example]) -> dict[str, str]:
    """The text of every file by its path: the pages in each language, their style and a start."""
    made = {
        _INDEX: _start(),
        STYLE: Path(__file__).with_name("pages.css").read_text("utf-8"),
    }
    for language in LANGUAGES:
        pages = Pages(packs, examples, Words(language)).all()
        made |= {f"{language}/{path}": text for path, text in pages.items()}
    return made


def _start() -> str:
    """Leads on to the pages in English, and to the others whoever stops here."""
    links = " ".join(f'<a href="{code}/{_INDEX}">{name}</a>' for code, name in LANGUAGES.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Musegraph</title>'
        f'<meta http-equiv="refresh" content="0;url=en/{_INDEX}"></head>'
        f"<body>{links}</body></html>\n"
    )


@dataclass(frozen=True)
class Pages:
    """The pages of some packs and examples in one language."""

    packs: Sequence[Pack]
    examples: Sequence[Example]
    words: Words

    @cached_property
    def titles(self) -> dict[str, str]:
        """What the packs are called, by name."""
        return {
            pack.name: pack_texts(pack, entries(pack.texts, self.words.language)).title
            for pack in self.packs
        }

    @cached_property
    def texts(self) -> dict[str, Texts]:
        """What the nodes say of themselves, by id."""
        return {
            kind.id: node_texts(kind, said)
            for pack in self.packs
            for said in [entries(pack.texts, self.words.language)]
            for kind in pack.types.values()
        }

    @cached_property
    def told(self) -> dict[str, Texts]:
        """What the examples are called, and their inputs and outputs, by name."""
        return {
            one.name: workflow_texts(
                one.name, one.workflow, entries(one.texts, self.words.language)
            )
            for one in self.examples
        }

    @cached_property
    def types(self) -> dict[str, NodeType]:
        return {id: kind for pack in self.packs for id, kind in pack.types.items()}

    def all(self) -> dict[str, str]:
        """The text of every page by its path."""
        made = {_INDEX: self._index()}
        made |= {_pack_page(pack.name): self._pack(pack) for pack in self.packs}
        made |= {_node_page(kind.id): self._node(kind) for kind in self.types.values()}
        made |= {example.page: self._example(example) for example in self.examples}
        return made

    def _index(self) -> str:
        here = Place(_INDEX, self.words)
        lead = self.words(
            "Every node of this installation, and workflows that use them. "
            "All of it is made from what the nodes say of themselves."
        )
        parts = [f'<p class="lead">{lead}</p>']
        if self.examples:
            parts += [f"<h2>{self.words('Examples')}</h2>", self._gallery(here, self.examples)]
        for pack in self.packs:
            if pack.types:
                title = here.link(_pack_page(pack.name), self.titles[pack.name])
                parts += [f"<h2>{title}{self._counted(pack)}</h2>", self._tiles(here, pack)]
        return here.page(self.words("Musegraph: nodes and examples"), parts)

    def _pack(self, pack: Pack) -> str:
        here = Place(_pack_page(pack.name), self.words)
        facts = f'<p>{self._counted(pack)} <span class="quiet">{escape(pack.version)}</span></p>'
        parts = [facts, self._tiles(here, pack)]
        return here.page(self.titles[pack.name], parts, [self._home()])

    def _home(self) -> tuple[str, str]:
        return _INDEX, self.words("All nodes and examples")

    def _counted(self, pack: Pack) -> str:
        return f'<span class="quiet">{self.words.counted(len(pack.types), "node")}</span>'

    def _tiles(self, here: Place, pack: Pack) -> str:
        made = []
        for kind in pack.types.values():
            said = self.texts[kind.id]
            made.append(
                f'<a class="{_colour(kind)}" href="{here.to(_node_page(kind.id))}">'
                f"<b>{escape(said.title)}</b><code>{escape(kind.id)}</code>"
                f"<span>{inline(said.text.partition(chr(10))[0])}</span></a>"
            )
        return f'<div class="tiles">{"".join(made)}</div>'

    def _gallery(self, here: Place, examples: Iterable[Example]) -> str:
        made = []
        for example in examples:
            picture = "".join(f'<img src="{here.root(p)}" alt="">' for p in example.pictures[:1])
            title = f"<span>{escape(self.told[example.name].title)}</span>"
            made.append(f'<a href="{here.to(example.page)}">{picture}{title}</a>')
        return f'<div class="gallery">{"".join(made)}</div>'

    def _node(self, kind: NodeType) -> str:
        here = Place(_node_page(kind.id), self.words)
        said = self.texts[kind.id]
        chips = [f"<code>{escape(kind.id)}</code>", *map(escape, facts(kind, self.words))]
        heads = [self.words("port"), self.words("type")]
        more = [self.words("default"), self.words("meaning")]
        inputs = [self._input(port, said.inputs[n]) for n, port in kind.inputs.items()]
        outputs = [self._output(port, said.outputs[n]) for n, port in kind.outputs.items()]
        parts = [
            f'<ul class="facts">{"".join(f"<li>{chip}</li>" for chip in chips)}</ul>',
            f'<div class="top"><div>{prose(said.text)}</div>{_card(kind, said)}</div>',
            f"<h2>{self.words('Inputs')}</h2>",
            here.table([*heads, *more], inputs),
            f"<h2>{self.words('Outputs')}</h2>",
            here.table(heads, outputs),
            f"<h2>{self.words('In a workflow')}</h2>",
            f"<pre>{escape(_snippet(kind))}</pre>",
        ]
        using = [
            example
            for example in self.examples
            if any(node.type == kind.id for node in example.workflow.nodes.values())
        ]
        if using:
            parts += [f"<h2>{self.words('Examples')}</h2>", self._gallery(here, using)]
        above = [self._home(), (_pack_page(kind.pack), self.titles[kind.pack])]
        return here.page(said.title, parts, above)

    def _input(self, port: Port, said: PortText) -> list[str]:
        described = port.schema()
        value = described.get("default")
        if port.required:
            default = self.words("required")
        else:
            default = self.words("optional") if value is None else _code(value)
        bounds = escape(limits(described.get("schema", {}), self.words))
        if port.advanced:
            default += _quiet(self.words("advanced"))
        told = "" if said.text == self.words(meaning(port.type)) else inline(said.text)
        text = told + (f'<span class="quiet">{bounds}</span>' if bounds else "")
        return [_named(port, said), self._typed(port.type), default, text]

    def _output(self, port: Port, said: PortText) -> list[str]:
        return [_named(port, said), self._typed(port.type)]

    def _typed(self, kind: Type) -> str:
        """The type; for media, what its own docstring says of shapes and units."""
        text = inline(self.words(meaning(kind)))
        return type_name(kind.required()) + (f'<span class="quiet">{text}</span>' if text else "")

    def _example(self, example: Example) -> str:
        here = Place(example.page, self.words)
        texts = self.told[example.name]
        inputs = [
            [
                escape(name) + _quiet(texts.inputs[name].label),
                _code(entry.extra.get("default")),
                escape(texts.inputs[name].text),
            ]
            for name, entry in example.workflow.inputs.items()
        ]
        outputs = [
            [
                f"{escape(name)}{_quiet(texts.outputs[name].label)}",
                f"<code>{escape(str(at))}</code>",
            ]
            for name, at in example.workflow.outputs.items()
        ]
        made = self.words("Made with the quick inputs of the workflow.")
        name, default, meaning_ = self.words("name"), self.words("default"), self.words("meaning")
        parts = [
            f'<figure><img src="{here.root(picture)}" alt="{escape(texts.title)}">'
            f'<figcaption class="quiet">{made}</figcaption></figure>'
            for picture in example.pictures
        ]
        titles = {id: said.title for id, said in self.texts.items()}
        parts += [
            f"<h2>{self.words('Run it')}</h2>",
            f"<pre>musegraph run {escape(example.path)} --out out</pre>",
            f"<h2>{self.words('The graph')}</h2>",
            f'<div class="scroll wide">{drawing(example.workflow.graph, self.types, titles)}</div>',
            f"<h2>{self.words('Inputs')}</h2>",
            here.table([name, default, meaning_], inputs),
            f"<h2>{self.words('Outputs')}</h2>",
            here.table([name, self.words("port")], outputs),
            f"<h2>{self.words('The file')}</h2>",
            f"<pre>{escape(example.workflow.text())}</pre>",
        ]
        return here.page(texts.title, parts, [self._home()])


def _pack_page(name: str) -> str:
    return f"packs/{name}.html"


def _node_page(id: str) -> str:
    return f"nodes/{id}.html"


def _card(kind: NodeType, said: Texts) -> str:
    """The node as it stands on a canvas: its title, and a mark in its colour for each port."""
    inputs = [
        f"<li>{socket(port.type)}{escape(said.inputs[name].label or name)}</li>"
        for name, port in kind.inputs.items()
    ]
    outputs = [
        f"<li>{escape(said.outputs[name].label or name)}{socket(port.type)}</li>"
        for name, port in kind.outputs.items()
    ]
    return (
        f'<div class="card {_colour(kind)}"><header>{escape(said.title)}</header>'
        f"<div><ul>{''.join(inputs)}</ul><ul>{''.join(outputs)}</ul></div></div>"
    )


def _colour(kind: NodeType) -> str:
    """The family of the first output."""
    return next((family(port.type) for port in kind.outputs.values()), "any")


def _named(port: Port, said: PortText) -> str:
    return f"{socket(port.type)}{escape(port.name)}{_quiet(said.label)}"


def _quiet(text: str) -> str:
    return f'<span class="quiet">{escape(text)}</span>' if text else ""


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
