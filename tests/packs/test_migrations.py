"""Two versions of a pack: what the older one saved is brought forward, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
import shell
from pydantic import Field

from musegraph import Engine, InvalidWorkflow, Migration, Pack, Registry, Store, Workflow, node
from musegraph.errors import InvalidNode
from musegraph.locked import lock, named, verify
from musegraph.models import Models
from musegraph.plan import check, forward

Level = Annotated[float, Field(ge=0, le=1)]


@node(id="shout", version="1")
def shout_1(text: str, loudness: int = 50, ending: str = "!", old: int = 0) -> str:
    """Say it loud."""
    return f"{text}{ending * (loudness // 50)}"


@node(id="cry", version="2")
def cry_2(level: Level, text: str, mark: str = "!", softly: bool = True, times: int = 1) -> str:
    """Say it loud: re-ordered, renamed, in other units, with more inputs."""
    made = f"{text}{mark * round(level * 2)}"
    return made.lower() if softly else made


@node(id="join", version="1")
def join(a: str, b: str = "") -> str:
    """Put two texts together."""
    return a + b


def per_cent(value: Any) -> float:
    return float(value) / 100


MIGRATIONS = (
    Migration(
        "1.5",
        "shout",
        dropped=("old",),
        renamed={"loudness": "level", "ending": "mark"},
        changed={"level": per_cent},
        values={"level": 0.5, "softly": False},
        becomes="cry",
    ),
    Migration("2.0", "cry", values={"times": 1}),
)

OLD = {
    "musegraph": 1,
    "packs": {"loud": "1.0.0"},
    "inputs": {"how_loud": {"to": "b.loudness", "default": 100}},
    "outputs": {"said": "both.out"},
    "quick": {"how_loud": 50},
    "nodes": {
        "a": {"type": "loud.shout", "values": {"text": "Hey", "loudness": 100, "old": 3}},
        "b": {"type": "loud.shout", "values": {"ending": "?"}, "links": {"text": "a.out"}},
        "both": {"type": "loud.join", "links": {"a": "a.out", "b": "b.out"}},
    },
}


def one() -> Registry:
    return Registry.of(Pack("loud", nodes=[shout_1, join], version="1.0.0"))


def two(*migrations: Migration) -> Registry:
    return Registry.of(Pack("loud", nodes=[cry_2, join], version="2.0.0", migrations=migrations))


def said(registry: Registry, document: Any, **inputs: Any) -> str:
    engine = Engine(registry, Store())
    settled = engine.settle(Workflow.parse(document), inputs)
    result = engine.run(engine.plan(settled))
    assert result.ok, result.outcome.errors
    return str(result.outputs()["said"])


def test_a_workflow_of_an_older_version_gives_what_it_gave_after_its_migrations() -> None:
    assert said(two(*MIGRATIONS), OLD) == said(one(), OLD) == "Hey!!Hey!!??"
    quick = Engine(two(*MIGRATIONS), Store()).settle(Workflow.parse(OLD), quick=True)
    assert quick.inputs["how_loud"].default == 0.5


BOUND = (
    "b: the input 'how_loud' of the workflow sets level, which loud 1.5 reads otherwise: "
    "give it what loud 1.5 takes"
)


def test_each_change_is_told_by_node_and_in_the_events_of_the_run() -> None:
    made = forward(Workflow.parse(OLD), two(*MIGRATIONS))
    assert not made.problems
    told = [f"{node}: {text}" for node, text in made.notes]
    assert told == [
        "a: old is no more since loud 1.5; what was there was dropped",
        "a: loudness is called level since loud 1.5",
        "a: level was 100; since loud 1.5 level is 1",
        "a: softly is new since loud 1.5; false does what was done before",
        "a: it is a loud.cry since loud 1.5",
        "a: times is new since loud 2.0; 1 does what was done before",
        "b: loudness is called level since loud 1.5",
        "b: ending is called mark since loud 1.5",
        BOUND,
        "b: softly is new since loud 1.5; false does what was done before",
        "b: it is a loud.cry since loud 1.5",
        "b: times is new since loud 2.0; 1 does what was done before",
    ]
    assert made.workflow.packs == {"loud": "2.0.0"}
    assert forward(made.workflow, two(*MIGRATIONS)).notes == [], "once is enough"
    engine, events = Engine(two(*MIGRATIONS), Store()), []
    engine.run(engine.plan(engine.settle(Workflow.parse(OLD))), events.append)
    warned = [one.message for one in events if one.type == "warning"]
    assert warned == told


def test_without_a_migration_it_is_refused_in_words_and_nothing_is_changed() -> None:
    workflow = Workflow.parse(OLD)
    made = forward(workflow, two(Migration("1.5", "shout", becomes="cry")))
    assert made.workflow is workflow
    assert {(one.node, one.port) for one in made.problems} == {
        ("a", "loudness"), ("a", "old"), ("a", "level"), ("b", "ending"), ("b", "level"),
    }  # fmt: skip
    words = " ".join(str(one) for one in made.problems)
    assert (
        "loud.cry has no input 'loudness' in loud 2.0.0; the workflow was made with 1.0.0" in words
    )
    assert "loud.cry asks for 'level' in loud 2.0.0" in words
    engine = Engine(two(Migration("1.5", "shout", becomes="cry")), Store())
    for refused in (engine.settle, engine.plan):
        with pytest.raises(InvalidWorkflow, match="install loud==1"):
            refused(workflow)
    ports = [(one.node, one.port) for one in check(workflow, engine.registry)]
    assert len(ports) == len(set(ports)), "each port is told of once"


def test_a_plan_that_is_refused_for_want_of_a_migration_names_the_other_problems_too() -> None:
    document = json.loads(json.dumps(OLD))
    document["nodes"]["both"]["values"] = {"nowhere": 1}
    engine = Engine(two(), Store())
    with pytest.raises(InvalidWorkflow) as refused:
        engine.plan(Workflow.parse(document))
    ports = {(one.node, one.port) for one in refused.value.problems}
    assert {("a", "loudness"), ("both", "nowhere")} <= ports
    assert refused.value.problems == check(Workflow.parse(document), engine.registry)


def test_an_order_of_parameters_means_nothing_because_values_go_by_name() -> None:
    @node(id="join", version="2")
    def turned(b: str = "", a: str = "") -> str:
        """Put two texts together."""
        return a + b

    document = {
        "musegraph": 1,
        "packs": {"loud": "1.0.0"},
        "outputs": {"said": "both.out"},
        "nodes": {"both": {"type": "loud.join", "values": {"a": "1", "b": "2"}}},
    }
    registry = Registry.of(Pack("loud", nodes=[turned], version="1.1.0"))
    assert said(registry, document) == said(one(), document) == "12"


def test_what_came_by_a_link_and_is_read_otherwise_now_is_refused() -> None:
    document = json.loads(json.dumps(OLD))
    document["nodes"]["n"] = {"type": "loud.shout", "values": {"text": "x"}}
    document["nodes"]["a"]["values"].pop("loudness")
    document["nodes"]["a"]["links"] = {"loudness": "n.out"}
    (problem,) = forward(Workflow.parse(document), two(*MIGRATIONS)).problems
    assert (problem.node, problem.port) == ("a", "level")
    assert "a value that comes by a link cannot be brought forward" in problem.message


def test_one_input_that_becomes_two_and_an_output_of_another_name() -> None:
    @node(id="size", version="2")
    def size(width: int, height: int) -> int:
        """Make a size."""
        return width * height

    def both(value: Any) -> dict[str, Any]:
        return dict(zip(("width", "height"), map(int, str(value).split("x")), strict=True))

    parts = Migration("2", "size", split={"size": both}, outputs={"pixels": "out"})
    registry = Registry.of(Pack("loud", nodes=[size], version="2", migrations=[parts]))
    document = {
        "musegraph": 1,
        "packs": {"loud": "1"},
        "outputs": {"said": "s.pixels"},
        "nodes": {"s": {"type": "loud.size", "values": {"size": "3x4"}}},
    }
    assert said(registry, document) == "12"
    document["nodes"]["s"]["values"]["size"] = "wide"
    with pytest.raises(InvalidWorkflow, match=r"s.size: \"wide\" cannot be brought forward"):
        said(registry, document)


def test_a_workflow_of_a_newer_version_is_told_of_and_left_as_it_is() -> None:
    document = {**OLD, "packs": {"loud": "3.0.0"}}
    made = forward(Workflow.parse(document), one())
    assert made.workflow.packs == {"loud": "3.0.0"}
    assert made.notes[0][1].startswith("it was made with loud 3.0.0, and 1.0.0 is here")


def test_a_migration_that_means_nothing_is_refused_where_it_is_written() -> None:
    with pytest.raises(InvalidNode, match="leads to 'new', no version"):
        Migration("new", "shout")
    with pytest.raises(InvalidNode, match="names the node with its pack"):
        Migration("2.0", "loud.shout")


# -- lock and verify ---------------------------------------------------------------------------


def locked(registry: Registry, document: Any) -> Workflow:
    return lock(Workflow.parse(document), registry, Models(registry, Store()))


def test_a_default_that_has_changed_since_the_lock_is_refused_where_it_was_left() -> None:
    @node(id="join", version="1")
    def other(a: str, b: str = "?", c: str = "") -> str:
        """Put texts together."""
        return a + b + c

    document = {
        "musegraph": 1,
        "outputs": {"said": "y.out"},
        "nodes": {
            "x": {"type": "loud.join", "values": {"a": "1", "b": "2"}},
            "y": {"type": "loud.join", "links": {"a": "x.out"}},
        },
    }
    made = locked(one(), document)
    assert said(one(), made.json()) == "12"
    registry = Registry.of(Pack("loud", nodes=[other], version="1.0.0"))
    found = forward(made, registry)
    (problem,) = found.problems
    assert (problem.node, problem.port) == ("y", "b"), "what was set stays as it was set"
    assert "'b' of" not in problem.message
    assert 'b of loud.join was "" by itself when the workflow was locked' in problem.message
    assert found.notes == [("", 'loud.join has the input c by now; it stands at its default ""')]
    with pytest.raises(InvalidWorkflow, match="lock the workflow anew"):
        Engine(registry, Store()).plan(made)


def test_verify_names_packs_nodes_and_versions_that_are_not_as_they_were() -> None:
    made = locked(one(), OLD)
    assert made.packs == {"loud": "1.0.0"}
    held = made.graph.extra["lock"]["packs"]["loud"]
    assert held["version"] == "1.0.0"
    assert held["content"].startswith("source:")
    assert verify(made, one(), Models(one(), Store())) == []
    found = verify(made, two(), Models(two(), Store()))
    assert [(one.what, one.name, one.how) for one in found] == [
        ("pack", "loud", "version"),
        ("node", "loud.shout", "missing"),
    ]
    nothing = Registry()
    (gone,) = verify(made, nothing, Models(nothing, Store()))
    assert (gone.how, gone.message) == ("missing", "loud 1.0.0 is not installed")
    kept = named(made, nothing)
    assert kept == made, "what it was made with stays in it"


def test_lock_and_verify_on_the_command_line(tmp_path: Path) -> None:
    pack = tmp_path / "mine.py"
    head = 'from musegraph import node\n\n\n@node(version="1")\n'
    source = head + 'def two(n: int = 1) -> int:\n    "D."\n    return 2 * n\n'
    pack.write_text(source)
    place = tmp_path / "w.json"
    document = {"musegraph": 1, "nodes": {"a": {"type": "mine.two"}}, "canvas": {"kept": True}}
    place.write_text(json.dumps(document))
    with_pack = ("--packs", str(pack))
    done = shell.musegraph(tmp_path, "lock", "w.json", *with_pack)
    assert done.returncode == 0, done.stderr
    assert "1 pack, 1 node type, 0 models" in done.stdout
    read = json.loads(place.read_text())
    assert read["canvas"] == {"kept": True}
    assert read["lock"]["nodes"] == {"mine.two": {"version": "1", "defaults": {"n": 1}}}
    assert "packs" not in read, "a file of one's own has no version"
    assert shell.musegraph(tmp_path, "verify", "w.json", *with_pack).returncode == 0
    pack.write_text(source.replace("n: int = 1", "n: int = 3"))
    done = shell.musegraph(tmp_path, "verify", "w.json", *with_pack)
    assert done.returncode == 1
    assert "mine is here with other code" in done.stdout.replace("mine 0 is", "mine is")
    assert "mine.two has other inputs or defaults: n" in done.stdout
    done = shell.musegraph(tmp_path, "check", "w.json", *with_pack)
    assert "n of mine.two was 1 by itself when the workflow was locked" in done.stdout
    done = shell.musegraph(tmp_path, "verify", "w.json")
    assert "to install what is missing: musegraph pack install mine" in done.stdout
