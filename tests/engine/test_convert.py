"""Pickles become .safetensors files in a process that is trusted with nothing, or are refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from pickles import calls, wrapped
from safetensors.torch import load_file

from musegraph.cli import main
from musegraph.errors import ModelError, MusegraphError
from musegraph.library import convert as convert_module
from musegraph.library import unpickle
from musegraph.library.convert import CHILD, Made, convert

MODEL = {
    "state_dict": {
        "a.weight": torch.arange(12.0).reshape(3, 4),
        "turned": torch.arange(6, dtype=torch.float16).reshape(2, 3).T,
        "b": torch.full((5,), 0.5, dtype=torch.bfloat16),
        "none": torch.empty(0, 3),
    },
    "epoch": 3,
}


def saved(file: Path, what: Any, **how: Any) -> Path:
    torch.save(what, file, **how)
    return file


def here(file: Path) -> dict[str, Any]:
    """What the process does, in this one and without its cage."""
    target = os.open(file.with_suffix(".out"), os.O_CREAT | os.O_RDWR)
    return unpickle.convert(os.open(file, os.O_RDONLY), target)


# -- what is made -----------------------------------------------------------------------------


def test_a_checkpoint_is_converted_to_the_same_tensors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path / "m.ckpt", MODEL)
    before = file.read_bytes()
    assert main(["models", "convert", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["tensors"], said["left"]) == (4, ["epoch"])
    assert {"memory", "time"} <= {*said["held"]}
    made = load_file(tmp_path / "m.safetensors")
    for name, value in MODEL["state_dict"].items():  # type: ignore[attr-defined]
        assert made[name].dtype == value.dtype
        assert torch.equal(made[name], value), name
    assert file.read_bytes() == before, "the pickle stays as it is"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m.ckpt", "m.safetensors"]
    assert main(["models", "convert", str(file)]) == 2
    assert "is there already; say --replace" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "names", "left"),
    [
        ({"a": torch.ones(2)}, ["a"], []),
        (torch.ones(2), ["weight"], []),
        ({"params": {"a": torch.ones(2)}}, ["a"], []),
        ({"params_ema": {"a": torch.ones(2)}, "params": {"b": torch.ones(2)}}, ["a"], ["params"]),
        ({"image_proj": {"n": torch.ones(2)}, "ip_adapter": {"1.k": torch.ones(2)}},
         ["image_proj.n", "ip_adapter.1.k"], []),
        ({"string_to_param": {"*": torch.ones(2, 768)}, "name": "x"}, ["emb_params"], ["name"]),
        ({"a": torch.nn.Parameter(torch.ones(2)), "b": "words"}, ["a"], ["b"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zipped", [True, False])
def test_what_programs_save_becomes_names_and_tensors(
    tmp_path: Path, what: Any, names: list[str], left: list[str], zipped: bool
) -> None:
    file = saved(tmp_path / "m.pt", what, _use_new_zipfile_serialization=zipped)
    found = here(file)
    assert [*load_file(file.with_suffix(".out"))] == names
    assert found["left"] == left


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({}, "holds no tensors"),
        ({"a": 3}, "holds no tensors"),
        ({"a": torch.ones(2).to_sparse()}, "in a form that"),
        ({"a": torch.ones(2, dtype=torch.complex64)}, "in numbers that"),
        ({"__metadata__": torch.ones(2)}, "keep for notes"),
        ({"a" * 1001: torch.ones(2)}, "names that are none"),
        ({"a.b": torch.ones(2), "a": {"b": torch.ones(3)}}, "would both be called 'a.b'"),
    ],
)
def test_what_a_safetensors_file_cannot_hold_is_refused(
    tmp_path: Path, what: Any, why: str
) -> None:
    with pytest.raises(unpickle._Refused, match=why):
        here(saved(tmp_path / "m.pt", what))


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_no_pickle_that_calls_something_is_carried_out(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    plain = calls(mark)
    every = plain | wrapped(plain["os.system"])
    for number, (name, data) in enumerate(every.items()):
        file = tmp_path / f"{number}.pt"
        file.write_bytes(data)
        with pytest.raises(unpickle._Refused):
            here(file)
        assert not mark.exists(), name
        assert not mark.is_symlink(), name


def test_a_pickle_that_means_harm_is_refused_in_one_sentence_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "mark"
    file = tmp_path / "evil.ckpt"
    file.write_bytes(wrapped(calls(mark)["os.system"])["a checkpoint of torch"])
    assert main(["models", "convert", str(file)]) == 1
    said = capsys.readouterr().err
    assert "'posix.system' to be called when it is opened" in said
    assert "may be meant to do harm" in said
    assert [one.name for one in tmp_path.iterdir()] == ["evil.ckpt"]


@pytest.mark.parametrize(
    ("name", "target", "why"),
    [
        ("m.safetensors", "n.safetensors", "is a .safetensors file already"),
        ("m.txt", "n.safetensors", "nothing to convert"),
        ("m.ckpt", "n.pt", "call it so"),
        ("gone.ckpt", "n.safetensors", "is no file"),
    ],
)
def test_what_makes_no_sense_to_convert_is_refused_before_anything_starts(
    tmp_path: Path, name: str, target: str, why: str
) -> None:
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(MusegraphError, match=why):
        convert(tmp_path / name, tmp_path / target)


# -- the cage ---------------------------------------------------------------------------------

ATTEMPTS = """
import json, os, socket, subprocess, sys
sys.path.insert(0, {folder!r})
import unpickle
held = unpickle.limits(1 << 30, 60, 1 << 20) + unpickle.cage(["/usr", "/lib", "/lib64", sys.prefix,
                                                              sys.base_prefix, {folder!r}])
