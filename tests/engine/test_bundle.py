"""``musegraph bundle``: a workflow and its files in one zip, and zips not to be trusted."""

from __future__ import annotations

import json
import os
import shutil
import stat
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from shell import furnish, musegraph, run, workflow, write

import musegraph as api
from musegraph import UnreadableWorkflow, archive

PNG = Path(__file__).resolve().parents[2] / "workflows" / "images" / "sketch.png"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    furnish(tmp_path)
    (tmp_path / "pictures").mkdir()
    shutil.copy(PNG, tmp_path / "pictures" / "in.png")
    document = workflow(
        load={"type": "image.load", "values": {"image": {"file": "pictures/in.png"}}},
        small={
            "type": "image.resize",
            "values": {"width": 8, "height": 8},
            "links": {"image": "load.out"},
        },
        data={"type": "core.to_text", "values": {"number": 2}},
    )
    write(tmp_path, "work.json", document | {"outputs": {"picture": "small.out"}})
    return tmp_path


def bundle(place: Path, *arguments: str) -> Path:
    done = musegraph(place, "bundle", *arguments, "-o", "out.zip", "--packs", "toy.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "out.zip\n"
    return place / "out.zip"


def test_a_bundle_runs_on_another_machine_and_gives_the_same(place: Path) -> None:
    made = bundle(place, "work.json")
    there = place / "there"
    there.mkdir()
    made.rename(there / "got.zip")
    for command in ("check", "plan", "show"):
        assert musegraph(there, command, "got.zip").returncode == 0
    theirs = musegraph(there, "run", "got.zip", "--out", "out", "--no-embed")
    ours = musegraph(place, "run", "work.json", "--out", "out", "--no-embed")
    assert theirs.returncode == ours.returncode == 0, theirs.stderr
    pair = [folder / done.stdout.strip() for folder, done in ((there, theirs), (place, ours))]
    assert pair[0].read_bytes() == pair[1].read_bytes()
    assert "2 cached" in musegraph(place, "plan", "there/got.zip").stdout, "the same keys"


def test_python_opens_a_bundle_as_the_command_line_does(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bundle(place, "work.json")
    monkeypatch.chdir(place)
    outputs = api.run(made, cache=place / "cache")
    assert outputs["picture"].data.shape == (1, 8, 8, 3)
    assert "2 cached" in musegraph(place, "plan", "out.zip", "--cache", "cache").stdout
    made.write_bytes(made.read_bytes()[:-30])
    with pytest.raises(UnreadableWorkflow) as refused:
        api.run("out.zip")
    assert f"error: {refused.value}\n" == musegraph(place, "run", "out.zip").stderr


def test_a_bundle_runs_over_rows(place: Path) -> None:
    document = json.loads((place / "work.json").read_text())
    document["inputs"] = {"width": {"to": ["small.width"]}}
    write(place, "wide.json", document)
    bundle(place, "wide.json")
    write(place, "rows.csv", "width\n4\n6\n")
    done = musegraph(place, "run", "out.zip", "--rows", "rows.csv", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert len(list((place / "out").glob("*.png"))) == 2


def test_a_bundle_is_the_same_bytes_wherever_and_whenever_it_is_made(place: Path) -> None:
    first = bundle(place, "work.json").read_bytes()
    shutil.copytree(place / "pictures", place / "moved" / "pictures")
    shutil.copy(place / "work.json", place / "moved" / "other.json")
    assert bundle(place, "moved/other.json").read_bytes() == first
    assert bundle(place, "out.zip").read_bytes() == first, "also of a bundle itself"
    assert str(place).encode() not in first
    with zipfile.ZipFile(place / "out.zip") as archive:
        assert archive.namelist() == ["assets/in.png", "workflow.json"]
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        inside = json.loads(archive.read("workflow.json"))
        assert inside["nodes"]["load"]["values"]["image"] == {"file": "assets/in.png"}
        assert archive.read("assets/in.png") == PNG.read_bytes()


def test_the_files_of_a_picture_come_out_of_the_cache_under_their_names(place: Path) -> None:
    document = workflow(load={"type": "image.load"})
    document |= {"inputs": {"photo": {"to": ["load.image"]}}, "outputs": {"one": "load.out"}}
    write(place, "ask.json", document)
    given = ("--set", "photo=pictures/in.png")
    done = run(place, "ask.json", *given, "--out", "out")
    made = bundle(place, done.stdout.strip())
    with zipfile.ZipFile(made) as archive:
        inside = json.loads(archive.read("workflow.json"))
        assert inside["inputs"]["photo"]["default"] == {"file": "assets/in.png"}
    lost = musegraph(place, "bundle", done.stdout.strip(), "--cache", "empty")
    assert lost.returncode == 3
    assert "the file 'in.png' is not in the cache" in lost.stderr


def test_equal_files_are_packed_once_and_different_ones_of_one_name_apart(place: Path) -> None:
    for folder, data in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (place / folder).mkdir()
        (place / folder / "x.png").write_bytes(data)
    files = [{"file": f"{folder}/x.png"} for folder in "abc"]
    write(place, "list.json", workflow(load={"type": "image.load", "values": {"image": files}}))
    with zipfile.ZipFile(bundle(place, "list.json")) as archive:
        inside = json.loads(archive.read("workflow.json"))["nodes"]["load"]["values"]["image"]
        assert inside == [{"file": f"assets/{name}"} for name in ("x.png", "x.png", "x-2.png")]
        assert archive.read("assets/x-2.png") == b"two"


def test_a_file_gets_a_name_that_can_be_unpacked_on_every_system(place: Path) -> None:
    (place / "aux.png").write_bytes(b"1")
    (place / "a?b.png").write_bytes(b"2")
    files = [{"file": "aux.png"}, {"file": "a?b.png"}]
    write(place, "odd.json", workflow(load={"type": "image.load", "values": {"image": files}}))
    with zipfile.ZipFile(bundle(place, "odd.json")) as archive:
        names = archive.namelist()
    assert names == ["assets/_aux.png", "assets/a_b.png", "workflow.json"]


def test_every_file_that_is_not_there_or_leads_out_is_named(place: Path) -> None:
    write(
        place,
        "gone.json",
        workflow(
            a={"type": "image.load", "values": {"image": {"file": "gone.png"}}},
            b={"type": "image.load", "values": {"image": {"file": "../secret.png"}}},
        ),
    )
    done = musegraph(place, "bundle", "gone.json", "-o", "out.zip")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 2
    assert "a.image: there is no file" in done.stderr
    assert "b.image: the file '../secret.png' has to be a path below" in done.stderr
    assert not (place / "out.zip").exists()


def test_what_a_zip_cannot_hold_is_warned_of(place: Path) -> None:
    nodes = workflow(
        m={"type": "toy.measure", "values": {"source": "/models/mine"}},
        s={"type": "toy.shout", "values": {"text": "/models/mine"}, "pin": {"out": "json:1"}},
    )
    write(place, "own.json", nodes)
    done = musegraph(place, "bundle", "own.json", "--packs", "toy.py")
    assert done.returncode == 0
    assert (place / "own.zip").exists()
    assert "warning: the model /models/mine is not in the bundle" in done.stderr
    assert "warning: the pinned result of s is not in the bundle" in done.stderr


def test_an_object_at_a_port_for_json_stays_data_though_it_looks_like_a_file(place: Path) -> None:
    (place / "json_pack.py").write_text(
        "from musegraph import Json, node\n\n@node(version='1')\ndef keep(value: Json) -> Json:\n"
        '    """Keep."""\n    return value\n'
    )
    work = workflow(k={"type": "json_pack.keep", "values": {"value": {"file": "no.png"}}})
    write(place, "data.json", work)
    done = musegraph(place, "bundle", "data.json", "-o", "d.zip", "--packs", "json_pack.py")
    assert done.returncode == 0, done.stderr
    said = musegraph(place, "run", "d.zip", "--packs", "json_pack.py")
    assert '{"file": "no.png"}' in said.stdout


def test_a_bundle_goes_into_a_pipe_and_does_not_take_its_place(place: Path) -> None:
    os.mkfifo(place / "pipe")
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit((place / "pipe").read_bytes)
        done = musegraph(place, "bundle", "work.json", "-o", "pipe", "--packs", "toy.py")
    assert done.returncode == 0, done.stderr
    assert (place / "pipe").is_fifo()
    with zipfile.ZipFile(BytesIO(taken.result())) as archive:
        assert archive.namelist() == ["assets/in.png", "workflow.json"]


def test_a_bundle_that_cannot_be_written_is_one_sentence(place: Path) -> None:
    done = musegraph(place, "bundle", "work.json", "-o", "no/such/folder.zip")
    assert done.returncode == 5
    assert "error: no/such/folder.zip cannot be written: " in done.stderr
    assert musegraph(place, "bundle", "work.json", "-o", ".").returncode == 5
    assert not list(place.glob("*.part")), "nothing is left behind"
    assert not list(place.glob(".*.part"))


# zips that nobody should trust


def zipped(place: Path, members: dict[str, Any]) -> Path:
    document = workflow(load={"type": "image.load", "values": {"image": {"file": "assets/x"}}})
    with warnings.catch_warnings(), zipfile.ZipFile(place / "bad.zip", "w") as archive:
        warnings.simplefilter("ignore")  # that a name stands in it twice
        archive.writestr("workflow.json", json.dumps(document))
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return place / "bad.zip"


def linked(place: Path) -> None:
    link = zipfile.ZipInfo("assets/x")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(zipped(place, {}), "a") as archive:
        archive.writestr(link, "/etc/passwd")


def twice(place: Path) -> None:
    made = zipped(place, {"assets/x": b"1"})
    with warnings.catch_warnings(), zipfile.ZipFile(made, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("workflow.json", "{}")


def torn(place: Path) -> None:
    made = zipped(place, {"assets/x": b"1" * 999})
    made.write_bytes(made.read_bytes()[:-30])


def flipped(place: Path) -> None:
    made = zipped(place, {})
    made.write_bytes(made.read_bytes().replace(b"image.load", b"image.lOad"))


def huge(place: Path) -> None:
    made = zipped(place, {"assets/x": bytes(2**20)})
    size, more = ((count).to_bytes(4, "little") for count in (2**20, 2**31 - 1))
    made.write_bytes(made.read_bytes().replace(size, more))


def without(place: Path) -> None:
    with zipfile.ZipFile(place / "bad.zip", "w") as archive:
        archive.writestr("something.txt", "else")


BAD: list[tuple[Callable[[Path], Any], str]] = [
    (lambda place: zipped(place, {"../x": b"1"}), "'../x' leads out of it"),
    (lambda place: zipped(place, {"/etc/x": b"1"}), "'/etc/x' leads out of it"),
    (lambda place: zipped(place, {"C:x": b"1"}), "'C:x' leads out of it"),
    (lambda place: zipped(place, {f"m{i}": b"" for i in range(10_001)}), "holds 10,002 files"),
    (huge, "more than 1024 MB"),
    (linked, "'assets/x' is a link"),
    (twice, "'workflow.json' stands in it twice"),
    (torn, "no bundle that can be read"),
    (flipped, "Bad CRC-32"),
    (without, "there is no workflow.json in it"),
]


@pytest.mark.parametrize(("make", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_a_zip_not_to_be_trusted_is_refused_in_one_sentence(
    place: Path, make: Callable[[Path], Any], sentence: str
) -> None:
    make(place)
    done = musegraph(place, "show", "bad.zip")
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr


def test_a_file_that_a_bundle_lacks_is_named_with_its_node(place: Path) -> None:
    zipped(place, {})
    done = musegraph(place, "check", "bad.zip")
    assert done.returncode == 3
    assert "load.image: there is no file bad.zip/assets/x" in done.stdout


def test_a_damaged_file_in_a_bundle_is_named_with_its_node(place: Path) -> None:
    made = bundle(place, "work.json")
    data = made.read_bytes()
    at = data.index(PNG.read_bytes()) + 100
    made.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    done = musegraph(place, "run", "out.zip", "--cache", "other")
    assert done.returncode == 3
    assert "load.image: out.zip is no bundle that can be read: Bad CRC-32" in done.stderr


def test_a_member_that_unpacks_to_more_than_it_says_is_not_read_on(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 2**20)
    made = zipped(place, {"assets/x": bytes(2**24)})
    data = bytearray(made.read_bytes())
    size = (2**24).to_bytes(4, "little")
    made.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
    with (
        archive.Archive(made) as bundle,
        pytest.raises(UnreadableWorkflow, match="Bad CRC-32"),
    ):
        bundle.read("assets/x")
