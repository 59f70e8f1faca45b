"""``musegraph diff``: what is different between two workflows, told of the graph."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import furnish, musegraph, run, workflow, write

from musegraph.compare import Change, Difference, compare
from musegraph.workflow import Workflow

DOCUMENT: dict[str, Any] = {
    "musegraph": 1,
    "inputs": {"text": {"to": ["a.text"], "default": "hello"}},
    "outputs": {"said": "c.out"},
    "nodes": {
        "a": {"type": "toy.shout", "values": {"times": 2}},
        "b": {"type": "toy.shout", "values": {"times": 1}, "links": {"text": "a.out"}},
        "c": {"type": "toy.join", "links": {"texts": ["a.out", "b.out"]}},
    },
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


def difference(old: Any, new: Any) -> Difference:
    return compare(Workflow.parse(old), Workflow.parse(new))


def with_names(document: Any, names: dict[str, str]) -> Any:
    """The document with some of its nodes under other names."""
    made = deepcopy(document)

    def port(text: str) -> str:
        node, _, rest = text.partition(".")
        return f"{names.get(node, node)}.{rest}"

    for node in made["nodes"].values():
        for name, link in node.get("links", {}).items():
            node["links"][name] = port(link) if isinstance(link, str) else [*map(port, link)]
    for entry in made.get("inputs", {}).values():
        entry["to"] = [port(text) for text in entry["to"]]
    made["outputs"] = {name: port(text) for name, text in made["outputs"].items()}
    made["nodes"] = {names.get(id, id): node for id, node in made["nodes"].items()}
    return made


def changed(**nodes: Any) -> Any:
    """The document with members of its nodes set; None takes a member out."""
    made = deepcopy(DOCUMENT)
    for id, members in nodes.items():
        node = {**made["nodes"][id], **members}
        made["nodes"][id] = {name: value for name, value in node.items() if value is not None}
    return made


def test_the_order_of_writing_and_the_way_numbers_are_written_are_no_difference() -> None:
    again = {**DOCUMENT, "nodes": dict(reversed(DOCUMENT["nodes"].items()))}
    again["nodes"]["a"] = {"type": "toy.shout", "values": {"times": 2.0}}
    assert difference(DOCUMENT, again).equal


def test_one_and_true_are_different_values() -> None:
    found = difference(DOCUMENT, changed(b={"values": {"times": True}}))
    assert found.changes == (Change("value", "changed", "b.times", 1, True),)


def test_what_was_only_moved_on_the_canvas_does_not_count() -> None:
    moved = changed(a={"canvas": {"x": 1}}, b={"canvas": {"x": 2}}) | {"canvas": {"zoom": 2}}
    found = difference(DOCUMENT, moved)
    assert found.equal
    assert found.layout == 3


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (changed(a={"values": {"times": 3}}), Change("value", "changed", "a.times", 2, 3)),
        (changed(a={"values": None}), Change("value", "removed", "a.times", 2)),
        (
            changed(c={"links": {"texts": ["b.out", "a.out"]}}),
            Change("link", "changed", "c.texts", ["a.out", "b.out"], ["b.out", "a.out"]),
        ),
        (changed(b={"links": None}), Change("link", "removed", "b.text", "a.out")),
        (changed(b={"mode": "mute"}), Change("mode", "changed", "b", "on", "mute")),
        (changed(b={"type": "toy.slow"}), Change("type", "changed", "b", "toy.shout", "toy.slow")),
        (changed(b={"pin": {"out": "json:1"}}), Change("pin", "added", "b.out", None, "json:1")),
        (
            changed(b={"repeat": {"times": 2, "carry": {}}}),
            Change("repeat", "added", "b", None, {"times": 2, "carry": {}}),
        ),
        (changed(b={"note": "hm"}), Change("entry", "added", "b.note", None, "hm")),
        (DOCUMENT | {"name": "New"}, Change("name", "changed", "", "", "New")),
        (DOCUMENT | {"quick": {"text": "x"}}, Change("quick", "added", "text", None, "x")),
        (DOCUMENT | {"outputs": {}}, Change("output", "removed", "said", "c.out")),
        (
            DOCUMENT | {"inputs": {"text": {"to": ["a.text"], "default": "bye"}}},
            Change("input", "changed", "text.default", "hello", "bye"),
        ),
        (
            DOCUMENT | {"graphs": {"g": {"nodes": {}}}},
            Change(
                "subgraph",
                "added",
                "graph:g",
                None,
                {"inputs": {}, "outputs": {}, "nodes": {}},
            ),
        ),
    ],
    ids=lambda part: f"{part.what} {part.how}" if isinstance(part, Change) else "",
)
def test_each_thing_that_changes_is_told_once_and_backwards_too(new: Any, change: Change) -> None:
    assert difference(DOCUMENT, new).changes == (change,)
    (back,) = difference(new, DOCUMENT).changes
    assert (back.what, back.where, back.old, back.new) == (
        change.what,
        change.where,
        change.new,
        change.old,
    )


def test_a_change_inside_a_subgraph_says_which() -> None:
    old = DOCUMENT | {"graphs": {"g": {"nodes": {"n": {"type": "toy.dice"}}}}}
    new = DOCUMENT | {"graphs": {"g": {"nodes": {"n": {"type": "toy.dice", "mode": "mute"}}}}}
    (change,) = difference(old, new).changes
    assert change.where == "graph:g/n"


def test_a_renamed_node_is_known_by_type_and_wiring_also_if_a_value_changed() -> None:
    new = with_names(changed(b={"values": {"times": 5}}), {"b": "louder"})
    assert difference(DOCUMENT, new).changes == (
        Change("node", "renamed", "louder", "b", "louder"),
        Change("value", "changed", "louder.times", 1, 5),
    )


def test_a_node_of_another_type_in_the_same_place_is_no_renamed_one() -> None:
    new = with_names(changed(b={"type": "toy.slow"}), {"b": "other"})
    assert [(c.what, c.how, c.where) for c in difference(DOCUMENT, new).changes] == [
        ("node", "removed", "b"),
        ("node", "added", "other"),
        ("link", "changed", "c.texts"),
    ]


def test_a_node_that_has_little_in_common_is_no_renamed_one() -> None:
    new = deepcopy(DOCUMENT)
    new["nodes"]["d"] = {"type": "toy.shout", "values": {"times": 9, "text": "x"}}
    del new["nodes"]["a"], new["inputs"]["text"], new["nodes"]["b"]["links"]
    new["nodes"]["c"]["links"] = {"texts": ["b.out"]}
    hows = [change.how for change in difference(DOCUMENT, new).changes if change.what == "node"]
    assert hows == ["removed", "added"]


def test_a_long_chain_of_which_every_node_was_renamed_is_only_renamed() -> None:
    def chain(letter: str) -> Any:
        nodes = {f"{letter}0": {"type": "toy.shout", "values": {"text": "x"}}}
        for index in range(1, 2000):
            link = {"text": f"{letter}{index - 1}.out"}
            nodes[f"{letter}{index}"] = {"type": "toy.shout", "links": link}
        return workflow(**nodes) | {"outputs": {"said": f"{letter}1999.out"}}

    assert {change.how for change in difference(chain("a"), chain("b")).changes} == {"renamed"}


@settings(max_examples=60)
@given(st.data())
def test_whatever_was_renamed_nothing_else_is_told(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 7))
    nodes: dict[str, Any] = {}
    for index in range(count):
        ports = {}
        for port in range(data.draw(st.integers(0, min(index, 2)))):
            ports[f"p{port}"] = f"n{data.draw(st.integers(0, index - 1))}.out"
        nodes[f"n{index}"] = {"type": "x.x", "values": {"v": index}, "links": ports}
    old = workflow(**nodes) | {"outputs": {"o": f"n{count - 1}.out"}}
    chosen = data.draw(st.sets(st.sampled_from(sorted(nodes))))
    new = with_names(old, {id: f"renamed_{id}" for id in chosen})
    changes = difference(old, new).changes
    assert {(change.old, change.new) for change in changes} == {
        (id, f"renamed_{id}") for id in chosen
    }
    assert all(change.how == "renamed" for change in changes)


def test_diff_prints_a_line_each_and_its_exit_code_tells(place: Path) -> None:
    write(place, "old.json", DOCUMENT)
    write(place, "new.json", with_names(changed(a={"values": {"times": 3}}), {"b": "louder"}))
    done = musegraph(place, "diff", "old.json", "new.json")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "~ value  a.times 2 → 3",
        "~ node   b → louder",
        "2 differences",
    ]
    same = musegraph(place, "diff", "old.json", "old.json")
    assert (same.returncode, same.stdout) == (0, "equal\n")


def test_diff_compares_pictures_by_the_workflows_they_carry(place: Path) -> None:
    paint = workflow(p={"type": "toy.paint", "values": {"seed": 3}}) | {"outputs": {"one": "p.out"}}
    run(place, write(place, "paint.json", paint), "--out", "out")
    (picture,) = (place / "out").iterdir()
    assert musegraph(place, "diff", "paint.json", str(picture)).returncode == 0
    paint["nodes"]["p"]["values"]["seed"] = 4
    done = musegraph(place, "diff", str(picture), write(place, "other.json", paint), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "equal": False,
        "changes": [{"what": "value", "how": "changed", "where": "p.seed", "old": 3, "new": 4}],
        "layout": 0,
    }


def test_diff_says_which_of_the_two_is_broken(place: Path) -> None:
    write(place, "bad.json", workflow(a={"type": "toy.shout", "mode": "odd"}))
    done = musegraph(place, "diff", "plain.json", "bad.json")
    assert done.returncode == 3
    assert done.stderr.startswith("bad.json: a: the mode")
    gone = musegraph(place, "diff", "plain.json", "gone.json", "--json")
    assert gone.returncode == 4
    assert json.loads(gone.stdout)["file"] == "gone.json"
