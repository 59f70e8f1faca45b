"""Building a wheel without running the pack, and reading one without importing it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as BadEntryPoints
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.metadata import InvalidMetadata, Metadata
from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from musegraph.archive import Archive
from musegraph.errors import PackError, UnreadableWorkflow
from musegraph.installed import GROUP
from musegraph.packs.manifest import Manifest, read_manifest
from musegraph.packs.project import FILE, Project

MANIFEST = "extra_metadata/musegraph.json"
"""Where the manifest is, below the folder of a wheel's metadata."""

_DATA = ("packages", "include", "exclude", "artifacts", "only-include", "sources", "force-include")
"""Settings of hatchling that say which files go in, and cannot run anything."""

EPOCH = 1580601600
"""The date of the files of a wheel unless ``SOURCE_DATE_EPOCH`` says another: hatchling's."""


# -- building ---------------------------------------------------------------------------------


def build(
    project: Project, out: Path, nodes: list[dict[str, Any]] | None = None, signer: str = ""
) -> Path:
    """Write the wheel of a project; ``nodes`` are the schemas that go into it, if known.

    ``signer`` is the public key of who will sign it, which is named in it.
    """
    from hatchling.builders.wheel import WheelBuilder
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    described = {
        "musegraph": 1,
        "manifest": project.manifest.model_dump(exclude_defaults=True),
        "nodes": nodes,
    }
    if signer:
        described["signer"] = signer
    with tempfile.TemporaryDirectory() as folder, _dated():
        extra = Path(folder, "musegraph.json")
        text = json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True)
        extra.write_text(text + "\n", "utf-8")
        config = _static(project, extra)
        plugins = PluginManager()
        root = str(project.root)
        metadata = ProjectMetadata(root, plugins, config)
        builder = WheelBuilder(root, plugins, config, metadata)
        try:
            made = list(builder.build(directory=str(out), versions=["standard"]))
        except OSError as error:
            raise PackError(f"the wheel cannot be written in {out}: {error.strerror}") from None
        except Exception as error:  # noqa: BLE001  hatchling raises ValueError, TypeError and its own
            raise PackError(f"{FILE} cannot be built: {error}") from None
    return Path(made[0])


def _static(project: Project, extra: Path) -> dict[str, Any]:
    """What hatchling is told: the static tables, and of its own only which files go in."""
    tool = project.document.get("tool", {})
    build = tool.get("hatch", {}).get("build", {})
    given = build.get("targets", {}).get("wheel", {})
    asked = [key for key in ("hooks", "dependencies") if key in build or key in given]
    if asked or tool.get("hatch", {}).get("metadata", {}).get("hooks"):
        raise PackError(
            f"{FILE}: tool.hatch has hooks, which would run code while the pack is built or "
            "installed; take them out, and put what they make into the package itself"
        )
    wheel: dict[str, Any] = {key: given[key] for key in _DATA if key in given}
    if not {"packages", "include", "only-include", "force-include"} & wheel.keys():
        wheel["packages"] = [project.package.relative_to(project.root).as_posix()]
    wheel["extra-metadata"] = {str(extra): "musegraph.json"}
    return {
        "project": dict(project.project),
        "tool": {"hatch": {"build": {"targets": {"wheel": wheel}}}},
    }


