"""Music as one works at it: a model goes on with a piece, seen while it writes, then heard."""

from __future__ import annotations

from typing import Any

import pytest
from harness import press
from test_session import is_done, shot

playwright = pytest.importorskip("playwright.sync_api")

BARS = 16
"""Enough that several pictures come on a fast machine too: there are a few a second at most."""
LIVE = '.react-flow__node[data-id="more"] [data-live] img'
AUDIO = "[data-viewer=sound] audio"
WATCH = f"""() => {{
  window.seen = [];
  const look = () => {{
    const image = document.querySelector('{LIVE}');
    if (image && image.src !== seen.at(-1)) seen.push(image.src);
    requestAnimationFrame(look);
  }};
  look();
}}"""
INK = """async (sources) => {
  // How far to the right there are notes in each picture, as a share of it: rows of keys and lines
  // of bars are grey.
  const found = [];
  for (const source of sources) {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const {data, width} = pen.getImageData(0, 0, canvas.width, canvas.height);
    let last = 0;
    for (let at = 0; at < data.length; at += 4) {
      const three = [data[at], data[at + 1], data[at + 2]];
      if (Math.max(...three) - Math.min(...three) > 40) last = Math.max(last, (at / 4) % width);
    }
    found.push(last / width);
  }
  return found;
}"""


SLIDER = "() => Number(document.querySelector('[data-viewer] [role=slider]').ariaValueNow)"
CURSOR = """() => {
  const line = document.querySelector('[data-viewer] [role=slider]');
  const box = line.getBoundingClientRect();
  const cursor = line.lastElementChild.getBoundingClientRect();
  return (cursor.left + cursor.width / 2 - box.left) / box.width;
}"""


def ordered(page: Any) -> Any:
    """The example from the library of workflows, a few bars of it; its run form."""
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_role("button", name="Templates", exact=True).click()
    page.get_by_role("list", name="Templates").get_by_text("Continue a piece", exact=True).click()
    page.locator('.react-flow__node[data-id="more"]').wait_for()
    page.get_by_role("button", name="Library", exact=True).click()
    page.get_by_label("Run form", exact=True).first.click()
    form = page.get_by_role("region", name="Run form")
    bars = form.locator("[data-input=bars]").get_by_role("spinbutton")
    bars.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(str(BARS))
    press(page, "Enter")
    page.locator("main").focus()
    press(page, "Shift+1")
    return form


def plays(page: Any, seconds: float) -> None:
    """The cursor goes on with the time that is told, and stops where it is stopped."""
    before = page.evaluate(CURSOR)
    press(page, "Space")
    page.wait_for_function(f"{SLIDER.replace('() => ', '() => 1 < ')}")
    after = page.evaluate(CURSOR)
    told = page.evaluate(SLIDER)
    assert before < 0.01 < after
    assert abs(after - told / seconds) < 0.03
    press(page, "Space")
    page.wait_for_timeout(100)
    stopped = page.evaluate(CURSOR)
    page.wait_for_timeout(300)
    assert page.evaluate(CURSOR) == stopped >= after


def test_a_model_is_seen_while_it_writes_and_what_it_wrote_is_seen_and_heard(page: Any) -> None:
    form = ordered(page)
    page.evaluate(WATCH)
    form.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function("() => window.seen.length >= 3", timeout=120_000)
    shot(page, "20 a model writes")
    is_done(page, "play")
    # What is there grows to the right: first the eight bars that were given, then bar by bar.
    ends = page.evaluate(INK, page.evaluate("() => seen"))
    assert len(ends) >= 3
    assert ends == sorted(ends)
    assert abs(ends[0] - 8 / (8 + BARS)) < 0.04
    assert ends[-1] > ends[0]
    # Then each node shows what it gave: the notes, their picture, the outline of the sound.
    roll = page.locator('[data-id="more"] [data-notes] path')
    roll.first.wait_for()
    drawn = [(path.get_attribute("d") or "").count("z") for path in roll.all()]
    assert len(drawn) == 4
    assert min(drawn) > 10
    outline = page.locator('[data-id="play"] [data-outline] path')
    outline.wait_for()
    assert (outline.get_attribute("d") or "").count("L") > 100
    form.get_by_role("button", name="Look at score").wait_for(timeout=60_000)
    shot(page, "21 written")
    form.get_by_role("button", name="Look at score").click()
    page.locator("[data-viewer=score] canvas").wait_for()
    seconds = float(page.locator("[data-viewer] [role=slider]").get_attribute("aria-valuemax"))
    plays(page, seconds)
    shot(page, "22 its piano roll")
    press(page, "Escape")
    form.get_by_role("button", name="Look at sound").click()
    page.wait_for_function(f"() => document.querySelector('{AUDIO}')?.readyState >= 3")
    page.locator("[data-viewer=sound] canvas").first.wait_for()
    seconds = page.evaluate(f"() => document.querySelector('{AUDIO}').duration")
    plays(page, seconds)
    shot(page, "23 its sound")
