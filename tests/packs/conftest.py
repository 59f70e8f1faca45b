"""Lets the tests of this folder import their helpers by name, and gives each packs of its own."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "engine")]


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packs of its own, which need not exist."""
    folder = tmp_path / "packs"
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("MUSEGRAPH_PACKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder
