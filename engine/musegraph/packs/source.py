"""A wheel out of whatever somebody names: a wheel, a folder, a zip, or a name in an index."""

from __future__ import annotations

from pathlib import Path

from musegraph.archive import Archive
from musegraph.errors import PackError, UnreadableWorkflow
from musegraph.packs.index import fetch
from musegraph.packs.project import FILE, read_project
from musegraph.packs.wheel import Wheel, build, read_wheel
from musegraph.paths import why_missing


def wheel_from(named: str, index: str | None, folder: Path) -> Wheel:
    """The wheel of a pack; what is no wheel yet is built in ``folder``, and none of it is run."""
    if index is not None:
        return read_wheel(fetch(named, index, folder))
    place = Path(named)
    if why := why_missing(place):
        raise PackError(
            f"{named} cannot be found ({why}); a pack is a wheel, a folder or a zip, or with "
            "--index FILE the name of one there"
        )
    if place.is_dir():
        return _built(place, folder)
    if place.suffix == ".whl":
        return read_wheel(place)
    if place.suffix == ".zip":
        return _built(_unpacked(place, folder / "unpacked"), folder)
    raise PackError(f"{named} is neither a wheel (.whl) nor a folder nor a zip with a pack")


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
