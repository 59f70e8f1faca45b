"""What happens, told to everyone who listens; nobody who is slow holds up another.

Changes of state are numbered and never left out: who lost the connection names the last number it
saw and is told the rest. Progress and previews are not numbered: only the latest of a step counts,
and one that was outrun is never sent.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from secrets import token_hex
from typing import Any

REMEMBERED = 16_000
"""Changes of state that are kept for those who come back: fewer than may wait for one of them."""

REMEMBERED_LETTERS = 4 << 20
"""Letters of what is kept at most, so that large changes do not fill the memory."""

BEHIND = 20_000
"""Changes that may wait for one listener; one further behind is let go and comes back."""

BEHIND_LETTERS = 8 << 20
"""Letters that may wait for one listener: what it does not read must not fill the memory."""

PASSING = frozenset({"step_progress"})
"""Events of which only the latest of a step counts."""


class TooSlow(Exception):
    """A listener is too far behind: it has to connect again."""


class Listener:
    """What waits to be sent to one connection."""

    def __init__(self, run: str | None = None) -> None:
        self.run = run
        self._states: deque[str] = deque()
        self._letters = 0
        self._latest: dict[tuple[str, str], str] = {}
        self._wake = asyncio.Event()
        self.lost = False

    def add(self, run: str | None, node: str, text: str, passing: bool) -> None:
        if self.lost or (self.run is not None and run != self.run):
            return
        if passing:
            self._latest[run or "", node] = text
        else:
            self._latest.pop((run or "", node), None)
            self._states.append(text)
            self._letters += len(text)
            if len(self._states) > BEHIND or (
                self._letters > BEHIND_LETTERS and len(self._states) > 1
            ):
                self.lost = True
                self._states.clear()
                self._latest.clear()
        self._wake.set()

    async def next(self) -> str:
        """All that waits, as one message; waits until there is something."""
        while not self._states and not self._latest:
            if self.lost:
                raise TooSlow
            self._wake.clear()
            await self._wake.wait()
        parts = [*self._states, *self._latest.values()]
        self._states.clear()
        self._latest.clear()
        self._letters = 0
        return f'{{"events":[{",".join(parts)}]}}'

    def waiting(self) -> int:
        return len(self._states) + len(self._latest)


class Feed:
    """Numbers changes of state, and hands all events to the listeners."""

    def __init__(self) -> None:
        self.epoch = token_hex(8)
        """Names this life of the server: numbers of another one mean nothing here."""
        self.last = 0
        self._kept: deque[tuple[int, str | None, str]] = deque()
        self._letters = 0
        self._listeners: set[Listener] = set()

    def tell(self, event: dict[str, Any]) -> None:
        """Tell of an event: JSON with ``type``, and ``run`` and ``node`` if it has them."""
        run, node = event.get("run"), str(event.get("node", ""))
        passing = event["type"] in PASSING
        if not passing:
            self.last += 1
            event = {**event, "number": self.last}
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        if not passing:
            self._keep(run, text)
        for listener in self._listeners:
            listener.add(run, node, text, passing)

    def _keep(self, run: str | None, text: str) -> None:
        """Keep a change for those who come back, and forget the oldest where it is too much."""
        self._kept.append((self.last, run, text))
        self._letters += len(text)
        while len(self._kept) > REMEMBERED or self._letters > REMEMBERED_LETTERS:
            self._letters -= len(self._kept.popleft()[2])

    def join(
        self, epoch: str | None = None, after: int | None = None, run: str | None = None
    ) -> tuple[Listener, bool]:
        """A new listener, and whether it misses nothing since number ``after``.

        If it does, it has to ask for the state of things before it listens.
        """
        listener = Listener(run)
        oldest = self._kept[0][0] if self._kept else self.last + 1
        complete = epoch == self.epoch and after is not None and oldest - 1 <= after <= self.last
        if complete and after is not None:
            for number, about, text in self._kept:
                if number > after:
                    listener.add(about, "", text, False)
        self._listeners.add(listener)
        return listener, complete

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def __len__(self) -> int:
        return len(self._listeners)
