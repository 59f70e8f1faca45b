"""The rows that a workflow is to be run over, read from a CSV or JSONL file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.inputs import input_types, is_text, parse_argument
from musegraph.pack import Registry
from musegraph.paths import at_home
from musegraph.values import Type, canonical, parse
from musegraph.values.files import plain_name
from musegraph.values.types import TEXT
from musegraph.workflow import Workflow

ID = "id"
"""The column that names the rows, unless an input has that name."""

_LONGEST = 60
"""Bytes of a row's id, so that the name of an output still fits behind it in a file name."""


class BadRows(InvalidWorkflow):
    """Some rows cannot be run; ``problems`` has all of them, ``place`` is the file."""

    def __init__(self, place: str, problems: list[Problem]) -> None:
        self.place = place
        super().__init__(problems)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number from 1, what the file says, and the values that it gives to inputs.

    ``label`` is the id, or the number with zeros before it; it starts the names of its files.
    """

    number: int
    id: str
    label: str
    cells: Mapping[str, Any]
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows of a file. ``columns`` are the inputs that it names, in its order."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    named: bool
    """Whether there is a column of ids."""

    @property
    def suffix(self) -> str:
        return ".csv" if self.path.suffix.lower() == ".csv" else ".jsonl"


def address(number: int, column: str | None, message: str, code: str = "row") -> Problem:
    """A problem of a row, with the row where a workflow's problem has its node."""
    return Problem(f"row {number}", column, code, message)


def read_sheet(
    path: str | Path, workflow: Workflow, registry: Registry, problems: list[Problem]
) -> Sheet:
    """The rows of a file; what is wrong with them is added to ``problems``.

    CSV cells mean what ``--set`` would make of them, and an empty cell where no text is wanted
    leaves the input as it is. Raises :class:`UnreadableWorkflow` if the file is no such table.
    """
    place = at_home(path)
    suffix = place.suffix.lower()
    if suffix not in (".csv", ".jsonl"):
        raise UnreadableWorkflow(f"rows are read from .csv and .jsonl files, and this is {place}")
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableWorkflow(f"the rows {place} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableWorkflow(f"the rows {place} are not in UTF-8; save them as such") from None
    types = input_types(workflow, registry)
    reader = _Reader(workflow, types, problems)
    found = list(reader.csv(text, place) if suffix == ".csv" else reader.jsonl(text))
    if not found and not problems:
        raise UnreadableWorkflow(f"there are no rows in {place}")
    width = len(str(len(found)))
    rows = tuple(reader.row(number, cells, width) for number, cells in found)
    reader.check_labels(rows)
    return Sheet(place, tuple(reader.columns), rows, reader.named)


class _Reader:
    def __init__(
        self, workflow: Workflow, types: Mapping[str, Type], problems: list[Problem]
    ) -> None:
        self.inputs = workflow.inputs
        self.types = types
        self.problems = problems
        self.columns: dict[str, None] = {}
        self.named = False
        self.typed = True
        """Whether the values are JSON already."""

    def csv(self, text: str, place: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        self.typed = False
        lines = csv.reader(text.splitlines(keepends=True), strict=True)
        number = 0
        try:
            header = [name.strip() for name in next(lines, [])]
            for name in header:
                if header.count(name) > 1 and name not in self.columns:
                    self.say(None, name, "this column is there twice")
                self.column(None, name)
            for cells in lines:
                if not any(cells):
                    continue
                number += 1
                if len(cells) != len(header):
                    message = f"it has {len(cells)} cells, and there are {len(header)} columns"
                    self.say(number, None, message)
                yield number, dict(zip(header, cells, strict=False))
        except csv.Error as error:
            raise UnreadableWorkflow(f"{place}, line {lines.line_num}: {error}") from None

    def jsonl(self, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
        number = 0
        for line in text.split("\n"):
            if not line.strip():
                continue
            number += 1
            try:
                found = parse(line)
            except UnreadableWorkflow as error:
                self.say(number, None, str(error))
                continue
            if not isinstance(found, dict):
                self.say(number, None, "this is no JSON object")
                continue
            for name in found:
                self.column(number, name)
            yield number, found

    def column(self, number: int | None, name: str) -> None:
        if name in self.inputs:
            self.columns[name] = None
        elif name == ID:
            self.named = True
        else:
            known = ", ".join(self.inputs) or "none"
            self.say(number, name, f"there is no input {name!r}; the inputs are: {known}")

    def row(self, number: int, cells: dict[str, Any], width: int) -> Row:
        given = {}
        for name, cell in cells.items():
            if name in self.inputs:
                type_ = self.types.get(name, TEXT)
                if self.typed:
                    given[name] = cell
                elif cell or is_text(type_):
                    try:
                        given[name] = parse_argument(cell, type_)
                    except UnreadableWorkflow as error:
                        self.say(number, name, str(error))
        id = cells.get(ID, "") if ID not in self.inputs else ""
        said = id if isinstance(id, str) else canonical(id)
        label = plain_name(said)
        if len(label.encode()) > _LONGEST:
            self.say(number, ID, f"it is too long for a file name: {_LONGEST} bytes at most")
        return Row(number, said, label or f"{number:0{width}}", cells, given)

    def check_labels(self, rows: tuple[Row, ...]) -> None:
        """No two rows may give their files the same names, also where case does not count."""
        seen: dict[str, int] = {}
        for row in rows:
            first = seen.setdefault(row.label.casefold(), row.number)
            if first != row.number:
                message = f"{row.label!r} names row {first} already; each row needs its own"
                self.say(row.number, ID, message)

    def say(self, number: int | None, column: str | None, message: str) -> None:
        self.problems.append(
            Problem("header", column, "row", message)
            if number is None
            else address(number, column, message)
        )
