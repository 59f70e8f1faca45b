"""``cancel``: what a server should not do, or not go on with."""

from __future__ import annotations

import sys
from argparse import Namespace

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.remote import find, whole_id
from musegraph.cli.style import Style


def cancel(args: Namespace) -> int:
    """Cancel runs by id, or all of them."""
    if bool(args.runs) == args.all:
        raise UsageError("name the runs to cancel, or say --all")
    remote = find(args)
    runs = None if args.all else [whole_id(remote, id) for id in args.runs]
    found = remote.send("POST", "/api/runs/cancel", {"runs": runs})
    if args.json:
        print_json(found)
        return FINE
    over, stopping = len(found["cancelled"]), len(found["stopping"])
    Style(sys.stdout).line(f"{over:,} cancelled, {stopping:,} told to stop")
    return FINE
