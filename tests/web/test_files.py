"""Documents, where they live, and that nothing is lost: D, T and A6 of the table in CHECKS.md."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from harness import Served, press

from musegraph.workflow import Workflow

SKY: dict[str, Any] = {
    "musegraph": 1,
    "nodes": {
        "sky": {"type": "image.gradient", "values": {"width": 64, "height": 48}},
        "soft": {"type": "image.blur", "links": {"image": "sky.out"}},
    },
    "outputs": {"picture": "soft.out"},
    "canvas": {"nodes": {"sky": {"x": 0, "y": 0}, "soft": {"x": 320, "y": 0}}},
}


@pytest.fixture
def file(server: Served, request: pytest.FixtureRequest) -> str:
    """A workflow of two nodes in the library, under the name of the test."""
    name = request.node.name[:100]
    made: str = server.ask("POST", "/api/workflows", {"workflow": SKY, "name": name})["id"]
    return made


@pytest.fixture(scope="module")
def picture(server: Served) -> bytes:
    """A picture that was made by a workflow, and carries it."""
    run = server.carry_out(SKY)
    asset = run["outputs"]["picture"]["files"][0]["asset"]
    made: bytes = server.ask("GET", f"/api/assets/{asset}")
    return made


def nodes(page: Any, count: int) -> None:
    """Wait until so many nodes and notes stand on the canvas."""
    page.wait_for_function(
        "(count) => document.querySelectorAll('.react-flow__node').length === count", arg=count
    )


def opened(page: Any) -> Any:
    page.locator(".react-flow__pane").wait_for()
    return page


def change(page: Any) -> None:
    """Add a note."""
    before = page.locator(".react-flow__node").count()
    page.locator("main").focus()
    press(page, "Shift+N")
    nodes(page, before + 1)


DRAFTS = """
() => new Promise((resolve, reject) => {
  const asked = indexedDB.open('musegraph');
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    const all = asked.result.transaction('drafts').objectStore('drafts').getAll();
    all.onsuccess = () => { asked.result.close(); resolve(all.result); };
  };
})
"""


def in_draft(page: Any, test: str, seconds: float = 10) -> float:
    """Wait until a draft passes a test in JavaScript; gives the seconds that took."""
    start = monotonic()
    while not page.evaluate(f"async () => (await ({DRAFTS})()).some((draft) => {test})"):
        assert monotonic() < start + seconds, page.evaluate(f"({DRAFTS})()")
        page.wait_for_timeout(20)
    return monotonic() - start


NOTED = "Object.keys(draft.document.canvas.notes ?? {}).length === 1"


def tab(page: Any, name: str) -> Any:
    return page.get_by_role("navigation", name="Open workflows").get_by_role(
        "button", name=name, exact=True
    )


def tabs(page: Any) -> list[str]:
    found: list[str] = page.locator("nav[aria-label='Open workflows'] li").all_inner_texts()
    return [one.split("\n")[0] for one in found]


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


def test_D6_a_file_is_saved_under_a_name_once_and_never_asked_for_again(
    page: Any, server: Served
) -> None:
    opened(page)
    change(page)
    press(page, "Control+s")
    page.get_by_label("Name").fill("Clouds")
    press(page, "Enter")
    page.get_by_text("Saved as “Clouds”.").wait_for()
    (saved,) = [one for one in _listed(server) if one["name"] == "Clouds"]
    assert page.evaluate("location.hash") == f"#w={saved['id']}"
    change(page)
    press(page, "Control+s")
    page.wait_for_function("() => !document.title.startsWith('•')")
    assert page.locator("dialog[open]").count() == 0
    (saved,) = [one for one in _listed(server) if one["name"] == "Clouds"]
    assert saved["version"] == 2
    # A new name keeps the tab and what can be undone.
    tab(page, "Clouds").dblclick()
    page.get_by_label("Name").fill("Skies")
    press(page, "Enter")
    tab(page, "Skies").wait_for()
    assert page.get_by_role("button", name="Undo", exact=True).is_enabled()
    page.wait_for_function("() => document.title === 'Skies – Musegraph'")


def _listed(server: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ask("GET", "/api/workflows")["workflows"]
    return found


def test_D2_opening_an_open_file_shows_its_tab(
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


def test_T1_T7_a_reload_brings_back_tabs_changes_history_and_viewport(
    new_page: Callable[..., Any], file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    press(page, "Control+1", "Escape")
    page.get_by_role("button", name="Zoom in").click()
    in_draft(page, "(draft.viewports['']?.zoom ?? 1) > 1.1")  # it has come to rest
    press(page, "Alt+n")
    nodes(page, 0)
    change(page)
    press(page, "Control+1")
    nodes(page, 3)
    transform = "document.querySelector('.react-flow__viewport').style.transform"
    view = page.evaluate(transform)
    page.reload()
    nodes(page, 3)
    assert page.evaluate(transform) == view
    assert len(tabs(page)) == 2
    assert page.title().startswith("• ")
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 2)
    assert not page.title().startswith("• ")
    press(page, "Control+2")
    nodes(page, 1)


def test_T1_killing_the_browser_loses_nothing_older_than_two_seconds(
    chromium: Any, server: Served, file: str, tmp_path: Path
) -> None:
    def launch() -> Any:
        return chromium.browser_type.launch_persistent_context(
            str(tmp_path), executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )

    context = launch()
    context.add_cookies([{"name": "musegraph", "value": server.token, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/#w={file}")
    nodes(page, 2)
    change(page)
    assert in_draft(page, NOTED) < 2
    for pid in _processes(str(tmp_path)):
        os.kill(pid, signal.SIGKILL)
    context.close()
    (tmp_path / "SingletonLock").unlink(missing_ok=True)
    context = launch()
    context.add_cookies([{"name": "musegraph", "value": server.token, "url": server.url}])
    page = context.new_page()
    page.goto(server.url)
    nodes(page, 3)
    page.get_by_text("was brought back").wait_for()
    assert server.ask("GET", f"/api/workflows/{file}")["version"] == 1
    context.close()


def _processes(word: str) -> Iterator[int]:
    """The main process of the browser whose command line holds a word."""
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if entry.name.isdigit() and word in line and "--type=" not in line:
            yield int(entry.name)


def test_T2_closing_without_saving_leaves_the_file_and_offers_the_draft(
    new_page: Callable[..., Any], server: Served, file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    page.locator("nav li button[aria-label^='Close']").click()
    page.get_by_role("button", name="Close without saving").click()
    nodes(page, 0)
    assert server.ask("GET", f"/api/workflows/{file}")["version"] == 1
    page.evaluate(f"location.hash = 'w={file}'")
    nodes(page, 2)
    said = page.get_by_text("that were not saved. The file is from").inner_text()
    assert said.count(":") == 2, said  # both times
    page.get_by_role("button", name="Restore the draft").click()
    nodes(page, 3)
    press(page, "Control+s")
    page.wait_for_function("() => !document.title.startsWith('•')")
    assert "notes" in server.ask("GET", f"/api/workflows/{file}")["workflow"]["canvas"]


def test_T2_the_file_can_be_opened_in_the_place_of_its_draft(
    new_page: Callable[..., Any], server: Served, file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    page.locator("nav li button[aria-label^='Close']").click()
    page.get_by_role("button", name="Close without saving").click()
    nodes(page, 0)
    page.evaluate(f"location.hash = 'w={file}'")
    page.get_by_role("button", name="Open the file").click()
    nodes(page, 2)
    page.get_by_text("The draft was thrown away.").wait_for()
    in_draft(page, "draft.closed === null")


def test_T3_a_second_tab_reads_until_it_takes_over_what_the_first_has(
    new_page: Callable[..., Any], file: str
) -> None:
    first = opened(new_page(path=f"/#w={file}"))
    nodes(first, 2)
    change(first)
    second = first.context.new_page()
    second.goto(first.url)
    nodes(second, 2)
    notice = "open in another tab of the browser"
    second.get_by_text(notice).wait_for()
    second.locator("main").focus()
    press(second, "Shift+N", "Delete")
    nodes(second, 2)
    second.get_by_role("button", name="Take over").click()
    nodes(second, 3)
    first.get_by_text(notice).wait_for()
    first.locator("main").focus()
    press(first, "Control+z")
    nodes(first, 3)
    change(second)
    # The one that lets go gives the other the pen back.
    second.close()
    first.get_by_text(notice).wait_for(state="detached")
    change(first)


def test_T3_a_second_tab_can_edit_a_copy(new_page: Callable[..., Any], file: str) -> None:
    first = opened(new_page(path=f"/#w={file}"))
    nodes(first, 2)
    second = first.context.new_page()
    second.goto(first.url)
    second.get_by_role("button", name="Edit a copy").click()
    nodes(second, 2)
    change(second)
    assert len(tabs(second)) == 1
    assert tabs(second) != tabs(first)
    assert second.evaluate("location.hash") == ""


def _from_elsewhere(server: Served, file: str) -> None:
    other = {**SKY, "nodes": {"sky": SKY["nodes"]["sky"]}, "outputs": {"picture": "sky.out"}}
    server.ask("PUT", f"/api/workflows/{file}", {"workflow": other, "after": 1})


def test_T4_a_file_that_was_changed_elsewhere_is_compared_and_loaded(
    new_page: Callable[..., Any], server: Served, file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    _from_elsewhere(server, file)
    page.get_by_text("saved from elsewhere").wait_for()
    nodes(page, 2)  # nothing changed by itself
    page.get_by_role("button", name="Compare …").click()
    page.get_by_text("soft is not there, and is in yours").wait_for()
    page.locator("dialog").get_by_role("button", name="Load that").click()
    nodes(page, 1)
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 2)


def test_T4_mine_is_kept_and_saved_after_what_came_from_elsewhere(
    new_page: Callable[..., Any], server: Served, file: str, complaints: list[str]
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    _from_elsewhere(server, file)
    page.get_by_text("saved from elsewhere").wait_for()
    press(page, "Control+s")  # refused, and the notice stays
    page.wait_for_function("() => performance.getEntriesByType('resource').length > 0")
    page.get_by_role("button", name="Keep mine").click()
    page.get_by_text("saved from elsewhere").wait_for(state="detached")
    press(page, "Control+s")
    page.wait_for_function("() => !document.title.startsWith('•')")
    found = server.ask("GET", f"/api/workflows/{file}")
    assert found["version"] == 3
    assert set(found["workflow"]["nodes"]) == {"sky", "soft"}
    complaints[:] = [one for one in complaints if "409" not in one]


def drop(page: Any, files: list[tuple[str, str, bytes]], at: str = ".react-flow__pane") -> None:
    """Drop files in the middle of something."""
    made = page.evaluate_handle(
        """(files) => {
          const carried = new DataTransfer();
          for (const [name, type, data] of files) {
            const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
            carried.items.add(new File([bytes], name, { type }));
          }
          return carried;
        }""",
        [[name, media, base64.b64encode(data).decode()] for name, media, data in files],
    )
    box = page.locator(at).first.bounding_box()
    where = {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + box["height"] / 2}
    for kind in ("dragover", "drop"):
        page.dispatch_event(at, kind, {"dataTransfer": made, "bubbles": True, **where})


def plain_png() -> bytes:
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (32, 24), "orange").save(made, "PNG")
    return made.getvalue()


def test_A6_D3_a_picture_made_by_a_run_opens_its_graph_or_is_loaded_as_the_user_says(
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


def test_A6_D3_files_without_a_workflow_say_so_and_are_loaded_in_one_step(page: Any) -> None:
    opened(page)
    png = plain_png()
    drop(page, [("a.png", "image/png", png), ("b.png", "image/png", png)])
    nodes(page, 2)
    page.get_by_text("2 files carry no workflow").wait_for()
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 0)


def test_A6_a_file_dropped_on_a_node_becomes_its_value(page: Any) -> None:
    opened(page)
    drop(page, [("a.png", "image/png", plain_png())])
    nodes(page, 1)
    drop(page, [("b.png", "image/png", plain_png())], ".react-flow__node")
    page.locator(".react-flow__node").get_by_text("b.png").wait_for()
    nodes(page, 1)


def test_D3_the_text_of_a_workflow_is_pasted_into_a_tab_of_its_own(
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


def test_D4_D5_what_is_unknown_is_shown_told_of_and_saved_byte_for_byte(
    page: Any, server: Served
) -> None:
    opened(page)
    text = Workflow.parse(STRANGE).text()
    drop(page, [("Strange.json", "application/json", text.encode())])
    nodes(page, 2)
    page.get_by_text("One node is not installed here (elsewhere).").wait_for()
    page.get_by_role("button", name="Details …").click()
    page.locator("dialog").get_by_text("elsewhere.odd").wait_for()
    page.locator("dialog").get_by_text("3.1.0").wait_for()
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
    (saved,) = [one for one in _listed(server) if one["name"] == "Strange"]
    kept = server.ask("GET", f"/api/workflows/{saved['id']}")["workflow"]
    assert Workflow.parse(kept).text() == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"musegraph": 2, "nodes": {}}', "is in format 2, and this Musegraph reads format 1"),
        ('{"a": 1}', "This is no Musegraph workflow"),
        ('{"musegraph": 1, "nodes": {"a": 3}}', "This workflow is damaged"),
        ('{"musegraph": 1', "This is no JSON: line 1"),
    ],
)
def test_D5_what_cannot_be_opened_is_said_in_a_sentence(page: Any, text: str, said: str) -> None:
    opened(page)
    drop(page, [("some.json", "application/json", text.encode())])
    page.get_by_text(said).wait_for()
    assert tabs(page) == ["Untitled"]


def test_T5_tabs_keep_history_selection_and_viewport_and_leave_no_memory(
    new_page: Callable[..., Any], file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    press(page, "Control+a")
    selected = "document.querySelectorAll('.react-flow__node.selected').length"
    page.wait_for_function(f"() => {selected} === 3")
    press(page, "Alt+n")
    nodes(page, 0)
    tools = page.context.new_cdp_session(page)

    def switch() -> None:
        press(page, "Control+1")
        nodes(page, 3)
        press(page, "Control+2")
        nodes(page, 0)

    def used() -> float:
        for _ in range(2):
            tools.send("HeapProfiler.collectGarbage")
        found: float = tools.send("Runtime.getHeapUsage")["usedSize"]
        return found

    for _ in range(10):  # what is made at first use stays
        switch()
    before = used()
    for _ in range(20):
        switch()
    assert used() < before * 1.05
    press(page, "Control+1")
    nodes(page, 3)
    assert page.evaluate(selected) == 3
    press(page, "Control+z")
    nodes(page, 2)


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


def test_T6_a_draft_that_cannot_be_read_is_kept_aside_and_told_of(
    new_page: Callable[..., Any], file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    in_draft(page, NOTED)
    spoiled = """
    () => new Promise((resolve) => {
      addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true);
      const asked = indexedDB.open('musegraph');
      asked.onsuccess = () => {
        const change = asked.result.transaction('drafts', 'readwrite');
        const drafts = change.objectStore('drafts');
        drafts.getAll().onsuccess = (event) => {
          for (const draft of event.target.result)
            drafts.put({ ...draft, document: { musegraph: 1, nodes: 'no' } });
        };
        change.oncomplete = () => { asked.result.close(); resolve(); };
      };
    })
    """
    page.evaluate(spoiled)
    page.goto(page.url.split("#")[0] + "?again")
    page.get_by_text("cannot be read. It is kept as it is.").wait_for()
    aside = """
    () => new Promise((resolve) => {
      const asked = indexedDB.open('musegraph');
      asked.onsuccess = () => {
        const all = asked.result.transaction('aside').objectStore('aside').getAll();
        all.onsuccess = () => { asked.result.close(); resolve(all.result); };
      };
    })
    """
    (kept,) = page.evaluate(f"({aside})()")
    assert kept["draft"]["document"]["nodes"] == "no"


def test_what_is_deleted_goes_to_the_bin_and_comes_back(
    new_page: Callable[..., Any], server: Served, file: str, request: pytest.FixtureRequest
) -> None:
    name = request.node.name[:100]
    page = opened(new_page())
    press(page, "Control+o")
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_text("is in the bin now").wait_for()
    assert file not in [one["id"] for one in _listed(server)]
    page.get_by_role("button", name="Undo", exact=True).last.click()
    page.get_by_role("button", name=f"What to do with {name}").wait_for()
    assert file in [one["id"] for one in _listed(server)]
    # An old version becomes the latest, as a version of its own.
    _from_elsewhere(server, file)
    page.get_by_role("button", name=f"What to do with {name}").click()
    page.get_by_role("menuitem", name="Versions").click()
    page.get_by_role("button", name="Restore version 1").click()
    nodes(page, 2)
    page.get_by_text("Version 3").wait_for()
    assert server.ask("GET", f"/api/workflows/{file}")["version"] == 3
