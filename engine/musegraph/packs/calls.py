"""Running single nodes and whole workflows of a pack, the way that everybody runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musegraph.errors import MusegraphError, PackError
from musegraph.events import Event, StepFailed
from musegraph.node import NodeType
from musegraph.pack import Pack, Registry
from musegraph.packs.describe import registry_with, workflows_of
from musegraph.packs.project import Project
from musegraph.packs.samples import NAMESPACE, TRIAL, Case, NoSample, sample
from musegraph.run import Engine, RunResult
from musegraph.store import Store
from musegraph.workflow import Port, Workflow

EXAMPLES = "tests/examples.json"
TRIED = "tried"


@dataclass
class Came:
    """What came of a call: the values, or why there are none."""

    result: RunResult | None = None
    outputs: dict[str, Port] = field(default_factory=dict)
    refused: str = ""
    """The sentence with which the planner, or the node on purpose, refused it."""
    broke: str = ""
    """An error that nobody raised on purpose, or memory that ran out."""

    @property
    def ok(self) -> bool:
        return not self.refused and not self.broke

    def identities(self) -> dict[str, str | None]:
        assert self.result is not None
        return {name: self.result.identity(port) for name, port in self.outputs.items()}

    def value(self, name: str) -> Any:
        assert self.result is not None
        return self.result.value(self.outputs[name])


def registry_for(pack: Pack) -> Registry:
    """The pack, all others, and the nodes that make inputs up."""
    registry = registry_with(pack)
    registry.add(TRIAL)
    return registry


def engine_for(registry: Registry) -> Engine:
    """An engine that remembers nothing of what was run before."""
    return Engine(registry, Store())


def call(engine: Engine, kind: NodeType, case: Case) -> Came:
    """What one call of a node comes to."""
    nodes: dict[str, Any] = {}
    links: dict[str, str] = {}
    for name, given in case.links.items():
        maker, _, what = given.partition(":")
        nodes[f"in_{name}"] = {"type": f"{NAMESPACE}.{maker}", "values": {"kind": what}}
        links[name] = f"in_{name}.out"
    nodes[TRIED] = {"type": kind.id, "values": case.values, "links": links}
    outputs = {name: f"{TRIED}.{name}" for name in kind.outputs}
    try:
        workflow = Workflow.parse({"musegraph": 1, "nodes": nodes, "outputs": outputs})
    except MusegraphError as error:
        return Came(refused=str(error))
    return run(engine, workflow)


def run(engine: Engine, workflow: Workflow, quick: bool = False) -> Came:
    """What running a workflow comes to."""
    failures: list[StepFailed] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepFailed):
            failures.append(event)

    try:
        plan = engine.plan(engine.settle(workflow, quick=quick))
        result = engine.run(plan, listen)
    except MusegraphError as error:
        return Came(refused=str(error) or type(error).__name__)
    except Exception as error:  # noqa: BLE001  the types and defaults of a pack are someone else's code
        return Came(broke=f"{type(error).__name__}: {error}")
    came = Came(result, result.ports())
    for failure in failures:
        if failure.detail is not None or failure.code == "out-of-memory":
            came.broke = f"{failure.message}{_line(failure.detail)}"
        else:
            came.refused = failure.message or "a NodeError without a word"
    return came


def _line(detail: str | None) -> str:
    """The last place in a traceback, in brackets."""
    places = [one.strip() for one in (detail or "").splitlines() if one.strip().startswith("File ")]
    if not places:
        return ""
    file, _, rest = places[-1].removeprefix('File "').partition('", line ')
    return f" ({Path(file).name}, line {rest.partition(',')[0]})"


def cases_of(
    project: Project, pack: Pack
) -> tuple[dict[str, tuple[NodeType, Case]], dict[str, str]]:
    """The calls that each node is tried with, by a name; and the nodes for which there are none."""
    given = _examples(project, pack)
    found: dict[str, tuple[NodeType, Case]] = {}
    untried: dict[str, str] = {}
    for id, kind in pack.types.items():
        if kind.uses == "network":
            untried[id] = "it uses the network"
            continue
        try:
            made = sample(kind)
        except NoSample as error:
            if id not in given:
                untried[id] = str(error)
                continue
            made = Case("made up", {}, {})
        if id not in given:
            found[id] = (kind, made)
        for number, values in enumerate(given.get(id, ()), 1):
            links = {name: link for name, link in made.links.items() if name not in values}
            rest = {name: value for name, value in made.values.items() if name not in values}
            found[f"{id} example {number}"] = (kind, Case("example", rest | values, links))
    return found, untried


def _examples(project: Project, pack: Pack) -> dict[str, list[dict[str, Any]]]:
    """The inputs that the author wrote down for nodes, as in the ``values`` of a workflow."""
    place = project.root / EXAMPLES
    if not place.is_file():
        return {}
    try:
        read = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{EXAMPLES} cannot be read: {error}") from None
    form = f'{EXAMPLES} has to be of the form {{"{pack.name}.NODE": [{{"INPUT": VALUE}}]}}'
    if not isinstance(read, dict):
        raise PackError(form)
    for id, listed in read.items():
        if id not in pack.types:
            raise PackError(
                f"{EXAMPLES} speaks of {id!r}, which is no node of the pack; take it out"
            )
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise PackError(f"{form}, and for {id} it is not")
    return read


def workflows(project: Project) -> Iterator[tuple[str, Workflow]]:
    for file in workflows_of(project):
        yield f"workflow {file.stem}", Workflow.read(file)
