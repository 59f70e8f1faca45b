"""``pack test``: a pack's own tests, and what every pack can be tried for without writing any."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph.errors import PackError
from musegraph.packs.child import ask, environment
from musegraph.packs.golden import FOLDER
from musegraph.packs.project import Project
from musegraph.packs.trying import GROWTH, RESULTS

SECONDS = 900.0
"""For all results of a pack, and for its own tests."""
CALL = 20.0
"""Seconds for one call under strain."""
SHOWN = 30
"""Lines of a failing test run that are told of."""
_MODULE = "musegraph.packs.trying"


@dataclass(frozen=True)
class Stage:
    """One thing that was tried, and how it went; ``ok`` is None if there was nothing to try."""

    name: str
    ok: bool | None
    summary: str
    lines: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        made = {"stage": self.name, "ok": self.ok, "summary": self.summary}
        return made | {"lines": list(self.lines)}


def trial(project: Project, update: bool = False, seconds: float = CALL) -> Iterator[Stage]:
    """Try a pack; each stage as it ends. ``seconds`` are those that one bad call may take."""
    yield _own_tests(project)
    one = results_of(project, update)
    yield _runs(one)
    yield golden_stage(one["golden"], update)
    ids = sorted({name.partition(" ")[0] for name in one["results"]})
    found = _strained(project, ids, seconds)
    yield _same_twice(one, found.pop(RESULTS, {}))
    yield _memory(found)
    yield _bad_input(found)


def _own_tests(project: Project) -> Stage:
    name = "its own tests"
    if not (project.root / "tests").is_dir():
        return Stage(name, None, "there is no folder tests")
    if importlib.util.find_spec("pytest") is None:
        return Stage(name, False, "pytest is not installed here; 'pip install pytest' does it")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    paths = os.pathsep.join(filter(None, (str(project.sources), os.environ.get("PYTHONPATH"))))
    variables = environment(PYTHONPATH=paths, NO_COLOR="1")
    ours = {name for name in variables if name.startswith("PYTEST_")}
    try:
        done = subprocess.run(
            command,
            cwd=project.root,
            env={name: value for name, value in variables.items() if name not in ours},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Stage(name, False, f"they did not come to an end within {SECONDS:g} s")
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1].strip("= ") if lines else ""
    if done.returncode == 5:
        return Stage(name, None, "there are none in the folder tests")
    return Stage(
        name, done.returncode == 0, last, () if done.returncode == 0 else tuple(lines[-SHOWN:])
    )


def results_of(project: Project, update: bool) -> dict[str, Any]:
    """What all examples and workflows give, in a process of its own."""
    request = {"what": "results", "root": str(project.root), "update": update}
    answer = ask(_MODULE, request, SECONDS, PYTHONHASHSEED="1", MUSEGRAPH_DEVICE="cpu")
    if error := answer.get("error"):
        raise PackError(error)
    return dict(answer)


def _runs(one: dict[str, Any]) -> Stage:
    failed = [f"{name}: {why}" for name, why in one["failed"].items()]
    untried = [f"{id} was not tried: {why}" for id, why in one["untried"].items()]
    count = len(one["results"])
    summary = f"{count} of {count + len(failed)} examples and workflows run"
    return Stage("runs", not failed, summary, (*failed, *untried))


def _same_twice(one: dict[str, Any], two: dict[str, Any]) -> Stage:
    name = "the same in two processes"
    held = [case for case in one["results"] if case not in one["volatile"]]
    wrong = [
        f"{case}: {port} is different in a second process; look for sets, times, random numbers "
        "without a seed, and what is left over from the call before; or say cache=False if it "
        "reads the world"
        for case in held
        for port, identity in one["results"][case].items()
        if two.get(case, {}).get(port) != identity
    ]
    return Stage(
        name, not wrong if held else None, f"{len(held)} held against each other", tuple(wrong)
    )


def golden_stage(golden: dict[str, Any], update: bool) -> Stage:
    """How the results of today stand beside those that somebody called right."""
    name = "golden results"
    if update:
        return Stage(name, True, f"{golden['held']} written to {FOLDER}")
    if not golden["there"]:
        said = "there are none; --update writes down what the nodes give today, for you to look at"
        return Stage(name, None, said)
    wrong = [f"{what} {how}" for what, how in golden["different"].items()]
    wrong += [f"{case} has none; --update writes it down" for case in golden["new"]]
    wrong += [f"{case} gave a result once and is no longer tried" for case in golden["gone"]]
    close = f", {len(golden['close'])} of them up to rounding" if golden["close"] else ""
    summary = f"{golden['held']} held against {FOLDER}{close}"
    if wrong:
        wrong.append("if the new results are right, say --update")
    return Stage(name, not wrong, summary, tuple(wrong))


def _strained(project: Project, ids: list[str], seconds: float) -> dict[str, Any]:
    """What each node does under strain; one that takes its process along costs only itself.

    In another process than the first, and with another order of sets, all results are made again.
    """
    found: dict[str, Any] = {}
    todo = [id for id in ids if id != "workflow"]
    with tempfile.TemporaryDirectory(prefix="musegraph-") as folder:
        state, done = Path(folder, "state.json"), Path(folder, "done.jsonl")
        while todo:
            request = {
                "what": "strain",
                "root": str(project.root),
                "nodes": todo,
                "seconds": seconds,
            }
            request |= {"state": str(state), "done": str(done)}
            why = ""
            try:
                answer = ask(_MODULE, request, SECONDS, PYTHONHASHSEED="2", MUSEGRAPH_DEVICE="cpu")
                why = answer.get("error", "")
            except PackError as error:
                why = str(error)
            for line in done.read_text("utf-8").splitlines() if done.is_file() else ():
                found |= json.loads(line)
            todo = [id for id in todo if id not in found]
            if not todo or not why:
                break
            id, what = json.loads(state.read_text("utf-8")) if state.is_file() else (todo[0], "")
            found[id] = {"grew": [], "broke": {what: _end(why, seconds)}, "tried": 1, "cases": 1}
            todo = [one for one in todo if one != id]
    return found


def _end(why: str, seconds: float) -> str:
    """How a process ended; faulthandler ends one with exit code 1 after telling where it was."""
    if "exit code 1" in why:
        return f"it did not come to an end within {seconds:g} s"
    return why.partition(":")[0]


def _memory(found: dict[str, Any]) -> Stage:
    rounds = {id: one["grew"] for id, one in found.items() if one["grew"]}
    wrong = [
        f"{id}: the process grows by {min(grew) >> 10:,} kB or more in every ten calls; look for "
        "what is kept in lists, caches and modules"
        for id, grew in rounds.items()
        if min(grew) > GROWTH
    ]
    return Stage(
        "memory",
        not wrong if rounds else None,
        f"{len(rounds)} nodes called 40 times",
        tuple(wrong),
    )


def _bad_input(found: dict[str, Any]) -> Stage:
    tried = sum(one["tried"] for one in found.values())
    left = sum(one["cases"] - one["tried"] for one in found.values())
    wrong = [
        f'{id}, {case}: {why}; refuse it in words: raise NodeError("…"), or narrow the type'
        for id, one in found.items()
        for case, why in one["broke"].items()
    ]
    more = f", {left} more not for want of time" if left else ""
    return Stage(
        "bad input", not wrong if tried else None, f"{tried} bad inputs{more}", tuple(wrong)
    )
