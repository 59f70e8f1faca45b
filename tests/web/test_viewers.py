"""Looking at and listening to results: pictures, masks, sound, film, motion, text (M1 to M6)."""

from __future__ import annotations

import json
import math
import re
import struct
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from harness import ROOT, Served, press, unable

sys.path.insert(0, str(ROOT / "tests"))
from xss import PAYLOADS

from musegraph import Note, Score, Tempo, Track
from musegraph.values.midi import write_midi

SHOTS = ROOT / "build" / "session"
CLIPBOARD = ["clipboard-read", "clipboard-write"]

UPLOAD = """async ([name, bytes]) => {
  const answer = await fetch('/api/assets?name=' + encodeURIComponent(name), {
    method: 'POST',
    headers: {'X-Requested-By': 'musegraph', 'Content-Type': 'application/octet-stream'},
    body: new Uint8Array(bytes),
  });
  const {asset, name: kept, media} = await answer.json();
  return {asset, name: kept, media};
}"""


def upload(page: Any, name: str, data: bytes) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(UPLOAD, [name, list(data)])
    return found


def paste(page: Any, nodes: dict[str, Any]) -> None:
    """Put nodes on the canvas, as one pastes them."""
    places = {name: {"x": 300 * at, "y": 0} for at, name in enumerate(nodes)}
    fragment = {"musegraphFragment": 1, "nodes": nodes, "canvas": {"nodes": places}, "graphs": {}}
    page.locator(".react-flow__pane").wait_for()
    page.evaluate("(text) => navigator.clipboard.writeText(text)", json.dumps(fragment))
    page.mouse.move(500, 300)
    press(page, "Control+v")


def look_at(page: Any, name: str, data: bytes) -> None:
    """Open a file that stands in a node, large."""
    held = upload(page, name, data)
    paste(page, {"file": {"type": "image.open", "values": {"file": held}}})
    page.get_by_role("button", name=f"Look at {held['name']}").first.click()


def viewer(page: Any, kind: str) -> Any:
    found = page.locator(f"[data-viewer={kind}]")
    found.wait_for()
    return found


