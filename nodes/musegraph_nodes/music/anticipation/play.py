"""Sampling of events: each token within its place of the three, never in the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from musegraph_nodes.music.language.sample import drawn

from . import events as e
from .events import Event

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_AT_ONCE = 24
"""Events that may arrive at the same time."""
_OLDEST = e.TIMES * 3 // 4
"""How far back the window reaches before it is moved on, in hundredths of a second."""


@dataclass
class Listener:
    """A net with what it has heard: a window of events whose times are told from its beginning."""

    net: Any
    flag: int
    events: list[Event] = field(default_factory=list)
    offset: int = 0
    held: Any = None
    """Keys and values of what was read."""
    length: int = 0
    waiting: list[int] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        """An event more, which is read with the next one that is drawn."""
        self.events.append(event)
        self.waiting += event.tokens(self.offset)

    def settle(self, now: int) -> None:
        """Begin a later window if there is no room for three tokens more, or time went too far."""
        context = int(self.net.config.n_positions)
        full = self.length + len(self.waiting) + 3 > context
        if self.held is not None and not full and now - self.offset <= _OLDEST:
            return
        # Half a window is kept, so that it has to be read anew only now and then.
        kept = self.events[-((context // 2 - 1) // 3) :]
        kept = [event for event in kept if event.time >= now - _OLDEST // 2]
        self.offset = min((event.time for event in kept), default=now)
        self.events = kept
        self.held, self.length = None, 0
        self.waiting = [self.flag, *(t for event in kept for t in event.tokens(self.offset))]

    @torch.inference_mode()
    def logits(self) -> NDArray[np.float64]:
        """How likely each token is to come next."""
        device = next(self.net.parameters()).device
        tokens = torch.tensor([self.waiting], device=device)
        said = self.net(tokens, past_key_values=self.held, use_cache=True)
        self.held, self.length = said.past_key_values, self.length + len(self.waiting)
        self.waiting = []
        found: NDArray[np.float64] = said.logits[0, -1].double().cpu().numpy()
        return found


@dataclass
class Player:
    """Writes events until a time, among what is given."""

    net: Any
    given: list[Event]
    temperature: float
    top_p: float
    draw: np.random.Generator

    def play(
        self, before: Sequence[Event], start: int, end: int, tick: Callable[[int], None]
    ) -> list[Event]:
        """What is new from a time to another."""
        listener = Listener(self.net, e.ANTICIPATE if self.given else e.AUTOREGRESS)
        prompt, self.given = e.with_given(e.rested(before, start), self.given)
        for event in prompt:
            listener.hear(event)
        now, at_once = start, 0
        players = {event.player for event in before if event.note >= 0}
        players |= {event.player for event in self.given}
        made: list[Event] = []
        while True:
            while self.given and now >= self.given[0].time - e.AHEAD:
                listener.hear(self.given.pop(0))
            tick(now - start)
            listener.settle(now)
            event = self._event(listener, now + (at_once >= _MOST_AT_ONCE), players)
            if event.time >= end:
                return made
            at_once = at_once + 1 if event.time == now else 1
            now = event.time
            made.append(event)
            listener.events.append(event)
            if event.note >= 0:
                players.add(event.player)

    def _event(self, listener: Listener, now: int, players: set[int]) -> Event:
        """One event; its last token is left to be read with the next."""
        time = self._token(listener, np.arange(now - listener.offset, e.TIMES))
        duration = self._token(listener, np.arange(e.DURATION, e.NOTE))
        note = self._token(listener, self._notes(players))
        when = time - e.TIME + listener.offset
        return Event(when, duration - e.DURATION, note - e.NOTE if note != e.REST else -1)

    def _notes(self, players: set[int]) -> NDArray[np.intp]:
        """Whatever there is, or once all channels are taken only what those who play have."""
        if len(players - {e.DRUMS}) < len(e.CHANNELS):
            return np.arange(e.NOTE, e.GIVEN)
        some = [np.arange(128) + e.NOTE + 128 * one for one in sorted(players | {e.DRUMS})]
        return np.concatenate([*some, [e.REST]])

    def _token(self, listener: Listener, options: NDArray[np.intp]) -> int:
        token = drawn(listener.logits(), options, self.temperature, self.top_p, self.draw)
        listener.waiting.append(token)
        return token
