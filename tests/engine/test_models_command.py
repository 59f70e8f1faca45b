"""The command ``models``: a model of the hub comes by consent, pinned, whole, and not otherwise."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_hub import FakeHub, Repo, fake_hub
from shell import COMMAND, environment, furnish, musegraph, run, workflow, write

from musegraph import Registry, Store
from musegraph.cli import main
from musegraph.cli.style import Style
from musegraph.cli.transfer import Transfer
from musegraph.errors import HubError, MusegraphError, StoreError
from musegraph.hub import Progress, RemoteFile, Shelf, choose, read_source
from musegraph.hub.fetch import Part
from musegraph.hub.trouble import unwritable
from musegraph.models import Models

MODEL = "artist/tiny"


def weights(size: int, seed: int = 0) -> bytes:
    """A .safetensors file of about so many bytes."""
    head = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    data = hashlib.shake_128(str(seed).encode()).digest(size)
    return struct.pack("<Q", len(head)) + head + data


FILES = {
    "model_index.json": b'{"_class_name": "StableDiffusionPipeline"}',
    "README.md": b"# A card",
    "pipeline.py": b"raise SystemExit('code from a repository')",
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": weights(6 << 20),
    "unet/diffusion_pytorch_model.fp16.safetensors": weights(3 << 20),
    "unet/diffusion_pytorch_model.bin": b"\x80\x04 a pickle",
    "vae/diffusion_pytorch_model.safetensors": weights(3000, 1),
    "whole.safetensors": weights(4000, 2),
}
TAKEN = {
    "model_index.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
}
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as made:
        made.repo(MODEL, dict(FILES), card={"license": "openrail", "license_link": "LICENSE"})
        yield made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return furnish(tmp_path)


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def models(
    hub: FakeHub,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Command:
    """``musegraph models …``, in this process: most of its time would be importing."""
    for name in list(os.environ):
        if name.startswith(("MUSEGRAPH_", "XDG_", "HF_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.chdir(place)

    def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        with monkeypatch.context() as patched:
            for name, value in at(hub, **more).items():
                patched.setenv(name, value)
            code = main(["models", *arguments])
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return command


def at(hub: FakeHub, **more: str) -> dict[str, str]:
    """The variables that send a process to this hub, and to no other."""
    return {
        "HF_ENDPOINT": hub.url(),
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": "",
        "MUSEGRAPH_MODELS": "",
        "no_proxy": "*",
        **more,
    }


def shelf_of(place: Path) -> Path:
    return place / "home" / ".local" / "share" / "musegraph" / "models"


def inside(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def digest(place: Path, name: str) -> str:
    return Models(Registry.of(), Store(), (shelf_of(place),)).weights(name).digest


# adding


def test_a_model_is_put_where_workflows_find_it_pinned_to_a_commit(
    hub: FakeHub, place: Path, models: Command
) -> None:
    done = models("add", MODEL, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    folder = shelf_of(place) / MODEL
    assert (said["state"], said["place"]) == ("added", str(folder))
    assert said["commit"] == hub.repos[MODEL].branches["main"]
    link = f"{hub.url()}/{MODEL}/blob/{said['commit']}/LICENSE"
    assert (said["licence"], said["licence_link"]) == ("openrail", link)
    assert inside(folder) == TAKEN, "no pickle, no code, no other set of weights"
    for name in TAKEN:
        assert (folder / name).read_bytes() == FILES[name]
    sums = {kept["path"]: kept["sha256"] for kept in said["files"]}
    assert sums == {name: hashlib.sha256(FILES[name]).hexdigest() for name in TAKEN}
    assert {call.path.split("/resolve/")[1].split("/")[0] for call in resolved(hub)} == {
        said["commit"]
    }
    write(place, "w.json", workflow(m={"type": "toy.measure", "values": {"source": MODEL}}))
    before = len(hub.calls)
    ran = run(place, "w.json", **at(hub))
    assert ran.returncode == 0, ran.stderr
    assert len(hub.calls) == before, "a run asks no hub"


def resolved(hub: FakeHub) -> list[Any]:
    return [call for call in hub.calls if "/resolve/" in call.path]


def test_what_is_fetched_is_the_commit_that_was_shown_though_the_branch_moves(
    hub: FakeHub, place: Path, models: Command
) -> None:
    repo = hub.repos[MODEL]
    shown = repo.branches["main"]

    class Moving(Repo):
        """Its branch moves on as soon as somebody has asked where it stands."""

        def at(self, revision: str) -> str | None:
            found = super().at(revision)
            if revision == "main":
                self.add(dict.fromkeys(FILES, b"other"))
            return found

    hub.repos[MODEL] = Moving(repo.commits, repo.branches)
    done = models("add", MODEL, "--yes", "--json")
    assert json.loads(done.stdout)["commit"] == shown
    assert (shelf_of(place) / MODEL / UNET).read_bytes() == FILES[UNET]


def test_the_record_is_no_part_of_the_model(place: Path, models: Command) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    for name in TAKEN:
        file = place / "by hand" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(FILES[name])
    by_hand = Models(Registry.of(), Store()).weights(str(place / "by hand")).digest
    assert digest(place, MODEL) == by_hand


def test_without_a_terminal_nothing_is_fetched_unless_told_so(
    hub: FakeHub, place: Path, models: Command
) -> None:
    refused = models("add", MODEL)
    assert refused.returncode == 2
    assert "say --yes" in refused.stderr
    assert "openrail" in refused.stderr
    assert "pickle" in refused.stderr
    assert "--variant" in refused.stderr
    assert hub.sent() == 0
    assert not shelf_of(place).exists()


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks_and_no_leaves_nothing(
    hub: FakeHub, place: Path, answer: str, code: int
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        [*COMMAND, "models", "add", MODEL],
        cwd=place,
        env=environment(place, **at(hub)),
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == code, done.stderr
    assert "fetch 6.0 MiB? [y/N]" in done.stderr
    assert shelf_of(place).exists() == (code == 0)
    assert bool(hub.sent()) == (code == 0)


def test_adding_it_again_fetches_nothing_and_by_its_commit_not_even_asks(
    hub: FakeHub, models: Command
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    sent = hub.sent()
    again = models("add", MODEL)
    assert (again.returncode, hub.sent()) == (0, sent)
    assert "there already" in again.stdout
    commit = hub.repos[MODEL].branches["main"]
    elsewhere = models("add", MODEL, MUSEGRAPH_MODELS="/nowhere")
    assert "there already" in elsewhere.stdout
    before = len(hub.calls)
    pinned = models("add", f"{MODEL}@{commit}")
    assert (pinned.returncode, len(hub.calls)) == (0, before), pinned.stderr


def test_another_commit_needs_another_name_or_replace_and_then_fetches_what_changed(
    hub: FakeHub, place: Path, models: Command
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    first = digest(place, MODEL)
    newer = weights(3000, 9)
    hub.repos[MODEL].add(FILES | {"vae/diffusion_pytorch_model.safetensors": newer})
    refused = models("add", MODEL, "--yes")
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert "--as" in refused.stderr
    assert digest(place, MODEL) == first
    assert models("add", MODEL, "--yes", "--as", "mine/newer").returncode == 0
    before = hub.sent()
    assert models("add", MODEL, "--yes", "--replace").returncode == 0
    assert hub.sent() - before == len(newer), "the rest is here"
    assert digest(place, MODEL) == digest(place, "mine/newer") != first
    tagged = models("add", f"{MODEL}@{'0' * 40}", "--yes", "--as", "none")
    assert tagged.returncode == 1
    assert "no revision" in tagged.stderr


def test_one_variant_or_one_file_is_taken_where_it_is_asked_for(
    place: Path, models: Command
) -> None:
    assert models("add", MODEL, "--yes", "--variant", "fp16", "--as", "half").returncode == 0
    assert inside(shelf_of(place) / "half") == TAKEN - {UNET} | {
        "unet/diffusion_pytorch_model.fp16.safetensors"
    }
    assert models("add", MODEL, "--yes", "--file", "whole.safetensors").returncode == 0
    file = shelf_of(place) / MODEL / "whole.safetensors"
    assert file.read_bytes() == FILES["whole.safetensors"]
    refused = models("add", MODEL, "--yes")
    assert refused.returncode == 2, "the folder would take the file in, and change by it"
    assert "--as" in refused.stderr


def test_what_was_not_fetched_is_never_overwritten(place: Path, models: Command) -> None:
    mine = shelf_of(place) / MODEL / "mine.safetensors"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(weights(10))
    for more in ((), ("--replace",)):
        refused = models("add", MODEL, "--yes", *more)
        assert (refused.returncode, inside(shelf_of(place))) == (2, {f"{MODEL}/{mine.name}"})
        assert "left alone" in refused.stderr


@pytest.mark.parametrize("sound", [True, False])
def test_what_other_programs_have_fetched_from_the_hub_is_taken_if_it_is_sound(
    hub: FakeHub, place: Path, models: Command, monkeypatch: pytest.MonkeyPatch, sound: bool
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(place / "hub"))
    commit = hub.repos[MODEL].branches["main"]
    file = place / "hub" / "models--artist--tiny" / "snapshots" / commit / UNET
    file.parent.mkdir(parents=True)
    data = bytearray(FILES[UNET])
    data[-1] ^= not sound
    file.write_bytes(data)
    assert models("add", MODEL, "--yes").returncode == 0
    assert hub.sent(UNET) == (0 if sound else len(data))
    assert (shelf_of(place) / MODEL / UNET).read_bytes() == FILES[UNET]
    assert models("remove", MODEL, "--yes").returncode == 0
    assert file.read_bytes() == data


# interruptions, damage, lack of room


def test_a_cut_connection_is_taken_up_where_it_was_cut(
    hub: FakeHub, place: Path, models: Command
) -> None:
    hub.cut[UNET] = 4_000_000
    done = models("add", MODEL, "--yes")
    assert done.returncode == 0, done.stderr
    assert (shelf_of(place) / MODEL / UNET).read_bytes() == FILES[UNET]
    starts = [call.start for call in hub.calls if call.path.endswith(UNET) and call.sent]
    assert starts == [0, 3 << 20], "what was handed over whole is kept"
    assert hub.sent(UNET) < len(FILES[UNET]) + (1 << 20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_after_an_end_at_any_moment_the_same_command_goes_on(
    hub: FakeHub, place: Path, models: Command, number: signal.Signals
) -> None:
    hub.stall[UNET] = 4 << 20
    process = subprocess.Popen(
        [*COMMAND, "models", "add", MODEL, "--yes"],
        cwd=place,
        env=environment(place, **at(hub)),
        stderr=subprocess.PIPE,
        text=True,
    )
    part = shelf_of(place) / ".musegraph" / "adding" / "artist%2Ftiny" / "content" / f"{UNET}.part"
    wait_until(lambda: part.exists() and part.stat().st_size == 4 << 20)
    refused = models("add", MODEL, "--yes")
    assert (refused.returncode, "another process" in refused.stderr) == (2, True)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in said
    hub.stall.clear()
    assert not (shelf_of(place) / MODEL).exists(), "it appears as a whole, or not at all"
    listed = json.loads(models("list", "--json").stdout)["unfinished"]
    assert [(one["name"], one["bytes"] >= 4 << 20) for one in listed] == [(MODEL, True)]
    before = hub.sent(UNET)
    done = models("add", MODEL, "--yes")
    assert done.returncode == 0, done.stderr
    assert hub.sent(UNET) - before == len(FILES[UNET]) - (4 << 20), "only the rest"
    assert (shelf_of(place) / MODEL / UNET).read_bytes() == FILES[UNET]
    assert inside(shelf_of(place)) == {f"{MODEL}/{name}" for name in TAKEN} | {
        f".musegraph/records/{MODEL}.json"
    }


def wait_until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not there():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.mark.parametrize("name", [UNET, "model_index.json"])
def test_other_bytes_than_the_hub_promises_are_thrown_away(
    hub: FakeHub, place: Path, models: Command, name: str
) -> None:
    turned = bytearray(FILES[name])
    turned[-2] ^= 1
    hub.repos[MODEL].promised[name] = bytes(turned)
    refused = models("add", MODEL, "--yes")
    assert refused.returncode == 1
    assert f"{name} came with other bytes" in refused.stderr
    assert not (shelf_of(place) / MODEL).exists()
    assert not any(file.endswith(name) for file in inside(shelf_of(place)))
    hub.repos[MODEL].promised.clear()
    assert models("add", MODEL, "--yes").returncode == 0


def test_more_bytes_than_promised_are_not_taken(hub: FakeHub, place: Path, models: Command) -> None:
    hub.repos[MODEL].promised[UNET] = weights(100)
    refused = models("add", MODEL, "--yes")
    assert (refused.returncode, "sends more than" in refused.stderr) == (1, True)
    assert not (shelf_of(place) / MODEL).exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"PK\x03\x04" + bytes(60), "a pickle under the name"), (weights(100)[:-1], "cut off")],
)
def test_weights_that_are_none_are_refused_though_the_hub_holds_them(
    hub: FakeHub, place: Path, models: Command, data: bytes, said: str
) -> None:
    hub.repo("artist/odd", {"config.json": b"{}", "model.safetensors": data})
    refused = models("add", "artist/odd", "--yes")
    assert refused.returncode == 1
    assert said in refused.stderr
    assert not (shelf_of(place) / "artist").exists()


def test_what_does_not_fit_on_the_disk_is_refused_before_anything_comes(
    hub: FakeHub, place: Path, models: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = namedtuple("facts", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: facts(9 << 20, 8 << 20, 1 << 20))
    refused = models("add", MODEL, "--yes")
    assert refused.returncode == 5, refused.stderr
    assert "6.0 MiB are needed and 1.0 MiB are free" in refused.stderr
    assert hub.sent() == 0
    assert not shelf_of(place).exists()


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(StoreError, match=r"the disk is full at .*; what has come is kept"):
        Part(full, 100, lambda _: None).write(b"x")


def test_after_the_disk_was_full_only_the_rest_is_fetched(
    hub: FakeHub, place: Path, models: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Part, data: Any) -> int:
        if self.tell() >= 4 << 20:
            raise unwritable(place, OSError(errno.ENOSPC, "No space left on device"))
        return write_all(self, data)

    write_all = Part.write
    with monkeypatch.context() as patched:
        patched.setattr(Part, "write", full)
        refused = models("add", MODEL, "--yes")
    assert refused.returncode == 5
    assert "the disk is full" in refused.stderr
    before = hub.sent(UNET)
    assert models("add", MODEL, "--yes").returncode == 0
    assert hub.sent(UNET) - before == len(FILES[UNET]) - (4 << 20)


def test_a_folder_that_cannot_be_written_is_one_sentence(place: Path, models: Command) -> None:
    (place / "file").write_text("")
    refused = models("add", MODEL, "--yes", "--models", "file/models")
    assert refused.returncode == 5, refused.stderr
    assert "--models" in refused.stderr


# what a repository may hold


@pytest.mark.parametrize(
    "path", ["../x.json", "a/../../x.json", "/etc/x.json", "a\\b.json", "C:x.json", "a\n.json"]
)
def test_a_path_that_leads_out_of_the_folder_refuses_the_whole_repository(
    hub: FakeHub, place: Path, models: Command, path: str
) -> None:
    hub.repo("artist/evil", FILES | {path: b"{}"})
    refused = models("add", "artist/evil", "--yes")
    assert refused.returncode == 1
    assert "nothing of it is fetched" in refused.stderr
    assert hub.sent() == 0
    assert not shelf_of(place).exists()


def listing(*paths: str) -> list[RemoteFile]:
    return [RemoteFile(path, 1) for path in paths]


def chosen(*paths: str, **more: str) -> set[str]:
    return {file.path for file in choose(listing(*paths), **more).files}


def test_parts_of_weights_come_with_their_index_unless_one_file_holds_all() -> None:
    parts = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = "model.safetensors.index.json"
    half = ["model.fp16-00001-of-00002.safetensors", "model.fp16-00002-of-00002.safetensors"]
    half += ["model.safetensors.index.fp16.json"]
    every = ["config.json", *parts, index, *half]
    assert chosen(*every) == {"config.json", *parts, index}
    assert chosen(*every, variant="fp16") == {"config.json", *half}
    assert chosen(*every, "model.safetensors") == {"config.json", "model.safetensors"}
    assert chosen("config.json", *half) == {"config.json", *half}, "the only one there is"


def test_weights_of_unknown_names_are_asked_about_and_known_ones_go_first() -> None:
    with pytest.raises(MusegraphError, match=r"--file: a\.safetensors .*, b\.safetensors"):
        choose(listing("config.json", "a.safetensors", "b.safetensors"))
    both = choose(listing("config.json", "consolidated.safetensors", "model.safetensors"))
    assert {file.path for file in both.files} == {"config.json", "model.safetensors"}
    assert "consolidated.safetensors" in both.left[0]
    assert chosen("config.json", "model.safetensors", "onnx/pytorch_model.bin")
    with pytest.raises(HubError, match="too large"):
        choose([RemoteFile("big.gguf", 60 * 10**9)])


def test_of_a_repository_with_a_folder_layout_whole_files_and_hidden_ones_stay_behind() -> None:
    unet = ["unet/config.json", "unet/diffusion_pytorch_model.safetensors"]
    more = ["v1.safetensors", "v1.ckpt", ".cache/x.json", "unet/.x.json", "a/b/c/d/e/deep.json"]
    words = ["tokenizer/merges.txt", "tokenizer/spiece.model"]
    assert chosen("model_index.json", *unet, *words, *more) == {"model_index.json", *unet, *words}


def test_a_repository_of_single_files_wants_one_named() -> None:
    assert chosen("lora.safetensors", "x.json") == {"lora.safetensors"}
    with pytest.raises(MusegraphError, match=r"say which with --file: a\.gguf .*b\.gguf"):
        choose(listing("a.gguf", "b.gguf"))
    assert chosen("q/a.gguf", "q/b.gguf", file="b.gguf") == {"q/b.gguf"}
    with pytest.raises(MusegraphError, match="one part of several"):
        choose(listing("m-00001-of-00002.safetensors"), "m-00001-of-00002.safetensors")


def test_pickles_are_never_taken_and_a_model_of_which_a_part_is_one_is_refused() -> None:
    with pytest.raises(HubError, match=r"only pickles \(pytorch_model.bin\)"):
        choose(listing("config.json", "pytorch_model.bin"))
    with pytest.raises(MusegraphError, match="a pickle, which can run code"):
        choose(listing("v1.ckpt"), "v1.ckpt")
    unet = ["model_index.json", "unet/diffusion_pytorch_model.safetensors"]
    with pytest.raises(HubError, match="the weights of vae are there only as a pickle"):
        choose(listing(*unet, "vae/diffusion_pytorch_model.bin"))
    assert chosen(*unet, "safety_checker/pytorch_model.bin") == set(unet)


@pytest.mark.parametrize(
    ("text", "repo", "revision", "file"),
    [
        ("a/b", "a/b", "", ""),
        ("hf:a/b@v1.0", "a/b", "v1.0", ""),
        ("a/b@refs/pr/1", "a/b", "refs/pr/1", ""),
        ("https://huggingface.co/a/b", "a/b", "", ""),
        ("https://hf.co/a/b/tree/main", "a/b", "main", ""),
        (
            "https://hf.co/a/b/blob/main/x/y.safetensors?download=1",
            "a/b",
            "main",
            "x/y.safetensors",
        ),
    ],
)
def test_a_source_is_an_id_or_the_address_of_its_page(
    text: str, repo: str, revision: str, file: str
) -> None:
    read = read_source(text)
    assert (read.repo, read.revision, read.file) == (repo, revision, file)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a/b/c", "../b", "a/..", "a/b@", "a b/c", "/a/b", "~/b", "https://example.org/a/b"],
)
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(MusegraphError, match="names no model of the hub"):
        read_source(text)


# who may have it, and when there is no hub


def test_a_gated_model_says_what_to_do_and_comes_with_a_token_that_only_the_hub_sees(
    hub: FakeHub, place: Path, models: Command
) -> None:
    hub.repo("artist/gated", dict(FILES), gated="auto", token="hf_secret")
    refused = models("add", "artist/gated", "--yes")
    assert refused.returncode == 1
    assert f"{hub.url()}/artist/gated" in refused.stderr
    assert "HF_TOKEN" in refused.stderr
    assert hub.sent() == 0
    done = models("add", "artist/gated", "--yes", HF_TOKEN="hf_secret")
    assert done.returncode == 0, done.stderr
    assert "hf_secret" not in done.stdout + done.stderr
    tokens = {host: {call.token for call in hub.calls if call.host == host} for host in ("store",)}
    assert tokens == {"store": {""}}


def test_what_cannot_be_had_is_one_sentence(hub: FakeHub, models: Command) -> None:
    for source, said, variables in (
        ("artist/none", "knows no model artist/none", {}),
        (f"{MODEL}@never", "no revision 'never'", {}),
        (MODEL, "cannot be reached", {"HF_ENDPOINT": "http://127.0.0.1:9"}),
    ):
        refused = models("add", source, "--yes", "--json", **variables)
        assert refused.returncode == 1, refused.stderr
        assert said in refused.stderr
        assert json.loads(refused.stdout)["message"] in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    hub.broken = 503
    assert "answers with the error 503" in models("add", MODEL, "--yes").stderr


def test_offline_nobody_is_asked(hub: FakeHub, place: Path) -> None:
    refused = musegraph(place, "models", "add", MODEL, "--yes", **at(hub, HF_HUB_OFFLINE="1"))
    assert (refused.returncode, len(hub.calls)) == (1, 0)
    assert "HF_HUB_OFFLINE" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


# nothing else fetches


def test_opening_checking_planning_and_running_make_no_connection(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setenv("MUSEGRAPH_CACHE", str(place / "cache"))
    monkeypatch.chdir(place)
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("127.0.0.1", 9))
    asked.clear()
    write(place, "w.json", workflow(m={"type": "toy.measure", "values": {"source": MODEL}}))
    for command in ("show", "check", "plan", "run"):
        packs = () if command == "show" else ("--packs", "toy.py")
        assert main([command, "w.json", *packs]) == (0 if command == "show" else 3)
    assert main(["models", "list"]) == 0
    assert main(["models", "add", MODEL, "--yes"]) == 1
    assert asked, "the guard does see who connects"
    folder = shelf_of(place) / MODEL
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(weights(100))
    asked.clear()
    assert main(["run", "w.json", "--packs", "toy.py"]) == 0
    assert not asked


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        (MODEL, f"musegraph models add {MODEL}"),
        (f"{MODEL}/v1.safetensors", f"musegraph models add {MODEL} --file v1.safetensors"),
        ("folder/v1.safetensors", ""),
        ("./artist/tiny", ""),
        ("/artist/tiny", ""),
        ("alone", ""),
        ("starter/nothing", ""),
    ],
)
def test_a_missing_model_that_looks_like_one_of_the_hub_names_the_command(
    place: Path, source: str, advice: str
) -> None:
    write(place, "w.json", workflow(m={"type": "toy.measure", "values": {"source": source}}))
    done = musegraph(place, "check", "w.json", "--packs", "toy.py")
    assert done.returncode == 3
    assert "there is no model" in done.stdout
    assert ("musegraph models add" in done.stdout) == bool(advice)
    assert advice in done.stdout


# listing and removing


def test_the_list_shows_packs_models_fetched_ones_and_own_ones(
    place: Path, models: Command
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    own = place / "own"
    (own / "sub").mkdir(parents=True)
    (own / "sub" / "lora.safetensors").write_bytes(weights(50))
    listed = json.loads(models("list", "--json", MUSEGRAPH_MODELS=str(own)).stdout)["models"]
    by_name = {model["name"]: model for model in listed}
    assert {"starter/scenes", "sub/lora.safetensors", MODEL} <= by_name.keys()
    fetched = by_name[MODEL]
    assert (fetched["source"], fetched["licence"], fetched["intact"]) == (MODEL, "openrail", True)
    assert (fetched["kind"], fetched["family"]) == ("pipeline", "sd")
    assert fetched["bytes"] == sum(len(FILES[name]) for name in TAKEN)
    assert by_name["sub/lora.safetensors"]["source"] == ""
    plain = models("list").stdout
    assert f"{MODEL}@" in plain
    assert "openrail" in plain


def test_a_changed_or_missing_file_is_told_and_the_same_command_mends_it(
    hub: FakeHub, place: Path, models: Command
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    file = shelf_of(place) / MODEL / UNET
    data = bytearray(FILES[UNET])
    data[-1] ^= 1
    file.write_bytes(data)
    assert models("list").returncode == 0, "one flipped bit costs reading all"
    read = models("list", "--verify")
    assert (read.returncode, f"{UNET} has changed" in read.stdout) == (1, True)
    assert f"models add {MODEL}@{hub.repos[MODEL].branches['main']} --replace" in read.stdout
    before = hub.sent()
    assert models("add", MODEL, "--yes").returncode == 0
    assert hub.sent() == before, "its sizes are right"
    assert models("add", MODEL, "--yes", "--replace").returncode == 0
    assert hub.sent() - before == len(data)
    file.write_bytes(data)
    (shelf_of(place) / MODEL / "model_index.json").unlink()
    assert "model_index.json is missing" in models("list").stdout
    before = hub.sent()
    assert models("add", MODEL, "--yes").returncode == 0
    assert hub.sent() - before == len(data) + len(FILES["model_index.json"]), "and no more"
    assert models("list", "--verify").returncode == 0


def test_removing_takes_what_was_fetched_and_nothing_else(place: Path, models: Command) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    asked = models("remove", MODEL)
    assert (asked.returncode, "say --yes" in asked.stderr) == (2, True)
    note = shelf_of(place) / MODEL / "unet" / "notes.md"
    note.write_text("mine")
    done = models("remove", MODEL, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    freed = sum(len(FILES[name]) for name in TAKEN)
    assert json.loads(done.stdout) == {"name": MODEL, "freed": freed, "left": [str(note)]}
    assert inside(shelf_of(place)) == {f"{MODEL}/unet/notes.md"}
    unknown = models("remove", MODEL, "--yes")
    assert (unknown.returncode, "was not fetched" in unknown.stderr) == (2, True)
    packs = models("remove", "starter/scenes", "--yes")
    assert (packs.returncode, "was not fetched" in packs.stderr) == (2, True)


def test_what_lies_in_the_folder_of_a_model_is_not_lost_by_replacing_it(
    hub: FakeHub, place: Path, models: Command
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    note = shelf_of(place) / MODEL / "notes.md"
    note.write_text("mine")
    hub.repos[MODEL].add(FILES | {"unet/config.json": b'{"new": 1}'})
    refused = models("add", MODEL, "--yes", "--replace")
    assert (refused.returncode, "notes.md, which would be lost" in refused.stderr) == (2, True)
    note.unlink()
    assert models("add", MODEL, "--yes", "--replace").returncode == 0


def test_when_replacing_ends_half_way_no_record_stands_beside_what_it_does_not_describe(
    hub: FakeHub, place: Path, models: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models("add", MODEL, "--yes").returncode == 0
    newer = FILES | {UNET: weights(6 << 20, 5)}
    hub.repos[MODEL].add(newer)
    left = 0
    rename, replace = Path.rename, Path.replace

    def count(do: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def counted(here: Path, there: Path) -> Path:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            return do(here, there)

        return counted

    monkeypatch.setattr(Path, "rename", count(rename))
    monkeypatch.setattr(Path, "replace", count(replace))
    for moment in range(1, 20):
        left = moment
        code = models("add", MODEL, "--yes", "--replace").returncode
        left = 0
        record = Shelf(shelf_of(place)).record(MODEL)
        assert record is not None
        folder = shelf_of(place) / MODEL
        assert not folder.exists() or not list(record.wrongs(folder, read=True)), moment
        if code == 0:
            break
        assert code == 130
    assert moment > 4
    assert (shelf_of(place) / MODEL / UNET).read_bytes() == newer[UNET]


def test_what_was_begun_can_be_dropped_and_its_command_is_named_in_full(
    hub: FakeHub, place: Path, models: Command
) -> None:
    name = "unet/diffusion_pytorch_model.fp16.safetensors"
    hub.repos[MODEL].promised[name] = weights((3 << 20) - 4, 1)
    source = f"{MODEL}@main"
    refused = models("add", source, "--yes", "--variant", "fp16", "--as", "my half")
    assert refused.returncode == 1
    said = models("list").stdout
    assert f"musegraph models add {source} --variant fp16 --as 'my half' goes on" in said
    assert models("remove", "my half", "--yes").returncode == 0
    assert inside(shelf_of(place)) == set()


def test_the_rate_is_of_the_bytes_that_come_now(capsys: pytest.CaptureFixture[str]) -> None:
    view = Transfer(Style(sys.stderr))
    view._began -= 10
    view.tell(Progress(890 << 20, 990 << 20, 100 << 20, "a.safetensors"))
    words = view._words(Progress(890 << 20, 990 << 20, 100 << 20, "a.safetensors"))
    assert words == ["890 MiB of 990 MiB", "10 MiB/s", "10 s left", "a.safetensors"]
    assert capsys.readouterr().err == "", "the first line comes after a while"


def test_a_record_that_somebody_has_changed_reaches_no_file_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim.json"
    victim.write_text("{}")
    record = {
        "name": "a/b",
        "source": "a/b",
        "commit": "0" * 40,
        "files": [{"path": "../../../victim.json", "size": 2}],
    }
    place = tmp_path / "shelf" / ".musegraph" / "records" / "a" / "b.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(record))
    shelf = Shelf(tmp_path / "shelf")
    assert shelf.record("a/b") is None
    shelf.remove("a/b")
    assert victim.exists()
