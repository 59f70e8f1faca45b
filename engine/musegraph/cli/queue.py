"""``queue``, ``watch`` and ``cancel``: what a server is doing, and what it should not do."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import Any

from musegraph.cli.entry import FAILED, FINE, UsageError, complain, print_json
from musegraph.cli.remote import Remote, find
from musegraph.cli.style import Style, duration, number, table
from musegraph.cli.submit import follow, tell


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


def watch(args: Namespace) -> int:
    """Tell what happens: in one run until it ends, or on the whole server."""
    remote = find(args)
    if args.run:
        ended = follow(remote, whole(remote, args.run), args)
        if ended["state"] != "done":
            complain(ended["error"] or f"the run was {ended['state']}")
        return FINE if ended["state"] == "done" else FAILED
    style = Style(sys.stderr)
    for event in remote.events():
        if event["type"] == "hello":
            continue
        if args.json:
            print_json(event)
        else:
            tell(event, style)
    return FINE


def cancel(args: Namespace) -> int:
    """Cancel runs by id, or all of them."""
    if bool(args.runs) == args.all:
        raise UsageError("name the runs to cancel, or say --all")
    remote = find(args)
    runs = None if args.all else [whole(remote, id) for id in args.runs]
    found = remote.send("POST", "/api/runs/cancel", {"runs": runs})
    if args.json:
        print_json(found)
        return FINE
    over, stopping = len(found["cancelled"]), len(found["stopping"])
    Style(sys.stdout).line(f"{over:,} cancelled, {stopping:,} told to stop")
    return FINE


def whole(remote: Remote, start: str) -> str:
    """The id that starts like this; the first letters of one are enough if no other has them."""
    if len(start) == 32:
        return start
    found = remote.get("/api/queue?limit=1000")["runs"] + remote.get("/api/runs?limit=1000")["runs"]
    ids = {run["id"] for run in found if run["id"].startswith(start)}
    if len(ids) != 1:
        raise UsageError(
            f"there is no run {start!r}" if not ids else f"{len(ids)} runs start with {start!r}"
        )
    return str(ids.pop())
