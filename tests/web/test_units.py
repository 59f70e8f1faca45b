"""The parts of the canvas that need no page, tested by Vitest; and what has to agree does."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from harness import ROOT

SOURCES = ROOT / "web_ui"


def npm(tool: ModuleType, *arguments: str) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = tool.run_npm(
        list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done


@pytest.mark.slow
def test_the_unit_tests_of_the_canvas_pass(tool: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = npm(
        tool, "exec", "--no", "--", "vitest", "run", "--no-color", "--reporter=default",
        "--reporter=json", f"--outputFile.json={report}",
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"npx vitest run, in web_ui:\n{done.stdout[-8000:]}", pytrace=False)
    counted = json.loads(report.read_text(encoding="utf-8"))
    assert counted["numPassedTests"] == counted["numTotalTests"] > 0
    print(f"{counted['numPassedTests']} unit tests of the canvas passed")


def test_the_types_of_the_interface_are_those_of_its_description(
    tool: ModuleType, tmp_path: Path
) -> None:
    made = tmp_path / "schema.gen.ts"
    description = str(ROOT / "engine" / "musegraph" / "server" / "openapi.json")
    for command in (
        ("openapi-typescript", description, "--output", str(made)),
        ("prettier", "--write", "--config", ".prettierrc.json", str(made)),
    ):
        done = npm(tool, "exec", "--no", "--", *command)
        assert done.returncode == 0, done.stdout
    kept = SOURCES / "src" / "api" / "schema.gen.ts"
    assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), (
        "openapi.json has changed: npm run types, in web_ui"
    )


def texts(language: str) -> dict[str, Any]:
    """Every text of the canvas in one language, by file and key."""
    found: dict[str, Any] = {}

    def collect(at: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(f"{at}.{key}" if at else key, inner)
        else:
            found[at] = value

    for path in sorted((SOURCES / "src" / "i18n" / language).glob("*.json")):
        collect(path.stem, json.loads(path.read_text(encoding="utf-8")))
    return found


PLURAL = re.compile(r"_(zero|one|two|few|many|other)$")


def forms(found: dict[str, Any]) -> dict[str, set[str]]:
    """What is put into each text, by key. Plural forms are one: how many there are differs."""
    made: dict[str, set[str]] = {}
    for key, text in found.items():
        assert isinstance(text, str), f"{key} is no text"
        assert text.strip(), f"{key} is empty"
        filled = set(re.findall(r"\{\{\s*([\w.]+)", text))
        made.setdefault(PLURAL.sub("", key), set()).update(filled)
    return made


def test_every_text_is_there_in_both_languages_with_the_same_things_put_in() -> None:
    """L1."""
    english, chinese = forms(texts("en")), forms(texts("zh-CN"))
    assert english, "no texts were found"
    assert english.keys() ^ chinese.keys() == set()
    different = {key for key in english if english[key] - {"count"} != chinese[key] - {"count"}}
    assert different == set()


def test_chinese_texts_are_chinese() -> None:
    same = {
        key: text
        for key, text in texts("zh-CN").items()
        if len(re.sub(r"\{\{.*?\}\}|\W|\d", "", text)) > 24 and not re.search("[一-鿿]", text)
    }
    assert same == {}
