"""Results by key, values by identity, bytes by digest: in device memory, host memory, on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

from musegraph.errors import StoreError
from musegraph.node_context import UNSET
from musegraph.paths import at_home
from musegraph.store.disk import Disk
from musegraph.store.live import Live
from musegraph.store.records import NOTHING, UNSET_ENTRY, Entry, Record, Said
from musegraph.store.writer import Job, Writer
from musegraph.values import Media, decode
from musegraph.values.canonical import digest, digest_of_buffers, json_identity, parse
from musegraph.values.codec import PLAIN, identity, to_json

__all__ = [
    "DISK_BUDGET",
    "DURABLE_SECONDS",
    "NOTHING",
    "UNSET_ENTRY",
    "Entry",
    "Record",
    "Said",
    "Store",
    "Tier",
    "default_folder",
    "list_entry",
]

DURABLE_SECONDS = 0.25
"""Results that cost at least this much are written to disk."""

GIGABYTE = 2**30
DISK_BUDGET = 20 * GIGABYTE
"""Bytes that a cache may take on disk unless somebody says."""
Tier = Literal["device", "host", "disk"]
TIERS: Final[tuple[Tier, ...]] = ("device", "host", "disk")
"""From the nearest to the farthest."""

RECORDS = 200_000
"""Records that stay in memory, about 1 KB each; the others are read from disk again."""


def default_folder() -> Path:
    """Where the cache is unless somebody says: ``MUSEGRAPH_CACHE``, else the user's cache."""
    if named := os.environ.get("MUSEGRAPH_CACHE"):
        return at_home(named)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "musegraph"
    except RuntimeError:
        raise StoreError(
            "there is no home folder to keep the cache in; name a folder (--cache, or the variable"
            " MUSEGRAPH_CACHE)"
        ) from None


def _host_budget() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    except (ValueError, OSError, AttributeError):
        return 4 * GIGABYTE


