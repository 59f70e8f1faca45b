"""Chromium, a server with an empty home, and pages that may not complain.

A test takes ``page``, which is logged in and open; or ``new_page``, to choose a language, a theme,
a size or touch; or ``server`` alone. The server is shared by the tests of one file. A test fails if
its pages log an error, throw one, or do what the content policy forbids; what a test expects of
that it takes off the list ``complaints``. A test that fails leaves a picture in ``build/web``.

Playwright's own loop runs as long as Chromium does, so in this folder ``asyncio.run`` is not to be
had: ask the server with ``server.ask``.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.with_name("server"))]

from chromium import CHROMIUM  # noqa: E402  found by the above
from documents import SKY  # noqa: E402  found by the above
from harness import ROOT, Served, build_tool, unable  # noqa: E402  found by the above

SHOTS = ROOT / "build" / "web"

# Chromium logs what its content policy forbids, but not from workers and not always with the place.
REPORT = """
addEventListener('securitypolicyviolation', (event) => console.error(
  `forbidden by ${event.effectiveDirective}: ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`
));
"""  # noqa: E501  it is a page's own text


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the canvas, built from its sources as they are."""
    tool = build_tool()
    if not tool.is_current():
        try:
            tool.build()
        except tool.NotInstalled as error:
            unable(f"the canvas cannot be built here: {error}")
        except tool.NotBuilt as error:
            pytest.fail(f"the canvas cannot be built:\n{error}", pytrace=False)
    return Path(tool.BUILT)


@pytest.fixture(scope="session")
def tool() -> ModuleType:
    """What calls npm, with the tools of developers installed."""
    found = build_tool()
    with (ROOT / "web_ui" / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the tests beside these want them too
        try:
            found.install(developing=True)
        except found.NotInstalled as error:
            unable(f"the tools of the canvas cannot be installed here: {error}")
    return found


@pytest.fixture(scope="session")
def axe_core(tool: ModuleType) -> str:
    """The script of axe-core, which a page evaluates."""
    place = ROOT / "web_ui" / "node_modules" / "axe-core" / "axe.min.js"
    return place.read_text(encoding="utf-8")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        unable("there is no Chromium here: apt-get install chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.end()


@pytest.fixture
def file(server: Served, request: pytest.FixtureRequest) -> str:
    """A workflow of two nodes in the library, under the name of the test."""
    name = request.node.name[:100]
    made: str = server.ask("POST", "/api/workflows", {"workflow": SKY, "name": name})["id"]
    return made


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test have complained of so far."""
    return []


@pytest.fixture
def new_page(
    chromium: Any, server: Served, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """Opens pages, each in a browser profile of its own, with the options of a context."""
    opened: list[Any] = []

    def make(*, token: bool = True, path: str = "/", **options: Any) -> Any:
        chosen = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
        context = chromium.new_context(**chosen)
        context.set_default_timeout(15_000)
        if token:
            context.add_cookies([{"name": "musegraph", "value": server.token, "url": server.url}])
        context.add_init_script(REPORT)
        page = context.new_page()
        opened.append(page)
        page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.goto(server.url + path)
        return page

    yield make
    failed = request.node.stash.get(FAILED, False)
    for number, page in enumerate(opened):
        if not page.is_closed():
            page.evaluate("0")  # after it, all that was said before has arrived
            if failed:
                SHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SHOTS / f"{request.node.name[:100]}-{number}.png")
        page.context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """The canvas, logged in and open."""
    return new_page()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Remember that a test failed, for the picture that its page leaves in ``build/web``."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
