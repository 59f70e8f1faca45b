"""``watch``: what happens on a server, as it happens."""

from __future__ import annotations

import sys
from argparse import Namespace

from musegraph.cli.entry import FAILED, FINE, complain, print_json
from musegraph.cli.remote import find, whole_id
from musegraph.cli.style import Style
from musegraph.cli.submit import follow, tell


def watch(args: Namespace) -> int:
    """Tell what happens: in one run until it ends, or on the whole server."""
    remote = find(args)
    if args.run:
        ended = follow(remote, whole_id(remote, args.run), args)
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
