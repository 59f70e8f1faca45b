"""``pack test``: what it finds in packs that were made to fail, and what it says of good ones."""

from __future__ import annotations

import json
from pathlib import Path

import making
import pytest

from musegraph.errors import PackError
from musegraph.packs.project import Project
from musegraph.packs.samples import value_for
from musegraph.packs.trial import Stage, golden_stage, results_of, trial

FAULTY = '''
"""Nodes that go wrong, each in its own way."""

import os
import time
from typing import Annotated, Literal

from pydantic import Field

from musegraph import Context, NodeError, Pack, node

KEPT = []


@node(version="1")
def mixed(words: Annotated[list[str], Field(description="Some words.")] = ["a", "b"]) -> str:
    """Join words in an order that sets have."""
    return " ".join({*words, "c", "d", "e", "f", "g", "h"})


@node(version="1", cache=False)
def clock(seconds: Literal["yes", "no"] = "yes") -> float:
    """Tell the time."""
    return time.time()


@node(version="1")
def hoard(size: Annotated[int, Field(ge=1, le=3, description="How much.")] = 1) -> int:
    """Keep everything."""
    KEPT.append(bytearray(os.urandom(1024)) * 512 * size)
    return len(KEPT[-1])


@node(version="1")
def divide(over: Annotated[int, Field(ge=0, le=9, description="By what.")] = 1) -> float:
    """Divide by what may be nothing."""
    return 1 / over


@node(version="1")
def sleepy(text: Annotated[str, Field(description="A text.")] = "a") -> str:
    """Never come back from an empty text."""
    if not text:
        time.sleep(1000)
    return text


@node(version="1")
def fatal(text: Annotated[str, Field(description="A text.")] = "a") -> str:
    """Take the process along for a long text."""
    if len(text) > 1000:
        os.abort()
    return text


@node(version="1")
def polite(text: Annotated[str, Field(description="A text.")], ctx: Context) -> str:
    """Refuse in words."""
    if text != "example":
        raise NodeError("it has to be the example; write that")
    return text


@node(version="1", uses="network")
def far(text: Annotated[str, Field(description="A text.")] = "a") -> str:
    """Ask somebody far away."""
    raise RuntimeError("this is not to be called")


pack = Pack("loud", nodes=[mixed, clock, hoard, divide, sleepy, fatal, polite, far])
'''


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    project = making.project(tmp_path_factory.mktemp("faulty"), nodes=FAULTY)
    tests = project.root / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("def test_it():\n    assert 1 + 1 == 3\n")
    return {stage.name: stage for stage in trial(project, seconds=2)}


def lines(stage: Stage, node: str) -> list[str]:
    return [line for line in stage.lines if f"loud.{node}" in line]


def test_its_own_tests_are_run_and_a_failure_is_shown(stages: dict[str, Stage]) -> None:
    stage = stages["its own tests"]
    assert stage.ok is False
    assert "1 failed" in stage.summary
    assert any("assert (1 + 1) == 3" in line for line in stage.lines)


def test_a_node_that_uses_the_network_is_not_called_and_that_is_said(
    stages: dict[str, Stage],
) -> None:
    stage = stages["runs"]
    assert stage.ok is True
    assert lines(stage, "far") == ["loud.far was not tried: it uses the network"]


def test_what_depends_on_the_order_of_sets_is_found(stages: dict[str, Stage]) -> None:
    stage = stages["the same in two processes"]
    assert stage.ok is False
    assert len(stage.lines) == 1, "and a node that reads the world may differ"
    assert stage.lines[0].startswith("loud.mixed: out is different in a second process; look for")


def test_what_keeps_everything_is_found(stages: dict[str, Stage]) -> None:
    stage = stages["memory"]
    assert stage.ok is False
    assert [line.partition(":")[0] for line in stage.lines] == ["loud.hoard"]


def test_bad_input_that_breaks_a_node_is_named_with_input_and_error(
    stages: dict[str, Stage],
) -> None:
    stage = stages["bad input"]
    assert stage.ok is False
    (divided,) = lines(stage, "divide")
    assert "over = 0: ZeroDivisionError: division by zero (__init__.py, line 37)" in divided
    assert "refuse it in words" in divided
    assert any("text = '': it did not come to an end within 2 s" in one for one in stage.lines)
    assert any("ended by signal 6" in one for one in lines(stage, "fatal"))
    assert lines(stage, "polite") == [], "who refuses in words is right"
    assert len(stage.lines) == 3


def test_there_are_no_golden_results_before_somebody_writes_them(stages: dict[str, Stage]) -> None:
    assert stages["golden results"].ok is None


# -- golden results ---------------------------------------------------------------------------


def golden(project: Project, update: bool = False) -> Stage:
    """Only that stage."""
    return golden_stage(results_of(project, update)["golden"], update)


def test_golden_results_are_held_against_what_nodes_give_today(tmp_path: Path) -> None:
    project = making.project(tmp_path)
    examples = project.root / "tests" / "examples.json"
    examples.parent.mkdir()
    examples.write_text('{"loud.shout": [{"text": "hey"}, {"text": "ho", "times": 2}]}')
    assert golden(project, update=True).ok is True
    kept = json.loads((project.root / "tests/golden/results.json").read_text())
    assert kept["loud.shout example 2"] == {"out": 'json:"HO!!"'}
    assert golden(project).ok is True

    file = project.package / "__init__.py"
    file.write_text(file.read_text().replace('"!"', '"?"'))
    examples.write_text(
        '{"loud.shout": [{"text": "hey"}, {"text": "ho", "times": 2}, {"text": "x"}]}'
    )
    stage = golden(project)
    assert stage.ok is False
    assert stage.lines == (
        'loud.shout example 1: out was json:"HEY!" and is json:"HEY?"',
        'loud.shout example 2: out was json:"HO!!" and is json:"HO??"',
        "loud.shout example 3 has none; --update writes it down",
        "if the new results are right, say --update",
    )


def test_examples_of_a_node_that_there_is_not_are_told_of(tmp_path: Path) -> None:
    project = making.project(tmp_path)
    (project.root / "tests").mkdir()
    (project.root / "tests" / "examples.json").write_text('{"loud.gone": []}')
    with pytest.raises(PackError, match=r"speaks of 'loud.gone', which is no node of the pack"):
        results_of(project, update=False)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 4}, 3),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 0.5),
        ({"type": "integer", "minimum": 8, "multipleOf": 8}, 8),
        ({"type": "string", "minLength": 9}, "exampleee"),
        ({"type": "string", "maxLength": 2}, "ex"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 3}, [True, True, True]),
        ({"enum": ["a", "b"]}, "a"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}, {"a": 1}),
        ({"$ref": "#/$defs/X"}, "example"),
    ],
)
def test_a_value_is_made_up_for_a_schema(schema: dict[str, object], value: object) -> None:
    assert value_for(schema, {"X": {"type": "string"}}) == value
