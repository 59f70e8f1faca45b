"""What is done when memory runs out inside a node: room is made and it is called again.

Four rungs, and after each that is to be had the node is called once more:

1. *Evict.* Values and models that nobody uses are let go of.
2. *Wait.* The steps that run beside it end first, for they hold memory too.
3. *Offload.* On an accelerator, where a loader can: weights stay in host memory and visit the
   device layer by layer.
4. *Frugal.* A node that declares it does with less memory, in tiles or one by one.

The first three change where things lie, and no result. The last changes bits: its result is
*makeshift*. It is used in this run under the identity of its content, and not kept under its key,
so that a run with enough memory makes the true one. Below the last rung the step fails, by name.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from musegraph.context import RunContext, Site
from musegraph.errors import OutOfMemory
from musegraph.events import StepProgress
from musegraph.garbage import collect
from musegraph.node import NodeType
from musegraph.shortage import Relief, Shortage, shortage_of

Outputs = dict[str, Any]

PAUSE = 0.01
"""Seconds between two looks at whether the steps beside have ended."""

_SIZES = ("width", "height", "batch")
"""Inputs that by custom say how much a node makes at once; ``tile``, in what parts."""


class Ladder:
    """The rungs for one call of one step; what is done is noted in ``relief``."""

    def __init__(
        self, step: str, type_: NodeType, site: Site, context: RunContext | None, relief: Relief
    ) -> None:
        self.step = step
        self.type = type_
        self.site = site
        self.context = context
        self.relief = relief

    def climb(self, shortage: Shortage, attempt: Callable[[], Outputs]) -> tuple[Outputs, bool]:
        """What the node gives with more room or less need, and whether that is makeshift.

        Called outside the ``except`` that caught the first shortage: the frames of the attempt,
        and with them its tensors, are gone by now. Raises :class:`OutOfMemory`.
        """
        tried: list[str] = []
        with self._alone():
            for rung in (self._evict, self._wait, self._offload, self._do_with_less):
                said = rung(shortage)
                if not said:
                    continue
                tried.append(said)
                try:
                    outputs = attempt()
                except Exception as error:
                    again = shortage_of(error)
                    if again is None:
                        raise
                    shortage = again
                else:
                    return outputs, self._is_frugal()
        raise OutOfMemory(self._sentence(shortage, tried))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One step at a time: two that climbed together would take each other's room."""
        climbing, alone = self.site.climbing, self.site.alone
        climbing.add(self.step)
        try:
            while not alone.acquire(timeout=5 * PAUSE):
                self.site.check(self.step)
            try:
                yield
            finally:
                alone.release()
        finally:
            climbing.discard(self.step)
            if self.context is not None:
                self.context.offload = self.context.frugal = False

    # -- rungs: each makes ready for another attempt and says how, or is not to be had -----------

    def _evict(self, shortage: Shortage) -> str:
        needed = {
            leaf.identity
            for call in [*self.site.running.values()]
            for entry in call.linked.values()
            for leaf in entry.leaves()
        }
        leased = self.context.leased if self.context is not None else []
        values = self.site.store.release(shortage.device, needed)
        models = self.site.models.clear(keep=leased[-1:])
        give_back()
        self.relief.values += values
        self.relief.models += models
        return _said(Relief(values, models))

    def _wait(self, shortage: Shortage) -> str:
        uses = ("device",) if shortage.device else ("device", "cpu")
        running, climbing = self.site.running, self.site.climbing
        beside = [id for id, call in [*running.items()] if call.type.uses in uses]
        waiting = [id for id in beside if id not in climbing]
        if not waiting:
            return ""
        self.site.emit(StepProgress(self.step, 0.0, 0.0, "waiting for memory"))
        while any(id in running and id not in climbing for id in waiting):
            self.site.check(self.step)
            time.sleep(PAUSE)
        self._evict(shortage)
        self.relief.waited += len(waiting)
        return _said(Relief(waited=len(waiting)))

    def _offload(self, shortage: Shortage) -> str:
        context, models = self.context, self.site.models
        if context is None or not shortage.device or context.device == "cpu":
            return ""
        parts = [ref.part or ref.source for ref in context.leased if models.can_offload(ref)]
        if not parts:
            return ""
        context.offload = True
        models.clear()
        give_back()
        self.relief.offloaded = " and ".join(dict.fromkeys(parts))
        return _said(Relief(offloaded=self.relief.offloaded))

    def _do_with_less(self, shortage: Shortage) -> str:
        if self.context is None or not self.type.frugal:
            return ""
        self.context.frugal = True
        give_back()
        return _said(Relief(frugal=self.type.frugal))

    def _is_frugal(self) -> bool:
        frugal = self.context is not None and self.context.frugal
        if frugal:
            self.relief.frugal = self.type.frugal
        return frugal

    def _sentence(self, shortage: Shortage, tried: list[str]) -> str:
        sizes = [name for name in _SIZES if name in self.type.inputs]
        remedies = [f"set {' or '.join(sizes)} smaller" if sizes else "give it less at once"]
        if "tile" in self.type.inputs:
            remedies.append("set a small tile")
        if shortage.device:
            remedies.append("compute on the CPU (MUSEGRAPH_DEVICE=cpu)")
        elif bound := self.site.terms.limits.memory(self.type.id):
            remedies.append(f"let it take {bound.memory()}")
        else:
            remedies.append("close other programs that hold memory")
        remedy = f"{', '.join(remedies[:-1])} or {remedies[-1]}"
        return f"{shortage}, also after what was tried ({', '.join(tried)}); {remedy}"


def _said(rung: Relief) -> str:
    return ", ".join(rung.words())


def give_back() -> None:
    """Give back what nobody refers to, also what torch keeps at hand for the device."""
    collect()
    torch = sys.modules.get("torch")
    if torch is None or not (hasattr(torch, "cuda") and hasattr(torch, "backends")):
        return  # or another thread is in the middle of importing it
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
