"""What calls gave that were made together with another one, until it is their turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Made(NamedTuple):
    """What a call gave, its share of the seconds that all took, and what was said (``Said``)."""

    outputs: dict[str, Any]
    seconds: float
    said: Any


@dataclass(slots=True)
class Ahead:
    """Of one run, or of the rows of a table, by the keys of the calls."""

    made: dict[str, Made] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)
    """Calls that failed together: each is made by itself, and says itself what is wrong."""
    most: dict[str, int] = field(default_factory=dict)
    """By node type, how many there is memory for, where it ran out with more."""

    def take(self, key: str | None) -> Made | None:
        """What a call gave, if it was made together with another one."""
        return self.made.pop(key, None) if key is not None else None
