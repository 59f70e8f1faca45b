"""``musegraph show``: a graph as text that people read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shell import PLAIN, furnish, musegraph, run, workflow, write

from musegraph.compare import in_order
from musegraph.workflow import Workflow


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


GRAPH = {
    "musegraph": 1,
    "name": "Much",
    "inputs": {"words": {"to": ["first.text"], "default": "so", "label": "Words"}},
    "outputs": {"said": "last.out"},
    "nodes": {
        "last": {"type": "toy.shout", "links": {"text": "loop.out"}, "mode": "mute"},
        "loop": {
            "type": "graph:twice",
            "links": {"text": "first.out"},
            "repeat": {"times": 3, "carry": {"out": "text"}},
        },
        "first": {"type": "toy.shout", "values": {"times": 2}, "pin": {"out": "json:1"}},
        "all": {"type": "core.list", "links": {"items": ["first.out", "last.out"]}},
    },
    "graphs": {
        "twice": {
            "inputs": {"text": {"to": ["a.text"]}},
            "outputs": {"out": "a.out"},
            "nodes": {"a": {"type": "toy.shout", "values": {"times": 1}}},
        }
    },
    "quick": {"words": "a"},
}

SHOWN = """\
Much  4 nodes, 1 subgraph
inputs
  words  = "so"  → first.text  (Words)
nodes
  first  toy.shout  pinned (out json:1)
    times  = 2
  loop  graph:twice  3 times, carrying out to text
    text  ← first.out
  last  toy.shout  muted
    text  ← loop.out
  all  core.list
    items  ← [first.out, last.out]
outputs
  said  ← last.out
quick
  words  "a"

graph:twice  1 node
  inputs
    text  → a.text
  nodes
    a  toy.shout
      times  = 1
  outputs
    out  ← a.out
"""


def test_show_names_all_that_a_graph_says_in_the_order_of_its_flow(place: Path) -> None:
    done = musegraph(place, "show", write(place, "much.json", GRAPH))
    assert (done.returncode, done.stdout) == (0, SHOWN)


def test_show_needs_no_pack_and_runs_nothing(place: Path) -> None:
    (place / "toy.py").unlink()
    done = musegraph(place, "show", "plain.json", MUSEGRAPH_CACHE="/nowhere/at/all")
    assert done.returncode == 0
    assert "a  toy.shout" in done.stdout


def test_show_takes_the_workflow_out_of_a_picture(place: Path) -> None:
    paint = workflow(p={"type": "toy.paint", "values": {"seed": 3}}) | {"outputs": {"one": "p.out"}}
    run(place, write(place, "paint.json", paint), "--out", "out")
    (picture,) = (place / "out").iterdir()
    done = musegraph(place, "show", str(picture), "--json")
    assert json.loads(done.stdout)["nodes"] == paint["nodes"]
    assert done.stdout == Workflow.parse(done.stdout).text()


def test_show_spells_out_what_a_terminal_would_obey(place: Path) -> None:
    evil = PLAIN | {"name": "\x1b[2Jgone\x9b1m", "outputs": {"o\x1bc": "a.out"}}
    done = musegraph(place, "show", write(place, "evil.json", evil))
    assert done.returncode == 0
    assert "\\x1b[2Jgone\\x9b1m" in done.stdout
    assert not {"\x1b", "\x9b"} & set(done.stdout)


def test_a_graph_that_runs_in_a_circle_or_very_deep_is_shown_whole() -> None:
    circle = {
        "a": {"type": "x.x", "links": {"p": "b.out"}},
        "b": {"type": "x.x", "links": {"p": "a.out", "q": "gone.out", "r": "b.out"}},
    }
    assert sorted(in_order(Workflow.parse(workflow(**circle)).graph)) == ["a", "b"]
    deep = {f"n{i}": {"type": "x.x", "links": {"p": f"n{i + 1}.out"}} for i in range(5000)}
    order = in_order(Workflow.parse(workflow(**deep)).graph)
    assert order == [f"n{i}" for i in reversed(range(5000))]
