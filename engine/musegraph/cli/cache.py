"""``cache``: what is kept between runs, clearing it, and setting it right."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from musegraph.cli.consent import agreed
from musegraph.cli.entry import FAILED, FINE, UsageError, print_json
from musegraph.cli.style import Style, ago, duration, number, size, table
from musegraph.errors import StoreError
from musegraph.paths import at_home, why_missing
from musegraph.store import DISK_BUDGET, default_folder
from musegraph.store.disk import Disk
from musegraph.store.survey import Choice, Survey, Verdict, is_of, verify

_ADVICE = "nothing there to look into; a run makes it, or name another folder (--cache)"


def cache(args: Namespace) -> int:
    """Show the cache, or carry out the action that is asked for."""
    folder = at_home(args.cache) if args.cache else default_folder()
    if not why_missing(folder) and not folder.is_dir():
        raise StoreError(f"{folder} is no folder; name another one (--cache)")
    if why_missing(folder / "index.sqlite"):
        return _nothing(folder, args)
    actions = {None: _show, "list": _list, "clear": _clear, "verify": _verify}
    with _opened(folder) as disk:
        return actions[args.action](disk, args)


@contextmanager
def _opened(folder: Path) -> Iterator[Disk]:
    disk = Disk(folder)
    try:
        yield disk
    finally:
        disk.close()


def _nothing(folder: Path, args: Namespace) -> int:
    """Say that there is no cache; looking never makes one."""
    if args.json:
        print_json({"cache": str(folder), "exists": False})
    else:
        Style(sys.stdout).line(f"there is no cache at {folder}: {_ADVICE}")
    return FINE


def _show(disk: Disk, args: Namespace) -> int:
    survey = Survey(disk)
    groups = survey.groups()
    total, pinned = survey.bytes(), survey.bytes(pinned=True)
    uses = [held.used for held in survey.objects.values()]
    oldest, newest = (min(uses), max(uses)) if uses else (None, None)
    if args.json:
        print_json(
            {
                "cache": str(disk.folder),
                "exists": True,
                "disk": {
                    "bytes": total,
                    "pinned": pinned,
                    "budget": DISK_BUDGET,
                    "objects": len(survey.objects),
                    "oldest": oldest,
                    "newest": newest,
                },
                "index": {"bytes": survey.index_bytes(), "records": len(survey.records)},
                "types": [asdict(group) for group in groups],
            }
        )
        return FINE
    style = Style(sys.stdout)
    style.line(style(str(disk.folder), "bold"))
    held = f"{size(total)} of {size(DISK_BUDGET)}"
    kept = f"{size(pinned)} never dropped: pinned, or from outside" if pinned else ""
    rows = [
        ["results", held, number(len(survey.objects), "object"), kept],
        ["index", size(survey.index_bytes()), number(len(survey.records), "record"), ""],
    ]
    _print(rows, style, [("dim",), ("bold",), (), ("dim",)])
    if oldest is not None and newest is not None:
        style.line(f"  oldest used {_ago(oldest)}, newest {_ago(newest)}")
    if groups:
        style.line()
        style.line(style("by node type", "bold"))
    rows = [
        [
            group.type,
            size(group.bytes),
            number(group.objects, "object"),
            number(group.records, "record"),
            _span(group.oldest, group.newest),
        ]
        for group in groups
    ]
    _print(rows, style, [("bold",), (), (), (), ("dim",)])
    return FINE


def _list(disk: Disk, args: Namespace) -> int:
    lines = Survey(disk).lines(args.type)
    if args.json:
        print_json({"cache": str(disk.folder), "results": [asdict(line) for line in lines]})
        return FINE
    style = Style(sys.stdout)
    rows = [
        [
            line.type,
            size(line.bytes) if line.digests else "-",
            duration(line.seconds) if line.key else "",
            _ago(line.used),
            (line.key or line.digests[0]) + (" pinned" if line.pinned else ""),
        ]
        for line in lines
    ]
    _print(rows, style, [("bold",), (), (), (), ("dim",)])
    distinct = len({digest for line in lines for digest in line.digests})
    of = f" of {args.type}" if args.type else ""
    style.line(style(f"{number(len(lines), 'result')}{of}, {number(distinct, 'object')}", "dim"))
    return FINE


def _clear(disk: Disk, args: Namespace) -> int:
    survey = Survey(disk)
    before = None if args.older is None else time.time() - args.older * 86400
    if args.type is not None:
        _known_type(survey, args.type)
    choice = survey.choose(args.type, before, args.pinned)
    stays = survey.bytes() - choice.bytes
    text = f"freed {_amount(choice)}"
    if not (choice.digests or choice.keys):
        text = "there is nothing to remove"
    elif not (args.yes or _agreed(disk, choice, stays)):
        text, choice, stays = "nothing was removed", Choice((), (), 0), survey.bytes()
    else:
        disk.forget(choice.digests, choice.keys)
    if args.json:
        print_json(
            {
                "cache": str(disk.folder),
                "freed": choice.bytes,
                "objects": len(choice.digests),
                "records": len(choice.keys),
                "kept": stays,
            }
        )
    else:
        Style(sys.stdout).line(text + (f"; {size(stays)} stay" if stays else ""))
    return FINE


def _known_type(survey: Survey, wanted: str) -> None:
    """Refuse a type that nothing here is of: it is more likely misspelt than meant."""
    from difflib import get_close_matches

    known = sorted(group.type for group in survey.groups())
    if any(is_of(kind, wanted) for kind in known):
        return
    close = get_close_matches(wanted, known, 3, 0.5)
    hint = f"; close to it: {', '.join(close)}" if close else ""
    raise UsageError(f"the cache holds nothing of {wanted!r} (--type){hint}")


def _agreed(disk: Disk, choice: Choice, stays: int) -> bool:
    kept = f", keep {size(stays)}" if stays else ""
    return agreed(f"remove {_amount(choice)} from {disk.folder}", kept)


def _amount(choice: Choice) -> str:
    objects, records = number(len(choice.digests), "object"), number(len(choice.keys), "record")
    return f"{size(choice.bytes)} ({objects}, {records})"


def _verify(disk: Disk, args: Namespace) -> int:
    verdict = verify(disk)
    if args.json:
        print_json({"cache": str(disk.folder), "ok": verdict.fine, **_facts(verdict)})
        return FINE if verdict.fine else FAILED
    style = Style(sys.stdout)
    for text in _wrongs(verdict):
        style.line(f"{style(style.signs['fail'], 'red')} {text}; removed")
    for text in _tidied(verdict):
        style.line(f"{style(style.signs['skip'], 'dim')} {text}")
    read = f"{number(verdict.objects, 'object')}, {size(verdict.bytes)}"
    if verdict.fine:
        style.line(f"{style(style.signs['done'], 'green')} all is well: {read}")
        return FINE
    style.line(f"{read} read; what was removed is computed again when it is needed")
    return FAILED


def _wrongs(verdict: Verdict) -> Iterator[str]:
    for digest, reason in verdict.damaged.items():
        yield f"{verdict.types[digest]}: the object {digest} is damaged: {reason}"
    for digest in verdict.missing:
        yield f"{verdict.types[digest]}: the object {digest} has lost its file"
    for file in verdict.strays:
        yield f"the file {file} is not in the index"
    for key in verdict.unreadable:
        yield f"the record {key} cannot be read"


def _tidied(verdict: Verdict) -> Iterator[str]:
    """What is no fault: it comes from evictions, and from runs that were interrupted."""
    if verdict.orphans:
        yield f"removed {number(len(verdict.orphans), 'object')} that no result refers to"
    if verdict.spent:
        yield f"removed {number(len(verdict.spent), 'record')} of results that are gone"


def _facts(verdict: Verdict) -> dict[str, object]:
    facts = asdict(verdict)
    del facts["types"]
    return facts


def _print(rows: list[list[str]], style: Style, colours: list[tuple[str, ...]]) -> None:
    for line in table(rows, style, colours):
        style.line(line)


def _ago(used: int) -> str:
    return ago(time.time() - used)


def _span(oldest: int | None, newest: int | None) -> str:
    if oldest is None or newest is None:
        return ""
    first, last = _ago(oldest), _ago(newest)
    return last if first == last else f"{first} to {last}"
