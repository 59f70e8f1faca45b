"""A static index of packs: a JSON beside wheels, which anyone can host on anything."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph.errors import PackError
from musegraph.packs.ages import why_held
from musegraph.packs.manifest import API
from musegraph.packs.signing import SUFFIX
from musegraph.packs.wheel import read_wheel
from musegraph.paths import read_below

LIST = "index.json"
MOST, MOST_WHEEL, MOST_SIGNATURE = 16 << 20, 1 << 30, 64 << 10
"""Bytes of an index, of a wheel, and of a signature."""
SECONDS = 30
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Release(BaseModel):
    """A version of a pack: ``wheel`` is a path from the index, or an address of its own."""

    model_config = ConfigDict(frozen=True)

    version: str
    wheel: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    content: str = ""
    api: str = API
    size: int = 0
    licence: str = ""
    released: str = ""
    """Since when it is in the index; what is new there is held back for some days."""
    signer: str = ""
    """The public key that the wheel is signed with; the signature lies beside it."""
    permissions: dict[str, Any] = {}


class Listed(BaseModel):
    """A pack of an index."""

    model_config = ConfigDict(frozen=True)

    distribution: str
    title: dict[str, str] = {}
    description: dict[str, str] = {}
    versions: Annotated[list[Release], Field(min_length=1)]


class Index(BaseModel):
    """The whole index."""

    model_config = ConfigDict(frozen=True)

    form: Annotated[Literal[1], Field(alias="musegraph-index")] = 1
    packs: dict[str, Listed]
    revoked: dict[str, Annotated[str, Field(max_length=300)]] = {}
    """Contents that were given out and are taken back, each with the reason."""


def write_index(folder: Path) -> tuple[Path, Index]:
    """Write the index of the wheels of packs in a folder; where, and what stands in it."""
    if not folder.is_dir():
        raise PackError(
            f"there is no folder {folder} with wheels; 'musegraph pack build' makes them"
        )
    place = folder / LIST
    before = read_index(str(place)) if place.is_file() else Index(packs={})
    since = {one.sha256: one.released for pack in before.packs.values() for one in pack.versions}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    packs: dict[str, Listed] = {}
    for file in sorted(folder.glob("*.whl")):
        wheel = read_wheel(file)
        data = file.read_bytes()
        manifest = wheel.manifest
        sha256 = hashlib.sha256(data).hexdigest()
        release = Release(
            version=wheel.version,
            wheel=file.name,
            sha256=sha256,
            content=wheel.content,
            api=manifest.api,
            size=len(data),
            licence=wheel.licence,
            released=since.get(sha256) or now,
            signer=wheel.signer,
            permissions=manifest.permissions.model_dump(exclude_none=True),
        )
        known = packs.get(manifest.namespace)
        versions = [release, *(known.versions if known else [])]
        versions.sort(key=lambda one: Version(one.version), reverse=True)
        newest = versions[0] is release or known is None
        packs[manifest.namespace] = Listed(
            distribution=wheel.distribution,
            title=manifest.title if newest or known is None else known.title,
            description=manifest.description if newest or known is None else known.description,
            versions=versions,
        )
    if not packs:
        raise PackError(f"there are no wheels in {folder}; 'musegraph pack build' makes them")
    made = Index.model_validate({"musegraph-index": 1, "packs": packs, "revoked": before.revoked})
    try:
        shown = {"musegraph-index": 1} | made.model_dump(exclude_defaults=True)
        place.write_text(json.dumps(shown, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise PackError(f"{place} cannot be written: {error.strerror}") from None
    return place, made


def read_index(source: str) -> Index:
    """An index at a path or an address."""
    data = _fetched(source, MOST) if _ADDRESS.match(source) else _read(Path(source))
    try:
        return Index.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise PackError(f"{source} is no index of packs: {where}: {first['msg']}") from None


def fetch(wanted: str, source: str, folder: Path, recent: bool = False) -> Path:
    """Put the wheel of a pack (``NAME``, ``NAME==VERSION``) into a folder; it is checked.

    What somebody else's index has for a few days only is refused, unless ``recent`` is said.
    """
    index = read_index(source)
    name, _, version = (part.strip() for part in wanted.partition("=="))
    if (listed := index.packs.get(name)) is None:
        known = ", ".join(sorted(index.packs)) or "none"
        raise PackError(f"{source} has no pack {name!r}; it has: {known}")
    release = _chosen(name, listed, version, source, index.revoked, recent)
    file = release.wheel.rpartition("/")[2]
    if not re.fullmatch(r"[\w.+-]+\.whl", file):
        raise PackError(f"{source}: {release.wheel!r} is no wheel of {name} {release.version}")
    data = _wheel(release, source)
    if hashlib.sha256(data).hexdigest() != release.sha256:
        raise PackError(
            f"{release.wheel} is not the file that {source} speaks of: its SHA-256 is another; "
            "tell whoever hosts the index"
        )
    place = folder / file
    place.write_bytes(data)
    if release.signer:
        signature = release.model_copy(update={"wheel": release.wheel + SUFFIX})
        place.with_name(file + SUFFIX).write_bytes(_wheel(signature, source, MOST_SIGNATURE))
    return place


def newest(name: str, source: str, recent: bool = False) -> Release | None:
    """The version that would be taken of a pack; None if the index does not have it."""
    index = read_index(source)
    listed = index.packs.get(name)
    return _chosen(name, listed, "", source, index.revoked, recent) if listed else None


class Held(PackError):
    """There is nothing yet that was out for long enough."""


def _chosen(
    name: str,
    listed: Listed,
    version: str,
    source: str,
    revoked: Mapping[str, str],
    recent: bool,
) -> Release:
    """The version that was asked for; else the latest one for this Musegraph."""
    known = ", ".join(one.version for one in listed.versions)
    if version:
        fitting = [one for one in listed.versions if one.version == version]
        if not fitting:
            raise PackError(f"{source} has no version {version} of {name}; it has: {known}")
        if why := revoked.get(fitting[0].content):
            raise PackError(f"{name} {version} was taken back: {why}")
    else:
        offered = [one for one in listed.versions if one.content not in revoked]
        fitting = [one for one in offered if one.api == API and _key(one.version)]
        fitting = [one for one in fitting if not Version(one.version).is_prerelease] or fitting
    if not fitting:
        raise PackError(
            f"{source} has no version of {name} for the interface {API!r} of this Musegraph"
        )
    fitting.sort(key=lambda one: _key(one.version) or Version("0"), reverse=True)
    if recent or not _ADDRESS.match(source):
        return fitting[0]
    held = {one.version: why_held(name, one.version, one.released) for one in fitting}
    if out := [one for one in fitting if not held[one.version]]:
        return out[0]
    raise Held(held[fitting[0].version])


def _key(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def _wheel(release: Release, source: str, most: int = MOST_WHEEL) -> bytes:
    if _ADDRESS.match(release.wheel):
        return _fetched(release.wheel, most)
    if _ADDRESS.match(source):
        return _fetched(urljoin(source, release.wheel), most)
    try:
        return read_below(Path(source).parent, release.wheel)
    except OSError as error:
        raise PackError(
            f"{release.wheel} beside {source} cannot be read: {error.strerror}"
        ) from None


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise PackError(f"the index {place} cannot be read: {error.strerror}") from None


def _fetched(address: str, most: int) -> bytes:
    """What an address gives, over TLS or from this machine."""
    parts = urlsplit(address)
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise PackError(f"{address} is not fetched: packs come over https:// only")
    try:
        with urlopen(Request(address), timeout=SECONDS) as answer:
            if urlsplit(answer.url).scheme != parts.scheme:
                raise PackError(f"{address} leads to {answer.url}, which is not fetched")
            return b"".join(_pieces(answer, address, most))
    except URLError as error:
        raise PackError(f"{address} cannot be fetched: {error.reason}") from None
    except (OSError, ValueError) as error:
        raise PackError(f"{address} cannot be fetched: {error}") from None


def _pieces(answer: Any, address: str, most: int) -> Iterator[bytes]:
    size = 0
    while piece := answer.read(1 << 20):
        size += len(piece)
        if size > most:
            raise PackError(f"{address} gives more than {most >> 20} MB, which is not taken")
        yield piece
