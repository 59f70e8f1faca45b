"""The page as such: it opens, under a strict content policy, and whoever complains is heard."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from harness import Served

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def test_the_canvas_opens_without_a_complaint(page: Any) -> None:
    assert page.title() == "Musegraph"
    page.wait_for_function("() => document.querySelector('#root').childElementCount > 0")
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_address_that_the_server_prints_lets_in_and_does_not_keep_the_token(
    new_page: Callable[..., Any], server: Served
) -> None:
    page = new_page(token=False, path=f"/#t={server.token}")
    page.wait_for_function("() => document.querySelector('#root').childElementCount > 0")
    assert page.url == f"{server.url}/"
    assert page.evaluate("fetch('/api/status').then((answer) => answer.status)") == 200
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"]) == ("musegraph", True)


STYLE = """() => {
  const made = document.createElement('style');
  made.textContent = 'p {}';
  document.head.append(made);
}"""


@pytest.mark.parametrize(
    ("done", "heard"),
    [
        ("() => { console.error('badly so'); }", "badly so"),
        ("() => { setTimeout(() => { throw new Error('thrown late'); }); }", "client.thrown Error"),
        (STYLE, "forbidden by style-src-elem"),
        ("() => { new Image().src = 'https://elsewhere.test/'; }", "forbidden by img-src"),
        ("() => { try { document.body.innerHTML = '<p>'; } catch {} }", "trusted-types-for"),
    ],
)
def test_a_page_that_complains_is_heard(
    page: Any, complaints: list[str], done: str, heard: str
) -> None:
    page.evaluate(done)
    end = monotonic() + 10
    while not any(heard in complaint for complaint in complaints):
        assert monotonic() < end, complaints
        page.wait_for_timeout(10)
    complaints.clear()


@pytest.mark.parametrize(
    ("done", "code"),
    [
        ("() => { setTimeout(() => JSON.parse('a fox at dusk')); }", "client.thrown SyntaxError"),
        ("() => { Promise.reject(new Error('a fox at dusk')); }", "client.rejected Error"),
        ("() => { Promise.reject('a fox at dusk'); }", "client.rejected string"),
    ],
)
def test_an_exception_is_logged_with_a_code_and_without_what_was_worked_with(
    page: Any, complaints: list[str], done: str, code: str
) -> None:
    """E4: a parser's message quotes the prompt; neither the page nor the browser writes it."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.evaluate(done)
    end = monotonic() + 10
    while not any(one.startswith(code) for one in said):
        assert monotonic() < end, said
        page.wait_for_timeout(10)
    page.wait_for_timeout(100)
    assert not any("fox" in one for one in said + complaints)
    complaints.clear()


def test_what_the_canvas_is_made_of_is_all_from_here(
    new_page: Callable[..., Any], server: Served
) -> None:
    asked: list[str] = []
    page = new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert any("/static/assets/" in url for url in asked)
    assert [url for url in asked if not url.startswith((server.url, "blob:", "data:"))] == []


def test_many_tabs_make_the_page_no_wider_than_the_window(page: Any) -> None:
    bar = page.get_by_role("navigation", name="Open workflows")
    for _ in range(18):
        bar.get_by_role("button", name="New workflow").click()
    expect(bar.get_by_role("listitem")).to_have_count(19)
    width = "() => [document.documentElement.scrollWidth, window.innerWidth]"
    needed, there = page.evaluate(width)
    assert needed <= there
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_in_viewport()
