"""Reproducing a saved picture: the same, or where it first came out differently."""

from __future__ import annotations

import json
from pathlib import Path

from shell import musegraph

from musegraph import File
from musegraph.values import files

PACK = '''
import torch
from musegraph import Image, Seed, node

@node(version="{version}")
def paint(seed: Seed = 0) -> Image:
    """Noise."""
    return Image(torch.rand(1, 4, 4, 3, generator=torch.Generator().manual_seed(seed)))

@node(version="1")
def dim(image: Image) -> Image:
    """Half as bright."""
    return Image(image.data * 0.5)
'''
WORK = {
    "musegraph": 1,
    "outputs": {"picture": "dim.out"},
    "nodes": {
        "paint": {"type": "mine.paint", "values": {"seed": 7}},
        "dim": {"type": "mine.dim", "links": {"image": "paint.out"}},
    },
}


def saved(place: Path) -> str:
    (place / "mine.py").write_text(PACK.format(version="1"))
    (place / "w.json").write_text(json.dumps(WORK))
    made = musegraph(place, "run", "w.json", "--packs", "mine.py", "--out", "out")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_picture_made_again_is_identical(tmp_path: Path) -> None:
    again = musegraph(tmp_path, "reproduce", saved(tmp_path), "--packs", "mine.py")
    assert (again.returncode, again.stdout) == (0, "identical\n"), again.stderr


def test_a_picture_that_was_moved_finds_the_files_of_its_inputs_in_the_cache(
    tmp_path: Path,
) -> None:
    first = tmp_path / saved(tmp_path)
    (tmp_path / "photo.png").write_bytes(first.read_bytes())
    document = {
        "musegraph": 1,
        "outputs": {"picture": "dim.out"},
        "nodes": {"dim": {"type": "mine.dim", "values": {"image": {"file": "photo.png"}}}},
    }
    (tmp_path / "d.json").write_text(json.dumps(document))
    made = musegraph(tmp_path, "run", "d.json", "--packs", "mine.py", "--out", "far/away")
    (tmp_path / "photo.png").unlink()
    again = musegraph(tmp_path, "reproduce", made.stdout.strip(), "--packs", "mine.py")
    assert (again.returncode, again.stdout) == (0, "identical\n"), again.stderr
    lost = musegraph(
        tmp_path, "reproduce", made.stdout.strip(), "--packs", "mine.py", "--cache", "empty"
    )
    assert lost.returncode == 3
    assert "photo.png" in lost.stderr


def test_a_file_in_a_folder_beside_the_workflow_does_not_make_the_same_look_different(
    tmp_path: Path,
) -> None:
    reads = (
        PACK.replace("import Image", "import File, Image")
        + """
@node(version="1")
def tint(file: File) -> Image:
    \"\"\"As bright as the file is long.\"\"\"
    return Image(torch.full((1, 2, 2, 3), len(file.data) / 255))
"""
    )
    (tmp_path / "mine.py").write_text(reads.format(version="1"))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("word" * 9)
    nodes = {"tint": {"type": "mine.tint", "values": {"file": {"file": "notes/a.txt"}}}}
    work = {"musegraph": 1, "outputs": {"picture": "tint.out"}, "nodes": nodes}
    (tmp_path / "w.json").write_text(json.dumps(work))
    made = musegraph(tmp_path, "run", "w.json", "--packs", "mine.py", "--out", "out")
    again = musegraph(tmp_path, "reproduce", made.stdout.strip(), "--packs", "mine.py")
    assert (again.returncode, again.stdout) == (0, "identical\n"), again.stderr


def test_a_node_that_reads_the_world_gives_what_it_gave_when_the_picture_was_made(
    tmp_path: Path,
) -> None:
    world = (
        PACK
        + """
@node(cache=False)
def clock() -> int:
    \"\"\"Another number every time.\"\"\"
    import time

    return time.time_ns() % 2**40
"""
    )
    work = json.loads(json.dumps(WORK))
    work["nodes"]["now"] = {"type": "mine.clock"}
    work["nodes"]["paint"] = {"type": "mine.paint", "links": {"seed": "now.out"}}
    (tmp_path / "mine.py").write_text(world.format(version="1"))
    (tmp_path / "w.json").write_text(json.dumps(work))
    made = musegraph(tmp_path, "run", "w.json", "--packs", "mine.py", "--out", "out")
    assert made.returncode == 0, made.stderr
    again = musegraph(tmp_path, "reproduce", made.stdout.strip(), "--packs", "mine.py")
    assert (again.returncode, again.stdout) == (0, "identical\n"), again.stderr


