"""What the canvas says in another language, and what is typed into it by composing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from documents import SKY, card, opened
from harness import Served, press

NewPage = Callable[..., Any]
CLIPBOARD = ["clipboard-read", "clipboard-write"]
SEARCH = '[role="dialog"] input'

# -- L3 ------------------------------------------------------------------------------------------

ENTER = """
(element) => {
  for (const told of [{ isComposing: true }, { keyCode: 229 }, { ctrlKey: true, isComposing: true }])
    element.dispatchEvent(new KeyboardEvent('keydown', {
      key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, ...told,
    }));
}
"""  # noqa: E501  it is a page's own text


def compose(page: Any, text: str) -> None:
    """Type as an input method does, and press Enter before it is done: nothing may hear that."""
    field = page.evaluate_handle("() => document.activeElement")
    keys = page.context.new_cdp_session(page)
    at = {"selectionStart": len(text), "selectionEnd": len(text)}
    keys.send("Input.imeSetComposition", {"text": text, **at})
    field.evaluate(ENTER)
    press(page, "Enter", "Control+Enter")  # with a composition under way, as Chromium sees it
    keys.send("Input.imeSetComposition", {"text": text, **at})


def started(server: Served) -> int:
    return len(server.ask("GET", "/api/runs")["runs"])


def test_enter_in_a_composition_neither_adds_nor_does_nor_runs_anything(
    new_page: NewPage, server: Served
) -> None:
    """L3: in the search, the palette, a name, the text of a node and the field of a form."""
    work = {
        **SKY,
        "nodes": {**SKY["nodes"], "words": {"type": "core.text"}},
        "inputs": {"words": {"to": "words.text", "default": ""}},
    }
    made = server.ask("POST", "/api/workflows", {"workflow": work, "name": "composed"})["id"]
    page = opened(new_page(path=f"/#w={made}", permissions=CLIPBOARD))
    before = started(server)
    cards = page.locator(".react-flow__node")
    card(page, "sky").wait_for()
    count = cards.count()

    page.locator("main").focus()
    press(page, "Shift+A")
    page.wait_for_selector(SEARCH)
    compose(page, "image.noise")
    assert page.locator(SEARCH).is_visible()
    assert cards.count() == count
    press(page, "Escape")

    page.locator("main").focus()
    press(page, "Control+k")
    page.wait_for_selector("dialog[open]")
    compose(page, "note")
    assert page.locator("dialog[open]").is_visible()
    assert cards.count() == count
    press(page, "Escape")

    card(page, "sky").focus()
    press(page, "Enter", "Escape")
    card(page, "sky").focus()
    press(page, "F2")
    name = card(page, "sky").get_by_role("textbox", name="Title of the node")
    name.wait_for()
    compose(page, "tian")
    assert name.is_visible(), "it goes on being renamed"
    press(page, "Escape")

    card(page, "words").locator("textarea").focus()
    compose(page, "ni hao")
    assert (
        card(page, "words")
        .locator("textarea")
        .evaluate("(element) => element === document.activeElement")
    )

    page.get_by_role("button", name="Run form", exact=True).click()
    field = page.locator("[data-input=words] :is(input, textarea)")
    field.focus()
    compose(page, "ni hao")
    page.wait_for_timeout(300)  # whatever was submitted would be there by now
    assert started(server) == before
    assert count == cards.count()


# -- L5 ------------------------------------------------------------------------------------------

WRONG = {
    "musegraph": 1,
    "nodes": {
        "sky": {"type": "image.gradient", "values": {"width": -4}},
        "soft": {"type": "image.blur", "links": {"image": "sky.nothing"}},
        "gone": {"type": "elsewhere.node"},
    },
    "outputs": {"picture": "soft.out"},
}


def test_what_the_server_finds_wrong_is_said_in_the_language_of_the_page(
    new_page: NewPage, server: Served
) -> None:
    """L5: in Chinese from the name and the parts of each sentence; in English as it was said."""
    made = server.ask("POST", "/api/workflows", {"workflow": WRONG, "name": "wrong"})["id"]
    found = server.ask("POST", "/api/check", {"workflow": WRONG})["problems"]
    assert len(found) >= 3
    assert all(one["sentence"] for one in found), found
    page = opened(new_page(path=f"/#w={made}", locale="zh-CN"))
    rail = page.get_by_role("navigation", name="面板")
    rail.get_by_role("button", name="问题", exact=True).click()
    rows = page.get_by_role("list", name="这个工作流的问题").get_by_role("button")
    page.wait_for_function(
        "(count) => document.querySelectorAll('section[data-region] li > button').length >= count",
        arg=len(found),
    )
    said = " ".join(rows.all_inner_texts())
    assert "sky 没有输出 'nothing'；它的输出有：out" in said
    assert "没有安装" in said
    assert not [one["message"] for one in found if one["message"] in said]
    page.locator("main").focus()
    press(page, "Control+,")
    page.locator("dialog[open]").get_by_role("combobox").nth(1).select_option("en")
    press(page, "Escape")
    page.wait_for_function(
        "(text) => document.querySelector('section[data-region]').parentElement && "
        "document.body.innerText.includes(text)",
        arg=found[0]["message"],
    )
    shown = page.locator("body").inner_text()
    assert [one["message"] for one in found if one["message"] not in shown] == []


# -- X2, X3 --------------------------------------------------------------------------------------


def add(page: Any, words: str, name: str) -> None:
    """Add a node by typing what it is called; it has the keyboard then."""
    page.locator("main").focus()
    press(page, "Shift+A")
    page.wait_for_selector(SEARCH)
    page.keyboard.type(words)
    press(page, "Enter")
    page.wait_for_function(
        "(name) => document.activeElement?.getAttribute('data-id') === name", arg=name
    )


def test_from_the_empty_canvas_to_the_value_of_the_result_without_a_mouse(
    new_page: NewPage,
) -> None:
    """X2: a node is added, given a value and linked, and what comes of it is read."""
    page = opened(new_page())
    page.wait_for_function(
        "() => performance.getEntriesByType('resource')"
        ".some((one) => one.name.includes('/api/nodes') && one.responseEnd > 0)"
    )
    add(page, "core.text", "text")
    press(page, "Enter")
    page.wait_for_function("() => document.activeElement?.tagName === 'TEXTAREA'")
    page.keyboard.type("the sea")
    press(page, "Escape", "Escape")
    add(page, "core.replace", "replace")
    press(page, "l")
    page.wait_for_selector("#link-choices [role=option]")
    page.keyboard.type("text")
    press(page, "Enter")
    page.wait_for_selector("#link-choices", state="detached")
    press(page, "Control+Enter")
    page.wait_for_function(
        "() => /Done/.test(document.querySelector('[data-id=replace]').getAttribute('aria-label'))"
    )
    press(page, "v")
    page.locator("dialog[open], [role=dialog]").first.wait_for()
    assert "the sea" in page.locator("dialog[open]").inner_text()


def test_the_outline_tells_states_and_problems_and_leads_to_the_nodes(
    new_page: NewPage, server: Served
) -> None:
    """X3: in the order in which it runs; a screen reader hears all of it; by keyboard."""
    made = server.ask("POST", "/api/workflows", {"workflow": WRONG, "name": "outlined"})["id"]
    page = opened(new_page(path=f"/#w={made}"))
    page.get_by_role("button", name="Outline", exact=True).focus()
    press(page, "Enter")
    outline = page.get_by_role("list", name="3 nodes")
    outline.wait_for()
    sky = outline.get_by_role("button", name="sky")
    soft = outline.get_by_role("button", name="soft")
    gone = outline.get_by_role("button", name="gone")
    print(outline.aria_snapshot())
    assert sky and soft and gone
