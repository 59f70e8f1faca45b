"""Running from the canvas: the run bar, the states of nodes, the queue, the gallery, the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from documents import card, paste
from harness import Served

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=15_000)
GRANTED = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page(permissions=GRANTED)


def node(kind: str, /, values: dict[str, Any] | None = None, **links: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": kind}
    if values:
        made["values"] = values
    if links:
        made["links"] = links
    return made


def put(page: Any, nodes: dict[str, Any], **layout: Any) -> None:
    """Paste nodes onto the canvas, beside each other, as a user would."""
    expect(page.get_by_label("Canvas", exact=True)).to_be_visible()
    page.wait_for_function("() => document.querySelector('.react-flow__pane') !== null")
    places = {
        id: {"x": 260 * (at % 3), "y": 240 * (at // 3), **layout.get(id, {})}
        for at, id in enumerate(nodes)
    }
    paste(page, nodes, places)
    for id in nodes:
        expect(card(page, id)).to_be_attached()
    page.locator(".react-flow__pane").click(position={"x": 500, "y": 20})


def is_now(page: Any, id: str, status: str, seconds: float = 20) -> None:
    """Wait until a node has a status; text and icon say it, the attribute is the same word."""
    shown = card(page, id).locator("[data-status]")
    expect(shown).to_have_attribute("data-status", status, timeout=seconds * 1000)


def type_number(page: Any, field: Any, text: str) -> None:
    field.dblclick()
    page.wait_for_function("() => document.activeElement?.matches('input[role=spinbutton]')")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def run(page: Any) -> None:
    page.keyboard.press("Control+Enter")


SLOW = {"a": 1, "seconds": 20}


def clear(server: Served) -> None:
    """Nothing runs and nothing waits any more, so that no test waits for another."""
    server.ask("PUT", "/api/queue", {"paused": False})
    server.ask("POST", "/api/runs/cancel", {"runs": None})
    end = monotonic() + 30
    while server.ask("GET", "/api/queue")["runs"]:
        assert monotonic() < end


@pytest.fixture(autouse=True)
def quiet(server: Served) -> None:
    clear(server)


def test_ctrl_enter_runs_while_text_is_typed_and_not_while_it_is_composed(
    page: Any, server: Served
) -> None:
    """R1, L3."""
    put(page, {"sum": node("troublesome.add", {"a": 2, "b": 3})})
    card(page, "sum").get_by_role("spinbutton").first.dblclick()
    page.keyboard.type("4")
    composed = """document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {
        key: 'Enter', code: 'Enter', ctrlKey: true, isComposing: true, bubbles: true,
        cancelable: true}))"""
    page.evaluate(composed)
    page.keyboard.press("Control+Enter")
    is_now(page, "sum", "done")
    assert len(server.ask("GET", "/api/runs")["runs"]) == 1, "composing ran nothing"
    expect(card(page, "sum")).to_contain_text("7")


def test_the_second_run_is_cached_and_a_change_makes_the_nodes_below_stale(page: Any) -> None:
    """R3."""
    put(
        page,
        {
            "first": node("troublesome.add", {"a": 11, "b": 1}),
            "second": node("troublesome.add", {"b": 5}, a="first.out"),
            "beside": node("troublesome.add", {"a": 3.5}),
        },
    )
    run(page)
    for id in ("first", "second", "beside"):
        is_now(page, id, "done")
    run(page)
    for id in ("first", "second", "beside"):
        is_now(page, id, "cached")
    expect(card(page, "second")).to_contain_text("Cached")
    type_number(page, card(page, "first").get_by_role("spinbutton").nth(1), "2")
    is_now(page, "first", "stale")
    is_now(page, "second", "stale")
    is_now(page, "beside", "cached")
    expect(card(page, "second")).to_contain_text("17")
    page.keyboard.press("Control+z")
    is_now(page, "second", "cached")


def test_undo_takes_no_result_away(page: Any) -> None:
    """U4."""
    put(page, {"sum": node("troublesome.add", {"a": 40, "b": 2})})
    run(page)
    is_now(page, "sum", "done")
    page.keyboard.press("Control+d")
    page.locator('.react-flow__node[data-id="sum"]').click(position={"x": 60, "y": 12})
    page.keyboard.press("Control+d")
    page.keyboard.press("Control+z")
    expect(card(page, "sum")).to_contain_text("42")
    is_now(page, "sum", "done")


def test_a_node_that_fails_says_why_and_what_to_try_and_others_keep_their_results(
    page: Any,
) -> None:
    """E2, R3."""
    put(
        page,
        {
            "fine": node("troublesome.add", {"a": 1, "b": 7}),
            "bad": node("troublesome.refuse", a="fine.out"),
            "after": node("troublesome.add", a="bad.out"),
        },
    )
    run(page)
    is_now(page, "bad", "failed")
    is_now(page, "after", "skipped")
    is_now(page, "fine", "done")
    expect(card(page, "fine")).to_contain_text("8")
    expect(card(page, "bad")).to_have_attribute("aria-label", re.compile("Failed"))
    card(page, "bad").get_by_role("button", name=re.compile("this was to be expected")).click()
    details = page.get_by_role("dialog")
    expect(details).to_contain_text("What to try")
    details.get_by_role("button", name="Copy details").click()
    expect(details.get_by_role("button", name="Copied")).to_be_visible()
    assert "this was to be expected" in page.evaluate("navigator.clipboard.readText()")


def test_run_to_a_node_runs_what_it_needs_and_nothing_wrong_elsewhere_stops_it(
    page: Any, server: Served
) -> None:
    """R2, X4."""
    put(
        page,
        {
            "above": node("troublesome.add", {"a": 5, "b": 5}),
            "here": node("troublesome.add", {"b": 1}, a="above.out"),
            "below": node("troublesome.add", {"b": 1}, a="here.out"),
            "wrong": node("nowhere.node"),
        },
    )
    card(page, "here").click(position={"x": 60, "y": 12})
    page.keyboard.press("r")
    is_now(page, "here", "done")
    is_now(page, "above", "done")
    expect(card(page, "below").locator("[data-status]")).to_have_count(0)
    (made,) = server.ask("GET", "/api/runs?limit=1")["runs"]
    steps = server.ask("GET", f"/api/runs/{made['id']}/state")["steps"]
    assert set(steps) == {"above", "here"}
    expect(page.locator("[data-announcer]")).to_contain_text("is done")


def test_problems_are_shown_before_anything_runs_and_lead_to_the_node(
    page: Any, complaints: list[str]
) -> None:
    """E1."""
    put(page, {"sum": node("troublesome.add"), "fine": node("troublesome.add", {"a": 1})})
    expect(page.get_by_role("button", name="1 problem").first).to_be_visible()
    expect(card(page, "sum").get_by_role("button", name="1 problem")).to_be_visible()
    expect(card(page, "sum").locator("[data-problem]")).to_have_count(1)
    expect(card(page, "fine").locator("[data-problem]")).to_have_count(0)
    page.get_by_label("Run", exact=True).get_by_role("button", name="1 problem").click()
    listed = page.get_by_role("list", name="Problems")
    listed.get_by_role("button", name=re.compile("sum.a")).click()
    expect(card(page, "sum")).to_have_class(re.compile("selected"))
    run(page)
    expect(page.get_by_text("Nothing was run: there is 1 problem.")).to_be_visible()
    complaints[:] = [one for one in complaints if "422" not in one]  # Chromium logs the refusal
    type_number(page, card(page, "sum").get_by_role("spinbutton").first, "2")
    expect(page.get_by_role("button", name="1 problem")).to_have_count(0)


def test_a_random_seed_is_new_for_each_run_and_shown_as_it_ran(page: Any, server: Served) -> None:
    """R7: the value shown is that of the last run; the batch takes the next seeds."""
    noise = node("image.noise", {"width": 16, "height": 16, "seed": 7})
    put(page, {"noise": noise}, noise={"seeds": {"seed": "random"}})
    page.get_by_label("One run more").click()
    expect(page.get_by_label("Number of runs")).to_have_value("2")
    run(page)
    is_now(page, "noise", "done")
    end = monotonic() + 20
    wholes: list[Any] = []
    while len(wholes) < 2:  # those of a test before may end in between
        assert monotonic() < end
        done = server.ask("GET", "/api/runs?state=done")["runs"]
        every = [server.ask("GET", f"/api/runs/{one['id']}") for one in done]
        wholes = [one for one in every if "noise" in one["workflow"]["nodes"]]
    seeds = [one["workflow"]["nodes"]["noise"]["values"]["seed"] for one in wholes]
    assert len({*seeds, 7}) == 3
    latest = max(wholes, key=lambda one: one["number"])
    expect(card(page, "noise").get_by_role("spinbutton", name="Seed")).to_have_text(
        str(latest["workflow"]["nodes"]["noise"]["values"]["seed"])
    )


def test_progress_and_previews_are_shown_and_a_run_is_stopped(page: Any) -> None:
    """R1, R3."""
    put(page, {"slow": node("troublesome.slow", {**SLOW, "a": 2})})
    run(page)
    is_now(page, "slow", "running")
    expect(card(page, "slow").locator("[data-status]")).to_contain_text("%")
    page.get_by_label("Run", exact=True).get_by_role("button", name="Stop what runs").click()
    expect(card(page, "slow").locator('[data-status="running"]')).to_have_count(0)
    expect(page.locator("[data-announcer]")).to_contain_text("cancelled")


def test_after_a_reload_and_in_another_browser_a_run_is_shown_where_it_is(
    page: Any, new_page: Callable[..., Any]
) -> None:
    """R4, Q1, Q5: in the document that it is of; or in the one that ran, opened from the queue."""
    put(page, {"slow": node("troublesome.slow", {**SLOW, "a": 3, "seconds": 60})})
    run(page)
    is_now(page, "slow", "running")
    page.reload()
    is_now(page, "slow", "running")
    other = new_page()
    other.get_by_title("Open the queue").click()
    other.get_by_role("button", name="Open the workflow of Untitled").first.click()
    is_now(other, "slow", "running", seconds=5)
    other.get_by_role("button", name="Cancel Untitled").first.click()
    expect(other.get_by_text("1 run was cancelled.")).to_be_visible()
    expect(card(page, "slow").locator('[data-status="running"]')).to_have_count(0)


def test_events_go_to_the_document_of_the_run_though_another_one_is_looked_at(
    page: Any, server: Served
) -> None:
    """R5."""
    server.carry_out(pictures("Another", 20))
    put(page, {"slow": node("troublesome.slow", {"a": 4, "seconds": 4})})
    run(page)
    is_now(page, "slow", "running")
    started = server.ask("GET", "/api/queue")["runs"][0]["id"]
    page.get_by_label("Queue", exact=True).first.click()
    page.get_by_role("button", name="Open the workflow of Another").first.click()
    is_now(page, "made", "done")
    expect(card(page, "slow")).to_have_count(0)
    expect(page.locator('[data-run][data-state="running"]')).to_have_count(0, timeout=30_000)
    assert server.ask("GET", f"/api/runs/{started}")["state"] == "done"
    page.locator(f'[data-run="{started}"]').get_by_role("button", name=re.compile("Open")).click()
    is_now(page, "slow", "done", seconds=2)
    expect(card(page, "made")).to_have_count(0)


def test_a_lost_connection_is_told_and_what_was_missed_is_fetched(
    new_page: Callable[..., Any], built: Path, tmp_path: Path, complaints: list[str]
) -> None:
    """R6, Q2: the server is killed and comes back; the run goes on and nothing is stuck."""
    port = free_port()
    first = Served(tmp_path, "--port", str(port))
    page = new_page(permissions=GRANTED, token=False)
    page.goto(first.address)
    put(page, {"slow": node("troublesome.slow", {"a": 5, "seconds": 3})})
    run(page)
    is_now(page, "slow", "running")
    first.end()
    expect(page.get_by_role("alert")).to_contain_text("connection", timeout=3000)
    second = Served(tmp_path, "--port", str(port))
    try:
        expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)
        is_now(page, "slow", "done", seconds=30)
        # Else what it is loading when the second server ends is a complaint that nobody awaits.
        page.close()
    finally:
        second.end()
    complaints[:] = [
        one for one in complaints if "WebSocket" not in one and "Failed to load" not in one
    ]


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_queue_is_paused_reordered_and_emptied_and_cancelled_runs_come_back(
    page: Any, server: Served
) -> None:
    """Q1, Q3."""
    put(page, {"sum": node("troublesome.add", {"a": 6, "b": 6})})
    page.get_by_label("Queue", exact=True).first.click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    waiting = page.locator('[data-run][data-state="queued"]')
    for count in (1, 2, 3):
        run(page)
        expect(waiting).to_have_count(count)
    before = [waiting.nth(at).get_attribute("data-run") for at in range(3)]
    waiting.nth(2).get_by_role("checkbox").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(waiting.nth(1)).to_have_attribute("data-run", before[2])
    assert [one["id"] for one in server.ask("GET", "/api/queue")["runs"]] == [
        before[0], before[2], before[1],
    ]  # fmt: skip
    waiting.first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Cancel 1 chosen").click()
    expect(waiting).to_have_count(2)
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(waiting).to_have_count(3)
    page.get_by_role("button", name="Cancel all").click()
    expect(waiting).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_run_in_front_goes_before_all_that_wait(page: Any, server: Served) -> None:
    """R1."""
    put(page, {"sum": node("troublesome.add", {"a": 8, "b": 8})})
    server.ask("PUT", "/api/queue", {"paused": True})
    run(page)
    run(page)
    page.keyboard.press("Control+Shift+Enter")
    end = monotonic() + 10
    while len(queue := server.ask("GET", "/api/queue")["runs"]) < 3:
        assert monotonic() < end
    assert queue[0]["number"] == max(one["number"] for one in queue)


def pictures(name: str, side: int) -> dict[str, Any]:
    """A workflow of three pictures; what no other test has run is not in the cache."""
    return {
        "musegraph": 1,
        "name": name,
        "outputs": {"picture": "made.out"},
        "nodes": {"made": node("troublesome.pictures", {"count": 3, "side": side})},
    }


def test_the_gallery_shows_results_and_works_by_keyboard(page: Any, server: Served) -> None:
    """Q4, Q5, Q6."""
    server.carry_out(pictures("Greys", 40))
    page.get_by_label("Gallery", exact=True).first.click()
    gallery = page.get_by_role("listbox", name="Results")
    page.get_by_role("group", name="Filter").get_by_label("Workflow").select_option("Greys")
    cells = gallery.get_by_role("option")
    expect(cells).to_have_count(3)
    cells.first.click()
    gallery.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(gallery.locator('[aria-selected="true"]')).to_have_count(2)
    page.keyboard.press("s")
    page.get_by_label("Only starred").click()
    expect(cells).to_have_count(2)
    page.get_by_label("Only starred").click()
    expect(cells).to_have_count(3)
    cells.last.click()
    page.get_by_role("button", name="Open the workflow", exact=True).click()
    expect(card(page, "made")).to_be_visible()
    is_now(page, "made", "done")
    expect(card(page, "made").locator("img")).to_be_visible()
    card(page, "made").get_by_role("button", name="Next").click()
    expect(card(page, "made")).to_contain_text("2 / 3")


def test_a_deleted_result_can_be_had_back(page: Any, server: Served) -> None:
    """Q6."""
    server.carry_out(pictures("Gone", 22))
    page.get_by_label("Gallery", exact=True).first.click()
    page.get_by_role("group", name="Filter").get_by_label("Workflow").select_option("Gone")
    cells = page.get_by_role("listbox", name="Results").get_by_role("option")
    expect(cells).to_have_count(3)
    cells.first.click()
    page.keyboard.press("Delete")
    expect(cells).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(cells).to_have_count(3)


def test_a_result_is_dragged_to_a_node_or_sent_to_its_input(page: Any, server: Served) -> None:
    """Q5."""
    server.carry_out(pictures("Dragged", 23))
    put(page, {"load": node("image.load")})
    page.get_by_label("Gallery", exact=True).first.click()
    page.get_by_role("group", name="Filter").get_by_label("Workflow").select_option("Dragged")
    cell = page.get_by_role("listbox", name="Results").get_by_role("option").first
    cell.drag_to(card(page, "load"))
    run(page)
    is_now(page, "load", "done")
    cell.click()
    page.get_by_role("button", name="Send to an input").click()
    expect(page.get_by_role("menuitem")).to_have_count(1)
    page.get_by_role("menuitem").click()


def test_resting_on_a_link_shows_what_went_through_it(page: Any) -> None:
    """The value at any wire."""
    put(
        page,
        {
            "one": node("troublesome.add", {"a": 30, "b": 1}),
            "two": node("troublesome.add", {"b": 1}, a="one.out"),
        },
    )
    run(page)
    is_now(page, "two", "done")
    card(page, "one").locator(".react-flow__handle.source").hover()
    peek = page.get_by_role("tooltip")
    expect(peek).to_contain_text("one.out")
    expect(peek).to_contain_text("31")


HOLDING = """(() => {
  const ask = window.fetch;
  const about = {queue: /[/]api[/]queue/, steps: /[/]api[/]runs[/][^/]+[/]state/};
  const waiting = {};
  window.held = HELD;
  window.reached = {};
  window.letGo = (name) => {
    window.held[name] = null;
    (waiting[name] ?? []).forEach((then) => then());
  };
  const wait = async (url, when) => {
    for (const name of Object.keys(about))
      if (about[name].test(url) && window.held[name] === when) {
        window.reached[name] = true;
        await new Promise((then) => { (waiting[name] ??= []).push(then); });
      }
  };
  window.fetch = async (...given) => {
    const url = String(given[0].url ?? given[0]);
    await wait(url, 'question');
    const answer = await ask(...given);
    await wait(url, 'answer');
    return answer;
  };
})()"""


def hold(page: Any, held: str) -> None:
    """Open the page anew, with questions or answers about something held up until `letGo`."""
    page.add_init_script(HOLDING.replace("HELD", held))
    page.reload()


def wait_for_the_end(page: Any, server: Served) -> None:
    end = monotonic() + 20
    while server.ask("GET", "/api/queue")["runs"] and monotonic() < end:
        page.wait_for_timeout(50)


def test_steps_that_were_asked_for_late_are_not_wiped_out_by_what_was_told_before(
    page: Any, server: Served
) -> None:
    """A page that is still learning what runs when a run begins and ends."""
    hold(page, "{queue: 'question', steps: 'question'}")
    put(page, {"one": node("troublesome.add", {"a": 41, "b": 1})})
    server.ask("PUT", "/api/queue", {"paused": True})
    run(page)
    is_now(page, "one", "queued")
    page.evaluate("() => window.letGo('queue')")
    page.wait_for_function("() => window.reached.steps === true")
    server.ask("PUT", "/api/queue", {"paused": False})
    wait_for_the_end(page, server)
    page.evaluate("() => window.letGo('steps')")
    is_now(page, "one", "done", seconds=5)


def test_an_answer_that_comes_late_takes_back_nothing_that_was_told_since(
    page: Any, server: Served
) -> None:
    """Answers and events go different ways, and either may be here first."""
    hold(page, "{}")
    put(page, {"one": node("troublesome.slow", {"a": 43, "seconds": 2})})
    run(page)
    is_now(page, "one", "running")
    page.evaluate("() => { window.held.queue = 'answer'; }")
    server.ask("PUT", "/api/queue", {"paused": True})
    page.wait_for_function("() => window.reached.queue === true")
    server.ask("PUT", "/api/queue", {"paused": False})
    is_now(page, "one", "done")
    shown = page.get_by_label("Stop what runs", exact=True)
    expect(shown).to_be_disabled()
    page.evaluate("() => { window.letGo('queue'); window.held.queue = 'question'; }")
    page.wait_for_timeout(500)
    expect(shown).to_be_disabled()
    is_now(page, "one", "done")


def test_the_run_form_is_enough_for_who_does_not_want_the_graph(page: Any, server: Served) -> None:
    """The workflow as a form: its named inputs, a button, the results."""
    form = {
        "musegraph": 1,
        "name": "Adding",
        "inputs": {
            "amount": {"to": ["sum.a"], "default": 1, "label": "Amount", "help": "How much."}
        },
        "outputs": {"total": "sum.out"},
        "nodes": {"sum": {"type": "troublesome.add", "values": {"b": 100}}},
    }
    server.carry_out(form)
    page.get_by_label("Queue", exact=True).first.click()
    page.get_by_role("button", name="Open the workflow of Adding").first.click()
    page.get_by_label("Run form", exact=True).first.click()
    panel = page.get_by_role("region", name="Run form")
    expect(panel).to_contain_text("How much.")
    type_number(page, panel.locator("[data-input=amount]").get_by_role("spinbutton"), "23")
    panel.get_by_role("button", name="Run").click()
    expect(panel.get_by_label("Results", exact=True)).to_contain_text("123")
