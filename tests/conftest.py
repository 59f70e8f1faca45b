"""Tests run side by side, a process for each core; those that hold times run alone.

A test marked ``alone`` says how long something may take, or makes the machine busy on purpose.
No other test runs beside it, in whichever process.
"""

from __future__ import annotations

import fcntl
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

from musegraph.garbage import settle

sys.path.insert(0, str(Path(__file__).parent))  # helpers of tests in several folders

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two processes that each compute on all cores wait for one another more than they compute.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

# Hundreds of tests start Python: where it may not keep what it compiles, each compiles everything.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: many tests wait for as long as they work."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that run alone come first, with their files; browser tests stand among the others.

    Those wait a lot, and other tests can compute meanwhile; none stands at the end. Who wants to be
    alone waits until all others are through, and all others for him: once tests of half a minute
    are under way that costs minutes. Left to itself xdist begins with the files of most tests and
    ends with those of the longest.
    """
    files = list(dict.fromkeys(item.path for item in reversed(items)))
    alone = {item.path for item in items if item.get_closest_marker("alone")}
    slow = [file for file in files if file.parent.name == "web"]
    rest = [file for file in files if file.parent.name != "web"]
    at = {file: 0.7 * n / len(slow) for n, file in enumerate(slow)}
    at |= {file: n / len(rest) for n, file in enumerate(rest)}
    at |= dict.fromkeys(alone, -1.0)
    items.sort(key=lambda item: at[item.path])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests are there until the end: no search for garbage goes through them.

    They are most of what there is, and each search would take half a second.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        settle()


DOOR, ROOM = Path(__file__), Path(__file__).parents[1] / "pyproject.toml"
"""Files that are there anyway, and only locked."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Wait for a turn, outside of what pytest-timeout counts."""
    with _turn(item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def _turn(alone: bool) -> Iterator[None]:
    """Many may be in the room at once, or one that is alone.

    Who came first goes in first: without the door, a test that wants to be alone would wait for as
    long as others keep coming.
    """
    with DOOR.open() as door, ROOM.open() as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
