"""What stands in a node, and the inspector: values are dragged, typed, chosen and put back."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from documents import card as node
from documents import paste, written

NewPage = Callable[..., Any]

CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def canvas(new_page: NewPage) -> Callable[..., Any]:
    """Opens a canvas with nodes on it, side by side unless their places are given."""

    def make(nodes: dict[str, Any], places: dict[str, Any] | None = None, **options: Any) -> Any:
        page = new_page(permissions=CLIPBOARD, **options)
        put(page, nodes, places)
        return page

    return make


def put(page: Any, nodes: dict[str, Any], places: dict[str, Any] | None = None) -> None:
    """Paste nodes, once the canvas knows what nodes there are."""
    page.wait_for_selector(".react-flow__pane")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource')"
        ".some((one) => one.name.includes('/api/nodes') && one.responseEnd > 0)"
    )
    beside = {name: {"x": 320 * place, "y": 0} for place, name in enumerate(nodes)}
    for name, one in (places or {}).items():
        beside[name].update(one)
    paste(page, nodes, beside)
    for name in nodes:
        node(page, name).wait_for()
    page.wait_for_function("() => !document.querySelector('[data-id] article:not([data-family])')")


def field(page: Any, name: str, role: str, label: str) -> Any:
    return node(page, name).get_by_role(role, name=label, exact=False)


def value(page: Any, name: str, port: str) -> Any:
    return written(page)["nodes"][name].get("values", {}).get(port)


def undo(page: Any) -> None:
    page.locator("main").focus()
    page.keyboard.press("Control+z")


def shows(locator: Any, text: str) -> None:
    """Wait until something reads so."""
    locator.filter(has_text=re.compile(f"^{re.escape(text)}$")).wait_for()


def drag(page: Any, locator: Any, by: int, *, key: str | None = None) -> None:
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    if key:
        page.keyboard.down(key)
    page.mouse.move(x + by / 2, y, steps=2)
    page.mouse.move(x + by, y, steps=2)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


COLOR = {"picture": {"type": "image.color"}}


def test_a_number_is_dragged_finer_with_shift_and_coarser_with_ctrl(canvas: Any) -> None:
    """S4; U2: a drag is one entry."""
    page = canvas(COLOR)
    width = field(page, "picture", "spinbutton", "Width")
    drag(page, width, 40)
    shows(width, "532")
    drag(page, width, 40, key="Shift")
    shows(width, "534")
    drag(page, width, 40, key="Control")
    shows(width, "734")
    drag(page, width, -2000, key="Control")
    shows(width, "1")
    for before in ("734", "534", "532", "512"):
        undo(page)
        shows(width, before)
    assert "width" not in written(page)["nodes"]["picture"].get("values", {})


def test_a_number_with_near_ends_follows_the_pointer_with_a_bar(canvas: Any) -> None:
    """S4."""
    page = canvas({"blend": {"type": "image.blend"}})
    amount = field(page, "blend", "spinbutton", "Amount")
    drag(page, amount, round(amount.bounding_box()["width"] / 4))
    shows(amount, "0.75")


def test_a_number_is_typed_also_as_a_sum_and_stepped_with_keys_and_wheel(canvas: Any) -> None:
    """S4, S3: the wheel steps a number that has the keyboard and leaves the canvas alone."""
    page = canvas(COLOR)
    width = field(page, "picture", "spinbutton", "Width")
    width.dblclick()
    page.keyboard.type("1024/2+1")
    page.keyboard.press("Enter")
    shows(width, "513")
    page.keyboard.press("ArrowUp")
    shows(width, "514")
    view = page.locator(".react-flow__viewport").get_attribute("style")
    width.hover()
    page.mouse.wheel(0, -100)
    shows(width, "515")
    assert page.locator(".react-flow__viewport").get_attribute("style") == view
    page.keyboard.type("99999")
    page.keyboard.press("Enter")
    shows(width, "16384")
    page.keyboard.type("1,5")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="has a comma").wait_for()
    page.keyboard.press("Escape")
    shows(width, "16384")
    assert value(page, "picture", "width") == 16384


LONG = "\n".join(f"line {count}" for count in range(60))


def test_the_wheel_scrolls_a_text_that_has_the_keyboard_and_else_zooms(canvas: Any) -> None:
    """S3."""
    page = canvas({"words": {"type": "core.text", "values": {"text": LONG}}})
    text = field(page, "words", "textbox", "Text")
    view = page.locator(".react-flow__viewport")
    before = view.get_attribute("style")
    text.click()
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => document.activeElement.scrollTop > 0")
    assert view.get_attribute("style") == before
    page.keyboard.press("Escape")
    page.mouse.wheel(0, 20)
    page.wait_for_function(
        "(before) => document.querySelector('.react-flow__viewport').style.cssText !== before",
        arg=before,
    )


def test_text_in_a_node_is_selected_with_the_mouse_and_the_node_stays(canvas: Any) -> None:
    """S3."""
    page = canvas({"words": {"type": "core.text", "values": {"text": "some words to select"}}})
    text = field(page, "words", "textbox", "Text")
    place = node(page, "words").bounding_box()
    box = text.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 12, steps=4)
    page.mouse.up()
    chosen = text.evaluate("(area) => area.selectionEnd - area.selectionStart")
    assert chosen > 3
    assert node(page, "words").bounding_box() == place


FIELDS = {
    "words": {"type": "core.text", "values": {"text": "abc"}},
    "noise": {"type": "image.noise"},
    "resize": {"type": "image.resize", "values": {"background": "#000000"}},
}


@pytest.mark.parametrize(
    ("name", "role", "label"),
    [
        ("words", "textbox", "Text"),
        ("noise", "spinbutton", "Width"),
        ("noise", "spinbutton", "Seed"),
        ("noise", "switch", "Colored"),
        ("resize", "combobox", "Fit"),
        ("resize", "textbox", "Background"),
    ],
)
def test_backspace_in_a_field_deletes_no_node(
    canvas: Any, name: str, role: str, label: str
) -> None:
    """S3."""
    page = canvas(FIELDS)
    node(page, name).locator("header").click()
    one = field(page, name, role, label)
    one.focus()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    assert page.locator(".react-flow__node").count() == len(FIELDS)


def test_typing_keeps_the_caret_and_is_one_entry_of_the_history(canvas: Any) -> None:
    """U3, U6."""
    page = canvas({"words": {"type": "core.text", "values": {"text": "ad"}}})
    text = field(page, "words", "textbox", "Text")
    text.click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("bc")
    assert text.input_value() == "abcd"
    page.keyboard.press("Control+z")
    assert text.input_value() != "abcd", "the text is undone first"
    page.keyboard.press("Control+y")
    text.blur()
    assert value(page, "words", "text") == "abcd"
    undo(page)
    page.wait_for_function(
        "() => document.querySelector('[data-id=words] textarea').value === 'ad'"
    )


def test_what_an_input_method_composes_is_taken_when_it_is_done(canvas: Any) -> None:
    """L3, S3."""
    page = canvas({"words": {"type": "core.text"}})
    text = field(page, "words", "textbox", "Text")
    text.click()
    keys = page.context.new_cdp_session(page)
    for letters in ("n", "ni", "ni h", "ni hao"):
        keys.send(
            "Input.imeSetComposition",
            {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)},
        )
    assert text.input_value() == "ni hao"
    reset = node(page, "words").get_by_role("button", name="back to the default")
    assert reset.count() == 0, "the document has nothing of it yet"
    keys.send("Input.insertText", {"text": "你好"})
    reset.wait_for()
    assert text.input_value() == "你好"
    text.blur()
    assert value(page, "words", "text") == "你好"
    undo(page)
    reset.wait_for(state="detached")


def png(color: tuple[int, int, int], size: int = 8) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(color) * size) * size)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


GIVE = """([element, kind, name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, {type: 'image/png'}));
  const options = {bubbles: true, cancelable: true};
  element.dispatchEvent(kind === 'paste'
    ? new ClipboardEvent('paste', {...options, clipboardData: data})
    : new DragEvent('drop', {...options, dataTransfer: data}));
}"""  # noqa: E501  it is a page's own text


def test_a_file_is_chosen_dropped_or_pasted_and_shown(canvas: Any) -> None:
    """S3, A6: on a field."""
    page = canvas({"load": {"type": "image.load"}})
    place = field(page, "load", "group", "Image")
    with page.expect_file_chooser() as chooser:
        place.get_by_role("button", name="Choose a file").click()
    red = {"name": "red.png", "mimeType": "image/png", "buffer": png((255, 0, 0))}
    chooser.value.set_files(red)
    place.get_by_text("red.png").wait_for()
    page.wait_for_function("() => document.querySelector('[data-id=load] img')?.naturalWidth > 0")
    for kind, name, color in (
        ("drop", "green.png", (0, 255, 0)),
        ("paste", "blue.png", (0, 0, 255)),
    ):
        data = base64.b64encode(png(color)).decode()
        page.evaluate(GIVE, [place.element_handle(), kind, name, data])
        place.get_by_text(name).wait_for()
    kept = value(page, "load", "image")
    assert re.fullmatch(r"blake3:[0-9a-f]{64}", kept["asset"])
    assert (kept["name"], kept["media"]) == ("blue.png", "image/png")
    place.get_by_role("button", name="Take the file away").click()
    place.get_by_role("button", name="Choose a file").wait_for()
    assert value(page, "load", "image") is None


def test_a_mask_that_may_be_left_out_covers_no_other_field(canvas: Any) -> None:
    page = canvas({"compose": {"type": "image.compose"}})
    row = node(page, "compose").locator('[data-field="file"]').bounding_box()
    asks = node(page, "compose").locator('[role="group"][data-empty]').bounding_box()
    assert asks["y"] + asks["height"] <= row["y"] + row["height"]


def test_a_file_that_the_server_does_not_take_is_told_of_in_words(
    canvas: Any, complaints: list[str]
) -> None:
    page = canvas({"load": {"type": "image.load"}})
    fault = {"error": {"code": "too-large", "message": "the file is too large", "problems": []}}
    page.route("**/api/assets*", lambda route: route.fulfill(status=413, json=fault))
    place = field(page, "load", "group", "Image")
    with page.expect_file_chooser() as chooser:
        place.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files({"name": "no.png", "mimeType": "image/png", "buffer": png((0, 0, 0))})
    page.get_by_text("no.png was not taken in: the file is too large").wait_for()
    place.get_by_role("button", name="Choose a file").wait_for()
    complaints[:] = [one for one in complaints if "Failed to load resource" not in one]


UNKNOWN = {
    "load": {"type": "image.load"},
    "braid": {
        "type": "hair.braid",
        "values": {"strands": 3, "style": {"name": "french"}},
        "links": {"picture": "load.out"},
        "mode": "bypass",
        "future": True,
    },
    "blur": {"type": "image.blur", "links": {"image": "braid.out"}},
}


def test_a_node_of_an_unknown_type_keeps_all_and_says_which_pack_is_missing(canvas: Any) -> None:
    """D4."""
    page = canvas(UNKNOWN)
    node(page, "braid").get_by_text("The pack “hair” is missing").wait_for()
    assert page.locator(".react-flow__edge").count() == 2
    kept = written(page)["nodes"]
    assert kept["braid"] == UNKNOWN["braid"]
    assert kept["blur"]["links"] == {"image": "braid.out"}
    page.keyboard.press("Escape")
    packs = page.get_by_role("region", name="Packs")
    packs.get_by_text("hair").wait_for()
    packs.get_by_text("missing").wait_for()
    node(page, "braid").locator("header").click()
    page.get_by_role("region", name="Not known here").get_by_text('{"name":"french"}').wait_for()


def test_a_linked_input_has_no_editor_and_gets_its_value_back(canvas: Any) -> None:
    """W2."""
    page = canvas({
        "words": {"type": "core.text", "values": {"text": "linked"}},
        "encode": {"type": "diffusion.encode_text", "values": {"text": "kept"}},
    })  # fmt: skip
    text = field(page, "encode", "textbox", "Text")
    assert text.input_value() == "kept"
    source = node(page, "words").get_by_role("button", name="Output").first
    source.drag_to(node(page, "encode").get_by_role("button", name="Input Text"))
    text.wait_for(state="detached")
    node(page, "encode").locator("header").click()
    page.get_by_role("region", name="Inputs").get_by_role("button", name="Cut the link").click()
    text.wait_for()
    assert text.input_value() == "kept"


def test_every_row_with_a_value_has_a_handle_of_24_pixels(canvas: Any) -> None:
    """W2, W6."""
    page = canvas({"sample": {"type": "diffusion.sample"}})
    one = node(page, "sample")
    one.get_by_role("button", name="8 more").click()
    assert one.get_by_role("button", name=re.compile("^Input ")).count() == 17
    hit = one.get_by_role("button", name="Input Steps").evaluate(
        "(handle) => { const { top, left } = getComputedStyle(handle, '::before');"
        " return [handle.offsetWidth - 2 * parseFloat(left),"
        " handle.offsetHeight - 2 * parseFloat(top)]; }"
    )
    assert min(hit) >= 24


def test_bypass_and_mute_look_different_without_colour(canvas: Any) -> None:
    """F3, X5."""
    page = canvas({
        "plain": {"type": "image.blur"},
        "passed": {"type": "image.blur", "mode": "bypass"},
        "silent": {"type": "image.blur", "mode": "mute"},
    })  # fmt: skip
    icons = {}
    for name, said in (("passed", "Bypassed"), ("silent", "Muted")):
        icons[said] = node(page, name).get_by_role("img", name=said).inner_html()
        border = node(page, name).locator("article").evaluate(
            "(card) => getComputedStyle(card).borderTopStyle"
        )  # fmt: skip
        assert border == "dashed"
        dim = field(page, name, "spinbutton", "Radius").evaluate(
            "(field) => getComputedStyle(field.closest('[data-field]')).opacity"
        )
        assert dim == "0.45"
    assert icons["Bypassed"] != icons["Muted"]
    assert node(page, "plain").get_by_role("img", name=re.compile("Bypassed|Muted")).count() == 0


def test_a_seed_is_drawn_kept_and_changed_for_each_run(canvas: Any) -> None:
    """R7."""
    page = canvas({"noise": {"type": "image.noise", "values": {"seed": 5}}})
    seed = field(page, "noise", "spinbutton", "Seed")
    shows(seed, "5")
    node(page, "noise").get_by_role("button", name="Draw another seed now").click()
    seed.filter(has_not_text=re.compile("^5$")).wait_for()
    drawn = int(seed.get_attribute("aria-valuenow"))
    node(page, "noise").get_by_role("button", name="The next run: Keep the seed").click()
    page.get_by_role("menuitemradio", name="A new seed for each run").click()
    mode = node(page, "noise").get_by_role("button", name="The next run: A new seed")
    mode.wait_for()
    kept = written(page)
    assert kept["canvas"]["nodes"]["noise"]["seeds"] == {"seed": "random"}
    assert kept["nodes"]["noise"]["values"]["seed"] == drawn
    mode.click()
    page.get_by_role("menuitem", name="Keep the seed of the last run").click()
    node(page, "noise").get_by_role("button", name="The next run: Keep the seed").wait_for()
    assert "seeds" not in written(page)["canvas"]["nodes"]["noise"]


def test_the_seed_that_is_shown_is_that_of_the_last_run_and_comes_back(canvas: Any) -> None:
    """R7."""
    small = {"seed": 5, "width": 16, "height": 16}
    page = canvas(
        {"noise": {"type": "image.noise", "values": small}},
        {"noise": {"seeds": {"seed": "random"}}},
    )
    seed = field(page, "noise", "spinbutton", "Seed")
    shows(seed, "5")
    with page.expect_response(lambda answer: answer.url.endswith("/api/runs/batch")) as answer:
        page.keyboard.press("Control+Enter")
    sent = answer.value.request.post_data_json["runs"][0]["workflow"]["nodes"]["noise"]["values"][
        "seed"
    ]
    shows(seed, str(sent))
    assert sent != 5
    one = node(page, "noise")
    one.get_by_role("button", name="Draw another seed now").click()
    seed.filter(has_not_text=re.compile(f"^{sent}$")).wait_for()
    one.get_by_role("button", name="The next run").click()
    last = page.get_by_role("menuitem", name="Keep the seed of the last run")
    last.filter(has_text=str(sent)).click()
    shows(seed, str(sent))
    one.get_by_role("button", name="The next run: Keep the seed").wait_for()


def test_a_node_is_renamed_in_place(canvas: Any) -> None:
    """S8."""
    page = canvas({"blur": {"type": "image.blur"}})
    title = node(page, "blur").get_by_text("Blur", exact=True)
    title.dblclick()
    page.keyboard.type("Soft edges")
    page.keyboard.press("Enter")
    node(page, "blur").get_by_text("Soft edges", exact=True).wait_for()
    page.keyboard.press("F2")
    page.keyboard.type("Backspace takes no node")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    node(page, "blur").get_by_text("Soft edges", exact=True).wait_for()
    assert written(page)["canvas"]["nodes"]["blur"]["title"] == "Soft edges"


def test_colour_note_and_collapsing_are_set_in_the_inspector_and_seen_on_the_node(
    canvas: Any,
) -> None:
    """S8."""
    page = canvas({"blur": {"type": "image.blur"}, "other": {"type": "image.blur"}})
    node(page, "blur").locator("header").click()
    look = page.get_by_role("region", name="On the canvas")
    look.get_by_role("button", name="Teal").click()
    note = look.get_by_role("textbox", name="Note on the node")
    note.fill("Only a little")
    note.blur()
    node(page, "blur").get_by_role("button", name="Show the note").click()
    paper = page.get_by_role("dialog").get_by_role("textbox", name="Note on the node")
    assert paper.input_value() == "Only a little"
    page.keyboard.press("Escape")
    look.get_by_role("switch", name="Only the header").click()
    node(page, "blur").get_by_text("Radius").wait_for(state="detached")
    assert node(page, "blur").locator("article").get_attribute("data-tint") == "teal"
    layout = written(page)["canvas"]["nodes"]
    assert layout["blur"]["color"] == "teal"
    assert layout["blur"]["note"] == "Only a little"
    assert layout["blur"]["collapsed"] is True
    assert "color" not in layout["other"]


def test_a_click_on_one_of_several_selected_nodes_means_that_one(canvas: Any) -> None:
    page = canvas({"a": {"type": "image.blur"}, "b": {"type": "image.blur"}})
    page.get_by_role("region", name="Selected").get_by_text("2 nodes").wait_for()
    node(page, "a").locator("header").click()
    page.get_by_role("textbox", name="Id", exact=True).wait_for()
    node(page, "b").locator("header").click(modifiers=["Shift"])
    page.get_by_role("region", name="Selected").get_by_text("2 nodes").wait_for()


def test_a_link_says_where_it_goes_and_how_it_fits(canvas: Any) -> None:
    page = canvas({
        "lines": {"type": "core.lines", "values": {"text": "a"}},
        "replace": {
            "type": "core.replace", "values": {"find": "a"}, "links": {"text": "lines.out"},
        },
    })  # fmt: skip
    page.keyboard.press("Escape")
    page.locator(".react-flow__edge").dispatch_event("click")
    link = page.get_by_role("region", name="Link")
    link.get_by_text("The node is called once for each item of the list").wait_for()
    link.get_by_role("button", name="Replace").click()
    page.get_by_role("region", name="Inputs").wait_for()


def test_the_edges_of_a_node_and_of_a_text_are_pulled_on_the_grid_as_one_entry(
    canvas: Any,
) -> None:
    """S7, U2."""
    page = canvas({"words": {"type": "core.text"}})
    box = node(page, "words").bounding_box()
    page.mouse.move(box["x"] + box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 60, box["y"] + 20, steps=4)
    page.mouse.up()
    text = field(page, "words", "textbox", "Text").bounding_box()
    page.mouse.move(text["x"] + 40, text["y"] + text["height"])
    page.mouse.down()
    page.mouse.move(text["x"] + 40, text["y"] + text["height"] + 50, steps=4)
    page.mouse.up()
    layout = written(page)["canvas"]["nodes"]["words"]
    assert layout["width"] > 240
    assert layout["heights"]["text"] > 72
    assert layout["width"] % 8 == layout["heights"]["text"] % 8 == 0
    undo(page)
    undo(page)
    layout = written(page)["canvas"]["nodes"]["words"]
    assert "width" not in layout
    assert "heights" not in layout


def test_from_afar_values_are_told_and_nothing_can_be_typed(canvas: Any) -> None:
    """The level of detail of §5.4."""
    page = canvas({"words": {"type": "core.text", "values": {"text": "seen from afar"}}})
    field(page, "words", "textbox", "Text").wait_for()
    page.mouse.move(700, 500)
    for _ in range(40):
        zoom = float(
            re.search(  # type: ignore[union-attr]
                r"scale\(([\d.]+)\)", page.locator(".react-flow__viewport").get_attribute("style")
            ).group(1)
        )
        if 0.41 < zoom < 0.49:
            break
        page.mouse.wheel(0, 40 if zoom > 0.49 else -40)
        page.wait_for_function(
            "(before) => !document.querySelector('.react-flow__viewport').style.transform"
            ".includes(`scale(${before})`)",
            arg=zoom,
        )
    node(page, "words").locator("textarea").wait_for(state="detached")
    node(page, "words").get_by_text("seen from afar").wait_for()


def test_ports_and_menus_are_in_the_language_of_the_user(canvas: Any) -> None:
    """L2, X4."""
    page = canvas({"crop": {"type": "image.crop"}}, locale="zh-CN")
    anchor = node(page, "crop").get_by_role("combobox", name="锚点")
    assert anchor.locator("option").first.inner_text() == "左上"
    assert field(page, "crop", "spinbutton", "宽度").count() == 1


def test_an_input_becomes_one_of_the_workflow_and_is_named_in_the_inspector(canvas: Any) -> None:
    page = canvas({"noise": {"type": "image.noise", "values": {"width": 320}}})
    node(page, "noise").locator("header").click()
    inputs = page.get_by_role("region", name="Inputs")
    inputs.get_by_role("button", name="Make it an input of the workflow").first.click()
    name = inputs.get_by_role("textbox", name="Name of the workflow's input that sets Width")
    assert name.input_value() == "width"
    name.fill("no good")
    inputs.get_by_role("alert").filter(has_text="Letters, digits").wait_for()
    name.fill("picture_width")
    name.press("Enter")
    outputs = page.get_by_role("region", name="Outputs")
    outputs.get_by_role("button", name="Make it a result of the workflow").click()
    node(page, "noise").get_by_text("noise", exact=True).wait_for()
    page.locator("main").focus()
    page.keyboard.press("Escape")
    takes = page.get_by_role("region", name="What it takes")
    assert takes.get_by_role("textbox", name="Name of the input").input_value() == "picture_width"
    assert takes.get_by_role("spinbutton", name="Default").inner_text() == "320"
    gives = page.get_by_role("region", name="What it gives")
    assert gives.get_by_role("textbox", name="Name of the result").input_value() == "noise"
    undo(page)
    gives.get_by_text("Name the outputs that matter").wait_for()


def test_the_menu_on_a_row_brings_the_default_back_and_makes_inputs_and_results(
    canvas: Any,
) -> None:
    page = canvas({"noise": {"type": "image.noise", "values": {"width": 320}}})
    one = node(page, "noise")
    row = one.get_by_text("Width", exact=True)
    row.click(button="right")
    page.get_by_role("menuitem", name="Make it an input of the workflow").click()
    one.locator('[data-port="width"] [data-bound]').wait_for()
    row.click(button="right")
    page.get_by_role("menuitem", name="An input of the workflow no longer").click()
    one.locator("[data-bound]").wait_for(state="detached")
    assert value(page, "noise", "width") == 320
    row.click(button="right")
    page.get_by_role("menuitem", name="Back to the default").click()
    shows(field(page, "noise", "spinbutton", "Width"), "512")
    row.click(button="right")
    page.get_by_role("menuitem", name="Duplicate").wait_for()
    assert page.get_by_role("menuitem", name="Back to the default").count() == 0
    page.keyboard.press("Escape")
    one.locator('[data-side="output"]').click(button="right")
    page.get_by_role("menuitem", name="Make it a result of the workflow").click()
    one.locator("[data-result]").filter(has_text="noise").wait_for()


def test_a_node_is_called_and_edited_by_keyboard_alone(canvas: Any) -> None:
    """X2, X4: set a value."""
    page = canvas({"sample": {"type": "diffusion.sample"}, "noise": {"type": "image.noise"}})
    assert node(page, "sample").get_attribute("aria-label").startswith("Sample")
    assert "0 of 17 inputs connected" in node(page, "sample").get_attribute("aria-label")
    node(page, "noise").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("640")
    page.keyboard.press("Enter")
    shows(field(page, "noise", "spinbutton", "Width"), "640")
    page.keyboard.press("Tab")
    assert page.get_by_role("dialog").count() == 0, "Tab goes on within a node"
