"""Which steps several rows have in common, told from what each step is made of.

A key is known only once the sources of a step have run. What a step is made of, the code and all
values above it, is known before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from musegraph.plan import Overlay, Plan, Step
from musegraph.values import digest
from musegraph.workflow import Port, sources_of

Contents = Mapping[str, str]
"""By step, a digest of what it is made of."""


class Sharing:
    """Counts over all rows how often each content of a step occurs."""

    def __init__(self) -> None:
        self._rows: Counter[str] = Counter()
        self._known: dict[int, tuple[Plan, Contents]] = {}
        """The contents of the plans that others are edits of; each held, so that its id stays."""

    def learn(self, plan: Plan, base: Plan) -> str:
        """Count the steps of a row's plan; a digest of what all its targets are made of."""
        contents = self._contents(plan, base)
        self._rows.update(contents.values())
        ports = [f"{contents[at.node]}.{at.port}" for at in plan.targets]
        return digest("targets", *plan.outputs, *ports)

    def shared(self, plan: Plan, base: Plan) -> frozenset[str]:
        """The steps of a row that another row has too."""
        contents = self._contents(plan, base)
        return frozenset(id for id, content in contents.items() if self._rows[content] > 1)

    def _contents(self, plan: Plan, base: Plan) -> Contents:
        if id(base) not in self._known:
            self._known[id(base)] = base, contents_of(base.steps, {})
        known = self._known[id(base)][1]
        if plan is base:
            return known
        own = own_steps(plan)
        above = known if len(own) < len(plan.steps) else {}
        return {**above, **contents_of(own, above)}


def own_steps(plan: Plan) -> Mapping[str, Step]:
    """The steps that an edit has made anew; all of a plan that was made of a document."""
    return plan.steps.own if isinstance(plan.steps, Overlay) else plan.steps


def contents_of(steps: Mapping[str, Step], above: Contents) -> Contents:
    """What each of these steps is made of; sources stand first, or are in ``above``."""
    made: dict[str, str] = {}
    for name, step in steps.items():
        parts = [step.type.id if step.type is not None else "", step.prefix]
        parts += [",".join(step.each), "muted" if step.muted else ""]
        parts += [f"{port}={pin}" for port, pin in sorted((step.pin or {}).items())]
        parts += [f"{port}={value.identity}" for port, value in sorted(step.literals.items())]
        for port, link in sorted(step.links.items()):
            parts.append(f"{port}:{'one' if isinstance(link, Port) else 'list'}")
            sources = sources_of(link)
            parts += (f"{made.get(at.node) or above[at.node]}.{at.port}" for at in sources)
        made[name] = digest("step", *parts)
    return made
