"""``bundle``: a workflow and its files in one zip."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FINE, print_json
from musegraph.cli.loading import open_engine, read_workflow, warn, with_files
from musegraph.cli.style import Style, number
from musegraph.errors import StoreError
from musegraph.paths import shown, why_missing


def bundle(args: Namespace) -> int:
    """Write the zip, print its path, and warn of what it cannot hold."""
    from musegraph.bundle import make_bundle

    workflow = read_workflow(args.file)
    with open_engine(args) as engine:
        workflow = with_files(workflow, engine.registry, engine.store)
        made = make_bundle(workflow, engine.registry, engine.store)
    place = Path(args.out) if args.out else Path(Path(args.file).stem + ".zip")
    write(place, made.data)
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


def write(place: Path, data: bytes) -> None:
    """Write a file whole or not at all; into a pipe or a device, which stays one."""
    temporary = ""
    try:
        if not why_missing(place) and not place.is_file():
            place.write_bytes(data)
            return
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".bundle-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(place)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{shown(place)} cannot be written: {error.strerror}") from None
