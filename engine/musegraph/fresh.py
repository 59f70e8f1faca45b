"""Packs that are files of one's own are compiled each time, with all their modules."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from musegraph.errors import MusegraphError
from musegraph.importing import Folders


class _FromSource(SourceFileLoader):
    """Compiles the file each time, and keeps nothing.

    Python tells by time in seconds and size whether what it kept is still the same, and an edit
    within a second need not change either.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


_plain = Folders(_FromSource)


def import_fresh(name: str, file: Path, package: bool) -> ModuleType:
    """The module in a file, or the package that its folder is; what it was before is forgotten."""
    if package:
        _plain.add(file.parent)
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
