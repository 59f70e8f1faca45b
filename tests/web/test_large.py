"""Large graphs: what is counted, whatever the machine. What is timed: web_ui/perf/measure.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import Served
from large import large_workflow

COUNT = 3000
FEW = 3000
"""Elements of the whole page at most, however large the graph is."""

WATCH = """() => {  // what changes in the canvas, by node and link
  const seen = { cards: new Set(), links: new Set(), added: 0, removed: 0 };
  new MutationObserver((records) => {
    for (const record of records) {
      const target = record.target.nodeType === 1 ? record.target : record.target.parentElement;
      const card = target?.closest('.react-flow__node');
      const link = target?.closest('.react-flow__edge');
      if (card) seen.cards.add(card.dataset.id);
      if (link) seen.links.add(link.dataset.id);
      if (record.type !== 'childList') continue;
      const isCard = (node) => node.classList?.contains('react-flow__node');
      seen.added += [...record.addedNodes].filter(isCard).length;
      seen.removed += [...record.removedNodes].filter(isCard).length;
    }
  }).observe(document.querySelector('.react-flow'), {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
  window.seen = seen;
}"""

SEEN = "() => ({ ...seen, cards: [...seen.cards], links: [...seen.links] })"


@pytest.fixture(scope="module")
def large(server: Served) -> str:
    """A graph of 3,000 nodes in the library."""
    body = {"name": "Large", "workflow": large_workflow(COUNT)}
    return str(server.ask("POST", "/api/workflows", body)["id"])


@pytest.fixture
def page_of(new_page: Callable[..., Any], large: str) -> Any:
    page = new_page(path=f"/#w={large}")
    page.wait_for_selector("canvas", state="attached")
    return page


def elements(page: Any) -> int:
    return int(page.evaluate("document.querySelectorAll('*').length"))


def cards(page: Any) -> int:
    return int(page.evaluate("document.querySelectorAll('.react-flow__node').length"))


def settle(page: Any) -> None:
    """Wait until what was asked for has been drawn."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def zoom_in(page: Any) -> None:
    """Come near, at the middle of the canvas, to where nodes are elements."""
    page.mouse.move(640, 420)
    for _ in range(40):
        if (
            page.evaluate(
                "document.querySelector('[role=toolbar] button:nth-of-type(2)').textContent"
            )
            == "100 %"
        ):
            break
        page.mouse.wheel(0, -120)
        settle(page)
    page.keyboard.press("0")
    page.wait_for_function("() => document.querySelectorAll('.react-flow__node').length > 0")
    page.wait_for_timeout(300)  # the view comes to rest
    settle(page)


def test_G6_the_page_has_few_elements_at_any_zoom(page_of: Any) -> None:
    assert cards(page_of) == 0
    assert elements(page_of) < FEW
    zoom_in(page_of)
    assert 0 < cards(page_of) < 60
    assert elements(page_of) < FEW
    page_of.mouse.move(640, 420)
    for _ in range(16):
        page_of.mouse.wheel(0, 120)
        settle(page_of)
        assert elements(page_of) < FEW


def test_G9_moving_the_view_changes_no_node(page_of: Any) -> None:
    zoom_in(page_of)
    page_of.evaluate(WATCH)
    page_of.mouse.move(640, 420)
    page_of.mouse.down(button="middle")
    for step in range(8):
        page_of.mouse.move(640 + step, 420)
        settle(page_of)
    page_of.mouse.up(button="middle")
    seen = page_of.evaluate(SEEN)
    assert seen["cards"] == []
    assert seen["added"] == seen["removed"] == 0


def test_G8_dragging_a_node_changes_it_and_its_links_alone(page_of: Any) -> None:
    zoom_in(page_of)
    id, box = page_of.evaluate(
        """() => {
          const middle = (header) => {
            const { x, y } = header.getBoundingClientRect();
            return Math.hypot(x - 640, y - 420);
          };
          const headers = [...document.querySelectorAll('.react-flow__node header')];
          const header = headers.sort((a, b) => middle(a) - middle(b))[0];
          const { x, y } = header.getBoundingClientRect();
          return [header.closest('.react-flow__node').dataset.id, { x, y }];
        }"""
    )
    page_of.mouse.move(box["x"] + 60, box["y"] + 10)
    page_of.mouse.down()
    page_of.mouse.move(box["x"] + 76, box["y"] + 26)
    settle(page_of)
    page_of.evaluate(WATCH)
    for step in range(1, 6):
        page_of.mouse.move(box["x"] + 76 + 8 * step, box["y"] + 26)
        settle(page_of)
    seen = page_of.evaluate(SEEN)
    page_of.mouse.up()
    assert seen["cards"] == [id]
    assert all(id in link for link in seen["links"])


def test_the_overview_selects_marks_and_moves(page_of: Any, server: Served, large: str) -> None:
    page_of.keyboard.press("Home")
    settle(page_of)
    page_of.wait_for_timeout(400)
    rectangle = page_of.locator(".react-flow").bounding_box()
    middle = rectangle["x"] + rectangle["width"] / 2, rectangle["y"] + rectangle["height"] / 2
    page_of.mouse.move(middle[0] - 60, middle[1] - 60)
    page_of.mouse.down()
    page_of.mouse.move(middle[0] + 60, middle[1] + 60, steps=4)
    page_of.mouse.up()
    page_of.click("[aria-label=Outline]")
    chosen = page_of.locator("button[aria-pressed=true]:has(span)")
    page_of.wait_for_function("() => document.querySelectorAll('li[data-selected]').length > 3")
    assert chosen.count() >= 1
    page_of.click("[aria-label=Outline]")
    page_of.keyboard.press("Escape")
    undo = page_of.get_by_role("button", name="Undo")
    assert undo.is_disabled()
    page_of.wait_for_timeout(200)
    # A press on a node and a pull: it is moved, as one entry of the history.
    for dx in range(0, 24, 4):
        page_of.mouse.move(middle[0] + dx, middle[1])
        page_of.mouse.down()
        page_of.mouse.move(middle[0] + dx + 40, middle[1] + 40, steps=3)
        page_of.mouse.up()
        if undo.is_enabled():
            break
    assert undo.is_enabled()
    undo.click()
    assert undo.is_disabled()


COUNT_CARDS = """() => {  // before the page begins: how many nodes are ever made elements
  window.made = 0;
  new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes)
        if (node.querySelectorAll)
          made +=
            node.querySelectorAll('.react-flow__node').length +
            node.matches('.react-flow__node');
  }).observe(document, { subtree: true, childList: true });
}"""


def test_a_large_graph_that_is_looked_at_whole_is_opened_without_making_its_nodes_elements(
    page_of: Any,
) -> None:
    page_of.add_init_script(f"({COUNT_CARDS})()")
    page_of.reload()
    page_of.wait_for_selector("canvas", state="attached")
    settle(page_of)
    assert page_of.evaluate("made") == 0


FIRST_TITLE = """() => {  // before the page begins: how a node is called when it is first drawn
  new MutationObserver(() => {
    const header = document.querySelector('.react-flow__node header');
    if (header && !window.title) window.title = header.innerText;
  }).observe(document, { subtree: true, childList: true });
}"""


def test_a_graph_is_drawn_once_its_node_types_are_there(page: Any, server: Served) -> None:
    node = {"type": "core.text", "values": {"text": "as it is"}}
    body = {"name": "One", "workflow": {"musegraph": 1, "nodes": {"one": node}}}
    id = server.ask("POST", "/api/workflows", body)["id"]
    page.route("**/api/nodes?*", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.add_init_script(f"({FIRST_TITLE})()")
    page.goto(f"{server.url}/#w={id}")
    page.reload()
    page.wait_for_selector(".react-flow__node header")
    assert page.evaluate("title").split("\n")[0] == "Text"
