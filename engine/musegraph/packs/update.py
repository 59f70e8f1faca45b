"""Newer versions of what is installed, from where it came."""

from __future__ import annotations

import json
from pathlib import Path

from packaging.version import Version

from musegraph.errors import PackError
from musegraph.installed import REVOKED, Agreed, Installed, read_revoked
from musegraph.packs.ages import why_held
from musegraph.packs.git import START
from musegraph.packs.index import Held, newest, read_index
from musegraph.packs.source import Found, find
from musegraph.whole import write_whole


def newer(
    name: str, agreed: Agreed, index: str | None, folder: Path, recent: bool = False
) -> Found | None:
    """What would take the place of a pack; None if it is the newest there is.

    What an index has for a few days only does not count, unless ``recent`` is said.
    """
    if where := index or agreed.index:
        try:
            release = newest(name, where, recent)
        except Held:
            return None
        if release is None:
            raise PackError(f"{where} no longer has the pack {name!r}; what is installed stays")
        if Version(release.version) <= Version(agreed.version):
            return None
        return find(f"{name}=={release.version}", where, folder, recent)
    if not agreed.source.startswith(START) and not Path(agreed.source).exists():
        raise PackError(
            f"{name} came from {agreed.source}, which is not here; "
            "name where newer ones are with --index, or install one"
        )
    found = find(agreed.source, None, folder)
    if found.wheel.manifest.namespace != name:
        other = found.wheel.manifest.namespace
        raise PackError(f"{agreed.source} is the pack {other!r} by now, and not {name!r}")
    same = found.wheel.content == agreed.content
    older = Version(found.wheel.version) < Version(agreed.version)
    return None if same or older else found


def waiting(name: str, agreed: Agreed, index: str | None) -> str:
    """Why the newest version of all is not taken yet; empty if there is none that waits."""
    where = index or agreed.index
    release = newest(name, where, recent=True) if where else None
    if release is None or Version(release.version) <= Version(agreed.version):
        return ""
    return why_held(name, release.version, release.released)


def take_back(folder: Path, listed: Installed, names: list[str], index: str | None) -> list[str]:
    """Note what the indexes of these packs take back; the packs that are off by that.

    An index can take back only what came from it.
    """
    known, off = read_revoked(folder), []
    for name in names:
        agreed = listed.packs[name]
        if not agreed.index or (index and index != agreed.index):
            continue
        if why := read_index(agreed.index).revoked.get(agreed.content):
            off.append(name)
            known[agreed.content] = why
    if off:
        text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_whole(folder / REVOKED, text.encode())
    return off
