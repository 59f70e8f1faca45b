"""The library of models: found by a glance, remembered, and found again under another name."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from test_headers import HOSTILE
from weights import LORA, SD1, settings, weights

from musegraph import Context, Engine, ModelSource, Pack, Reference, Registry, Store, node
from musegraph.errors import ModelMissing
from musegraph.events import Event, Warned
from musegraph.library.index import FILE
from musegraph.library.scan import Entry, Library
from musegraph.library.walk import Root
from musegraph.models import Models
from musegraph.workflow import Workflow

_log: list[str] | None = None


def _note(event: str, given: tuple[Any, ...]) -> None:
    if event == "open" and _log is not None and isinstance(given[0], str):
        _log.append(given[0])


sys.addaudithook(_note)  # one for all: none can be taken back


@contextmanager
def opened() -> Iterator[list[str]]:
    """The paths of the files that are opened meanwhile."""
    global _log
    _log = []
    try:
        yield _log
    finally:
        _log = None


def bytes_read() -> int:
    """What this process has had the system read so far."""
    said = Path("/proc/self/io").read_text()
    return int(said.split("rchar:")[1].split()[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def scanned(folder: Path, data: Path | None = None) -> dict[str, Entry]:
    library = Library(data)
    found = {entry.source: entry for entry in library.scan([Root(folder)]).entries}
    library.close()
    return found


def models(folder: Path, data: Path) -> Models:
    return Models(Registry(), Store(), (folder,), data=data)


# -- what is read -----------------------------------------------------------------------------


def test_the_first_scan_of_2000_models_opens_each_twice_and_reads_headers_and_samples_alone(
    folder: Path, tmp_path: Path
) -> None:
    size = 0
    for number in range(2000):
        file = weights(
            folder / f"{number % 7}" / f"{number}.safetensors", {**SD1, f"x{number}": (4, 9)}
        )
        size = file.stat().st_size
    assert size > 600_000, "reading them whole would be 1.2 GB"
    with opened() as paths:
        before = bytes_read()
        first = scanned(folder, tmp_path / "data")
        read = bytes_read() - before
    ours = [path for path in paths if path.startswith(str(folder))]
    files = [path for path in ours if path.endswith(".safetensors")]
    assert len(first) == len({*files}) == 2000
    assert len(files) == 4000, "once for the header, once for the samples"
    assert read < 2000 * (16 * 4096 + 3 * 8192), f"{read:,} bytes"
    with opened() as paths:
        before = bytes_read()
        second = scanned(folder, tmp_path / "data")
        read = bytes_read() - before
    assert [path for path in paths if path.endswith(".safetensors")] == []
    assert read < 4_000_000, f"the index alone: {read:,} bytes"
    assert second == first


def test_only_what_has_changed_is_read_again(folder: Path, tmp_path: Path) -> None:
    for number in range(20):
        weights(folder / f"{number}.safetensors", SD1, seed=number + 1)
    before = scanned(folder, tmp_path / "data")
    weights(folder / "7.safetensors", LORA)
    (folder / "8.safetensors").unlink()
    weights(folder / "new.safetensors", LORA)
    with opened() as paths:
        after = scanned(folder, tmp_path / "data")
    assert {Path(p).name for p in paths if p.endswith("rs")} == {"7.safetensors", "new.safetensors"}
    assert after.keys() == before.keys() - {"8.safetensors"} | {"new.safetensors"}
    assert (before["7.safetensors"].facts.kind, after["7.safetensors"].facts.kind) == (
        "checkpoint",
        "lora",
    )


def test_a_scan_with_little_time_says_how_much_is_left_and_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    for number in range(9):
        weights(folder / f"{number}.safetensors", SD1, seed=number)
    library = Library(tmp_path)
    left = [library.scan([Root(folder)], seconds=0) for _ in range(9)]
    assert [one.unread for one in left] == [*range(8, -1, -1)]
    assert [len(one.entries) for one in left] == [*range(1, 10)]


def test_a_library_that_cannot_be_written_serves_from_memory(folder: Path, tmp_path: Path) -> None:
    weights(folder / "a.safetensors", SD1)
    (tmp_path / "data").write_text("a file where the folder should be")
    assert scanned(folder, tmp_path / "data").keys() == {"a.safetensors"}


@pytest.mark.parametrize("damage", [b"no database" * 400, b"", None])
def test_a_damaged_index_is_made_anew(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    weights(folder / "a.safetensors", SD1)
    before = scanned(folder, tmp_path)
    if damage is None:  # the first page is sound
        data = (tmp_path / FILE).read_bytes()
        (tmp_path / FILE).write_bytes(data[:4096] + bytes(len(data) - 4096))
    else:
        (tmp_path / FILE).write_bytes(damage)
    assert scanned(folder, tmp_path) == before
    assert scanned(folder, tmp_path) == before


def test_an_index_of_a_newer_version_is_left_alone(folder: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("pragma user_version=99")
    before = (tmp_path / FILE).read_bytes()
    weights(folder / "a.safetensors", SD1)
    assert scanned(folder, tmp_path).keys() == {"a.safetensors"}
    assert (tmp_path / FILE).read_bytes() == before


# -- names ------------------------------------------------------------------------------------


def test_a_renamed_model_is_known_by_its_quick_id(folder: Path, tmp_path: Path) -> None:
    weights(folder / "old.safetensors", SD1, seed=1)
    weights(folder / "other.safetensors", SD1, seed=2)
    before = scanned(folder, tmp_path)
    (folder / "sub").mkdir()
    (folder / "old.safetensors").rename(folder / "sub" / "new.safetensors")
    after = scanned(folder, tmp_path)
    assert after["sub/new.safetensors"].facts.quick == before["old.safetensors"].facts.quick
    assert after["sub/new.safetensors"].formerly == ("old.safetensors",)
    assert after["other.safetensors"].formerly == ()
    assert before["old.safetensors"].facts.quick != before["other.safetensors"].facts.quick


def test_an_old_name_leads_to_the_model_under_its_new_one(folder: Path, tmp_path: Path) -> None:
    weights(folder / "old.safetensors", SD1, seed=1)
    scanned(folder, tmp_path)
    (folder / "old.safetensors").rename(folder / "new.safetensors")
    there = models(folder, tmp_path)
    assert there.path("old.safetensors") == folder / "new.safetensors"
    assert there.renamed == {"old.safetensors": "new.safetensors"}
    weights(folder / "old.safetensors", LORA)
    assert there.path("old.safetensors") == folder / "old.safetensors", "what is there counts"
    assert there.renamed == {}


def test_a_folder_that_was_renamed_is_found_as_well(folder: Path, tmp_path: Path) -> None:
    settings(folder / "pipe" / "model_index.json", _class_name="StableDiffusionXLPipeline")
    weights(folder / "pipe" / "unet" / "diffusion_pytorch_model.safetensors", SD1)
    scanned(folder, tmp_path)
    (folder / "pipe").rename(folder / "pipe two")
    assert models(folder, tmp_path).path("pipe") == folder / "pipe two"


def test_a_model_changed_after_its_renaming_is_not_taken_for_the_old_one(
    folder: Path, tmp_path: Path
) -> None:
    weights(folder / "old.safetensors", SD1, seed=1)
    scanned(folder, tmp_path)
    (folder / "old.safetensors").unlink()
    weights(folder / "new.safetensors", SD1, seed=2)
    with pytest.raises(ModelMissing):
        models(folder, tmp_path).path("old.safetensors")


def test_a_model_once_loaded_is_found_by_the_digest_of_a_reference(
    folder: Path, tmp_path: Path
) -> None:
    weights(folder / "old.safetensors", SD1, seed=1)
    scanned(folder, tmp_path)
    there = models(folder, tmp_path)
    digest = there.weights("old.safetensors").digest
    assert scanned(folder, tmp_path)["old.safetensors"].digest == digest
    (folder / "old.safetensors").rename(folder / "new.safetensors")
    scanned(folder, tmp_path)
    again = models(folder, tmp_path)
    with pytest.raises(ModelMissing):
        again.place_of(Reference(loader="p.l", source="nobody.knows", digest=digest))
    again.weights("new.safetensors")
    lent = Reference(loader="p.l", source="nobody.knows", digest=digest)
    assert again.place_of(lent) == folder / "new.safetensors"
    again.expected = {"nobody.knows": digest}
    assert again.path("nobody.knows") == folder / "new.safetensors"


def test_a_name_that_is_missing_is_answered_with_those_that_may_be_meant(
    folder: Path, tmp_path: Path
) -> None:
    weights(folder / "loras" / "ink.safetensors", LORA)
    scanned(folder, tmp_path)
    with pytest.raises(ModelMissing, match=r"did you mean loras/ink\.safetensors\?"):
        models(folder, tmp_path).path("ink.safetensors")


@node(cache=False)
def place(source: Annotated[ModelSource, "which"], ctx: Context) -> str:
    """Where a model is."""
    return ctx.weights(source).path.name


def test_a_run_and_a_plan_say_that_a_model_has_another_name_now(
    folder: Path, tmp_path: Path
) -> None:
    weights(folder / "old.safetensors", SD1)
    scanned(folder, tmp_path)
    (folder / "old.safetensors").rename(folder / "new.safetensors")
    registry = Registry([Pack("p", nodes=[place])])
    document = {
        "musegraph": 1,
        "nodes": {"a": {"type": "p.place", "values": {"source": "old.safetensors"}}},
        "outputs": {"name": "a.out"},
    }
    with Engine(registry, Store(), models=[folder], data=tmp_path) as engine:
        plan = engine.plan(Workflow.parse(document))
        assert plan.steps["a"].note == "old.safetensors is called new.safetensors now"
        events: list[Event] = []
        result = engine.run(plan, events.append)
        said = [event.message for event in events if isinstance(event, Warned)]
        assert said == ["the model old.safetensors is called new.safetensors now; it is used"]
        assert result.outputs() == {"name": "new.safetensors"}


def test_the_same_model_under_two_names_is_shown_at_both(folder: Path, tmp_path: Path) -> None:
    weights(folder / "a.safetensors", SD1, seed=1)
    weights(folder / "copies" / "b.safetensors", SD1, seed=1)
    weights(folder / "c.safetensors", SD1, seed=2)
    os.link(folder / "c.safetensors", folder / "link.safetensors")
    found = scanned(folder)
    assert found["a.safetensors"].same == ("copies/b.safetensors",)
    assert found["copies/b.safetensors"].same == ("a.safetensors",)
    assert found["c.safetensors"].same == (), "a second name of one file takes no room"


# -- what is wrong ----------------------------------------------------------------------------


def test_a_truncated_model_is_named_as_such(folder: Path) -> None:
    file = weights(folder / "half.safetensors", SD1)
    whole = file.stat().st_size
    os.truncate(file, whole - 1)
    settings(folder / "pipe" / "model_index.json", _class_name="FluxPipeline")
    part = weights(folder / "pipe" / "vae" / "model.safetensors", SD1)
    os.truncate(part, part.stat().st_size - 7)
    lost = settings(folder / "lost" / "config.json", _class_name="FluxTransformer2DModel")
    weights(lost.with_name("model-00001-of-00002.safetensors"), SD1)
    listed = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    settings(lost.with_name("model.safetensors.index.json"), weight_map=listed)
    wrong = {name: entry.facts.wrong for name, entry in scanned(folder).items()}
    assert wrong["half.safetensors"] == (
        f"is cut off: it holds {whole - 1} of {whole} bytes; get it again"
    )
    faults = {name: entry.facts.fault for name, entry in scanned(folder).items()}
    assert faults == {"half.safetensors": "truncated", "pipe": "incomplete", "lost": "incomplete"}
    assert wrong["pipe"].startswith("is not whole: vae/model.safetensors is cut off: it holds")
    assert wrong["lost"] == (
        "is not whole: model-00002-of-00002.safetensors is missing; get it again"
    )


def test_hostile_headers_are_named_and_hide_no_other_model(folder: Path) -> None:
    for number, (data, _) in enumerate(HOSTILE.values()):
        (folder / f"{number}.safetensors").write_bytes(data)
        (folder / f"{number}.gguf").write_bytes(data)
    weights(folder / "good.safetensors", SD1)
    found = scanned(folder)
    assert len(found) == 2 * len(HOSTILE) + 1
    assert {name for name, one in found.items() if not one.facts.wrong} == {"good.safetensors"}


def test_no_change_of_a_file_stops_a_scan(folder: Path) -> None:
    made = weights(folder / "a.safetensors", LORA, ss_tag_frequency='{"3_word": {"a": 1}}')
    data, chance = made.read_bytes(), random.Random(3)
    for number in range(400):
        changed = bytearray(data[:2000])
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        (folder / f"{number}.safetensors").write_bytes(changed + data[2000:])
    assert len(scanned(folder)) == 401


def test_links_in_circles_hidden_and_unreadable_folders_end_no_scan(folder: Path) -> None:
    weights(folder / "a" / "one.safetensors", SD1)
    (folder / "a" / "round").symlink_to(folder)
    (folder / "gone.safetensors").symlink_to(folder / "nowhere")
    weights(folder / ".hidden" / "two.safetensors", SD1)
    assert scanned(folder).keys() == {"a/one.safetensors"}


def test_what_is_on_a_disk_that_is_not_there_is_not_forgotten(folder: Path, tmp_path: Path) -> None:
    weights(folder / "a.safetensors", SD1)
    scanned(folder, tmp_path)
    folder.rename(tmp_path / "away")
    assert scanned(folder, tmp_path) == {}
    (tmp_path / "away").rename(folder)
    with opened() as paths:
        assert scanned(folder, tmp_path).keys() == {"a.safetensors"}
    assert [path for path in paths if path.endswith(".safetensors")] == []
