"""The processes in which ``pack test`` runs nodes: for their results, and under strain.

``python -m musegraph.packs.trying QUESTION ANSWER``.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import sys
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

from musegraph.errors import MusegraphError
from musegraph.node import NodeType
from musegraph.pack import Pack, Registry
from musegraph.packs import calls
from musegraph.packs.child import answer_with
from musegraph.packs.describe import open_pack
from musegraph.packs.golden import Golden
from musegraph.packs.project import Project, read_project
from musegraph.packs.samples import Case, bad_cases

RESULTS = "results"
"""Under this name, which is no node's, the results of the second process are told."""
WARM, ROUNDS, EACH = 10, 3, 10
"""Calls before memory is looked at, looks after that, and calls between two looks."""
GROWTH = 1 << 20
"""Bytes that the process may grow by in a round; only who grows by more in each round leaks."""
PATIENCE = 60.0
"""Seconds for all bad inputs of a node."""
ROOM = 4 << 30
"""Bytes that a bad input may take beyond what is taken anyway."""


def results(project: Project, pack: Pack, request: dict[str, Any]) -> dict[str, Any]:
    """The identity of every output of every case, and how it stands beside the golden results."""
    registry = calls.registry_for(pack)
    cases, untried = calls.cases_of(project, pack)
    golden = Golden(project)
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    volatile = []
    for name, came in _all(project, registry, cases):
        if not came.ok:
            failed[name] = came.refused or came.broke
            continue
        found[name] = came.identities()
        if name in cases and not cases[name][0].cache:
            volatile.append(name)
        else:
            golden.hold(name, came, request["update"])
    golden.finish(request["update"])
    return {
        "results": found,
        "failed": failed,
        "untried": untried,
        "volatile": volatile,
        "golden": golden.json(),
    }


def _all(project: Project, registry: Registry, cases: dict[str, tuple[NodeType, Case]]) -> Any:
    for name, (kind, case) in cases.items():
        with calls.engine_for(registry) as engine:
            yield name, calls.call(engine, kind, case)
    for name, workflow in calls.workflows(project):
        with calls.engine_for(registry) as engine:
            yield name, calls.run(engine, workflow, quick=True)


def strain(project: Project, pack: Pack, request: dict[str, Any]) -> dict[str, Any]:
    """All results once more, then many calls of each node, then bad ones.

    What is being done stands in a file, and what is done in another, for this process may die.
    """
    registry = calls.registry_for(pack)
    cases, _ = calls.cases_of(project, pack)
    done = Path(request["done"])
    if not done.exists():
        found = {
            name: came.identities() for name, came in _all(project, registry, cases) if came.ok
        }
        _note(done, {RESULTS: found})
    first = {kind.id: (kind, case) for kind, case in reversed(cases.values())}
    for id in request["nodes"]:
        if id not in first:
            continue
        kind, case = first[id]
        state = _State(Path(request["state"]), id, request["seconds"])
        grew = _grew(registry, kind, case, state)
        told = {"grew": grew} | _bad(registry, kind, case, state)
        faulthandler.cancel_dump_traceback_later()
        _note(done, {id: told})
    return {}


def _note(done: Path, told: dict[str, Any]) -> None:
    with done.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(told) + "\n")


class _State:
    """What is being done; one call that takes too long ends this process."""

    def __init__(self, place: Path, id: str, seconds: float) -> None:
        self.place, self.id, self.seconds = place, id, seconds

    def say(self, what: str) -> None:
        self.place.write_text(json.dumps([self.id, what]), "utf-8")
        faulthandler.dump_traceback_later(self.seconds, exit=True)


def _grew(registry: Registry, kind: NodeType, case: Case, state: _State) -> list[int]:
    """By how many bytes the process grew in each round of calls; none if calls take too long."""
    import psutil

    process = psutil.Process()
    start = monotonic()
    sizes: list[int] = []
    for turn in range(WARM + ROUNDS * EACH + 1):
        if monotonic() - start > PATIENCE / 2:
            return []
        if turn >= WARM and (turn - WARM) % EACH == 0:
            gc.collect()
            sizes.append(process.memory_info().rss)
        state.say("a call with good inputs, over and over")
        with calls.engine_for(registry) as engine:
            if not calls.call(engine, kind, case).ok:
                return []
    return [after - before for before, after in pairwise(sizes)]


def _bad(registry: Registry, kind: NodeType, good: Case, state: _State) -> dict[str, Any]:
    """The bad inputs at which the node breaks instead of refusing them in words."""
    broke: dict[str, str] = {}
    tried, start = 0, monotonic()
    everything = list(bad_cases(kind, good))
    with calls.engine_for(registry) as engine:
        for case in everything:
            if monotonic() - start > PATIENCE:
                break
            state.say(case.name)
            tried += 1
            try:
                came = calls.call(engine, kind, case)
            except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
                broke[case.name] = f"{type(error).__name__}: {error}"
                continue
            if came.broke:
                broke[case.name] = came.broke
    return {"broke": broke, "tried": tried, "cases": len(everything)}


def bound_memory() -> None:
    """Let an allocation beyond reason fail here rather than take the machine's memory."""
    if sys.platform != "linux":
        return
    import resource

    import psutil

    taken = psutil.Process().memory_info().vms
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + ROOM
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def main(question: str, answer: str) -> None:
    request = json.loads(Path(question).read_text("utf-8"))
    try:
        project = read_project(Path(request["root"]))
        pack = open_pack(project)
        if request["what"] == "strain":
            bound_memory()
        told = {"results": results, "strain": strain}[request["what"]](project, pack, request)
    except MusegraphError as error:
        told = {"error": str(error)}
    answer_with(answer, told)


if __name__ == "__main__":
    main(*sys.argv[1:])
