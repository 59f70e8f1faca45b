"""The contract vectors, driven through the engine; the canvas drives the same files."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import update_wrapper
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, TypeVar

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from musegraph import InvalidWorkflow, Pack, Registry, Seed, UnreadableWorkflow
from musegraph.errors import Problem
from musegraph.node import Port as NodePort
from musegraph.plan import check
from musegraph.plan.literals import literal
from musegraph.run import Engine, RunResult
from musegraph.store import Store
from musegraph.values import canonical, fits, parse, parse_type
from musegraph.values.canonical import MAX_INTEGER
from musegraph.values.types import Type, unify
from musegraph.workflow import Workflow

HERE = Path(__file__).parent
Case = dict[str, Any]
Test = TypeVar("Test", bound=Callable[..., None])
RUNNING = (
    "mapping",
    "branches",
    "subgraphs",
    "repetition",
    "bypass",
    "pins",
    "failures",
    "reuse",
)


def vectors(*names: str, having: Iterable[str] = ()) -> Callable[[Test], Test]:
    """Call a test once for each case of some files, or for those with one of these members."""
    found = [
        pytest.param(case, id=f"{name}: {case['name']}")
        for name in names
        for case in json.loads((HERE / f"{name}.json").read_text("utf-8"))["cases"]
        if not having or not case.keys().isdisjoint(having)
    ]
    return pytest.mark.parametrize("case", found)


def text_of(case: Case, member: str) -> str:
    if "repeat" in case:
        return "".join(piece * times for piece, times in case["repeat"])
    return str(case[member])


# -- canonical text -----------------------------------------------------------------------------


@vectors("canonical")
def test_canonical_text(case: Case) -> None:
    text = text_of(case, "json")
    if case.get("refused"):
        with pytest.raises(UnreadableWorkflow):
            parse(text)
        return
    expected = case.get("text", text)
    assert canonical(parse(text)) == expected
    assert canonical(parse(expected)) == expected
    if "text" in case:
        assert rfc8785.dumps(json.loads(text)).decode() == expected


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_text_is_that_of_another_implementation(value: Any) -> None:
    text = canonical(value)
    assert text == rfc8785.dumps(value).decode()
    assert canonical(parse(text)) == text


# -- types --------------------------------------------------------------------------------------


@vectors("types")
def test_types(case: Case) -> None:
    text = text_of(case, "text")
    if case.get("refused"):
        with pytest.raises(ValueError, match=r"."):
            parse_type(text)
        return
    type_ = parse_type(text)
    assert str(type_) == case.get("prints", text)
    assert parse_type(str(type_)) == type_
    facts = {"list": type_.is_list, "optional": type_.optional, "json": type_.is_json}
    assert {name: facts[name] for name in facts if name in case} == {
        name: case[name] for name in facts if name in case
    }


@vectors("fits")
def test_fits(case: Case) -> None:
    sources = [parse_type(text) for text in case.get("sources") or [case["source"]]]
    targets = [parse_type(text) for text in case.get("targets") or [case["target"]]]
    if "how" in case:
        fit = fits(sources[0], targets[0])
        assert fit.how == case["how"]
        assert bool(fit) == (fit.how != "no")
        assert bool(fit.why) == (fit.how == "no")
        for name in case.get("names", []):
            assert name in fit.why
    if "bindings" in case:
        bound: dict[str, Type] = {}
        pairs = zip(sources, targets, strict=True)
        refused = [pair for pair in pairs if not unify(*pair, bound)]
        found = None if refused else {name: str(type_) for name, type_ in bound.items()}
        assert found == case["bindings"]


# -- the workflow file --------------------------------------------------------------------------


@vectors("workflows")
def test_workflow_files(case: Case, toy: Toy) -> None:
    source = case["document"] if "document" in case else text_of(case, "json")
    if case.get("unreadable"):
        with pytest.raises(UnreadableWorkflow):
            Workflow.parse(source)
        return
    if "problems" in case:
        assert_problems(case["problems"], problems_of(source, toy.registry()))
        return
    text = Workflow.parse(source).text()
    if "lines" in case:
        assert text == "".join(f"{line}\n" for line in case["lines"])
    if case.get("same"):
        assert json.loads(text) == source
    assert Workflow.parse(text).text() == text
    assert parse(text) == Workflow.parse(source).json()


# -- identities and keys ------------------------------------------------------------------------

ANNOTATIONS: dict[str, Any] = {
    "Text": str,
    "Integer": int,
    "Number": float,
    "Boolean": bool,
    "Seed": Seed,
    "Json": Any,
}


def annotation_of(type_: Type) -> Any:
    if type_.optional:
        return annotation_of(type_.required()) | None
    if type_.item is not None:
        return list[annotation_of(type_.item)]  # type: ignore[misc]
    if type_.choices:
        return Literal[type_.choices]
    return ANNOTATIONS[type_.name]


def identity_of(value: list[str]) -> str:
    type_ = parse_type(value[0])
    return literal(NodePort("value", annotation_of(type_), type_), parse(value[1])).identity


@vectors("digests")
def test_identities(case: Case) -> None:
    if "identity" in case:
        assert identity_of(case["value"]) == case["identity"]
    same = {identity_of(value) for value in case.get("same", [])}
    assert len(same) <= 1
    different = [identity_of(value) for value in case.get("different", [])]
    assert len(set(different)) == len(different)


@vectors("keys")
def test_keys(case: Case, toy: Toy, tmp_path: Path) -> None:
    found = []
    for index, side in enumerate([*case.get("same", []), *case.get("different", [])] or [case]):
        registry = toy.registry(side.get("versions", {}))
        with Engine(registry, Store(tmp_path / str(index))) as engine:
            workflow = Workflow.parse({"musegraph": 1, **side["workflow"]})
            result = engine.run(engine.plan(workflow))
            assert result.ok
            planned = engine.plan(workflow).steps[side["step"]].key
            assert planned == result.outcome.keys[side["step"]]
            found.append(planned)
    if "key" in case:
        assert found == [case["key"]]
    elif "same" in case:
        assert len(set(found)) == 1
    else:
        assert len(set(found)) == len(found)


# -- whole workflows ----------------------------------------------------------------------------


@dataclass
class Toy:
    """The pack that the vectors run, loaded anew, with its own counter of calls."""

    module: Any

    def registry(self, versions: Mapping[str, str] | None = None) -> Registry:
        nodes = [self.version(function, versions or {}) for function in self.module.pack.nodes]
        return Registry.of(Pack("toy", nodes))

    def version(self, function: Any, versions: Mapping[str, str]) -> Any:
        version = versions.get(f"toy.{function.__name__}")
        if version is None:
            return function
        other = FunctionType(function.__code__, function.__globals__, function.__name__)
        other.__node__ = replace(function.__node__, version=version)  # type: ignore[attr-defined]
        return update_wrapper(other, function, updated=())

    def take_calls(self) -> dict[str, int]:
        made = dict(self.module.calls)
        self.module.calls.clear()
        return made


@pytest.fixture
def toy() -> Toy:
    spec = importlib.util.spec_from_file_location("musegraph_contract_toy", HERE / "toy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Toy(module)


@vectors(*RUNNING, having=["problems"])
def test_problems_of_workflows(case: Case, toy: Toy) -> None:
    source = {"musegraph": 1, **case["workflow"]}
    assert_problems(case["problems"], problems_of(source, toy.registry()))


@vectors(*RUNNING, having=["plan_problems"])
def test_problems_that_need_a_store(case: Case, toy: Toy, tmp_path: Path) -> None:
    workflow = Workflow.parse({"musegraph": 1, **case["workflow"]})
    assert check(workflow, toy.registry()) == []
    with Engine(toy.registry(), Store(tmp_path)) as engine:
        with pytest.raises(InvalidWorkflow) as caught:
            engine.plan(workflow)
        assert_problems(case["plan_problems"], caught.value.problems)


@vectors(*RUNNING, having=["outputs", "runs"])
@pytest.mark.parametrize("place", ["memory", "disk", "restart"])
def test_runs_of_workflows(case: Case, place: str, toy: Toy, tmp_path: Path) -> None:
    document = json.loads(json.dumps({"musegraph": 1, **case["workflow"]}))
    before: dict[str, str] = {}
    store = Store(None if place == "memory" else tmp_path)
    for number, run in enumerate(case.get("runs", [case])):
        if place == "restart" and number:
            store.close()
            store = Store(tmp_path)
        edit(document, run, before)
        before = check_run(run, Workflow.parse(document), Engine(toy.registry(), store), toy)
    store.close()


def edit(document: Case, run: Case, before: Mapping[str, str]) -> None:
    """Apply what a run changes in the document; ``before`` has the identities of the last run."""
    nodes = document["nodes"]
    for at, value in run.get("change", {}).items():
        node, port = at.split(".")
        nodes[node].setdefault("values", {})[port] = value
        nodes[node].get("links", {}).pop(port, None)
    for node, mode in run.get("mode", {}).items():
        nodes[node]["mode"] = mode
    for at, name in run.get("pin", {}).items():
        node, port = at.split(".")
        if name is None:
            nodes[node].pop("pin")
        else:
            nodes[node].setdefault("pin", {})[port] = before[at] if name is True else name


def check_run(run: Case, workflow: Workflow, engine: Engine, toy: Toy) -> dict[str, str]:
    """Run a workflow, compare all that the case states, and give the identities of its outputs."""
    settled = engine.settle(workflow, run.get("inputs"))
    assert check(settled, engine.registry) == []
    plan = engine.plan(settled)
    if "plan" in run:
        assert {id: step.state for id, step in plan.steps.items()} == run["plan"]
    result = engine.run(plan)
    outcome = result.outcome
    calls = toy.take_calls()
    states = {id: "done" if s == "cached" else s for id, s in outcome.status.items()}
    if "states" in run:
        assert states == run["states"]
    assert result.ok == ("failed" not in states.values())
    named = plan.outputs.items()
    made = {name: result.value(at) for name, at in named if result.identity(at) is not None}
    assert made == run["outputs"]
    assert canonical(made) == canonical(run["outputs"])
    if "calls" in run:
        assert calls == run["calls"]
    if "cached" in run:
        assert {id for id, s in outcome.status.items() if s == "cached"} == set(run["cached"])
    for node, words in run.get("says", {}).items():
        assert all(word in outcome.errors[node] for word in words)
    return identities(result)


def identities(result: RunResult) -> dict[str, str]:
    return {
        f"{node}.{port}": entry.identity
        for node, outputs in result.outcome.outputs.items()
        for port, entry in (outputs or {}).items()
    }


# -- problems -----------------------------------------------------------------------------------


def problems_of(source: Any, registry: Registry) -> Iterable[Problem]:
    """What is wrong with a document, whether reading it or checking it finds out."""
    try:
        workflow = Workflow.parse(source)
    except InvalidWorkflow as error:
        return error.problems
    found = check(workflow, registry)
    if found:
        with pytest.raises(InvalidWorkflow) as caught:
            Engine(registry, Store()).plan(workflow)
        assert set(found) <= set(caught.value.problems)
    return found


def assert_problems(expected: list[Case], found: Iterable[Problem]) -> None:
    """Each expected problem is found once, whatever the order, and nothing else is."""
    left = list(found)
    for wanted in expected:
        match = next((problem for problem in left if matches(wanted, problem)), None)
        assert match is not None, f"{wanted} is not among {left}"
        left.remove(match)
    assert not left


def matches(wanted: Case, problem: Problem) -> bool:
    facts = problem.json()
    address = all(facts[k] == wanted[k] for k in ("code", "node", "port") if k in wanted)
    return address and all(name in problem.message for name in wanted.get("names", []))
