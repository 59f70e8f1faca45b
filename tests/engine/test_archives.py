"""Zips that would do harm where they are unpacked: none is read, though nothing is unpacked."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from musegraph import UnreadableWorkflow
from musegraph.archive import MAX_MEMBERS, Archive

LINK, DEVICE = stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o666
Member = tuple[str, bytes, int]


def members(*names: str, mode: int = 0, data: bytes = b"x") -> list[Member]:
    return [(name, data, mode) for name in names]


SHAPES: dict[str, tuple[list[Member], str]] = {
    "up": (members("../evil"), "leads out of it"),
    "up from within": (members("a/../../evil"), "leads out of it"),
    "absolute": (members("/etc/evil"), "leads out of it"),
    "a backslash": (members("..\\evil"), "leads out of it"),
    "a drive": (members("C:/evil"), "leads out of it"),
    "a stream": (members("a.txt:evil"), "leads out of it"),
    "a link": (members("a", mode=LINK, data=b"/etc/passwd"), "is a link"),
    "a link, then a file in it": (
        [*members("a", mode=LINK, data=b"/tmp"), *members("a/evil")], "is a link",
    ),
    "a device": (members("a", mode=DEVICE, data=b""), "is a device"),
    "a name twice": (members("a.py", "a.py"), "stands in it twice"),
    "a name in capitals": (members("A.py", "a.py"), "stands in it twice"),
    "a name composed and not": (members("e\u0301.py", "\u00e9.py"), "stands in it twice"),
    "a name of Windows": (members("nul.txt"), "has a name that not every system takes"),
    "a dot at the end": (members("a./b"), "has a name that not every system takes"),
    "a space at the end": (members("a /b"), "has a name that not every system takes"),
    "a control": (members("a\nb"), "has a name that not every system takes"),
    "nothing between slashes": (members("a//b"), "has a name that not every system takes"),
    "a file as folder": (members("a", "a/b"), "is a file, and a folder of others"),
    "a bomb": (members("a", data=bytes(60 << 20)), "unpacks to more than 200 times its size"),
    "many": (members(*(f"f{n}" for n in range(MAX_MEMBERS + 1)), data=b""), "files; at most"),
    "deep": (members("/".join(["d"] * 40) + "/f"), "lies more than 16 folders deep"),
}  # fmt: skip


def zipped(place: Path, listed: list[Member]) -> Path:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")  # that a name stands in it twice
        for name, data, mode in listed:
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, data)
    place.write_bytes(stream.getvalue())
    return place


def test_there_are_21_shapes() -> None:
    assert len(SHAPES) == 21


@pytest.mark.parametrize("name", SHAPES)
def test_a_zip_that_does_harm_where_it_is_unpacked_is_not_read(tmp_path: Path, name: str) -> None:
    listed, sentence = SHAPES[name]
    place = zipped(tmp_path / "bad.zip", listed)
    with pytest.raises(UnreadableWorkflow, match="is no bundle that can be read") as refused:
        Archive(place)
    assert sentence in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"], "nothing was unpacked"


def test_a_zip_as_people_make_them_is_read(tmp_path: Path) -> None:
    names = [
        "workflow.json",
        "assets/.hidden",
        "assets/my photo (2).png",
        "__MACOSX/._workflow.json",
    ]
    folder = [("assets/", b"", stat.S_IFDIR | 0o755)]
    with Archive(zipped(tmp_path / "good.zip", folder + members(*names))) as archive:
        assert [archive.read(name) for name in names] == [b"x"] * 4
