"""S1: moving the view and marking, by mouse, wheel, keys and trackpad, as the settings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from documents import card
from test_touch import CLIPBOARD, chosen, filled, free, header, middle, moved, view

NewPage = Callable[..., Any]
Opened = Callable[..., Any]


@pytest.fixture
def opened(new_page: NewPage) -> Opened:
    """Opens a page with two nodes and with settings."""

    def make(**settings: str) -> Any:
        page = new_page(permissions=CLIPBOARD)
        page.evaluate("(kept) => localStorage.setItem('musegraph.settings', kept)",
                      json.dumps(settings))  # fmt: skip
        page.reload()
        filled(page)
        return page

    return make


def drag(page: Any, start: tuple[float, float], by: tuple[float, float], button: str) -> None:
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(start[0] + by[0], start[1] + by[1], steps=8)
    page.mouse.up(button=button)


def around(page: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """From beside both nodes, and how far to go to touch them; not near an edge, which moves on."""
    last = card(page, "blur").bounding_box()
    start = (last["x"] + last["width"] + 30, last["y"] + last["height"] + 30)
    x, y = middle(card(page, "noise"))
    return start, (x - start[0], y - start[1])


def test_a_left_drag_on_nothing_marks_if_that_is_set_and_leaves_the_view(opened: Opened) -> None:
    page = opened(drag="select")
    before = view(page)
    drag(page, *around(page), "left")
    assert chosen(page) == ["blur", "noise"]
    assert view(page) == before


def test_a_left_drag_on_nothing_moves_the_view_if_that_is_set_and_marks_nothing(
    opened: Opened,
) -> None:
    page = opened(drag="pan")
    before, (start, by) = view(page), around(page)
    drag(page, start, by, "left")
    assert chosen(page) == []
    assert moved(before, view(page)) == pytest.approx(by, abs=2)


@pytest.mark.parametrize("setting", ["select", "pan"])
@pytest.mark.parametrize("where", ["nothing", "node"])
def test_the_middle_button_always_moves_the_view(opened: Opened, setting: str, where: str) -> None:
    page = opened(drag=setting)
    before, stood = view(page), header(page, "noise")
    drag(page, free(page) if where == "nothing" else stood, (70, -40), "middle")
    assert moved(before, view(page)) == pytest.approx((70, -40), abs=2)
    assert moved(stood, header(page, "noise")) == pytest.approx((70, -40), abs=2)
    assert chosen(page) == []


@pytest.mark.parametrize("setting", ["select", "pan"])
def test_space_and_a_drag_always_move_the_view(opened: Opened, setting: str) -> None:
    page = opened(drag=setting)
    before = view(page)
    page.mouse.move(*free(page))
    page.keyboard.down("Space")
    drag(page, free(page), (-60, -30), "left")
    page.keyboard.up("Space")
    assert moved(before, view(page)) == pytest.approx((-60, -30), abs=2)
    assert chosen(page) == []


def held(page: Any, at: tuple[float, float]) -> tuple[float, float]:
    """What stands at a place of the page, in the canvas' own measure."""
    box = page.locator(".react-flow").bounding_box()
    x, y, zoom = view(page)
    return (at[0] - box["x"] - x) / zoom, (at[1] - box["y"] - y) / zoom


@pytest.mark.parametrize(
    ("wheel", "ctrl"), [("auto", False), ("zoom", False), ("auto", True), ("pan", True)]
)
def test_the_wheel_zooms_at_the_pointer_and_with_ctrl_in_any_case(
    opened: Opened, wheel: str, ctrl: bool
) -> None:
    """A pinch on a trackpad comes as a wheel with Ctrl and small turns."""
    page = opened(wheel=wheel)
    at = header(page, "blur")
    page.mouse.move(*at)
    before, zoom = held(page, at), view(page)[2]
    if ctrl:
        page.keyboard.down("Control")
    for _ in range(8 if ctrl else 1):
        page.mouse.wheel(0, -9 if ctrl else -120)
    page.wait_for_function(
        "(zoom) => new DOMMatrix(getComputedStyle("
        "document.querySelector('.react-flow__viewport')).transform).a > zoom * 1.08",
        arg=zoom,
    )
    if ctrl:
        page.keyboard.up("Control")
    assert held(page, at) == pytest.approx(before, abs=2)


@pytest.mark.parametrize("wheel", ["auto", "pan"])
def test_two_fingers_on_a_trackpad_move_the_view(opened: Opened, wheel: str) -> None:
    """Also fast at the end: what began slowly is one movement."""
    page = opened(wheel=wheel)
    page.mouse.move(*free(page))
    before = view(page)
    for x, y in ((3, 2), (18, 9), (60, 120), (4, 1)):
        page.mouse.wheel(x, y)
    page.wait_for_timeout(200)
    after = view(page)
    assert moved(before, after) == pytest.approx((-85, -132), abs=1)
    assert after[2] == before[2]


def test_a_trackpad_zooms_if_that_is_set(opened: Opened) -> None:
    page = opened(wheel="zoom")
    page.mouse.move(*free(page))
    before = view(page)
    for _ in range(6):
        page.mouse.wheel(0, -20)
    page.wait_for_timeout(200)
    assert view(page)[2] > before[2] * 1.08


def test_a_wheel_moves_the_view_if_that_is_set_and_sideways_with_shift(opened: Opened) -> None:
    page = opened(wheel="pan")
    page.mouse.move(*free(page))
    before = view(page)
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(100)
    assert moved(before, view(page)) == pytest.approx((0, -100), abs=1)
    before = view(page)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(100)
    page.keyboard.up("Shift")
    assert moved(before, view(page)) == pytest.approx((-100, 0), abs=1)
    assert view(page)[2] == before[2]


def test_the_view_that_a_trackpad_left_comes_back_after_a_reload(opened: Opened) -> None:
    """T7: it is remembered like any other."""
    page = opened(wheel="pan")
    page.mouse.move(*free(page))
    page.mouse.wheel(37, 53)
    page.wait_for_timeout(2500)
    before = view(page)
    page.reload()
    card(page, "noise").wait_for()
    assert view(page) == pytest.approx(before, abs=1)
