"""What stands in a run at any of its steps: their state while it is on, and the values there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musegraph.server import queue
from musegraph.server.routes import Bad
from musegraph.server.states import Running, recorded

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

PAGE = 16
"""Items of a list, or pictures of a batch, that are given unless somebody says."""


async def get_state(server: Server, ask: Ask) -> dict[str, Any]:
    """The state of every step seen so far, and the number of the last event that is in it."""
    run, running = await _seen(server, ask["id"])
    if running is not None:
        planned, steps = running.planned, running.steps
    else:
        planned, steps = {}, recorded(run["record"] or {})
    return {
        "run": ask["id"],
        "state": run["state"],
        "epoch": server.feed.epoch,
        "number": server.feed.last,
        "now": time.time(),
        "planned": planned,
        "steps": steps,
    }


async def get_value(server: Server, ask: Ask) -> dict[str, Any]:
    """The value at an output of a step: as it stands in memory or on disk, never made anew."""
    node, port = ask["node"], ask["port"] or "out"
    run, running = await _seen(server, ask["id"])
    identity, key = _identity(run, running, node, port)
    first, count = ask["first"] or 0, ask["count"] or PAGE
    found = await server.dispatcher.ask(
        "value",
        of=run["worker"],
        node=node,
        port=port,
        identity=identity,
        key=key,
        first=first,
        count=count,
        workflow=run["workflow"],
        record=run["record"],
    )
    if found.get("evicted"):
        raise Bad(
            f"the value of {node}.{port} is no longer kept; run it again to see it", 404, "evicted"
        )
    files = [file for part in found["parts"] for file in part["files"]]
    if files:
        now = time.time()
        await server.database.write(lambda db: queue.keep(db, files, now, run["id"]))
    about = {"run": run["id"], "node": node, "port": port, "identity": identity, "first": first}
    return about | found


async def _seen(server: Server, id: str) -> tuple[dict[str, Any], Running | None]:
    """A run, and what is known of its steps if it has no record (yet)."""

    def look(db: Any) -> dict[str, Any]:
        return queue.get(db, id, whole=True)

    run = await server.database.read(look)
    running = server.dispatcher.states.of(id)
    if running is None and run["state"] == "running":  # it has ended meanwhile, or just begins
        run = await server.database.read(look)
        running = server.dispatcher.states.of(id)
    return run, None if run["record"] is not None else running


def _identity(
    run: Mapping[str, Any], running: Running | None, node: str, port: str
) -> tuple[str, Any]:
    """What stood at an output, by its identity, and the key of its step if that is known."""
    if run["record"] is not None:
        step = run["record"]["steps"].get(node)
        state = None if step is None else step["status"]
    else:
        step = None if running is None else running.steps.get(node)
        state = None if step is None else step["state"]
    if step is None or state in ("waiting", "running"):
        if run["state"] in queue.ENDED:
            raise queue.Missing(f"the run has no step {node!r}")
        raise Bad(f"there is nothing at {node}.{port} yet", 409, "not-yet")
    identity = step["outputs"].get(port)
    if identity is None and step["outputs"]:
        raise queue.Missing(f"{node} has no output {port!r}; it has: {', '.join(step['outputs'])}")
    if identity is None or identity == "unset":
        raise Bad(f"{node} gave nothing at {port!r}: it was {state}", 404, "no-value")
    return str(identity), step.get("key")
