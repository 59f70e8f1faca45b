"""Documents in the page: what the tests of files and of drafts share."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from time import monotonic
from typing import Any

from harness import Served, press
from PIL import Image

SKY: dict[str, Any] = {
    "musegraph": 1,
    "nodes": {
        "sky": {"type": "image.gradient", "values": {"width": 64, "height": 48}},
        "soft": {"type": "image.blur", "links": {"image": "sky.out"}},
    },
    "outputs": {"picture": "soft.out"},
    "canvas": {"nodes": {"sky": {"x": 0, "y": 0}, "soft": {"x": 320, "y": 0}}},
}


def card(page: Any, id: str) -> Any:
    """A node on the canvas."""
    return page.locator(f'.react-flow__node[data-id="{id}"]')


def paste(page: Any, nodes: dict[str, Any], places: dict[str, Any]) -> None:
    """Paste nodes onto the canvas, as a user would; wait for what is to be seen of them."""
    fragment = {
        "musegraphFragment": 1, "nodes": nodes, "canvas": {"nodes": places}, "graphs": {},
    }  # fmt: skip
    page.evaluate("(text) => navigator.clipboard.writeText(text)", json.dumps(fragment))
    page.mouse.move(120, 160)
    page.keyboard.press("Control+v")


def written(page: Any) -> Any:
    """The whole graph as the document has it, by way of the clipboard."""
    page.locator("main").focus()
    page.keyboard.press("Control+a")
    page.evaluate("() => navigator.clipboard.writeText('')")
    page.keyboard.press("Control+c")
    # Not wait_for_function: to it the promise of a false is true.
    end = monotonic() + 15
    while not (text := page.evaluate("() => navigator.clipboard.readText()")):
        assert monotonic() < end
        page.wait_for_timeout(20)
    return json.loads(text)


def nodes(page: Any, count: int) -> None:
    """Wait until so many nodes and notes stand on the canvas."""
    page.wait_for_function(
        """(count) => count ===
          document.querySelectorAll('.react-flow__node:not(.react-flow__node-reroute)').length""",
        arg=count,
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


def listed(server: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ask("GET", "/api/workflows")["workflows"]
    return found


def from_elsewhere(server: Served, file: str) -> None:
    other = {**SKY, "nodes": {"sky": SKY["nodes"]["sky"]}, "outputs": {"picture": "sky.out"}}
    server.ask("PUT", f"/api/workflows/{file}", {"workflow": other, "after": 1})


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
        [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files],
    )
    box = page.locator(at).first.bounding_box()
    where = {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + box["height"] / 2}
    for kind in ("dragover", "drop"):
        page.dispatch_event(at, kind, {"dataTransfer": made, "bubbles": True, **where})


def plain_png() -> bytes:
    made = BytesIO()
    Image.new("RGB", (32, 24), "orange").save(made, "PNG")
    return made.getvalue()
