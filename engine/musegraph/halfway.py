"""Libraries that two steps would begin to import at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from threading import Lock

_one_at_a_time = Lock()
_whole: set[str] = set()


def import_whole(names: Iterable[str]) -> None:
    """Import packages to their end, each by one thread while others that need it wait.

    Python lets a thread import a part of a package whose own import another thread has begun and
    not ended; then either may fail, and what is left cannot be imported again. SciPy fails so.
    """
    for name in names:
        if name in _whole:
            continue
        with _one_at_a_time:
            if name not in _whole:
                with suppress(Exception):  # a node that needs it says so itself
                    import_module(name)
                if name in sys.modules:
                    _whole.add(name)
