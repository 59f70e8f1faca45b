"""``pack``: writing, checking, trying and building packs."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from musegraph.cli.entry import FAILED, FINE, UsageError, print_json
from musegraph.cli.style import Style, number, printable, sentences, size

if TYPE_CHECKING:
    from musegraph.packs.check import Finding
    from musegraph.packs.project import Project
    from musegraph.packs.trial import Stage


def pack(args: Namespace) -> int:
    """Carry out the action that is asked for."""
    if args.action is None:
        raise UsageError("say what is to be done with a pack; 'musegraph pack --help' lists it")
    from musegraph.cli import pack_using as using

    actions = {
        "new": _new,
        "check": _check,
        "test": _test,
        "build": _build,
        "docs": _docs,
        "index": _index,
        "install": using.install_pack,
        "list": using.list_packs,
        "info": using.info,
        "trust": using.trust_pack,
        "remove": using.remove_pack,
    }
    return actions[args.action](args)


def _project(args: Namespace) -> Project:
    from musegraph.packs.project import read_project

    return read_project(Path(args.path).resolve())


def _new(args: Namespace) -> int:
    from musegraph.packs.new import make_pack

    root, *made = make_pack(args.name, Path(args.dir))
    if args.json:
        print_json({"folder": str(root), "files": [str(file) for file in made]})
        return FINE
    style = Style(sys.stdout)
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(str(root), 'bold')}: a pack with {number(len(made), 'file')}")
    style.line(f"  musegraph pack test {root}")
    style.line(f"  musegraph pack install {root}")
    return FINE


def _check(args: Namespace) -> int:
    from musegraph.packs.check import check

    project = _project(args)
    checked = check(project)
    if args.json:
        found = [finding.json() for finding in checked.findings]
        print_json({"pack": project.manifest.namespace, "ok": checked.ok, "findings": found})
    else:
        _show_findings(checked.findings, project)
    return FINE if checked.ok else FAILED


def _show_findings(findings: tuple[Finding, ...], project: Project) -> None:
    style = Style(sys.stdout)
    for finding in findings:
        colour = "red" if finding.level == "error" else "yellow"
        where = style(printable(finding.where), "bold")
        style.line(f"{style(finding.level, colour)}: {where}: {sentences(finding.message)}")
    errors = sum(finding.level == "error" for finding in findings)
    sign = style(style.signs["fail"], "red") if errors else style(style.signs["done"], "green")
    rest = len(findings) - errors
    said = (
        f"{number(errors, 'error')}, {number(rest, 'warning')}" if findings else "nothing to change"
    )
    style.line(f"{sign} {project.manifest.namespace} {project.version}: {said}")


def _test(args: Namespace) -> int:
    from musegraph.packs.trial import trial

    project, style = _project(args), Style(sys.stdout)
    stages: list[Stage] = []
    for stage in trial(project, args.update):
        stages.append(stage)
        if not args.json:
            _show_stage(stage, style)
    ok = all(stage.ok is not False for stage in stages)
    if args.json:
        told = [stage.json() for stage in stages]
        print_json({"pack": project.manifest.namespace, "ok": ok, "stages": told})
    return FINE if ok else FAILED


def _show_stage(stage: Stage, style: Style) -> None:
    known = {True: ("done", "green"), False: ("fail", "red"), None: ("skip", "dim")}
    name, colour = known[stage.ok]
    sign = style(style.signs.get(name, "-"), colour)
    style.line(f"{sign} {style(stage.name, 'bold')}: {sentences(stage.summary)}")
    for line in stage.lines:
        style.line(f"    {sentences(line)}")


def _build(args: Namespace) -> int:
    from musegraph.packs.describe import describe
    from musegraph.packs.wheel import build, read_wheel

    project = _project(args)
    told = describe(project)
    wheel = read_wheel(build(project, Path(args.out or project.root / "dist"), told["nodes"]))
    if args.json:
        facts = {"pack": project.manifest.namespace, "version": wheel.version}
        print_json(facts | {"wheel": str(wheel.place), "content": wheel.content})
        return FINE
    style = Style(sys.stdout)
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(str(wheel.place), 'bold')}  {size(wheel.place.stat().st_size)}")
    style.line(f"  content {wheel.content}")
    style.line(f"  others install it with: musegraph pack install {wheel.place.name}")
    return FINE


def _docs(args: Namespace) -> int:
    from musegraph.cli.docs import examples_in, write_pages
    from musegraph.cli.pages import all_pages
    from musegraph.packs.describe import open_pack, registry_with
    from musegraph.run import Engine
    from musegraph.store import Store

    project = _project(args)
    folder = Path(args.out or project.root / "build" / "docs")
    made = open_pack(project)
    with Engine(registry_with(made), Store()) as engine:
        workflows = project.folder("workflows")
        examples = examples_in(engine, str(workflows) if workflows else None, folder)
        pages = all_pages([made], examples)
    write_pages(pages, folder, args.json)
    return FINE


def _index(args: Namespace) -> int:
    from musegraph.packs.index import write_index

    place, index = write_index(Path(args.path))
    if args.json:
        print_json({"index": str(place), "packs": sorted(index.packs)})
        return FINE
    style = Style(sys.stdout)
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(str(place), 'bold')}: {number(len(index.packs), 'pack')}")
    style.line(f"  musegraph pack install NAME --index {place}")
    return FINE
