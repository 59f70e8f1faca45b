"""``pack install`` and what follows: showing what a pack is, asking, and taking it out again."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.cli import pack_isolation as isolation
from musegraph.cli.consent import agreed
from musegraph.cli.entry import FAILED, FINE, print_json
from musegraph.cli.style import Style, printable, sentences, table
from musegraph.errors import PackError
from musegraph.installed import (
    TREES,
    default_packs,
    of_environment,
    read_installed,
    read_revoked,
)

if TYPE_CHECKING:
    from musegraph.installed import Agreed, Installed, InstalledPack
    from musegraph.packs.install import Offer
    from musegraph.packs.manifest import Manifest
    from musegraph.packs.refuse import Known
    from musegraph.packs.source import Found

_LICENCES = ("License-Expression", "License")

HONEST = (
    "its code can do what you can do, whatever it asks for: install it with --isolated, or only if "
    "you trust who wrote it"
)


def install_pack(args: Namespace) -> int:
    """Install the packs that are named one after the other; the first that is refused ends it."""
    for source in args.sources:
        if code := _install(args, source):
            return code
    return FINE


def _install(args: Namespace, source: str) -> int:
    """Show what would be installed, ask, and do it."""
    from musegraph.packs.install import held, install, offer_found
    from musegraph.packs.source import find

    folder, isolated = default_packs(), isolation.isolation_of(args)
    with tempfile.TemporaryDirectory(prefix="musegraph-") as place:
        found = find(source, args.index, Path(place), args.recent)
        _check_signer(args, found)
        with held(folder) as listed:
            made = offer_found(found, folder, listed, isolated, known_of(args))
            if made.same and not _off(made.name, folder, listed):
                return _tell(args, made, "there already")
            show_offer(made, Style(sys.stderr))
            if made.before is not None and made.older and not args.older:
                raise PackError(
                    f"{made.name} {made.before.version} is installed, which is newer than "
                    f"{made.wheel.version}; to go back to an older version say --older"
                )
            if not (args.yes or agreed(f"install {made.name} {made.wheel.version}")):
                return _tell(args, made, "declined", FAILED)
            install(made, folder, listed)
    return _tell(args, made, "installed")


def known_of(args: Namespace) -> Known:
    """What somebody says that they know."""
    from musegraph.packs.refuse import Known

    return Known(frozenset(args.meant), args.recent)


def _check_signer(args: Namespace, found: Found) -> None:
    """Refuse what is not signed with the key that was named."""
    if not args.signer:
        return
    from musegraph.packs.signing import signer_of

    wanted = signer_of(args.signer)
    if found.signer != wanted:
        how = f"with the key {found.signer.short}" if found.signer else "by nobody"
        raise PackError(
            f"{found.source} is signed {how}, and not with {wanted.short}; nothing was installed"
        )


def _off(name: str, folder: Path, listed: Installed) -> str:
    """Why an installed pack is off; empty if it is on."""
    from musegraph.installed import InstalledPack

    return InstalledPack(name, folder, listed.packs[name], listed).changed()


def _tell(args: Namespace, made: Offer, outcome: str, code: int = FINE) -> int:
    wheel = made.wheel
    if args.json:
        facts: dict[str, Any] = {"pack": made.name, "version": wheel.version}
        facts["outcome"] = outcome
        added = [f"{one.name} {one.version}" for one in made.resolved.added()]
        asked = wheel.manifest.permissions.asked()
        facts |= {"isolated": isolation.facts(made.isolated, asked)}
        print_json(facts | {"content": wheel.content, "libraries": added})
        return code
    style = Style(sys.stdout)
    if outcome == "declined":
        style.line("nothing was installed")
        return code
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(f'{made.name} {wheel.version}', 'bold')} is {outcome}")
    style.line(f"  musegraph nodes {made.name}")
    return code


def show_offer(made: Offer, style: Style) -> None:
    wheel, manifest = made.wheel, made.wheel.manifest
    said = manifest.said_in("en") or wheel.summary
    style.line(
        f"{style(f'{made.name} {wheel.version}', 'bold', 'cyan')}  "
        f"{printable(manifest.name_in('en'))}"
    )
    if said:
        style.line(sentences(said))
    rows = [*_facts(wheel.distribution, wheel.licence, wheel.nodes, manifest)]
    rows += [["libraries", text] for text in _libraries(made)] or [
        ["libraries", "none to be added"]
    ]
    rows += isolation.rows(made.isolated, manifest.permissions.asked())
    if made.before is not None:
        rows.append(["replaces", _replaced(made.before, made)])
    rows += [["signed by", text] for text in _signed(made)]
    rows += [["content", wheel.content], ["from", printable(made.source)]]
    if made.found and made.found.commit:
        rows.append(["commit", made.found.commit])
    _show_rows(rows, style)
    if made.isolated is None:
        style.line(style(HONEST, "dim"))


def _show_rows(rows: list[list[str]], style: Style) -> None:
    """Names and what they are; a digest or a path stays in one piece, to be copied."""
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        if " " in text:
            for line in table([[name.ljust(width), text]], style, [("dim",), ()], wrap=True):
                style.line(line)
        else:
            style.line(f"  {style(name.ljust(width), 'dim')}  {text}")


def _facts(
    distribution: str, licence: str, nodes: list[dict[str, Any]] | None, manifest: Manifest
) -> Iterator[list[str]]:
    yield ["distribution", printable(f"{distribution}, licence {licence or 'not said'}")]
    if nodes is None:
        yield ["nodes", "not listed: it was not built with 'musegraph pack build'"]
    else:
        yield ["nodes", printable(", ".join(str(one.get("id", "")) for one in nodes) or "none")]
    asked = list(manifest.permissions.lines())
    for name, reason in asked:
        yield ["asks for", printable(f"{name}: {reason}")]
    if not asked:
        yield ["asks for", "nothing beyond computing"]
    for model in manifest.models:
        yield ["model", printable(f"{model.source} ({model.licence}) {model.reason}".strip())]


def _libraries(made: Offer) -> Iterator[str]:
    for one in made.resolved.added():
        alone = ", for this pack alone" if made.isolated is not None else ""
        yield f"adds {one.name} {one.version}{alone}"
    for before, one in made.resolved.changed():
        from packaging.version import Version

        older = " (older!)" if Version(one.version) < Version(before) else ""
        yield f"changes {one.name} {before} → {one.version}{older}, for all packs"


def _signed(made: Offer) -> Iterator[str]:
    """Who signed it: that says from whom it is, and not that it does no harm."""
    found = made.found
    if found is None or found.signer is None:
        yield "nobody"
        return
    known = made.before is not None and made.before.signer == str(found.signer)
    how = "as what is installed" if known else "a key that is new here: ask its owner for it"
    yield f"the key {found.signer.short}, {how}"
    yield str(found.signer)
    if found.comment:
        yield printable(f"who says of it: {found.comment}")


def _replaced(before: Agreed, made: Offer) -> str:
    """What the pack that is there is, and what is asked for that it did not ask for."""
    older = ", which is newer" if made.older else ""
    more = f"; asks anew for {', '.join(made.anew)}" if made.anew else ""
    return f"{before.version}{older}{more}"


# -- what is there ----------------------------------------------------------------------------


def list_packs(args: Namespace) -> int:
    """List all packs; none is imported."""
    folder = default_packs()
    listed = read_installed(folder)
    found = [*_of_environment(folder), *_of_folder(folder, listed)]
    if args.json:
        print_json({"folder": str(folder), "packs": found})
        return FINE
    style = Style(sys.stdout)
    rows = [
        [one["name"], one["version"], one["from"], one["off"] and "off: " + one["off"]]
        for one in found
    ]
    for line in table(rows, style, [("bold",), (), ("dim",), ("red",)], wrap=True):
        style.line(line)
    return FINE


def _of_environment(folder: Path) -> Iterator[dict[str, str]]:
    for entry in sorted(of_environment(folder), key=lambda one: one.name):
        dist = entry.dist
        name, version = (dist.metadata["Name"], dist.version) if dist else (entry.value, "")
        ours = name == "musegraph"
        told = "comes with Musegraph" if ours else f"{name}, in the environment"
        yield {"name": entry.name, "version": version, "from": told, "off": ""}


def _of_folder(folder: Path, listed: Installed) -> Iterator[dict[str, str]]:
    for name, one in sorted(listed.packs.items()):
        off = _off(name, folder, listed)
        told = f"{one.distribution}, agreed to on {one.agreed[:10]}"
        told += ", isolated" if one.isolated is not None else ""
        yield {
            "name": name,
            "version": one.version,
            "from": told,
            "off": off,
            "content": one.content,
        }


def info(args: Namespace) -> int:
    """Say what a pack is, from its manifest and its metadata."""
    facts, rows = _known(args.source)
    if args.json:
        print_json(facts)
        return FINE
    style = Style(sys.stdout)
    style.line(style(f"{facts['pack']} {facts['version']}", "bold", "cyan"))
    if facts["description"]:
        style.line(sentences(facts["description"]))
    _show_rows(rows, style)
    return FINE


def _known(named: str) -> tuple[dict[str, Any], list[list[str]]]:
    folder = default_packs()
    listed = read_installed(folder)
    place = Path(named)
    if named in listed.packs or not place.exists():
        return _installed(named, folder, listed)
    if place.is_dir():
        from musegraph.packs.project import read_project

        project = read_project(place.resolve())
        licence = str(project.project.get("license", ""))
        return _said(project.manifest, project.distribution, project.version, licence, None)
    from musegraph.packs.wheel import read_wheel

    wheel = read_wheel(place)
    facts, rows = _said(
        wheel.manifest, wheel.distribution, wheel.version, wheel.licence, wheel.nodes
    )
    needs = [str(one) for one in wheel.requirements]
    facts |= {"content": wheel.content, "requires": needs}
    return facts, [*rows, ["requires", ", ".join(needs)], ["content", wheel.content]]


def _installed(
    name: str, folder: Path, listed: Installed
) -> tuple[dict[str, Any], list[list[str]]]:
    import json
    from importlib.metadata import distributions

    from musegraph.packs.install import installed_pack
    from musegraph.packs.manifest import read_manifest
    from musegraph.packs.wheel import MANIFEST

    one = installed_pack(name, folder, listed)
    (dist,) = distributions(path=[str(folder / TREES / one.agreed.trees[0])])
    text = dist.read_text(MANIFEST)
    if text is None:
        raise PackError(f"the pack {name} has lost its manifest; install it again")
    read = json.loads(text)
    manifest = read_manifest(read.get("manifest"), name, "manifest")
    licence = next((text for key in _LICENCES if (text := dist.metadata[key])), "")
    facts, rows = _said(manifest, one.agreed.distribution, one.version, licence, read.get("nodes"))
    libraries = [
        f"{tree.distribution} {tree.version}" for tree in _libraries_of(one.agreed, listed)
    ]
    off = one.changed()
    facts |= {"content": one.agreed.content, "libraries": libraries, "off": off}
    facts |= {"agreed": one.agreed.agreed, "source": one.agreed.source}
    facts["isolated"] = isolation.facts(one.agreed.isolated, one.agreed.permissions)
    shown = [str(file) for file in _workflows(one, manifest)]
    facts["workflows"] = shown
    rows += [["workflow", printable(file)] for file in shown]
    rows += isolation.rows(one.agreed.isolated, one.agreed.permissions)
    rows += [["libraries", ", ".join(libraries) or "none"], ["content", one.agreed.content]]
    if one.agreed.signer:
        rows.append(["signed by", one.agreed.signer])
        facts["signer"] = one.agreed.signer
    rows += [["agreed to", one.agreed.agreed], ["from", printable(one.agreed.source)]]
    return facts, [*rows, ["off", off]] if off else rows


def _workflows(one: InstalledPack, manifest: Manifest) -> list[Path]:
    """The workflows that came with a pack, which run as any file does."""
    module = one.places[0].joinpath(*one.module.split("."))
    home = module if module.is_dir() else module.parent
    return sorted((home / manifest.workflows).glob("*.json")) if manifest.workflows else []


def _libraries_of(one: Agreed, listed: Installed) -> list[Any]:
    return [listed.trees[name] for name in one.trees[1:] if name in listed.trees]


def _said(
    manifest: Manifest, distribution: str, version: str, licence: str, nodes: list[Any] | None
) -> tuple[dict[str, Any], list[list[str]]]:
    facts: dict[str, Any] = {
        "pack": manifest.namespace,
        "version": version,
        "distribution": distribution,
        "licence": licence,
        "description": manifest.said_in("en"),
        "manifest": manifest.model_dump(exclude_defaults=True),
        "nodes": nodes,
    }
    return facts, list(_facts(distribution, licence, nodes, manifest))


# -- agreeing again, and taking out -----------------------------------------------------------


def trust_pack(args: Namespace) -> int:
    """Agree to a pack as it is now."""
    from musegraph.packs.install import held, installed_pack, trust

    folder = default_packs()
    with held(folder) as listed:
        pack = installed_pack(args.name, folder, listed)
        if pack.agreed.content in read_revoked(folder):
            raise PackError(f"{args.name} was taken back by who gave it out, and stays off")
        why = pack.changed()
        if why:
            Style(sys.stderr).line(sentences(f"it has changed: {why}"))
        if why and not args.yes and not agreed(f"trust {args.name} as it is"):
            outcome = "declined"
        else:
            outcome = "trusted" if why else "unchanged"
            if why:
                trust(args.name, folder, listed)
    return _done(
        args, outcome, f"{args.name} is on" if outcome != "declined" else "nothing was changed"
    )


def remove_pack(args: Namespace) -> int:
    """Take a pack out."""
    from musegraph.packs.install import held, installed_pack, remove

    folder = default_packs()
    said = ""
    with held(folder) as listed:
        version = installed_pack(args.name, folder, listed).version
        if args.yes or agreed(f"remove {args.name} {version}"):
            gone = remove(args.name, folder, listed)
            more = "" if gone else "; its code stays, because another pack builds on it"
            said = f"{', '.join(gone) or args.name} removed{more}"
    return _done(args, "removed" if said else "declined", said or "nothing was removed")


def _done(args: Namespace, outcome: str, said: str) -> int:
    if args.json:
        print_json({"pack": args.name, "outcome": outcome})
    else:
        style = Style(sys.stdout)
        sign = style(style.signs["done"], "green")
        style.line(said if outcome == "declined" else f"{sign} {said}")
    return FAILED if outcome == "declined" else FINE
