"""All models on this machine that have a name: of packs, fetched, and put there by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from musegraph.hub.record import Record
from musegraph.hub.shelf import Shelf
from musegraph.library.facts import Facts
from musegraph.library.scan import Entry
from musegraph.library.walk import Root
from musegraph.models import Models


@dataclass(frozen=True, slots=True)
class Found:
    """A model: what the library knows of it, and the record of its fetching if it was fetched."""

    entry: Entry
    record: Record | None = None
    wrong: str = ""

    @property
    def name(self) -> str:
        """What to write as its source."""
        return self.entry.source

    @property
    def where(self) -> str:
        """The pack that brings it, or the folder of models it is in."""
        return self.entry.root.where


def inventory(models: Models, read: bool = False) -> Iterator[Found]:
    """Every model by name, as it is found first; ``read`` compares every byte with its record."""
    entries = {entry.source: entry for entry in models.library.scan(models.roots()).entries}
    records = {folder: Shelf(folder).records() for folder in reversed(models.folders)}
    listed = [(entry, records.get(entry.root.folder, {})) for entry in entries.values()]
    for folder, fetched in reversed(records.items()):
        for name in fetched:
            if name not in entries:  # it was fetched, and is gone
                entries[name] = Entry(name, folder / name, Root(folder), Facts())
                listed.append((entries[name], fetched))
    places = {str(root.where): at for at, root in enumerate(models.roots())}
    for entry, fetched in sorted(
        listed, key=lambda one: (places.get(one[0].root.where, 0), one[0].source)
    ):
        record = None if entry.root.pack else fetched.get(entry.source)
        wrong = entry.facts.wrong
        if record is not None and (wrongs := list(record.wrongs(entry.place, read))):
            wrong = "; ".join(wrongs[:3]) + (f" and {len(wrongs) - 3} more" if wrongs[3:] else "")
        yield Found(entry, record, wrong)
