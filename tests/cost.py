"""What a piece of work costs, without what others in the same process do meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import thread_time


@dataclass
class Cost:
    """Seconds of a processor, known once the work is through."""

    seconds: float = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """Count the processor's time of this thread alone, and not of threads that it has help it.

    The search for garbage waits: it goes through all that other tests left, which takes a second
    late in a long run, whoever happens to set it off.
    """
    spent, collects = Cost(), gc.isenabled()
    gc.disable()
    began = thread_time()
    try:
        yield spent
    finally:
        spent.seconds = thread_time() - began
        if collects:
            gc.enable()
