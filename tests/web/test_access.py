"""The canvas for everyone: by keyboard, by touch, larger, still, in words, in another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import card as node
from documents import paste, written
from harness import press

NewPage = Callable[..., Any]
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


def bad(page: Any, axe_core: str) -> list[str]:
    """What axe-core calls serious or critical, each with the first elements that are meant."""
    page.evaluate(axe_core)
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['id']}: {one['help']}: {[part['html'][:160] for part in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


# Each theme and each language once: colours know no language, and words no theme.
@pytest.mark.parametrize(("locale", "theme"), [("en-US", "dark"), ("zh-CN", "light")])
def test_axe_finds_nothing_serious(
    new_page: NewPage, axe_core: str, locale: str, theme: str
) -> None:
    """X1: on the empty canvas, the search, dialogs, a graph of 50 nodes and the panels."""
    page = new_page(locale=locale, color_scheme=theme, permissions=CLIPBOARD, bypass_csp=True)
    ready(page)
    found = {"empty": bad(page, axe_core)}
    page.locator("main").focus()
    press(page, "Shift+A")
    page.wait_for_selector(SEARCH)
    found["search"] = bad(page, axe_core)
    press(page, "Escape")
    for name, keys in {"palette": "Control+k", "settings": "Control+,", "keys": "?"}.items():
        page.locator("main").focus()
        press(page, keys)
        page.wait_for_selector("dialog[open]")
        found[name] = bad(page, axe_core)
        press(page, "Escape")
        page.wait_for_selector("dialog[open]", state="detached")
        assert page.evaluate("document.activeElement.localName") == "main", name
    put(page, FIFTY)
    found["nodes"] = bad(page, axe_core)
    for place in range(page.locator("nav [aria-pressed]").count()):
        button = page.locator("nav [aria-pressed]").nth(place)
        if button.get_attribute("aria-pressed") == "false":
            button.click()
        label = button.get_attribute("aria-label")
        page.wait_for_selector(f'section[data-region][aria-label="{label}"]')
        found[f"panel {label}"] = bad(page, axe_core)
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


def test_arrows_move_a_node_that_has_the_keyboard_and_walk_from_it(new_page: NewPage) -> None:
    """X2, S5: React Flow has arrow keys of its own, which moved nothing and kept ours away."""
    page = new_page(permissions=CLIPBOARD)
    put(
        page,
        {
            "noise": {"type": "image.noise"},
            "blur": {"type": "image.blur", "links": {"image": "noise.out"}},
        },
    )
    before = written(page)["canvas"]["nodes"]["noise"]
    press(page, "Escape")
    node(page, "noise").locator("header").first.click()
    press(page, "ArrowRight", "Shift+ArrowDown")
    after = written(page)["canvas"]["nodes"]["noise"]
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (8, 80)
    press(page, "Escape")
    node(page, "noise").locator("header").first.click()
    press(page, "Alt+ArrowRight")
    page.wait_for_function("() => document.activeElement?.dataset.id === 'blur'")
    press(page, "Alt+ArrowLeft")
    page.wait_for_function("() => document.activeElement?.dataset.id === 'noise'")


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


def scaled(page: Any, percent: int) -> None:
    """Set the size of the interface, as the dialog does."""
    page.locator("main").focus()
    press(page, "Control+,")
    slider = page.locator("dialog[open] input[type=range]")
    slider.fill(str(percent))
    press(page, "Escape")
    page.wait_for_selector("dialog[open]", state="detached")


def size_of(page: Any, where: str) -> dict[str, float]:
    """The box of what is there, wholly on the page, and how large its text is drawn."""
    found: dict[str, float] = page.locator(where).first.evaluate(
        """(element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          const words = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
          const range = document.createRange();
          while (words.nextNode() && !words.currentNode.data.trim());
          range.selectNodeContents(words.currentNode);
          return { x, y, width, height, text: range.getBoundingClientRect().height };
        }"""
    )
    room = page.viewport_size
    assert found["x"] >= 0, (where, found)
    assert found["y"] >= 0, (where, found)
    assert found["x"] + found["width"] <= room["width"], (where, found)
    assert found["y"] + found["height"] <= room["height"], (where, found)
    return found


@pytest.mark.parametrize("percent", [80, 200])
def test_search_palette_and_notices_have_the_size_that_is_set_and_stay_on_the_page(
    new_page: NewPage, percent: int
) -> None:
    """X6: also for a pointer that is in the corner."""
    page = new_page(permissions=CLIPBOARD)
    put(page, {"noise": {"type": "image.noise"}, "blur": {"type": "image.blur"}})

    def sizes() -> dict[str, dict[str, float]]:
        found = {}
        page.locator("main").focus()
        page.mouse.move(1380, 880)
        press(page, "Shift+A")
        page.wait_for_selector(SEARCH)
        page.keyboard.type("blur")
        found["search"] = size_of(page, '[role="dialog"]:has(#adding-results)')
        press(page, "Escape")
        page.locator("main").focus()
        press(page, "Control+k")
        page.wait_for_selector("dialog[open] #palette-results")
        found["palette"] = size_of(page, "dialog[open]")
        press(page, "Escape")
        page.wait_for_selector("dialog[open]", state="detached")
        # A picture goes into no number: that is said.
        source = node(page, "noise").locator(".react-flow__handle.source").first
        source.drag_to(node(page, "blur").locator('[data-handleid="radius"].target'))
        found["notice"] = size_of(page, '[role="status"] > [data-kind="warning"]')
        page.locator('[role="status"] > [data-kind] button').last.click()
        return found

    page.wait_for_timeout(100)
    before = sizes()
    scaled(page, percent)
    after = sizes()
    for what, box in after.items():
        grown = box["text"] / before[what]["text"]
        assert grown == pytest.approx(percent / 100, rel=0.06), what
    # It can be worked with: what is found is chosen and added at this size too.
    page.locator("main").focus()
    page.mouse.move(1380, 880)
    press(page, "Shift+A")
    page.keyboard.type("image.scale")
    page.locator("#adding-results [role=option]").first.click()
    page.wait_for_selector('.react-flow__node[data-id="scale"]')


# -- X7 ------------------------------------------------------------------------------------------


def test_nothing_is_eased_and_no_link_moves_if_the_user_wants_it_still(new_page: NewPage) -> None:
    """X7: the view is where it goes in the next frame, by every way there."""
    page = new_page(permissions=CLIPBOARD, reduced_motion="reduce")
    put(page, FIFTY)
    page.evaluate(
        """() => {
          const view = document.querySelector('.react-flow__viewport');
          window.seen = new Set();
          new MutationObserver(() => window.seen.add(view.style.transform))
            .observe(view, { attributeFilter: ['style'] });
        }"""
    )
    page.locator("main").focus()
    for keys in ("Home", "0", "=", "-", "Alt+ArrowRight", ".", "Shift+1"):
        page.evaluate("() => window.seen.clear()")
        press(page, keys)
        page.wait_for_timeout(350)
        assert len(page.evaluate("() => [...window.seen]")) <= 1, keys
    page.locator("main").focus()
    press(page, "0", "Control+Enter")
    page.wait_for_function("() => document.querySelector('[data-status]')")
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')]
          .flatMap((one) => [null, '::before', '::after'].map((at) => getComputedStyle(one, at)))
          .filter((style) => style.animationName !== 'none'
            || parseFloat(style.transitionDuration)).length + document.getAnimations().length"""
    )
    assert moving == 0


