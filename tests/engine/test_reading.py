"""JSON is read quickly where that is safe, and refused for the same reasons either way."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musegraph import InvalidWorkflow, UnreadableWorkflow, Workflow, garbage
from musegraph.garbage import kept_out, uncollected
from musegraph.values import canonical, digest, parse
from musegraph.values.canonical import INLINE, is_identity, json_identity

TEXTS = st.text(alphabet='ab":\\ \n0e,{}', max_size=6)
WHOLE = st.integers(1 - 2**53, 2**53 - 1)
SCALARS = (st.none() | st.booleans() | WHOLE | st.floats() | TEXTS).map(json.dumps)


@st.composite
def objects(draw: Any) -> str:
    """The text of an object, spaced in odd ways, in which a key may stand twice."""
    space = st.sampled_from(["", " ", "\n", "\t "])
    members = [
        f"{json.dumps(draw(TEXTS))}{draw(space)}:{draw(space)}{draw(SCALARS | objects())}"
        for _ in range(draw(st.integers(0, 4)))
    ]
    return "{" + ",".join(members) + "}"


def slowly(text: str) -> Any:
    """What a reader that looks at every key and number makes of it; None if it is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=unique)
        canonical(value)
    except ValueError:
        return None
    return {"value": value}


@given(objects())
def test_reading_quickly_gives_and_refuses_what_reading_with_care_does(text: str) -> None:
    try:
        found = {"value": parse(text)}
    except UnreadableWorkflow:
        found = None
    assert found == slowly(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a" :1,"a":2}',
        '{"a":":","a":2}',
        '{"a":{"b":1,"b":1}}',
        '{"x":"\\":","a":1,"a":1}',
    ],
)
def test_a_key_that_stands_twice_is_refused_however_it_is_spaced(text: str) -> None:
    with pytest.raises(UnreadableWorkflow, match="stands twice"):
        parse(text)


@pytest.mark.parametrize("text", ["1e999", "-1E+999", "9007199254740993", "1" * 400, "[NaN]"])
def test_numbers_that_json_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(UnreadableWorkflow):
        parse(f'{{"a":{text}}}')


@pytest.mark.parametrize(("depth", "fine"), [(200, True), (201, False), (5000, False)])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_nesting_ends_at_two_hundred(depth: int, fine: bool, start: str, end: str) -> None:
    text = start * depth + "1" + end * depth
    if fine:
        assert canonical(parse(text)) == text
    else:
        with pytest.raises(UnreadableWorkflow, match="nested"):
            parse(text)


def test_short_json_is_its_own_identity_and_long_json_a_digest() -> None:
    assert json_identity(7.0) == json_identity(7) == "json:7"
    assert json_identity("a\n") == 'json:"a\\n"'
    assert json_identity({"b": 1, "a": [None]}) == 'json:{"a":[null],"b":1}'
    long = "x" * INLINE
    assert json_identity(long) == digest("json", canonical(long))
    for value in (None, True, "é", [1.5], long):
        assert is_identity(json_identity(value))
    for text in ("json:1.0", "json:", 'json:{"a": 1}', f"json:{canonical(long)}", "blake3:0"):
        assert not is_identity(text)


def test_garbage_is_collected_again_after_planning_and_after_the_last_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "_settled", False)  # which conftest.py has done
    gc.unfreeze()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    first, second = kept_out(), kept_out()
    first.__enter__()
    assert gc.get_freeze_count()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_freeze_count()
    second.__exit__(None, None, None)
    assert not gc.get_freeze_count()
    gc.freeze()  # what the other tests are spared


@pytest.mark.parametrize(
    "value", [2**53, float("nan"), float("inf"), {1}, b"x", {1: 2}, "\ud800", {"\ud800": 1}]
)
def test_a_mapping_that_json_cannot_hold_is_refused_when_it_is_read(value: object) -> None:
    with pytest.raises(UnreadableWorkflow):
        Workflow.parse({"musegraph": 1, "nodes": {"a": {"type": "t.t", "values": {"x": value}}}})
    with pytest.raises(UnreadableWorkflow):
        Workflow.parse({"musegraph": value})


def test_a_mapping_that_contains_itself_is_refused_when_it_is_read() -> None:
    circle: dict[str, object] = {"musegraph": 1}
    circle["note"] = circle
    with pytest.raises(UnreadableWorkflow, match="200 deep"):
        Workflow.parse(circle)


def test_half_a_surrogate_pair_in_a_text_is_refused_however_it_is_written() -> None:
    for half in ("\ud800", "\\ud800"):
        with pytest.raises(UnreadableWorkflow, match="surrogate"):
            Workflow.parse(f'{{"musegraph": 1, "name": "{half}"}}')


@pytest.mark.parametrize("key", ["nodes", "inputs", "outputs", "graphs", "quick", "packs"])
def test_null_is_no_object_of_a_workflow(key: str) -> None:
    with pytest.raises(InvalidWorkflow, match=f"'{key}' has to be an object"):
        Workflow.parse({"musegraph": 1, key: None})


@pytest.mark.parametrize("key", ["values", "links", "pin", "repeat"])
def test_null_is_no_object_of_a_node(key: str) -> None:
    with pytest.raises(InvalidWorkflow, match=f"a: '{key}' has to be an object"):
        Workflow.parse({"musegraph": 1, "nodes": {"a": {"type": "t.t", key: None}}})


def test_the_packs_of_a_workflow_are_versions_by_name_and_what_is_not_is_a_problem() -> None:
    assert Workflow.parse({"musegraph": 1, "packs": {"image": "1.0.0"}}).packs == {"image": "1.0.0"}
    assert Workflow.parse({"musegraph": 1}).packs == {}
    with pytest.raises(InvalidWorkflow, match="'packs' has to be an object"):
        Workflow.parse({"musegraph": 1, "packs": ["image"]})
    with pytest.raises(InvalidWorkflow, match="the version of the pack 'image' has to be a text"):
        Workflow.parse({"musegraph": 1, "packs": {"image": 1}})
