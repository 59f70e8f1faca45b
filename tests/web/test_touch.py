"""The canvas by finger: every event is a real one, of Chromium's own input."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from documents import card, paste, written
from harness import press

NewPage = Callable[..., Any]
Point = tuple[float, float]

CLIPBOARD = ["clipboard-read", "clipboard-write"]
TWO = {"noise": {"type": "image.noise"}, "blur": {"type": "image.blur"}}
PLACES = {"noise": {"x": 0, "y": 0}, "blur": {"x": 400, "y": 0}}


class Fingers:
    """Fingers that are put on the page, moved and lifted, each by its number."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.down: dict[int, Point] = {}

    def _send(self, kind: str) -> None:
        points = [{"id": id, "x": x, "y": y} for id, (x, y) in self.down.items()]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def put(self, id: int, at: Point) -> None:
        self.down[id] = at
        self._send("touchStart")

    def move(self, steps: int = 6, **to: Point) -> None:
        """Move fingers at once: ``move(f0=(10, 10), f1=(20, 20))``."""
        start = dict(self.down)
        for step in range(1, steps + 1):
            for name, (x, y) in to.items():
                x0, y0 = start[int(name[1:])]
                part = step / steps
                self.down[int(name[1:])] = (x0 + (x - x0) * part, y0 + (y - y0) * part)
            self._send("touchMove")
            self.page.wait_for_timeout(16)

    def lift(self, *ids: int) -> None:
        for id in ids or tuple(self.down):
            del self.down[id]
        self._send("touchEnd")
        self.page.wait_for_timeout(50)

    def tap(self, at: Point) -> None:
        self.put(0, at)
        self.lift()

    def drag(self, *way: Point) -> None:
        self.put(0, way[0])
        for at in way[1:]:
            self.move(20, f0=at)
        self.lift()


def touching(new_page: NewPage, **options: Any) -> tuple[Any, Fingers]:
    """A page on a tablet, with two nodes on the canvas."""
    page = new_page(
        has_touch=True,
        is_mobile=True,
        viewport={"width": 1180, "height": 820},
        permissions=CLIPBOARD,
        **options,
    )
    filled(page)
    return page, Fingers(page)


def filled(page: Any) -> None:
    page.locator(".react-flow__pane").wait_for()
    # The canvas looks anew when the node types come.
    page.wait_for_function(
        "() => performance.getEntriesByType('resource')"
        ".some((one) => one.name.includes('/api/nodes') && one.responseEnd > 0)"
    )
    page.wait_for_timeout(200)
    paste(page, TWO, PLACES)
    page.locator("[data-id=blur] article[data-family]").wait_for()
    page.locator("main").focus()
    page.keyboard.press("Escape")


def middle(located: Any) -> Point:
    box = located.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def header(page: Any, id: str) -> Point:
    return middle(card(page, id).locator("header").first)


def free(page: Any) -> Point:
    """A place of the canvas with nothing on it."""
    box = page.locator(".react-flow__pane").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] - 120


def view(page: Any) -> tuple[float, float, float]:
    style = page.locator(".react-flow__viewport").get_attribute("style")
    x, y, zoom = re.findall(r"-?[\d.]+(?:e-?\d+)?", style.split("transform:")[1])[:3]
    return float(x), float(y), float(zoom)


