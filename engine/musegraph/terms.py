"""What a run is carried out under, besides its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from musegraph.errors import Stopped
from musegraph.limits import Limits


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of the steps of a run before it begins, and what they may take."""

    failed: Mapping[str, Stopped] = field(default_factory=dict)
    """Steps that ended a worker in this run already, with the reason: none is tried again."""

    alone: frozenset[str] = frozenset()
    """Steps that run while no other does: one of them ended a worker, and which is not known."""

    limits: Limits = field(default_factory=Limits)

    halted: dict[str, Stopped] = field(default_factory=dict)
    """Steps that are to stop now; filled while the run is on."""
