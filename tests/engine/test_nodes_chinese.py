"""``musegraph nodes --lang zh``: Chinese words, in columns that still stand below each other."""

from __future__ import annotations

import io
import json

import pytest

from musegraph.cli import main
from musegraph.cli.style import Style, columns, shorten, table


def test_a_node_is_described_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "image.blur", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "用指定半径的高斯核模糊图片。" in said
    assert "必填" in said


def test_the_json_of_a_node_has_chinese_texts_beside_the_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["nodes", "image.blur", "--lang", "zh", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["id"], described["title"]) == ("image.blur", "模糊")
    assert described["inputs"]["radius"]["label"] == "半径"


def test_a_language_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "--lang", "xx"]) == 2
    assert "the languages are en, zh" in capsys.readouterr().err


def test_chinese_letters_take_two_columns_each() -> None:
    assert columns("模糊 a") == 6
    assert shorten("模糊图片", 8) == "模糊图片"
    assert shorten("模糊图片", 6) == "模糊…"


def test_a_table_with_chinese_is_aligned_and_wraps_before_the_edge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Style, "width", 40)
    rows = [["必填", "用指定半径的高斯核模糊图片，单位为像素，半径越大越模糊。"], ["= 1", "a"]]
    lines = table(rows, Style(io.StringIO()), [(), ()], wrap=True)
    assert len(lines) > 2
    assert all(columns(line) <= 40 for line in lines)
    assert lines[-1].endswith("= 1   a")
    assert not any(line.lstrip().startswith(("，", "。")) for line in lines)
