"""The library of models: what there is in the folders that the user names, found by a glance.

The first scan reads the header of every file and a few samples; a later one asks the system which
files have changed, and reads those. Nothing is loaded, and no pickle is ever opened.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from musegraph.errors import ModelError
from musegraph.garbage import uncollected
from musegraph.library.index import FILE, Index, Row
from musegraph.library.origin import Origin, origins_in
from musegraph.library.walk import Candidate, Root, candidates

if TYPE_CHECKING:
    from musegraph.library.facts import Facts

AGAIN_SECONDS = 3.0
"""A name that is not found lets the folders be looked through again, once in so long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the library, by the name that a workflow gives as its source."""

    source: str
    place: Path
    root: Root
    facts: Facts
    digest: str = ""
    """Of every byte, where it was loaded once."""
    preview: Path | None = None
    origin: Origin | None = None
    same: tuple[str, ...] = ()
    """Other names under which the same model is there too."""
    formerly: tuple[str, ...] = ()
    """Names that it had, and that nothing has now."""

    @property
    def licence(self) -> str:
        """As where it was fetched from says, else as itself does."""
        return (self.origin.licence if self.origin else "") or self.facts.licence

    @property
    def comes_from(self) -> str:
        return (self.origin.source if self.origin else "") or self.facts.source


@dataclass(frozen=True, slots=True)
class Listing:
    """All models that are known, and how many files were found that are still to be read."""

    entries: tuple[Entry, ...]
    unread: int = 0


class Library:
    """The models below some folders, remembered in an index.

    ``data`` is the folder that keeps the index; None keeps none.
    """

    def __init__(self, data: Path | None) -> None:
        self._file = data / FILE if data is not None else None
        self._index: Index | None = None
        self._looked = 0.0
        self._learnt: set[tuple[str, str]] = set()

    def _known(self) -> Index | None:
        """The index, if a scan has ever made one."""
        if self._index is None and self._file is not None and self._file.is_file():
            self._index = Index(self._file)
        return self._index

    def _made(self) -> Index:
        if self._index is None:
            self._index = Index(self._file)
        return self._index

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    # -- scanning -------------------------------------------------------------------------

    def scan(self, roots: Sequence[Root], seconds: float | None = None) -> Listing:
        """What there is; whatever has not been read in so many ``seconds`` is left for later."""
        index, rows = self._made(), self._made().rows()
        until = None if seconds is None else time.monotonic() + seconds
        found, new, unread = list[tuple[Candidate, Row]](), list[Row](), 0
        seen: set[Path] = set()
        origins: dict[str, Origin] = {}
        with uncollected():
            for root in roots:
                fetched = {} if root.pack else origins_in(root.folder)
                root = replace(root, known=frozenset(fetched))
                origins |= {name: one for name, one in fetched.items() if name not in origins}
                for one in candidates(root):
                    if one.place in seen:  # a folder within another
                        continue
                    seen.add(one.place)
                    row = rows.get(str(one.place))
                    if row is None or row.stamp != one.stamp:
                        if until is not None and time.monotonic() > until and new:
                            unread += 1
                            continue
                        row = read(one)
                        new.append(row)
                    found.append((one, row))
        index.put(new)
        if not unread:
            self._forget_gone(index, rows, roots, {str(one.place) for one, _ in found})
        self._looked = time.monotonic()
        return Listing(tuple(self._entries(index, found, origins)), unread)

    def _forget_gone(
        self, index: Index, rows: dict[str, Row], roots: Sequence[Root], there: set[str]
    ) -> None:
        """Drop what is no longer in these folders; others may be on a disk that is not there."""
        mounted = [f"{root.folder}/" for root in roots if root.folder.is_dir()]
        index.drop([p for p in rows if p not in there and p.startswith(tuple(mounted))])

    def _entries(
        self, index: Index, found: Iterable[tuple[Candidate, Row]], origins: dict[str, Origin]
    ) -> list[Entry]:
        from musegraph.library.facts import Facts

        made: dict[str, Entry] = {}
        for one, row in found:
            if one.source not in made:  # the first folder that has the name counts, as in Models
                made[one.source] = Entry(
                    source=one.source,
                    place=one.place,
                    root=one.root,
                    facts=Facts.read(row.facts),
                    digest=row.digest,
                    preview=one.preview,
                    origin=None if one.root.pack else origins.get(one.source),
                )
        twins, former = _twins(made.values()), self._names(index, made)
        return [
            replace(
                entry,
                same=tuple(name for name in twins[entry.facts.quick] if name != entry.source),
                formerly=tuple(former[entry.facts.quick]),
            )
            if entry.facts.quick
            else entry
            for entry in made.values()
        ]

    def _names(self, index: Index, made: dict[str, Entry]) -> dict[str, list[str]]:
        """By quick id, the names that a model had; and note those that it has now."""
        former, newest = defaultdict[str, list[str]](list), dict[str, str]()
        for name in index.names():
            if name.source not in newest:
                newest[name.source] = name.quick
                if name.source not in made:
                    former[name.quick].append(name.source)
        new = [
            (entry.source, entry.facts.quick, entry.digest)
            for entry in made.values()
            if entry.facts.quick and newest.get(entry.source) != entry.facts.quick
        ]
        if new:
            index.call(new)
        return former

    # -- finding --------------------------------------------------------------------------

    def learn(self, place: Path, digest: str) -> None:
        """Note the digest of a model that was read in full."""
        what = (str(place), digest)
        if what in self._learnt or (index := self._known()) is None:
            return
        row = index.row(str(place))
        if row is not None:
            self._learnt.add(what)
            if row.digest != digest:
                index.learn(str(place), digest)

    def find(self, source: str, roots: Sequence[Root]) -> tuple[str, Path] | None:
        """The name and place that a model has now, by a name that it had."""
        index = self._known()
        was = index.name(source) if index is not None else None
        if index is None or was is None:
            return None
        return self._find(index, roots, was.quick, was.digest)

    def find_digest(self, digest: str, roots: Sequence[Root]) -> tuple[str, Path] | None:
        """The name and place of a model with this content."""
        index = self._known()
        return None if index is None else self._find(index, roots, "", digest)

    def close_to(self, source: str, roots: Sequence[Root], most: int = 3) -> list[str]:
        """Names of models that may be meant: the same file elsewhere, else those spelt alike."""
        index = self._known()
        if index is None:
            return []
        names = [name for row in index.rows() if (name := _name_in(Path(row), roots))]
        last = source.rpartition("/")[2]
        same = [name for name in names if name.rpartition("/")[2] == last]
        return sorted(same)[:most] or get_close_matches(source, names, most, 0.75)

    def _find(
        self, index: Index, roots: Sequence[Root], quick: str, digest: str
    ) -> tuple[str, Path] | None:
        for again in (False, True):
            if again:
                if time.monotonic() - self._looked < AGAIN_SECONDS:
                    return None
                self.scan(roots)
            for row in index.rows_of(quick, digest):
                other = digest and row.digest and row.digest != digest
                name = _name_in(Path(row.path), roots)
                if not other and name and _unchanged(row, Path(row.path), roots):
                    return name, Path(row.path)
        return None


def read(one: Candidate) -> Row:
    """What the files of a model tell, as it is kept."""
    from musegraph.library.facts import Facts, facts_of_file, facts_of_folder

    try:
        if one.files:
            facts = facts_of_folder(one.place, one.files, one.size)
        elif one.place.is_dir():
            facts = Facts(format="folder", wrong="holds no model: no .safetensors, no .json")
        else:
            facts = facts_of_file(one.place, one.kind)
    except (ModelError, OSError) as error:
        facts = Facts(one.kind, bytes=one.size, wrong=f"cannot be read: {error}")
    return Row(str(one.place), one.stamp, facts.quick, "", facts.json())


def _twins(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """By quick id, the names of those that are the same and lie in different places."""
    found, seen = defaultdict[str, list[str]](list), set[tuple[int, int]]()
    for entry in entries:
        if not entry.facts.quick:
            continue
        try:
            facts = entry.place.stat()
        except OSError:
            continue
        if (facts.st_dev, facts.st_ino) not in seen:  # else it is one file with two names
            seen.add((facts.st_dev, facts.st_ino))
            found[entry.facts.quick].append(entry.source)
    return found


def _name_in(place: Path, roots: Sequence[Root]) -> str:
    """What a model at a place is called; empty if it lies in none of the folders."""
    for root in roots:
        if place.is_relative_to(root.folder):
            inner = place.relative_to(root.folder).as_posix()
            return f"{root.prefix}/{inner}" if root.prefix else inner
    return ""


def _unchanged(row: Row, place: Path, roots: Sequence[Root]) -> bool:
    """Whether what a row says still holds of what is there now."""
    if place.is_file():
        facts = place.stat()
        return row.stamp.startswith(f"{facts.st_size}/{facts.st_mtime_ns}/{facts.st_ino}")
    root = next(root for root in roots if place.is_relative_to(root.folder))
    listed = candidates(replace(root, folder=place.parent))
    return any(one.place == place and one.stamp == row.stamp for one in listed)
