"""When Python looks for garbage: not while a large graph is read, planned or begun.

A search goes through every object there is. Reading and planning make many objects and no cycles,
so that each search on the way is for nothing, and costs more the larger the graph.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_running = 0
_frozen = False
_settled = False
_thresholds = gc.get_threshold()

RARELY = (10_000, 20, 50)
"""Objects made before the youngest are searched in a run, and searches before the next older ones.

Ten times less often than Python does by itself: what a run notes of each step is no garbage.
"""


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage in here: for code of ours that makes no cycles."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def kept_out() -> Iterator[None]:
    """What is there now is left out of searches until the last of those in here leaves.

    Nodes are someone else's code, so garbage is collected while they run; only plans, models and
    modules need not be gone through again and again.
    """
    global _running, _frozen, _thresholds
    with _LOCK:
        _running += 1
        if _running == 1 and not _settled:
            gc.freeze()
            _frozen = True
            _thresholds = gc.get_threshold()
            gc.set_threshold(*map(max, _thresholds, RARELY))
    try:
        yield
    finally:
        with _LOCK:
            _running -= 1
            if not _running and _frozen:
                gc.unfreeze()
                gc.set_threshold(*_thresholds)
                _frozen = False


def settle() -> None:
    """Leave what is there now out of all searches for good: modules, before a process serves.

    Python can let go only of all that is left out at once, so runs leave nothing out after that.
    Nor do they count what is: that goes through each object.
    """
    global _settled
    with _LOCK:
        gc.freeze()
        _settled = True


def collect() -> None:
    """One search, for want of memory: also through what is left out while there are runs."""
    with _LOCK:
        if _frozen:
            gc.unfreeze()
        gc.collect()
        if _frozen:
            gc.freeze()
