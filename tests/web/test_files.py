"""Files: saved, opened, dropped and pasted: D and A6 of the table in CHECKS.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import SKY, change, drop, from_elsewhere, listed, nodes, opened, plain_png, tab, tabs
from harness import Served, press

from musegraph.locked import named
from musegraph.pack import load_registry
from musegraph.workflow import Workflow


@pytest.fixture(scope="module")
def picture(server: Served) -> bytes:
    """A picture that was made by a workflow, and carries it."""
    run = server.carry_out(SKY)
    asset = run["outputs"]["picture"]["files"][0]["asset"]
    made: bytes = server.ask("GET", f"/api/assets/{asset}")
    return made


def test_nothing_is_asked_at_the_start_and_templates_are_offered(page: Any) -> None:
    """An empty canvas says what can be done, and opens an example (ui.md 5.4)."""
    page.get_by_text("Double-click to add a node").wait_for()
    offered = page.locator("main").get_by_role("list", name="Templates").get_by_role("button")
    offered.nth(3).wait_for()
    assert offered.count() == 4
    assert page.locator("dialog[open]").count() == 0
    page.wait_for_function(
        "() => [...document.querySelectorAll('main li img')].every((one) => one.naturalWidth > 0)"
    )
    offered.first.click()
    page.locator(".react-flow__node").first.wait_for()
    assert tabs(page) == ["Text to image"]
    assert page.title() == "Text to image – Musegraph"


def test_a_template_and_its_results_are_called_as_in_the_language_of_the_page(
    new_page: Callable[..., Any],
) -> None:
    page = new_page(locale="zh-CN")
    page.get_by_role("button", name="文生图").click()
    page.locator('.react-flow__node[data-id="decode"] [data-result]').filter(
        has_text="图片"
    ).wait_for()
    assert page.title() == "文生图 – Musegraph"
    page.locator('.react-flow__node[data-id="encode"]').get_by_text("提示词", exact=True).wait_for()


def test_a_template_is_looked_at_whole_also_when_the_node_types_come_later(page: Any) -> None:
    held: list[Any] = []
    page.route(re.compile("/api/nodes"), lambda route: held.append(route))  # noqa: PLW0108  Playwright marks what it is given
    page.reload()
    page.get_by_role("button", name="Text to image").click()
    tab(page, "Text to image").wait_for()
    page.wait_for_timeout(100)
    assert held
    for request in held:
        request.continue_()
    page.locator(".react-flow__node textarea").first.wait_for()
    nodes(page, 6)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.react-flow__node')].every((node) => {
          const [at, all] = [node, document.querySelector('.react-flow')].map((element) =>
            element.getBoundingClientRect());
          return at.left >= all.left && at.right <= all.right && at.bottom <= all.bottom;
        })"""
    )


def test_d6_a_file_is_saved_under_a_name_once_and_never_asked_for_again(
    page: Any, server: Served
) -> None:
    opened(page)
    change(page)
    press(page, "Control+s")
    page.get_by_label("Name").fill("Clouds")
    press(page, "Enter")
    page.get_by_text("Saved as “Clouds”.").wait_for()
    (saved,) = [one for one in listed(server) if one["name"] == "Clouds"]
    assert page.evaluate("location.hash") == f"#w={saved['id']}"
    change(page)
    press(page, "Control+s")
    page.wait_for_function("() => !document.title.startsWith('•')")
    assert page.locator("dialog[open]").count() == 0
    (saved,) = [one for one in listed(server) if one["name"] == "Clouds"]
    assert saved["version"] == 2
    # A new name keeps the tab and what can be undone.
    tab(page, "Clouds").dblclick()
    page.get_by_label("Name").fill("Skies")
    press(page, "Enter")
    tab(page, "Skies").wait_for()
    assert page.get_by_role("button", name="Undo", exact=True).is_enabled()
    page.wait_for_function("() => document.title === 'Skies – Musegraph'")


def test_d2_opening_an_open_file_shows_its_tab(
    new_page: Callable[..., Any], file: str, request: pytest.FixtureRequest
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    press(page, "Alt+n")
    nodes(page, 0)
    press(page, "Control+o")
    name = request.node.name[:100]
    page.get_by_role("region", name="Library").get_by_role("button", name=name).first.click()
    nodes(page, 3)
    assert tabs(page) == [name, "Untitled"]


def test_a6_d3_a_picture_made_by_a_run_opens_its_graph_or_is_loaded_as_the_user_says(
    page: Any, picture: bytes
) -> None:
    opened(page)
    drop(page, [("sky.png", "image/png", picture)])
    page.get_by_text("“sky.png” carries a workflow").wait_for()
    nodes(page, 0)  # neither happens by itself
    page.get_by_role("button", name="Open its workflow").click()
    nodes(page, 2)
    assert tabs(page) == ["sky"]
    drop(page, [("sky.png", "image/png", picture)])
    page.get_by_role("button", name="Add a node that loads it").click()
    nodes(page, 3)
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 2)


def test_a6_d3_files_without_a_workflow_say_so_and_are_loaded_in_one_step(page: Any) -> None:
    opened(page)
    png = plain_png()
    drop(page, [("a.png", "image/png", png), ("b.png", "image/png", png)])
    nodes(page, 2)
    page.get_by_text("2 files carry no workflow").wait_for()
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 0)


def test_a6_a_file_dropped_on_a_node_becomes_its_value(page: Any) -> None:
    opened(page)
    drop(page, [("a.png", "image/png", plain_png())])
    nodes(page, 1)
    drop(page, [("b.png", "image/png", plain_png())], ".react-flow__node")
    page.locator(".react-flow__node").get_by_text("b.png").wait_for()
    nodes(page, 1)


