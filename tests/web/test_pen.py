"""The canvas and the mask by pen, as Chromium hears of one: it hovers, presses and trembles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import press
from test_touch import (
    CLIPBOARD,
    Fingers,
    Point,
    chosen,
    filled,
    header,
    middle,
    moved,
    places,
    view,
)
from test_viewers import png, start_mask, upload, viewer

NewPage = Callable[..., Any]


class Pen:
    """A pen that hovers, touches and presses."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.force: float = 0
        self.at: Point = (0, 0)

    def _send(self, kind: str) -> None:
        down = self.force > 0
        self.session.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": self.at[0],
                "y": self.at[1],
                "pointerType": "pen",
                "force": self.force,
                "button": "none" if kind == "mouseMoved" else "left",
                "buttons": 1 if down and kind != "mouseReleased" else 0,
                "clickCount": 0 if kind == "mouseMoved" else 1,
            },
        )

    def to(self, at: Point, force: float | None = None, steps: int = 10) -> None:
        """Move: above the page, or on it where it presses."""
        (x0, y0), self.force = self.at, self.force if force is None else force
        for step in range(1, steps + 1):
            part = step / steps
            self.at = (x0 + (at[0] - x0) * part, y0 + (at[1] - y0) * part)
            self._send("mouseMoved")
        self.page.wait_for_timeout(30)

    def press(self, force: float = 0.5) -> None:
        self.force = force
        self._send("mousePressed")

    def lift(self) -> None:
        self._send("mouseReleased")
        self.force = 0
        self.page.wait_for_timeout(50)


def penned(new_page: NewPage) -> tuple[Any, Pen]:
    page = new_page(permissions=CLIPBOARD)
    filled(page)
    return page, Pen(page)


def test_a_tap_of_a_pen_that_trembles_selects_and_no_node_jumps(new_page: NewPage) -> None:
    page, pen = penned(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    for id in ("noise", "blur"):
        x, y = header(page, id)
        pen.to((x, y))
        pen.press()
        pen.to((x + 3, y - 3), force=0.8, steps=3)
        pen.to((x - 2, y + 2), force=0.2, steps=3)
        pen.lift()
        assert chosen(page) == [id]
    assert places(page) == stood


def test_a_node_follows_a_pen_from_where_it_was_taken(new_page: NewPage) -> None:
    page, pen = penned(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    x, y = header(page, "noise")
    pen.to((x, y))
    pen.press()
    pen.to((x + 12, y), steps=12)
    # Nothing is made up for what it may tremble.
    assert header(page, "noise")[0] == pytest.approx(x, abs=12)
    pen.to((x + 160, y + 80), steps=20)
    pen.lift()
    zoom = view(page)[2]
    assert moved(stood["noise"], places(page)["noise"]) == pytest.approx(
        (160 / zoom, 80 / zoom), abs=20
    )


def painted(page: Any) -> dict[str, Any]:
    """How high the paint of the mask stands at three places, a third of the picture each."""
    found: dict[str, Any] = page.locator("[data-viewer=mask] canvas").evaluate(
        """(canvas) => {
          const context = canvas.getContext('2d');
          const high = (part) => {
            const { data } = context.getImageData(
              Math.round(canvas.width * part), 0, 1, canvas.height);
            return data.filter((value, at) => at % 4 === 3 && value > 127).length;
          };
          return { left: high(0.2), middle: high(0.5), right: high(0.8) };
        }"""
    )
    return found


def test_a_pen_hovers_over_the_mask_and_its_pressure_is_the_width_of_the_stroke(
    new_page: NewPage,
) -> None:
    page = new_page(permissions=CLIPBOARD)
    page.locator(".react-flow__pane").wait_for()
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    frame = start_mask(page, held)
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    box = frame.locator("canvas").bounding_box()

    def at(x: float) -> Point:
        return box["x"] + box["width"] * x, box["y"] + box["height"] / 2

    pen = Pen(page)
    pen.to(at(0.1))
    cursor = page.get_by_test_id("cursor")
    cursor.wait_for()
    before = middle(cursor)
    pen.to(at(0.15))
    assert middle(cursor)[0] > before[0]
    assert painted(page) == {"left": 0, "middle": 0, "right": 0}  # above it, it paints nothing
    for place, force in ((0.2, 0.1), (0.5, 0.5), (0.8, 1.0)):
        pen.to(at(place - 0.02))
        pen.press(force)
        pen.to(at(place + 0.02), steps=4)
        pen.lift()
    high = painted(page)
    assert 0 < high["left"] < high["middle"] < high["right"]
    assert high["right"] == pytest.approx(48, abs=6)
    assert high["left"] == pytest.approx(48 * 0.235, abs=4)
    # It can be wanted otherwise.
    press(page, "Control+z", "Control+z", "Control+z")
    page.get_by_role("button", name="Size by pressure of the pen").click()
    pen.to(at(0.18))
    pen.press(0.1)
    pen.to(at(0.22), steps=4)
    pen.lift()
    assert painted(page)["left"] == pytest.approx(48, abs=6)


def test_two_fingers_move_the_picture_under_the_mask_and_paint_nothing(new_page: NewPage) -> None:
    page = new_page(has_touch=True, permissions=CLIPBOARD)
    page.locator(".react-flow__pane").wait_for()
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    canvas = start_mask(page, held).locator("canvas")
    viewer(page, "mask")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    fingers = Fingers(page)
    before = canvas.bounding_box()
    x, y = middle(canvas)
    fingers.put(0, (x - 50, y))
    fingers.put(1, (x + 50, y))
    fingers.move(f0=(x - 100, y), f1=(x + 100, y))
    fingers.lift()
    assert canvas.bounding_box()["width"] == pytest.approx(2 * before["width"], rel=0.05)
    assert painted(page) == {"left": 0, "middle": 0, "right": 0}
    fingers.drag((x, y), (x + 5, y))
    assert painted(page)["middle"] > 0
