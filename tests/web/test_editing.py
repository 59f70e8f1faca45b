"""Adding, linking, grouping and undoing, as with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import card, nodes
from harness import Served, press

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

GRAPH: dict[str, Any] = {
    "musegraph": 1,
    "nodes": {
        "sky": {"type": "image.gradient"},
        "soft": {"type": "image.blur", "links": {"image": "sky.out"}},
        "mixed": {"type": "image.blend"},
        "words": {"type": "core.text"},
    },
    "canvas": {
        "nodes": {
            "sky": {"x": 0, "y": 0},
            "soft": {"x": 320, "y": 0},
            "mixed": {"x": 640, "y": 0},
            "words": {"x": 0, "y": 320},
        }
    },
}


@pytest.fixture
def page(new_page: Callable[..., Any], server: Served, request: pytest.FixtureRequest) -> Any:
    body = {"name": request.node.name, "workflow": GRAPH}
    file = server.ask("POST", "/api/workflows", body)["id"]
    page = new_page(path=f"/#w={file}", permissions=["clipboard-read", "clipboard-write"])
    page.locator('.react-flow__node[data-id="sky"] [data-field]').first.wait_for()
    return page


def handle(page: Any, id: str, port: str) -> tuple[float, float]:
    found = card(page, id).locator(f'.react-flow__handle[data-handleid="{port}"]')
    box = found.first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 8, start[1] + 8, steps=2)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def link(page: Any, id: str) -> Any:
    return page.locator(f'.react-flow__edge[data-id="{id}"]')


def empty_place(page: Any) -> tuple[float, float]:
    box = page.locator(".react-flow").bounding_box()
    return box["x"] + box["width"] - 200, box["y"] + box["height"] - 120


def test_a1_a_double_click_searches_at_the_pointer_and_enter_adds_there(page: Any) -> None:
    x, y = empty_place(page)
    page.mouse.dblclick(x, y)
    search = page.get_by_role("dialog", name="Add a node")
    search.wait_for()
    page.keyboard.type("grayscale")
    press(page, "Enter")
    box = card(page, "to_grayscale").locator("header").bounding_box()
    assert abs(box["x"] - x) < 16
    assert abs(box["y"] + box["height"] / 2 - y) < 24


def test_w1_a_port_that_does_not_fit_says_why_and_takes_nothing(page: Any) -> None:
    x, y = handle(page, "words", "out")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*handle(page, "mixed", "a"), steps=6)
    port = card(page, "mixed").locator('.react-flow__handle[data-handleid="a"]')
    expect(port).to_have_attribute("data-state", "no")
    assert "Image" in port.get_attribute("title")
    page.mouse.up()
    expect(link(page, "words.out>mixed.a")).to_have_count(0)


def test_w3_a_link_let_go_on_a_node_goes_to_its_first_free_port(page: Any) -> None:
    box = card(page, "mixed").locator("header").bounding_box()
    drag(page, handle(page, "sky", "out"), (box["x"] + 120, box["y"] + 15))
    expect(link(page, "sky.out>mixed.a")).to_be_attached()
    drag(page, handle(page, "soft", "out"), (box["x"] + 120, box["y"] + 15))
    expect(link(page, "soft.out>mixed.b")).to_be_attached()


def test_w4_a_link_that_is_taken_off_and_let_go_is_cut_and_undone(page: Any) -> None:
    drag(page, handle(page, "soft", "image"), empty_place(page))
    expect(link(page, "sky.out>soft.image")).to_have_count(0)
    press(page, "Control+z")
    expect(link(page, "sky.out>soft.image")).to_be_attached()


def test_f1_f2_a_frame_moves_its_members_in_one_entry(page: Any) -> None:
    press(page, "Escape")
    card(page, "sky").locator("header").click()
    card(page, "soft").locator("header").click(modifiers=["Shift"])
    press(page, "Control+g")
    frame = page.locator('.react-flow__node[data-id="frame:frame"]')
    frame.wait_for()
    before = card(page, "soft").bounding_box()
    box = frame.bounding_box()
    start = box["x"] + box["width"] - 30, box["y"] + 14
    drag(page, start, (start[0] + 40, start[1] + 80))
    after = card(page, "soft").bounding_box()
    assert after["y"] - before["y"] > 40
    press(page, "Control+z")
    page.wait_for_function(
        "([y]) => Math.abs(document.querySelector('[data-id=soft]').getBoundingClientRect().y - y)"
        " < 2",
        arg=[before["y"]],
    )


def test_f3_bypass_and_mute_are_set_by_keys_and_taken_back(page: Any) -> None:
    card(page, "soft").locator("header").click()
    press(page, "Control+b")
    expect(card(page, "soft").locator("article")).to_have_attribute("data-mode", "bypass")
    press(page, "Control+m")
    expect(card(page, "soft").locator("article")).to_have_attribute("data-mode", "mute")
    press(page, "Control+z", "Control+z")
    assert card(page, "soft").locator("article").get_attribute("data-mode") is None


def test_f4_a_double_click_on_a_link_bends_it_and_deleting_the_bend_heals_it(page: Any) -> None:
    start, end = handle(page, "sky", "out"), handle(page, "soft", "image")
    page.mouse.dblclick((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    bend = page.locator('.react-flow__node[data-id="reroute:reroute"]')
    bend.wait_for()
    press(page, "Delete")
    expect(bend).to_have_count(0)
    expect(link(page, "sky.out>soft.image")).to_be_attached()


def test_f5_a_subgraph_is_made_entered_left_and_unpacked(page: Any) -> None:
    card(page, "sky").locator("header").click()
    card(page, "soft").locator("header").click(modifiers=["Shift"])
    press(page, "Control+Shift+g")
    card(page, "group").wait_for()
    press(page, "Enter")
    nodes(page, 2)
    press(page, "Shift+Escape")
    nodes(page, 3)
    press(page, "Control+z")
    nodes(page, 4)


def test_u7_what_is_copied_is_pasted_with_links_inside_and_in_one_entry(page: Any) -> None:
    card(page, "sky").locator("header").click()
    card(page, "soft").locator("header").click(modifiers=["Shift"])
    press(page, "Control+c")
    box = page.locator(".react-flow").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 40)
    press(page, "Control+v")
    nodes(page, 6)
    expect(link(page, "sky_2.out>soft_2.image")).to_be_attached()
    press(page, "Control+z")
    nodes(page, 4)


def test_s2_a_marquee_and_all_and_nothing_are_selected(page: Any) -> None:
    page.locator("main").focus()
    press(page, "Control+a")
    expect(page.locator(".react-flow__node article[data-selected]")).to_have_count(4)
    press(page, "Escape")
    expect(page.locator(".react-flow__node article[data-selected]")).to_have_count(0)


def test_the_palette_does_what_is_typed(page: Any) -> None:
    press(page, "Control+k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.type("tidy")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_enabled()
