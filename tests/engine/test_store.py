"""The store: tiers, budgets, damage, two processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from musegraph import (
    Conditioning,
    ConditioningPart,
    File,
    Image,
    Latent,
    NodeError,
    Store,
    StoreError,
)
from musegraph.store.live import Live
from musegraph.values import decode, encode, identity


def image(value: float, side: int = 8) -> Image:
    return Image(torch.full((1, side, side, 3), value))


def test_equal_values_have_equal_identities_and_bytes() -> None:
    assert identity(image(0.5)) == identity(image(0.5))
    assert identity(image(0.5)) != identity(image(0.25))
    assert b"".join(encode(image(0.5))) == b"".join(encode(image(0.5)))


def test_a_latent_and_an_image_of_the_same_numbers_differ() -> None:
    data = torch.zeros(1, 4, 4, 3)
    assert identity(Image(data)) != identity(Latent(data, "sd15"))
    assert identity(Latent(data, "sd15")) != identity(Latent(data, "sdxl"))


def test_every_kind_of_field_comes_back_as_it_was() -> None:
    parts = (
        ConditioningPart(
            {"embeds": torch.rand(1, 3, 4), "half": torch.rand(2).half()},
            {"layers": [0, 1]},
            area=torch.rand(1, 4, 6),
            strength=0.5,
            ranges=((0.0, 0.25), (0.5, 1.0)),
        ),
    )
    back = decode(bytearray(b"".join(bytes(b) for b in encode(Conditioning(parts, "sd15")))))
    assert isinstance(back, Conditioning)
    assert back.family == "sd15"
    part = back.parts[0]
    assert part.options == {"layers": [0, 1]}
    assert (part.strength, part.ranges) == (0.5, ((0.0, 0.25), (0.5, 1.0)))
    assert part.area is not None
    assert torch.equal(part.area, parts[0].area)
    for name, tensor in parts[0].embeds.items():
        assert torch.equal(back.parts[0].embeds[name], tensor)
        assert back.parts[0].embeds[name].dtype == tensor.dtype


def test_a_part_counts_in_its_ranges_from_their_start_until_their_end() -> None:
    part = ConditioningPart({}, ranges=((0.0, 0.25), (0.5, 1.0)))
    counted = [step / 8 for step in range(8) if part.at(step / 8)]
    assert counted == [0.0, 0.125, 0.5, 0.625, 0.75, 0.875]
    assert all(ConditioningPart({}).at(step / 8) for step in range(8))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ranges": ((0.5, 0.25),)}, "its start first, and got 0.5 to 0.25"),
        ({"ranges": ((0.0, 1.5),)}, "lies between 0 and 1"),
        ({"strength": float("nan")}, "is 0 or more, and got nan"),
        ({"area": torch.zeros(2, 2)}, "needs a tensor"),
    ],
)
def test_a_part_that_cannot_be_is_refused_in_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(NodeError, match=words):
        ConditioningPart({}, **wrong)


def test_stored_values_are_plain_safetensors_files(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    file = tmp_path / "x.safetensors"
    file.write_bytes(b"".join(bytes(b) for b in encode(image(0.5))))
    (tensor,) = load_file(file).values()
    assert torch.equal(tensor, image(0.5).data)


def test_the_live_tier_keeps_to_its_budget_and_keeps_what_is_dear() -> None:
    size = 8 * 8 * 3 * 4 + 64
    live = Live(host_budget=3 * size, device_budget=0)
    live.put("dear", image(0.0), 10.0)
    for index in range(10):
        live.put(f"cheap{index}", image(0.0), 0.001)
        assert live.used() <= 3 * size
    assert "dear" in live
    assert "cheap9" in live
    assert "cheap0" not in live


def test_the_live_tier_ages_what_is_not_used() -> None:
    size = 8 * 8 * 3 * 4 + 64
    live = Live(host_budget=2 * size, device_budget=0)
    live.put("once dear", image(0.0), 1.0)
    for index in range(200):
        live.put(f"{index}", image(0.0), 0.1)
    assert "once dear" not in live


def test_a_value_on_a_device_moves_to_host_memory_before_it_is_dropped() -> None:
    live = Live(host_budget=10_000, device_budget=0)
    first, second = (Image(torch.zeros(1, 2, 2, 3, device="meta")) for _ in range(2))
    moved: list[str] = []
    live.put("a", first, 1.0)
    import musegraph.store.live as module

    original = module.to_host
    module.to_host = lambda value: moved.append("a") or image(0.0)  # type: ignore[func-returns-value]
    try:
        live.put("b", second, 1.0)
    finally:
        module.to_host = original
    assert moved == ["a"]
    assert "a" in live
    assert live.used("meta") <= 2 * 2 * 3 * 4 + 64


def test_a_flipped_byte_is_noticed_and_the_entry_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put_bytes(b"a picture")
    assert store.disk is not None
    file = store.disk.path(digest)
    file.write_bytes(b"a pictura")
    assert store.get_bytes(digest) is None
    assert not file.exists()
    store.close()


def test_only_a_digest_leads_to_a_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    assert store.disk is not None
    for text in ("blake3:..../victim.txt", "blake3:xx/etc/hosts", "blake3:" + "a" * 63, "x"):
        with pytest.raises(StoreError, match="is no digest"):
            store.disk.path(text)
        with pytest.raises(StoreError, match="is no digest"):
            store.get_bytes(text)
    assert victim.read_text() == "keep me"
    store.close()


def test_a_cache_written_by_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "index.sqlite") as db:
        db.execute("pragma user_version=99")
    with pytest.raises(StoreError, match="written by a newer Musegraph"):
        Store(tmp_path)


def test_a_cache_in_a_place_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "file")


def test_a_damaged_index_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path)


def test_the_disk_keeps_to_its_budget_and_never_drops_what_is_pinned(tmp_path: Path) -> None:
    store = Store(tmp_path, disk_budget=4000)
    assert store.disk is not None
    kept: list[str] = []
    for index in range(10):
        record = store.put(f"k{index}", "t", {"out": image(index / 10)}, float(index), durable=True)
        kept.append(record.outputs["out"].identity)
        store.flush()
        store.disk.pin(kept[0])
    assert store.disk.size() <= 4000 + 1200
    assert store.disk.has(kept[0])
    assert store.disk.has(kept[9])
    assert not store.disk.has(kept[1])
    store.close()


def test_a_full_disk_is_told_of_and_loses_only_the_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    assert store.disk is not None

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.disk, "put", full)
    record = store.put("k", "t", {"out": image(0.5)}, 1.0)
    store.flush()
    (problem,) = store.problems()
    assert "No space left on device" in problem
    assert torch.equal(store.value(record.outputs["out"]).data, image(0.5).data)
    store.close()


WRITE = """
import sys, torch
from pathlib import Path
from typing import Any
from musegraph import Image, Store
store = Store(Path(sys.argv[1]))
for index in range(200):
    store.put(f"k{index}", "t", {"out": Image(torch.full((1, 2, 2, 3), index / 200))}, 1.0)
store.close()
"""


def test_two_processes_write_one_cache_at_once(tmp_path: Path) -> None:
    commands = [sys.executable, "-c", WRITE, str(tmp_path)]
    both = [subprocess.Popen(commands, env=os.environ.copy()) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    store = Store(tmp_path)
    for index in range(200):
        record = store.record(f"k{index}")
        assert record is not None
        value = store.value(record.outputs["out"])
        assert float(value.data[0, 0, 0, 0]) == pytest.approx(index / 200)
    store.close()


def test_files_carry_bytes_name_and_media_type(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = File(b"abc", "x.txt", "text/plain")
    store.put("k", "t", {"out": file}, 1.0)
    store.close()
    again = Store(tmp_path)
    record = again.record("k")
    assert record is not None
    found = again.value(record.outputs["out"])
    assert (found.data, found.name, found.media) == (b"abc", "x.txt", "text/plain")
    again.close()
