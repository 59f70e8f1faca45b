"""Rows as a Markdown table, printed or put into a page between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import Row

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
HEAD = (
    "| | what | goal | at most | figure | peer | peer's figure | ratio | verdict | |\n"
    "|---|---|--:|--:|--:|---|--:|--:|---|---|"
)


def number(value: float | None) -> str:
    """Three significant digits, and no exponent."""
    if value is None:
        return ""
    if value != value:
        return "–"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.3g}"


def bound(row: Row, value: float | None) -> str:
    if value is None:
        return ""
    sign = "≥ " if row.more else ""
    return f"{sign}{number(value)}{'×' if row.judged == 'ratio' else f' {row.unit}'}"


def line(row: Row) -> str:
    ratio = row.ratio
    cells = (
        row.bench,
        row.what,
        bound(row, row.goal),
        bound(row, row.gate),
        f"{number(row.figure)} {row.unit}",
        row.peer,
        number(row.beside),
        "" if ratio is None else f"{number(ratio)}×",
        f"**{row.verdict}**" if row.verdict == "missed" else row.verdict,
        row.note,
    )
    return "| " + " | ".join(cells) + " |"


def markdown(rows: Iterable[Row], facts: Mapping[str, Any]) -> str:
    """The table, and a line that says where it was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    loads = f"load {facts['load'][0]:g} before and {facts['load after'][0]:g} after"
    where = (
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']},"
        f" Python {facts['python']}; {facts['clock']}, {loads}. {versions}."
    )
    return "\n".join([HEAD, *map(line, rows), "", where])


def write(page: Path, text: str, only: Sequence[str] = ()) -> None:
    """Replace what stands between the marks of a page; with ``only``, just the rows of those.

    What the machine was like is said again for these, below what is said of the others.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    old, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page} has no {BEGIN} … {END}")
    if only:
        text = merged(old.strip(), text, only)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def merged(old: str, new: str, only: Sequence[str]) -> str:
    """The old table with the rows of some benchmarks exchanged."""
    rows, _, where = (part.strip() for part in old.removeprefix(HEAD).partition("\n\n"))
    made, _, here = (part.strip() for part in new.removeprefix(HEAD).partition("\n\n"))
    kept = [row for row in rows.splitlines() if row.split("|")[1].strip() not in only]
    every = sorted([*kept, *made.splitlines()], key=lambda row: int(row.split("|")[1].strip()[1:]))
    names = f"{', '.join(only)}: "
    places = [line for line in where.splitlines() if line and not line.startswith(names)]
    return "\n".join([HEAD, *every, "", *places, "", names + here])
