"""``models add`` and ``models remove``: fetching a model by consent, and undoing it."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from musegraph.cli.consent import agreed
from musegraph.cli.entry import FAILED, FINE, UsageError, print_json
from musegraph.cli.loading import open_models
from musegraph.cli.style import Style, number, printable, size, table

if TYPE_CHECKING:
    from musegraph.hub import Choice, Record, Repository, Shelf, Wanted
    from musegraph.models import Models

_SHOWN = 12
"""Files of weights that are listed one by one before consent."""


# -- add --------------------------------------------------------------------------------------


def add(args: Namespace) -> int:
    from musegraph.hub import ask, choose, name_of, read_source, record_of

    wanted = read_source(args.source, args.file)
    there = open_models(args)
    shelf = _shelf(there, name_of(wanted.repo, wanted.file, args.name), args)
    if (known := _known_commit(shelf, wanted, args)) is not None:
        return _there(known, shelf, args)
    repository = ask(wanted)
    choice = choose(repository.files, wanted.file, args.variant)
    record = record_of(repository, choice, args.name, args.variant)
    shelf = _shelf(there, record.name, args)
    if shelf.check_place(record, args.replace):
        return _there(shelf.record(record.name) or record, shelf, args)
    _check_unshadowed(there, record, shelf)
    _show_offer(repository, choice, record, shelf, Style(sys.stderr))
    shelf.check_room(record)
    missing = record.size - shelf.there(record)
    if not (args.yes or agreed(f"fetch {size(missing)}")):
        if args.json:
            print_json(_facts(record, shelf, "declined"))
        else:
            Style(sys.stdout).line("nothing was fetched")
        return FAILED
    made = _fetch(repository, record, shelf)
    if args.json:
        print_json(_facts(made, shelf, "added"))
    else:
        style = Style(sys.stdout)
        sign = style(style.signs["done"], "green")
        style.line(f"{sign} {style(made.name, 'bold')} is at {shelf.place(made.name)}")
        style.line(f'  use it in a workflow: "source": "{made.name}"')
    return FINE


def _shelf(there: Models, name: str, args: Namespace) -> Shelf:
    """The folder that has a model of this name; else the first, and if one is named, that one."""
    from musegraph.hub import Shelf

    shelves = [Shelf(folder) for folder in (there.folders[:1] if args.models else there.folders)]
    return next((one for one in shelves if one.record(name)), shelves[0])


def _known_commit(shelf: Shelf, wanted: Wanted, args: Namespace) -> Record | None:
    """What is here whole already, found without asking the hub: it is named by its commit."""
    from musegraph.hub import name_of

    record = shelf.record(name_of(wanted.repo, wanted.file, args.name))
    if record is None or args.replace:
        return None
    asked = (wanted.repo, wanted.commit, args.variant)
    if (record.source, record.commit, record.variant) != asked:
        return None
    return None if any(record.wrongs(shelf.place(record.name))) else record


def _check_unshadowed(there: Models, record: Record, shelf: Shelf) -> None:
    """Refuse a name under which workflows would find another model."""
    from musegraph.errors import ModelMissing

    try:
        first = there.path(record.name)
    except ModelMissing:
        return
    if first != shelf.place(record.name).resolve():
        raise UsageError(
            f"{record.name} is the name of another model, at {first}; give this one another name"
            " with --as"
        )


def _there(record: Record, shelf: Shelf, args: Namespace) -> int:
    if args.json:
        print_json(_facts(record, shelf, "present"))
    else:
        style = Style(sys.stdout)
        style.line(
            f"{style(record.name, 'bold')} is there already, at commit {record.commit[:12]}:"
            f" {shelf.place(record.name)}"
        )
    return FINE


def _show_offer(
    repository: Repository, choice: Choice, record: Record, shelf: Shelf, style: Style
) -> None:
    """All that somebody should know before saying yes."""
    licence = repository.licence or "none is named: ask its authors before you use it"
    if repository.licence_link:
        licence += f"  {repository.licence_link}"
    asked = repository.wanted.revision or "newest"
    style.line(style(repository.wanted.repo, "bold"))
    there = shelf.there(record)
    rows = [
        ["page", repository.page],
        ["commit", f"{repository.commit} ({printable(asked)})"],
        ["licence", printable(licence)],
        ["access", "granted: you have accepted its terms" if repository.gated else ""],
        ["takes", f"{number(len(choice.files), 'file')}, {size(choice.size)}: {choice.layout}"],
        *(["leaves", printable(text)] for text in choice.left),
        ["there", f"{size(there)} of it are here already" if there else ""],
        ["into", f"{shelf.place(record.name)} ({size(shelf.free())} free)"],
    ]
    for line in table([row for row in rows if row[1]], style, [("dim",), ()], wrap=True):
        style.line(line)
    weights = sorted(
        (one for one in choice.files if one.suffix in (".safetensors", ".gguf")),
        key=lambda one: -one.size,
    )
    listed = [[size(one.size).rjust(8), one.path] for one in weights[:_SHOWN]]
    rest = [one for one in choice.files if one not in weights[:_SHOWN]]
    if rest:
        total = size(sum(one.size for one in rest))
        listed.append([total.rjust(8), f"{number(len(rest), 'smaller file')}"])
    for line in table(listed, style, [("bold",), ()]):
        style.line(line)


def _fetch(repository: Repository, record: Record, shelf: Shelf) -> Record:
    from musegraph.cli.transfer import Transfer

    with Transfer(Style(sys.stderr)) as view:
        return shelf.add(repository, record, view.tell)


def _facts(record: Record, shelf: Shelf, state: str) -> dict[str, Any]:
    return {
        "state": state,
        "place": str(shelf.place(record.name)),
        **record.model_dump(mode="json", exclude={"musegraph", "single"}),
        "bytes": record.size,
    }


def command(record: Record, revision: str = "") -> str:
    """What was typed to begin it, or fetches what it is at another revision."""
    from shlex import quote

    from musegraph.hub import name_of

    revision = revision or record.revision
    source = f"{record.source}@{revision}" if revision else record.source
    words = ["musegraph models add", quote(source)]
    file = record.files[0].path if record.single else ""
    if file:
        words += ["--file", quote(file)]
    if record.variant:
        words += ["--variant", quote(record.variant)]
    if record.name != name_of(record.source, file):
        words += ["--as", quote(record.name)]
    return " ".join(words)


# -- remove -----------------------------------------------------------------------------------


def remove(args: Namespace) -> int:
    from musegraph.hub import Shelf

    there = open_models(args)
    shelves = [Shelf(folder) for folder in there.folders]
    shelf = next(
        (one for one in shelves if one.record(args.name) or args.name in one.unfinished()), None
    )
    if shelf is None:
        raise UsageError(_not_ours(there, args.name))
    record = shelf.record(args.name)
    begun = shelf.unfinished().get(args.name)
    total = (record.size if record else 0) + (begun[1] if begun else 0)
    what = f"remove {args.name} ({size(total)}) from {shelf.folder}"
    if not (args.yes or agreed(what)):
        if args.json:
            print_json({"name": args.name, "freed": 0, "left": []})
        else:
            Style(sys.stdout).line("nothing was removed")
        return FINE
    removed = shelf.remove(args.name)
    if args.json:
        left = [str(file) for file in removed.left]
        print_json({"name": args.name, "freed": removed.bytes, "left": left})
        return FINE
    style = Style(sys.stdout)
    style.line(f"freed {size(removed.bytes)}")
    if removed.left:
        style.line(
            f"{number(len(removed.left), 'file')} that did not come with it stay in"
            f" {shelf.place(args.name)}"
        )
    return FINE


def _not_ours(there: Models, name: str) -> str:
    from difflib import get_close_matches

    from musegraph.errors import ModelMissing
    from musegraph.hub import Shelf

    try:
        place = there.path(name)
    except ModelMissing:
        known = [known for folder in there.folders for known in Shelf(folder).records()]
        close = get_close_matches(name, known, 3, 0.5)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        return f"no model {name!r} was fetched; musegraph models list says which were{hint}"
    return (
        f"the model {name!r} at {place} was not fetched by musegraph models add, so it is not"
        " removed by it either; delete it yourself if it is yours"
    )
