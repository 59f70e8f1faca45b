"""The commands that speak to a server, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from client import Process
from test_runs import LIGHT, slow

from musegraph.cli.style import Style
from musegraph.cli.submit import tell
from musegraph.events import StepDone


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("server"))
    yield process
    assert process.end(signal.SIGTERM) == 0


def musegraph(server: Process, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in the folder of a server, whose data it finds by a variable."""
    return subprocess.run(
        [sys.executable, "-m", "musegraph", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=server.folder,
        env={
            **os.environ,
            "MUSEGRAPH_DATA": str(server.folder / "data"),
            "MUSEGRAPH_CACHE": str(server.folder / "own"),
            "NO_COLOR": "1",
        },
    )  # fmt: skip


PACKS = ("--packs", str(Path(__file__).with_name("troublesome.py")))


def written(server: Process, document: object, name: str = "it.json") -> str:
    place = server.folder / name
    place.write_text(json.dumps(document))
    return str(place)


def test_run_on_a_server_gives_what_run_gives_here(server: Process) -> None:
    file = written(server, LIGHT)
    there = musegraph(server, "run", file, *PACKS, "--set", "a=4", "--server", server.url)
    here = musegraph(server, "run", file, *PACKS, "--set", "a=4")
    assert there.returncode == here.returncode == 0, there.stderr
    assert there.stdout == here.stdout == "sum: 8\n"


def test_files_are_sent_there_and_what_came_of_them_is_saved_here(server: Process) -> None:
    from PIL import Image

    Image.new("RGB", (40, 20), (9, 99, 199)).save(server.folder / "photo.png")
    document = {
        "musegraph": 1,
        "inputs": {"photo": {"to": ["small.image"]}},
        "outputs": {"small": "small.out"},
        "nodes": {"small": {"type": "image.resize", "values": {"width": 8, "height": 4}}},
    }
    file = written(server, document, "small.json")
    options = (file, "--set", "photo=photo.png", "--out")
    there = musegraph(server, "run", *options, "there", "--server", server.url)
    assert there.returncode == 0, there.stderr
    here = musegraph(server, "run", *options, "here")
    made = [Path(text.strip()) for text in (there.stdout, here.stdout)]
    assert made[0].name == made[1].name
    with (
        Image.open(server.folder / made[0]) as one,
        Image.open(server.folder / made[1]) as other,
    ):
        assert one.size == (8, 4)
        assert one.tobytes() == other.tobytes()
    again = musegraph(server, "run", *options, "there", "--server", server.url)
    assert again.stdout == there.stdout


def test_submit_queue_watch_and_cancel_speak_to_the_server_that_runs_here(server: Process) -> None:
    file = written(server, slow(30), "slow.json")
    first = musegraph(server, "submit", file, *PACKS, "--key", "mine")
    again = musegraph(server, "submit", file, *PACKS, "--key", "mine")
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    run = first.stdout.strip()
    listed = musegraph(server, "queue")
    assert run[:8] in listed.stdout
    cancelled = musegraph(server, "cancel", run[:6])
    assert cancelled.stdout in ("0 cancelled, 1 told to stop\n", "1 cancelled, 0 told to stop\n")
    watched = musegraph(server, "watch", run[:6])
    assert watched.returncode == 1
    assert "the run was cancelled" in watched.stderr
    whole = json.loads(musegraph(server, "queue", "--all", "--json").stdout)
    assert [r["state"] for r in whole["runs"] if r["id"] == run] == ["cancelled"]


@pytest.mark.parametrize(
    ("tier", "where"),
    [("device", ", on the device"), ("host", ", in memory"), ("disk", ", on disk"), (None, "")],
)
def test_a_hit_is_told_with_the_place_where_it_was(
    capsys: pytest.CaptureFixture[str], tier: str | None, where: str
) -> None:
    event = StepDone("wait", True, 0.0, {}, tier)
    tell(event.json(), Style(sys.stderr))
    assert capsys.readouterr().err.rstrip().endswith(f"wait  cached{where}")


def test_a_run_that_fails_there_fails_here_in_the_same_words(server: Process) -> None:
    document = {"musegraph": 1, "nodes": {"no": {"type": "troublesome.refuse", "values": {"a": 1}}}}
    made = musegraph(server, "run", written(server, document), *PACKS, "--server", server.url)
    assert made.returncode == 1
    assert "no: ValueError: this was to be expected" in made.stderr
    assert "Traceback" not in made.stderr


def test_problems_are_told_as_by_check(server: Process) -> None:
    document = {"musegraph": 1, "nodes": {"no": {"type": "troublesome.ad"}}}
    made = musegraph(server, "submit", written(server, document), *PACKS)
    assert made.returncode == 3
    assert "has no node 'ad'" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("queue", "--data", "nowhere"), 2, "no server runs here"),
        (("queue", "--server", "ftp://x"), 2, "starts with http"),
        (("queue", "--server", "http://127.0.0.1:1"), 2, "does not answer"),
        (("cancel",), 2, "name the runs"),
        (("watch", "ffff"), 2, "there is no run 'ffff'"),
        (("serve", "--host", "0.0.0.0"), 2, "--public-origin"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    server: Process, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = musegraph(server, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_has_a_page_prints_its_address_and_logs_json(tmp_path: Path) -> None:
    process = Process(tmp_path, "--json")
    assert process.url.startswith("http://127.0.0.1:")
    assert len(process.token) >= 40
    assert (tmp_path / "data" / "token").stat().st_mode & 0o077 == 0
    assert process.process.stderr is not None
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(20) == 0
    for line in process.process.stderr.read().splitlines():
        assert json.loads(line)["level"]