class Store:
    """Everything computed so far. Without a folder it lives in memory alone."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        host_budget: int | None = None,
        device_budget: int = 8 * GIGABYTE,
        disk_budget: int = DISK_BUDGET,
        records: int = RECORDS,
    ) -> None:
        self.disk = Disk(folder) if folder is not None else None
        self.live = Live(_host_budget() if host_budget is None else host_budget, device_budget)
        self.disk_budget = disk_budget
        self._records: dict[str, Record] = {}
        self._older: dict[str, Record] = {}
        """Records not asked for since the others came; forgotten when these have become many."""
        self._most = records // 2
        self._said: dict[str, Said] = {}
        """What the nodes said of whom it is known, by key: of few, and none costs a look."""
        self._bytes: dict[str, bytes] = {}
        self._writer = Writer(self.disk) if self.disk else None
        self._problems: list[str] = []

    def record(self, key: str) -> Record | None:
        """What is known of the step with this key."""
        known = self._records.get(key)
        if known is None:
            known = self._older.get(key)
            if known is None and self.disk is not None:
                known = self.disk.record(key)
            if known is not None:
                self._remember(key, known)
        return known

    def _remember(self, key: str, record: Record) -> None:
        if len(self._records) >= self._most:
            self._older, self._records = self._records, {}
            self._said = {key: said for key, said in self._said.items() if key in self._older}
        self._records[key] = record
        if record.said is not None:
            self._said[key] = record.said
        elif self._said:
            self._said.pop(key, None)

    def said(self, keys: Mapping[str, str]) -> dict[str, Said]:
        """Of steps whose records have been asked for, by their keys: what their nodes said."""
        if not self._said:
            return {}
        return {id: said for id, key in keys.items() if (said := self._said.get(key)) is not None}

    def recipe(self, key: str) -> str:
        """What the key of a step was made of; empty if that is not known."""
        known = self._records.get(key) or self._older.get(key)
        if known is not None and known.recipe:
            return known.recipe
        return "" if self.disk is None else self.disk.recipe(key)

    def available(self, entry: Entry) -> bool:
        """Whether the value can be had without computing it again."""
        if entry.unset or entry.json is not NOTHING or entry.identity in self.live:
            return True
        if entry.items is not None:
            return all(self.available(item) for item in entry.items)
        if entry.digest is None:
            return False
        return entry.digest in self._bytes or (
            self.disk is not None and self.disk.has(entry.digest)
        )

    def tier(self, outputs: Mapping[str, Entry] | None) -> Tier | None:
        """Where the outputs of a hit are: what is text or number stands in the record, in memory.

        The farthest counts. None if the data of one is gone, so that it is made again if wanted.
        """
        found: Tier = "host"
        media = False
        for entry in (outputs or {}).values():
            if entry.json is not NOTHING or entry.unset:
                continue
            for leaf in entry.leaves():
                if leaf.json is not NOTHING or leaf.unset:
                    continue
                place = self.live.place(leaf.identity)
                if place is not None:
                    here: Tier = "host" if place == "cpu" else "device"
                elif leaf.digest is not None:
                    here = "disk"
                else:
                    return None
                found = max(found, here, key=TIERS.index) if media else here
                media = True
        return found

    def value(self, entry: Entry, kept: Mapping[str, Any] | None = None) -> Any:
        """The value of an entry, from memory, ``kept`` or disk; :data:`NOTHING` if it is lost."""
        if entry.json is not NOTHING:
            return entry.json
        if entry.unset:
            return UNSET
        if entry.items is not None:
            values = [self.value(item, kept) for item in entry.items]
            return NOTHING if any(value is NOTHING for value in values) else values
        value = self.live.get(entry.identity)
        if value is None and kept is not None:
            value = kept.get(entry.identity)
        if value is None and entry.digest is not None and self.disk is not None:
            value = self._read(entry.digest)
            if value is not None:
                self.live.put(entry.identity, value, 0.0)
        return NOTHING if value is None else value

    def _read(self, name: str) -> Any:
        data = self.disk.get(name) if self.disk is not None else None
        try:
            return None if data is None else decode(data)
        except StoreError:  # written by a pack that has changed since: it is made again
            return None

    def put(
        self,
        key: str | None,
        type_: str,
        outputs: Mapping[str, Any],
        seconds: float,
        *,
        durable: bool = False,
        recipe: str = "",
        said: Said | None = None,
        made: dict[str, Any] | None = None,
        stored: Callable[[], None] | None = None,
    ) -> Record:
        """Keep the outputs of a step; without a key they serve only this run.

        They are written to disk off the critical path if they were dear or ``durable``;
        ``stored`` is called once they are there. Media go into ``made``, by identity.
        """
        made = {} if made is None else made
        entries: dict[str, Entry] = {}
        for name, value in outputs.items():
            if type(value) in PLAIN:
                entries[name] = Entry(json_identity(value), value)
            else:
                place = key or f"once-{uuid4().hex}"
                entries[name] = self.enter(value, seconds, f"{place}/{name}", made)
        record = Record(entries, seconds, type_, recipe, said)
        if key is not None:
            self.put_record(key, record, durable or seconds >= DURABLE_SECONDS, stored, made)
        return record

    def put_record(
        self,
        key: str,
        record: Record,
        durable: bool,
        stored: Callable[[], None] | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a record whose entries are entered already; ``made`` holds their values."""
        self._remember(key, record)
        if self._writer is not None:
            values = self._unwritten(record, made or {}) if durable else []
            self._writer.add(Job(key, record, values, stored if durable else None))

    def make_durable(self, key: str, stored: Callable[[], None] | None = None) -> None:
        """Write the results of a step to disk, whatever they cost."""
        record = self.record(key)
        if record is None or self._writer is None:
            return
        values = self._unwritten(record, {})
        if values:
            self._writer.add(Job(key, record, values, stored))

    def _unwritten(self, record: Record, made: Mapping[str, Any]) -> list[tuple[Entry, Any]]:
        return [
            (leaf, made.get(leaf.identity, self.live.get(leaf.identity)))
            for entry in record.outputs.values()
            for leaf in entry.leaves()
            if leaf.json is NOTHING and not leaf.unset and leaf.digest is None
        ]

    def enter(self, value: Any, seconds: float, recipe: str, made: dict[str, Any]) -> Entry:
        """The entry of a value just made; media are kept live, and put into ``made``."""
        if value is UNSET:
            return UNSET_ENTRY
        if isinstance(value, Media):
            name = identity(value) or f"recipe:{recipe}"
            made[name] = value
            self.live.put(name, value, seconds)
            return Entry(name)
        if isinstance(value, list) and any(isinstance(item, (Media, list)) for item in value):
            items = tuple(
                self.enter(item, seconds / len(value), f"{recipe}/{index}", made)
                for index, item in enumerate(value)
            )
            return list_entry(items)
        if isinstance(value, list):
            return list_entry(tuple(self.enter(item, 0.0, recipe, made) for item in value))
        plain = to_json(value)
        return Entry(json_identity(plain), json=plain)

    def put_bytes(self, data: bytes, pin: bool = True) -> str:
        """Keep bytes that came from outside; the digest that names them.

        Nothing could make them again, so that nothing evicts them; unless ``pin`` is False.
        """
        name = digest_of_buffers([data])
        if self.disk is None:
            self._bytes[name] = data
        else:
            try:
                self.disk.put([data], name, 0.0, int(time.time()))
                if pin:
                    self.disk.pin(name)
            except StoreError as error:
                raise StoreError(f"a file cannot be kept: {error}") from None
        return name

    def get_bytes(self, name: str) -> bytes | None:
        """The bytes with this digest, verified; None if they are not here."""
        if name in self._bytes:
            return self._bytes[name]
        if self.disk is None:
            return None
        data = self.disk.get(name)
        return None if data is None else bytes(data)

    def has_bytes(self, name: str) -> bool:
        return name in self._bytes or (self.disk is not None and self.disk.has(name))

    def verify(self, name: str) -> bool:
        """Whether the bytes are here as they were kept; damaged ones are gone after that."""
        return name in self._bytes or (self.disk is not None and self.disk.verify(name))

    def find(self, name: str) -> Entry | None:
        """The entry of a value by its identity, or by the digest of its bytes, if it can be had."""
        if name.startswith("json:"):
            return Entry(name, json=parse(name[5:]))
        found = next(
            (
                entry
                for record in [*self._records.values(), *self._older.values()]
                for entry in record.outputs.values()
                if name in (entry.identity, entry.digest) and self.available(entry)
            ),
            None,
        )
        if found is None and self.disk is not None:
            found = self.disk.entry(name)
        return found if found is not None and self.available(found) else None

    def pinned(self, name: str) -> Entry | None:
        """An entry for what a pin names: stored bytes, never evicted from then on, or JSON."""
        found = self.find(name)
        for leaf in found.leaves() if found is not None else ():
            if leaf.digest is not None and self.disk is not None:
                self.disk.pin(leaf.digest)
        return found

    def release(self, on_device: bool, needed: Set[str]) -> int:
        """Let go of live values that are not needed now, by identity; how many went.

        Those in device memory move to host memory, those in host memory are dropped. First what is
        still to be written goes to disk: until then the writer holds it, and from there it is read
        back rather than made again.
        """
        if self._writer is not None:
            self._writer.flush()
        return self.live.release(on_device, needed)

    def flush(self) -> None:
        """Wait until all that is to be on disk is there; then keep to the disk's budget."""
        if self._writer is not None:
            self._writer.flush()
        if self.disk is not None:
            try:
                self.disk.shrink(self.disk_budget)
            except StoreError as error:
                self._problems.append(f"the cache cannot be kept small: {error}")

    def problems(self) -> list[str]:
        """What went wrong while writing, once; writing problems never fail a run."""
        found, self._problems = self._problems, []
        return found + (self._writer.take_problems() if self._writer else [])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self.disk is not None:
            self.disk.close()


def list_entry(items: tuple[Entry, ...]) -> Entry:
    """The entry of a list: its identity follows from those of its items."""
    name = digest("list", *(item.identity for item in items))
    if all(item.json is not NOTHING for item in items):
        return Entry(name, json=[item.json for item in items], items=items)
    return Entry(name, items=items)
