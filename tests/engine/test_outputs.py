"""Saving named outputs: names, what is left alone, what is never written over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import toys
from toys import document, go

from musegraph import (
    Engine,
    File,
    Image,
    Latent,
    Mask,
    Pack,
    Registry,
    Seed,
    Store,
    StoreError,
    files,
    node,
)
from musegraph.locked import named
from musegraph.outputs import NotSaved, Saved, save_outputs
from musegraph.run import RunResult


@node(version="1")
def batch(count: int) -> Image:
    """A batch of pictures, each of one brightness."""
    import torch

    return Image(torch.arange(count).float().div(8)[:, None, None, None].expand(-1, 2, 3, 3))


@node(version="1")
def album(count: int) -> list[Image]:
    """A list of pictures."""
    import torch

    return [Image(torch.full((1, 2, 2, 3), index / 8)) for index in range(count)]


@node(version="1")
def file(text: str = "x", name: str = "note.txt", media: str = "text/plain") -> File:
    """A file."""
    return File(text.encode(), name, media)


@node(version="1")
def mask() -> Mask:
    """A mask."""
    import torch

    return Mask(torch.ones(1, 2, 2))


@node(version="1")
def latent() -> Latent:
    """A latent."""
    import torch

    return Latent(torch.zeros(1, 4, 2, 2), "toy")


@node(version="1")
def broken() -> Image:
    """A picture that holds no number."""
    import torch

    return Image(torch.full((1, 2, 2, 3), float("nan")))


@node(version="1")
def words(text: str, seed: Seed = 0) -> str:
    """A text."""
    return f"{text} {seed}"


@node(version="1")
def numbers(count: int) -> list[int]:
    """Count."""
    return list(range(count))


MAKERS = [batch, album, file, mask, latent, broken, words, numbers]


def engine(store: Store | None = None) -> Engine:
    registry = Registry.of(Pack("toy", [*toys.NODES, *MAKERS]))
    return Engine(registry, Store() if store is None else store)


def result_of(engine: Engine, **nodes: dict[str, object]) -> RunResult:
    """A run of these nodes, the output of each under its own name."""
    outputs = {name: f"{name}.out" for name in nodes}
    return go(document(dict(nodes), outputs=outputs, name="A test"), engine)


def use(type_: str, **values: object) -> dict[str, object]:
    return {"type": type_, "values": values}


def names(saved: list[Saved]) -> list[str]:
    return [one.path.name for one in saved]


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_picture_becomes_a_png_named_by_its_identity(tmp_path: Path) -> None:
    result = result_of(engine(), sky=use("picture"))
    (saved,) = save_outputs(result, tmp_path / "new" / "out")
    identity = result.identity(result.plan.outputs["sky"])
    assert identity is not None
    assert saved.path.name == f"sky_{identity.removeprefix('blake3:')[:8]}.png"
    assert saved.written
    assert saved.output == "sky"
    assert inside(saved.path.parent) == [saved.path.name], "nothing temporary stays"


def test_a_saved_picture_carries_the_workflow_and_the_record(tmp_path: Path) -> None:
    result = result_of(engine(), sky=use("picture", seed=7))
    (saved,) = save_outputs(result, tmp_path)
    facts = files.extract(saved.path.read_bytes())
    assert facts is not None
    assert result.registry is not None
    assert facts["workflow"] == named(result.plan.workflow, result.registry).json()
    assert facts["workflow"]["lock"]["packs"], "what it was made with stands in it"
    assert facts["record"] == json.loads(json.dumps(result.record))
    assert facts["musegraph"] == result.record["musegraph"]


def test_without_embedding_a_picture_carries_nothing(tmp_path: Path) -> None:
    result = result_of(engine(), sky=use("picture"))
    (saved,) = save_outputs(result, tmp_path, embed=False)
    assert files.extract(saved.path.read_bytes()) is None


def test_a_picture_saved_with_its_workflow_loses_it_when_that_is_asked_for(tmp_path: Path) -> None:
    result = result_of(engine(), sky=use("picture"))
    (first,) = save_outputs(result, tmp_path)
    (second,) = save_outputs(result, tmp_path, embed=False)
    assert second.path == first.path
    assert second.written
    assert files.extract(second.path.read_bytes()) is None
    (third,) = save_outputs(result, tmp_path)
    assert files.extract(third.path.read_bytes()) is not None
    assert len(inside(tmp_path)) == 1


def test_each_picture_of_a_batch_or_list_is_a_file(tmp_path: Path) -> None:
    saved = save_outputs(
        result_of(engine(), many=use("batch", count=3), page=use("album", count=2)), tmp_path
    )
    assert [name[:7] for name in names(saved)] == [
        "many_01",
        "many_02",
        "many_03",
        "page_01",
        "page_02",
    ]
    assert len({one.path.read_bytes() for one in saved}) == 5
    assert all(one.path.suffix == ".png" for one in saved)


def test_text_json_masks_and_other_media_have_files_of_their_kind(tmp_path: Path) -> None:
    saved = save_outputs(
        result_of(
            engine(),
            say=use("words", text="hello"),
            count=use("numbers", count=3),
            hole=use("mask"),
            raw=use("latent"),
        ),
        tmp_path,
    )
    kinds = {one.output: one.path.suffix for one in saved}
    assert kinds == {"say": ".txt", "count": ".json", "hole": ".png", "raw": ".safetensors"}
    by_name = {one.output: one.path for one in saved}
    assert by_name["say"].read_text() == "hello 0"
    assert json.loads(by_name["count"].read_text()) == [0, 1, 2]
    raw = by_name["raw"].read_bytes()
    assert isinstance(files.read("Latent", raw, "", "raw.safetensors"), Latent)


def test_a_file_keeps_its_own_name_and_bytes(tmp_path: Path) -> None:
    (saved,) = save_outputs(result_of(engine(), a=use("file", text="one")), tmp_path)
    assert saved.path == tmp_path / "note.txt"
    assert saved.path.read_bytes() == b"one"


def test_two_files_of_one_name_are_both_saved(tmp_path: Path) -> None:
    run = result_of(engine(), a=use("file", text="one"), b=use("file", text="two"))
    first, second = save_outputs(run, tmp_path)
    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"one", b"two")
    assert second.path.name.startswith("note_")


@pytest.mark.parametrize("name", ["../../evil.txt", "/tmp/evil.txt", "a/b.txt", "..", ".hidden"])
def test_the_name_of_a_file_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "out"
    (saved,) = save_outputs(result_of(engine(), a=use("file", name=name)), folder)
    assert saved.path.parent == folder
    assert inside(folder) == [saved.path.name]
    assert not saved.path.name.startswith(".")


def test_the_name_of_an_output_cannot_leave_the_folder(tmp_path: Path) -> None:
    work = document({"a": use("words", text="x")}, outputs={"../../up": "a.out"})
    (saved,) = save_outputs(go(work, engine()), tmp_path / "in" / "out")
    assert saved.path.parent == tmp_path / "in" / "out"


def test_a_very_long_name_still_fits_into_a_folder(tmp_path: Path) -> None:
    (saved,) = save_outputs(result_of(engine(), a=use("file", name="晚" * 300 + ".txt")), tmp_path)
    assert saved.path.suffix == ".txt"


def test_saving_again_leaves_the_files_alone(tmp_path: Path) -> None:
    result = result_of(
        engine(), sky=use("picture"), a=use("file"), say=use("words", text="x"), m=use("mask")
    )
    first = save_outputs(result, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = save_outputs(result, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    assert [one.path for one in second] == [one.path for one in first]
    assert not any(one.written for one in second)


def test_a_missing_file_is_written_again(tmp_path: Path) -> None:
    result = result_of(engine(), many=use("batch", count=3))
    first = save_outputs(result, tmp_path)
    first[1].path.unlink()
    second = save_outputs(result, tmp_path)
    assert [one.written for one in second] == [False, True, False]
    assert names(second) == names(first)


def test_a_file_that_somebody_changed_is_not_written_over(tmp_path: Path) -> None:
    result = result_of(engine(), sky=use("picture"), say=use("words", text="x"))
    for one in save_outputs(result, tmp_path):
        one.path.write_bytes(b"my own work")
    changed = set(tmp_path.iterdir())
    again = save_outputs(result, tmp_path)
    assert all(path.read_bytes() == b"my own work" for path in changed)
    assert not changed & {one.path for one in again}
    assert save_outputs(result, tmp_path) == [
        Saved(one.output, one.path, False) for one in again
    ], "the longer names are stable too"


def test_what_another_cache_has_written_is_recognised_by_its_content(tmp_path: Path) -> None:
    nodes = {"sky": use("picture"), "many": use("batch", count=2), "say": use("words", text="x")}
    first = save_outputs(result_of(engine(), **nodes), tmp_path)
    second = save_outputs(result_of(engine(), **nodes), tmp_path)
    assert [one.path for one in second] == [one.path for one in first]
    assert not any(one.written for one in second)


def test_a_folder_in_the_place_of_a_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note.txt").mkdir()
    (saved,) = save_outputs(result_of(engine(), a=use("file")), tmp_path)
    assert saved.path.name.startswith("note_")


def test_files_are_saved_where_hard_links_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    (saved,) = save_outputs(result_of(engine(), a=use("file", text="one")), tmp_path)
    assert saved.path.read_bytes() == b"one"
    assert len(inside(tmp_path)) == 1


def test_saved_files_are_readable_by_those_whom_the_user_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        (saved,) = save_outputs(result_of(engine(), a=use("file")), tmp_path)
    finally:
        os.umask(before)
    assert saved.path.stat().st_mode & 0o777 == 0o644


def test_outputs_that_failed_or_were_skipped_are_left_out(tmp_path: Path) -> None:
    work = document(
        {
            "bad": use("fail", a=2),
            "below": {"type": "add", "links": {"a": "bad.out"}},
            "fine": use("words", text="x"),
            "sorted": use("sort", a=1),
        },
        outputs={"bad": "bad.out", "below": "below.out", "say": "fine.out", "big": "sorted.large"},
    )
    saved = save_outputs(go(work, engine()), tmp_path)
    assert [one.output for one in saved] == ["say"]


def test_a_picture_of_no_numbers_is_told_of_and_the_rest_is_saved(tmp_path: Path) -> None:
    result = result_of(engine(), black=use("broken"), say=use("words", text="x"))
    with pytest.raises(NotSaved, match=r"black.*NaN") as caught:
        save_outputs(result, tmp_path)
    assert [one.output for one in caught.value.saved] == ["say"]


def test_a_folder_that_cannot_be_written_to_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = result_of(engine(), say=use("words", text="x"))
    with pytest.raises(StoreError, match=r"file.*no folder.*cache has kept"):
        save_outputs(result, tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be saved in"):
        save_outputs(result, tmp_path / "file" / "below")


def test_without_named_outputs_the_last_nodes_are_saved(tmp_path: Path) -> None:
    result = go(document({"a": use("words", text="x")}), engine())
    (saved,) = save_outputs(result, tmp_path)
    assert saved.output == "a.out"
    assert saved.path.name.startswith("a.out_")


def test_what_was_damaged_since_it_was_kept_is_computed_again_and_saved(tmp_path: Path) -> None:
    def saved(folder: str) -> dict[str, bytes]:
        with engine(Store(tmp_path / "cache")) as one:
            result = result_of(one, album=use("album", count=3), note=use("file"))
            found = save_outputs(result, tmp_path / folder, embed=False)
            assert len({each.path for each in found}) == len(found) == 4
            return {each.path.name: each.path.read_bytes() for each in found}

    first = saved("one")
    damaged = list((tmp_path / "cache" / "objects").glob("*/*"))
    assert len(damaged) == 4
    for place in damaged:
        data = bytearray(place.read_bytes())
        data[-1] ^= 1
        place.write_bytes(data)
    assert saved("two") == first
