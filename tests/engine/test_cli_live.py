"""The command line while it runs: Ctrl-C at any moment, and what a terminal shows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from shell import (
    COMMAND,
    SLOW,
    calls,
    environment,
    events,
    furnish,
    musegraph,
    run,
    workflow,
    write,
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


# Ctrl-C


START = '''
import os
import signal
import sys

from musegraph.cli import main


def interrupt(number, frame):
    """As Python does, once ``main`` was called: what comes before it is not Musegraph's."""
    while frame is not None and frame.f_code is not main.__code__:
        frame = frame.f_back
    if frame is None:
        os._exit(130)
    raise KeyboardInterrupt


# whoever runs these tests in the background may have SIGINT ignored
signal.signal(signal.SIGINT, interrupt)
print("here", flush=True)
sys.exit(main())
'''


def start(place: Path, file: str, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process; it returns when ``main`` is about to be called."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "run", file, "--packs", "toy.py", *arguments],
        cwd=place,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


def wait_for(place: Path, call: str) -> None:
    """Until a node says that it was called."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        notes = place / "calls.txt"
        if notes.exists() and call in notes.read_text().split():
            return
        time.sleep(0.01)
    raise AssertionError(f"{call} was not called")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_in_the_middle_of_a_step_keeps_what_was_finished(
    place: Path, number: signal.Signals, code: int
) -> None:
    write(place, "slow.json", SLOW)
    process = start(place, "slow.json")
    wait_for(place, "slow")
    process.send_signal(number)
    out, told = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in told
    assert "stopping after the current step of work" in told
    assert "1 step finished and kept, 1 not run" in told
    assert out == ""
    calls(place)
    plan = musegraph(place, "plan", "slow.json", "--packs", "toy.py", "--json")
    assert [step["state"] for step in json.loads(plan.stdout)["steps"]] == ["cached", "run"]
    assert run(place, "slow.json", "--only", "a").returncode == 0
    assert calls(place) == []


def test_ctrl_c_twice_ends_a_step_that_listens_to_nobody(place: Path) -> None:
    deaf = {"type": "toy.deaf", "links": {"text": "a.out"}}
    nodes = {"a": SLOW["nodes"]["a"], "b": deaf}  # type: ignore[index]
    write(place, "deaf.json", workflow(**nodes))
    process = start(place, "deaf.json", "--json")
    wait_for(place, "deaf")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert events(out)[0]["type"] == "run_started"
    calls(place)
    assert run(place, "deaf.json", "--only", "a").returncode == 0
    assert calls(place) == [], "what was finished is on disk"


def test_ctrl_c_at_any_moment_shows_no_traceback(place: Path) -> None:
    write(place, "slow.json", SLOW)
    for moment in (0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7):
        process = start(place, "slow.json")
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert "Traceback" not in told, f"after {moment} s: {told}"
        assert process.returncode == 130


# on a terminal


def on_terminal(place: Path, *arguments: str, **more: str) -> str:
    """Everything that a terminal is sent."""
    pty = pytest.importorskip("pty")
    keeper, end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=place,
        env=environment(place, TERM="xterm-256color", COLUMNS="100", LINES="30", **more),
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    shown = b"".join(chunks(keeper))
    os.close(keeper)
    assert process.wait(30) == 0
    return shown.decode()


def chunks(handle: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(handle, 65536)
        except OSError:  # how Linux says that the other end is closed
            return
        if not data:
            return
        yield data


def test_a_terminal_shows_bars_and_the_time_left(place: Path) -> None:
    slow = SLOW | {"inputs": {"steps": {"to": ["b.steps"]}}}
    write(place, "slow.json", slow)
    arguments = ("run", "slow.json", "--packs", "toy.py", "--set", "steps=60", "--out", "out")
    shown = on_terminal(place, *arguments)
    assert "━" in shown
    assert "/60" in shown
    assert "left" in shown
    assert "\x1b[?25h" in shown, "the cursor is there again"
    assert shown.rstrip().splitlines()[-1].startswith("out/said_")


def test_a_terminal_shows_the_time_left_of_a_run_whose_steps_ran_before(place: Path) -> None:
    slow = {"type": "toy.slow", "values": {"text": "one", "steps": 60}}
    write(place, "two.json", workflow(a=slow, b=slow | {"values": {"text": "two", "steps": 60}}))
    arguments = ("run", "two.json", "--packs", "toy.py", "--only", "b")
    assert "in all" not in on_terminal(place, *arguments), "nothing is known of it yet"
    others = json.loads(
        (place / "two.json").read_text().replace("one", "un").replace("two", "deux")
    )
    write(place, "two.json", others)
    shown = on_terminal(place, "run", "two.json", "--packs", "toy.py")
    said = [int(each) for each in re.findall(r"(\d+) s left in all", shown)]
    assert said
    assert all(after <= before + 1 for before, after in pairwise(said)), "it counts down"
    assert 1 <= said[0] <= 10


def test_colours_are_for_terminals_that_want_them(place: Path) -> None:
    assert "\x1b[" in on_terminal(place, "nodes", "core")
    assert "\x1b[" not in on_terminal(place, "nodes", "core", NO_COLOR="1")
    assert "\x1b[" not in musegraph(place, "nodes", "core").stdout
