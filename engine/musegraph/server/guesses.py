"""Wrong tokens: who tries many of them has to wait, and nobody who has the right one does."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

FREE = 20
"""Wrong tokens of one peer that are answered at once."""

WAIT = 1.0
"""Seconds between two answers to one peer after that."""

LONGEST = 10.0
"""Seconds that an answer is kept back at most, so that nothing piles up here."""

FORGET = 600.0
"""Seconds without a wrong token after which a peer starts anew."""

PEERS = 4096
"""Peers that are remembered; the one that tried longest ago is forgotten first."""


@dataclass(slots=True)
class _Peer:
    count: int = 0
    last: float = 0.0
    turn: float = 0.0


class Guesses:
    """How often each peer was wrong."""

    def __init__(self) -> None:
        self._peers: OrderedDict[str, _Peer] = OrderedDict()

    def wrong(self, name: str) -> tuple[int, float]:
        """A peer gave a wrong token: how often by now, and the seconds until it is told so."""
        now = monotonic()
        peer = self._peers.pop(name, _Peer())
        if now - peer.last > FORGET:
            peer = _Peer()
        self._peers[name] = peer
        if len(self._peers) > PEERS:
            self._peers.popitem(last=False)
        peer.count, peer.last = peer.count + 1, now
        if peer.count <= FREE:
            return peer.count, 0.0
        peer.turn = min(max(peer.turn, now) + WAIT, now + LONGEST)
        return peer.count, peer.turn - now
