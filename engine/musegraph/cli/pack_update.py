"""``pack update``: newer versions from where packs came, each after showing what is new in it."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from musegraph.cli.consent import agreed
from musegraph.cli.entry import FAILED, FINE, complain, print_json
from musegraph.cli.pack_using import known_of, show_offer
from musegraph.cli.style import Style, sentences
from musegraph.errors import PackError
from musegraph.installed import default_packs


def update_packs(args: Namespace) -> int:
    """Update the packs that are named, else all; one that fails leaves the others to be updated."""
    from musegraph.packs.install import held, installed_pack
    from musegraph.packs.update import take_back

    folder, told = default_packs(), list[dict[str, Any]]()
    with held(folder) as listed:
        names = args.names or sorted(listed.packs)
        for name in names:
            installed_pack(name, folder, listed)
        index = args.index and str(args.index)
        for name in take_back(folder, listed, names, index):
            complain(f"{name} {listed.packs[name].version} was taken back, and is off")
    for name in names:
        try:
            told.append({"pack": name, **_update(name, args, folder)})
        except PackError as error:
            told.append({"pack": name, "outcome": "failed", "message": str(error)})
    if args.json:
        print_json({"packs": told})
    else:
        _show(told, Style(sys.stdout))
    return FAILED if any(one["outcome"] in ("failed", "held") for one in told) else FINE


def _update(name: str, args: Namespace, folder: Path) -> dict[str, Any]:
    """Update one pack, under the lock of the folder; what came of it."""
    from musegraph.packs.install import held, install, offer_found
    from musegraph.packs.update import newer, waiting

    with tempfile.TemporaryDirectory(prefix="musegraph-") as place, held(folder) as listed:
        there = listed.packs[name]
        found = newer(name, there, args.index, Path(place), args.recent)
        before = there.version
        if found is None:
            why = "" if args.recent else waiting(name, there, args.index)
            more = {"waiting": why} if why else {}
            return {"outcome": "newest", "version": before, **more}
        made = offer_found(found, folder, listed, known=known_of(args))
        show_offer(made, Style(sys.stderr))
        facts = {"before": before, "version": made.wheel.version}
        if args.yes and made.anew and not args.grant:
            said = f"it asks anew for {', '.join(made.anew)}: update it without --yes, or --grant"
            return {"outcome": "held", "message": said, **facts}
        if not (args.yes or agreed(f"update {name} {before} to {made.wheel.version}")):
            return {"outcome": "declined", **facts}
        install(made, folder, listed)
    return {"outcome": "updated", **facts}


def _show(told: list[dict[str, Any]], style: Style) -> None:
    for one in told:
        name = style(one["pack"], "bold")
        sign = style(style.signs["done"], "green")
        match one["outcome"]:
            case "newest":
                why = one.get("waiting")
                more = f" that is taken: {sentences(why)}" if why else ""
                style.line(f"{sign} {name} {one['version']} is the newest{more}")
            case "updated":
                style.line(f"{sign} {name} {one['before']} is {one['version']} now")
            case "declined":
                style.line(f"{name} {one['before']} stays")
            case _:
                sign = style(style.signs["fail"], "red")
                style.line(f"{sign} {name} stays as it is: {sentences(one['message'])}")
    if not told:
        style.line("no pack is installed")
