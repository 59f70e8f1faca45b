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
    from musegraph.cli.pack_update import update_packs

    actions = {
        "new": _new,
        "check": _check,
        "test": _test,
        "build": _build,
        "docs": _docs,
        "key": _key,
        "index": _index,
        "install": using.install_pack,
        "list": using.list_packs,
        "info": using.info,
        "update": update_packs,
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
    from musegraph.packs.signing import read_secret
    from musegraph.packs.signing import sign as sign_file
    from musegraph.packs.wheel import build, read_wheel

    project = _project(args)
    secret = read_secret(Path(args.sign), _password) if args.sign else None
    told = describe(project)
    out = Path(args.out or project.root / "dist")
    signer = str(secret.signer) if secret else ""
    wheel = read_wheel(build(project, out, told["nodes"], signer))
    if secret is not None:
        comment = args.comment or f"the pack {project.manifest.namespace} {wheel.version}"
        sign_file(wheel.place, secret, " ".join(comment.split()))
    if args.json:
        facts = {"pack": project.manifest.namespace, "version": wheel.version}
        facts |= {"signer": signer} if signer else {}
        print_json(facts | {"wheel": str(wheel.place), "content": wheel.content})
        return FINE
    style = Style(sys.stdout)
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(str(wheel.place), 'bold')}  {size(wheel.place.stat().st_size)}")
    style.line(f"  content {wheel.content}")
    if secret is not None:
        style.line(f"  signed with {signer}, in {wheel.place.name}.minisig: give both away")
    style.line(f"  others install it with: musegraph pack install {wheel.place.name}")
    return FINE


def _password() -> str:
    """The password of a key: out of a variable, else asked for."""
    import getpass
    import os

    known = os.environ.get("MUSEGRAPH_KEY_PASSWORD")
    return getpass.getpass("password of the key: ") if known is None else known


def _key(args: Namespace) -> int:
    from musegraph.packs.signing import make_key

    place = Path(args.path)
    signer = make_key(place)
    if args.json:
        print_json({"key": str(place), "public": str(signer)})
        return FINE
    style = Style(sys.stdout)
    style.line(f"{style(style.signs['done'], 'green')} {style(str(signer), 'bold')}")
    style.line(f"  is your public key, also in {place}.pub: tell it to whoever installs your packs")
    style.line(f"  {place} is your secret one, without a password: keep it, and show it to nobody")
    style.line(f"  musegraph pack build --sign {place}")
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
