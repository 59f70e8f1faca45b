"""The sentences that a page says in its own language: by name, and the same in English."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest

from musegraph.errors import InvalidWorkflow, MusegraphError, Problem, Stopped
from musegraph.events import StepFailed
from musegraph.sentences import SENTENCES, Sentence, listing, said_by, sentence

TEXTS = Path(__file__).resolve().parents[2] / "web_ui" / "src" / "i18n"
OWN = {"offline"}
"""What the canvas says for itself, when there is no server to say it."""


def texts(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((TEXTS / language / "sentences.json").read_text("utf-8"))
    return read


def parts_of(template: str) -> set[str]:
    return set(re.findall(r"\{\{(\w+)\}\}", template))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_canvas_has_every_sentence_and_no_other(language: str) -> None:
    assert texts(language).keys() == SENTENCES.keys() | OWN


def test_the_english_of_the_canvas_is_that_of_the_server_byte_for_byte() -> None:
    for name, template in texts("en").items():
        if name in OWN:
            continue
        parts = {part: f"<{part}>" for part in parts_of(template)}
        filled = re.sub(r"\{\{(\w+)\}\}", r"<\1>", template)
        assert filled == sentence(name, **parts), name


def test_a_translation_says_every_part_of_its_sentence() -> None:
    english, chinese = texts("en"), texts("zh-CN")
    assert {name: parts_of(text) for name, text in chinese.items()} == {
        name: parts_of(text) for name, text in english.items()
    }


def test_a_sentence_keeps_its_name_on_its_way_through_json_and_copies() -> None:
    said = listing("no-output", ["out", "mask"], node="a", output="'b'")
    assert said == "a has no output 'b'; its outputs are: out, mask"
    problem = Problem("a", "b", "no-output", said)
    again = Problem.of(json.loads(json.dumps(problem.json())))
    assert again == problem
    for copy in (again.message, deepcopy(said)):
        assert isinstance(copy, Sentence)
        assert (copy, copy.name, copy.parts) == (said, said.name, said.parts)


def test_a_list_of_nothing_is_another_sentence() -> None:
    said = listing("no-graph", [], name="'g'")
    assert (said, said.name) == ("no graph 'g'; there are: none", "no-graph-none")


def test_what_has_no_name_is_a_text_as_ever() -> None:
    problem = Problem(None, None, "version", "of a later version")
    told = problem.json()
    assert (told["sentence"], told["parts"], told["message"]) == (None, {}, "of a later version")
    del told["sentence"], told["parts"]  # as an older server tells it
    assert Problem.of(told) == problem
    assert not isinstance(said_by(MusegraphError("plain")), Sentence)
    assert str(InvalidWorkflow([problem])) == "of a later version"


def test_a_step_that_fails_tells_the_name_of_its_sentence_too() -> None:
    told = StepFailed("a", sentence("out-of-memory"), "out-of-memory").json()
    assert (told["message"], told["sentence"]) == (SENTENCES["out-of-memory"], "out-of-memory")
    assert "sentence" not in StepFailed("a", "the picture is empty").json()


def test_a_step_that_is_ended_keeps_its_sentence_between_processes() -> None:
    why = Stopped(sentence("time-limit-any", seconds="3"), "time-limit")
    again = Stopped.of(json.loads(json.dumps(why.json())))
    assert (str(again), again.code) == (str(why), "time-limit")
    said = said_by(again)
    assert isinstance(said, Sentence)
    assert said.parts == {"seconds": "3"}
