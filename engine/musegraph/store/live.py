"""Live values in memory, by identity, within a budget for each device.

What goes first is what is cheapest to make again per byte, aged by use: GreedyDual-Size (Cao and
Irani, 1997) on measured seconds.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from musegraph.values.codec import size_of, to_host

MEGABYTE = 2**20


@dataclass(slots=True)
class _Held:
    value: Any
    place: str
    size: int
    seconds: float
    rank: float


class Live:
    """The live tier. A value on a device is moved to host memory before it is dropped."""

    def __init__(self, host_budget: int, device_budget: int) -> None:
        self.host_budget = host_budget
        self.device_budget = device_budget
        self._held: dict[str, _Held] = {}
        self._used: dict[str, int] = {}
        self._age: dict[str, float] = {}
        self._heaps: dict[str, list[tuple[float, str]]] = {}
        self._lock = threading.Lock()

    def budget(self, place: str) -> int:
        return self.host_budget if place == "cpu" else self.device_budget

    def used(self, place: str = "cpu") -> int:
        return self._used.get(place, 0)

    def __contains__(self, identity: str) -> bool:
        return identity in self._held

    def place(self, identity: str) -> str | None:
        """The device whose memory holds a value; None if none does."""
        held = self._held.get(identity)
        return None if held is None else held.place

    def __len__(self) -> int:
        return len(self._held)

    def get(self, identity: str) -> Any:
        """The value, or None. A use makes it as young as if it had just been made."""
        held = self._held.get(identity)
        if held is None:
            return None
        held.rank = self._age.get(held.place, 0.0) + held.seconds * MEGABYTE / held.size
        return held.value

    def put(self, identity: str, value: Any, seconds: float) -> None:
        """Keep a value that took ``seconds`` to make, and drop what no longer fits."""
        sizes = size_of(value)
        place = max(sizes, key=lambda name: (name != "cpu" and sizes[name] > 0, sizes[name]))
        size = max(1, sum(sizes.values()))
        with self._lock:
            held = self._held.get(identity)
            if held is not None and held.place == place:
                held.seconds = max(held.seconds, seconds)
                return
            self._remove(identity)
            rank = self._age.get(place, 0.0) + seconds * MEGABYTE / size
            self._held[identity] = _Held(value, place, size, seconds, rank)
            self._used[place] = self._used.get(place, 0) + size
            heapq.heappush(self._heaps.setdefault(place, []), (rank, identity))
            moved = self._shrink(place, self.budget(place), keep=identity)
        for name, held in moved:
            self.put(name, to_host(held.value), held.seconds)

    def shrink(self, place: str, budget: int) -> int:
        """Drop or move away values until ``budget`` bytes remain; the bytes that were freed."""
        before = self.used(place)
        with self._lock:
            moved = self._shrink(place, budget, keep=None)
        for name, held in moved:
            self.put(name, to_host(held.value), held.seconds)
        return before - self.used(place)

    def release(self, on_device: bool, needed: Set[str]) -> int:
        """Move all values but the needed off the devices, or drop those in host memory."""
        with self._lock:
            free = [
                (name, held)
                for name, held in self._held.items()
                if (held.place != "cpu") == on_device and name not in needed
            ]
            for name, _ in free:
                self._remove(name)
        for name, held in free if on_device else ():
            self.put(name, to_host(held.value), held.seconds)
        return len(free)

    def _shrink(self, place: str, budget: int, keep: str | None) -> list[tuple[str, _Held]]:
        heap = self._heaps.get(place, [])
        moved: list[tuple[str, _Held]] = []
        kept: list[tuple[float, str]] = []
        while self._used.get(place, 0) > budget and heap:
            rank, identity = heapq.heappop(heap)
            held = self._held.get(identity)
            if held is None or held.place != place:
                continue
            if identity == keep:
                kept.append((rank, identity))
            elif held.rank > rank:
                heapq.heappush(heap, (held.rank, identity))
            else:
                self._age[place] = rank
                self._remove(identity)
                if place != "cpu":
                    moved.append((identity, held))
        for entry in kept:
            heapq.heappush(heap, entry)
        return moved

    def _remove(self, identity: str) -> None:
        held = self._held.pop(identity, None)
        if held is not None:
            self._used[held.place] -= held.size

    def drop(self, identity: str) -> None:
        with self._lock:
            self._remove(identity)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._used.clear()
            self._heaps.clear()
