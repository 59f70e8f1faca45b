"""Inputs that are rarely set: one line in a node stands for them, and opens in several ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import card, nodes, written
from harness import Served, press

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

GRAPH: dict[str, Any] = {
    "musegraph": 1,
    "nodes": {
        "number": {"type": "core.number"},
        "sample": {"type": "diffusion.sample"},
        "below": {"type": "image.blur"},
    },
    "canvas": {
        "nodes": {
            "number": {"x": 0, "y": 0},
            "sample": {"x": 320, "y": 0},
            "below": {"x": 320, "y": 480},
        }
    },
}


@pytest.fixture
def file(server: Served, request: pytest.FixtureRequest) -> str:
    body = {"name": request.node.name, "workflow": GRAPH}
    return str(server.ask("POST", "/api/workflows", body)["id"])


@pytest.fixture
def page(new_page: Callable[..., Any], file: str) -> Any:
    page = new_page(path=f"/#w={file}", permissions=["clipboard-read", "clipboard-write"])
    nodes(page, 3)
    fold(page).wait_for()
    return page


def fold(page: Any) -> Any:
    return card(page, "sample").locator("button[aria-expanded]").filter(has_text="more")


def inputs(page: Any) -> int:
    return int(card(page, "sample").locator(".react-flow__handle.target").count())


def middle(found: Any) -> tuple[float, float]:
    box = found.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def port(page: Any, id: str, name: str) -> Any:
    return card(page, id).locator(f'.react-flow__handle[data-handleid="{name}"]')


def apart(page: Any) -> float:
    """How far the node below stands from the one with the fold."""
    upper, lower = (card(page, id).bounding_box() for id in ("sample", "below"))
    return float(lower["y"] - upper["y"] - upper["height"])


def test_a_fold_opens_and_closes_by_keyboard_covers_nothing_and_is_undone(page: Any) -> None:
    expect(fold(page)).to_have_text("8 more")
    expect(fold(page)).to_have_attribute("aria-expanded", "false")
    assert "Schedule, Guidance rescale" in fold(page).get_attribute("title")
    assert inputs(page) == 9
    height = card(page, "sample").bounding_box()["height"]
    near = apart(page)
    fold(page).focus()
    press(page, "Enter")
    expect(fold(page)).to_have_attribute("aria-expanded", "true")
    expect(fold(page)).to_be_focused()
    assert inputs(page) == 17
    assert card(page, "sample").bounding_box()["height"] > height + 100
    assert 0 < apart(page) <= near
    assert written(page)["canvas"]["nodes"]["sample"]["advanced"] is True
    press(page, "Control+z")
    expect(fold(page)).to_have_attribute("aria-expanded", "false")
    assert apart(page) == pytest.approx(near, abs=1)
    assert "advanced" not in written(page)["canvas"]["nodes"]["sample"]


def test_a_link_that_rests_over_a_node_opens_it_for_the_port_that_is_meant(page: Any) -> None:
    page.mouse.move(*middle(port(page, "number", "out")))
    page.mouse.down()
    page.mouse.move(*middle(card(page, "sample").locator("header")), steps=6)
    expect(fold(page)).to_have_attribute("aria-expanded", "true")
    page.mouse.move(*middle(port(page, "sample", "start")), steps=6)
    page.mouse.up()
    made = page.locator('.react-flow__edge[data-id="number.out>sample.start"]')
    expect(made).to_be_attached()
    # It was open for the link alone; what is linked shows by itself.
    expect(fold(page)).to_have_text("7 more")
    expect(fold(page)).to_have_attribute("aria-expanded", "false")
    expect(port(page, "sample", "start")).to_be_visible()
    expect(port(page, "sample", "end")).to_have_count(0)
    assert "advanced" not in written(page)["canvas"]["nodes"]["sample"]
    press(page, "Control+z")
    expect(made).to_have_count(0)
    expect(fold(page)).to_have_text("8 more")


def test_a_link_that_is_let_go_elsewhere_leaves_no_trace_of_the_fold(page: Any) -> None:
    page.mouse.move(*middle(port(page, "number", "out")))
    page.mouse.down()
    page.mouse.move(*middle(card(page, "sample").locator("header")), steps=6)
    expect(fold(page)).to_have_attribute("aria-expanded", "true")
    box = page.locator(".react-flow").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + 60, steps=6)
    page.mouse.up()
    page.get_by_role("dialog", name="Add a node").wait_for()
    press(page, "Escape")
    expect(fold(page)).to_have_attribute("aria-expanded", "false")
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_disabled()


def test_what_is_set_stays_to_be_seen_when_the_fold_is_closed(page: Any) -> None:
    fold(page).click()
    row = card(page, "sample").locator('[data-field][data-port="end"]')
    row.get_by_role("spinbutton").focus()
    page.keyboard.type("0.8")
    press(page, "Enter")
    fold(page).click()
    expect(fold(page)).to_have_text("7 more")
    expect(row).to_be_visible()
    expect(card(page, "sample").locator('[data-field][data-port="start"]')).to_have_count(0)


def test_the_line_is_said_in_chinese(new_page: Callable[..., Any], file: str) -> None:
    page = new_page(path=f"/#w={file}", locale="zh-CN")
    button = card(page, "sample").get_by_role("button", name="还有 8 项", exact=True)
    expect(button).to_have_attribute("aria-expanded", "false")


def test_a_file_in_a_row_asks_for_it_in_a_word_that_is_not_cut(page: Any) -> None:
    fold(page).click()
    row = card(page, "sample").locator('[data-field][data-port="mask"]')
    said = row.get_by_role("button", name="Choose …").locator("span")
    expect(said).to_have_attribute("title", "Choose a file, drop it here or paste it")
    assert said.evaluate("(span) => span.scrollWidth <= span.clientWidth")
    expect(row.get_by_role("button", name="Paint the mask")).to_be_visible()
