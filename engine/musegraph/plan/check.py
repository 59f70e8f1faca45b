"""Checking a flat graph: order, types, literals; every problem at once, with its address."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, MutableMapping, Set
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from musegraph.errors import Problem
from musegraph.node import REQUIRED, NodeType
from musegraph.node import Port as NodePort
from musegraph.plan.literals import MEMO, SCALARS, Literal, Refused, literal
from musegraph.plan.steps import Step
from musegraph.sentences import listing, said_by, sentence
from musegraph.values import Type, list_of
from musegraph.values.codec import identity, to_json
from musegraph.values.types import Fit, fits, substitute, unify
from musegraph.workflow import Node, Port, sources_of

if TYPE_CHECKING:
    from musegraph.pack import Registry

SHOWN = 20
"""Nodes of a circle that are named."""


class Checker:
    """Walks a flat graph from its sources down and makes a :class:`Step` of each node."""

    def __init__(
        self,
        nodes: Mapping[str, Node],
        registry: Registry,
        problems: list[Problem],
        steps: MutableMapping[str, Step] | None = None,
        broken: Set[Port] = frozenset(),
    ) -> None:
        self.nodes = nodes
        self.registry = registry
        self.problems = problems
        self.steps: MutableMapping[str, Step] = {} if steps is None else steps
        self.broken = broken
        self.filed: dict[str, Step] = {}
        """The steps with files among their literals."""
        self._defaults: dict[tuple[str, str], Literal] = {}

    def problem(self, node: str | None, port: str | None, code: str, message: str) -> None:
        self.problems.append(Problem(node, port, code, message))

    def run(self, outputs: Mapping[str, Port]) -> dict[str, Step]:
        """All steps that could be made, in an order that respects every link."""
        kinds: dict[str, NodeType | None] = {}
        for id in self.order():
            node = self.nodes[id]
            if node.type not in kinds:
                kinds[node.type] = self.registry.get(node.type)
            kind = kinds[node.type]
            if node.pin is not None:
                self.steps[id] = self.pinned(id, node, kind)
            elif kind is None:
                if node.mode == "mute":
                    self.steps[id] = Step(id, None, muted=True)
                else:
                    self.unknown(id, node.type)
            else:
                self.steps[id] = self.step(id, node, kind)
        for name, port in outputs.items():
            self.check_output(name, port)
        return dict(self.steps)

    def check_output(self, name: str, port: Port) -> None:
        if port.node not in self.nodes:
            message = sentence("output-no-node", name=repr(name), port=port)
            self.problem(None, name, "output", message)
        elif (step := self.steps.get(port.node)) and port.port not in step.outputs:
            message = listing("output-no-port", step.outputs, name=repr(name), port=port)
            self.problem(None, name, "output", message)

    def order(self) -> list[str]:
        """The ids, sources first: as they stand in the document where that is such an order."""
        seen: set[str] = set()
        for id, node in self.nodes.items():
            for link in node.links.values():
                if isinstance(link, Port):
                    if link.node not in seen:
                        return self.sorted()
                elif any(source.node not in seen for source in link):
                    return self.sorted()
            seen.add(id)
        return list(self.nodes)

    def sorted(self) -> list[str]:
        nodes = self.nodes
        waiting: dict[str, int] = {}
        below: dict[str, list[str]] = {id: [] for id in nodes}
        for id, node in nodes.items():
            count = 0
            for name, link in node.links.items():
                for source in sources_of(link):
                    if source.node in below:
                        below[source.node].append(id)
                        count += 1
                    else:
                        message = sentence("link-no-node", source=source)
                        self.problem(id, name, "no-node", message)
            waiting[id] = count
        ready = deque(id for id, count in waiting.items() if not count)
        order: list[str] = []
        while ready:
            id = ready.popleft()
            order.append(id)
            for dependent in below[id]:
                waiting[dependent] -= 1
                if not waiting[dependent]:
                    ready.append(dependent)
        if len(order) < len(nodes):
            left = set(nodes) - set(order)
            self.cycle(left, below)
            order.extend(id for id in nodes if id in left)  # their other problems count too
        return order

    def cycle(self, left: set[str], below: Mapping[str, list[str]]) -> None:
        """Name one cycle; found by networkx, which is imported only here, when there is one."""
        import networkx

        graph = networkx.DiGraph((a, b) for a in sorted(left) for b in below[a] if b in left)
        edges = networkx.find_cycle(graph)
        names = [*(a for a, _ in edges), edges[0][0]]
        if len(names) > SHOWN:
            left_out = f"… {len(names) - SHOWN:,} more …"
            names = [*names[: SHOWN // 2], left_out, *names[-SHOWN // 2 :]]
        path = " → ".join(names)
        self.problem(edges[0][0], None, "cycle", sentence("cycle", path=path))

    def unknown(self, id: str, kind: str) -> None:
        pack, _, name = kind.partition(".")
        if not name:
            message = sentence("no-type", kind=repr(kind))
        elif pack in self.registry.failures:
            why = self.registry.failures[pack]
            message = sentence("pack-failed", pack=repr(pack), why=why)
        elif (known := self.registry.pack(pack)) is None:
            packs = self.registry.names()
            message = listing("not-installed", packs, pack=repr(pack), kind=kind)
            self.problem(id, None, "not-installed", message)
            return
        else:
            close = get_close_matches(kind, known.types, 3, 0.5)
            parts = {"pack": repr(pack), "name": repr(name)}
            message = (
                sentence("unknown-node-close", **parts, close=", ".join(close))
                if close
                else sentence("unknown-node", **parts)
            )
        self.problem(id, None, "unknown-type", message)

    def pinned(self, id: str, node: Node, kind: NodeType | None) -> Step:
        outputs: Mapping[str, Type] = {}
        if kind is not None:  # its inputs need not be right, but they say whether it maps
            trial = Checker(self.nodes, self.registry, [], self.steps)
            outputs = trial.step(id, node, kind).outputs
        assert node.pin is not None
        for name in node.pin:
            if name not in outputs and kind is not None:
                known = ", ".join(outputs)
                message = sentence("pin-output", output=repr(name), known=known)
                self.problem(id, name, "pin", message)
        return Step(id, None, outputs=outputs, pin=dict(node.pin))

    def step(self, id: str, node: Node, kind: NodeType) -> Step:
        if node.mode == "mute":
            return Step(id, kind, outputs=kind.output_types, muted=True)
        if not (node.values.keys() <= kind.inputs.keys() >= node.links.keys()):
            for name in (*node.values, *node.links):
                if name not in kind.inputs:
                    self.no_port(id, kind, name)
        step = Step(id, kind, links=node.links)
        bindings: dict[str, Type] = {}
        lengths: dict[str, int | None] = {}
        values, links = node.values, node.links
        for name, port in kind.inputs.items():
            if name in links:
                self.link(step, port, links[name], bindings, lengths)
            elif name in values:
                value = values[name]
                known = port.memo.get((type(value), value)) if type(value) in SCALARS else None
                if known is not None and port.constant:
                    step.literals[name] = known
                else:
                    self.value(step, port, value, bindings, lengths)
            else:
                self.default(step, kind, port)
        if lengths:
            self.mapped(step, lengths)
        step.outputs = _outputs(kind, bindings, bool(lengths))
        return step

    def mapped(self, step: Step, lengths: Mapping[str, int | None]) -> None:
        """Note over which inputs a step maps; their lists have to be of one length."""
        known = {name: count for name, count in lengths.items() if count is not None}
        if len(set(known.values())) > 1:
            said = ", ".join(f"{name} has {count}" for name, count in known.items())
            message = sentence("unequal-lengths", said=said)
            self.problem(step.id, next(iter(known)), "unequal-lengths", message)
        step.each = tuple(lengths)
        step.length = next(iter(known.values()), None)

    def no_port(self, id: str, kind: NodeType, name: str) -> None:
        close = get_close_matches(name, kind.inputs, 1, 0.5)
        parts = {"kind": kind.id, "input": repr(name)}
        if close:
            parts |= {"close": repr(close[0]), "known": ", ".join(kind.inputs)}
            message = sentence("no-input-close", **parts)
        else:
            message = listing("no-input", kind.inputs, **parts)
        self.problem(id, name, "no-port", message)

    def default(self, step: Step, kind: NodeType, port: NodePort) -> None:
        known = self._defaults.get((kind.id, port.name))
        if known is None:
            if port.required:
                if Port(step.id, port.name) in self.broken:
                    return
                settable = port.type.is_json or port.type.is_variable
                how = "missing-value" if settable else "missing-link"
                self.problem(step.id, port.name, "missing", sentence(how, type=port.type))
                return
            value = None if port.default is REQUIRED else port.default
            try:
                known = self._defaults[kind.id, port.name] = _default(port, value)
            except Refused as error:
                self.problem(step.id, port.name, "value", said_by(error))
                return
        step.literals[port.name] = known

    def value(
        self,
        step: Step,
        port: NodePort,
        value: Any,
        bindings: dict[str, Type],
        lengths: dict[str, int | None],
    ) -> None:
        try:
            made = literal(port, value)
        except Refused as error:
            self.problem(step.id, port.name, "value", said_by(error))
            return
        if port.generic and not unify(made.type, port.type, bindings):
            message = sentence("type-settled", source=made.type)
            self.problem(step.id, port.name, "type", message)
        step.literals[port.name] = made
        if not (port.type.item or port.type).is_json:
            self.filed[step.id] = step
        if made.items is not None:
            lengths[port.name] = len(made.items)

    def link(
        self,
        step: Step,
        port: NodePort,
        link: Port | tuple[Port, ...],
        bindings: dict[str, Type],
        lengths: dict[str, int | None],
    ) -> None:
        if not isinstance(link, Port):
            self.listed(step, port, link, bindings)
            return
        source = self.source(step, port, link)
        if source is None:
            return
        fit = self.fit(source, port, bindings)
        if not fit:
            nested = source.item is not None and source.item.is_list
            self.problem(step.id, port.name, "nested-list" if nested else "type", fit.why)
            return
        if fit.how == "map":
            lengths[port.name] = self.steps[link.node].length if source.is_list else None
        elif fit.how == "wrap":
            step.wraps += (port.name,)

    def fit(self, source: Type, port: NodePort, bindings: dict[str, Type]) -> Fit:
        """How a source fits a port, remembered for ports without type variables."""
        if port.generic:
            return _fit(source, port.type, bindings)
        known: tuple[Type, Fit] | None = port.memo.get(id(source))
        if known is None or known[0] is not source:
            if len(port.memo) > MEMO:
                port.memo.clear()
            known = port.memo[id(source)] = (source, _fit(source, port.type, bindings))
        return known[1]

    def listed(
        self, step: Step, port: NodePort, link: tuple[Port, ...], bindings: dict[str, Type]
    ) -> None:
        if port.type.item is None:
            message = sentence("type-one", target=port.type)
            self.problem(step.id, port.name, "type", message)
            return
        for part in link:
            source = self.source(step, port, part)
            if source is not None and not (fit := _fit(source, port.type.item, bindings)):
                self.problem(step.id, port.name, "type", fit.why)
            elif source is not None and fit.how == "map":
                message = sentence("type-listed", source=part)
                self.problem(step.id, port.name, "type", message)

    def source(self, step: Step, port: NodePort, link: Port) -> Type | None:
        """The type that a link brings; None if that is another node's problem."""
        upstream = self.steps.get(link.node)
        if upstream is None:
            return None
        if upstream.type is None and not upstream.outputs:
            return port.type  # pinned or muted, and of a type that is not installed
        made = upstream.outputs.get(link.port)
        if made is None:
            parts = {"node": link.node, "output": repr(link.port)}
            message = listing("no-output", upstream.outputs, **parts)
            self.problem(step.id, port.name, "no-output", message)
        return made


def _fit(source: Type, target: Type, bindings: dict[str, Type]) -> Fit:
    fit = fits(source, target)
    if fit and ("$" in target.name or (target.item and "$" in str(target))):
        given = source.item if fit.how == "map" and source.item else source
        if not unify(given, target, bindings):
            bound = substitute(target, bindings)
            return Fit("no", sentence("type-bound", target=bound, source=source))
    return fit


def _outputs(kind: NodeType, bindings: dict[str, Type], each: bool) -> Mapping[str, Type]:
    made = kind.output_types
    if kind.generic:
        made = {name: substitute(type_, bindings) for name, type_ in made.items()}
    if each:
        made = {name: list_of(type_) for name, type_ in made.items()}
    return made


def _default(port: NodePort, value: Any) -> Literal:
    """A default as a literal; the author's own value needs no checking, which costs time."""
    if port.type.name == "Number" and isinstance(value, int):
        value = float(value)
    if value is None or isinstance(value, (str, int, float)):
        return Literal(value, identity(value) or "", port.type)
    return literal(port, to_json(value))._replace(value=value)
