"""The disk tier when things go wrong around it."""

import fcntl
import os
import resource
import runpy
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from musegraph.errors import StoreError
from musegraph.store.disk import Disk
from musegraph.store.records import Entry, Record
from musegraph.values.canonical import digest_of_buffers


def put(disk: Disk, data: bytes, seconds: float) -> str:
    name = digest_of_buffers([data])
    disk.put([data], name, seconds, int(time.time()))
    return name


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    Disk(tmp_path).close()
    left = tmp_path / "new" / "half"
    left.write_bytes(b"half")
    Disk(tmp_path).close()
    assert left.exists(), "just made: its writer may not have locked it yet"
    os.utime(left, (1, 1))
    Disk(tmp_path).close()
    assert not left.exists()


def test_the_file_of_a_living_writer_is_not_swept(tmp_path: Path) -> None:
    Disk(tmp_path).close()
    left = tmp_path / "new" / "busy"
    with left.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(left, (1, 1))
        Disk(tmp_path).close()
        assert left.exists()


def test_a_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    name = put(disk, b"x" * 1000, 1.0)
    assert disk.get(name) == b"x" * 1000
    assert not list((tmp_path / "new").iterdir())
    disk.close()


def test_what_is_used_outlives_what_is_not_even_after_a_restart(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    used, unused = put(disk, b"a" * 1000, 1.0), put(disk, b"b" * 1000, 1.1)
    put(disk, b"c" * 1000, 0.5)
    disk.shrink(2000)  # the cheapest goes, and the cache ages
    disk.close()
    disk = Disk(tmp_path)
    disk.get(used)
    assert disk.shrink(1000) == 1000
    assert disk.has(used)
    assert not disk.has(unused)
    disk.close()


def test_a_damaged_index_gives_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"no database at all, " * 500)
    with pytest.raises(StoreError, match=r"is damaged .* move .*index\.sqlite away"):
        Disk(tmp_path)


def test_an_index_damaged_while_open_gives_the_same_sentence(tmp_path: Path) -> None:
    Disk(tmp_path).close()
    index = tmp_path / "index.sqlite"
    data = bytearray(index.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)  # page 1 holds the header and the schema
    index.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        Disk(tmp_path).record("key")


def test_a_cache_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    index = tmp_path / "index.sqlite"
    with sqlite3.connect(index) as db:
        db.execute("pragma user_version=99")
    before = index.read_bytes()
    with pytest.raises(StoreError, match="newer Musegraph"):
        Disk(tmp_path)
    assert index.read_bytes() == before


def test_a_disk_that_fills_up_leaves_no_half_object_and_no_temporary_file(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    data = b"x" * 4_000_000
    name = digest_of_buffers([data])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))  # short writes, then EFBIG
    try:
        with pytest.raises(StoreError, match="takes no file that large"):
            disk.put([data], name, 1.0, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not disk.has(name)
    assert not list((tmp_path / "new").iterdir())
    assert put(disk, data, 1.0) == name
    assert disk.get(name) == data
    disk.close()


def record(json: Any) -> Record:
    return Record({"out": Entry(f"json:{json}", json=json)}, 1.0, "toy.add", "a=json:1\nprefix")


def test_a_byte_changed_in_the_index_is_no_result(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put_records([("key", record(12345))], 0)
    disk.close()
    index = tmp_path / "index.sqlite"
    data = index.read_bytes()
    assert b"12345" in data
    index.write_bytes(data.replace(b"12345", b"12945"))
    disk = Disk(tmp_path)
    assert disk.record("key") is None
    assert disk.entry("json:12945") is None
    disk.close()
    index.write_bytes(data.replace(b"12345", b"12\xff45"))  # no UTF-8 any more
    disk = Disk(tmp_path)
    assert disk.record("key") is None
    disk.close()


def test_a_record_written_again_as_it_was_read_keeps_its_recipe(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put_records([("key", record(1))], 0)
    found = disk.record("key")
    assert found is not None
    disk.put_records([("key", found)], 0)
    assert disk.recipe("key") == "a=json:1\nprefix"
    assert disk.recipe("another") == ""
    disk.close()


def test_the_index_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put_records([("key", record(1))], 0)
    disk.close()
    with sqlite3.connect(tmp_path / "index.sqlite") as db:
        db.execute("alter table records drop column sum")
        db.execute("pragma user_version=1")
    disk = Disk(tmp_path)
    found = disk.record("key")
    assert found is not None
    assert found.outputs == record(1).outputs
    disk.close()


def test_what_a_full_or_read_only_index_refuses_is_a_sentence(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    name = put(disk, b"x" * 1000, 1.0)
    disk._db.execute("pragma query_only=1")
    with pytest.raises(StoreError, match="cannot be written: it is read-only"):
        put(disk, b"y", 1.0)
    with pytest.raises(StoreError, match="it is read-only; use another folder"):
        disk.pin(name)
    disk.remember_file(tmp_path, tmp_path.stat(), name)  # only costs reading it again
    assert disk.get(name) == b"x" * 1000
    disk._db.execute("pragma query_only=0")
    pages = disk._db.execute("pragma page_count").fetchone()[0]
    disk._db.execute(f"pragma max_page_count={pages}")
    large = [(f"key{index}", record("x" * 4000)) for index in range(100)]
    with pytest.raises(StoreError, match="the disk is full; make room"):
        disk.put_records(large, 0)
    assert disk.record("key0") is None, "all of them or none"
    disk.close()


def soak(part: str, count: int) -> int:
    path = Path(__file__).parents[1] / "soak" / f"{part}.py"
    return int(runpy.run_path(str(path))["main"](count))


def test_a_flipped_byte_is_noticed_in_every_stored_result() -> None:
    assert soak("flips", 20) == 0


def test_after_a_kill_nothing_that_was_stored_is_computed_again() -> None:
    assert soak("kills", 2) == 0


def test_after_a_signal_nothing_that_was_finished_is_computed_again() -> None:
    assert soak("signals", 2) == 0


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_run_outlives_a_disk_that_fails() -> None:
    assert soak("faults", 3) == 0
