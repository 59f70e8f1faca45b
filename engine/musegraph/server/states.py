"""What is known of the runs that are on, so that who comes in the middle is told at once.

Kept from the events of a run for as long as it has no record; after that the record says it all.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

PREVIEWS = 32
"""Steps of a run whose latest preview is kept."""

UNRECORDED = 100
"""Runs without a record whose steps are still known."""

WARNINGS = 20
"""Warnings of a step that are kept."""

_ERROR = ("code", "message", "detail", "sentence", "parts")
_PROGRESS = ("done", "total", "text", "item", "items")


class States:
    """The state of every step of every run that is being carried out."""

    def __init__(self) -> None:
        self._runs: dict[str, Running] = {}
        self._over: OrderedDict[str, Running] = OrderedDict()
        """Runs that ended without a record, as those do that take their worker along."""

    def begin(self, run: str) -> None:
        """A run is given to a worker: what an earlier attempt did counts no more."""
        self._runs[run] = Running()

    def note(self, run: str, event: Mapping[str, Any]) -> None:
        """Take in an event of a run."""
        if (running := self._runs.get(run)) is not None:
            running.note(event)

    def end(self, run: str, recorded: bool) -> None:
        """A run is no longer on; if it left no record, this is all that is known of its steps."""
        running = self._runs.pop(run, None)
        if running is not None and not recorded:
            self._over[run] = running
            if len(self._over) > UNRECORDED:
                self._over.popitem(last=False)

    def of(self, run: str) -> Running | None:
        """What is known of a run that is on, or that has no record."""
        return self._runs.get(run) or self._over.get(run)


class Running:
    """The steps of one run so far."""

    def __init__(self) -> None:
        self.planned: dict[str, int] = {}
        """How many steps there are, by what the plan says of them."""
        self.steps: dict[str, dict[str, Any]] = {}
        self._previews: OrderedDict[str, None] = OrderedDict()

    def note(self, event: Mapping[str, Any]) -> None:
        kind, node = event["type"], event.get("node")
        if kind == "run_started":
            self.planned = dict(event["steps"])
        if node is None:
            return
        step = self.steps.get(node)
        if step is None:
            step = self.steps[node] = step_state("waiting")
        match kind:
            case "step_started":
                step |= {**step_state("running"), "started": time.time()}
            case "step_progress":
                self._progress(node, step, event)
            case "step_done":
                step["state"] = "cached" if event["cached"] else "done"
                step["seconds"], step["outputs"] = event["seconds"], event["outputs"]
                step["makeshift"] = bool(event.get("makeshift"))
            case "step_failed":
                step["state"] = "failed"
                step["error"] = {name: event.get(name) for name in _ERROR}
            case "step_skipped":
                step["state"], step["because"] = "skipped", event["because"]
            case "warning" if len(step["warnings"]) < WARNINGS:
                step["warnings"].append(event["message"])

    def _progress(self, node: str, step: dict[str, Any], event: Mapping[str, Any]) -> None:
        if step["state"] != "running":  # it came late
            return
        step["progress"] = {name: event.get(name) for name in _PROGRESS}
        if event.get("preview"):
            step["preview"] = event["preview"]
            self._previews[node] = None
            self._previews.move_to_end(node)
            if len(self._previews) > PREVIEWS:
                oldest, _ = self._previews.popitem(last=False)
                self.steps[oldest]["preview"] = None


def step_state(state: str) -> dict[str, Any]:
    """A step of which nothing else is known."""
    return {
        "state": state,
        "started": None,
        "seconds": None,
        "progress": None,
        "preview": None,
        "outputs": {},
        "error": None,
        "because": None,
        "warnings": [],
        "makeshift": False,
    }


def recorded(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The state of every step of a run that has ended, by its record."""
    found: dict[str, dict[str, Any]] = {}
    for id, facts in record.get("steps", {}).items():
        step = found[id] = step_state(facts["status"])
        step["seconds"], step["outputs"] = facts.get("seconds"), facts["outputs"]
        step["makeshift"] = bool(facts.get("makeshift"))
        step["warnings"] = list(facts.get("warnings", ()))[:WARNINGS]
        if "error" in facts:
            code = facts.get("code", "failed")
            step["error"] = {name: facts.get(name) for name in _ERROR}
            step["error"] |= {"code": code, "message": facts["error"]}
    return found
