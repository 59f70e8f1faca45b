"""Drafts, tabs of the page and of the browser: nothing is lost. T of the table in CHECKS.md."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM
from documents import NOTED, change, from_elsewhere, in_draft, nodes, opened, tabs
from harness import Served, press
from playwright.sync_api import Error


def test_t1_t7_a_reload_brings_back_tabs_changes_history_and_viewport(
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
    in_draft(page, "!draft.document.nodes?.sky && draft.document.canvas?.notes")
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


DEAF = """() => {
  for (const end of ['beforeunload', 'pagehide'])
    addEventListener(end, () => {
      for (const start = performance.now(); performance.now() < start + 300; );
    });
}"""


def test_t1_a_reload_right_after_a_change_loses_nothing(page: Any) -> None:
    """The page that goes is too busy to hear of its writing, which ends without it."""
    opened(page)
    for count in range(1, 6):
        page.evaluate(DEAF)
        change(page)
        page.reload()
        nodes(page, count)


def test_t1_a_reload_waits_for_the_page_before_that_is_slow_to_go(page: Any) -> None:
    """Another page stands for it: it has the name of the tab for a second more."""
    opened(page)
    change(page)
    in_draft(page, NOTED)
    other = page.context.new_page()
    other.goto(page.url)
    other.evaluate(
        """(tab) => void navigator.locks.request(`musegraph.tab.${tab}`, () =>
          new Promise((resolve) => setTimeout(resolve, 1000)))""",
        page.evaluate("sessionStorage.getItem('musegraph.tab')"),
    )
    page.reload()
    nodes(page, 1)


@pytest.mark.alone
def test_t1_killing_the_browser_loses_nothing_older_than_two_seconds(
    chromium: Any, server: Served, file: str, tmp_path: Path
) -> None:
    def launch() -> Any:
        return chromium.browser_type.launch_persistent_context(
            str(tmp_path), executable_path=CHROMIUM, args=["--no-sandbox"]
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
    with suppress(Error):  # it may have noticed already
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


def test_t2_closing_without_saving_leaves_the_file_and_offers_the_draft(
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


def test_t2_the_file_can_be_opened_in_the_place_of_its_draft(
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


def test_t3_a_second_tab_reads_until_it_takes_over_what_the_first_has(
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


def test_t3_a_second_tab_can_edit_a_copy(new_page: Callable[..., Any], file: str) -> None:
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


def test_t4_a_file_that_was_changed_elsewhere_is_compared_and_loaded(
    new_page: Callable[..., Any], server: Served, file: str
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    from_elsewhere(server, file)
    page.get_by_text("saved from elsewhere").wait_for()
    nodes(page, 2)  # nothing changed by itself
    page.get_by_role("button", name="Compare …").click()
    page.get_by_text("soft is not there, and is in yours").wait_for()
    page.locator("dialog").get_by_role("button", name="Load that").click()
    nodes(page, 1)
    page.locator("main").focus()
    press(page, "Control+z")
    nodes(page, 2)


def test_t4_mine_is_kept_and_saved_after_what_camefrom_elsewhere(
    new_page: Callable[..., Any], server: Served, file: str, complaints: list[str]
) -> None:
    page = opened(new_page(path=f"/#w={file}"))
    nodes(page, 2)
    change(page)
    from_elsewhere(server, file)
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


def test_t5_tabs_keep_history_selection_and_viewport_and_leave_no_memory(
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


def test_t6_a_draft_that_cannot_be_read_is_kept_aside_and_told_of(
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
