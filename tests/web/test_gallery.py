"""Q4: ten thousand results. What a frame has to do is counted, whatever the machine."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness import Served
from test_running import pictures

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

# What every frame of a scroll adds, takes away and changes of what stays.
WATCH = """
(list) => {
  window.frames_ = [];
  let now = { added: 0, removed: 0, changed: 0 };
  new MutationObserver((records) => {
    for (const { type, target, addedNodes, removedNodes } of records) {
      if (type === 'attributes') now.changed += target.closest('[data-key]') ? 1 : 0;
      const cells = (nodes) => [...nodes].reduce((sum, one) => sum + (one.matches?.('[data-key]')
        ? 1 : one.querySelectorAll?.('[data-key]').length ?? 0), 0);
      now.added += cells(addedNodes);
      now.removed += cells(removedNodes);
    }
  }).observe(list, { childList: true, subtree: true, attributes: true });
  window.scrollOn = (by) => new Promise((done) => {
    list.scrollTop += by;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.frames_.push(now);
      now = { added: 0, removed: 0, changed: 0 };
      done();
    }));
  });
}
"""


@pytest.fixture
def gallery(page: Any, server: Served) -> Any:
    """The gallery with 10,000 results, of which one has been computed."""
    made = server.carry_out(pictures("Many to scroll", 23))
    facts = {name: made[name] for name in server.ask("GET", "/api/runs?limit=1")["runs"][0]}
    value = {"identity": "json:1", "value": 1, "files": [], "problem": None}

    def answer(route: Any) -> None:
        found = re.search(r"before=([\d.]+)", route.request.url)
        first = 10_000 if found is None else int(float(found[1])) - 1
        runs = [
            facts | {"id": f"{at:032x}", "number": at, "finished": at, "outputs": {"out": value}}
            for at in range(first, max(0, first - 500), -1)
        ]
        route.fulfill(json={"runs": runs})

    page.route(re.compile(r"/api/runs\?limit=500"), answer)
    page.get_by_label("Gallery", exact=True).first.click()
    expect(page.get_by_text("10000 results")).to_be_visible()
    return page.get_by_role("listbox", name="Results")


def test_q4_ten_thousand_results_are_there_and_only_those_in_view_are_drawn(
    page: Any, gallery: Any
) -> None:
    gallery.focus()
    page.keyboard.press("End")
    last = gallery.locator(f'[data-key="{1:032x} out"]')
    expect(last).to_be_visible()
    expect(last).to_have_attribute("aria-selected", "true")
    assert gallery.get_by_role("option").count() < 100


def test_q4_a_frame_of_a_scroll_draws_the_rows_that_come_and_leaves_those_that_stay(
    page: Any, gallery: Any
) -> None:
    columns = gallery.locator('[role="presentation"]').first.get_by_role("option").count()
    first = gallery.get_by_role("option").first.bounding_box()
    row = first["height"] + 6
    gallery.evaluate(WATCH)
    for step in range(60):
        if step == 10:  # rows are kept ready at both sides from here on
            before = page.evaluate("() => document.querySelectorAll('*').length")
        page.evaluate("(by) => window.scrollOn(by)", row)
    frames = page.evaluate("() => window.frames_")
    assert len(frames) == 60
    # A row further, so about a row more; two where the scroll and the rows do not agree.
    assert max(one["added"] for one in frames) <= 2 * columns, frames
    assert sum(one["added"] for one in frames) >= 50 * columns
    assert max(one["changed"] for one in frames) == 0, frames
    assert page.evaluate("() => document.querySelectorAll('*').length") <= before * 1.1
    assert gallery.get_by_role("option").count() < 100
    # A leap to anywhere costs what is in view, not what lies between.
    page.evaluate("() => window.scrollOn(200_000)")
    assert page.evaluate("() => window.frames_.at(-1).added") < 100


def test_q4_all_results_share_one_menu(page: Any, gallery: Any) -> None:
    cells = gallery.get_by_role("option")
    assert page.get_by_role("menu").count() == 0
    names = []
    for at in (0, 3, 1):
        cells.nth(at).click(button="right")
        menu = page.get_by_role("menu")
        expect(menu).to_have_count(1)
        names.append(menu.get_by_role("menuitem").all_inner_texts())
        page.keyboard.press("Escape")
        expect(menu).to_have_count(0)
    assert names[0] == names[1] == names[2] != []
    # No cell brings a menu, or a trigger of one, of its own.
    assert cells.first.locator("[aria-haspopup], [data-radix-collection-item]").count() == 0
