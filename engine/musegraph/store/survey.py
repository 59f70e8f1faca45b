"""What a cache on disk holds; clearing it by choice, and setting it right after damage.

Nothing here is needed to run a workflow, and all of it is safe beside processes that do: what
disappears under them is computed again.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from musegraph.store.disk import Disk
from musegraph.store.records import NOTHING, Entry
from musegraph.values.canonical import digests_in, is_digest

OUTSIDE = "(from outside)"
"""Stands for the type of pinned objects that no record names: files given to a workflow."""

UNNAMED = "(named by nothing)"
"""Stands for the type of other objects without a record: nothing can ask for them any more."""

SETTLED_SECONDS = 600
"""What is younger may still be waiting for its row or its record, so it is never an orphan."""

_CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Held:
    """An object in the index. ``used`` is in seconds since 1970."""

    bytes: int
    used: int
    pinned: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A record in the index; ``names`` are the digests in its outputs, stored or not."""

    type: str
    seconds: float
    used: int
    names: frozenset[str]
    needs: frozenset[str]
    """The digests in its recipe: identities of results that it was made of."""
    inline: bool
    """Whether it holds a value itself, so that it is of use without any object."""

    @classmethod
    def read(cls, kind: str, seconds: float, used: int, outputs: str, recipe: str) -> Known:
        """A row of the index; raises whatever reading text that is no record raises."""
        entries = [Entry.from_json(made) for made in json.loads(outputs).values()]
        leaves = [leaf for entry in entries for leaf in entry.leaves()]
        inline = not leaves or any(leaf.unset or leaf.json is not NOTHING for leaf in leaves)
        needs = digests_in("\n".join(json.loads(recipe)))
        return cls(kind, seconds, used, digests_in(outputs), needs, inline)


@dataclass(frozen=True, slots=True)
class Line:
    """One result: a record and what it keeps, or an object without a record (key None)."""

    key: str | None
    type: str
    bytes: int
    seconds: float
    used: int
    pinned: bool
    digests: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """What one node type keeps. An object that several share counts for the dearest of them."""

    type: str
    records: int = 0
    objects: int = 0
    bytes: int = 0
    oldest: int | None = None
    newest: int | None = None

    def note(self, used: int) -> None:
        self.oldest = used if self.oldest is None else min(self.oldest, used)
        self.newest = used if self.newest is None else max(self.newest, used)


@dataclass(frozen=True, slots=True)
class Choice:
    """What clearing would remove."""

    digests: tuple[str, ...]
    keys: tuple[str, ...]
    bytes: int