def png(width: int, height: int, colour: Callable[[int, int], tuple[int, ...]]) -> bytes:
    from PIL import Image

    first = colour(0, 0)
    picture = Image.new({3: "RGB", 4: "RGBA"}[len(first)], (width, height))
    picture.putdata([colour(x, y) for y in range(height) for x in range(width)])
    stream = BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def wav(seconds: int, rate: int = 8000) -> bytes:
    samples = b"".join(
        struct.pack("<h", int(20_000 * math.sin(at * 0.1))) for at in range(seconds * rate)
    )
    head = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    size = struct.pack("<I", len(samples))
    whole = struct.pack("<I", 36 + len(samples))
    return b"RIFF" + whole + b"WAVEfmt " + head + b"data" + size + samples


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Chest
  {
    OFFSET 0 50 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 30 0
    }
  }
  JOINT Leg
  {
    OFFSET 10 -10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -80 0
    }
  }
}
MOTION
Frames: 40
Frame Time: 0.05
""" + "\n".join(
    f"{at} 90 {at * 3} 0 0 0 0 {at} 0 0 {30 * math.sin(at / 4):.2f} 0" for at in range(40)
)


def axe(page: Any, axe_core: str) -> list[str]:
    """What axe-core finds that is serious, in what is open."""
    # The page's content policy takes no script element: Playwright's own world does.
    page.evaluate(axe_core)
    found = page.evaluate("axe.run(document.querySelector('dialog[open]'))")
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page(permissions=CLIPBOARD)


def coded(x: int, y: int) -> tuple[int, ...]:
    """Every pixel another colour."""
    return (x, y, 90, 255 if x > 20 else 0)


def pixel_at(page: Any, x: float, y: float) -> str:
    """The place of the pixel below a point of the page, as the viewer tells it."""
    shown = page.locator("[data-testid=pixel]")
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_function(
        "() => /#[0-9a-f]{6}/.test(document.querySelector('[data-testid=pixel]').textContent)"
    )
    return re.match(r"\d+, \d+", shown.inner_text().replace("\n", " ")).group()  # type: ignore[union-attr]


def test_m1_the_wheel_zooms_at_the_pointer(page: Any) -> None:
    look_at(page, "coded.png", png(200, 150, coded))
    frame = viewer(page, "picture")
    frame.locator("img").wait_for()
    box = frame.bounding_box()
    x, y = box["x"] + box["width"] * 0.61, box["y"] + box["height"] * 0.37
    before = pixel_at(page, x, y)
    for turns in (-240, 120, -240, -240):
        page.mouse.wheel(0, turns)
        assert pixel_at(page, x, y) == before
    assert page.locator("[data-testid=grid]").is_visible()
    # At 1:1 a pixel of the picture is one of the page: neither sharp nor with a grid.
    press(page, "1")
    page.locator("[data-testid=grid]").wait_for(state="detached")
    assert page.locator("[data-testid=zoom]").inner_text() == "100%"
    width = frame.locator("img").evaluate("(image) => image.getBoundingClientRect().width")
    assert width == 200
    press(page, "0")
    page.wait_for_function(
        "() => document.querySelector('[data-testid=zoom]').textContent !== '100%'"
    )


def test_m1_the_facts_of_a_picture_are_those_of_its_file(page: Any, axe_core: str) -> None:
    look_at(page, "coded.png", png(200, 150, coded))
    viewer(page, "picture")
    press(page, "i")
    facts = page.get_by_role("complementary", name="Facts")
    facts.get_by_text("200 × 150").wait_for()
    assert "RGBA" in facts.inner_text()
    assert "8 bits per channel" in facts.inner_text()
    assert axe(page, axe_core) == []
    press(page, "Escape")
    page.locator("dialog[open]").wait_for(state="detached")


def two_pictures(server: Served) -> None:
    """Two results in the gallery: one of them brighter in its left half."""
    for level in ("#204060", "#206060"):
        server.carry_out(
            {
                "musegraph": 1,
                "nodes": {
                    "fill": {
                        "type": "image.color",
                        "values": {"color": level, "width": 64, "height": 48},
                    }
                },
                "outputs": {"picture": "fill.out"},
            }
        )


def open_gallery(page: Any) -> Any:
    page.locator(".react-flow__pane").wait_for()
    page.get_by_role("button", name="Gallery").click()
    gallery = page.get_by_role("listbox", name="Results")
    gallery.get_by_role("option").nth(1).wait_for()
    return gallery


def test_m2_two_results_are_compared_by_keyboard_alone(
    page: Any, axe_core: str, server: Served
) -> None:
    two_pictures(server)
    gallery = open_gallery(page)
    gallery.focus()
    press(page, "Control+a", "c")
    frame = viewer(page, "compare")
    slider = page.get_by_role("slider", name="Line between the two pictures")
    slider.focus()
    assert slider.get_attribute("aria-valuenow") == "50"
    press(page, "ArrowLeft", "ArrowLeft", "Shift+ArrowRight")
    page.wait_for_function("() => document.querySelector('[role=slider]').ariaValueNow === '56'")
    clip = frame.locator("> div").first.evaluate("(pane) => getComputedStyle(pane).clipPath")
    assert clip == "inset(0px 44% 0px 0px)"
    press(page, "End")
    page.wait_for_function("() => document.querySelector('[role=slider]').ariaValueNow === '100'")
    assert axe(page, axe_core) == []
    # Both are zoomed as one.
    press(page, "a", "+", "+")
    widths = frame.locator("img").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert len(widths) == 2
    assert widths[0] == widths[1] > 64
    press(page, "d")
    told = page.locator("[data-testid=difference]")
    told.wait_for()
    assert "100%" in told.inner_text()
    assert "32 of 255" in told.inner_text()
    press(page, "b")
    page.wait_for_function("() => document.querySelector('[data-mode=blink]') !== null")
    press(page, "Space")
    assert axe(page, axe_core) == []


def saved_mask(page: Any, server: Served, held: dict[str, str]) -> Any:
    from PIL import Image

    return Image.open(BytesIO(server.ask("GET", f"/api/assets/{held['asset']}")))


def start_mask(page: Any, held: dict[str, str]) -> Any:
    paste(page, {"cut": {"type": "image.set_alpha", "values": {"image": held}}})
    page.get_by_role("button", name="Paint the mask").first.click()
    return viewer(page, "mask")


def test_m6_the_mask_of_a_sampler_is_painted_over_the_picture_that_its_latent_is_of(
    page: Any,
) -> None:
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    sampled = {"type": "diffusion.sample", "links": {"latent": "again.out"}}
    paste(page, {
        "latent": {"type": "diffusion.encode", "values": {"image": held}},
        "again": {"type": "diffusion.add_noise", "links": {"latent": "latent.out"}},
        "sample": sampled,
    })  # fmt: skip
    node = page.locator('.react-flow__node[data-id="sample"]')
    node.get_by_role("button", name="8 more").click()
    node.get_by_role("button", name="Paint the mask").click()
    viewer(page, "mask").wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )


def save_mask(page: Any) -> dict[str, str]:
    with page.expect_response(lambda answer: "/api/assets?" in answer.url) as sent:
        press(page, "Control+s")
    held: dict[str, str] = sent.value.json()
    page.locator("dialog[open]").wait_for(state="detached")
    return held


def test_m6_a_stroke_that_leaves_the_picture_is_white_in_the_saved_mask(
    page: Any, axe_core: str, server: Served
) -> None:
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    frame = start_mask(page, held)
    canvas = frame.locator("canvas")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    box = canvas.bounding_box()
    zoom = box["width"] / 160

    def to(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * zoom, box["y"] + y * zoom

    for _ in range(3):
        press(page, "[")
    page.mouse.move(*to(80, 50))
    page.mouse.down()
    page.mouse.move(*to(150, 50), steps=4)
    page.mouse.move(box["x"] + box["width"] + 12, box["y"] + 2, steps=4)
    page.mouse.move(*to(150, 4), steps=4)
    page.mouse.up()
    assert axe(page, axe_core) == []
    mask = saved_mask(page, server, save_mask(page))
    assert (mask.mode, mask.size) == ("L", (160, 100))
    assert [mask.getpixel(place) for place in ((80, 50), (120, 50), (152, 4))] == [255, 255, 255]
    assert [mask.getpixel(place) for place in ((10, 10), (80, 95), (40, 50))] == [0, 0, 0]


def test_m6_a_mask_is_undone_by_strokes_and_reopens_as_it_was_saved(
    page: Any, server: Served
) -> None:
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    frame = start_mask(page, held)
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    box = frame.locator("canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    press(page, "r")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 40, box["y"] + box["height"] + 20, steps=3)
    page.mouse.up()
    press(page, "i", "Control+z")  # inverted, and back
    first = save_mask(page)
    mask = saved_mask(page, server, first)
    assert [mask.getpixel(place) for place in ((120, 80), (10, 10))] == [255, 0]
    # Again: what was saved is there, and can be changed.
    page.get_by_role("button", name="Paint the mask").first.click()
    frame = viewer(page, "mask")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    shown = "(canvas) => canvas.getContext('2d').getImageData(120, 80, 1, 1).data[3]"
    assert frame.locator("canvas").evaluate(shown) == 255
    assert frame.get_attribute("data-tool") == "rectangle"  # it is remembered
    press(page, "i")
    mask = saved_mask(page, server, save_mask(page))
    assert [mask.getpixel(place) for place in ((120, 80), (10, 10))] == [0, 255]


def test_m6_what_was_painted_is_not_lost_by_leaving(page: Any) -> None:
    held = upload(page, "ground.png", png(160, 100, lambda x, y: (x, y, 40)))
    start_mask(page, held)
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=mask] canvas').width === 160"
    )
    press(page, "i", "Escape")
    page.get_by_role("button", name="Go on painting").click()
    viewer(page, "mask")
    press(page, "Escape")
    page.get_by_role("button", name="Discard").click()
    page.locator("dialog[open]").wait_for(state="detached")


def test_a_score_is_a_piano_roll_with_a_line_that_moves(page: Any, axe_core: str) -> None:
    lead = Track.of([Note(n * 240, 220, 60 + (n * 7) % 17, 40 + n) for n in range(64)], name="Lead")
    bass = Track.of([Note(n * 960, 900, 36 + n % 5, 90, 1) for n in range(16)], name="Bass")
    look_at(page, "song.mid", write_midi(Score(480, (lead, bass), (Tempo(0, 500_000),))))
    viewer(page, "score").get_by_role("img", name=re.compile("song.mid, 80 notes")).wait_for()
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector('[data-viewer=score] canvas');
          if (!canvas || !canvas.width) return false;
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 8;
        }"""
    )
    assert page.get_by_role("list", name="Tracks").get_by_role("listitem").all_inner_texts() == [
        "Lead", "Bass",
    ]  # fmt: skip
    page.get_by_role("slider", name=re.compile("song.mid")).focus()
    press(page, "Space")
    page.wait_for_function(
        "() => Number(document.querySelector('[role=slider]').ariaValueNow) > 0.2"
    )
    press(page, "Space")
    assert axe(page, axe_core) == []


