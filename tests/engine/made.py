"""Workflows that hypothesis makes, whole and broken, and what must hold for each of them."""

from __future__ import annotations

import copy
import json
import random
import string
from contextlib import suppress
from dataclasses import dataclass
from time import process_time
from typing import Annotated, Any

import toy
from hypothesis import strategies as st
from pydantic import Field
from toys import darken, later, mean, picture

from musegraph import Engine, InvalidWorkflow, MusegraphError, Pack, Registry, Store, Workflow, node
from musegraph.plan import check
from musegraph.plan.expand import expand
from musegraph.values.types import Type, fits, list_of


@node(version="1")
def table(rows: Annotated[int, Field(ge=0, le=4)]) -> list[list[int]]:
    """Make a list of lists."""
    return [[row, row + 1] for row in range(rows)]


@node(version="1")
def glue(texts: list[str], by: str = " ") -> str:
    """Join texts, as far as they fit."""
    return by.join(texts)[:100]


@node(version="1")
def seen(value: Any) -> str:
    """The start of any JSON as a text."""
    return json.dumps(value)[:100]


GROWING = {"grid", "join", "lines", "numbers", "pair", "show"}
"""Nodes of the contract's pack whose results grow without bound where they follow each other."""
NODES = [each for each in toy.pack.nodes if each.__name__ not in GROWING]
REGISTRY = Registry.of(Pack("made", [*NODES, table, glue, seen, darken, later, mean, picture]))
KINDS = {kind.id: kind for kind in REGISTRY.types()}
ASSET = b"a file that is in the cache"
GONE = "blake3:" + "0" * 64
MOST = 100
"""Nodes of a workflow, at most, those of its subgraphs included."""


@dataclass(frozen=True)
class Shape:
    """What a node type or a subgraph takes and gives, as far as joining it needs."""

    inputs: dict[str, Type]
    outputs: dict[str, Type]
    needed: frozenset[str]


def shape_of(id: str) -> Shape:
    kind = KINDS[id]
    return Shape(
        {name: port.type for name, port in kind.inputs.items()},
        {name: port.type for name, port in kind.outputs.items()},
        frozenset(name for name, port in kind.inputs.items() if port.required),
    )


SHAPES = {id: shape_of(id) for id in sorted(KINDS)}


