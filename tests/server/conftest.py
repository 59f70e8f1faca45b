"""Lets the tests of this folder import their helpers by name, and watches the server's loop."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE),
    str(HERE.with_name("engine")),
    str(HERE.with_name("nodes")),
]


@pytest.fixture(autouse=True)
def nothing_holds_up_the_loop() -> Iterator[None]:
    """Fail where a callback in the loop took too long, in any test of this folder."""
    from loop import watched

    with watched() as held:
        yield
    assert held == []