def places(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = written(page)["canvas"]["nodes"]
    return {id: (one["x"], one["y"]) for id, one in found.items()}


def chosen(page: Any) -> list[str]:
    """The nodes that are chosen, once two frames have shown what was done."""
    found: list[str] = page.evaluate(
        """async () => {
          for (let at = 0; at < 2; at++) await new Promise(requestAnimationFrame);
          await new Promise((done) => setTimeout(done));
          return [...document.querySelectorAll('.react-flow__node.selected')]
            .map((one) => one.dataset.id).sort();
        }"""
    )
    return found


def moved(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    return after[0] - before[0], after[1] - before[1]


# -- Fingers -------------------------------------------------------------------------------------


def test_one_finger_on_the_empty_canvas_moves_the_view_and_selects_nothing(
    new_page: NewPage,
) -> None:
    page, fingers = touching(new_page)
    before = view(page)
    x, y = free(page)
    fingers.drag((x, y), (x + 120, y - 80))
    assert moved(before, view(page)) == pytest.approx((120, -80), abs=12)
    assert view(page)[2] == before[2]
    assert page.locator(".react-flow__selection").count() == 0
    assert chosen(page) == []


@pytest.mark.parametrize("where", ["canvas", "nodes", "node and canvas"])
def test_a_pinch_zooms_at_the_fingers_wherever_they_are_put(new_page: NewPage, where: str) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    x, y = free(page)
    first, second = {
        "canvas": ((x - 60, y), (x + 60, y)),
        "nodes": (header(page, "noise"), header(page, "blur")),
        "node and canvas": (header(page, "noise"), (x, y)),
    }[where]
    held = ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
    before = view(page)
    box = page.locator(".react-flow").bounding_box()
    corner = (box["x"], box["y"])
    under = [(held[axis] - corner[axis] - before[axis]) / before[2] for axis in (0, 1)]
    fingers.put(0, first)
    fingers.put(1, second)
    apart = [
        tuple(middle_ + (at - middle_) * 1.5 for at, middle_ in zip(one, held, strict=True))
        for one in (first, second)
    ]
    fingers.move(f0=apart[0], f1=apart[1])
    fingers.lift()
    after = view(page)
    assert after[2] == pytest.approx(before[2] * 1.5, rel=0.03)
    assert [corner[axis] + under[axis] * after[2] + after[axis] for axis in (0, 1)] == (
        pytest.approx(held, abs=8)
    )
    assert places(page) == stood


def test_two_fingers_move_the_view_and_no_node(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    before = view(page)
    (x0, y0), (x1, y1) = header(page, "noise"), header(page, "blur")
    fingers.put(0, (x0, y0))
    fingers.put(1, (x1, y1))
    fingers.move(f0=(x0 + 90, y0 + 60), f1=(x1 + 90, y1 + 60))
    fingers.lift()
    assert moved(before, view(page)) == pytest.approx((90, 60), abs=6)
    assert view(page)[2] == pytest.approx(before[2], rel=0.02)
    assert places(page) == stood


def test_a_node_that_a_finger_drags_goes_back_when_a_second_one_comes_and_does_not_jump_later(
    new_page: NewPage,
) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    x, y = header(page, "noise")
    fingers.put(0, (x, y))
    fingers.move(f0=(x + 60, y + 60))
    assert header(page, "noise") != pytest.approx((x, y), abs=20)
    fingers.put(1, free(page))
    fingers.move(f0=(x + 100, y + 60))
    fingers.lift(1)
    fingers.move(f0=(x + 200, y + 100))
    fingers.lift(0)
    assert places(page) == stood
    page.keyboard.press("Escape")
    x, y = header(page, "noise")
    zoom = view(page)[2]
    fingers.drag((x, y), (x + 160 * zoom, y + 80 * zoom))
    assert moved(stood["noise"], places(page)["noise"]) == pytest.approx((160, 80), abs=16)


def test_a_pinch_that_takes_the_nodes_away_goes_on(new_page: NewPage) -> None:
    """Seen from afar nodes are no elements: the fingers outlive what they were put on."""
    page, fingers = touching(new_page)
    (x0, y0), (x1, y1) = header(page, "noise"), header(page, "blur")
    mid = ((x0 + x1) / 2, (y0 + y1) / 2)
    fingers.put(0, (x0, y0))
    fingers.put(1, (x1, y1))
    near = (mid[0] - 10, mid[1]), (mid[0] + 10, mid[1])
    fingers.move(f0=near[0], f1=near[1])
    assert page.locator(".react-flow__node").count() == 0
    fingers.move(f0=(x0, y0), f1=(x1, y1))
    fingers.lift()
    card(page, "noise").wait_for()
    assert header(page, "noise") == pytest.approx((x0, y0), abs=8)


def test_a_tap_selects_a_node_and_one_on_nothing_clears(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    fingers.tap(header(page, "blur"))
    assert chosen(page) == ["blur"]
    fingers.tap(header(page, "noise"))
    assert chosen(page) == ["noise"]
    fingers.tap(free(page))
    assert chosen(page) == []


def test_a_finger_that_trembles_taps_and_moves_no_node(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    fingers.tap(header(page, "noise"))
    x, y = header(page, "blur")
    fingers.put(0, (x, y))
    fingers.move(f0=(x + 5, y + 4))
    fingers.lift()
    assert places(page) == stood


def test_a_finger_drags_a_node_in_one_entry_of_the_history(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    x, y = header(page, "noise")
    zoom = view(page)[2]
    fingers.drag((x, y), (x + 80 * zoom, y + 40 * zoom), (x + 160 * zoom, y + 160 * zoom))
    now = places(page)
    assert moved(stood["noise"], now["noise"]) == pytest.approx((160, 160), abs=16)
    assert now["blur"] == stood["blur"]
    page.locator("main").focus()
    page.keyboard.press("Control+z")
    assert places(page) == stood


@pytest.mark.parametrize("what", ["node", "canvas", "link"])
def test_a_finger_that_rests_opens_the_menu_of_what_is_under_it(
    new_page: NewPage, what: str
) -> None:
    page, fingers = touching(new_page)
    stood = places(page)
    page.keyboard.press("Escape")
    link(page, fingers)
    page.locator("main").focus()
    page.keyboard.press("Escape")
    at = {
        "node": header(page, "blur"),
        "canvas": free(page),
        "link": middle(page.locator(".react-flow__edge-interaction")),
    }[what]
    fingers.put(0, at)
    menu = page.get_by_role("menu")
    menu.wait_for()
    # What is trembled meanwhile, and letting go, neither moves nor chooses nor closes anything.
    fingers.move(f0=(at[0] + 30, at[1] + 20))
    fingers.lift()
    page.wait_for_timeout(200)
    assert menu.count() == 1
    names = menu.get_by_role("menuitem").all_inner_texts()
    told = {"node": "Rename", "canvas": "Select all", "link": "Delete"}[what]
    assert any(told in name for name in names), names
    assert chosen(page) == (["blur"] if what == "node" else [])
    fingers.tap(free(page))
    menu.wait_for(state="detached")
    assert places(page) == stood


def link(page: Any, fingers: Fingers) -> None:
    """Tap an output, then an input."""
    fingers.tap(middle(card(page, "noise").locator(".react-flow__handle.source").first))
    fingers.tap(middle(card(page, "blur").locator('[data-handleid="image"].target')))
    page.wait_for_selector(".react-flow__edge", state="attached")


def test_two_ports_that_are_tapped_are_linked(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    link(page, fingers)
    assert written(page)["nodes"]["blur"]["links"] == {"image": "noise.out"}


def test_a_link_is_drawn_by_a_finger_to_a_port_to_a_node_and_to_nothing(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    source = middle(card(page, "noise").locator(".react-flow__handle.source").first)
    fingers.drag(source, middle(card(page, "blur").locator('[data-handleid="image"].target')))
    page.wait_for_selector(".react-flow__edge", state="attached")
    page.locator("main").focus()
    page.keyboard.press("Control+z")
    page.wait_for_selector(".react-flow__edge", state="detached")
    fingers.drag(source, header(page, "blur"))
    page.wait_for_selector(".react-flow__edge", state="attached")
    fingers.drag(source, free(page))
    page.get_by_role("dialog", name="Add a node").or_(
        page.locator('[role="dialog"] input')
    ).first.wait_for()


def nodes_of(page: Any, type_: str) -> list[Any]:
    graph = written(page)
    return [
        graph["canvas"]["nodes"][id] for id, one in graph["nodes"].items() if one["type"] == type_
    ]


def test_a_node_is_carried_by_a_finger_from_the_library_to_the_canvas(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    page.get_by_role("button", name="Nodes", exact=True).click()
    row = page.get_by_role("button", name="Add Grayscale").or_(
        page.get_by_role("button", name="Add To grayscale")
    )
    row.first.scroll_into_view_if_needed()
    x, y = middle(row.first)
    panel = page.locator('section[aria-label="Nodes"] > :last-child')
    scrolled = panel.evaluate("(one) => one.scrollTop")
    at = (600.0, 600.0)
    fingers.put(0, (x, y))
    fingers.move(f0=(x + 40, y))
    page.get_by_test_id("carried").wait_for()
    fingers.move(20, f0=at)
    assert middle(page.get_by_test_id("carried")) == pytest.approx(at, abs=2)
    fingers.lift()
    page.get_by_test_id("carried").wait_for(state="detached")
    card(page, "to_grayscale").wait_for()
    left, top = header(page, "to_grayscale")
    box = card(page, "to_grayscale").bounding_box()
    assert (box["x"], top) == pytest.approx(at, abs=10)
    assert left > at[0]
    # Let go beside the canvas, or moved up and down, which scrolls, it adds nothing.
    fingers.drag((x, y), (x + 60, y), (x, y))
    fingers.put(0, (x, y))
    fingers.move(12, f0=(x, y - 150))
    assert page.get_by_test_id("carried").count() == 0
    fingers.lift()
    assert panel.evaluate("(one) => one.scrollTop") > scrolled
    assert len(nodes_of(page, "image.to_grayscale")) == 1


def test_a_node_is_added_from_the_library_by_a_tap_and_starred(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    page.get_by_role("button", name="Nodes", exact=True).click()
    page.get_by_label("Filter the nodes to add").fill("noise")
    pictures = page.get_by_role("list", name="Image")  # another pack has a Noise as well
    fingers.tap(middle(pictures.get_by_role("button", name="Add Noise", exact=True)))
    card(page, "noise_2").or_(card(page, "noise2")).first.wait_for()
    star = pictures.get_by_role("button", name="Mark Noise as a favourite", exact=True)
    fingers.tap(middle(star))
    page.get_by_label("Filter the nodes to add").fill("")
    first = page.locator('section[aria-label="Nodes"] section').first
    assert first.get_by_role("list").get_attribute("aria-label") == "Favourites"
    assert first.get_by_role("button", name="Add Noise", exact=True).count() == 1
    assert len(nodes_of(page, "image.noise")) == 2


# -- What is hit ---------------------------------------------------------------------------------

SMALL = """
() => [...document.querySelectorAll(
    'button, select, summary, textarea, [role=option], [role^=menuitem],' +
    'input:not([type=checkbox], [type=radio])')]
  .filter((one) => !one.closest('.react-flow__node') && one.checkVisibility({ opacityProperty: true }))
  .map((one) => [one.getAttribute('aria-label') || one.textContent || one.className, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && Math.min(width, height) < 44)
  .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)
"""  # noqa: E501  it is a page's own text


def test_what_a_finger_hits_is_44_pixels_large(new_page: NewPage) -> None:
    page, fingers = touching(new_page)
    found = {"bars": page.evaluate(SMALL)}
    for place in range(page.locator("nav [aria-pressed]").count()):
        button = page.locator("nav [aria-pressed]").nth(place)
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        name = button.get_attribute("aria-label")
        page.locator(f'section[data-region][aria-label="{name}"]').wait_for()
        found[name] = page.evaluate(SMALL)
    for keys in ("Control+k", "Control+,", "?", "Shift+A"):
        page.locator("main").focus()
        press(page, keys)
        page.locator('dialog[open], [role="dialog"] input').first.wait_for()
        found[keys] = page.evaluate(SMALL)
        press(page, "Escape")
        page.locator('dialog[open], [role="dialog"] input').first.wait_for(state="detached")
    fingers.put(0, header(page, "noise"))
    page.get_by_role("menu").wait_for()
    fingers.lift()
    found["menu"] = page.evaluate(SMALL)
    assert {name: small for name, small in found.items() if small} == {}


def test_what_a_finger_hits_of_a_port_is_44_pixels_large_and_its_neighbour_is_not_hit(
    new_page: NewPage,
) -> None:
    page, _ = touching(new_page)
    for port in card(page, "noise").locator(".react-flow__handle").all():
        hit = port.evaluate(
            """(one) => {
              const { width, height } = getComputedStyle(one, '::before');
              const box = one.getBoundingClientRect();
              const at = document.elementFromPoint(
                box.x + box.width / 2, box.y + box.height / 2);
              return [parseFloat(width), parseFloat(height), at === one];
            }"""
        )
        assert hit == [44, 44, True]
