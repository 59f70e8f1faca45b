"""Music to dance, as one works at it: the example from the library, run, looked at in step."""

from __future__ import annotations

from itertools import pairwise
from statistics import quantiles
from typing import Any

import pytest
from harness import press
from test_session import shot

pytest.importorskip("playwright.sync_api")

AUDIO = "[data-viewer=motion] audio"
MOMENT = f"""() => {{
  const viewer = document.querySelector('[data-viewer=motion]');
  const line = viewer.querySelector('[role=slider]');
  const box = line.getBoundingClientRect();
  const cursor = line.lastElementChild.getBoundingClientRect();
  return {{
    now: performance.now() / 1000,
    frame: Number(viewer.dataset.frame),
    heard: document.querySelector('{AUDIO}').currentTime,
    told: Number(line.ariaValueNow),
    cursor: (cursor.left + cursor.width / 2 - box.left) / box.width * Number(line.ariaValueMax),
  }};
}}"""
WATCH = f"""() => new Promise((resolve) => {{
  const [moments, moment] = [[], {MOMENT}];
  const audio = document.querySelector('{AUDIO}');
  requestAnimationFrame(function next() {{
    if (audio.paused) return resolve(moments);
    // After what this frame drew.
    setTimeout(() => {{
      if (!audio.paused) moments.push(moment());
      requestAnimationFrame(next);
    }});
  }});
}})"""
FPS = 30


def together(moment: dict[str, float]) -> None:
    """The cursor in the outline and the figure are at one moment."""
    assert abs(moment["cursor"] - moment["told"]) < 0.5 / FPS, moment
    assert -0.5 < moment["told"] * FPS - moment["frame"] < 1.5, moment


def late(moment: dict[str, float]) -> float:
    """By how many frames the figure is behind what is heard."""
    return abs(moment["heard"] - moment["told"]) * FPS


def run_it(page: Any) -> None:
    """The example from the library of workflows, two bars of it at a pace."""
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name="Templates", exact=True).click()
    page.get_by_role("list", name="Templates").get_by_text("Music to dance", exact=True).click()
    page.locator('.react-flow__node[data-id="dance"]').wait_for()
    page.get_by_label("Run form", exact=True).first.click()
    form = page.get_by_role("region", name="Run form")
    form.locator("[data-input=chords]").get_by_role("textbox").fill("| Am7 | G |")
    tempo = form.locator("[data-input=tempo]").get_by_role("spinbutton")
    tempo.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("240")
    press(page, "Enter")
    shot(page, "11 music to dance")
    form.get_by_role("button", name="Run", exact=True).click()
    form.get_by_role("button", name="Look at motion").wait_for(timeout=60_000)
    page.locator("main").focus()
    press(page, "Shift+1")
    shot(page, "12 danced")


def test_a_figure_moves_in_step_with_the_cursor_in_the_outline_of_its_music(
    page: Any,
) -> None:
    run_it(page)
    page.set_viewport_size({"width": 960, "height": 640})
    page.get_by_role("region", name="Run form").get_by_role("button", name="Look at motion").click()
    page.wait_for_function(f"() => document.querySelector('{AUDIO}')?.readyState >= 3")
    page.locator("[data-viewer=motion] [role=slider] canvas").first.wait_for()
    line = page.locator("[data-viewer=motion] [role=slider]")
    box = line.bounding_box()
    middle = box["y"] + box["height"] / 2
    seen: list[int] = []
    # Dragged along the outline: the figure is where the cursor is.
    page.mouse.move(box["x"] + 0.1 * box["width"], middle)
    page.mouse.down()
    for part in (0.2, 0.45, 0.7):
        page.mouse.move(box["x"] + part * box["width"], middle, steps=3)
        at = part * float(line.get_attribute("aria-valuemax"))
        page.wait_for_function(
            "(at) => Math.abs(Number(document.querySelector('[data-viewer=motion] [role=slider]')"
            ".ariaValueNow) - at) < 0.02",
            arg=at,
        )
        moment = page.evaluate(MOMENT)
        together(moment)
        assert late(moment) < 1
        seen.append(moment["frame"])
        shot(page, f"13 at {part:.2f}")
    page.mouse.up()
    assert seen == sorted(set(seen))
    # Played to its end: sound, cursor and figure go on together.
    press(page, "Home", "Space")
    page.wait_for_function(f"() => !document.querySelector('{AUDIO}').paused")
    moments = page.evaluate(WATCH)
    assert len({moment["frame"] for moment in moments}) > 5
    for moment in moments:
        together(moment)
    for before, moment in pairwise(moments):
        # Without a graphics card it takes a while until what was asked for is drawn.
        assert late(moment) < 2 + FPS * (moment["now"] - before["now"]), moment
    assert quantiles([late(moment) for moment in moments])[0] < 1
    end = page.evaluate(MOMENT)
    together(end)
    assert late(end) < 1, "it stops where the dance is over, though the sound goes on"
    assert end["frame"] == max(moment["frame"] for moment in [*moments, end])
    press(page, "b", "Shift+ArrowRight", "Shift+ArrowRight")
    shot(page, "14 bones at the end")
