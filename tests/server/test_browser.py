"""A real browser: our page gets in by its address, and a page elsewhere does not get in at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from chromium import CHROMIUM
from client import carried, served
from test_assets import ACTIVE, upload
from test_runs import LIGHT
from xss import PAYLOADS

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="there is no Chromium here"
)


@pytest.fixture(autouse=True)
def without_canvas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that needs no build; that of the canvas is in tests/web."""
    monkeypatch.setattr("musegraph.server.page.CANVAS", tmp_path / "none")


@asynccontextmanager
async def browser() -> AsyncIterator[Any]:
    """Chromium, in which names under .test lead to this machine."""
    from playwright.async_api import async_playwright

    assert CHROMIUM is not None, "in CI a browser has to be there: apt-get install chromium"
    rules = "--host-resolver-rules=MAP *.test 127.0.0.1"
    async with async_playwright() as driver:
        opened = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", rules]
        )
        try:
            yield opened
        finally:
            await opened.close()


ATTACK = """
async (target) => {
  const tried = {};
  const attempt = async (name, work) => {
    try { tried[name] = await work(); } catch (error) { tried[name] = 'refused'; }
  };
  const body = JSON.stringify(WORKFLOW);
  const json = { 'Content-Type': 'application/json', 'X-Requested-By': 'musegraph' };
  await attempt('read', async () => (await fetch(target + '/api/status', { credentials: 'include' })).text());
  await attempt('post', async () => (await fetch(target + '/api/runs', { method: 'POST', credentials: 'include', headers: json, body })).text());
  await attempt('simple post', async () => {
    await fetch(target + '/api/runs', { method: 'POST', mode: 'no-cors', credentials: 'include', body });
    return 'sent, nothing readable';
  });
  await attempt('beacon', async () => { navigator.sendBeacon(target + '/api/runs', body); return 'sent, nothing readable'; });
  await attempt('image', () => new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done('loaded'); image.onerror = fail; image.src = target + '/api/status';
  }));
  await attempt('socket', () => new Promise((done, fail) => {
    const socket = new WebSocket(target.replace('http', 'ws') + '/api/events');
    socket.onmessage = ({ data }) => done(data); socket.onerror = fail;
  }));
  await attempt('worker', () => new Promise((done, fail) => {
    const code = `fetch('${target}/api/status', { credentials: 'include' }).then(a => a.text()).then(postMessage, () => postMessage('refused'))`;
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    worker.onmessage = ({ data }) => done(data); worker.onerror = fail;
  }));
  await attempt('frame', () => new Promise((done, fail) => {
    const frame = document.createElement('iframe');
    frame.onload = () => { try { done(frame.contentDocument ? 'readable' : 'refused'); } catch { done('refused'); } };
    frame.src = target + '/'; document.body.append(frame);
  }));
  const form = document.createElement('form');
  Object.assign(form, { method: 'POST', action: target + '/api/runs', enctype: 'text/plain', target: 'nowhere' });
  const field = document.createElement('input');
  field.name = body.slice(0, -1); field.value = '}'; form.append(field);
  document.body.append(form); form.submit();
  await new Promise((done) => setTimeout(done, 500));
  return tried;
}
""".replace("WORKFLOW", json.dumps({"workflow": LIGHT}))  # noqa: E501  it is a page's own text