def test_with_motion_the_view_is_eased(new_page: NewPage) -> None:
    """So that the check before this one can fail."""
    page = new_page(permissions=CLIPBOARD)
    put(page, FIFTY)
    seen = page.evaluate(
        """async () => {
          const view = document.querySelector('.react-flow__viewport');
          const seen = new Set();
          new MutationObserver(() => seen.add(view.style.transform))
            .observe(view, { attributeFilter: ['style'] });
          document.querySelector('main').focus();
          window.dispatchEvent(new KeyboardEvent('keydown', { key: '=', bubbles: true }));
          await new Promise((done) => setTimeout(done, 400));
          return seen.size;
        }"""
    )
    assert seen > 1


def outline(page: Any, where: str, part: str | None = None) -> tuple[str, str]:
    found: list[str] = page.locator(where).first.evaluate(
        "(one, part) => { const style = getComputedStyle(one, part);"
        " return [style.outlineStyle, style.outlineColor]; }",
        part,
    )
    return found[0], found[1]


def test_forced_colours_keep_outlines(new_page: NewPage) -> None:
    """X7: what is chosen, what has the keyboard, ports, links, and what is on are seen."""
    page = new_page(permissions=CLIPBOARD, forced_colors="active")
    put(
        page,
        {
            "noise": {"type": "image.noise"},
            "blur": {"type": "image.blur", "links": {"image": "noise.out"}},
            "other": {"type": "image.blur"},
        },
    )
    named = page.evaluate(
        """() => Object.fromEntries(['Canvas', 'CanvasText', 'Highlight'].map((name) => {
          const probe = document.body.appendChild(document.createElement('i'));
          probe.style.color = name;
          const { color } = getComputedStyle(probe);
          probe.remove();
          return [name, color];
        }))"""
    )
    assert named["Highlight"] != named["Canvas"] != named["CanvasText"]
    page.locator("main").focus()
    press(page, "Escape")
    node(page, "noise").locator("header").first.click()
    assert outline(page, '[data-id="noise"] > *') == ("solid", named["Highlight"])
    assert outline(page, '[data-id="other"] > *')[0] == "none"
    press(page, "Alt+ArrowRight")  # also from a node that has the keyboard
    page.wait_for_function("() => document.activeElement?.dataset.id === 'blur'")
    press(page, "ArrowDown")  # with Alt alone Chromium takes it for no use of the keyboard
    assert outline(page, '[data-id="blur"] > *') == ("dashed", named["Highlight"])
    for id in ("noise", "blur"):
        port = node(page, id).locator(".react-flow__handle").first
        edge, card, fill = port.evaluate(
            """(one) => {
              const style = getComputedStyle(one, '::after');
              return [style.borderTopColor, style.borderTopStyle, style.backgroundColor];
            }"""
        )
        assert (edge, card) == (named["CanvasText"], "solid")
        assert fill != named["Canvas"]  # the colour of its type is not taken away
    stroke = "(one) => getComputedStyle(one).stroke"
    line = page.locator(".react-flow__edge-path").first
    assert line.evaluate(stroke) == named["CanvasText"]
    open_ = page.locator("nav [aria-pressed=true]").first
    assert outline(page, "nav [aria-pressed=true]") == ("solid", named["Highlight"])
    open_.focus()
    on = page.locator("article [role=switch]:checked").first
    assert on.evaluate("(one) => getComputedStyle(one).backgroundColor") == named["Highlight"]
    # A node with a problem has its sign, which is drawn with the colour of the text.
    sign = node(page, "other").locator("header svg").last
    assert sign.evaluate(stroke) not in (named["Canvas"], "none")
