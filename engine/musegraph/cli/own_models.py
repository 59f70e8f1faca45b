"""``models folder`` and ``models convert``: what somebody has already, put to use."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.loading import model_folders, open_models, warn
from musegraph.cli.style import Style, number, printable, size, table
from musegraph.errors import ModelMissing, MusegraphError
from musegraph.paths import at_home, data_folder


def folder(args: Namespace) -> int:
    """List, add or remove folders that are looked through for models."""
    return {None: _list, "list": _list, "add": _add, "remove": _remove}[args.what](args)


def _list(args: Namespace) -> int:
    from musegraph.library.folders import Added, default_models, named_folders

    listed = [(one, "--models") for one in model_folders(args)]
    listed += [(one, "MUSEGRAPH_MODELS") for one in named_folders()]
    listed.append((default_models(), "always"))
    listed += [(one, "added") for one in Added(data_folder()).folders()]
    if args.json:
        print_json(
            {
                "folders": [
                    {"folder": str(one), "by": by, "there": one.is_dir()} for one, by in listed
                ]
            }
        )
        return FINE
    style = Style(sys.stdout)
    rows = [
        [printable(str(one)), by, "" if one.is_dir() else "there is no such folder now"]
        for one, by in listed
    ]
    for line in table(rows, style, [("bold",), ("dim",), ()]):
        style.line(line)
    return FINE


def _add(args: Namespace) -> int:
    from musegraph.library.folders import Added, named_elsewhere, to_add

    place = to_add(args.folder)
    new = Added(data_folder()).add(place)
    others = named_elsewhere(place)
    there = open_models(args)
    count = sum(entry.root.folder == place for entry in there.library.scan(there.roots()).entries)
    if args.json:
        print_json(
            {
                "folder": str(place),
                "added": new,
                "models": count,
                "others": [str(one) for one in others],
            }
        )
        return FINE
    style = Style(sys.stdout)
    said = "is looked through for models now" if new else "was added already"
    style.line(f"{printable(str(place))} {said}: {count} in it")
    for one in others:
        style.line(
            f"{style(style.signs['to'], 'cyan')} extra_model_paths.yaml there also names"
            f" {printable(str(one))}; musegraph models folder add takes that too"
        )
    return FINE


def _remove(args: Namespace) -> int:
    from musegraph.library.folders import Added

    added = Added(data_folder())
    given = at_home(args.folder).absolute()
    place = next((one for one in (given, given / "models") if one in added.folders()), None)
    if place is None:
        known = ", ".join(map(str, added.folders())) or "none"
        raise UsageError(f"{given} was not added; the folders that were: {known}")
    added.remove(place)
    if args.json:
        print_json({"folder": str(place)})
    else:
        Style(sys.stdout).line(
            f"{printable(str(place))} is looked through no more; its files stay where they are"
        )
    return FINE


def convert(args: Namespace) -> int:
    """Make a .safetensors file of a pickle, in a process that can do nothing else."""
    from musegraph.library.convert import convert as converted

    file = _file(args)
    target = at_home(args.out) if args.out else file.with_suffix(".safetensors")
    made = converted(file, target, args.replace)
    if args.json:
        print_json(
            {
                "file": str(file),
                "made": str(target),
                "bytes": made.bytes,
                "tensors": made.tensors,
                "left": list(made.left),
                "held": list(made.held),
            }
        )
        return FINE
    style = Style(sys.stdout)
    sign = style(style.signs["done"], "green")
    style.line(
        f"{sign} {printable(str(target))}: {number(made.tensors, 'tensor')}, {size(made.bytes)}"
    )
    if made.left:
        shown = ", ".join(made.left[:5]) + (" …" if made.left[5:] else "")
        style.line(f"  left out, for it is no tensor: {printable(shown)}")
    style.line("  the pickle is where it was; delete it when you need it no more")
    if weak := made.not_held():
        warn(
            f"this system could not keep the process from all harm: it could {', '.join(weak)};"
            " only the reader, which knows tensors alone, stood between"
        )
    return FINE


def _file(args: Namespace) -> Path:
    """The pickle that is meant: a path, or a name as ``models`` lists it."""
    place = at_home(args.file)
    if place.is_file():
        return place
    try:
        return open_models(args).path(args.file)
    except ModelMissing as error:
        raise MusegraphError(str(error)) from None
