"""The table of results, written line by line so that a kill at any moment leaves it whole.

Beside it lies a journal that knows, of each finished row, what it was made of and which files it
wrote: the table is for people, who may sort it, and is made of the journal anew where they differ.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from musegraph.errors import StoreError
from musegraph.rows.sheet import ID, Sheet
from musegraph.whole import write_whole

JOURNAL = ".results.journal"

DONE, FAILED = "done", "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """What came of a row. ``outputs`` has JSON values, and for files their names (a list)."""

    row: int
    id: str
    inputs: Mapping[str, Any]
    status: str
    outputs: Mapping[str, Any]
    seconds: float
    error: str
    key: str
    """What the row was made of: document, values and code."""
    files: list[list[Any]] = field(default_factory=list)
    """Name, size and time of change of each file written."""
    makeshift: list[str] = field(default_factory=list)
    """The steps whose results are makeshift, for want of memory."""


class Table:
    """The table and its journal in a folder; ``lines`` has the rows that need not run again."""

    def __init__(self, folder: Path, sheet: Sheet, outputs: Iterable[str]) -> None:
        self.folder = folder
        self.path = folder / f"results{sheet.suffix}"
        self.sheet = sheet
        self.outputs = list(outputs)
        self.lines: dict[int, Line] = {}
        self._journal: TextIO | None = None
        self._table: TextIO | None = None

    def open(self, keys: Mapping[int, str]) -> None:
        """Take up what an earlier run finished: rows of the same content, their files untouched."""
        journal = self.folder / JOURNAL
        if self.path.exists() and not journal.exists():
            raise StoreError(
                f"{self.path} is there already and no such run has written it;"
                " give another folder with --out"
            )
        found = {line.row: line for line in self._read(journal)}
        self.lines = {
            number: found[number]
            for number, key in keys.items()
            if number in found and found[number].key == key and self._stands(found[number])
        }
        _write(journal, "".join(_record(line) for line in self.lines.values()))
        self._write_table()
        self._journal = journal.open("a", encoding="utf-8", newline="")
        self._table = self.path.open("a", encoding="utf-8", newline="")

    def add(self, line: Line) -> None:
        """Note a row: in the journal first, from which the table can be made again."""
        assert self._journal is not None
        assert self._table is not None
        self.lines[line.row] = line
        for stream, text in (self._journal, _record(line)), (self._table, self._text(line)):
            stream.write(text)
            stream.flush()

    def close(self) -> None:
        """Put the rows into the order of the file."""
        for stream in (self._journal, self._table):
            if stream is not None:
                stream.close()
        if self._table is not None:
            self._write_table()
        self._journal = self._table = None

    def _read(self, journal: Path) -> Iterable[Line]:
        """The lines of the journal, without a last one that a kill has torn."""
        try:
            text = journal.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.split("\n"):
            try:
                yield Line(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def _stands(self, line: Line) -> bool:
        """Whether a line tells of a success whose files are there untouched."""
        return line.status == DONE and all(
            facts_of(self.folder / name) == [name, size, changed]
            for name, size, changed in line.files
        )

    # -- what people read ---------------------------------------------------------------------

    def _write_table(self) -> None:
        lines = sorted(self.lines.values(), key=lambda line: line.row)
        text = self._header() + "".join(self._text(line) for line in lines)
        _write(self.path, text)

    def _header(self) -> str:
        if self.sheet.suffix == ".jsonl":
            return ""
        taken = {"row", ID, "status", "seconds", "makeshift", "error", *self.sheet.columns}
        outputs = [f"{name} (output)" if name in taken else name for name in self.outputs]
        start = ["row", *([ID] if self.sheet.named else []), *self.sheet.columns]
        return _csv([*start, "status", *outputs, "seconds", "makeshift", "error"])

    def _text(self, line: Line) -> str:
        if self.sheet.suffix == ".jsonl":
            return _json(self.facts(line)) + "\n"
        start = [line.row, *([line.id] if self.sheet.named else [])]
        inputs = [line.inputs.get(name, "") for name in self.sheet.columns]
        outputs = [_cell(line.outputs.get(name, "")) for name in self.outputs]
        end = [line.seconds, ", ".join(line.makeshift), line.error]
        return _csv([*start, *inputs, line.status, *outputs, *end])

    def facts(self, line: Line) -> dict[str, Any]:
        """A row of the table as JSON."""
        made: dict[str, Any] = {"row": line.row}
        if self.sheet.named:
            made[ID] = line.id
        made |= {"inputs": line.inputs, "status": line.status, "outputs": line.outputs}
        made["seconds"] = line.seconds
        if line.makeshift:
            made["makeshift"] = line.makeshift
        return made | ({"error": line.error} if line.error else {})


def facts_of(path: Path) -> list[Any]:
    """What tells whether a file is as it was written; empty if it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return []
    return [path.name, facts.st_size, facts.st_mtime_ns]


def _cell(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return value if isinstance(value, str) else _json(value)


def _record(line: Line) -> str:
    return _json(asdict(line)) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv(cells: list[Any]) -> str:
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    """Write a file whole, unless that is what it holds."""
    if not path.exists() or path.read_bytes() != text.encode():
        write_whole(path, text.encode())
