"""What happens, told to everyone who listens; nobody who is slow holds up another.

Changes of state are numbered and never left out: who lost the connection names the last number it
saw and is told the rest. Progress and previews are not numbered: only the latest of a step counts,
and one that was outrun is never sent.

Nothing is kept for a listener but how far it is, so that one who never reads costs nothing; and
what is said to many who are equally far is put together once.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from secrets import token_hex
from typing import Any

REMEMBERED = 20_000
"""Changes of state that are kept; who is further behind is let go, and comes back."""

REMEMBERED_LETTERS = 8 << 20
"""Letters of what is kept at most, so that large changes do not fill the memory."""

PASSING = frozenset({"step_progress"})
"""Events of which only the latest of a step counts."""


class LetGo(Exception):
    """A listener is sent away, with a code and a reason of WebSocket (RFC 6455)."""

    code = 1008
    reason = "the token is no longer valid"


class TooSlow(LetGo):
    """A listener is too far behind: it has to connect again."""

    code = 1013
    reason = "too slow"


class Listener:
    """How far one connection is: the last change and the last progress that it was told."""

    def __init__(self, feed: Feed, after: int, run: str | None) -> None:
        self.run = run
        self.after = after
        self.seen = feed.passed
        self.over: type[LetGo] | None = None
        self._feed = feed
        self._wake = asyncio.Event()

    def call(self, run: str | None, last: int) -> None:
        """There is something new, after ``last``; nothing before that if it was up to date."""
        if self.over or (self.run is not None and run != self.run):
            return
        if not self._wake.is_set():
            self.after = max(self.after, last)
            self._wake.set()

    def end(self, why: type[LetGo]) -> None:
        """Nothing more is sent."""
        self.over = self.over or why
        self._wake.set()

    async def next(self) -> bytes:
        """All that waits, as one message; waits until there is something."""
        while True:
            if self._wake.is_set() and self._feed.forgot(self.after):
                self.end(TooSlow)
            if self.over:
                raise self.over
            if self._wake.is_set():
                message = self._feed.message(self.run, self.after, self.seen)
                self.after, self.seen = self._feed.last, self._feed.passed
                self._wake.clear()
                if message is not None:
                    return message
            await self._wake.wait()

    def waiting(self) -> int:
        """How many events wait for it."""
        if self.over or not self._wake.is_set() or self._feed.forgot(self.after):
            return 0
        return len(self._feed.since(self.run, self.after, self.seen))


class Feed:
    """Numbers changes of state, and hands all events to the listeners."""

    def __init__(self) -> None:
        self.epoch = token_hex(8)
        """Names this life of the server: numbers of another one mean nothing here."""
        self.last = 0
        """The number of the latest change of state."""
        self.passed = 0
        """How much progress was told of."""
        self._kept: deque[tuple[int, str | None, str]] = deque()
        self._letters = 0
        self._latest: dict[tuple[str | None, str], tuple[int, str]] = {}
        """The latest progress of each step that runs."""
        self._listeners: set[Listener] = set()
        self._made: dict[tuple[str | None, int, int], bytes | None] = {}
        """Messages since the last event, by who they are for and how far that one is."""

    def tell(self, event: dict[str, Any]) -> None:
        """Tell of an event: JSON with ``type``, and ``run`` and ``node`` if it has them."""
        run, node, last = event.get("run"), str(event.get("node", "")), self.last
        passing = event["type"] in PASSING
        if not passing:
            self.last += 1
            event = {**event, "number": self.last}
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        if passing:
            self.passed += 1
            self._latest.pop((run, node), None)
            self._latest[run, node] = self.passed, text
        else:
            self._keep(run, text)
            self._settle(event, run, node)
        self._made.clear()
        for listener in self._listeners:
            listener.call(run, last)

    def _settle(self, event: dict[str, Any], run: str | None, node: str) -> None:
        """A change of state outruns the progress of its step, and the end of a run that of all."""
        self._latest.pop((run, node), None)
        if self._latest and event["type"] == "run" and event["facts"]["state"] != "running":
            for key in [key for key in self._latest if key[0] == run]:
                del self._latest[key]

    def forgot(self, after: int) -> bool:
        """Whether changes after this number are no longer known."""
        return after < self.last and self._kept[0][0] > after + 1

    def since(self, run: str | None, after: int, seen: int) -> list[str]:
        """What somebody was not told who listens to a run, or to all, and is so far."""
        states: list[str] = []
        for number, about, text in reversed(self._kept):
            if number <= after:
                break
            if run is None or about == run:
                states.append(text)
        states.reverse()
        passing = [
            text
            for (about, _), (number, text) in self._latest.items()
            if number > seen and (run is None or about == run)
        ]
        return states + passing

    def message(self, run: str | None, after: int, seen: int) -> bytes | None:
        """The same as one message; None if it is nothing."""
        key = run, after, seen
        if key not in self._made:
            parts = self.since(*key)
            self._made[key] = f'{{"events":[{",".join(parts)}]}}'.encode() if parts else None
        return self._made[key]

    def _keep(self, run: str | None, text: str) -> None:
        """Keep a change, and forget the oldest where it is too much; the last is kept always."""
        self._kept.append((self.last, run, text))
        self._letters += len(text)
        while len(self._kept) > REMEMBERED or (
            self._letters > REMEMBERED_LETTERS and len(self._kept) > 1
        ):
            self._letters -= len(self._kept.popleft()[2])

    def join(
        self, epoch: str | None = None, after: int | None = None, run: str | None = None
    ) -> tuple[Listener, bool]:
        """A new listener, and whether it misses nothing since number ``after``.

        If it does, it has to ask for the state of things before it listens.
        """
        complete = (
            epoch == self.epoch
            and after is not None
            and after <= self.last
            and not self.forgot(after)
        )
        listener = Listener(self, after if complete and after is not None else self.last, run)
        if listener.after < self.last:
            listener.call(run, listener.after)
        self._listeners.add(listener)
        return listener, complete

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def dismiss(self) -> None:
        """Send all away who listen: the token that they came with is no longer valid."""
        for listener in self._listeners:
            listener.end(LetGo)

    def __len__(self) -> int:
        return len(self._listeners)
