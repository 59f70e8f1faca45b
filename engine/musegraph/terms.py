"""What a run is carried out under, besides its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from musegraph.ahead import Ahead
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

    ahead: Ahead = field(default_factory=Ahead)
    """What was made together with calls of this run, or of one before."""

    later: Callable[[str], Iterable[tuple[Any, Any]]] = lambda id: ()
    """Steps of runs that come after this one which could be made with one of this run, by its id:
    each with what its links bring."""

    look: Callable[[str, Any], Any] = lambda step, preview: preview
    """What a step shows of its work: a preview as it is offered, what that gives, or None. It is
    called on the thread of the step: a node's models are not to be used by two threads at once."""
