"""``bundle``: a workflow and its files in one zip."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FINE, print_json
from musegraph.cli.loading import open_engine, warn
from musegraph.cli.style import Style, number
from musegraph.errors import StoreError
from musegraph.whole import write_whole
from musegraph.workflow import Workflow


def bundle(args: Namespace) -> int:
    """Write the zip, print its path, and warn of what it cannot hold."""
    from musegraph.bundle import make_bundle

    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        made = make_bundle(workflow, engine.registry, engine.store)
    place = Path(args.out) if args.out else Path(Path(args.file).stem + ".zip")
    try:
        write_whole(place, made.data)
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}") from None
    if args.json:
        listed = {"files": list(made.files), "missing": list(made.missing)}
        print_json({"bundle": str(place), "bytes": len(made.data), **listed})
        return FINE
    for what in made.missing:
        warn(f"{what} is not in the bundle; whoever runs it needs it")
    print(place)
    aside = Style(sys.stderr)
    aside.line(aside(f"{number(len(made.files), 'file')}, {len(made.data):,} bytes", "dim"))
    return FINE
