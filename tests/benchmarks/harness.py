"""What all benchmarks share: how time is taken, who is measured beside whom, what a row says."""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROUNDS = 5

CLOCK = "BENCHMARK_CLOCK"
os.environ.setdefault(CLOCK, "cpu" if os.getloadavg()[0] > 1 else "wall")  # children follow
LOADED = os.environ[CLOCK] == "cpu"
"""Whether others were at work when this began: then CPU time counts, not the clock."""

clock = process_time if LOADED else perf_counter


@dataclass(frozen=True)
class Row:
    """One figure beside one of a peer.

    ``judged`` says what is held against ``goal`` and ``gate``: the figure itself or its ratio to
    the peer's. Both are upper bounds, or lower ones with ``more``; without them the row is there to
    be read. ``note`` is said beside it.
    """

    bench: str
    what: str
    figure: float
    unit: str
    peer: str = ""
    beside: float | None = None
    goal: float | None = None
    gate: float | None = None
    judged: Literal["figure", "ratio"] = "figure"
    more: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.figure / self.beside if self.beside else None

    @property
    def verdict(self) -> str:
        """``goal met``, ``met`` (the gate), ``missed``; a dash where nothing is promised."""
        value = self.figure if self.judged == "figure" else self.ratio
        if self.gate is None:
            return "–"
        if value is None:
            return "not judged"
        if self._holds(value, self.goal if self.goal is not None else self.gate):
            return "met" if self.goal is None else "goal met"
        return "met" if self._holds(value, self.gate) else "missed"

    def _holds(self, value: float, bound: float) -> bool:
        return value >= bound if self.more else value <= bound

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def timed(action: Callable[[], Any]) -> float:
    """Seconds of an action, garbage of others collected before."""
    gc.collect()
    start = clock()
    action()
    return clock() - start


def alternate(subjects: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """The least of what each subject says, who take turns, so that a slow minute hits them all."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, subject in subjects.items():
            best[name] = min(best.get(name, float("inf")), subject())
    return best


@contextmanager
def one_core() -> Iterator[None]:
    """Everything inside runs on the first core that this process may use."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def environment(**more: str) -> dict[str, str]:
    """That of a child: this tree's engine and packs, nothing of the user's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MUSEGRAPH_")}
    paths = os.pathsep.join((str(ROOT / "engine"), str(ROOT / "nodes")))
    return {**kept, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", **more}


def child(name: str, *arguments: object, pinned: bool = True, **more: str) -> Any:
    """What a function of ``children.py`` answers in a process of its own."""
    command = [sys.executable, str(HERE / "children.py"), name, *map(str, arguments)]
    env = environment(**more)
    with one_core() if pinned else nullcontext():
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} {arguments} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def command_seconds(command: list[str], cwd: Path | None = None, **more: str) -> float:
    """Seconds of a command that has to succeed: CPU time of all its threads if others work too."""
    start = perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime if LOADED else seconds


def machine() -> dict[str, Any]:
    """Where and with what the figures were taken."""
    names = ("apache-hamilton", "blake3", "dask", "diffusers", "networkx", "pydantic", "torch")
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "clock": "CPU time" if LOADED else "wall clock",
        "versions": {name: _version(name) for name in names},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.processor())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
