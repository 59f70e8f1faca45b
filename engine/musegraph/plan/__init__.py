"""From a workflow to a plan: pure decisions over the document, the registry and stored records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import Any

from musegraph.device import profile
from musegraph.errors import InvalidWorkflow, ModelError, ModelMissing, MusegraphError, Problem
from musegraph.models import Models
from musegraph.pack import Registry
from musegraph.plan.check import Checker
from musegraph.plan.expand import Flat, expand
from musegraph.plan.literals import Asset
from musegraph.plan.steps import Plan, Step, Wire, key_of, prefix_of
from musegraph.store import Entry, Store, list_entry
from musegraph.values import digest
from musegraph.values.codec import identity
from musegraph.workflow import Port, Workflow

__all__ = ["Plan", "Step", "Wire", "check", "gather", "key_of", "make_plan"]

NONE = Entry(identity(None) or "", json=None)


def check(workflow: Workflow, registry: Registry, models: Models | None = None) -> list[Problem]:
    """Every problem of a workflow that can be seen without running it; none if it is fine.

    With ``models``, the files of the models that it names are looked for and looked at.
    """
    problems: list[Problem] = []
    flat = expand(workflow, registry.get, problems)
    steps = Checker(flat, registry, problems).run()
    _check_inputs(workflow, problems)
    _check_files(workflow, steps, None, problems)
    if models is not None:
        _check_models(steps, models, problems)
    return _distinct(problems)


def _check_models(steps: Mapping[str, Step], models: Models, problems: list[Problem]) -> None:
    for step in steps.values():
        for name in step.type.model_ports if step.type is not None else ():
            sources = step.values.get(name)
            for source in sources if isinstance(sources, list) else [sources]:
                if isinstance(source, str):
                    _model_digest(models, step, name, source, problems)


def _model_digest(
    models: Models, step: Step, port: str, source: str, problems: list[Problem]
) -> str | None:
    """The remembered digest of a model's files; what is wrong with them is a problem."""
    try:
        return models.known_digest(source)
    except ModelError as error:
        code = "model-missing" if isinstance(error, ModelMissing) else "model-truncated"
        problems.append(Problem(step.id, port, code, str(error)))
        return None


def make_plan(
    workflow: Workflow,
    registry: Registry,
    store: Store,
    models: Models | None = None,
    only: Iterable[str] = (),
) -> Plan:
    """The steps that the workflow's outputs need (or those of the nodes ``only`` names).

    Raises :class:`InvalidWorkflow` with every problem.
    """
    problems: list[Problem] = []
    flat = expand(workflow, registry.get, problems)
    steps = Checker(flat, registry, problems).run()
    _check_inputs(workflow, problems)
    _check_files(workflow, steps, store, problems)
    targets = _targets(workflow, flat, steps, tuple(only), problems)
    if problems:
        raise InvalidWorkflow(_distinct(problems))
    _adopt_files(workflow, steps, store)
    needed = _needed(steps, targets)
    kept = {id: step for id, step in steps.items() if id in needed}
    unused = tuple(id for id in steps if id not in needed)
    plan = Plan(workflow, kept, dict(flat.outputs), targets, unused)
    Forecast(plan, store, models or Models(registry, store), problems).run()
    if problems:
        raise InvalidWorkflow(_distinct(problems))
    return plan


def gather(
    step: Step, results: Mapping[str, Mapping[str, Entry] | None]
) -> dict[str, Entry] | str | None:
    """The entries that a step's links bring.

    The id of a source because of which the step is skipped, or None if some source is not known
    yet. ``results`` holds the outputs by step; an empty map means it was skipped.
    """
    found: dict[str, Entry] = {}
    for name, wire in step.wires.items():
        entries: list[Entry] = []
        absent = False
        for source in wire.sources:
            outputs = results.get(source.node, {})
            if outputs is None:
                return None
            entry = outputs.get(source.port)
            if entry is None or entry.unset:
                if not wire.optional:
                    return source.node
                absent = True
            else:
                entries.append(entry)
        if absent:
            found[name] = NONE  # also where only one of several sources is not there
        elif wire.how == "direct":
            found[name] = entries[0]
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
        self.known: dict[str, Mapping[str, Entry] | None] = {}

    def run(self) -> None:
        for id, step in self.plan.steps.items():
            self.known[id] = self.outcome(step)
        wanted = {port.node for port in self.plan.targets}
        for step in reversed(list(self.plan.steps.values())):
            self.demand(step, wanted)

    def outcome(self, step: Step) -> Mapping[str, Entry] | None:
        """The outputs as far as they are known: empty if skipped, None if it has to run."""
        if step.muted:
            step.state = "skip"
            return {}
        if step.pin is not None:
            return self.pinned(step)
        assert step.type is not None
        if not step.prefix:
            numeric = profile(step.type.libraries) if step.type.numeric else ""
            step.prefix = prefix_of(step.type, numeric)
        complete = self.identify_models(step)
        linked = gather(step, self.known)
        if isinstance(linked, str):
            step.state, step.note = "skip", f"because of {linked}"
            return {}
        if linked is None or not complete:
            step.state = "open" if linked is None else "run"
            return None
        ids = self.linked_identities(step, linked)
        step.state = "run"
        if ids is None:
            return None
        step.key = step.make_key(ids)
        if not step.type.cache:
            return None
        record = self.store.record(step.key)
        if record is None:
            return None
        step.state = "cached"
        return record.outputs

    def linked_identities(self, step: Step, linked: dict[str, Entry]) -> dict[str, str] | None:
        assert step.type is not None
        ids: dict[str, str] = {}
        for name, entry in linked.items():
            if name in step.type.model_ports and entry.json is not None:
                known = self.models_of(step, name, entry.json)
                if known is None:
                    return None
                ids[name] = known
            else:
                ids[name] = entry.identity
        return ids

    def identify_models(self, step: Step) -> bool:
        """Replace the identity of each model source by that of its files; False if not hashed."""
        assert step.type is not None
        complete = True
        for name in step.type.model_ports:
            if name in step.values:
                known = self.models_of(step, name, step.values[name])
                if known is None:
                    complete = False
                else:
                    step.identities[name] = known
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
        known = _model_digest(self.models, step, port, source, self.problems)
        if known is None and len(self.problems) == count:
            step.note = f"the files of {source} are not hashed yet"
        return known

    def pinned(self, step: Step) -> Mapping[str, Entry]:
        assert step.pin is not None
        step.state = "cached"
        found: dict[str, Entry] = {}
        for name, digest_ in step.pin.items():
            entry = self.store.pinned(digest_)
            if entry is None:
                message = f"the pinned result {digest_[:19]}… is not in the cache; unpin the node"
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
        if step.state in ("run", "open"):
            wanted.update(source.node for source in step.sources())


