"""Packs of one's own while the server runs: what is saved on disk counts from the next run on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from client import carried, served

from musegraph.pack import load_registry
from musegraph.plain import Plain

PACK = """
from musegraph import node

from {words} import said


@node(version="1")
def say(times: int = 1) -> str:
    "Say it."
    return said() * times
"""


def folder(place: Path, word: str) -> Path:
    place.mkdir(exist_ok=True)
    (place / "__init__.py").write_text(PACK.replace("{words}", ".words"))
    (place / "words.py").write_text(f"def said() -> str:\n    return {word!r}\n")
    return place


def test_a_folder_is_opened_anew_with_all_its_modules_when_one_has_changed(tmp_path: Path) -> None:
    place = folder(tmp_path / "talk", "one")
    registry = load_registry([place])
    plain = Plain(registry, [place])
    assert plain.look() == []
    kind = registry.get("talk.say")
    assert kind is not None
    assert kind.function(2) == "oneone"
    folder(place, "two")
    assert plain.look() == ["talk"]
    again = registry.get("talk.say")
    assert again is not None
    assert again.function(1) == "two"
    assert kind.function(1) == "one", "a step that runs goes on with what it was given"


def test_a_pack_that_no_longer_opens_is_named_with_the_reason_until_it_is_mended(
    tmp_path: Path,
) -> None:
    place = tmp_path / "Mine.py"
    place.write_text("from musegraph import node\n\n1 / 0\n")
    registry = load_registry([place])
    plain = Plain(registry, [place])
    assert [*registry.failures] == ["Mine"]
    good = "from musegraph import node\n\n@node\ndef two() -> int:\n    'D.'\n    return 2\n"
    place.write_text(good)
    assert plain.look() == ["mine"]
    assert registry.failures == {}
    assert registry.get("mine.two") is not None
    place.write_text(good + "nonsense(")
    assert plain.look() == ["mine"]
    assert registry.get("mine.two") is None
    assert "SyntaxError" in registry.failures["mine"]
    place.write_text(good)
    plain.look()
    assert registry.failures == {}


def test_a_running_server_takes_what_was_saved_and_tells_who_listens(tmp_path: Path) -> None:
    place = folder(tmp_path / "talk", "one")
    document: dict[str, Any] = {
        "musegraph": 1,
        "outputs": {"out": "a.out"},
        "nodes": {"a": {"type": "talk.say"}},
    }

    async def body() -> None:
        async with served(tmp_path, packs=(str(place),)) as (client, _):
            socket = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers
            )
            await socket.receive_json()
            run = await client.carry_out(document)
            assert run["outputs"]["out"]["value"] == "one"
            before = await client.get("/api/nodes?language=en")
            assert [n["inputs"]["times"]["default"] for n in before["nodes"] if n["pack"] == "talk"]
            folder(place, "two")
            text = (place / "__init__.py").read_text()
            text = text.replace("times: int = 1", "times: int = 3").replace('"1"', '"2"')
            (place / "__init__.py").write_text(text)
            told: list[str] = []
            while "nodes" not in told:
                message = await socket.receive_json(timeout=20)
                told += [event["type"] for event in message["events"]]
            after = await client.get("/api/nodes?language=en")
            (kind,) = [n for n in after["nodes"] if n["pack"] == "talk"]
            assert kind["inputs"]["times"]["default"] == 3
            run = await client.carry_out(document)
            assert run["outputs"]["out"]["value"] == "twotwotwo"
            (place / "words.py").write_text("def said(:\n")
            await asyncio.sleep(0.01)
            status, fault = await client.ask("POST", "/api/runs", json={"workflow": document})
            assert status == 422
            assert "the pack 'talk' could not be opened: SyntaxError" in str(fault)
            await socket.close()

    carried(body())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_part_of_a_pack_opens_nothing_anew(tmp_path: Path, kind: str) -> None:
    place = folder(tmp_path / "talk", "one")
    registry = load_registry([place])
    plain = Plain(registry, [place])
    if kind == "file":
        (place / "notes.txt").write_text("x")
    else:
        (place / "__pycache__").mkdir(exist_ok=True)
        (place / "__pycache__" / "x.py").write_text("x")
    assert plain.look() == []
