"""``submit`` and ``run --server``: have a server carry out a workflow."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from musegraph.cli.entry import FAILED, FINE, complain, print_json
from musegraph.cli.remote import Remote, find, submission
from musegraph.cli.style import Style, duration, plain

CACHED = {
    None: "cached",
    "device": "cached, on the device",
    "host": "cached, in memory",
    "disk": "cached, on disk",
}
ENDED = ("done", "failed", "cancelled")


def submit(args: Namespace) -> int:
    """Put a run into the queue and print its id."""
    remote = find(args)
    run = _send(args, remote)
    if args.json:
        print_json(run)
    else:
        print(run["id"])
    return FINE


def _send(args: Namespace, remote: Remote) -> dict[str, Any]:
    """Submit under a key, so that what is sent again is not run again."""
    body = submission(args, remote)
    body |= {"key": getattr(args, "key", None) or uuid4().hex}
    body |= {"priority": getattr(args, "priority", 0), "client": "command line"}
    run: dict[str, Any] = remote.send("POST", "/api/runs", body)
    return run


def run_there(args: Namespace) -> int:
    """Run a workflow on a server, tell how far it is, and save the outputs here."""
    remote = find(args)
    run = _send(args, remote)
    try:
        ended = follow(remote, run["id"], args)
    except KeyboardInterrupt:
        remote.send("POST", "/api/runs/cancel", {"runs": [run["id"]]})
        raise
    saved = save(remote, ended, args) if args.out else []
    if args.json:
        values = {
            name: output["value"]
            for name, output in ended["outputs"].items()
            if not output.get("files")
        }
        print_json({"type": "outputs", "files": saved, "values": values})
    else:
        for path in saved:
            print(path)
        if not args.out and not args.quiet:
            show(ended)
    if ended["state"] != "done":
        complain(ended["error"] or f"the run was {ended['state']}")
    return FINE if ended["state"] == "done" else FAILED


def follow(remote: Remote, id: str, args: Namespace) -> dict[str, Any]:
    """Tell what happens in a run until it has ended; the run then."""
    style = Style(sys.stderr)
    for event in _until_ended(remote, id):
        if args.json:
            print_json(event)
        elif not args.quiet:
            tell(event, style)
    ended: dict[str, Any] = remote.get(f"/api/runs/{id}")
    return ended


def _until_ended(remote: Remote, id: str) -> Iterator[dict[str, Any]]:
    for event in remote.events(id):
        if event["type"] == "hello":  # what happened before we listened is in the run itself
            if remote.get(f"/api/runs/{id}")["state"] in ENDED:
                return
            continue
        yield event
        if event["type"] == "run" and event["facts"]["state"] in ENDED:
            return


def tell(event: dict[str, Any], style: Style) -> None:
    """A line for what is worth one."""
    match event["type"]:
        case "step_done":
            how = CACHED[event.get("tier")] if event["cached"] else duration(event["seconds"])
            sign = style(style.signs["done"], "green")
            style.line(f"{sign} {style(event['node'], 'bold')}  {style(how, 'dim')}")
        case "step_failed":
            sign = style(style.signs["fail"], "red")
            style.line(f"{sign} {style(event['node'], 'bold')}  {event['message']}")
        case "warning":
            style.line(f"{style('warning:', 'bold', 'yellow')} {event['message']}")
        case "run":
            state = event["facts"]["state"]
            style.line(style(f"the run {event['run'][:8]} is {state}", "dim"))


def show(run: dict[str, Any]) -> None:
    """The outputs of a run that are not saved: texts and numbers as they are."""
    style = Style(sys.stdout)
    for name, output in run["outputs"].items():
        if output.get("files"):
            style.line(f"{style(name, 'bold')}: kept by the server; --out DIR saves files")
            continue
        style.line(f"{style(name, 'bold')}: {plain(output['value'])}")


def save(remote: Remote, run: dict[str, Any], args: Namespace) -> list[str]:
    """Write the files of a run's outputs into the folder of ``--out``."""
    from musegraph.outputs import save_kept
    from musegraph.values import File

    paths = []
    for name, output in run["outputs"].items():
        for kept in output.get("files", ()):
            data = remote.call("GET", f"/api/assets/{kept['asset']}")
            file = File(data, kept["name"], kept["media"])
            paths.append(str(save_kept(args.out, name, file, kept["identity"]).path))
    return paths
