"""Colours, signs and widths of what is printed; plain where no terminal looks at it."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, TextIO
from unicodedata import east_asian_width

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}
_SIGNS = {"done": "✓", "run": "●", "wait": "·", "fail": "✗", "skip": "–", "open": "○", "to": "→"}
_PLAIN = {"done": "+", "run": "*", "wait": ".", "fail": "x", "skip": "-", "open": "o", "to": "->"}
# Where a line may break: after a Chinese letter and what closes behind it, or after a space.
_PIECE = re.compile(r"[\u2e80-\uffdf][，。、；：！？）”]*|[^\s\u2e80-\uffdf]+\s*|\s+")


class Style:
    """How to write on one stream."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.terminal and not os.environ.get("NO_COLOR")
        self.signs = _SIGNS if can_write(stream, "✓●·✗–○→━") else _PLAIN

    def __call__(self, text: str, *names: str) -> str:
        """The text in these colours, where colours are wanted."""
        if not self.colour or not text:
            return text
        codes = ";".join(str(_CODES[name]) for name in names)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        print(text, file=self.stream, flush=True)

    @property
    def width(self) -> int:
        """Columns of the terminal; no limit where there is none."""
        import shutil

        return shutil.get_terminal_size().columns if self.terminal else 10_000


def can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def prepare_streams() -> None:
    """Let no character that the terminal lacks, and no odd byte in a path, end the program."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
            continue
        utf = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="surrogateescape" if utf else "replace")


def columns(text: str) -> int:
    """How wide a terminal shows the text: Chinese letters take two columns each."""
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


def printable(text: str) -> str:
    """The text with all that a terminal would obey, rather than show, spelt out."""
    if text.isprintable():
        return text
    return "".join(
        part if part.isprintable() else part.encode("unicode_escape").decode() for part in text
    )


def sentences(text: str) -> str:
    """As :func:`printable`, and lines stay lines: what is told may quote a file of anyone's."""
    return text if text.isprintable() else "\n".join(map(printable, text.splitlines()))


def shorten(text: str, width: int) -> str:
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def duration(seconds: float) -> str:
    """A time as one reads it: ``0.04 s``, ``8.2 s``, ``1 min 12 s``, ``2 h 05 min``."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def remaining(seconds: float) -> str:
    """A guess, said no finer than it is meant: ``4 s left``, ``2 min left``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    minutes = round(seconds / 60)
    return (
        f"{minutes} min left" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min left"
    )


def size(count: int) -> str:
    """Bytes as one reads them: ``312 B``, ``4.0 MiB``, ``20 GiB``."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1000:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:.0f} {unit}"


def ago(seconds: float) -> str:
    """How long something is past: ``just now``, ``5 min ago``, ``3 h ago``, ``12 days ago``."""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 2 * 86400:
        return f"{seconds // 3600:.0f} h ago"
    return f"{seconds // 86400:.0f} days ago"


def number(count: int, what: str) -> str:
    """``1 step``, ``20,000 steps``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def plain(value: Any) -> str:
    """A JSON value for people: a text as it is, a whole number without a point."""
    import json

    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def table(
    rows: list[list[str]], style: Style, colours: list[tuple[str, ...]], wrap: bool = False
) -> list[str]:
    """Lines with aligned columns, indented by two.

    At the edge of the terminal the last column is cut, or goes on in lines of its own.
    """
    if not rows:
        return []
    widths = [max(columns(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    before = 2 + sum(widths) + 2 * len(widths)
    room = max(style.width - before, 20)
    lines = []
    for row in rows:
        cells = [
            cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=False)
        ]
        last = _wrapped(row[-1], room) if wrap else [shorten(row[-1], room)]
        shown = [
            style(cell, *names) if names else cell
            for cell, names in zip([*cells, last[0]], colours, strict=True)
        ]
        lines.append("  " + "  ".join(shown).rstrip())
        lines += [" " * before + style(more, *colours[-1]) for more in last[1:]]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    if columns(text) == len(text):
        return textwrap.wrap(text, width) or [""]
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and columns(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]
