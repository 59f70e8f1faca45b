"""Several pieces written at once: their nets read one token of each in the same pass.

A pass over fifty pieces takes little longer than one over a single piece, for which the weights
have to be fetched as well. Who is done makes room for the next.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import torch

from musegraph_nodes.music.composer.piece import Piece

from .net import MusicNet, Rows
from .session import Session

Work = Generator[Session, None, Piece]
"""Stops before each draw until its session was heard; what it returns is the piece."""


def alone(work: Work) -> Piece:
    """The piece of a work; its session reads for itself."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            piece: Piece = done.value
            return piece


@dataclass
class _Seat:
    """Who writes in a row of the cache."""

    number: int
    work: Work
    session: Session


def together(net: MusicNet, works: Iterable[Work], rows: int = 64) -> list[Piece]:
    """The pieces of works that share a net, in their order; at most so many are written at once."""
    found: dict[int, Piece] = {}
    following = enumerate(works)
    cache = Rows(net.size, rows, net.turns.device)
    seats: list[_Seat] = []
    while True:
        for row in range(len(seats) - 1, -1, -1):
            if not seats[row].session.waiting and not _goes_on(seats[row], found):
                seats[row] = seats[-1]
                cache.put(row, cache, len(seats) - 1)
                seats.pop()
        while len(seats) < rows and (fresh := _seated(following, found)) is not None:
            seats.append(fresh)
            _read_anew(cache, len(seats) - 1, fresh.session)
        if not seats:
            return [found[number] for number in sorted(found)]
        _read(net, cache, seats)


def _goes_on(seat: _Seat, found: dict[int, Piece]) -> bool:
    """Let a work draw until there is something to read; False where it is done instead."""
    while not seat.session.waiting:
        try:
            next(seat.work)
        except StopIteration as done:
            found[seat.number] = done.value
            return False
    return True


def _seated(following: Iterator[tuple[int, Work]], found: dict[int, Piece]) -> _Seat | None:
    """The next work that has something to draw; None where there is none left."""
    for number, work in following:
        try:
            return _Seat(number, work, next(work))
        except StopIteration as done:
            found[number] = done.value
    return None


def _read_anew(cache: Rows, row: int, session: Session) -> None:
    session.anew()
    assert session.cache is not None
    cache.put(row, session.cache)
    session.cache = None


@torch.inference_mode()
def _read(net: MusicNet, cache: Rows, seats: list[_Seat]) -> None:
    """One token more of each, and a whole window where a row of the cache is full."""
    sessions = [seat.session for seat in seats]
    lengths = cache.lengths.tolist()
    for row, session in enumerate(sessions):
        if session.waiting and lengths[row] + session.waiting > net.size.context:
            _read_anew(cache, row, session)
    # Who has just been read anew reads its last token again; its row goes on from there.
    ready = [row for row, session in enumerate(sessions) if not session.waiting]
    device = net.turns.device
    at = [min(session.read, len(session.tokens) - 1) for session in sessions]
    tokens = torch.tensor([[s.tokens[i]] for s, i in zip(sessions, at, strict=True)], device=device)
    facts = torch.tensor([[s.facts[i]] for s, i in zip(sessions, at, strict=True)], device=device)
    cache.used = len(seats)
    cache.lengths[ready] -= 1
    said = net(tokens, facts, cache)[:, 0].double().cpu().numpy()
    for row, session in enumerate(sessions):
        session.read = at[row] + 1
        if not session.waiting:
            session.heard = said[row]
