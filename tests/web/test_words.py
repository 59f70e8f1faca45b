"""What the canvas says in another language, and what is typed into it by composing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from documents import SKY, card, opened
from harness import ROOT, Served, press

expect = pytest.importorskip("playwright.sync_api").expect
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
    keys.send("Input.insertText", {"text": text})  # it is done


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

    card(page, "sky").click(position={"x": 40, "y": 10})
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
    rows = page.get_by_role("list", name="问题").get_by_role("button")
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


LONG = {
    "musegraph": 1,
    "name": "long",
    "nodes": {"wait": {"type": "troublesome.slow", "values": {"a": 1, "seconds": 30}}},
    "outputs": {"number": "wait.out"},
}


def test_why_a_run_failed_is_said_in_the_language_of_the_page_wherever_it_is_said(
    new_page: NewPage, server: Served
) -> None:
    """L5: at the node, in the run form, in the queue; also of a run that only the server knows."""
    server.ask("PATCH", "/api/limits", {"limits": {"troublesome.slow": {"seconds": 0.4}}})
    said = server.carry_out(LONG)["error"]
    assert said.startswith("wait: it took longer than the 0.4 s"), said
    made = server.ask("POST", "/api/workflows", {"workflow": LONG, "name": "long"})["id"]
    page = opened(new_page(path=f"/#w={made}", locale="zh-CN"))
    chinese = "它用时超过了 troublesome.slow 在此允许的 0.4 秒"
    rail = page.get_by_role("navigation", name="面板")
    rail.get_by_role("button", name="队列", exact=True).click()
    rows = page.locator("[data-run][data-state=failed]")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(f"wait：{chinese}")
    page.locator("main").focus()
    press(page, "Control+Enter")
    expect(rows).to_have_count(2)
    expect(card(page, "wait")).to_contain_text(chinese)
    rail.get_by_role("button", name="运行表单", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=chinese)).to_have_text(re.compile("^wait："))
    assert said not in page.locator("body").inner_text()


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
    add(page, "core.join", "join")
    press(page, "l")
    page.wait_for_selector("#link-choices [role=option]")
    page.keyboard.type("texts")
    press(page, "Enter")
    page.wait_for_selector("#link-choices", state="detached")
    press(page, "Control+Enter")
    page.wait_for_function(
        "() => /Done/.test(document.querySelector('[data-id=join]').getAttribute('aria-label'))"
    )
    page.locator("main").focus()
    press(page, "Control+f")
    page.get_by_role("textbox", name="Find by name").or_(
        page.get_by_role("searchbox", name="Find by name")
    ).wait_for()
    page.keyboard.type("join")
    press(page, "Enter", "Escape")
    page.locator("main").focus()
    press(page, "v")
    page.locator("dialog[open]").wait_for()
    assert "the sea" in page.locator("dialog[open]").inner_text()


def test_the_outline_tells_states_and_problems_and_leads_to_the_nodes(
    new_page: NewPage, server: Served
) -> None:
    """X3: in the order in which it runs; a screen reader hears all of it; by keyboard."""
    made = server.ask("POST", "/api/workflows", {"workflow": WRONG, "name": "outlined"})["id"]
    page = opened(new_page(path=f"/#w={made}"))
    page.get_by_role("button", name="Outline", exact=True).focus()
    press(page, "Enter")
    outline = page.get_by_role("list", name="3 nodes, in the order in which they run")
    wrong = outline.get_by_role("list", name="What is wrong with it")
    wrong.nth(2).wait_for()
    assert "image: sky has no output 'nothing'; its outputs are: out" in outline.inner_text()
    names = outline.locator(":scope > li > button:first-child").all_inner_texts()
    assert [name.split("\n")[1] for name in names] == ["sky", "gone", "soft"]
    assert outline.get_by_role("list", name="Linked to").inner_text() == "image from sky.nothing"
    soft = outline.get_by_role("button", name="soft")
    soft.focus()
    press(page, "Enter")
    assert soft.get_attribute("aria-pressed") == "true"
    page.wait_for_function(
        "() => document.querySelector('[data-id=soft].selected, [data-id=soft] [data-selected]')"
    )
    outline.get_by_role("button", name="image from sky.nothing").focus()
    press(page, "Enter")
    assert (
        outline.get_by_role("button", name="sky", exact=False).first.get_attribute("aria-pressed")
        == "true"
    )


def test_the_outline_says_how_each_node_stands_in_the_run(
    new_page: NewPage, server: Served, file: str
) -> None:
    """X3."""
    page = opened(new_page(path=f"/#w={file}"))
    page.get_by_role("button", name="Outline", exact=True).click()
    outline = page.get_by_role("list", name="2 nodes, in the order in which they run")
    outline.wait_for()
    assert outline.get_by_role("button", name="Done").count() == 0
    page.locator("main").focus()
    press(page, "Control+Enter")
    outline.get_by_role("button", name="sky Done").wait_for()
    outline.get_by_role("button", name="soft Done").wait_for()


# -- L4 ------------------------------------------------------------------------------------------

CLIPPED = """
() => {
  const found = new Set();
  const shown = 'button, label, legend, summary, h1, h2, h3, h4, h5, th, dt, kbd, [role=tab],'
    + ' [role=menuitem], [role=menuitemcheckbox], [role=option], [role=option] *, button *,'
    + ' label *, header *, article header *, footer';
  const titled = (element) => element.closest('[title], [data-id]')?.matches('[title]');
  for (const element of document.querySelectorAll(shown)) {
    const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    const box = element.getBoundingClientRect();
    if (!own || element.closest('.visually-hidden') || !box.width || !element.clientWidth) continue;
    const style = getComputedStyle(element);
    if (style.visibility === 'hidden' || element.scrollWidth <= element.clientWidth + 1) continue;
    if (style.textOverflow === 'ellipsis' && titled(element)) continue;
    const where = element.closest('[aria-label]')?.getAttribute('aria-label') ?? '';
    found.add(`${element.tagName.toLowerCase()}.${element.className} in ${where}: `
      + `${element.textContent.slice(0, 50)} (${element.scrollWidth} > ${element.clientWidth})`);
  }
  return [...found];
}
"""
CUT = """
() => {
  const made = document.createElement('button');
  made.textContent = 'What does not fit';
  Object.assign(made.style, { width: '20px', whiteSpace: 'nowrap', overflow: 'hidden' });
  document.querySelector('main').append(made);
}
"""
MANY = {
    "text": {"type": "core.text"},
    "join": {"type": "core.join"},
    "noise": {"type": "image.noise"},
    "blur": {"type": "image.blur", "links": {"image": "noise.out"}},
    "scale": {"type": "image.scale", "links": {"image": "blur.out"}},
    "model": {"type": "diffusion.load"},
    "encode": {"type": "diffusion.encode_text"},
    "sample": {"type": "diffusion.sample"},
    "decode": {"type": "diffusion.decode"},
    "gone": {"type": "elsewhere.node"},
}


SCREENS = {
    "search": ("Shift+A", SEARCH),
    "palette": ("Control+k", "dialog[open]"),
    "settings": ("Control+,", "dialog[open]"),
    "keys": ("?", "dialog[open]"),
    "save as": ("Control+Shift+s", "dialog[open]"),
}


def shot(page: Any, name: str) -> None:
    """A picture to be looked at: ``build/words``."""
    folder = ROOT / "build" / "words"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


@pytest.mark.parametrize("language", ["pseudo", "zh-CN"])
def test_no_header_button_or_label_is_clipped(
    new_page: NewPage, server: Served, language: str
) -> None:
    """L4: in English made longer by two fifths, and in Chinese, wherever the canvas says much."""
    work = {
        **SKY,
        "nodes": MANY,
        "canvas": {},
        "outputs": {"picture": "scale.out"},
        "inputs": {"words": {"to": "text.text"}, "sigma": {"to": "blur.radius"}},
    }
    made = server.ask("POST", "/api/workflows", {"workflow": work, "name": language})["id"]
    locale = "en-US" if language == "pseudo" else language
    page = opened(new_page(locale=locale))
    if language == "pseudo":
        page.evaluate("() => localStorage.setItem('musegraph.pseudo', '1')")
        opened(page).reload()
    opened(page)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_timeout(150)
        found[name] = page.evaluate(CLIPPED)
        shot(page, f"{language} {name}")

    look("empty")
    page.evaluate(CUT)
    assert page.evaluate(CLIPPED), "a button that is too narrow is found"
    page.goto(server.url + f"/#w={made}")
    page.reload()
    card(page, "noise").wait_for()
    page.locator("main").focus()
    press(page, "Shift+1")
    look("nodes")
    for name, (keys, shown) in SCREENS.items():
        page.locator("main").focus()
        press(page, keys)
        page.locator(shown).wait_for()
        look(name)
        press(page, "Escape")
        page.locator(shown).wait_for(state="detached")
    card(page, "noise").focus()
    press(page, "Enter", "Escape")
    rail = page.locator("nav [aria-pressed]")
    for place in range(rail.count()):
        if rail.nth(place).get_attribute("aria-pressed") == "false":
            rail.nth(place).click()
        label = rail.nth(place).get_attribute("aria-label")
        page.locator(f'section[data-region][aria-label="{label}"] > *').nth(1).wait_for()
        look(f"panel {place}")
    page.locator("header[data-region] button").first.click()
    page.get_by_role("menu").wait_for()
    look("menu")
    press(page, "Escape")
    card(page, "noise").click(button="right", position={"x": 40, "y": 10})
    page.get_by_role("menu").wait_for()
    look("node menu")
    press(page, "Escape")
    faults = [f"{name}: {fault}" for name, all_ in found.items() for fault in all_]
    assert not faults, "\n".join(dict.fromkeys(faults))


# -- labels of a workflow's own ------------------------------------------------------------------


def test_an_example_is_labelled_in_the_language_of_the_page_and_saved_as_it_came(
    new_page: NewPage, server: Served
) -> None:
    """L2: in the run form and on the nodes; the document carries the words of each language."""
    given = server.ask("POST", "/api/templates/text_to_image/open")["workflow"]
    assert given["texts"]["zh"]["inputs"]["guidance"]["label"] == "引导强度"
    made = server.ask("POST", "/api/workflows", {"workflow": given, "name": "labels"})["id"]
    assert server.ask("GET", f"/api/workflows/{made}")["workflow"]["texts"] == given["texts"]
    page = opened(new_page(path=f"/#w={made}", locale="zh-CN"))
    page.get_by_role("button", name="运行表单", exact=True).click()
    entry = page.locator("[data-input=guidance]")
    entry.get_by_text("引导强度").wait_for()
    assert "多大程度上遵循提示词" in entry.inner_text()
    page.locator("h4").get_by_text("图片", exact=True).wait_for()
    page.get_by_role("button", name="检查器", exact=True).click()
    shown = page.get_by_role("textbox", name="标签", exact=True)
    expect(shown.nth(0)).to_have_value("提示词")
    page.locator("main").focus()
    press(page, "Shift+1")
    card(page, "sample").get_by_text("引导强度").wait_for()
    page.get_by_role("button", name="运行表单", exact=True).click()
    page.locator("main").focus()
    press(page, "Control+,")
    page.locator("dialog[open]").get_by_role("combobox").nth(1).select_option("en")
    press(page, "Escape")
    entry.get_by_text("Guidance", exact=True).wait_for()
    assert "How closely to follow the prompt." in entry.inner_text()