def test_another_seed_is_named_with_its_node_and_both_values(tmp_path: Path) -> None:
    picture = saved(tmp_path)
    again = musegraph(tmp_path, "reproduce", picture, "--packs", "mine.py", "--seed", "8")
    assert again.returncode == 1
    assert again.stdout == "diverged: first at paint: seed was 7, is 8\n"


def test_another_version_of_a_node_is_named(tmp_path: Path) -> None:
    picture = saved(tmp_path)
    (tmp_path / "mine.py").write_text(PACK.format(version="2"))
    again = musegraph(tmp_path, "reproduce", picture, "--packs", "mine.py", "--json")
    assert again.returncode == 1
    said = json.loads(again.stdout)
    assert (said["node"], said["why"]) == ("paint", "its code version was 1, is 2")


def test_a_node_that_has_grown_an_input_which_changes_nothing_gave_the_same(tmp_path: Path) -> None:
    picture = saved(tmp_path)
    grown = PACK.replace("def dim(image: Image)", "def dim(image: Image, by: float = {by})")
    grown = grown.replace("data * 0.5", "data * by").replace("{version}", "1")
    (tmp_path / "mine.py").write_text(grown.replace("{by}", "0.5"))
    again = musegraph(tmp_path, "reproduce", picture, "--packs", "mine.py")
    said = "identical, although dim now takes by, which stands at its default\n"
    assert (again.returncode, again.stdout) == (0, said), again.stderr
    (tmp_path / "mine.py").write_text(grown.replace("{by}", "0.25"))
    other = musegraph(tmp_path, "reproduce", picture, "--packs", "mine.py")
    said = "diverged: first at dim: it now takes by, which it did not then\n"
    assert (other.returncode, other.stdout) == (1, said), other.stderr


def test_a_picture_without_a_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(WORK))
    again = musegraph(tmp_path, "reproduce", "w.json")
    assert again.returncode == 4
    assert "carries no record" in again.stderr


WEIGHED = '''
import torch
from musegraph import Context, Image, ModelSource, node

@node(version="1")
def grey(source: ModelSource, ctx: Context) -> Image:
    """A grey that depends on the weights."""
    return Image(torch.full((1, 4, 4, 3), int(ctx.weights(source).digest[-2:], 16) / 255))
'''


def test_a_changed_weight_is_named_at_the_node_that_reads_it(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    model = tmp_path / "m" / "tiny" / "model.safetensors"
    model.parent.mkdir(parents=True)
    save_file({"w": np.zeros(4, np.float32)}, model)
    (tmp_path / "mine.py").write_text(WEIGHED)
    nodes = {"grey": {"type": "mine.grey", "values": {"source": "tiny"}}}
    work = {"musegraph": 1, "outputs": {"picture": "grey.out"}, "nodes": nodes}
    (tmp_path / "w.json").write_text(json.dumps(work))
    more = ("--packs", "mine.py", "--models", "m")
    made = musegraph(tmp_path, "run", "w.json", *more, "--out", "out")
    assert made.returncode == 0, made.stderr
    save_file({"w": np.ones(4, np.float32)}, model)
    again = musegraph(tmp_path, "reproduce", made.stdout.strip(), *more)
    assert again.returncode == 1, again.stderr
    assert again.stdout.startswith("diverged: first at grey: the files of its model 'tiny' have")


SONG = '''
import os
from musegraph import Note, Score, Track, node

@node(version="1")
def sing() -> Score:
    """A note; on some machines another."""
    return Score(96, (Track.of([Note(0, 96, int(os.environ.get("PITCH", "60")))]),))
'''


def test_a_score_made_on_another_machine_is_the_same_or_another_and_never_a_defect(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(SONG)
    work = {
        "musegraph": 1,
        "outputs": {"song": "sing.out"},
        "nodes": {"sing": {"type": "mine.sing"}},
    }
    (tmp_path / "w.json").write_text(json.dumps(work))
    made = musegraph(tmp_path, "run", "w.json", "--packs", "mine.py", "--out", "out").stdout.strip()
    assert made.endswith(".mid")
    again = musegraph(tmp_path, "reproduce", made, "--packs", "mine.py")
    assert (again.returncode, again.stdout) == (0, "identical\n")
    file = tmp_path / made
    facts = files.extract(file.read_bytes())
    assert facts is not None
    facts["record"]["profile"] = "another machine"
    file.write_bytes(files.embed(File(file.read_bytes(), made), facts).data)
    other = musegraph(
        tmp_path, "reproduce", made, "--packs", "mine.py", "--cache", "new", PITCH="61"
    )
    assert (other.returncode, other.stdout.split(":")[0]) == (1, "diverged"), other.stderr
