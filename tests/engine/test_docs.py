"""The catalogue: a page for everything, and no link that leads nowhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from musegraph import Workflow
from musegraph.cli.pages import Example, Pages
from musegraph.pack import load_registry

ROOT = Path(__file__).parents[2]


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value]


def test_every_node_and_example_has_a_page_and_every_link_leads_to_one(tmp_path: Path) -> None:
    registry = load_registry()
    files = sorted((ROOT / "workflows").glob("*.json"))
    examples = [Example(file.stem, file.name, Workflow.read(file), ()) for file in files]
    packs = [pack for name in registry.names() if (pack := registry.pack(name))]
    pages = Pages(packs, examples).all()
    assert {f"nodes/{kind.id}.html" for kind in registry.types()} <= set(pages)
    assert {f"examples/{file.stem}.html" for file in files} <= set(pages)
    there = {(tmp_path / name).resolve() for name in pages}
    for name, text in pages.items():
        links = Links()
        links.feed(text)
        broken = [
            to for to in links.found if (tmp_path / name).parent.joinpath(to).resolve() not in there
        ]
        assert not broken, name