class Maker:
    """Draws one document; every decision is hypothesis's, so that failures shrink."""

    def __init__(self, draw: random.Random, most: int) -> None:
        self.draw = draw
        self.left = most
        self.graphs: dict[str, Any] = {}
        self.shapes = dict(SHAPES)
        self.names = list(SHAPES)

    def one_in(self, many: int) -> bool:
        return self.draw.randrange(many) == many - 1

    def document(self) -> dict[str, Any]:
        for index in range(self.draw.choice([0, 0, 1, 2])):
            self.definition(f"g{index}")
        graph, _, inputs = self.graph(self.draw.randint(1, max(1, self.left)))
        made: dict[str, Any] = {"musegraph": 1, **graph, "canvas": {"zoom": 1.5, "at": [0, -3]}}
        if self.graphs:
            made["graphs"] = self.graphs
        if inputs and self.one_in(2):
            made["quick"] = {name: self.literal(type_) for name, type_ in inputs.items()}
        if self.one_in(3):
            made |= {"name": "made ✨", "packs": {"made": "1"}, "made by": None}
        if self.one_in(8):
            made["nodes"]["odd"] = {"type": "gone.node", "values": {"x": {}}, "note": [1]}
        return made

    def definition(self, name: str) -> None:
        graph, outputs, inputs = self.graph(self.draw.randint(1, max(1, self.left // 4)))
        if not graph["outputs"]:
            return
        self.graphs[name] = graph
        needed = {key for key, entry in graph["inputs"].items() if "default" not in entry}
        kind = f"graph:{name}"
        self.shapes[kind] = Shape(inputs, outputs, frozenset(needed))
        self.names += [kind] * 10

    def graph(self, count: int) -> tuple[dict[str, Any], dict[str, Type], dict[str, Type]]:
        """A graph, and the types of its named outputs and inputs."""
        nodes: dict[str, Any] = {}
        sources: list[tuple[str, Type]] = []
        free: list[tuple[str, Type]] = []
        for index in range(count):
            if self.left <= 0:
                break
            self.left -= 1
            kind = self.draw.choice(self.names)
            if not all(
                self.possible(self.shapes[kind], name, sources) for name in self.shapes[kind].needed
            ):
                kind = "made.picture"
            id = f"{'n-' if self.one_in(9) else 'n'}{index}"
            nodes[id] = self.node(id, kind, sources, free)
        inputs, taken = {}, {}
        for index in range(min(len(free), self.draw.randrange(4))):
            at, type_ = free[self.draw.randrange(len(free))]
            if at not in {port for entry in inputs.values() for port in entry["to"]}:
                inputs[f"in{index}"] = {"to": [at], "default": self.literal(type_), "label": "…"}
                taken[f"in{index}"] = type_
        chosen = [self.draw.choice(sources) for _ in range(self.draw.randrange(4)) if sources]
        outputs = {f"out{index}": source for index, source in enumerate(chosen)}
        graph = {
            "inputs": inputs,
            "outputs": {name: at for name, (at, _) in outputs.items()},
            "nodes": nodes,
        }
        return graph, {name: type_ for name, (_, type_) in outputs.items()}, taken

    def possible(self, shape: Shape, name: str, sources: list[tuple[str, Type]]) -> bool:
        """Whether there is something to put at a port: media have no literals."""
        type_ = shape.inputs[name]
        joins = any(fits(source[1], type_) for source in sources[-12:])
        return type_.is_json or type_.is_variable or type_.name == "File" or joins

    def node(
        self, id: str, kind: str, sources: list[tuple[str, Type]], free: list[tuple[str, Type]]
    ) -> dict[str, Any]:
        shape = self.shapes[kind]
        entry: dict[str, Any] = {"type": kind}
        bound: dict[str, Type] = {}
        mapped = False
        for name, type_ in shape.inputs.items():
            wanted = _filled(type_, bound)
            near = [source for source in sources[-12:] if fits(source[1], wanted)]
            if near and not (wanted.is_json and self.one_in(4)):
                at, given = self.draw.choice(near)
                fit = fits(given, wanted)
                if wanted.is_list and fit.how != "map" and self.one_in(3):
                    entry.setdefault("links", {})[name] = [at] if given.is_list else [at, at]
                else:
                    entry.setdefault("links", {})[name] = at
                mapped = mapped or fit.how == "map"
                _bind(type_, given, bound)
            elif name in shape.needed or self.one_in(3):
                if wanted.is_variable or (wanted.item and wanted.item.is_variable):
                    _bind(type_, Type("Integer"), bound)
                    wanted = _filled(type_, bound)
                entry.setdefault("values", {})[name] = self.literal(wanted)
                if wanted.is_json:
                    free.append((f"{id}.{name}", wanted))
        passed = all(made in shape.inputs.values() for made in shape.outputs.values())
        if all(type_.is_json for type_ in shape.outputs.values()) and self.one_in(40):
            entry["pin"] = dict.fromkeys(shape.outputs, self.draw.choice(["json:3"] * 9 + [GONE]))
        elif self.one_in(20):
            entry["mode"] = "bypass" if passed else "mute"
        elif kind.startswith("graph:") and self.one_in(2):
            entry["repeat"] = self.repeat(shape)
        if self.one_in(9):
            entry["note"] = {"by": None, "at": [1, 2.5]}
        for name, type_ in shape.outputs.items():
            made = _filled(type_, bound)
            sources.append((f"{id}.{name}", list_of(made) if mapped else made))
        return entry

    def repeat(self, shape: Shape) -> dict[str, Any]:
        carry = {
            out: into
            for out, made in shape.outputs.items()
            for into, taken in shape.inputs.items()
            if made == taken
        }
        return {"times": self.draw.choice([1, 2, 3.0]), "carry": carry, "note": 1}

    def literal(self, type_: Type) -> Any:
        """A value that a port of this type takes; now and then a list, which maps."""
        if type_.item is not None:
            return [self.literal(type_.item) for _ in range(self.draw.randrange(4))]
        if type_.is_json and type_.name != "Json" and self.one_in(15):
            return [self.literal(type_), self.literal(type_)]
        draw = self.draw
        if type_.choices:
            return draw.choice(type_.choices)
        if type_.name in ("Integer", "Seed"):
            return draw.choice([0, 1, 2, 3, 3.0])
        if type_.name == "Number":
            return draw.choice([0, -1.5, 2, 1e-7, 2**53 - 1, 1e21])
        if type_.name == "Boolean":
            return draw.choice([True, False])
        if type_.name == "Text":
            return draw.choice(["", "two words", "äß😀", "n0.out", "\u2028\x00"])
        if type_.name == "File":
            digest = Store().put_bytes(ASSET)
            return {"asset": draw.choice([digest, digest, digest, GONE]), "name": "a"}
        return draw.choice([1, "x", {"b": [1, {}], "a": {}}, [[], [0.1]]])


def _filled(type_: Type, bound: dict[str, Type]) -> Type:
    """A type with its variable replaced by what that stands for, if it is known."""
    if type_.item is not None:
        return list_of(_filled(type_.item, bound))
    return bound.get(type_.name, type_)


def _bind(port: Type, given: Type, bound: dict[str, Type]) -> None:
    if port.item is not None:
        _bind(port.item, given.item or given, bound)
    elif port.is_variable:
        bound.setdefault(port.name, given.required())


@st.composite
def documents(draw: st.DrawFn, most: int = MOST) -> dict[str, Any]:
    """Nodes of all kinds of ports, joined where types allow: subgraphs, modes, pins, inputs."""
    chance = draw(st.randoms(use_true_random=False))
    return Maker(
        chance, draw(st.sampled_from([1, 3, 10, 30, 60, 100]).map(lambda n: min(n, most)))
    ).document()


def deep(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


ODDITIES: list[Any] = [
    None, True, -1, 0, 2**53, 2**70, 1e308, float("nan"), float("inf"), "", "n0.out", "no.such",
    "n0.out.out", ".", "\ud800", "json:1.0", "mute", [], {}, [[]], [None], {"": 1},
    deep(150), deep(250), {"asset": "blake3:../../x"}, {"file": "../x"}, {"times": 10**5},
    "graph:g0",
]  # fmt: skip
NAMES = ["", "a/b", "1x", "é", "n" * 65, "a.b", "n0", "nodes", "\ud800", "out"]


@st.composite
def broken(draw: st.DrawFn, most: int = MOST) -> str:
    """The text of a made document after one to three mishaps."""
    document = copy.deepcopy(draw(documents(most)))
    chance = draw(st.randoms(use_true_random=False))
    for _ in range(chance.randint(1, 3)):
        chance.choice([_replace, _replace, _remove, _rename, _cross])(document, chance)
    text = json.dumps(document, ensure_ascii=chance.randrange(2) == 0)
    if chance.randrange(5) == 0:
        at = chance.randrange(len(text))
        letter = chance.choice(string.punctuation + "0e \u2028")
        text = text[:at] + letter + text[at + chance.randrange(3) :]
    return text


def _place(document: dict[str, Any], chance: random.Random) -> tuple[Any, Any] | None:
    """A member somewhere in a document: what holds it, and its key."""
    place: Any = document
    while place:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or chance.randrange(4) == 0:
            return place, key
        place = place[key]
    return None


def _replace(document: dict[str, Any], chance: random.Random) -> None:
    if found := _place(document, chance):
        found[0][found[1]] = copy.deepcopy(chance.choice(ODDITIES))


def _remove(document: dict[str, Any], chance: random.Random) -> None:
    if found := _place(document, chance):
        del found[0][found[1]]


def _rename(document: dict[str, Any], chance: random.Random) -> None:
    found = _place(document, chance)
    if found and isinstance(found[0], dict):
        found[0][chance.choice(NAMES)] = found[0].pop(found[1])


def _cross(document: dict[str, Any], chance: random.Random) -> None:
    """A link from anywhere to anywhere, which may close a circle."""
    nodes = document.get("nodes")
    if not isinstance(nodes, dict) or not nodes:
        return
    entry, source = (nodes[chance.choice(list(nodes))] for _ in range(2))
    if isinstance(entry, dict) and isinstance(entry.get("links"), dict) and entry["links"]:
        ids = [id for id, node in nodes.items() if node is source]
        entry["links"][chance.choice(list(entry["links"]))] = f"{ids[0]}.out"


def as_written(document: dict[str, Any]) -> dict[str, Any]:
    """What is written back for a document: the same, less what says nothing.

    Left out are an empty name, and empty ``graphs``, ``quick``, ``values``, ``links`` and ``mode``;
    written are ``inputs``, ``outputs`` and ``nodes`` of each graph and the ``carry`` of a
    repetition, empty where they were absent; and ``to`` is always a list.
    """
    made = _graph_as_written(document)
    made |= {"graphs": {k: _graph_as_written(v) for k, v in made.get("graphs", {}).items()}}
    return {k: v for k, v in made.items() if v or k not in ("name", "graphs", "quick")}


def _graph_as_written(graph: dict[str, Any]) -> dict[str, Any]:
    nodes, inputs = {}, {}
    for id, entry in graph.get("nodes", {}).items():
        said = {k: v for k, v in entry.items() if v or k not in ("values", "links", "mode")}
        if "repeat" in said:
            said["repeat"] = {"carry": {}, **said["repeat"]}
        nodes[id] = said
    for name, entry in graph.get("inputs", {}).items():
        to = entry["to"]
        inputs[name] = {**entry, "to": [to] if isinstance(to, str) else to}
    return {"outputs": {}, **graph, "nodes": nodes, "inputs": inputs}


@dataclass(frozen=True)
class Outcome:
    """What became of a workflow: a word, the CPU seconds of all but running it, and its nodes.

    They are counted as they are laid out, with all that subgraphs and repetitions hold.
    """

    word: str
    seconds: float
    nodes: int = 0


def hold(text: str) -> Outcome:
    """Nothing but documented errors; the text is stable; checking and planning agree; it runs."""
    _hold_as_mapping(text)
    start = process_time()
    try:
        work = Workflow.parse(text)
    except MusegraphError:
        return Outcome("refused when read", process_time() - start)
    found = check(work, REGISTRY)
    engine = Engine(REGISTRY, Store())
    engine.store.put_bytes(ASSET)
    plan = problems = None
    try:
        plan = engine.plan(work)
    except InvalidWorkflow as error:
        problems = error.problems
    written = work.text()
    seconds = process_time() - start
    assert Workflow.parse(written).text() == written
    assert json.loads(written) == as_written(json.loads(text))
    if plan is None:
        assert problems
        assert all(problem.message and problem.code for problem in problems)
        assert set(found) <= set(problems), (found, problems)
        laid_out = expand(work, REGISTRY.get, []).nodes
        return Outcome("refused with problems", seconds, len(laid_out))
    assert not found, found
    result = engine.run(plan)
    assert result.outcome.ended.keys() == plan.steps.keys()
    return Outcome("ran" if result.ok else "ran, a step failed", seconds, len(plan.steps))


def _hold_as_mapping(text: str) -> None:
    """A document given as a mapping is refused or written back, whatever it holds."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    with suppress(MusegraphError):
        Workflow.parse(document).text()