def test_d3_the_text_of_a_workflow_is_pasted_into_a_tab_of_its_own(
    new_page: Callable[..., Any],
) -> None:
    page = opened(new_page(permissions=["clipboard-read", "clipboard-write"]))
    text = Workflow.parse({**SKY, "name": "Pasted"}).text()
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    change(page)
    press(page, "Control+v")
    nodes(page, 2)
    assert tabs(page) == ["Untitled", "Pasted"]


STRANGE: dict[str, Any] = {
    "musegraph": 1,
    "name": "Strange",
    "packs": {"elsewhere": "3.1.0"},
    "nodes": {
        "odd": {"type": "elsewhere.odd", "values": {"big": 9007199254740991, "small": 1e-7}},
        "soft": {"type": "image.blur", "links": {"image": "odd.out"}},
    },
    "outputs": {"picture": "soft.out"},
    "canvas": {
        "nodes": {"odd": {"x": 0, "y": 0, "later": [1, 2]}, "soft": {"x": 320, "y": 0}},
        "of_a_later_version": {"ä": None},
    },
}


def test_d4_d5_what_is_unknown_is_shown_told_of_and_saved_byte_for_byte(
    page: Any, server: Served
) -> None:
    opened(page)
    workflow = Workflow.parse(STRANGE)
    drop(page, [("Strange.json", "application/json", workflow.text().encode())])
    text = named(workflow, load_registry()).text()
    nodes(page, 2)
    page.get_by_text("One node is not installed here (elsewhere).").wait_for()
    page.get_by_role("button", name="Details …").click()
    page.locator("dialog").get_by_text("elsewhere.odd").wait_for()
    page.locator("dialog").get_by_text("3.1.0", exact=True).wait_for()
    command = "musegraph pack install elsewhere==3.1.0 --index INDEX"
    page.locator("dialog").get_by_text(command).wait_for()
    press(page, "Escape")
    change(page)
    press(page, "Control+z")
    nodes(page, 2)
    with page.expect_download() as found:
        page.get_by_role("button", name="Menu", exact=True).click()
        page.get_by_role("menuitem", name="File").click()
        page.get_by_role("menuitem", name="Download as a file").click()
    assert found.value.suggested_filename == "Strange.json"
    assert Path(found.value.path()).read_text() == text
    press(page, "Control+s")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as “Strange”.").wait_for()
    (saved,) = [one for one in listed(server) if one["name"] == "Strange"]
    kept = server.ask("GET", f"/api/workflows/{saved['id']}")["workflow"]
    assert Workflow.parse(kept).text() == text


def test_what_another_version_of_a_pack_saved_and_nobody_brings_forward_is_told_of(
    page: Any,
) -> None:
    opened(page)
    document = {
        "musegraph": 1,
        "name": "Older",
        "packs": {"image": "0.1.0"},
        "nodes": {"soft": {"type": "image.blur", "values": {"haze": 3}}},
    }
    text = Workflow.parse(document).text()
    drop(page, [("Older.json", "application/json", text.encode())])
    nodes(page, 1)
    told = page.get_by_text("It was made with another version of image, and does not fit")
    told.wait_for()
    page.get_by_role("button", name="Details …").click()
    page.locator("dialog").get_by_text("image.blur has no input 'haze' in image").wait_for()
    press(page, "Escape")
    page.get_by_role("button", name="Take it as it is").click()
    told.wait_for(state="detached")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"musegraph": 2, "nodes": {}}', "is in format 2, and this Musegraph reads format 1"),
        ('{"a": 1}', "This is no Musegraph workflow"),
        ('{"musegraph": 1, "nodes": {"a": 3}}', "This workflow is damaged"),
        ('{"musegraph": 1', "This is no JSON: line 1"),
    ],
)
def test_d5_what_cannot_be_opened_is_said_in_a_sentence(page: Any, text: str, said: str) -> None:
    opened(page)
    drop(page, [("some.json", "application/json", text.encode())])
    page.get_by_text(said).wait_for()
    assert tabs(page) == ["Untitled"]


def test_tabs_are_put_in_another_order_with_pointer_and_keys(page: Any) -> None:
    opened(page)
    change(page)
    press(page, "Alt+n")
    nodes(page, 0)
    boxes = [one.bounding_box() for one in page.locator("nav li").all()[:2]]
    page.mouse.move(boxes[0]["x"] + 20, boxes[0]["y"] + 12)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + boxes[1]["width"] - 8, boxes[1]["y"] + 12, steps=8)
    page.mouse.up()
    marked = "[...document.querySelectorAll('nav li')].findIndex((one) => 'unsaved' in one.dataset)"
    assert page.evaluate(marked) == 1
    tab(page, "Untitled").first.click()
    page.locator("main").focus()
    press(page, "Alt+Shift+PageDown")
    page.wait_for_function(f"() => {marked} === 0")


def test_what_is_deleted_goes_to_the_bin_and_comes_back(
    new_page: Callable[..., Any], server: Served, file: str, request: pytest.FixtureRequest
) -> None:
    name = request.node.name[:100]
    page = opened(new_page())
    press(page, "Control+o")
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_text("is in the bin now").wait_for()
    assert file not in [one["id"] for one in listed(server)]
    page.get_by_role("button", name="Undo", exact=True).last.click()
    page.get_by_role("button", name=f"What to do with {name}").wait_for()
    assert file in [one["id"] for one in listed(server)]
    # An old version becomes the latest, as a version of its own.
    from_elsewhere(server, file)
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name="Versions").click()
    page.get_by_role("button", name="Restore version 1").click()
    nodes(page, 2)
    page.get_by_text("Version 3").wait_for()
    assert server.ask("GET", f"/api/workflows/{file}")["version"] == 3
