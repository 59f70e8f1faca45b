"""Packs of others on the canvas: what is missing, and what an older version of one saved."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from documents import card, nodes, opened
from harness import ROOT, Served, press

from musegraph.isolation.settings import Isolation
from musegraph.packs.install import held, install, offer
from musegraph.packs.wheel import read_wheel

WHEELS = ROOT / "tests" / "packs" / "wheels"
OF_VERSION_1 = {
    "musegraph": 1,
    "name": "Calls",
    "packs": {"echoes": "1.4.0"},
    "inputs": {"how_often": {"to": "call.count", "default": 2}},
    "outputs": {"said": "call.out"},
    "nodes": {"call": {"type": "echoes.repeat", "values": {"text": "halloooo", "left": 25}}},
    "canvas": {"nodes": {"call": {"x": 0, "y": 0}}},
}
CHANGES = [
    "call: count is called times since echoes 2.0.0",
    "call: left is called fading since echoes 2.0.0",
    "call: fading was 25; since echoes 2.0.0 fading is 0.75",
    'call: between is new since echoes 2.0.0; " " does what was done before',
    "call: it is a echoes.echo since echoes 2.0.0",
]
STRANGE = {
    "musegraph": 1,
    "name": "Thrown",
    "packs": {"dice": "1.0.0", "dither": "1.0.0"},
    "outputs": {"drawn": "draw.out", "picture": "few.out"},
    "nodes": {
        "draw": {"type": "dice.pick", "values": {"options": "red\ngreen\nblue", "seed": 3}},
        "plain": {"type": "image.gradient", "values": {"width": 32, "height": 32}},
        "few": {"type": "dither.bayer", "links": {"image": "plain.out"}, "values": {"tones": 3}},
    },
    "canvas": {
        "nodes": {
            "draw": {"x": 0, "y": 0},
            "plain": {"x": 0, "y": 320},
            "few": {"x": 360, "y": 320},
        }
    },
}


def packs_of(folder: Path) -> Path:
    """Where the server in a folder finds packs of its user's."""
    return folder / "home" / ".local" / "share" / "musegraph" / "packs"


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose user has installed `echoes`, in a process of its own."""
    folder = tmp_path_factory.mktemp("served")
    wheel, packs = read_wheel(next(WHEELS.glob("musegraph_echoes-*.whl"))), packs_of(folder)
    with held(packs) as listed:
        isolation = Isolation(trusted=True)
        install(offer(wheel, wheel.place.name, packs, listed, isolation), packs, listed)
    served = Served(folder)
    yield served
    served.end()


def filed(server: Served, document: Any) -> str:
    made = server.ask("POST", "/api/workflows", {"workflow": document, "name": document["name"]})
    return str(made["id"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_workflow_of_an_older_version_is_brought_forward_with_a_notice_of_each_change(
    new_page: Callable[..., Any], server: Served, language: str
) -> None:
    file = filed(server, {**OF_VERSION_1, "name": f"Calls {language}"})
    page = opened(new_page(path=f"/#w={file}", locale={"en": "en-US", "zh": "zh-CN"}[language]))
    nodes(page, 1)
    notice, details = {
        "en": ("5 things were brought forward: it was made with other", "Details …"),
        "zh": ("有 5 处已升级", "详情"),
    }[language]
    page.get_by_role("status").get_by_text(notice).wait_for()
    page.get_by_role("button", name=details).click()
    for change in CHANGES:
        page.locator("dialog").get_by_text(change, exact=True).wait_for()
    press(page, "Escape")
    assert card(page, "call").locator("text=/echo|回声/i").count()
    kept = server.ask("GET", f"/api/workflows/{file}")["workflow"]
    assert kept["nodes"]["call"]["type"] == "echoes.repeat", "the file changes with the next save"
    press(page, "Control+s")
    end = monotonic() + 15
    while kept["packs"]["echoes"] != "2.0.0":
        assert monotonic() < end
        page.wait_for_timeout(50)
        kept = server.ask("GET", f"/api/workflows/{file}")["workflow"]
    assert kept["nodes"]["call"] == {
        "type": "echoes.echo",
        "values": {"text": "halloooo", "fading": 0.75, "between": " "},
    }
    assert kept["inputs"]["how_often"]["to"] in ("call.times", ["call.times"])
    assert server.carry_out(kept)["outputs"]["said"]["value"] == "halloooo oo"
    page.reload()
    nodes(page, 1)
    assert page.get_by_role("status").get_by_text(notice).count() == 0


def test_a_workflow_with_missing_packs_shows_placeholders_and_one_command_that_installs_them(
    new_page: Callable[..., Any], server: Served, tmp_path: Path
) -> None:
    file = filed(server, STRANGE)
    page = opened(new_page(path=f"/#w={file}", permissions=["clipboard-read", "clipboard-write"]))
    nodes(page, 3)
    page.get_by_text("2 nodes are not installed here (dice, dither).").wait_for()
    for id, kind, pack in (("draw", "dice.pick", "dice"), ("few", "dither.bayer", "dither")):
        card(page, id).get_by_text(kind).first.wait_for()
        card(page, id).get_by_text(pack).first.wait_for()
    assert page.locator(".react-flow__edge").count() == 1, "links of what is missing stay"
    page.get_by_role("button", name="Details …").click()
    command = "musegraph pack install dice==1.0.0 dither==1.0.0 --index INDEX"
    page.locator("dialog").get_by_text(command, exact=True).wait_for()
    page.locator("dialog").get_by_role("button", name="Copy").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == command
    press(page, "Escape")

    # What the command installs is there from the next start of the server on.
    words = shlex.split(command.replace("INDEX", str(WHEELS / "index.json")))
    variables = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": "", "PATH": "/usr/bin:/bin"}
    typed = [sys.executable, "-m", *words, "--yes"]
    done = subprocess.run(
        typed,
        env={**variables, "PYTHONPATH": f"{ROOT / 'engine'}:{ROOT / 'nodes'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    again = Served(tmp_path)
    try:
        found = again.carry_out(STRANGE)
        assert found["state"] == "done", found
        assert found["outputs"]["drawn"]["value"][0] in ("red", "green", "blue")
        file = filed(again, STRANGE)
        context = page.context
        context.add_cookies([{"name": "musegraph", "value": again.token, "url": again.url}])
        other = context.new_page()
        other.goto(f"{again.url}/#w={file}")
        nodes(opened(other), 3)
        card(other, "few").get_by_text("Tones").wait_for()
        assert other.get_by_text("not installed here").count() == 0
        other.close()
    finally:
        again.end()