def attempt(action):
    try:
        action()
    except (OSError, MemoryError, subprocess.SubprocessError):
        return False
    return True
done = {{
    "files": [attempt(lambda: open({secret!r})), attempt(lambda: open({new!r}, "w")),
              attempt(lambda: os.listdir("/")), attempt(lambda: os.symlink("/", {new!r}))],
    "network": [attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 2))],
    "programs": [attempt(lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True))],
    "memory": [attempt(lambda: bytearray(2 << 30))],
}}
print(json.dumps({{"held": held, "done": done}}))
"""


def test_what_is_said_to_be_given_up_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = ATTEMPTS.format(
            folder=str(CHILD.parent),
            secret=str(tmp_path / "secret"),
            new=str(tmp_path / "new"),
            port=server.getsockname()[1],
        )
        words = [sys.executable, "-I", "-c", script]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert {"memory", "time"} <= {*found["held"]}
    for name, attempts in found["done"].items():
        if name in found["held"]:
            assert not any(attempts), name
    assert {"files": "reach your files"}.items() <= convert_module._HELD.items()
    assert Made(1, 1, held=("time", "memory")).not_held() == [
        "reach your files", "reach the network", "start programs",
    ]  # fmt: skip


def child(folder: Path, text: str) -> Path:
    """Another process in the place of the one that opens pickles."""
    file = folder / "child.py"
    file.write_text(
        f"import json, os, subprocess, sys, time\njob = json.loads(sys.argv[1])\n{text}"
    )
    return file


JUNK = """os.write(job["target"], b"junk")
print(json.dumps({"tensors": 1, "bytes": 4, "left": [], "held": []}))"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("os._exit(3)", "the process that opened it failed"),
        ("os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
        ("print('nothing')", "the process that opened it failed"),
        ("print('{}')", "its answer makes no sense"),
        (JUNK, "is no .safetensors file"),
        ("print('{\"refused\": \"' + 'x' * 9000 + '\"}')", "xxx; it was not opened"),
    ],
)  # fmt: skip
def test_whatever_the_process_does_nothing_is_put_where_the_model_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "m.ckpt"
    file.write_bytes(b"x")
    monkeypatch.setattr(convert_module, "CHILD", child(tmp_path, text))
    with pytest.raises(ModelError) as refused:
        convert(file, tmp_path / "in" / "m.safetensors")
    assert why in str(refused.value)
    assert len(str(refused.value)) < 1000
    assert [one.name for one in file.parent.iterdir()] == ["m.ckpt"]


def test_a_process_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    text = (
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(told)!r}, 'w').write(str(inner.pid))\n"
        "time.sleep(600)"
    )
    monkeypatch.setattr(convert_module, "CHILD", child(tmp_path, text))
    monkeypatch.setattr(convert_module, "SECONDS", 2)
    file = tmp_path / "m.ckpt"
    file.write_bytes(b"x")
    with pytest.raises(ModelError, match="took more time or memory than a model of its size"):
        convert(file, tmp_path / "m.safetensors")
    started = int(told.read_text())
    for _ in range(100):
        if not psutil.pid_exists(started):
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(started) or psutil.Process(started).status() == "zombie"


def test_the_process_knows_no_secrets_and_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "a secret")
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    told = tmp_path / "told"
    text = f"open({str(told)!r}, 'w').write(json.dumps([dict(os.environ), os.getcwd()]))"
    monkeypatch.setattr(convert_module, "CHILD", child(tmp_path, text))
    (tmp_path / "m.ckpt").write_bytes(b"x")
    with pytest.raises(ModelError):
        convert(tmp_path / "m.ckpt", tmp_path / "m.safetensors")
    variables, place = json.loads(told.read_text())
    assert not {"HF_TOKEN", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"} & variables.keys()
    assert variables["HOME"] == place
    assert not Path(place).exists(), "it is gone with the process"
