"""Packs that are a plain file or folder of one's own: opened anew when they have changed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from pathlib import Path

from musegraph.pack import Registry, pack_at, reason_of

Stamp = tuple[tuple[str, int, int, int], ...]
_READ = (".py", ".json")
_PAUSES = frozenset({"__pycache__", ".git", ".venv", "node_modules"})


def stamp_of(place: Path) -> Stamp:
    """What the system says of the files of a pack; it is another when one of them has changed."""
    found = []
    todo = [place]
    while todo:
        one = todo.pop()
        try:
            if one.is_dir():
                todo += [inner for inner in one.iterdir() if inner.name not in _PAUSES]
            elif one.suffix in _READ:
                facts = one.stat()
                found.append((str(one), facts.st_size, facts.st_mtime_ns, facts.st_ino))
        except OSError:  # it goes while it is looked at
            continue
    return tuple(sorted(found))


class Plain:
    """The plain packs of a registry. One that no longer opens is a failure that says why."""

    def __init__(self, registry: Registry, paths: Iterable[str | Path]) -> None:
        self.registry = registry
        self._stamps = {Path(path): stamp_of(Path(path)) for path in paths}
        self._names = {place: self._name(place) for place in self._stamps}
        self._lock = threading.Lock()

    def _name(self, place: Path) -> str:
        """The name of the pack that was opened from a place; else the one that it would have."""
        for name in self.registry.names():
            if (pack := self.registry.opened(name)) and pack.folder == place:
                return name
        return re.sub(r"[^a-z0-9_]", "_", place.resolve().stem.lower())

    def look(self) -> list[str]:
        """Open anew what has changed; the names of the packs that were."""
        if not self._stamps:
            return []
        with self._lock:
            changed = []
            for place, before in list(self._stamps.items()):
                if (now := stamp_of(place)) != before:
                    self._stamps[place] = now
                    changed.append(self._open(place))
            return changed

    def _open(self, place: Path) -> str:
        old = self._names[place]
        try:
            pack = pack_at(place)
            self.registry.exchange(old, pack)
            self._names[place] = pack.name
            for key in (place.stem, str(place)):  # as it was told of when all packs were opened
                self.registry.failures.pop(key, None)
        except (Exception, SystemExit) as error:  # noqa: BLE001  it is somebody's own code
            self.registry.exchange(old, None)
            self.registry.failures[old] = reason_of(error)
        return self._names[place]
