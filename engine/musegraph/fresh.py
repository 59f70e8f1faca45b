"""Packs that are files of one's own are compiled each time, with all their modules."""

from __future__ import annotations

import importlib.util
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
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from musegraph.errors import MusegraphError

if TYPE_CHECKING:
    from _typeshed.importlib import PathEntryFinderProtocol as PathEntryFinder


class _FromSource(SourceFileLoader):
    """Compiles the file each time, and keeps nothing.

    Python tells by time in seconds and size whether what it kept is still the same, and an edit
    within a second need not change either.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


_FRESH = FileFinder.path_hook(
    (ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES)
)
_plain: set[str] = set()
"""The folders whose modules are compiled each time."""


def _hook(path: str) -> PathEntryFinder:
    if not any(path == place or path.startswith(place + os.sep) for place in _plain):
        raise ImportError(path)
    return _FRESH(path)


def _from_source(folder: Path) -> None:
    """What a folder's own modules are is read from their source, too."""
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(0, _hook)
    _plain.add(str(folder))
    for path in [one for one in sys.path_importer_cache if one.startswith(str(folder))]:
        del sys.path_importer_cache[path]  # by whom it was looked through before, and as it was


def import_fresh(name: str, file: Path, package: bool) -> ModuleType:
    """The module in a file, or the package that its folder is; what it was before is forgotten."""
    if package:
        _from_source(file.parent)
    if file.suffix != ".py":
        raise MusegraphError(f"{file} is no Python file")
    spec = importlib.util.spec_from_file_location(
        name,
        file,
        loader=_FromSource(name, str(file)),
        submodule_search_locations=[str(file.parent)] if package else None,
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    for old in [one for one in sys.modules if one.startswith(f"{name}.")]:
        del sys.modules[old]  # what it is made of may have changed with it
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
