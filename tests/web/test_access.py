"""The canvas for everyone: by keyboard, by touch, larger, still, in words, in another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import card as node
from documents import paste, written
from harness import ROOT, build_tool, press, unable

NewPage = Callable[..., Any]
AXE = ROOT / "web_ui" / "node_modules" / "axe-core" / "axe.min.js"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
SEARCH = '[role="dialog"] input'

FIFTY = {
    f"n{at}": {
        "type": ("image.noise", "image.blur", "image.scale")[at % 3],
        **({"links": {"image": f"n{at - 1}.out"}} if at % 3 else {}),
    }
    for at in range(50)
}


def ready(page: Any) -> None:
    """Wait until the canvas stands and knows what nodes there are."""
    page.wait_for_selector(".react-flow__pane")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource')"
        ".some((one) => one.name.includes('/api/nodes') && one.responseEnd > 0)"
    )


def put(page: Any, nodes: dict[str, Any], columns: int = 10) -> None:
    """Paste nodes, in rows."""
    ready(page)
    places = {
        name: {"x": 320 * (place % columns), "y": 320 * (place // columns)}
        for place, name in enumerate(nodes)
    }
    paste(page, nodes, places)
    page.locator(f'.react-flow__node[data-id="{next(iter(nodes))}"]').wait_for()
    page.wait_for_function("() => !document.querySelector('[data-id] article:not([data-family])')")


# -- X1 ------------------------------------------------------------------------------------------


def bad(page: Any) -> list[str]:
    """What axe-core calls serious or critical, each with the first elements that are meant."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['id']}: {one['help']}: {[part['html'][:160] for part in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_axe_finds_nothing_serious(new_page: NewPage, theme: str, locale: str) -> None:
    """X1: on the empty canvas, the search, dialogs, a graph of 50 nodes and the panels."""
    if not AXE.exists():
        try:
            build_tool().install(developing=True)
        except Exception as error:  # noqa: BLE001  whatever it is, axe-core is not here
            unable(f"axe-core cannot be installed here: {error}")
    page = new_page(locale=locale, color_scheme=theme, permissions=CLIPBOARD, bypass_csp=True)
    ready(page)
    found = {"empty": bad(page)}
    page.locator("main").focus()
    press(page, "Shift+A")
    page.wait_for_selector(SEARCH)
    found["search"] = bad(page)
    press(page, "Escape")
    for name, keys in {"palette": "Control+k", "settings": "Control+,", "keys": "?"}.items():
        page.locator("main").focus()
        press(page, keys)
        page.wait_for_selector("dialog[open]")
        found[name] = bad(page)
        press(page, "Escape")
        page.wait_for_selector("dialog[open]", state="detached")
    put(page, FIFTY)
    found["nodes"] = bad(page)
    for place in range(page.locator("nav [aria-pressed]").count()):
        button = page.locator("nav [aria-pressed]").nth(place)
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        label = button.get_attribute("aria-label")
        page.wait_for_selector(f'section[data-region][aria-label="{label}"]')
        found[f"panel {label}"] = bad(page)
    faults = [f"{name}: {fault}" for name, all_ in found.items() for fault in all_]
    assert not faults, "\n".join(faults)


# -- X2, W5 --------------------------------------------------------------------------------------


def add(page: Any, words: str, name: str) -> None:
    """Add a node by typing what it is called; it has the keyboard then."""
    press(page, "Shift+A")
    page.wait_for_selector(SEARCH)
    page.keyboard.type(words)
    press(page, "Enter")
    page.wait_for_function(
        "(name) => document.activeElement?.getAttribute('data-id') === name", arg=name
    )


def test_a_workflow_is_built_and_run_and_its_result_found_by_keyboard_alone(
    new_page: NewPage,
) -> None:
    """X2, W5: no pointer is used at all."""
    page = new_page(permissions=CLIPBOARD)
    ready(page)
    page.locator("main").focus()
    add(page, "image.noise", "noise")
    press(page, "Enter")
    page.keyboard.type("64")
    press(page, "Enter", "Escape", "Escape")
    page.locator("main").focus()
    add(page, "image.blur", "blur")
    press(page, "l")
    page.wait_for_selector("#link-choices [role=option]")
    page.keyboard.type("noise image")
    press(page, "Enter")
    page.wait_for_selector("#link-choices", state="detached")
    press(page, "Control+Enter")
    page.wait_for_function(
        "() => document.querySelector('[data-id=blur]').getAttribute('aria-label').includes('done')"
        " || [...document.querySelectorAll('[aria-live], [role=status]')]"
        ".some((one) => /finished|done/i.test(one.textContent))"
    )
    nodes = written(page)["nodes"]
    assert nodes["blur"]["links"]["image"] == "noise.out"
    assert 64 in nodes["noise"]["values"].values()


def test_two_handles_that_are_clicked_are_linked(new_page: NewPage) -> None:
    """W5: without dragging."""
    page = new_page(permissions=CLIPBOARD)
    put(page, {"noise": {"type": "image.noise"}, "blur": {"type": "image.blur"}})
    node(page, "noise").locator(".react-flow__handle.source").first.click()
    node(page, "blur").locator('.react-flow__handle.target[data-handleid="image"]').click()
    page.wait_for_selector(".react-flow__edge", state="attached")
    assert written(page)["nodes"]["blur"]["links"] == {"image": "noise.out"}


# -- X6 ------------------------------------------------------------------------------------------


def test_the_size_of_bars_and_panels_is_set_apart_from_the_canvas(new_page: NewPage) -> None:
    """X6."""
    page = new_page(permissions=CLIPBOARD)
    put(page, {"noise": {"type": "image.noise"}})
    before = page.locator("header[data-region]").bounding_box()["height"]
    width = node(page, "noise").bounding_box()["width"]
    page.locator("main").focus()
    press(page, "Control+,")
    page.locator("dialog[open] input[type=range]").focus()
    press(page, "End")
    assert page.locator("header[data-region]").bounding_box()["height"] == 2 * before
    box = page.locator("dialog[open]").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900
    press(page, "Escape")
    assert node(page, "noise").bounding_box()["width"] == width