@contextmanager
def _dated() -> Iterator[None]:
    """The same date for all members, so that equal sources give equal bytes."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = before or str(EPOCH)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]


# -- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wheel:
    """A wheel that was looked through as a whole; nothing of it has been unpacked or imported."""

    place: Path
    members: Mapping[str, bytes]
    info: str
    """The folder of its metadata."""

    @cached_property
    def metadata(self) -> Metadata:
        try:
            return Metadata.from_email(self.members[f"{self.info}/METADATA"], validate=False)
        except (KeyError, InvalidMetadata, ExceptionGroup) as error:
            raise PackError(
                f"{self.place.name} has no metadata that can be read: {error}"
            ) from None

    def _said(self, field: str) -> Any:
        """A field of the metadata, which is looked at when it is first asked for."""
        try:
            return getattr(self.metadata, field)
        except InvalidMetadata as error:
            raise PackError(f"{self.place.name} has metadata that no tool reads: {error}") from None

    @property
    def distribution(self) -> str:
        return str(self._said("name"))

    @property
    def version(self) -> str:
        return str(self._said("version"))

    @property
    def python(self) -> str:
        """The versions of Python that it asks for; empty if it says none."""
        return str(self._said("requires_python") or "")

    @property
    def requirements(self) -> list[Requirement]:
        """What it requires here; extras are not asked for."""
        listed = self._said("requires_dist") or []
        return [one for one in listed if one.marker is None or one.marker.evaluate({"extra": ""})]

    @property
    def licence(self) -> str:
        return str(self._said("license_expression") or self._said("license") or "")

    @property
    def summary(self) -> str:
        return str(self._said("summary") or "")

    @cached_property
    def content(self) -> str:
        """The digest of all its members by name: what a consent is bound to."""
        hasher = hashlib.sha256()
        for name in sorted(self.members):
            if name != f"{self.info}/RECORD":
                hasher.update(
                    f"{name}\0{hashlib.sha256(self.members[name]).hexdigest()}\n".encode()
                )
        return f"sha256:{hasher.hexdigest()}"

    @cached_property
    def described(self) -> dict[str, Any]:
        """The file beside the metadata: manifest and schemas; empty in a wheel of no pack."""
        data = self.members.get(f"{self.info}/{MANIFEST}")
        if data is None:
            return {}
        try:
            read = json.loads(data)
        except ValueError as error:
            raise PackError(f"{self.place.name}: {MANIFEST} cannot be read: {error}") from None
        if not isinstance(read, dict) or read.get("musegraph") != 1:
            raise PackError(
                f"{self.place.name}: {MANIFEST} is of a form that this Musegraph does not know; "
                "take a newer Musegraph"
            )
        return read

    @cached_property
    def manifest(self) -> Manifest:
        if not self.described:
            raise PackError(
                f"{self.place.name} is a wheel of no pack: {MANIFEST} is missing in it; "
                "have its author build it with 'musegraph pack build'"
            )
        return read_manifest(self.described.get("manifest"), self.place.name, "manifest")

    @property
    def signer(self) -> str:
        """The public key of who signed it, as it says itself; empty if it says nothing."""
        found = self.described.get("signer", "")
        return found if isinstance(found, str) else ""

    @property
    def nodes(self) -> list[dict[str, Any]] | None:
        """The schemas of its nodes; None if it was built without them."""
        found = self.described.get("nodes")
        return found if isinstance(found, list) else None

    @cached_property
    def entry(self) -> str:
        """Where the pack is in it; the one entry point of its namespace."""
        points = ConfigParser(delimiters=("=",), interpolation=None)
        points.optionxform = str  # type: ignore[assignment, method-assign]
        try:
            points.read_string(self.members.get(f"{self.info}/entry_points.txt", b"").decode())
        except (BadEntryPoints, UnicodeDecodeError) as error:
            raise PackError(
                f"{self.place.name}: its entry points cannot be read: {error}"
            ) from None
        ours = dict(points[GROUP]) if points.has_section(GROUP) else {}
        if set(ours) != {self.manifest.namespace}:
            raise PackError(
                f"{self.place.name} has to have one entry point in {GROUP!r}, named "
                f"{self.manifest.namespace!r}; it has {', '.join(ours) or 'none'}"
            )
        return ours[self.manifest.namespace]

    def modules(self) -> list[str]:
        """The top-level names that Python would import from it."""
        tops = {
            name.partition("/")[0] for name in self.members if name.endswith((".py", ".so", ".pyd"))
        }
        return sorted(
            {re.split(r"[.]", top)[0] for top in tops if not top.endswith((".dist-info", ".data"))}
        )


def read_wheel(place: Path) -> Wheel:
    """A wheel, looked through; :class:`PackError` says what speaks against it."""
    try:
        name, version, _, tags = parse_wheel_filename(place.name)
    except InvalidWheelFilename as error:
        raise PackError(f"{place.name} is not named as a wheel is: {error}") from None
    if not tags & set(sys_tags()):
        raise PackError(
            f"{place.name} is for another Python or system ({', '.join(sorted(map(str, tags)))}); "
            "take the wheel for this one"
        )
    try:
        with Archive(place) as archive:
            members = {one: archive.read(one) for one in archive.sizes if not one.endswith("/")}
    except UnreadableWorkflow as error:
        raise PackError(str(error).replace("no bundle", "no wheel")) from None
    infos = {
        one.partition("/")[0] for one in members if one.partition("/")[0].endswith(".dist-info")
    }
    if len(infos) != 1:
        raise PackError(
            f"{place.name} is no wheel: it holds {len(infos)} folders of metadata, not one"
        )
    wheel = Wheel(place, members, infos.pop())
    _check_record(wheel)
    if (found := (_plain(wheel.distribution), wheel.version)) != (name, str(version)):
        raise PackError(f"{place.name} says inside that it is {found[0]} {found[1]}")
    return wheel


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _check_record(wheel: Wheel) -> None:
    """Every member has to stand in RECORD with its digest, and nothing else may stand there."""
    import base64
    import csv

    record = wheel.members.get(f"{wheel.info}/RECORD", b"").decode("utf-8", "replace")
    listed = {row[0]: row[1] for row in csv.reader(record.splitlines()) if len(row) == 3}
    loose = {f"{wheel.info}/{name}" for name in ("RECORD", "RECORD.jws", "RECORD.p7s")}
    for name, data in wheel.members.items():
        if name in loose:
            continue
        made = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        if listed.get(name) != f"sha256={made}":
            raise PackError(
                f"{wheel.place.name} is damaged: its member {name} is not as its RECORD says; "
                "fetch or build it anew"
            )
    if gone := sorted(listed.keys() - wheel.members.keys()):
        raise PackError(f"{wheel.place.name} is damaged: {gone[0]} is missing in it; fetch it anew")
