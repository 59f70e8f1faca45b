"""``models``: which there are, what each is, and where they are looked for."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from difflib import get_close_matches
from time import perf_counter
from typing import TYPE_CHECKING, Any

from musegraph.cli.entry import FAILED, FINE, UsageError, print_json
from musegraph.cli.fetching import add, command, remove
from musegraph.cli.loading import open_models
from musegraph.cli.own_models import convert, folder
from musegraph.cli.style import Style, number, printable, shorten, size, table

if TYPE_CHECKING:
    from musegraph.hub import Found
    from musegraph.models import Models


def models(args: Namespace) -> int:
    """List the models, or carry out the action that is asked for."""
    actions = {
        None: _list,
        "list": _list,
        "show": _show,
        "scan": _scan,
        "add": add,
        "remove": remove,
        "folder": folder,
        "convert": convert,
    }
    return actions[args.action](args)


# -- list -------------------------------------------------------------------------------------


def _list(args: Namespace) -> int:
    from musegraph.hub import Shelf, inventory

    there = open_models(args)
    read = bool(getattr(args, "verify", False))
    every = list(inventory(there, read))
    found = [model for model in every if _wanted(model, args)]
    begun = [
        (folder, record, held)
        for folder in there.folders
        for record, held in Shelf(folder).unfinished().values()
    ]
    failed = read and any(model.record and model.wrong for model in found)
    if args.json:
        listed = [_model(model) for model in found]
        unfinished = [
            {"name": record.name, "folder": str(folder), "bytes": held, "of": record.size}
            for folder, record, held in begun
        ]
        print_json({"models": listed, "unfinished": unfinished, "folders": _names(there)})
        return FAILED if failed else FINE
    style = Style(sys.stdout)
    _show_models(found, style)
    if len(found) < len(every):
        style.line(style(f"{len(every) - len(found)} others are left out", "dim"))
    for _, record, held in begun:
        sign = style(style.signs["open"], "blue")
        style.line(
            f"{sign} {record.name}: {size(held)} of {size(record.size)} are there;"
            f" {command(record)} goes on"
        )
    for model in found:
        if model.record and model.wrong:
            again = f"{command(model.record, model.record.commit)} --replace"
            style.line(f"{style(style.signs['to'], 'cyan')} {again} mends {model.name}")
    if not any(model.record for model in every) and not begun:
        style.line(
            f"no model was fetched into {there.folders[0]} yet;"
            " musegraph models add OWNER/NAME does it"
        )
    return FAILED if failed else FINE


def _wanted(model: Found, args: Namespace) -> bool:
    """Whether a model is of the kind and of the family that are asked for."""
    from musegraph.library.families import title_of

    facts = model.entry.facts
    kind, family = getattr(args, "kind", None), getattr(args, "family", None)
    if kind and facts.kind != kind:
        return False
    names = {facts.family.lower(), title_of(facts.family).lower()}
    return not family or family.lower() in names


def _names(there: Models) -> list[str]:
    return [str(folder) for folder in there.folders]


def _model(model: Found) -> dict[str, Any]:
    record, entry = model.record, model.entry
    from musegraph.library.families import title_of

    facts = asdict(entry.facts)
    return {
        "name": model.name,
        "place": str(entry.place),
        "where": model.where,
        **{name: facts[name] for name in _TOLD},
        "family_title": title_of(entry.facts.family),
        "bytes": entry.facts.bytes,
        "intact": not model.wrong,
        "wrong": model.wrong,
        "source": entry.comes_from,
        "commit": record.commit if record else "",
        "licence": entry.licence,
        "added": record.added if record else "",
        "digest": entry.digest,
        "preview": str(entry.preview) if entry.preview else "",
        "same": list(entry.same),
        "formerly": list(entry.formerly),
    }


_TOLD = (
    "kind", "family", "variant", "prediction", "precision", "format", "parameters", "quick",
    "title", "author", "triggers",
)  # fmt: skip


def _show_models(found: list[Found], style: Style) -> None:
    where = ""
    rows: list[list[str]] = []
    for model in [*found, None]:
        if model is None or model.where != where:
            for line in table(rows, style, [("bold",), (), ("dim",), (), ("dim",), ()]):
                style.line(line)
            rows = []
        if model is None:
            return
        if model.where != where:
            where = model.where
            style.line(style(where, "cyan"))
        rows.append(_row(model, style))


def _row(model: Found, style: Style) -> list[str]:
    from musegraph.library.families import title_of

    facts, record = model.entry.facts, model.record
    origin = f"{record.source}@{record.commit[:12]}" if record else ""
    state = model.entry.licence or ("no licence named" if record else "")
    if model.entry.same:
        state = f"also as {model.entry.same[0]}" + (", …" if model.entry.same[1:] else "")
    if model.wrong:
        state = f"{style.signs['fail']} {model.wrong}"
    what = " ".join(filter(None, (title_of(facts.family), facts.variant)))
    return [
        printable(model.name),
        KIND_NAMES.get(facts.kind, facts.kind),
        printable(shorten(what, 32)),
        size(facts.bytes or (record.size if record else 0)).rjust(8),
        origin,
        printable(state),
    ]


KIND_NAMES = {
    "pipeline": "pipeline", "checkpoint": "checkpoint", "denoiser": "denoiser", "vae": "VAE",
    "text_encoder": "text encoder", "lora": "LoRA", "control": "ControlNet",
    "t2i_adapter": "T2I-Adapter", "ip_adapter": "IP-Adapter", "embedding": "embedding",
    "upscaler": "upscaler", "vision": "vision", "depth": "depth", "pose": "pose",
    "caption": "captioner",
    "style": "style", "motion": "motion", "sound": "sound",
    "language": "language model", "autoregressive": "autoregressive", "gan": "GAN",
    "speech": "speech model", "other": "",
}  # fmt: skip


# -- show and scan ----------------------------------------------------------------------------


def _show(args: Namespace) -> int:
    from musegraph.hub import inventory

    there = open_models(args)
    every = {model.name: model for model in inventory(there)}
    model = every.get(args.name)
    if model is None:
        model = next((one for one in every.values() if args.name in one.entry.formerly), None)
    if model is None:
        close = get_close_matches(args.name, every, 3, 0.5)
        ending = [name for name in every if name.rpartition("/")[2] == args.name]
        hint = f"; did you mean {' or '.join(ending or close)}?" if ending or close else ""
        raise UsageError(f"there is no model {args.name!r}; musegraph models lists all{hint}")
    if args.json:
        print_json(_model(model))
    else:
        _tell(model, Style(sys.stdout))
    return FINE


def _tell(model: Found, style: Style) -> None:
    from musegraph.library.families import title_of

    entry, facts = model.entry, model.entry.facts
    style.line(style(printable(model.name), "bold"))
    count = facts.parameters
    many = f"{count / 1e9:.1f} billion" if count >= 1e9 else f"{count / 1e6:.1f} million"
    rows = [
        ["problem", f"{style.signs['fail']} it {model.wrong}" if model.wrong else ""],
        ["title", facts.title],
        ["author", facts.author],
        ["kind", KIND_NAMES.get(facts.kind, facts.kind)],
        ["family", " ".join(filter(None, (title_of(facts.family), facts.variant)))],
        ["predicts", facts.prediction],
        ["numbers", facts.precision],
        ["parameters", many if count else ""],
        ["size", size(facts.bytes)],
        ["licence", entry.licence],
        ["source", entry.comes_from],
        ["words", ", ".join(facts.triggers)],
        ["at", str(entry.place)],
        ["picture", str(entry.preview) if entry.preview else ""],
        ["also as", ", ".join(entry.same)],
        ["was", ", ".join(entry.formerly)],
        ["quick id", facts.quick],
        ["digest", entry.digest or "not read in full yet"],
    ]
    told = [[name, printable(text)] for name, text in rows if text]
    for line in table(told, style, [("dim",), ()], wrap=True):
        style.line(line)


def _scan(args: Namespace) -> int:
    there = open_models(args)
    start = perf_counter()
    entries = there.library.scan(there.roots()).entries
    seconds = perf_counter() - start
    wrong = [one for one in entries if one.facts.wrong and one.facts.format != "pickle"]
    pickles = [one for one in entries if one.facts.format == "pickle"]
    doubles = {one.facts.quick for one in entries if one.same}
    if args.json:
        print_json(
            {
                "models": len(entries),
                "wrong": [{"name": one.source, "wrong": one.facts.wrong} for one in wrong],
                "pickles": [one.source for one in pickles],
                "doubles": [
                    [one.source for one in entries if one.facts.quick == quick]
                    for quick in sorted(doubles)
                ],
                "seconds": seconds,
            }
        )
        return FINE
    style = Style(sys.stdout)
    style.line(f"{number(len(entries), 'model')} in {seconds:.1f} s")
    for one in wrong:
        style.line(
            f"{style(style.signs['fail'], 'red')} {printable(f'{one.source} {one.facts.wrong}')}"
        )
    for quick in sorted(doubles):
        names = " and ".join(one.source for one in entries if one.facts.quick == quick)
        style.line(f"{style(style.signs['to'], 'cyan')} {printable(names)} are the same model")
    for one in pickles:
        name = f"{one.source} is a pickle, which is never opened here; musegraph models convert"
        style.line(
            f"{style(style.signs['to'], 'cyan')} {printable(f'{name} {one.source}')}"
            " makes a .safetensors file of it"
        )
    return FINE