def _needed(steps: Mapping[str, Step], targets: Iterable[Port]) -> set[str]:
    needed: set[str] = set()
    todo = [port.node for port in targets]
    while todo:
        id = todo.pop()
        if id not in needed and id in steps:
            needed.add(id)
            todo.extend(source.node for source in steps[id].sources())
    return needed


def _targets(
    workflow: Workflow,
    flat: Flat,
    steps: Mapping[str, Step],
    only: tuple[str, ...],
    problems: list[Problem],
) -> tuple[Port, ...]:
    """The ports whose values the run is for: outputs, the nodes named, or all last nodes."""
    if only:
        for id in only:
            if id not in steps and id not in workflow.outputs and not problems:
                known = ", ".join([*workflow.outputs, *list(steps)[:20]])
                problems.append(Problem(id, None, "no-node", f"there is no node; known: {known}"))
        ids = [flat.outputs[id].node if id in flat.outputs else id for id in only]
        return tuple(Port(id, out) for id in ids if id in steps for out in steps[id].outputs)
    if flat.outputs or workflow.outputs:
        return tuple(flat.outputs.values())
    inner = {source.node for step in steps.values() for source in step.sources()}
    return tuple(
        Port(id, out) for id, step in steps.items() if id not in inner for out in step.outputs
    )


def _check_inputs(workflow: Workflow, problems: list[Problem]) -> None:
    for name in workflow.quick:
        if name not in workflow.inputs:
            message = f"'quick' gives {name!r}, which is no input"
            problems.append(Problem(None, name, "input", message))


def _check_files(
    workflow: Workflow,
    steps: Mapping[str, Step],
    store: Store | None,
    problems: list[Problem],
) -> None:
    """Name the files that a literal points to and that are not there."""
    for step in steps.values():
        for port, value in step.values.items():
            for asset in value if isinstance(value, list) else [value]:
                if not isinstance(asset, Asset):
                    continue
                why = _missing_file(workflow, asset, store)
                if why:
                    problems.append(Problem(step.id, port, "value", why))


def _missing_file(workflow: Workflow, asset: Asset, store: Store | None) -> str:
    if asset.digest.startswith("file:"):
        name = asset.digest.removeprefix("file:")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            return f"the file {name!r} has to be a path below the workflow's folder, without '..'"
        if workflow.folder is None:
            return f"the file {name!r} is relative, and this workflow is in no folder"
        place = (workflow.folder / name).resolve()
        if not place.is_relative_to(workflow.folder.resolve()):
            return f"the file {name!r} leads out of the workflow's folder; copy it in"
        if not place.is_file():
            return f"there is no file {workflow.folder / name}"
    elif store is not None and not store.has_bytes(asset.digest):
        return f"the file {asset.name or asset.digest!r} is not in the cache; add it again"
    return ""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MusegraphError(f"the file {path} cannot be read: {error.strerror}") from None


def _adopt_files(workflow: Workflow, steps: Mapping[str, Step], store: Store) -> None:
    """Take the files that lie next to the document into the store; from here on they are assets."""

    def adopt(asset: Any) -> Any:
        if not isinstance(asset, Asset) or not asset.digest.startswith("file:"):
            return asset
        assert workflow.folder is not None
        path = workflow.folder / asset.digest.removeprefix("file:")
        data = _read(path)
        media = asset.media or guess_type(path.name)[0] or "application/octet-stream"
        return replace(asset, digest=store.put_bytes(data), media=media)

    for step in steps.values():
        for port, value in step.values.items():
            if isinstance(value, Asset):
                step.values[port] = made = adopt(value)
                step.identities[port] = made.identity
            elif isinstance(value, list) and value and isinstance(value[0], Asset):
                step.values[port] = items = [adopt(item) for item in value]
                ids = tuple(item.identity for item in items)
                step.identities[port] = digest("list", *ids)
                if port in step.items:
                    step.items = {**step.items, port: ids}


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
