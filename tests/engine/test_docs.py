"""The catalogue: a page for everything in each language, and no link that leads nowhere."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from musegraph import Text, Workflow, node
from musegraph.cli import nodes as nodes_module
from musegraph.cli.drawing import drawing
from musegraph.cli.markup import inline
from musegraph.cli.pages import Example, all_pages
from musegraph.cli.sockets import meaning
from musegraph.cli.words import LANGUAGES, WORDS
from musegraph.pack import Pack, load_registry
from musegraph.values import Type, media_types
from musegraph.values.types import REFERENCES, SCALARS

ROOT = Path(__file__).parents[2]


class Reader(HTMLParser):
    """What a page links to, and the language it says it is in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.language = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"] or ""
        self.links += [given[name] or "" for name in ("href", "src") if name in given]


def packs() -> list[Pack]:
    registry = load_registry()
    return [pack for name in registry.names() if (pack := registry.pack(name))]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    files = sorted((ROOT / "workflows").glob("*.json"))
    examples = [Example(file.stem, file.name, Workflow.read(file), ()) for file in files]
    return all_pages(packs(), examples)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_and_example_has_a_page_in_every_language(
    pages: dict[str, str], language: str
) -> None:
    ids = [id for pack in packs() for id in pack.types]
    examples = [file.stem for file in (ROOT / "workflows").glob("*.json")]
    assert {f"{language}/nodes/{id}.html" for id in ids} <= set(pages)
    assert {f"{language}/examples/{name}.html" for name in examples} <= set(pages)


def test_every_link_leads_to_a_page(pages: dict[str, str], tmp_path: Path) -> None:
    there = {(tmp_path / name).resolve() for name in pages}
    for name, text in pages.items():
        near = [to for to in Reader(text).links if not to.startswith("https://")]
        broken = [to for to in near if (tmp_path / name).parent.joinpath(to).resolve() not in there]
        assert not broken, name


def test_each_page_leads_to_itself_in_the_other_language(pages: dict[str, str]) -> None:
    page = Reader(pages["zh/nodes/image.blur.html"])
    assert page.language == "zh-CN"
    assert "../../en/nodes/image.blur.html" in page.links
    assert "../../zh/nodes/image.blur.html" in Reader(pages["en/nodes/image.blur.html"]).links


def test_the_chinese_page_of_a_node_speaks_chinese_and_keeps_the_names_of_files(
    pages: dict[str, str],
) -> None:
    page = pages["zh/nodes/image.blur.html"]
    assert "<h1>模糊</h1>" in page
    assert "高斯核的标准差" in page
    assert "image.blur" in page
    assert "radius" in page
    assert "Standard deviation" not in page


def test_a_node_without_chinese_texts_has_an_english_text_on_its_chinese_page() -> None:
    @node
    def greet() -> Text:
        """Greet <everybody>."""
        return "Hello"

    page = all_pages([Pack("mine", [greet])], [])["zh/nodes/mine.greet.html"]
    assert "Greet &lt;everybody&gt;." in page
    assert "输出" in page


def test_links_and_code_in_a_docstring_are_set_as_such() -> None:
    assert inline("see https://example.org/a_(b). Then ``x < 1``, & more") == (
        'see <a href="https://example.org/a_">https://example.org/a_</a>(b). '
        "Then <code>x &lt; 1</code>, &amp; more"
    )
    assert inline("（https://example.org/a）。") == (
        '（<a href="https://example.org/a">https://example.org/a</a>）。'
    )


def test_a_long_link_in_a_drawing_runs_behind_no_node() -> None:
    graph = Workflow.read(ROOT / "workflows" / "variations_grid.json").graph
    svg = drawing(graph, {}, {})
    boxes = [tuple(map(int, box)) for box in re.findall(r'<rect x="(\d+)" y="(\d+)" w', svg)]
    across = re.findall(r"[ M](\d+) (\d+)H\d+", svg)
    assert len(set(boxes)) == len(graph.nodes)
    assert across
    assert not {(int(x), int(y) - 23) for x, y in across} & set(boxes)


def said() -> set[str]:
    """Every fixed English word that the code gives to ``words`` to say."""
    found = {text for _, text in nodes_module._LIMITS} | {"{} node", "{} nodes"}
    for file in (ROOT / "engine/musegraph/cli").glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(call, ast.Call) and call.args):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "words" and isinstance(call.args[0], ast.Constant):
                found.add(call.args[0].value)
    return found


def meanings() -> set[str]:
    ours = [n for n, kind in media_types().items() if kind.__module__.startswith("musegraph.")]
    kinds = [Type(name) for name in (*SCALARS, *REFERENCES, *ours)]
    return {meaning(kind) for kind in kinds} - {""}


@pytest.mark.parametrize("language", WORDS)
def test_every_fixed_word_and_every_type_is_translated_and_no_translation_is_left_over(
    language: str,
) -> None:
    assert set(WORDS[language]) == said() | meanings()
