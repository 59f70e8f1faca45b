"""Folders whose modules Python gets through a loader of ours."""

from __future__ import annotations

import os
import sys
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.importlib import PathEntryFinderProtocol as PathEntryFinder


class Folders:
    """Folders whose modules, however deep they lie, are read by one loader: a hook of Python's."""

    def __init__(self, loader: type[SourceFileLoader]) -> None:
        self._find = FileFinder.path_hook(
            (ExtensionFileLoader, EXTENSION_SUFFIXES), (loader, SOURCE_SUFFIXES)
        )
        self._places: set[str] = set()

    def __call__(self, path: str) -> PathEntryFinder:
        """What finds the modules in a path; `ImportError`, which Python expects, if not ours."""
        if not any(path == place or path.startswith(place + os.sep) for place in self._places):
            raise ImportError(path)
        return self._find(path)

    def __contains__(self, place: Path) -> bool:
        return str(place) in self._places

    def add(self, place: Path) -> None:
        """Read what lies in a folder by this loader from now on."""
        if self not in sys.path_hooks:
            sys.path_hooks.insert(0, self)
        self._places.add(str(place))
        for path in [one for one in sys.path_importer_cache if one.startswith(str(place))]:
            del sys.path_importer_cache[path]  # by whom it was looked through before, and as it was
