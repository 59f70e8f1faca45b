"""``queue``: what a server is doing, and what it will do."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import Any

from musegraph.cli.entry import FINE, print_json
from musegraph.cli.remote import find
from musegraph.cli.style import Style, duration, number, table


def queue(args: Namespace) -> int:
    """What runs, what waits, and with ``--all`` what has ended."""
    remote = find(args)
    if args.pause or args.resume:
        remote.send("PUT", "/api/queue", {"paused": bool(args.pause)})
    found = remote.get("/api/queue?limit=1000")
    if args.all:
        found["runs"] += remote.get("/api/runs?limit=100")["runs"]
    if args.json:
        print_json(found)
        return FINE
    style = Style(sys.stdout)
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(found["counts"].items()))
    said = counts or "nothing was submitted yet"
    style.line(f"{style('paused', 'bold', 'yellow')}: {said}" if found["paused"] else said)
    rows = [[run["id"][:8], run["state"], run["name"] or "untitled", _note(run)]
            for run in found["runs"]]  # fmt: skip
    for line in table(rows, style, [("dim",), (), ("bold",), ("dim",)]):
        style.line(line)
    return FINE


def _note(run: dict[str, Any]) -> str:
    if run["finished"] and run["started"]:
        took = duration(run["finished"] - run["started"])
        return f"{took}; {run['error']}" if run["error"] else took
    if run["started"] and run["state"] == "running":
        return f"for {duration(max(0.0, time.time() - run['started']))}"
    return run["error"] or number(run["steps"], "step")
