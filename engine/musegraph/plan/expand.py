"""Subgraphs, repetition and bypass, resolved into one flat graph before anything else looks at it.

Every construct only says which output stands for which: an *alias* from one address to another, or
to a literal. Once all nodes are laid out, links follow their aliases to the real source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from musegraph.errors import Problem
from musegraph.node import REQUIRED
from musegraph.plan.interface import MAX_DEPTH, Interface, Lookup
from musegraph.sentences import listing, sentence
from musegraph.values import Type
from musegraph.values.codec import to_json
from musegraph.workflow import GRAPH, Graph, Node, Port, Repeat, Workflow, sources_of

MAX_TIMES = 10_000
MAX_NODES, MAX_GRAPHS = 500_000, 100_000


@dataclass(frozen=True, slots=True)
class Literal:
    """A value where a source was expected: what a bypassed node passes on."""

    value: Any


Source = Port | Literal | tuple[Port, ...]


@dataclass(slots=True)
class Flat:
    """The flat graph: nodes by path, such as ``finish/blur``, and the named outputs."""

    nodes: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Port] = field(default_factory=dict)
    broken: set[Port] = field(default_factory=set)
    """Inputs whose source has a problem of its own: it is told once, there."""


def expand(workflow: Workflow, lookup: Lookup, problems: list[Problem]) -> Flat:
    """Lay the workflow out flat, with its inputs at their defaults."""
    layout = _Layout(workflow, lookup, problems)
    given = {
        name: Literal(entry.default) for name, entry in workflow.inputs.items() if entry.has_default
    }
    layout.graph(workflow.graph, "", given, "", ())
    return layout.resolved()


class _Layout:
    def __init__(self, workflow: Workflow, lookup: Lookup, problems: list[Problem]) -> None:
        self.workflow = workflow
        self.lookup = lookup
        self.problems = problems
        self.nodes: dict[str, Node] = {}
        self.laid = 0  # graphs; those without nodes cost time too
        self.alias: dict[Port, Source] = {}
        self.known: dict[str, Mapping[str, Port] | None] = {}
        """The outputs of each subgraph laid out; None if it could not be."""

    def problem(self, node: str | None, port: str | None, code: str, message: str) -> None:
        self.problems.append(Problem(node, port, code, message))

    def graph(
        self,
        graph: Graph,
        prefix: str,
        given: Mapping[str, Source | tuple[Port, ...]],
        mode: str,
        stack: tuple[str, ...],
    ) -> None:
        """Lay out one graph under a path prefix, its inputs bound to ``given``."""
        self.laid += 1
        bound: dict[str, dict[str, Source | tuple[Port, ...]]] = {}
        for name, entry in graph.inputs.items():
            for at in entry.to:
                if at.node not in graph.nodes:
                    message = sentence("input-no-node", name=repr(name), port=at)
                    self.problem(None, name, "input", message)
                elif name in given:
                    bound.setdefault(at.node, {})[at.port] = given[name]
                else:
                    self.check_target(name, prefix, graph.nodes[at.node], at)
        for id, node in graph.nodes.items():
            path = prefix + id
            simple = not mode and not node.mode and node.type[:6] != GRAPH and node.repeat is None
            if simple and not prefix and id not in bound:
                self.nodes[path] = node
                continue
            values = dict(node.values)
            links: dict[str, Port | tuple[Port, ...]] = {
                name: _prefixed(link, prefix) for name, link in node.links.items()
            }
            for name, source in bound.get(id, {}).items():
                values.pop(name, None)
                links.pop(name, None)
                if isinstance(source, Literal):
                    values[name] = source.value
                else:
                    links[name] = source
            if simple:
                self.nodes[path] = Node(node.type, values, links, "", node.pin)
                continue
            whole = node._replace(values=values, links=links, mode=mode or node.mode)
            self.node(path, whole, given, stack)

    def full(self, path: str) -> bool:
        """Whether there is no room for more; told once."""
        if len(self.nodes) < MAX_NODES and self.laid < MAX_GRAPHS:
            return False
        if not any(problem.code == "recursion" for problem in self.problems):
            message = f"its subgraphs unfold to more than {MAX_NODES} nodes or {MAX_GRAPHS} graphs"
            self.problem(path, None, "recursion", message)
        return True

    def check_target(self, name: str, prefix: str, node: Node, at: Port) -> None:
        """An input that is not given still has to point to a port."""
        kind = self.lookup(node.type)
        if kind is not None and at.port not in kind.inputs:
            known = ", ".join(kind.inputs) or "none"
            message = f"the input {name!r} points to it, and {kind.id} has no such input; it has:"
            self.problem(prefix + at.node, at.port, "no-port", f"{message} {known}")

    def node(
        self,
        path: str,
        node: Node,
        given: Mapping[str, Source | tuple[Port, ...]],
        stack: tuple[str, ...],
    ) -> None:
        if self.full(path):
            return
        if node.mode == "bypass":
            self.bypass(path, node)
        elif not node.type.startswith(GRAPH):
            if node.repeat is not None:
                self.problem(path, None, "repeat", sentence("repeat-node"))
            self.nodes[path] = node
        else:
            self.subgraph(path, node, given, stack)

    def subgraph(
        self,
        path: str,
        node: Node,
        given: Mapping[str, Source | tuple[Port, ...]],
        stack: tuple[str, ...],
    ) -> None:
        name = node.type.removeprefix(GRAPH)
        definition = self.workflow.graphs.get(name)
        self.known[path] = None
        if definition is None:
            message = listing("no-graph", self.workflow.graphs, name=repr(name))
            self.problem(path, None, "unknown-type", message)
            return
        if name in stack or len(stack) >= MAX_DEPTH:
            chain = " → ".join((*stack, name))
            message = sentence("graph-itself", name=repr(name), chain=chain)
            self.problem(path, None, "recursion", message)
            return
        for key in (*node.values, *node.links):
            if key not in definition.inputs:
                parts = {"name": repr(name), "input": repr(key)}
                message = listing("graph-no-input", definition.inputs, **parts)
                self.problem(path, key, "no-port", message)
        if node.pin is not None:
            self.problem(path, None, "pin", sentence("pin-graph"))
        own: dict[str, Source | tuple[Port, ...]] = {
            key: Literal(entry.default)
            for key, entry in definition.inputs.items()
            if entry.has_default
        }
        own |= {key: Literal(value) for key, value in node.values.items()} | dict(node.links)
        if node.repeat is not None:
            self.repeated(path, node, definition, own, given, (*stack, name))
            return
        self.known[path] = definition.outputs
        self.graph(definition, path + "/", own, node.mode, (*stack, name))
        for key, port in definition.outputs.items():
            self.alias[Port(path, key)] = Port(f"{path}/{port.node}", port.port)

    def repeated(
        self,
        path: str,
        node: Node,
        definition: Graph,
        own: dict[str, Source | tuple[Port, ...]],
        given: Mapping[str, Source | tuple[Port, ...]],
        stack: tuple[str, ...],
    ) -> None:
        assert node.repeat is not None
        times = self.times(path, node.repeat, given)
        self.known[path] = definition.outputs if times else None
        for out, into in node.repeat.carry.items():
            if out not in definition.outputs:
                message = f"the carried output {out!r} is none of the graph's outputs"
                self.problem(path, out, "repeat", message)
            if into not in definition.inputs:
                message = f"the output {out!r} is carried to {into!r}, which is no input"
                self.problem(path, into, "repeat", message)
        for turn in range(1, times + 1):
            if self.full(path):
                break
            prefix = f"{path}/{turn}/"
            self.graph(definition, prefix, own, node.mode, stack)
            for out, into in node.repeat.carry.items():
                if out in definition.outputs:
                    at = definition.outputs[out]
                    own = own | {into: Port(prefix + at.node, at.port)}
        for key, at in definition.outputs.items():
            if times:
                self.alias[Port(path, key)] = Port(f"{path}/{times}/{at.node}", at.port)

    def times(
        self, path: str, repeat: Repeat, given: Mapping[str, Source | tuple[Port, ...]]
    ) -> int:
        times: Any = repeat.times
        if isinstance(times, str):
            source = given.get(times)
            if not isinstance(source, Literal):
                message = (
                    f"'times' names the input {times!r}, which has no value here; it has to be a"
                    " constant or an input of the workflow, so that the plan knows it"
                )
                self.problem(path, None, "repeat", message)
                return 0
            times = source.value
        if isinstance(times, float) and times.is_integer():
            times = int(times)
        if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MAX_TIMES:
            message = f"'times' is {times!r}; it has to be a whole number from 1 to {MAX_TIMES}"
            self.problem(path, None, "repeat", message)
            return 0
        return times

    def bypass(self, path: str, node: Node) -> None:
        """Let each output stand for the same-named input, else the first of exactly its type."""
        inputs, outputs, defaults = self.interface(path, node)
        for name, kind in outputs.items():
            if name in inputs:
                chosen: str | None = name
            else:
                chosen = next((key for key, type_ in inputs.items() if type_ == kind), None)
            at = Port(path, name)
            if chosen is None:
                self.alias[at] = Literal(REQUIRED)
                message = sentence("bypass-no-input", type=kind, output=repr(name))
                self.problem(path, name, "bypass", message)
            elif chosen in node.links:
                self.alias[at] = node.links[chosen]
            elif chosen in node.values:
                self.alias[at] = Literal(node.values[chosen])
            elif chosen in defaults:
                self.alias[at] = Literal(defaults[chosen])
            else:
                self.alias[at] = Literal(REQUIRED)
                message = sentence("bypass-no-value", input=repr(chosen))
                self.problem(path, chosen, "bypass", message)

    def interface(
        self, path: str, node: Node
    ) -> tuple[dict[str, Type], dict[str, Type], dict[str, Any]]:
        """Types of a node's inputs and outputs, and the inputs' defaults."""
        if node.type.startswith(GRAPH):
            definition = self.workflow.graphs.get(node.type.removeprefix(GRAPH))
            if definition is None:
                message = f"no graph {node.type.removeprefix(GRAPH)!r}"
                self.problem(path, None, "unknown-type", message)
                return {}, {}, {}
            inside = Interface(self.workflow, self.lookup)
            return (
                inside.inputs(definition),
                inside.outputs(definition),
                {k: e.default for k, e in definition.inputs.items() if e.has_default},
            )
        kind = self.lookup(node.type)
        if kind is None:
            self.nodes[path] = Node(node.type)  # the check names the type
            return {}, {}, {}
        defaults = {
            k: to_json(p.default) for k, p in kind.inputs.items() if p.default is not REQUIRED
        }
        inputs = {k: p.type.required() for k, p in kind.inputs.items()}
        return inputs, {k: p.type.required() for k, p in kind.outputs.items()}, defaults

    def resolved(self) -> Flat:
        """All links followed through their aliases."""
        direct = not self.alias and not self.known
        flat = Flat(self.nodes if direct else {})
        for path, node in () if direct else self.nodes.items():
            if any(self.indirect(link) for link in node.links.values()):
                flat.nodes[path] = self.linked(path, node, flat.broken)
            else:
                flat.nodes[path] = node
        for name, port in self.workflow.outputs.items():
            source = self.follow(port)
            if isinstance(source, Port) and not self.lacks(source):
                flat.outputs[name] = source
            elif isinstance(source, Port) and (outputs := self.known[source.node]) is not None:
                message = listing("output-no-port", outputs, name=repr(name), port=port)
                self.problem(None, name, "output", message)
            elif isinstance(source, tuple) or source == Literal(REQUIRED):
                pass  # told where the bypassed node stands
            elif isinstance(source, Literal):
                message = sentence("output-bypassed", name=repr(name))
                self.problem(None, name, "output", message)
        return flat

    def indirect(self, link: Port | tuple[Port, ...]) -> bool:
        return any(port in self.alias or port.node in self.known for port in sources_of(link))

    def lacks(self, port: Port) -> bool:
        """Whether a port is one of a subgraph that has no such output."""
        return port.node in self.known

    def linked(self, path: str, node: Node, broken: set[Port]) -> Node:
        """A node with its links followed; those that lead nowhere are told of, and broken."""
        values, links = dict(node.values), dict(node.links)
        for name, link in node.links.items():
            if isinstance(link, Port):
                source = self.follow(link)
            else:
                source = self.follow_all(path, name, link)
            del links[name]
            if isinstance(source, Literal):
                if source.value is REQUIRED:
                    broken.add(Port(path, name))
                else:
                    values[name] = source.value
            elif isinstance(source, Port) and self.lacks(source):
                broken.add(Port(path, name))
                self.no_output(path, name, source)
            else:
                links[name] = source
        return node._replace(values=values, links=links)

    def no_output(self, path: str, name: str, source: Port) -> None:
        outputs = self.known[source.node]
        if outputs is not None:
            parts = {"node": source.node, "output": repr(source.port)}
            message = listing("no-output", outputs, **parts)
            self.problem(path, name, "no-output", message)

    def follow(self, port: Port) -> Source:
        seen = {port}
        source: Source = port
        while isinstance(source, Port) and source in self.alias:
            source = self.alias[source]
            if isinstance(source, Port):
                if source in seen:
                    message = "its output depends on itself through bypassed nodes"
                    self.problem(source.node, source.port, "cycle", message)
                    return Literal(REQUIRED)
                seen.add(source)
        return source

    def follow_all(self, path: str, name: str, link: tuple[Port, ...]) -> Source:
        """Several links followed; a list that a bypassed node passes on joins in its place."""
        ports: list[Port] = []
        for part in link:
            source = self.follow(part)
            if isinstance(source, Literal):
                if source.value is not REQUIRED:
                    message = "a list of links cannot hold the value of a bypassed node"
                    self.problem(path, name, "bypass", message)
                return Literal(REQUIRED)
            ports.extend(sources_of(source))
        missing = [port for port in ports if self.lacks(port)]
        for port in missing:
            self.no_output(path, name, port)
        return Literal(REQUIRED) if missing else tuple(ports)


def _prefixed(link: Port | tuple[Port, ...], prefix: str) -> Port | tuple[Port, ...]:
    if not prefix:
        return link
    if isinstance(link, Port):
        return Port(prefix + link.node, link.port)
    return tuple(Port(prefix + part.node, part.port) for part in link)
