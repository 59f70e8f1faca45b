"""``doctor``: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from musegraph.cli.entry import FAILED, FINE, complain, print_json
from musegraph.cli.style import Style, number, table
from musegraph.paths import at_home

if TYPE_CHECKING:
    from musegraph.health import Finding

_SIGNS = {"ok": ("done", "green"), "warn": ("skip", "yellow"), "fail": ("fail", "red")}


def doctor(args: Namespace) -> int:
    """Print every finding with its remedy; failed if one of them is a failure."""
    try:
        found = _findings(args)
    except ImportError as error:  # the engine itself does not start, so it finds nothing
        return _unable(error, args)
    failed = any(finding.level == "fail" for finding in found)
    if args.json:
        print_json({"ok": not failed, "findings": [asdict(finding) for finding in found]})
    else:
        _show(found, Style(sys.stdout))
    return FAILED if failed else FINE


def _findings(args: Namespace) -> list[Finding]:
    from musegraph.cli.loading import model_folders, open_registry
    from musegraph.health import findings, gather
    from musegraph.store import default_folder

    registry = open_registry(args, tell=False)
    cache = at_home(args.cache) if args.cache else default_folder()
    return findings(gather(registry, cache, model_folders(args)))


def _unable(error: ImportError, args: Namespace) -> int:
    """Say which library keeps the engine from starting."""
    name = (error.name or "musegraph").partition(".")[0]
    text = f"a library that Musegraph needs cannot be imported: {error}"
    remedy = f"pip install --force-reinstall {name}"
    if args.json:
        finding = {"topic": name, "level": "fail", "text": text, "remedy": remedy}
        print_json({"ok": False, "findings": [finding]})
    else:
        complain(f"{text}; {remedy}")
    return FAILED


def _show(found: list[Finding], style: Style) -> None:
    width = max(len(finding.topic) for finding in found)
    for finding in found:
        sign, colour = _SIGNS[finding.level]
        first, *more = table(
            [[finding.topic.ljust(width), finding.text]], style, [("bold",), ()], wrap=True
        )
        mark = style(f"{style.signs[sign]} {finding.level.ljust(4)}", colour)
        style.line(f"{mark}{first}")
        for line in more:
            style.line(" " * 6 + line)
        if finding.remedy:
            style.line(" " * (10 + width) + style(f"{style.signs['to']} {finding.remedy}", "cyan"))
    counts = {level: sum(finding.level == level for finding in found) for level in _SIGNS}
    if counts["fail"] or counts["warn"]:
        said = f"{number(counts['fail'], 'failure')}, {number(counts['warn'], 'warning')}"
        style.line(style(said, "bold"))
    else:
        style.line(style("all is well", "green"))
