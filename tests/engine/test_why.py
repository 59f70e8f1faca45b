"""``musegraph why``: which part of a node's key is new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from shell import TOY, furnish, musegraph, run, workflow, write
from toys import document, engine, go

from musegraph import Engine, Store
from musegraph.why import Part, Why, explain


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


def sums(a: float = 1, b: float = 2, **more: Any) -> Any:
    nodes = {
        "x": {"type": "add", "values": {"a": a, "b": b}},
        "y": {"type": "add", "values": {"b": 10}, "links": {"a": "x.out"}},
        "z": {"type": "label", "values": {"text": "abc"}},
        **more,
    }
    return document(nodes, outputs={"sum": "y.out", "word": "z.out"})


def asked(with_engine: Engine, work: Any, id: str) -> Why:
    return explain(with_engine, with_engine.plan(work), id)


def test_a_node_that_never_ran_is_said_to_be_new_and_one_that_did_what_it_cost(
    tmp_path: Path,
) -> None:
    with engine(Store(tmp_path)) as made:
        assert asked(made, sums(), "z").reason == "new"
        go(sums(), made)
        found = asked(made, sums(), "z")
        assert (found.state, found.reason) == ("cached", "cached")
        assert found.seconds is not None


def test_the_first_new_part_is_told_against_the_record_that_has_most_in_common(
    tmp_path: Path,
) -> None:
    with engine(Store(tmp_path)) as made:
        go(sums(a=5, b=9), made)
        go(sums(a=1, b=2), made)
        go(sums(a=7, b=8), made)
        found = asked(made, sums(a=1, b=3), "x")
        assert (found.state, found.reason, found.others) == ("run", "changed", 0)
        assert found.first == Part("b", "json:2", "json:3")
        found = asked(made, sums(a=100, b=200), "x")
        assert found.others == 1
        assert found.first is not None
        assert (found.first.name, found.first.new) == ("a", "json:100")


def test_an_open_node_is_followed_up_to_where_it_begins(tmp_path: Path) -> None:
    end = {"type": "add", "links": {"a": "y.out", "b": "z2.out"}}
    z2 = {"type": "add", "values": {"a": 4}}
    with engine(Store(tmp_path)) as made:
        go(sums(z2=z2, end=end), made)
        found = made.plan(sums(a=6, z2=z2, end=end), ["end"])
        why = explain(made, found, "end")
        assert (why.state, why.path, why.origin) == ("open", ("end", "y", "x"), "x")
        assert why.first == Part("a", "json:1", "json:6")


def test_a_result_whose_data_is_gone_is_told_apart_and_what_is_below_still_explained(
    tmp_path: Path,
) -> None:
    nodes: dict[str, Any] = {
        "p": {"type": "picture", "values": {"seed": 1}},
        "m": {"type": "mean", "links": {"image": "p.out"}},
    }
    with engine(Store(tmp_path)) as made:
        go(document(nodes, outputs={"mean": "m.out"}), made)
    shutil.rmtree(tmp_path / "objects")
    work = document({**nodes, "d": {"type": "darken", "links": {"image": "p.out"}}})
    with engine(Store(tmp_path)) as made:
        assert asked(made, work, "p").reason == "lost"
        assert asked(made, work, "m").reason == "cached"
        assert asked(made, work, "d").reason == "new"


def test_what_is_muted_or_pinned_or_reads_the_world_says_so(tmp_path: Path) -> None:
    nodes: dict[str, Any] = {
        "c": {"type": "clock"},
        "k": {"type": "add", "links": {"a": "c.out"}},
        "m": {"type": "add", "values": {"a": 1}, "mode": "mute"},
        "n": {"type": "add", "links": {"a": "m.out"}},
        "p": {"type": "add", "values": {"a": 1}, "pin": {"out": "json:3"}},
    }
    with engine(Store(tmp_path)) as made:
        work = document(nodes)
        assert asked(made, work, "p").reason == "pinned"
        assert (asked(made, work, "k").state, asked(made, work, "k").reason) == ("open", "always")
        assert asked(made, work, "n").note == "because of m"
        plan = made.plan(work, ["m"])
        assert explain(made, plan, "m").note == "it is muted"


def test_a_list_of_which_some_items_are_done_says_so(tmp_path: Path) -> None:
    def work(numbers: list[int]) -> Any:
        return document({"f": {"type": "fail", "values": {"a": numbers, "bad": 3}}})

    with engine(Store(tmp_path)) as made:
        go(work([1, 3]), made)
        assert asked(made, work([1, 3]), "f").reason == "items"
        assert asked(made, work([1, 4]), "f").state == "run"


def why(place: Path, *arguments: str) -> Any:
    done = musegraph(place, "why", *arguments, "--packs", "toy.py")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_why_says_in_a_line_what_is_old_and_new(place: Path) -> None:
    assert why(place, "plain.json", "a") == (
        "● a: would run, no node of its type has run with this cache before\n"
    )
    run(place, "plain.json")
    assert why(place, "plain.json", "said").startswith("✓ a: cached, it took 0.")
    line = why(place, "plain.json", "a", "--set", "text=bye")
    assert line.startswith('● a: would run, text: "hello" → "bye" (the time before, it took')
    found = json.loads(why(place, "plain.json", "d", "--seed", "5", "--json"))
    assert found["first"] == {"part": "seed", "old": "json:1", "new": "json:5"}
    (place / "toy.py").write_text(TOY.replace('version="1"', 'version="2"'))
    assert "a: would run, code version: 1 → 2 (" in why(place, "plain.json", "a")


def test_why_shows_the_way_up_to_the_origin(place: Path) -> None:
    chain = workflow(
        a={"type": "toy.shout", "values": {"text": "x"}},
        b={"type": "toy.shout", "links": {"text": "a.out"}},
    )
    write(place, "chain.json", chain)
    said = why(place, "chain.json", "b").splitlines()
    assert said[0] == "○ b: open, known only once what it hangs on has run"
    assert said[1].strip() == "b <- a"
    assert said[2].strip() == "a: would run, no node of its type has run with this cache before"


def test_why_explains_a_node_that_no_output_needs(place: Path) -> None:
    work = workflow(a={"type": "toy.dice"}, b={"type": "toy.dice", "values": {"seed": 2}})
    write(place, "two.json", work | {"outputs": {"one": "a.out"}})
    assert "no output needs it" in why(place, "two.json", "b")


def test_why_names_the_nodes_there_are_and_those_inside_a_subgraph(place: Path) -> None:
    write(
        place,
        "deep.json",
        {
            **workflow(g={"type": "graph:inner"}),
            "graphs": {"inner": workflow(n={"type": "toy.dice"})},
        },
    )
    done = musegraph(place, "why", "deep.json", "nope", "--packs", "toy.py")
    assert done.returncode == 2
    assert "there is no node 'nope'; known: " in done.stderr
    inside = musegraph(place, "why", "deep.json", "g", "--packs", "toy.py")
    assert "'g' is a subgraph; ask about a node inside: g/n" in inside.stderr


def test_a_record_that_does_not_say_what_it_was_made_of_is_passed_over(tmp_path: Path) -> None:
    with engine(Store(tmp_path)) as made:
        made.store.put("blake3:" + "0" * 64, "toy.add", {"out": 1.0}, 0.0)
        made.store.flush()
        assert asked(made, sums(), "x").reason == "new"
