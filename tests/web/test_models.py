"""The library of models on the canvas: found, looked at, put to use, in words and by keyboard."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Served, press
from PIL import Image
from test_access import bad, ready

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from weights import LORA, SD1, settings, weights

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
NewPage = Callable[..., Any]

LONG = "a name of a model that is so long that it fits into no line of the panel at all v2 final"


def furnish(folder: Path) -> None:
    """Some models as people have them, one with a picture, one twice, one cut off, one a pickle."""
    said = {
        "modelspec.title": "Ink wash",
        "modelspec.author": "A. Painter",
        "modelspec.license": "CC-BY-4.0",
        "modelspec.trigger_phrase": "sumi-e, ink",
    }
    for name in ("loras/ink wash.safetensors", "loras/copy of ink.safetensors"):
        weights(folder / name, LORA, **said)
    Image.new("RGB", (640, 480), "#3a6ea5").save(folder / "loras" / "ink wash.preview.png")
    weights(folder / "checkpoints" / "dream.safetensors", SD1, seed=1)
    weights(folder / "checkpoints" / f"{LONG}.safetensors", SD1, seed=2)
    half = weights(folder / "checkpoints" / "half.safetensors", SD1, seed=3)
    with half.open("r+b") as stream:
        stream.truncate(half.stat().st_size - 9)
    (folder / "checkpoints" / "old one.ckpt").write_bytes(b"\x80\x04 a pickle")
    weights(folder / "vae" / "soft.safetensors", {"decoder.conv_in.weight": (512, 4, 3, 3)})
    pipe = folder / "artist" / "xl"
    settings(pipe / "model_index.json", _class_name="StableDiffusionXLPipeline")
    weights(pipe / "unet" / "diffusion_pytorch_model.safetensors", {"x": (2, 2)})
    (pipe / "README.md").write_text("---\nlicense: openrail++\n---\n# A card\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    furnish(place)
    return place


@pytest.fixture(scope="module")
def server(built: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"), "--models", str(folder))
    yield served
    served.end()


def panel(page: Any, name: str = "Models") -> Any:
    """The panel, open, with its models in it."""
    ready(page)
    page.locator("nav").get_by_role("button", name=name, exact=True).click()
    found = page.locator(f'section[data-region][aria-label="{name}"]')
    found.locator("li button").first.wait_for()
    return found


def names(found: Any) -> list[str]:
    return [name.rpartition("/")[2] for name in found.locator("li [class*=name]").all_inner_texts()]


def use(found: Any, name: str) -> Any:
    """The button that puts a model to use."""
    return found.locator("li button[class*=entry]", has=found.page.get_by_text(name, exact=True))


def cards(page: Any) -> Any:
    return page.locator(".react-flow__node article")


def sources(page: Any) -> list[str]:
    return page.locator(".react-flow__node button[aria-labelledby] span[id]").all_inner_texts()


def test_models_are_listed_with_what_is_known_of_them(page: Any) -> None:
    found = panel(page)
    assert set(names(found)) >= {"ink wash.safetensors", "soft.safetensors", "xl", "scenes"}
    row = found.locator("li", has_text=re.compile("^Useink wash"))
    expect(row).to_contain_text("Stable Diffusion 1")
    expect(row).to_contain_text("CC-BY-4.0")
    expect(row).to_contain_text("Also as: loras/copy of ink.safetensors")
    page.wait_for_function(
        "() => [...document.querySelectorAll('section li img')].some((one) => one.naturalWidth > 0)"
    )
    row.get_by_role("button", name="Details of loras/ink wash.safetensors").click()
    for words in ("Ink wash", "A. Painter", "sumi-e, ink", "float16"):
        expect(row.locator("dl")).to_contain_text(words)
    half = found.locator("li", has_text="half.safetensors")
    expect(half).to_contain_text("It is cut off: get it again.")
    expect(half.get_by_role("button").first).to_be_disabled()
    old = found.locator("li", has_text="old one.ckpt")
    expect(old.locator("code")).to_have_text("musegraph models convert 'checkpoints/old one.ckpt'")


def test_the_list_is_narrowed_by_words_and_by_kind(page: Any) -> None:
    found = panel(page)
    search = found.get_by_role("searchbox", name="Search models")
    search.fill("sumi painter")
    assert names(found) == ["copy of ink.safetensors", "ink wash.safetensors"], "by what is said"
    search.fill("nothing of the kind")
    expect(found).to_contain_text("No model fits.")
    search.fill("")
    kinds = found.get_by_role("combobox", name="Kind of model")
    assert "LoRA (3)" in kinds.inner_text()
    kinds.select_option("vae")
    assert names(found) == ["soft.safetensors"]


def test_a_press_adds_the_node_that_opens_a_model_and_then_sets_it(page: Any) -> None:
    found = panel(page)
    first = use(found, "dream.safetensors")
    first.focus()
    press(page, "Enter")
    expect(cards(page)).to_have_count(1)
    assert "checkpoints/dream.safetensors" in sources(page)
    found.get_by_role("button", name="Use in the selected node: xl").click()
    expect(cards(page)).to_have_count(1)
    assert "artist/xl" in sources(page), "the node that is selected takes it"
    press(page, "Control+z")
    assert "checkpoints/dream.safetensors" in sources(page)
    use(found, "soft.safetensors").click()
    assert "vae/soft.safetensors" in sources(page), "at the input that takes it"
    press(page, "Escape")
    page.locator(".react-flow__pane").click(position={"x": 20, "y": 20})
    expect(use(found, "soft.safetensors")).to_be_disabled()


def test_a_model_is_carried_to_the_canvas_or_onto_a_node(page: Any) -> None:
    found = panel(page)

    def carry(name: str, x: float, y: float) -> None:
        use(found, name).scroll_into_view_if_needed()
        box = use(found, name).bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(x - 40, y - 10, steps=3)
        page.mouse.move(x, y)
        expect(page.get_by_test_id("carried")).to_have_text(name)
        page.mouse.up()

    carry("dream.safetensors", 900, 300)
    expect(cards(page)).to_have_count(1)
    box = cards(page).bounding_box()
    carry("xl", box["x"] + 80, box["y"] + 12)
    expect(cards(page)).to_have_count(1)
    assert "artist/xl" in sources(page)
    carry("xl", 800, 700)
    expect(cards(page)).to_have_count(2)


def test_the_menu_of_a_node_offers_what_it_takes_and_finds_a_model_under_its_new_name(
    page: Any, folder: Path
) -> None:
    found = panel(page)
    use(found, "dream.safetensors").click()
    (folder / "checkpoints" / "dream.safetensors").rename(
        folder / "checkpoints" / "woken.safetensors"
    )
    try:
        found.get_by_role("button", name="Look again").click()
        field = cards(page).locator("button", has_text="checkpoints/dream.safetensors")
        said = "Now called checkpoints/woken.safetensors"
        expect(field.get_by_role("img", name=said)).to_be_visible()
        field.click()
        menu = page.locator("[data-radix-popper-content-wrapper]")
        offered = menu.get_by_role("option").all_inner_texts()
        assert any("artist/xl" in one and "openrail++" in one for one in offered)
        assert not any(
            "ink wash" in one or "soft" in one or ".ckpt" in one or "half" in one for one in offered
        )
        menu.get_by_role("combobox").fill("woken")
        press(page, "Enter")
        assert "checkpoints/woken.safetensors" in sources(page)
    finally:
        (folder / "checkpoints" / "woken.safetensors").rename(
            folder / "checkpoints" / "dream.safetensors"
        )


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("locale", "name"), [("en-US", "Models"), ("zh-CN", "模型")])
def test_axe_finds_nothing_serious_in_the_panel_and_the_menu(
    new_page: NewPage, axe_core: str, theme: str, locale: str, name: str
) -> None:
    page = new_page(locale=locale, color_scheme=theme, bypass_csp=True)
    found = panel(page, name)
    found.locator("li button[aria-expanded]").nth(1).click()
    assert bad(page, axe_core) == []
    found.locator("li button:enabled").first.click()
    cards(page).locator("button[aria-labelledby]").first.click()
    page.locator("[data-radix-popper-content-wrapper] [role=option]").first.wait_for()
    assert bad(page, axe_core) == []
