"""Workflows that hypothesis makes, whole and broken, and what must hold for each of them."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st
from toys import pack

from musegraph import Engine, InvalidWorkflow, MusegraphError, Registry, Store, Workflow
from musegraph.plan import check

ODDITIES: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    "",
    "n0.out",
    "no.such",
    "\ud800",
    [],
    {},
    [[]],
]
KINDS = {"add": "ab", "floor": "a", "sort": "a", "later": "a", "gone": "a"}


@st.composite
def documents(draw: st.DrawFn, most: int = 12) -> dict[str, Any]:
    """Additions and the like, joined without cycles: lists, modes, unknown types and keys."""
    nodes: dict[str, Any] = {}
    for index in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        entry: dict[str, Any] = {"type": f"toy.{kind}"}
        for port in KINDS[kind]:
            before = [id for id, node in nodes.items() if node["type"] != "toy.sort"]
            if before and draw(st.booleans()):
                entry.setdefault("links", {})[port] = f"{draw(st.sampled_from(before))}.out"
            else:
                values = st.integers(-9, 9) | st.lists(st.integers(-9, 9), max_size=3)
                entry.setdefault("values", {})[port] = draw(values)
        entry |= draw(st.sampled_from([{}, {}, {}, {"mode": "mute"}, {"mode": "bypass"}, {"x": 1}]))
        nodes[f"n{index}"] = entry
    return {"musegraph": 1, "nodes": nodes, "canvas": {"zoom": 1}}


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A made document with one to three places replaced by something odd, or taken away."""
    document = copy.deepcopy(draw(documents()))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.integers(0, 3)):
                place = place[key]
                continue
            if draw(st.booleans()):
                place[key] = draw(st.sampled_from(ODDITIES))
                place[key] = copy.deepcopy(place[key])
            else:
                del place[key]
            break
    return document


def hold(document: dict[str, Any]) -> None:
    """Nothing but documented errors; checking and planning agree; the text is stable."""
    try:
        work = Workflow.parse(json.dumps(document))
    except MusegraphError:
        return
    text = work.text()
    again = Workflow.parse(text)
    assert again.text() == text
    registry = Registry.of(pack())
    found = check(work, registry)
    try:
        Engine(registry, Store()).plan(work)
        planned = True
    except InvalidWorkflow:
        planned = False
    assert planned == (not found), found