def test_m4_a_sound_has_an_outline_and_plays_a_part(page: Any, axe_core: str) -> None:
    peaks = {"sample_rate": 8000, "frames": 32_000, "minima": [[-0.5, -0.9]], "maxima": [[0.4, 1]]}
    page.route("**/peaks?*", lambda route: route.fulfill(json=peaks))
    look_at(page, "tone.wav", wav(4))
    viewer(page, "sound")
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector('[data-viewer=sound] canvas');
          if (!canvas || !canvas.width) return false;
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.some((value) => value);
        }"""
    )
    track = page.get_by_role("slider", name=re.compile("tone.wav"))
    page.wait_for_function(
        "() => Number(document.querySelector('[role=slider]').ariaValueMax) === 4"
    )
    box = track.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    page.wait_for_function(
        "() => Math.abs(Number(document.querySelector('[role=slider]').ariaValueNow) - 2) < 0.05"
    )
    track.focus()
    press(page, "Home")
    page.wait_for_function(
        "() => Number(document.querySelector('[role=slider]').ariaValueNow) === 0"
    )
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40, steps=3)
    page.mouse.up()
    page.locator("[data-testid=region]").wait_for()
    press(page, "l", "Space")
    page.wait_for_function(
        "() => Number(document.querySelector('[role=slider]').ariaValueNow) > 1.02"
    )
    press(page, "Space")
    page.wait_for_function("() => document.querySelector('audio').paused")
    assert axe(page, axe_core) == []


RECORD = """() => new Promise((resolve) => {
  const canvas = document.createElement('canvas');
  canvas.width = 64; canvas.height = 48;
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: 'video/webm;codecs=vp8'});
  const parts = [];
  recorder.ondataavailable = ({data}) => parts.push(data);
  recorder.onstop = async () =>
    resolve([...new Uint8Array(await new Blob(parts).arrayBuffer())]);
  let drawn = 0;
  recorder.start();
  const timer = setInterval(() => {
    context.fillStyle = `hsl(${drawn * 9} 80% 50%)`;
    context.fillRect(0, 0, 64, 48);
    if (++drawn > 30) { clearInterval(timer); recorder.stop(); }
  }, 40);
})"""


def test_m3_a_film_plays_and_is_gone_through_picture_by_picture(page: Any, axe_core: str) -> None:
    look_at(page, "clip.webm", bytes(page.evaluate(RECORD)))
    viewer(page, "film")
    page.wait_for_function(
        "() => document.querySelector('video').readyState >= 2"
        " && Number(document.querySelector('[role=slider]').ariaValueMax) > 0.5"
        " && document.querySelector('video').currentTime === 0"
    )
    press(page, ".", ".", ".")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.05")
    there = page.evaluate("document.querySelector('video').currentTime")
    press(page, ",")
    page.wait_for_function(f"() => document.querySelector('video').currentTime < {there}")
    press(page, "]")
    page.locator("[data-testid=region]").wait_for()
    press(page, "Escape", "Space")
    page.wait_for_function("() => !document.querySelector('video').paused")
    press(page, "Space")
    page.wait_for_function("() => document.querySelector('video').paused")
    assert axe(page, axe_core) == []
    press(page, "Escape")
    page.locator("video").wait_for(state="detached")


DRAWN = """() => {
  const canvas = document.querySelector('[data-viewer=motion] canvas');
  if (!canvas || !canvas.width) return 0;
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at]) sum += 1 + data[at - 3] * (at % 9973);
  return sum;
}"""

KEEP_CONTEXTS = """
globalThis.contexts = [];
const plain = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const made = plain.call(this, kind, ...rest);
  if (kind === 'webgl2' && made && !contexts.includes(made)) contexts.push(made);
  return made;
};
0
"""


def test_m5_without_webgl_a_skeleton_is_drawn_from_one_side(
    axe_core: str,
    new_page: Callable[..., Any],
) -> None:
    page = new_page(permissions=CLIPBOARD)
    page.evaluate(
        """() => {
          const plain = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind.startsWith('webgl') ? null : plain.call(this, kind, ...rest);
          };
        }"""
    )
    look_at(page, "walk.bvh", BVH.encode())
    motion = viewer(page, "motion")
    assert motion.get_attribute("data-webgl") == "false"
    page.get_by_text("There is no WebGL in this browser").wait_for()
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    first = page.evaluate(DRAWN)
    press(page, "Shift+ArrowRight")
    page.wait_for_function(f"() => ({DRAWN})() !== {first}")
    assert axe(page, axe_core) == []


def test_m5_a_skeleton_plays_and_is_there_again_after_its_context_was_lost(
    axe_core: str,
    new_page: Callable[..., Any],
) -> None:
    page = new_page(permissions=CLIPBOARD)
    page.evaluate(KEEP_CONTEXTS)
    if not page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"):
        unable("this Chromium has no WebGL, not even in software")
    look_at(page, "walk.bvh", BVH.encode())
    motion = viewer(page, "motion")
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    assert motion.get_attribute("data-frame") == "0"
    press(page, ".", ".", ",")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=motion]').dataset.frame === '1'"
    )
    press(page, "Space")
    page.wait_for_function(
        "() => Number(document.querySelector('[data-viewer=motion]').dataset.frame) > 3"
    )
    press(page, "Space", "Home")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=motion]').dataset.frame === '0'"
    )
    before = page.evaluate(DRAWN)
    # One renderer for the page; the other contexts only asked whether there is WebGL.
    page.evaluate(
        """() => new Promise((resolve) => {
          const context = contexts.at(-1);
          context.canvas.addEventListener('webglcontextlost', resolve, {once: true});
          globalThis.loss = context.getExtension('WEBGL_lose_context');
          loss.loseContext();
        })"""
    )
    press(page, "Shift+ArrowRight")
    assert page.evaluate(DRAWN) == before  # it keeps its picture
    page.evaluate("loss.restoreContext()")
    page.wait_for_function(f"() => ({DRAWN})() !== {before} && ({DRAWN})() > 0")
    assert axe(page, axe_core) == []


def test_m5_a_glb_is_a_figure_with_a_body_or_its_bones(
    axe_core: str,
    new_page: Callable[..., Any],
) -> None:
    from musegraph import files
    from musegraph_nodes.motion.choreograph import choreograph

    page = new_page(permissions=CLIPBOARD, color_scheme="dark")
    if not page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"):
        unable("this Chromium has no WebGL, not even in software")
    dance = choreograph(seconds=1.0, style="salsa", seed=2).motion
    look_at(page, "dance.glb", files.to_file(dance, "dance", "glb").data)
    motion = viewer(page, "motion")
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    assert page.get_by_test_id("frame").inner_text() == f"Frame 1 of {dance.frames}"
    SHOTS.mkdir(parents=True, exist_ok=True)
    motion.screenshot(path=SHOTS / "16 glb.png")
    body = page.evaluate(DRAWN)
    press(page, "b")
    page.wait_for_function(f"() => ({DRAWN})() !== {body}")
    bones = page.evaluate(DRAWN)
    press(page, ".", ".", ".", ".")
    page.wait_for_function(
        "() => document.querySelector('[data-viewer=motion]').dataset.frame === '4'"
    )
    page.wait_for_function(f"() => ({DRAWN})() !== {bones}")
    assert axe(page, axe_core) == []


HARM = "globalThis.harmed = []; globalThis.harm = (n) => harmed.push(n); 0"


@pytest.mark.parametrize("name", ["texts.txt", "texts.json", "texts.csv", "tree.json"])
def test_f05_a_text_that_would_run_is_read_and_nothing_else(
    page: Any, axe_core: str, name: str
) -> None:
    page.evaluate(HARM)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    quoted = ('"' + text.replace('"', '""') + '"' for text in PAYLOADS)
    data = {
        "texts.txt": "\n".join(PAYLOADS),
        "texts.json": json.dumps([{"text": text, "again": text} for text in PAYLOADS]),
        "texts.csv": "text\n" + "\n".join(quoted),
        "tree.json": json.dumps({text: [text] for text in PAYLOADS}),
    }[name]
    look_at(page, name, data.encode())
    shown = page.locator("dialog[open] [data-viewer]")
    shown.wait_for()
    page.locator("dialog[open]").get_by_text("harm(0)").first.wait_for()
    if name == "texts.txt":
        text = shown.evaluate("(one) => one.textContent")
        assert all(payload in text for payload in PAYLOADS)
        page.keyboard.press("Control+f")
        page.keyboard.type("<script>")
        page.locator("mark").first.wait_for()
    assert shown.locator("script, iframe, object, embed, style, link, meta, base").count() == 0
    assert shown.locator("img, video, audio, a[href], form").count() == 0
    assert page.evaluate("harmed") == []
    assert [url for url in asked if "evil" in url] == []
    assert axe(page, axe_core) == []


def test_a_viewer_goes_on_to_the_next_result_and_closes_by_escape(
    page: Any, axe_core: str, server: Served
) -> None:
    two_pictures(server)
    gallery = open_gallery(page)
    gallery.get_by_role("option").first.dblclick()
    viewer(page, "picture")
    page.get_by_text(re.compile(r"^1 of \d+$")).wait_for()
    press(page, "ArrowRight")
    page.get_by_text(re.compile(r"^2 of \d+$")).wait_for()
    press(page, "g")
    assert axe(page, axe_core) == []
    press(page, "Escape")
    viewer(page, "picture")
    press(page, "Escape")
    page.locator("dialog[open]").wait_for(state="detached")
