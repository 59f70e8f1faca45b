"""Figures for Prometheus, in its text format."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musegraph.server.app import Server

STATES = ("queued", "running", "done", "failed", "cancelled")


def text(server: Server, counts: Mapping[str, int]) -> str:
    """All figures of a server, each with what it is."""
    alive = sum(worker.alive for worker in server.dispatcher.workers.values())
    lines = [
        "# HELP musegraph_runs Runs in the queue and in the history, by state.",
        "# TYPE musegraph_runs gauge",
        *(f'musegraph_runs{{state="{state}"}} {counts.get(state, 0)}' for state in STATES),
        "# HELP musegraph_uptime_seconds Seconds since the server started.",
        "# TYPE musegraph_uptime_seconds gauge",
        f"musegraph_uptime_seconds {time.time() - server.started:.3f}",
        "# HELP musegraph_workers Worker processes that are alive.",
        "# TYPE musegraph_workers gauge",
        f"musegraph_workers {alive}",
        "# HELP musegraph_listeners Connections that listen to events.",
        "# TYPE musegraph_listeners gauge",
        f"musegraph_listeners {len(server.feed)}",
        "# HELP musegraph_events_total Changes of state that were told.",
        "# TYPE musegraph_events_total counter",
        f"musegraph_events_total {server.feed.last}",
    ]
    return "\n".join(lines) + "\n"
