"""B13: how much has to be computed again under a budget, with the store's own live tier.

The trace is made up: an artist goes back and forth between four picture workflows and two film
workflows, mostly changing prompts, seeds and the last touches. What is judged is the order of
policies and their distance from a cache without end, not the hours.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from blake3 import blake3
from harness import Row

from musegraph.store.live import Live

MEGABYTE = 2**20
RUNS, SEEDS = 1_500, (1, 2, 3)


class Kind(NamedTuple):
    """A node of the trace: seconds to make it, megabytes, sources, how often it is edited."""

    seconds: float
    megabytes: float
    sources: tuple[str, ...] = ()
    edits: float = 0.5


PICTURE = {
    "prompt": Kind(0.2, 2, (), 6),
    "avoid": Kind(0.2, 2),
    "photo": Kind(0.5, 12),
    "depth": Kind(1.1, 12, ("photo",)),
    "sample": Kind(9, 0.6, ("prompt", "avoid", "depth"), 5),
    "decode": Kind(0.8, 12, ("sample",)),
    "enlarge": Kind(3.5, 190, ("decode",), 1),
    "encode": Kind(1.2, 8, ("enlarge",)),
    "refine": Kind(21, 8, ("encode", "prompt", "avoid"), 3),
    "develop": Kind(4, 190, ("refine",)),
    "grade": Kind(0.3, 190, ("develop",), 5),
    "finish": Kind(0.8, 190, ("grade",), 2),
}
FILM = {
    "prompt": Kind(0.4, 4, (), 6),
    "photo": Kind(0.3, 12),
    "look": Kind(0.5, 3, ("photo",)),
    "sample": Kind(160, 60, ("prompt", "look"), 4),
    "refine": Kind(150, 60, ("sample", "prompt"), 2),
    "decode": Kind(25, 1_100, ("refine",)),
    "smooth": Kind(30, 2_200, ("decode",)),
    "grade": Kind(4, 2_200, ("smooth",), 5),
    "encode": Kind(8, 40, ("grade",)),
}


class Cache(Protocol):
    """What the trace asks of a cache."""

    def get(self, identity: str) -> Any: ...

    def put(self, identity: str, value: Any, seconds: float) -> None: ...


@dataclass(frozen=True)
class Fake:
    """A value that weighs what it says and holds next to nothing."""

    data: Any


def fake(megabytes: float) -> Fake:
    """One number, spread over a shape of that many bytes: no memory behind it."""
    import torch

    return Fake(torch.zeros(1, dtype=torch.uint8).expand(int(megabytes * MEGABYTE)))


class Lru:
    """What was used least recently goes first."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.used = 0
        self.held: OrderedDict[str, int] = OrderedDict()

    def get(self, identity: str) -> Any:
        if identity not in self.held:
            return None
        self.held.move_to_end(identity)
        return True

    def put(self, identity: str, value: Any, seconds: float) -> None:
        self.held[identity] = size = value.data.numel()
        self.used += size
        while self.used > self.budget and len(self.held) > 1:
            self.used -= self.held.popitem(last=False)[1]


Parameters = dict[str, int]


def trace(seed: int) -> Iterator[tuple[int, dict[str, Kind], Parameters]]:
    """Runs in order: which workflow, its nodes, and what each node is set to."""
    draw = random.Random(seed)
    kinds = [PICTURE, PICTURE, FILM, PICTURE, PICTURE, FILM]
    settings: list[Parameters] = [dict.fromkeys(kind, 0) for kind in kinds]
    past: list[list[Parameters]] = [[] for _ in kinds]
    at = 0
    for _ in range(RUNS):
        if draw.random() < 0.12:
            at = draw.choices(range(len(kinds)), (6, 4, 1, 3, 2, 0.6))[0]
        nodes, chance = kinds[at], draw.random()
        if chance < 0.25 and past[at]:  # back to an earlier variant
            settings[at] = dict(draw.choice(past[at][-12:]))
        elif chance > 0.33:
            weights = [kind.edits for kind in nodes.values()]
            for name in draw.choices(list(nodes), weights, k=1 if draw.random() < 0.8 else 2):
                new = name == "sample" and draw.random() < 0.7  # a new seed
                settings[at][name] = draw.randrange(10**9) if new else draw.randrange(8)
        past[at].append(dict(settings[at]))
        yield at, nodes, settings[at]


def seconds_of(cache: Cache, seed: int) -> float:
    """Seconds of computing over a whole trace; what is missing is made with all it needs."""
    values: dict[float, Fake] = {}
    total = 0.0
    for at, nodes, settings in trace(seed):
        names: dict[str, str] = {}
        for name, kind in nodes.items():
            below = "+".join(names[source] for source in kind.sources)
            names[name] = blake3(f"{at} {name} {settings[name]} {below}".encode()).hexdigest(8)
        wanted, missing = [next(reversed(nodes))], []
        while wanted:
            name = wanted.pop()
            if name not in missing and cache.get(names[name]) is None:
                missing.append(name)
                wanted.extend(nodes[name].sources)
        for name in (name for name in nodes if name in missing):
            kind = nodes[name]
            value = values.setdefault(kind.megabytes, fake(kind.megabytes))
            cache.put(names[name], value, kind.seconds)
            total += kind.seconds
    return total


def eviction() -> list[Row]:
    """B13: hours of computing with the live tier, with LRU, and with a cache without end."""
    endless = sum(seconds_of(Lru(float("inf")), seed) for seed in SEEDS)
    rows: list[Row] = []
    for gigabytes in (1, 2, 4, 8):
        budget = gigabytes * 1024 * MEGABYTE
        ours = sum(seconds_of(Live(budget, 0), seed) for seed in SEEDS)
        lru = sum(seconds_of(Lru(budget), seed) for seed in SEEDS)
        judged = (1.07, 1.15) if gigabytes == 4 else (None, None)
        rows.append(
            Row("B13", f"computing at {gigabytes} GB", ours / 3600, "h", "an endless cache",
                endless / 3600, *judged, "ratio", note=f"LRU {lru / endless:.2f} times")
        )  # fmt: skip
    return rows
