"""Measure the canvas with 1,000 and 3,000 nodes beside a plain page.

``python web_ui/perf/measure.py``. The peer (``perf/plain``) is React Flow as its documentation
says, with memoised nodes and none of our tricks. Both run in the same Chromium, one after the
other. Frames are counted inside the interaction; the figures are medians of three. Needs the
canvas built, and Chromium.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "web"), str(ROOT / "tests" / "server"), str(ROOT / "web_ui")]

from harness import CHROMIUM, Served  # noqa: E402  found by the above
from large import large_workflow  # noqa: E402

TIMES = 3
FRAMES = """() => {
  window.frames = [];
  let last = performance.now();
  const tick = (now) => {
    frames.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  window.ticking = requestAnimationFrame(tick);
}"""
STOP = "() => { cancelAnimationFrame(ticking); return frames.slice(1); }"
TWO_FRAMES = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]"


def p95(frames: list[float]) -> float:
    return sorted(frames)[int(len(frames) * 0.95)] if frames else 0.0


def counted(page: Any, act: Callable[[], None]) -> list[float]:
    page.evaluate(FRAMES)
    act()
    return list(page.evaluate(STOP))


def dragged(page: Any, x: float, y: float, button: str) -> None:
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    for step in range(40):
        page.mouse.move(x + 3 * step, y + step)
    page.mouse.up(button=button)


def header(page: Any) -> tuple[float, float]:
    """The header of the node that is nearest to the middle."""
    x, y = page.evaluate(
        """() => {
          const far = (e) => {
            const { x, y } = e.getBoundingClientRect();
            return Math.hypot(x - 600, y - 420);
          };
          const all = [...document.querySelectorAll('.react-flow__node header')];
          const box = all.sort((a, b) => far(a) - far(b))[0].getBoundingClientRect();
          return [box.x + 60, box.y + 12];
        }"""
    )
    return float(x), float(y)


def measured(new_page: Callable[[], Any], near: str, far: str, pan: str) -> dict[str, float]:
    """First render, and how long frames take while one pans, drags and zooms."""
    found: dict[str, list[float]] = {}
    for _ in range(TIMES):
        page = new_page()
        start = time.perf_counter()
        page.goto(far)
        page.wait_for_selector(".react-flow__pane")
        page.wait_for_function("() => document.querySelector('canvas, .react-flow__node')")
        page.evaluate(TWO_FRAMES)
        found.setdefault("first render, s", []).append(time.perf_counter() - start)
        frames = counted(page, partial(dragged, page, 700, 450, pan))
        rate = 1000 * len(frames) / max(sum(frames), 1)
        found.setdefault("pan, whole graph, fps", []).append(rate)
        if near != far:
            page.goto(near)
            page.wait_for_selector(".react-flow__node", timeout=120_000)
        page.mouse.move(600, 420)
        for _ in range(60):
            if near != far or page.get_by_text("100 %").count():
                break
            page.mouse.wheel(0, -120)
            page.evaluate(TWO_FRAMES)
        page.evaluate(TWO_FRAMES)
        frames = counted(page, partial(dragged, page, 600, 430, pan))
        found.setdefault("pan at zoom 1, p95 ms", []).append(p95(frames))
        at = header(page)
        frames = counted(page, partial(dragged, page, *at, "left"))
        found.setdefault("drag at zoom 1, p95 ms", []).append(p95(frames))

        def wheel(page: Any = page) -> None:
            page.mouse.move(600, 420)
            for delta in [120] * 12 + [-120] * 12:
                page.mouse.wheel(0, delta)
                page.wait_for_timeout(16)

        found.setdefault("zoom out and in, longest frame ms", []).append(max(counted(page, wheel)))
        page.context.close()
    return {name: statistics.median(values) for name, values in found.items()}


def first_paint(new_page: Callable[[], Any], address: str) -> float:
    """Seconds from the address to something on the screen, in a profile that has cached nothing."""
    found = []
    for _ in range(2 * TIMES - 1):
        page = new_page()
        page.goto(address)
        page.wait_for_function(PAINTED)
        found.append(float(page.evaluate(f"({PAINTED})().startTime")) / 1000)
        page.context.close()
    return statistics.median(found)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *said: Any) -> None:
        pass


def plain() -> str:
    """The address of the peer, built and served."""
    import canvas

    canvas.run_npm(["exec", "vite", "--", "build", "--config", "perf/plain/vite.config.ts"])
    handler = partial(Quiet, directory=str(ROOT / "build" / "perf"))
    served = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{served.server_port}/"


def main() -> int:
    from playwright.sync_api import sync_playwright

    peer = plain()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = Served(Path(folder))
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )

        def new_page() -> Any:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            cookie = {"name": "musegraph", "value": server.token, "url": server.url}
            context.add_cookies([cookie])
            context.set_default_timeout(120_000)
            return context.new_page()

        new_page().goto(server.url)  # so that the first figure is not that of a cold server
        print(f"First paint of the empty canvas: {first_paint(new_page, server.url):.2f} s\n")
        print("| nodes | measure | canvas | plain React Flow | ratio |\n|---|---|---|---|---|")
        for count in (1000, 3000):
            body = {"name": f"{count}", "workflow": large_workflow(count)}
            id = server.ask("POST", "/api/workflows", body)["id"]
            ours = measured(new_page, f"{server.url}/#w={id}", f"{server.url}/#w={id}", "middle")
            near, far = f"{peer}?count={count}", f"{peer}?count={count}&fit"
            theirs = measured(new_page, near, far, "left")
            for name, value in ours.items():
                other = theirs[name]
                print(f"| {count:,} | {name} | {value:.4g} | {other:.4g} | {value / other:.2f} |")
                sys.stdout.flush()
        browser.close()
        server.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
