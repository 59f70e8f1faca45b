"""What will happen to each step, read off the store's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from musegraph.device import profile
from musegraph.errors import ModelError, ModelMissing, Problem
from musegraph.models import Models
from musegraph.node import NodeType
from musegraph.plan.keys import key_of, prefix_of, recipe_of
from musegraph.plan.steps import Plan, Step
from musegraph.sentences import said_by, sentence
from musegraph.store import Entry, Store, list_entry
from musegraph.values import digest
from musegraph.values.codec import identity
from musegraph.workflow import Port, sources_of

NONE = Entry(identity(None) or "", json=None)


def gather(
    step: Step, results: Mapping[str, Mapping[str, Entry] | None]
) -> dict[str, Entry] | str | None:
    """The entries that a step's links bring.

    The id of a source because of which the step is skipped, or None if some source is not known
    yet. ``results`` holds the outputs by step; an empty map means it was skipped.
    """
    found: dict[str, Entry] = {}
    for name, link in step.links.items():
        if isinstance(link, Port) and name not in step.wraps:
            outputs = results.get(link.node, {})
            if outputs is None:
                return None
            entry = outputs.get(link.port)
            if entry is not None and not entry.unset:
                found[name] = entry
                continue
            if not step.may_lack(name):
                return link.node
        entries: list[Entry] = []
        absent = False
        for source in sources_of(link):
            outputs = results.get(source.node, {})
            if outputs is None:
                return None
            entry = outputs.get(source.port)
            if entry is None or entry.unset:
                if not step.may_lack(name):
                    return source.node
                absent = True
            else:
                entries.append(entry)
        if absent:
            found[name] = NONE  # also where only one of several sources is not there
        else:
            found[name] = list_entry(tuple(entries))
    return found


class Forecast:
    """What will happen to each step, read off the store's records without loading data."""

    def __init__(self, plan: Plan, store: Store, models: Models, problems: list[Problem]) -> None:
        self.plan = plan
        self.store = store
        self.models = models
        self.problems = problems
        self.known = plan.known
        self.prefixes: dict[str, str] = {}

    def run(self, steps: Sequence[Step]) -> None:
        """Find out for these steps, sources first; what they need is known or among them."""
        for step in steps:
            self.known[step.id] = self.outcome(step)
        wanted = {port.node for port in self.plan.targets}
        for step in reversed(steps):
            self.demand(step, wanted)

    def outcome(self, step: Step) -> Mapping[str, Entry] | None:
        """The outputs as far as they are known: empty if skipped, None if it has to run."""
        if step.muted:
            step.state = "skip"
            return {}
        if step.pin is not None:
            return self.pinned(step)
        kind = step.type
        assert kind is not None
        if not step.prefix:
            step.prefix = self.prefix(kind)
        complete = self.identify_models(step) if kind.model_ports else True
        linked = gather(step, self.known)
        if isinstance(linked, str):
            step.state, step.note = "skip", f"because of {linked}"
            return {}
        if linked is None or not complete:
            step.state = "open" if linked is None else "run"
            return None
        step.state, step.key = "run", None
        ids = self.identities(step, linked)
        if ids is None:
            return None
        step.key = key = key_of(recipe_of(step.prefix, ids), step.each)
        if not kind.cache:
            return None
        record = self.store.record(key)
        if record is None:
            return None
        step.state = "cached"
        return record.outputs

    def prefix(self, kind: NodeType) -> str:
        """The part of the keys of a node type that depends on code and machine."""
        known = self.prefixes.get(kind.id)
        if known is None:
            numeric = profile(kind.libraries) if kind.numeric else ""
            known = self.prefixes[kind.id] = prefix_of(kind, numeric)
        return known

    def identities(self, step: Step, linked: Mapping[str, Entry]) -> dict[str, str] | None:
        """Those of every input, of models by the content of their files; None if not hashed."""
        assert step.type is not None
        ids = step.identities(linked)
        for name in step.type.model_ports:
            if name in linked and linked[name].json is not None:
                known = self.models_of(step, name, linked[name].json)
                if known is None:
                    return None
                ids[name] = known
        return ids

    def identify_models(self, step: Step) -> bool:
        """Replace the identity of each model source by that of its files; False if not hashed."""
        assert step.type is not None
        complete = True
        for name in step.type.model_ports:
            literal = step.literals.get(name)
            if literal is not None and literal.value is not None:  # an empty port names no files
                known = self.models_of(step, name, literal.value)
                if known is None:
                    complete = False
                else:
                    step.literals[name] = literal._replace(identity=known)
        return complete

    def models_of(self, step: Step, port: str, source: Any) -> str | None:
        """The identity of a model source, or of a list of them, by the content of the files."""
        if not isinstance(source, list):
            return self.model(step, port, source)
        ids = [self.model(step, port, part) for part in source]
        known = [part for part in ids if part is not None]
        return digest("list", *known) if len(known) == len(ids) else None

    def model(self, step: Step, port: str, source: Any) -> str | None:
        if not isinstance(source, str):
            return None
        count = len(self.problems)
        known = model_digest(self.models, step, port, source, self.problems)
        if known is None and len(self.problems) == count:
            step.note = f"the files of {source} are not hashed yet"
        if (now := self.models.renamed.get(source)) is not None:
            step.note = f"{source} is called {now} now"
        return known

    def pinned(self, step: Step) -> Mapping[str, Entry]:
        assert step.pin is not None
        step.state = "cached"
        found: dict[str, Entry] = {}
        for name, digest_ in step.pin.items():
            entry = self.store.pinned(digest_)
            if entry is None:
                message = sentence("pin-lost", result=f"{digest_[:19]}…")
                self.problems.append(Problem(step.id, name, "pin", message))
            else:
                found[name] = entry
        return found

    def demand(self, step: Step, wanted: set[str]) -> None:
        """A cached step whose data is needed and lost has to run after all."""
        if step.state == "cached" and step.id in wanted and step.pin is None:
            outputs = self.known[step.id] or {}
            if not all(self.store.available(entry) for entry in outputs.values()):
                step.state = "run"
                self.known[step.id] = None
        if step.state in ("run", "open"):
            wanted.update(source.node for source in step.sources())


def model_digest(
    models: Models, step: Step, port: str, source: str, problems: list[Problem]
) -> str | None:
    """The remembered digest of a model's files; what is wrong with them is a problem."""
    try:
        return models.known_digest(source)
    except ModelError as error:
        code = "model-missing" if isinstance(error, ModelMissing) else "model-truncated"
        problems.append(Problem(step.id, port, code, said_by(error)))
        return None
