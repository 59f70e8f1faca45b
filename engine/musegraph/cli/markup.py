"""Pieces of the pages: links, tables, prose, and what stands around a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from musegraph.cli.words import LANGUAGES, Words

STYLE = "style.css"
_MARKS = re.compile(r"``(?P<code>.+?)``|(?P<link>https?://[^\s<>（）()，。；]+[\w/])")


@dataclass(frozen=True)
class Place:
    """Where a page stands: its path below the folder of its language."""

    path: str
    words: Words

    def link(self, to: str, text: str) -> str:
        """A link to another page of the language; ``text`` is plain."""
        return f'<a href="{self.to(to)}">{escape(text)}</a>'

    def to(self, path: str) -> str:
        return escape("../" * self.path.count("/") + path)

    def root(self, path: str) -> str:
        """What lies beside the folders of the languages, seen from here."""
        return self.to("../" + path)

    def page(self, title: str, parts: Iterable[str], above: Sequence[tuple[str, str]] = ()) -> str:
        """The whole page; ``above`` are the path and title of each page that leads here."""
        way = "".join(f"<li>{self.link(path, text)}</li>" for path, text in above)
        others = "".join(
            f'<li><a lang="{code}" href="{self.root(f"{code}/{self.path}")}">{name}</a></li>'
            for code, name in LANGUAGES.items()
            if code != self.words.language
        )
        lang = {"zh": "zh-CN"}.get(self.words.language, self.words.language)
        return (
            f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f'<title>{escape(title)}</title><link rel="stylesheet" href="{self.root(STYLE)}">'
            f"</head><body>\n<nav><ol>{way}</ol><ol>{others}</ol></nav>\n"
            f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
        )

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Rows of cells below translated heads; the cells are HTML.

        On a narrow page a row is a list without heads, so a cell in the middle knows its own: the
        style shows it before a bare value.
        """
        if not rows:
            return f'<p class="quiet">{self.words("None.")}</p>'
        lines = ["".join(f"<th>{head}</th>" for head in heads)]
        told = ["", *(f' data-head="{escape(head)}"' for head in heads[1:-1]), ""]
        lines += [
            "".join(f"<td{head}>{cell}</td>" for head, cell in zip(told, row, strict=True))
            for row in rows
        ]
        return f'<table class="ports">{"".join(f"<tr>{line}</tr>" for line in lines)}</table>'


def prose(text: str) -> str:
    """Paragraphs of a docstring, with its links and its ``code``."""
    return "".join(f"<p>{inline(part)}</p>" for part in text.split("\n\n") if part)


def inline(text: str) -> str:
    """A docstring's words as HTML: ``code`` set as code, addresses as links."""
    made, at = [], 0
    for found in _MARKS.finditer(text):
        made.append(escape(text[at : found.start()]))
        if found["code"]:
            made.append(f"<code>{escape(found['code'])}</code>")
        else:
            address = escape(found["link"])
            made.append(f'<a href="{address}">{address}</a>')
        at = found.end()
    return "".join([*made, escape(text[at:])])
