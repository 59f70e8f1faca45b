"""Lets the tests of this folder import their helpers by name, and opens packs for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.with_name("packs")), str(HERE.with_name("engine"))]
sys.path[:0] = [str(HERE.with_name("server"))]


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Any]:
    """Makes registries of packs, given as texts of code by their names."""
    from opening import Opener

    made = Opener(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def opens_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One for all tests of a module."""
    from opening import Opener

    made = Opener(tmp_path_factory.mktemp("packs"))
    yield made
    made.close()
