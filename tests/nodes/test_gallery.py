"""The page of what the models that come along make."""

from __future__ import annotations

import sys
from pathlib import Path

from musegraph import Workflow

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "soak"))

import gallery  # noqa: E402


def test_there_are_24_pictures_6_pieces_and_6_dances_of_inputs_that_their_examples_have() -> None:
    parts = gallery.parts(quick=False)
    assert [len(part.rows) for part in parts] == [24, 6, 6]
    for part in parts:
        example = Workflow.read(ROOT / "workflows" / f"{part.example}.json")
        assert {name for row in part.rows for name in row} <= set(example.inputs)
        assert set(part.shown) <= set(example.outputs)
        assert len({tuple(row.values()) for row in part.rows}) == len(part.rows)


def test_what_a_prompt_says_is_not_taken_for_markup() -> None:
    part = gallery.parts(quick=True)[0]
    row = {"prompt": "<script>", "seed": "1", "picture": "1_a.png"}
    made = gallery.page([(part, [row])])
    assert "<script>" not in made
    assert f"{part.example}/1_a.png" in made
