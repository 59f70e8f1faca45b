"""Migrations of a pack in a process of its own: carried out there, told of here, and bounded."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from musegraph import Engine, Migration, Pack, Registry, Store, Workflow, node
from musegraph.isolation import opened
from musegraph.pack import Registry as Packs
from musegraph.plan import forward

NODES = """
from musegraph import Migration

@node(version="2")
def cry(text: str, level: Annotated[float, Field(ge=0, le=1)], ending: str, softly: bool) -> str:
    return (text.lower() if softly else text) + ending * round(level * 2)

def per_cent(value):
    return value / 100

def marks(value):
    if value == "crash":
        os._exit(3)
    if value == "hang":
        time.sleep(1000)
    if value == "print":
        while True:
            print("x" * 10_000)
    if value == "object":
        return {"ending": object()}
    if value == "list":
        return [1]
    return {"ending": value["sign"], "softly": value["softly"]}

def pid(value):
    return str(os.getpid())

pack = Pack("loud", [cry], version="2", migrations=[
    Migration("1.5", "shout", dropped=("old",), renamed={"loudness": "level"},
              changed={"level": per_cent}, split={"mark": marks}, becomes="cry"),
    Migration("2", "who", changed={"text": pid}, becomes="cry"),
])
"""


def document(**values: Any) -> dict[str, Any]:
    values = {"text": "Hey", "loudness": 100, "mark": {"sign": "!", "softly": True}} | values
    return {
        "musegraph": 1,
        "packs": {"loud": "0.9"},
        "outputs": {"said": "a.out"},
        "nodes": {"a": {"type": "loud.shout", "values": values}},
    }


@pytest.fixture(scope="module")
def far(opens_once: Any) -> Packs:
    return opens_once(loud=NODES)  # type: ignore[no-any-return]


def notes(registry: Packs, **values: Any) -> list[str]:
    made = forward(Workflow.parse(document(**values)), registry)
    return [f"{one.node}.{one.port}: {one.message}" for one in made.problems] or [
        text for _, text in made.notes
    ]


def test_what_an_older_version_saved_is_brought_forward_by_a_pack_in_its_own_process(
    far: Packs, opens_once: Any
) -> None:
    assert notes(far, old=1) == [
        "old is no more since loud 1.5; what was there was dropped",
        "loudness is called level since loud 1.5",
        'mark was {"sign":"!","softly":true}; since loud 1.5 ending is "!", softly is true',
        "level was 100; since loud 1.5 level is 1",
        "it is a loud.cry since loud 1.5",
    ]
    engine = opens_once.engine(far)
    result = engine.run(engine.plan(engine.settle(Workflow.parse(document()))))
    assert result.outputs()["said"] == "hey!!"


def test_the_functions_of_a_migration_run_where_the_pack_is_and_not_here(far: Packs) -> None:
    import os

    saved = {"type": "loud.who", "values": {"text": "x", "level": 0, "ending": "", "softly": False}}
    old = {"musegraph": 1, "packs": {"loud": "1.9"}, "nodes": {"a": saved}}
    made = forward(Workflow.parse(old), far)
    assert not made.problems
    number = int(made.workflow.graph.nodes["a"].values["text"])
    assert number != os.getpid()


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("crash", "the pack loud crashed in its own process (exit code 3)"),
        ("hang", "the pack loud gave no sign of life for 0.3 s"),
        ("print", "the pack loud printed more than 1.00 MiB during one call"),
        ("object", "cannot be brought forward"),
        ("list", "cannot be brought forward (its migration gives list, and no values by name)"),
        ("other", "cannot be brought forward (TypeError: "),
    ],
)
def test_a_migration_that_ends_badly_is_refused_in_words_and_nothing_is_changed(
    far: Packs, monkeypatch: pytest.MonkeyPatch, mark: str, why: str
) -> None:
    monkeypatch.setattr(opened, "MIGRATING", 0.3 if mark == "hang" else 60)
    start = monotonic()
    said = next(one for one in notes(far, mark=mark) if one.startswith("a.mark: "))
    assert f'"{mark}" cannot be brought forward' in said
    assert why in said
    assert monotonic() - start < 30
    assert len(notes(far)) == 4, "the pack is there for the next workflow"


def test_a_migration_is_the_same_for_a_pack_that_is_isolated_and_one_that_is_not(
    far: Packs,
) -> None:
    @node(id="cry", version="2")
    def cry(text: str, level: float, ending: str, softly: bool) -> str:
        """Say it loud."""
        return text

    def marks(value: Any) -> Any:
        return {"ending": value["sign"], "softly": value["softly"]}

    here = Migration(
        "1.5", "shout", dropped=("old",), renamed={"loudness": "level"},
        changed={"level": lambda value: value / 100}, split={"mark": marks}, becomes="cry",
    )  # fmt: skip
    plain = Registry.of(Pack("loud", [cry], version="2", migrations=[here]))
    assert Engine(plain, Store()).registry is plain
    one, two = (forward(Workflow.parse(document(old=2)), each) for each in (plain, far))
    assert [text for _, text in one.notes] == [text for _, text in two.notes]
    assert one.workflow.graph.nodes == two.workflow.graph.nodes