class Survey:
    """The index of a cache, read once."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.objects = {
            digest: Held(size, used, bool(pinned))
            for digest, size, used, pinned in disk.rows(
                "select digest, bytes, used, pinned from objects"
            )
        }
        self.records: dict[str, Known] = {}
        self.unreadable: list[str] = []
        for key, *row in disk.rows("select key, type, seconds, used, outputs, recipe from records"):
            try:
                self.records[key] = Known.read(*row)
            except (ValueError, KeyError, TypeError, AttributeError):
                self.unreadable.append(key)
        self.owners = self._owners()

    def bytes(self, pinned: bool = False) -> int:
        """Bytes of all objects, or of the pinned ones only."""
        return sum(held.bytes for held in self.objects.values() if held.pinned or not pinned)

    def index_bytes(self) -> int:
        """Bytes of the index and its log."""
        return sum(file.stat().st_size for file in self.disk.folder.glob("index.sqlite*"))

    def groups(self) -> list[Group]:
        """What each node type keeps, largest first."""
        groups: dict[str, Group] = {}
        for known in self.records.values():
            group = groups.setdefault(known.type, Group(known.type))
            group.records += 1
            group.note(known.used)
        for digest, held in self.objects.items():
            kind = self.type_of(digest)
            group = groups.setdefault(kind, Group(kind))
            group.objects += 1
            group.bytes += held.bytes
            group.note(held.used)
        return sorted(groups.values(), key=lambda group: (-group.bytes, group.type))

    def lines(self, wanted: str | None = None) -> list[Line]:
        """Every result, largest first; an object that records share stands in each of them."""
        made = [self._line(key, known) for key, known in self.records.items()]
        made += [
            Line(None, kind, held.bytes, 0.0, held.used, held.pinned, (digest,))
            for digest, held in self.objects.items()
            if (kind := self.type_of(digest)) in (OUTSIDE, UNNAMED)
        ]
        chosen = [line for line in made if is_of(line.type, wanted)]
        return sorted(chosen, key=lambda line: (-line.bytes, -line.used, line.type))

    def _line(self, key: str, known: Known) -> Line:
        here = sorted(known.names & self.objects.keys())
        return Line(
            key,
            known.type,
            sum(self.objects[digest].bytes for digest in here),
            known.seconds,
            known.used,
            any(self.objects[digest].pinned for digest in here),
            tuple(here),
        )

    def choose(
        self, wanted: str | None = None, before: float | None = None, pinned: bool = False
    ) -> Choice:
        """What clearing removes: of one node type or pack, or not used since a time, or all.

        What a record outside the choice names stays, and so does every record that names
        something that stays: a pin finds its bytes through it.
        """
        inside = {
            key
            for key, known in self.records.items()
            if is_of(known.type, wanted) and (before is None or known.used < before)
        }
        needed = {
            digest
            for key, known in self.records.items()
            if key not in inside
            for digest in known.names
        }
        digests = [
            digest
            for digest, held in self.objects.items()
            if digest not in needed
            and (pinned or not held.pinned)
            and (before is None or held.used < before)
            and (digest in self.owners or is_of(self.type_of(digest), wanted))
        ]
        stay = self.objects.keys() - set(digests)
        keys = [key for key in inside if not self.records[key].names & stay]
        return Choice(
            tuple(digests), tuple(keys), sum(self.objects[digest].bytes for digest in digests)
        )

    def orphans(self, now: float) -> list[str]:
        """Objects that no record names and nothing pins, once that cannot be about to change."""
        return [
            digest
            for digest, held in self.objects.items()
            if self.type_of(digest) == UNNAMED and held.used < now - SETTLED_SECONDS
        ]

    def spent(self) -> list[str]:
        """Records all of whose objects are gone and whose identities no other record needs.

        A record without its objects still tells what was made, so that steps after it are found;
        it is of no use once there are none.
        """
        keep = {
            key
            for key, known in self.records.items()
            if known.inline or known.names & self.objects.keys()
        }
        makers: dict[str, set[str]] = defaultdict(set)
        for key, known in self.records.items():
            for name in known.names:
                makers[name].add(key)
        fresh = set(keep)
        while fresh:
            needed = {name for key in fresh for name in self.records[key].needs}
            fresh = {key for name in needed for key in makers.get(name, ())} - keep
            keep |= fresh
        return [key for key in self.records if key not in keep]

    def _owners(self) -> dict[str, Known]:
        """By digest: the dearest of the records that name the object, most likely its maker."""
        owners: dict[str, Known] = {}
        for known in self.records.values():
            for digest in known.names & self.objects.keys():
                owner = owners.get(digest)
                if owner is None or known.seconds > owner.seconds:
                    owners[digest] = known
        return owners

    def type_of(self, digest: str) -> str:
        """The node type that an object counts for."""
        if digest in self.owners:
            return self.owners[digest].type
        return OUTSIDE if self.objects[digest].pinned else UNNAMED


@dataclass(slots=True)
class Verdict:
    """What was wrong with a cache, and has been removed."""

    objects: int = 0
    bytes: int = 0
    damaged: dict[str, str] = field(default_factory=dict)
    """Digests of objects whose bytes are not what was written, with the reason."""
    missing: list[str] = field(default_factory=list)
    """Objects of the index that have no file."""
    strays: list[Path] = field(default_factory=list)
    """Files of objects that the index does not know."""
    unreadable: list[str] = field(default_factory=list)
    """Keys of records that are no record."""
    orphans: list[str] = field(default_factory=list)
    """Objects that nothing can ask for: this happens, and is only tidied."""
    spent: list[str] = field(default_factory=list)
    """Records whose objects have been evicted, and that no other needs: as above."""
    types: dict[str, str] = field(default_factory=dict)
    """By digest: the node type that an object came from."""

    @property
    def fine(self) -> bool:
        return not (self.damaged or self.missing or self.strays or self.unreadable)


def verify(disk: Disk, now: float | None = None) -> Verdict:
    """Read every object and record; remove what is damaged or of no use, and say what it was."""
    now = time.time() if now is None else now
    survey = Survey(disk)
    made = Verdict(len(survey.objects), survey.bytes())
    for digest, held in survey.objects.items():
        made.types[digest] = survey.type_of(digest)
        try:
            if reason := _damage(disk.path(digest), digest, held.bytes):
                made.damaged[digest] = reason
        except FileNotFoundError:
            made.missing.append(digest)
    # Another process may have evicted it meanwhile, file first: then its row is gone by now.
    known = {digest for (digest,) in disk.rows("select digest from objects")}
    made.missing = [digest for digest in made.missing if digest in known]
    made.strays = list(_strays(disk, known, now))
    made.unreadable = survey.unreadable
    for file in made.strays:
        file.unlink(missing_ok=True)
    disk.forget([*made.damaged, *made.missing], made.unreadable)
    made.orphans = Survey(disk).orphans(now)
    disk.forget(made.orphans, ())
    made.spent = Survey(disk).spent()
    disk.forget((), made.spent)
    return made


def _damage(file: Path, digest: str, size: int) -> str:
    """Why the bytes of an object are not those that were written; empty if they are."""
    hasher, read = blake3(), 0
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
                read += len(chunk)
    except FileNotFoundError:
        raise
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if read != size:
        return f"it holds {read:,} bytes instead of {size:,}"
    return "" if "blake3:" + hasher.hexdigest() == digest else "its bytes have changed"


def _strays(disk: Disk, known: Iterable[str], now: float) -> Iterator[Path]:
    """Files named like objects that have no row; anything else in the folder is not ours."""
    for file in sorted((disk.folder / "objects").glob("??/*")):
        digest = f"blake3:{file.parent.name}{file.name}"
        if is_digest(digest) and digest not in known:
            try:
                if file.stat().st_mtime < now - SETTLED_SECONDS:
                    yield file
            except FileNotFoundError:  # another process has just removed it
                continue


def is_of(kind: str, wanted: str | None) -> bool:
    """Whether a node type is the one that is wanted, or belongs to the pack that is."""
    return wanted is None or kind == wanted or kind.startswith(f"{wanted}.")