@asynccontextmanager
async def elsewhere() -> AsyncIterator[int]:
    """A server of somebody else's, with an empty page; its port."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>evil</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def test_a_page_elsewhere_can_neither_read_nor_change_anything(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            served(tmp_path) as (client, server),
            elsewhere() as other,
            browser() as chromium,
        ):
            context = await chromium.new_context()
            ours = await context.new_page()
            await ours.goto(f"{client.url}/#t={server.token}")
            await ours.get_by_text("connected", exact=True).wait_for()
            last = server.feed.last
            port = client.url.rpartition(":")[2]
            for host in ("evil.test", "localhost", "127.0.0.1"):  # the last is the same site
                address = f"http://{host}:{other}"
                page = await context.new_page()
                await page.goto(address)
                for target in (client.url, f"http://rebind.test:{port}"):
                    tried = await page.evaluate(ATTACK, target)
                    unread = {"refused", "sent, nothing readable"}
                    assert set(tried.values()) <= unread, (address, target, tried)
            counts = (await client.get("/api/queue"))["counts"]
            assert counts == {}
            assert server.feed.last == last

    carried(body())


def test_a_name_that_was_rebound_shows_no_page(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server), browser() as chromium:
            page = await chromium.new_page()
            port = client.url.rpartition(":")[2]
            answer = await page.goto(f"http://rebind.test:{port}/#t={server.token}")
            assert answer.status == 421
            read = "fetch('/api/status').then(a => a.status)"
            assert await page.evaluate(read) == 421

    carried(body())


def test_our_page_gets_in_by_its_address_and_shows_what_is_run(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server), browser() as chromium:
            page = await chromium.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            await page.goto(f"{client.url}/#t={server.token}")
            await page.get_by_text("connected", exact=True).wait_for()
            assert "#" not in page.url, "the token does not stay in the address"
            await client.carry_out({**LIGHT, "name": "<img src=x onerror=alert(1)>"})
            card = page.locator("li")
            await card.get_by_text("done").wait_for()
            assert "<img src=x" in await card.inner_text()
            assert await card.get_by_text("sum: 6").count() == 1
            assert said == []
            cookies = await page.context.cookies()
            assert [cookie["httpOnly"] for cookie in cookies] == [True]

    carried(body())


def test_without_a_canvas_the_page_says_how_to_build_it_in_both_languages(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server), browser() as chromium:
            page = await chromium.new_page()
            await page.goto(f"{client.url}/#t={server.token}")
            await page.get_by_text("connected", exact=True).wait_for()
            told = page.get_by_role("region", name="The canvas is not built")
            paragraphs = await told.locator("p").all_inner_texts()
            assert len(paragraphs) == 2
            assert all("make web" in paragraph for paragraph in paragraphs), paragraphs
            assert await told.locator("p").nth(1).get_attribute("lang") == "zh-CN"

    carried(body())


def test_without_the_token_the_page_says_where_to_get_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _), browser() as chromium:
            page = await chromium.new_page()
            await page.goto(client.url + "/")
            await page.get_by_text("Open the address").wait_for()
            await asyncio.sleep(0)

    carried(body())


def spoken(text: str) -> dict[str, Any]:
    """A workflow whose outputs are a text, and a file of that name."""
    nodes = {
        "said": {"type": "core.text", "values": {"text": text}},
        "file": {"type": "troublesome.called", "values": {"text": text}},
    }
    return {"musegraph": 1, "outputs": {"said": "said.out", "file": "file.out"}, "nodes": nodes}


def failing(text: str) -> dict[str, Any]:
    return {"musegraph": 1, "nodes": {"no": {"type": "troublesome.fail", "values": {"text": text}}}}


def refused() -> type[Exception]:
    from playwright.async_api import Error

    return Error


HARM = "window.harmed = []; window.harm = (number) => window.harmed.push(number);"


def test_what_others_wrote_is_read_on_the_page_and_never_run(tmp_path: Path) -> None:
    """Names of workflows and files, values and errors; the last as they came live and anew."""

    async def body() -> None:
        async with served(tmp_path) as (client, server), browser() as chromium:
            page = await chromium.new_page()
            said, asked = list[str](), list[str]()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.on("request", lambda request: asked.append(request.url))
            await page.add_init_script(HARM)
            await page.goto(f"{client.url}/#t={server.token}")
            await page.get_by_text("connected", exact=True).wait_for()
            runs = [{"workflow": spoken(text), "name": text[:200]} for text in PAYLOADS]
            runs += [{"workflow": failing(text)} for text in PAYLOADS]
            status, _ = await client.ask("POST", "/api/runs/batch", json={"runs": runs})
            assert status == 201
            over = {"done": len(PAYLOADS), "failed": len(PAYLOADS)}
            while (await client.get("/api/queue"))["counts"] != over:
                await asyncio.sleep(0.05)
            await page.wait_for_function(
                f"() => document.querySelectorAll('.done, .failed').length == {len(runs)}"
            )
            names = await page.locator(".name").all_text_contents()
            assert set(PAYLOADS) <= set(names)
            errors = await page.locator(".error").all_text_contents()
            assert all(any(text.splitlines()[0] in error for error in errors) for text in PAYLOADS)
            assert await page.evaluate("window.harmed") == []
            await page.reload()
            await page.get_by_text("connected", exact=True).wait_for()
            assert await page.evaluate("window.harmed") == []
            assert said == []
            assert [url for url in asked if not url.startswith(client.url)] == []

    carried(body())


def test_no_file_that_was_taken_in_runs_in_a_browser(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server), browser() as chromium:
            context = await chromium.new_context()
            page = await context.new_page()
            dialogs, asked = list[str](), list[str]()
            context.on("dialog", lambda dialog: dialogs.append(dialog.message))
            context.on("request", lambda request: asked.append(request.url))
            await page.goto(f"{client.url}/#t={server.token}")
            await page.get_by_text("connected", exact=True).wait_for()
            opened = 0
            for name, data in ACTIVE.items():
                status, found = await upload(client, data, name.replace(".gif.", "."))
                assert status in (201, 422)
                if status == 422:  # it has the beginning of a picture, and is none
                    continue
                opened += 1
                address = f"{client.url}/api/assets/{found['asset']}"
                other = await context.new_page()
                with contextlib.suppress(refused()):  # it is saved, so there is no page
                    await other.goto(address)
                    raise AssertionError(f"{name} was opened")
                assert await other.content() == "<html><head></head><body></body></html>"
                await other.close()
                ran = await page.evaluate(USED, f"/api/assets/{found['asset']}")
                assert ran == [], (name, ran)
            assert opened >= 11
            assert dialogs == []
            assert [url for url in asked if not url.startswith(client.url)] == []

    carried(body())


USED = """
async (address) => {
  const ran = [];
  window.alert = () => ran.push('alert');
  const tried = (make) => new Promise((done) => {
    const element = make();
    element.onload = () => { ran.push(element.tagName); done(); };
    element.onerror = done;
    document.body.append(element);
    setTimeout(done, 100);
  });
  await tried(() => Object.assign(document.createElement('img'), { src: address }));
  await tried(() => Object.assign(document.createElement('link'), { rel: 'stylesheet', href: address }));
  await tried(() => {
    const script = document.createElement('script');
    try { script.src = address; } catch { script.dataset.refused = 'by Trusted Types'; }
    return script;
  });
  try { await import(address); ran.push('module'); } catch { /* refused */ }
  try { new Worker(address).onmessage = () => ran.push('worker'); } catch { /* refused */ }
  return ran;
}
"""  # noqa: E501  it is a page's own text
"""Tries to make our own page take a file for a picture, a style, a script, a module or a worker."""
