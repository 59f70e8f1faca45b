"""Tests run side by side, in as many processes as there are cores; those that hold time run alone.

A test marked ``alone`` states how long something may take, or makes the machine busy on purpose.
No other test runs beside it, in whichever process.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Take a turn; it is outside of what pytest-timeout counts, since a test may wait for it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return (yield)
    with _turn(run, item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def _turn(run: str, alone: bool) -> Iterator[None]:
    """Many may be inside at once, or one that is alone; who came first goes first.

    Without the door, a test that wants to be alone would wait as long as others keep coming.
    """
    place = Path(tempfile.gettempdir())
    with (place / f"tests-{run}-door").open("w") as door, (place / f"tests-{run}").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
