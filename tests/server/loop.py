"""A watch over the loop of a server: which callbacks took too long."""

from __future__ import annotations

import asyncio
import gc
from asyncio import base_events, events
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import thread_time

HERE = str(Path(__file__).parent)

MOST = 0.1
"""Seconds of CPU time that nothing in the loop may take at once.

It is CPU time of the loop's thread: the time on a clock depends on what else the machine does.
"""


@contextmanager
def watched(most: float = MOST) -> Iterator[list[str]]:
    """What took longer in the loops of this process; what tests do there themselves is left out."""
    held: list[str] = []
    run = events.Handle._run

    def timed(handle: events.Handle) -> None:
        start = thread_time()
        run(handle)
        seconds = thread_time() - start
        if seconds > most and not _is_of_a_test(handle):
            held.append(f"{seconds:.3f} s in {base_events._format_handle(handle)}")

    events.Handle._run = timed  # type: ignore[method-assign]
    gc.collect()
    gc.freeze()  # what a collection finds of the tests before is no work of the server's
    try:
        yield held
    finally:
        events.Handle._run = run  # type: ignore[method-assign]


def _is_of_a_test(handle: events.Handle) -> bool:
    task = getattr(getattr(handle, "_callback", None), "__self__", None)
    if not isinstance(task, asyncio.Task):
        return False
    code = getattr(task.get_coro(), "cr_code", None)
    place = "" if code is None else code.co_filename
    return place.startswith(HERE) or "playwright" in place
