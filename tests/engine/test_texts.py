"""Texts in other languages: complete, of today's English, and never in the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from musegraph import MusegraphError, Pack, Text, Workflow, load_registry, node
from musegraph.texts import (
    digest,
    entries,
    node_texts,
    pack_texts,
    problems,
    workflow_problems,
    workflow_texts,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "workflows"


@node
def greet(name: Annotated[Text, Field(description="Who is greeted.")] = "") -> Text:
    """Greet somebody."""
    return f"Hello {name}"


MINE = Pack("mine", [greet])
GREET = MINE.types["mine.greet"]


def chinese() -> dict[str, dict[str, object]]:
    return {
        "mine": {"english": "25fc36ee72b3", "title": "我的节点"},
        "mine.greet": {
            "english": digest(node_texts(GREET, {})),
            "title": "问候",
            "text": "问候一个人。",
            "inputs": {"name": {"label": "名字", "text": "问候谁。"}},
            "outputs": {"out": {"label": "问候语"}},
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "audio",
        "autoregressive",
        "control",
        "core",
        "diffusion",
        "gan",
        "image",
        "language",
        "motion",
        "music",
        "pipelines",
        "soundgen",
        "speech",
        "style",
        "upscale",
    ],
)
def test_every_node_of_our_packs_has_chinese_texts_made_from_todays_english(name: str) -> None:
    pack = load_registry().pack(name)
    assert pack is not None
    assert pack.types
    assert problems(pack, entries(pack.texts, "zh")) == []


def test_every_example_has_chinese_texts_made_from_todays_english() -> None:
    examples = {path.stem: Workflow.read(path) for path in EXAMPLES.glob("*.json")}
    assert examples
    assert workflow_problems(examples, entries(EXAMPLES / "texts", "zh")) == []


def test_texts_of_a_workflow_that_are_not_of_today_are_found() -> None:
    made = Workflow.parse(
        {
            "musegraph": 1,
            "name": "Greeting",
            "inputs": {"who": {"to": ["greet.name"], "label": "Name", "help": "Who it is."}},
            "outputs": {"words": "greet.out"},
            "nodes": {"greet": {"type": "mine.greet"}},
        }
    )
    english = workflow_texts("hello", made, {})
    assert (english.title, english.inputs["who"].label) == ("Greeting", "Name")
    said = {"hello": {"english": digest(english), "title": "问候"}, "gone": {}}
    chinese = workflow_texts("hello", made, said)
    assert (chinese.title, chinese.inputs["who"].text) == ("问候", "Who it is.")
    assert workflow_problems({"hello": made}, said) == [
        "gone: there is no such workflow; take it out",
        "hello: the input 'who' has no label",
        "hello: the input 'who' has no text",
        "hello: the output 'words' has no label",
    ]
    renamed = replace(made, name="Welcome")
    assert any("today's English" in found for found in workflow_problems({"hello": renamed}, said))


def test_a_node_speaks_chinese_where_it_can_and_english_elsewhere() -> None:
    said = chinese()
    assert node_texts(GREET, said).title == "问候"
    assert node_texts(GREET, said).inputs["name"].text == "问候谁。"
    del said["mine.greet"]["inputs"], said["mine.greet"]["title"]
    partly = node_texts(GREET, said)
    assert (partly.title, partly.text) == ("Greet", "问候一个人。")
    assert partly.inputs["name"].text == "Who is greeted."
    assert node_texts(GREET, {}).text == "Greet somebody."


def test_complete_texts_have_no_problems() -> None:
    assert problems(MINE, chinese()) == []


def test_a_changed_description_is_found() -> None:
    @node(id="greet")
    def changed(name: Annotated[Text, Field(description="Whom to greet.")] = "") -> Text:
        """Greet somebody."""
        return f"Hello {name}"

    today = Pack("mine", [changed])
    (problem,) = problems(today, chinese())
    assert problem.startswith("mine.greet: its texts were not made from today's English")
    assert problem.endswith(
        f'set "english" to "{digest(node_texts(today.types["mine.greet"], {}))}"'
    )


def test_texts_that_lack_or_are_left_over_are_found() -> None:
    assert {"mine: has no title", "mine.greet: has no text"} <= set(problems(MINE, {}))
    gone = problems(Pack("mine"), chinese())
    assert gone == ["mine.greet: there is no such node; take it out"]
    said = chinese()
    said["mine.greet"] |= {"title": "", "inputs": {"nam": {"label": "名字"}}, "outputs": {}}
    assert problems(MINE, said) == [
        "mine.greet: has no title",
        "mine.greet: there is no input 'nam'; take it out",
        "mine.greet: the input 'name' has no label",
        "mine.greet: the input 'name' has no text",
        "mine.greet: the output 'out' has no label",
    ]


def test_a_pack_without_texts_or_without_that_language_has_no_entries(tmp_path: Path) -> None:
    assert entries(MINE.texts, "zh") == {}
    mine = replace(MINE, texts=tmp_path)
    assert entries(mine.texts, "zh") == {}
    (tmp_path / "zh.json").write_text(json.dumps(chinese()), "utf-8")
    assert entries(mine.texts, "zh")["mine.greet"]["title"] == "问候"
    assert pack_texts(mine, entries(mine.texts, "zh")).title == "我的节点"
    assert entries(mine.texts, "de") == {}
    assert pack_texts(mine, {}).title == "mine"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"mine.greet": "问候"}', '{"mine.greet": {"inputs": []}}']
)
def test_texts_that_cannot_be_read_are_told_of_by_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "zh.json").write_text(text, "utf-8")
    with pytest.raises(MusegraphError, match=r"zh\.json"):
        entries(tmp_path, "zh")
