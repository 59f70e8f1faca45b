"""Pictures, models and paths that mean no good, through the command line."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hostile import (
    bound_by_permissions,
    chunk,
    little_memory,
    needs_permissions,
    png,
    unpacking,
)
from shell import calls, each, furnish, musegraph, run, safetensors, workflow, write
from test_headers import HOSTILE


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


KINDS = "PNG, JPEG, WEBP, GIF, BMP, TIFF"
NONE = f"is no picture that can be read ({KINDS})"
MANY = "has more than 178,956,970 pixels; make it smaller"
UNPACKS = (
    "holds a text or colour profile that unpacks to far more than such things have; save the"
    " picture again without it"
)


@cache
def pictures() -> dict[str, tuple[bytes, str]]:
    """Made when they are needed: every process that runs tests reads this file."""
    bomb = unpacking(200 << 20)
    return {
        "empty": (b"", NONE),
        "text": (b"just text", NONE),
        "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NONE),
        "script": (b"%!PS-Adobe-3.0 EPSF-3.0\n", NONE),
        "beginning": (png()[:40], NONE),
        "nothing": (png(width=0, height=0), NONE),
        "huge": (png(width=30_000, height=30_000), MANY),
        "largest": (png(width=2**31 - 1, height=2**31 - 1), MANY),
        "ours": (png(chunk(b"iTXt", b"musegraph\0\1\0\0\0" + bomb)), UNPACKS),
        "other": (png(chunk(b"zTXt", b"Comment\0\0" + bomb)), UNPACKS),
        "profile": (png(chunk(b"iCCP", b"x\0\0" + bomb)), UNPACKS),
    }


def load(name: str) -> dict[str, Any]:
    return {"type": "image.load", "values": {"image": {"file": name}}}


def test_pictures_that_are_none_or_bombs_fail_by_name_and_the_good_one_comes_out(
    place: Path,
) -> None:
    for name, (data, _) in pictures().items():
        (place / f"{name}.png").write_bytes(data)
    (place / "good.png").write_bytes(png())
    names = [*pictures(), "good"]
    document = workflow(**{name: load(f"{name}.png") for name in names})
    outputs = {name: f"{name}.out" for name in names}
    write(place, "pictures.json", document | {"outputs": outputs})
    done = musegraph(place, "run", "pictures.json", "--out", "out")
    assert done.returncode == 1
    told = {line for line in done.stderr.splitlines() if line.startswith("✗ ") and ": " in line}
    assert told == {f"✗ {name}: '{name}.png' {why}" for name, (_, why) in pictures().items()}
    (saved,) = done.stdout.splitlines()
    assert saved.startswith("out/good_")
    assert [path.name for path in (place / "out").iterdir()] == [Path(saved).name]
    assert musegraph(place, "check", "pictures.json").returncode == 0, "they are not looked into"


def test_a_truncated_picture_fails_by_name(place: Path) -> None:
    from PIL import Image as PilImage

    PilImage.effect_noise((64, 64), 50).save(place / "whole.png")
    for name in ("cut.png", "cut.jpg"):
        PilImage.effect_noise((64, 64), 50).save(place / name)
        data = (place / name).read_bytes()
        (place / name).write_bytes(data[: len(data) * 2 // 3])
    document = workflow(p=load("cut.png"), j=load("cut.jpg"), w=load("whole.png"))
    write(place, "cut.json", document)
    done = musegraph(place, "run", "cut.json", "--out", "out")
    assert done.returncode == 1
    assert "✗ p: 'cut.png' is damaged or cut off: " in done.stderr
    assert "✗ j: 'cut.jpg' is damaged or cut off: " in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_a_picture_given_for_an_input_is_told_of_in_the_same_words(place: Path) -> None:
    ask = workflow(l={"type": "image.load"}) | {"inputs": {"photo": {"to": ["l.image"]}}}
    write(place, "ask.json", ask)
    (place / "huge.png").write_bytes(pictures()["huge"][0])
    done = musegraph(place, "run", "ask.json", "--set", "photo=huge.png", "--out", "out")
    assert done.returncode == 1
    assert f"✗ l: 'huge.png' {MANY}\n" in done.stderr
    assert done.stdout == ""
    done = musegraph(place, "run", "ask.json", "--set", "photo=gone.png")
    assert done.returncode == 3
    why = "the file gone.png cannot be read: No such file or directory"
    assert done.stderr == f"ask.json: photo: {why}\n"


def test_a_bomb_in_the_place_of_a_workflow_is_none_and_does_not_go_off(place: Path) -> None:
    names = ["ours", "other", "profile", "huge", "empty", "beginning"]
    for name in names:
        (place / f"{name}.png").write_bytes(pictures()[name][0])
    files = [f"{name}.png" for name in names]
    told = [f"error: {file} is no workflow, and no file that carries one\n" for file in files]
    commands = [("check", *files), *(("run", file) for file in files)]
    checked, *ran = each(place, commands, before=little_memory)
    assert checked == (4, "", "".join(told))
    assert ran == [(4, "", line) for line in told]


# Models


def test_hostile_model_files_are_refused_before_anything_runs(place: Path) -> None:
    nodes = {}
    for number, (data, _) in enumerate(HOSTILE.values()):
        (place / f"m{number}.safetensors").write_bytes(data)
        source = f"m{number}.safetensors"
        nodes[f"m{number}"] = {"type": "toy.measure", "values": {"source": source}}
    attack = b"cos\nsystem\n(S'touch owned'\ntR."
    (place / "attack.safetensors").write_bytes(attack)
    nodes["attack"] = {"type": "toy.measure", "values": {"source": "attack.safetensors"}}
    write(place, "models.json", workflow(fine={"type": "toy.dice"}, **nodes))
    sentences = [why for _, why in HOSTILE.values()]
    sentences.append("is no .safetensors file, or only the beginning of one")
    for command in ("check", "run", "plan"):
        done = musegraph(place, command, "models.json", "--packs", "toy.py")
        assert done.returncode == 3
        told = (done.stdout if command == "check" else done.stderr).splitlines()
        assert len(told) == len(nodes)
        for id, line, why in zip(nodes, told, sentences, strict=True):
            assert line.startswith(f"models.json: {id}.source: {place / id}.safetensors ")
            assert why in line
    assert calls(place) == []
    assert not (place / "owned").exists()


# Paths

LONG = "x" * 5000
SHOWN = "x" * 119 + "…"
BELOW = "has to be a path below the workflow's folder, without '..'"
FILES = {
    "zero": ("a\0b", "the file 'a\\x00b' cannot be read: no file has such a name"),
    "long": (LONG, f"the file '{SHOWN}' cannot be read: File name too long"),
    "circle": (
        "circle.png",
        "the file 'circle.png' cannot be read: Too many levels of symbolic links",
    ),
    "out": ("out.png", "the file 'out.png' leads out of the workflow's folder; copy it in"),
    "up": ("../x.png", f"the file '../x.png' {BELOW}"),
    "root": ("/etc/passwd", f"the file '/etc/passwd' {BELOW}"),
    "gone": ("gone.png", "there is no file gone.png"),
    "folder": ("folder", "there is no file folder"),
    "through": ("toy.py/x.png", "there is no file toy.py/x.png"),
}


def test_names_of_files_that_lead_nowhere_are_told_of_with_node_and_port(place: Path) -> None:
    (place / "circle.png").symlink_to("circle.png")
    (place / "out.png").symlink_to("/etc/passwd")
    (place / "folder").mkdir()
    write(place, "files.json", workflow(**{id: load(name) for id, (name, _) in FILES.items()}))
    for command in ("check", "run"):
        done = musegraph(place, command, "files.json")
        assert done.returncode == 3
        told = (done.stdout if command == "check" else done.stderr).splitlines()
        assert told == [f"files.json: {id}.image: {why}" for id, (_, why) in FILES.items()]


def test_names_of_models_that_lead_nowhere_are_told_of_with_node_and_port(place: Path) -> None:
    (place / "circle").symlink_to("circle")
    sources = {
        "zero": ("a\0b", "'a\\x00b'", "a\\x00b (no file has such a name)"),
        "long": (LONG, f"'{SHOWN}'", f"{SHOWN} (File name too long)"),
        "circle": ("circle", "'circle'", "circle (Too many levels of symbolic links)"),
        "nobody": ("~nobody_here/x", "'~nobody_here/x'", "~nobody_here/x"),
    }
    nodes = {
        id: {"type": "toy.measure", "values": {"source": source}}
        for id, (source, _, _) in sources.items()
    }
    write(place, "m.json", workflow(**nodes))
    done = run(place, "m.json")
    assert done.returncode == 3
    told = done.stderr.splitlines()
    for line, (id, (_, name, looked)) in zip(told, sources.items(), strict=True):
        assert line.startswith(f"m.json: {id}.source: there is no model {name}; looked at: ")
        assert line.endswith(f", {looked}")


DEVICE = "/dev/zero cannot be read: it is a device, no file"


def test_a_device_without_an_end_is_neither_workflow_nor_picture(place: Path) -> None:
    ask = workflow(l={"type": "image.load"}) | {"inputs": {"photo": {"to": ["l.image"]}}}
    write(place, "ask.json", ask)
    commands = [
        (name, "/dev/zero") for name in ("check", "run", "plan", "show", "bundle", "reproduce")
    ]
    photo = ("run", "ask.json", "--set", "photo=/dev/zero")
    found = each(place, [*commands, photo], before=little_memory)
    assert found[:-1] == [(4, "", f"error: {DEVICE}\n")] * len(commands)
    assert found[-1] == (3, "", f"ask.json: photo: the file {DEVICE}\n")


def test_a_workflow_may_come_through_a_pipe(place: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, (place / "plain.json").read_bytes())
    os.close(writer)

    def take() -> None:
        os.dup2(reader, 0)

    done = run(place, "/dev/stdin", before=take)
    os.close(reader)
    assert (done.returncode, done.stdout) == (0, "said: HELLO!\nrolled: 2\n")


def test_the_home_of_nobody_is_a_folder_of_that_name_as_in_a_shell(place: Path) -> None:
    done = run(place, "plain.json", "--out", "~nobody_here/out", "--models", "~nobody_here/models")
    assert done.returncode == 0
    assert all((place / line).is_file() for line in done.stdout.splitlines())
    for arguments in (["cache", "--cache", "~nobody_here/cache"], ["plan", "plain.json"]):
        assert musegraph(place, *arguments).returncode in (0, 3)
    told = musegraph(place, "run", "plain.json", "--packs", "~nobody_here/x.py")
    assert told.returncode == 2
    assert told.stderr == "error: there is no pack at ~nobody_here/x.py (--packs)\n"


def test_a_folder_that_may_not_be_looked_into_is_said_to_be_such(place: Path) -> None:
    needs_permissions()
    (place / "private").mkdir()
    write(place, "p.json", workflow(p=load("private/x.png")))
    write(place, "m.json", workflow(m={"type": "toy.measure", "values": {"source": "./private/m"}}))
    (place / "private").chmod(0)
    try:
        done = [run(place, name, before=bound_by_permissions) for name in ("p.json", "m.json")]
    finally:
        (place / "private").chmod(0o700)
    assert [one.returncode for one in done] == [3, 3]
    why = "the file 'private/x.png' cannot be read: Permission denied"
    assert done[0].stderr == f"p.json: p.image: {why}\n"
    assert done[1].stderr.startswith("m.json: m.source: there is no model './private/m'; looked at")
    assert done[1].stderr.endswith(", private/m (Permission denied)\n")


def test_a_file_that_may_not_be_read_is_told_of_with_node_and_port(place: Path) -> None:
    needs_permissions()
    (place / "mine.png").write_bytes(png())
    write(place, "mine.json", workflow(p=load("mine.png")))
    (place / "mine.png").chmod(0)
    done = musegraph(place, "run", "mine.json", before=bound_by_permissions)
    assert done.returncode == 3
    assert (
        done.stderr == "mine.json: p.image: the file mine.png cannot be read: Permission denied\n"
    )


def test_names_whose_bytes_are_no_utf_8_serve_like_any_other(place: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe")
    (place / f"{odd}.png").write_bytes(png())
    (place / odd).mkdir()
    (place / odd / "w.safetensors").write_bytes(safetensors(16))
    nodes = workflow(l={"type": "image.load"}, m={"type": "toy.measure"})
    inputs = {"photo": {"to": ["l.image"]}, "model": {"to": ["m.source"]}}
    outputs = {"picture": "l.out", "digest": "m.out"}
    write(place, f"{odd}.json", nodes | {"inputs": inputs, "outputs": outputs})
    given = ("--set", f"photo={odd}.png", "--set", "model=w.safetensors", "--models", odd)
    for _ in range(2):
        done = run(place, f"{odd}.json", *given, "--cache", f"{odd}-c", "--out", f"{odd}-o")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 2
    assert "nothing to compute" in done.stderr
