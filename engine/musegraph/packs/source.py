"""A wheel out of whatever somebody names: a wheel, a folder, a zip, a repository, a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from musegraph.archive import Archive
from musegraph.errors import PackError, UnreadableWorkflow
from musegraph.packs import git
from musegraph.packs.index import fetch
from musegraph.packs.project import FILE, read_project
from musegraph.packs.signing import SUFFIX, Signer, read_signer, verify
from musegraph.packs.wheel import Wheel, build, read_wheel
from musegraph.paths import why_missing


@dataclass(frozen=True)
class Found:
    """A wheel, where it came from, and who signed it: nothing of it has been run."""

    wheel: Wheel
    source: str
    index: str = ""
    """The index in which it was looked up by its name."""
    commit: str = ""
    signer: Signer | None = None
    comment: str = ""
    """What the signer says of it."""


def find(named: str, index: str | None, folder: Path, recent: bool = False) -> Found:
    """The pack that is meant; what is no wheel yet is built in ``folder``, and none of it is run.

    :class:`PackError` also if it is signed and the signature does not fit.
    """
    if index is not None:
        return _signed(read_wheel(fetch(named, index, folder, recent)), named, index)
    if named.startswith(git.START):
        root, commit = git.checked_out(named, folder / "fetched")
        return Found(_built(root, folder), named, commit=commit)
    place = Path(named)
    if why := why_missing(place):
        raise PackError(
            f"{named} cannot be found ({why}); a pack is a wheel, a folder or a zip, git+https://… "
            "for a repository, or with --index FILE the name of one there"
        )
    if place.is_dir():
        return Found(_built(place, folder), named)
    if place.suffix == ".whl":
        return _signed(read_wheel(place), named)
    if place.suffix == ".zip":
        return Found(_built(_unpacked(place, folder / "unpacked"), folder), named)
    raise PackError(f"{named} is neither a wheel (.whl) nor a folder nor a zip with a pack")


def wheel_from(named: str, index: str | None, folder: Path) -> Wheel:
    """The wheel alone."""
    return find(named, index, folder).wheel


def _signed(wheel: Wheel, named: str, index: str = "") -> Found:
    """A wheel with who signed it: the key is named in the wheel, the signature lies beside it."""
    place = wheel.place.with_name(wheel.place.name + SUFFIX)
    if not wheel.signer:
        if place.is_file():
            raise PackError(
                f"{place.name} is there, and {wheel.place.name} does not say which key signed it; "
                "have its author build it with 'musegraph pack build --sign KEY'"
            )
        return Found(wheel, named, index)
    signer = read_signer(wheel.signer)
    try:
        text = place.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise PackError(
            f"{wheel.place.name} says that it is signed with the key {signer.short}, and its "
            f"signature {place.name} cannot be read beside it; fetch that too"
        ) from None
    comment = verify(wheel.place.read_bytes(), text, signer, wheel.place.name)
    return Found(wheel, named, index, signer=signer, comment=comment)


def _built(root: Path, folder: Path) -> Wheel:
    return read_wheel(build(read_project(root), folder / "built"))


def _unpacked(place: Path, folder: Path) -> Path:
    """The folder of the pack in a zip, such as the one in which a hosting site gives sources."""
    try:
        with Archive(place) as archive:
            names = [name for name in archive.sizes if not name.endswith("/")]
            roots = {name.removesuffix(FILE) for name in names if name.rpartition("/")[2] == FILE}
            tops = [
                root for root in roots if root.count("/") == min(one.count("/") for one in roots)
            ]
            if len(tops) != 1:
                raise PackError(f"{place} holds no pack: there is no one folder with {FILE} in it")
            for name in names:
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(archive.read(name))
    except UnreadableWorkflow as error:
        raise PackError(str(error).replace("no bundle", "no zip")) from None
    return folder / tops[0]
