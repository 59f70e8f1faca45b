"""The record of a run: what ran, with which inputs, models and versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from musegraph.device import profile
from musegraph.errors import MusegraphError
from musegraph.outcome import Outcome
from musegraph.plan import Plan, Step
from musegraph.plan.keys import read_prefix, read_recipe
from musegraph.sentences import naming
from musegraph.store import Said, Store
from musegraph.values.canonical import canonical

READABLE = 200
"""Characters of a set value up to which the record repeats it."""


def make_record(
    run: str, plan: Plan, outcome: Outcome, seconds: float, time: datetime, store: Store
) -> dict[str, Any]:
    """JSON facts of a run; what varies from run to run stands here and in no digest."""
    steps: dict[str, Any] = {}
    models: dict[str, str] = {}
    libraries: set[str] = set()
    status = outcome.status
    for id, step in plan.steps.items():
        facts: dict[str, Any] = {"status": status.get(id, "skipped")}
        if step.type is not None:
            facts["type"] = step.type.id
            facts["version"] = step.type.version
            libraries.update(step.type.libraries)
        key = outcome.keys.get(id) or step.key
        if key and step.type is not None and step.type.cache:
            facts["key"] = key
            recipe = outcome.reliefs[id].recipe if id in outcome.reliefs else ""
            facts |= _made_of(step, recipe or store.recipe(key))
        if (tier := outcome.tiers.get(id)) is not None:
            facts["tier"] = tier
        if outcome.seconds.get(id):
            facts["seconds"] = round(outcome.seconds[id], 4)
        if taken := outcome.profiles.get(id):
            facts |= taken.json()
        facts |= _told(id, outcome, store.said({id: key}) if key else {})
        if id in outcome.errors:
            facts["error"], facts["code"] = outcome.errors[id], outcome.codes.get(id, "failed")
            facts |= naming(outcome.errors[id])
        outputs = outcome.outputs.get(id) or {}
        facts["outputs"] = {name: entry.identity for name, entry in outputs.items()}
        for entry in outputs.values():
            if isinstance(entry.json, dict) and entry.json.get("digest"):
                models[str(entry.json.get("source", ""))] = str(entry.json["digest"])
        steps[id] = facts
    return {
        "run": run,
        "time": time.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "musegraph": version("musegraph"),
        "python": platform.python_version(),
        "profile": profile(tuple(sorted(libraries))),
        "models": models,
        "steps": steps,
    }


def _told(id: str, outcome: Outcome, before: Mapping[str, Said]) -> dict[str, Any]:
    """What helped when memory ran out, and what the node says of how it did its work."""
    facts: dict[str, Any] = {}
    if relief := outcome.reliefs.get(id):
        facts["relief"] = relief.words()
        if relief.makeshift:
            facts["makeshift"] = True
    if said := outcome.said.get(id) or before.get(id):
        facts |= said.json()
    return facts


def _made_of(step: Step, recipe: str) -> dict[str, Any]:
    """What the key was made of: profile, identity of every input, and what was set, readable."""
    if not recipe:
        return {}
    prefix, inputs = read_recipe(recipe)
    values = {
        name: literal.value
        for name, literal in step.literals.items()
        if isinstance(literal.value, (str, int, float, list, type(None)))
        and _is_short(literal.value)
    }
    return {
        "profile": read_prefix(prefix)[-1],
        "inputs": inputs,
        "values": values,
    }


def _is_short(value: Any) -> bool:
    try:
        return len(canonical(value)) <= READABLE
    except (TypeError, ValueError, MusegraphError):
        return False
