"""A plan after an edit, made out of the plan before it.

Only what lies below the change is looked at again, so an edit costs the same in a graph of a
hundred nodes and in one of a hundred thousand. Whatever could change the shape of the graph (a
value where a link was, a port of a subgraph) is planned anew from the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from musegraph.errors import InvalidWorkflow, Problem
from musegraph.models import Models
from musegraph.pack import Registry
from musegraph.plan.check import Checker
from musegraph.plan.files import check_files
from musegraph.plan.forecast import Forecast
from musegraph.plan.steps import Plan, Step, changed
from musegraph.store import Store
from musegraph.workflow import Node, Port, Workflow


class Editor:
    """What a plan was made with; shared by all plans that edits made of it."""

    def __init__(
        self,
        workflow: Workflow,
        steps: Mapping[str, Step],
        registry: Registry,
        store: Store,
        models: Models,
        only: tuple[str, ...],
    ) -> None:
        self.inputs = workflow.inputs
        self.repeats = any(node.repeat is not None for node in workflow.nodes.values())
        self.steps = steps
        self.registry = registry
        self.store = store
        self.models = models
        self.only = only

    @cached_property
    def below(self) -> dict[str, list[str]]:
        """The steps that are linked to each step."""
        found: dict[str, list[str]] = {}
        for id, step in self.steps.items():
            for port in step.sources():
                found.setdefault(port.node, []).append(id)
        return found

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each step stands in an order that respects every link."""
        return {id: index for index, id in enumerate(self.steps)}

    @cached_property
    def with_models(self) -> list[str]:
        """The steps that name models, whose files may have changed since."""
        return [
            id for id, step in self.steps.items() if step.type is not None and step.type.model_ports
        ]

    @cached_property
    def bound(self) -> Counter[Port]:
        """How many named inputs set each port."""
        return Counter(at for entry in self.inputs.values() for at in entry.to)

    def edit(self, plan: Plan, changes: Mapping[Port | str, Any], also: Iterable[str] = ()) -> Plan:
        """The plan after some changes; raises :class:`InvalidWorkflow`.

        ``also`` names steps that are looked up in the store once more.
        """
        nodes = self._changed(plan, changes)
        if nodes is None:
            from musegraph.plan import make_plan

            workflow = changed(plan.workflow, changes)
            return make_plan(workflow, self.registry, self.store, self.models, self.only)
        made = plan.fork({**plan.changes, **changes}, nodes)
        problems: list[Problem] = []
        steps = self._check(made, nodes, also, problems)
        if not problems:
            Forecast(made, self.store, self.models, problems).run(steps)
        if problems:
            raise InvalidWorkflow(dict.fromkeys(problems))
        made.sort([step.id for step in steps])
        return made

    def _changed(self, plan: Plan, changes: Mapping[Port | str, Any]) -> dict[str, Node] | None:
        """The nodes with the values set in them; None if more than values may change."""
        nodes: dict[str, Node] = {}
        for at, value in self._ports(plan, changes):
            if _names_file(value):
                return None
            step = plan.steps.get(at.node)
            node = nodes.get(at.node) or plan.nodes.get(at.node)
            if node is None or step is None or step.type is None:
                return None
            if step.pin is not None or at.port in node.links:
                return None
            nodes[at.node] = node._replace(values={**node.values, at.port: value})
        return nodes

    def _ports(self, plan: Plan, changes: Mapping[Port | str, Any]) -> Iterator[tuple[Port, Any]]:
        for name, value in changes.items():
            if isinstance(name, str):
                entry = self.inputs.get(name)
                clear = entry is not None and not self.repeats
                for at in entry.to if entry is not None and clear else (_NOWHERE,):
                    yield (at if self.bound[at] == 1 else _NOWHERE), value
            else:
                yield (_NOWHERE if self.bound[name] else name), value

    def _check(
        self,
        plan: Plan,
        nodes: Mapping[str, Node],
        also: Iterable[str],
        problems: list[Problem],
    ) -> list[Step]:
        """Steps made anew of the changed nodes and of all below them, sources first."""
        checker = Checker(plan.nodes, self.registry, problems, plan.steps)
        shaped: set[str] = set()
        """Steps that now give something of another type or length."""
        affected = self._affected(nodes, also)
        for id in affected:
            before = plan.steps[id]
            kind = before.type
            if kind is None or not (id in nodes or (shaped and self._follows(before, shaped))):
                plan.steps[id] = before.copy()
                continue
            step = checker.step(id, plan.nodes[id], kind)
            plan.steps[id] = step
            if (step.outputs, step.length) != (before.outputs, before.length):
                shaped.add(id)
        check_files(plan.source, checker.filed, self.store, problems)
        return [plan.steps[id] for id in affected]

    def _affected(self, nodes: Mapping[str, Node], also: Iterable[str]) -> list[str]:
        """The changed steps, those to look at again, and all below them, in order."""
        found = {*nodes, *self.with_models, *also}
        todo = [*found]
        while todo:
            for id in self.below.get(todo.pop(), ()):
                if id not in found:
                    found.add(id)
                    todo.append(id)
        return sorted(found, key=self.place.__getitem__)

    def _follows(self, step: Step, shaped: set[str]) -> bool:
        return any(port.node in shaped for port in step.sources())


def _names_file(value: Any) -> bool:
    """Whether a value may name a file beside the document, or several."""
    every = value if isinstance(value, list) else [value]
    return any(isinstance(item, Mapping) and "file" in item for item in every)


_NOWHERE = Port("", "")
"""No port: what is to be changed there is not clear without the whole document."""
