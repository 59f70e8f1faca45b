"""A first session, as a new user has it, from nothing saved to a file that is run elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Served, press
from PIL import Image as Picture

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
SHOTS = ROOT / "build" / "session"
ENCODE = '.react-flow__node[data-id="encode"] textarea'
PROMPT = "pixel art of a desert at night"


def shot(page: Any, name: str) -> None:
    """A picture to be looked at: ``build/session``."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def is_done(page: Any, id: str) -> None:
    done = page.locator(f'.react-flow__node[data-id="{id}"] [data-status=done]')
    expect(done).to_be_visible(timeout=120_000)


def middle_of(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels(data: bytes) -> bytes:
    return Picture.open(BytesIO(data)).convert("RGBA").tobytes()


def runs_of(server: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ask("GET", "/api/runs")["runs"]
    return found


def wait_for_runs(page: Any, server: Served, count: int) -> None:
    """Wait until so many runs have ended: the last node is done a moment before its run is."""
    for _ in range(600):
        if len(runs_of(server)) == count:
            return
        page.wait_for_timeout(100)
    assert len(runs_of(server)) == count


def change_and_run(page: Any, server: Served) -> None:
    """Change the prompt, run, watch."""
    prompt = page.locator(ENCODE)
    prompt.fill(PROMPT)
    press(page, "Control+Enter")
    live = page.locator('.react-flow__node[data-id="sample"] img')
    live.wait_for(timeout=120_000)
    shot(page, "03 preview")
    is_done(page, "decode")
    shot(page, "04 done")
    wait_for_runs(page, server, 1)


def compare_two(page: Any, server: Served) -> None:
    """Another seed, and both results beside each other."""
    sample = page.locator('.react-flow__node[data-id="sample"]')
    sample.get_by_role("button", name="Draw another seed now").click()
    press(page, "Control+Enter")
    page.wait_for_function("() => document.querySelector('[data-id=decode] [data-status=done]')")
    expect.set_options(timeout=60_000)
    wait_for_runs(page, server, 2)
    first, second = (run["outputs"]["picture"]["files"][0]["asset"] for run in runs_of(server))
    assert first != second
    page.get_by_role("button", name="Gallery", exact=True).click()
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(2)
    options.nth(0).click()
    options.nth(1).click(modifiers=["Control"])
    page.get_by_role("button", name="Compare").click()
    page.locator("dialog[open]").wait_for()
    shot(page, "05 compare")
    press(page, "Escape", "Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.get_by_role("button", name="Gallery", exact=True).click()


def drop_a_link(page: Any) -> None:
    """A node from a link that is let go on nothing."""
    page.locator("main").focus()
    press(page, "Home")
    page.wait_for_timeout(500)
    handle = '.react-flow__node[data-id="decode"] .react-flow__handle-right'
    x, y = middle_of(page, handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y - 150, steps=4)
    page.mouse.move(x - 40, y - 220, steps=6)
    page.mouse.up()
    page.get_by_role("dialog", name="Add a node").wait_for()
    page.keyboard.type("blur")
    shot(page, "06 search")
    press(page, "Enter")
    page.locator('.react-flow__node[data-id="blur"]').wait_for()
    expect(page.locator('.react-flow__edge[data-id="decode.out>blur.image"]')).to_be_attached()


def group_and_undo(page: Any) -> None:
    """A subgraph of it all, and everything undone, and done again up to the subgraph."""
    prompt = page.locator(ENCODE)
    undo = page.get_by_role("button", name="Undo", exact=True)
    press(page, "Control+a", "Control+Shift+g")
    page.locator('.react-flow__node[data-id="group"]').wait_for()
    shot(page, "07 subgraph")
    while undo.is_enabled():
        undo.click()
    expect(page.locator(".react-flow__node-card")).to_have_count(6)
    assert prompt.input_value() != PROMPT
    redo = page.get_by_role("button", name="Redo", exact=True)
    while prompt.input_value() != PROMPT or redo.is_enabled():
        redo.click()
        if page.locator('.react-flow__node[data-id="group"]').count():
            undo.click()
            break
    expect(prompt).to_have_value(PROMPT)
    shot(page, "08 redone")
    page.wait_for_timeout(2500)  # a draft is there two seconds after a change, at the latest


def come_back(page: Any, server: Served) -> Any:
    """The browser is closed without saving, and comes back."""
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(server.url)
    expect(page.locator(ENCODE)).to_have_value(PROMPT)
    shot(page, "09 back")
    return page


def save_and_run(page: Any, server: Served, tmp_path: Path) -> None:
    """Saved, and run by the command line: the same picture."""
    page.locator("main").focus()
    press(page, "Control+s")
    page.get_by_role("dialog").get_by_role("textbox").fill("Desert")
    press(page, "Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    shot(page, "10 saved")
    [kept] = server.ask("GET", "/api/workflows")["workflows"]
    assert kept["name"] == "Desert"
    workflow = server.ask("GET", f"/api/workflows/{kept['id']}")["workflow"]
    file = tmp_path / "desert.json"
    file.write_text(json.dumps(workflow))
    home = {**os.environ, "HOME": str(tmp_path), "MUSEGRAPH_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "musegraph", "run", str(file), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outputs = server.carry_out(workflow, 120)["outputs"].values()
    shown = [
        server.ask("GET", f"/api/assets/{one['asset']}") for o in outputs for one in o["files"]
    ]
    saved = [path.read_bytes() for path in sorted((tmp_path / "out").glob("*.png"))]
    assert saved
    assert sorted(map(pixels, shown)) == sorted(map(pixels, saved))


def test_a_first_session_from_a_template_to_a_saved_file(
    new_page: Callable[..., Any], server: Served, tmp_path: Path
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Text to image").wait_for()
    shot(page, "01 empty")
    page.get_by_role("button", name="Text to image").click()
    page.locator(ENCODE).wait_for()
    shot(page, "02 template")
    change_and_run(page, server)
    compare_two(page, server)
    drop_a_link(page)
    group_and_undo(page)
    page = come_back(page, server)
    save_and_run(page, server, tmp_path)
