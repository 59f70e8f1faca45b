"""One call of the server to the disk fails, at every place of its life in turn.

The server is the real one with its database, lock, token and uploads, in a forked process, so that
a trial costs a part of a second; what stands in for its workers answers at once and touches no
disk: their calls are those of the part `faults`.
"""

from __future__ import annotations

import asyncio
import ctypes
import http.client
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps import sweep_calls, sweep_modes

PROMISE = "Whatever call of the server to the disk fails, no job that was acknowledged is lost."
TRIALS = "each call, in four ways"
MODES = ("eio", "enospc", "short", "kill")
FINE, UNUSABLE, KILLED = 0, 5, -9
JOBS = 4
TOLD, COUNT = "told.txt", "count.txt"
SLOW = 20.0
"""Seconds in which a server has to answer, to be done and to end."""


class Standin:
    """A worker that has done everything as soon as it is asked."""

    def __init__(self, name: str, *_: Any) -> None:
        self.name, self.running, self.gone = name, dict[str, float](), asyncio.Event()
        self.process = self.run = None
        self.alive = True

    async def start(self) -> None: ...

    async def cancel(self, run: str) -> None: ...

    async def cancel_all(self) -> None: ...

    def silent(self) -> float:
        return 0.0

    async def end(self, why: object = None) -> None:
        self.alive = False
        self.gone.set()

    async def carry_out(self, run: str, **about: Any) -> dict[str, Any]:
        kept = {"asset": f"blake3:{run}{run}", "name": "a", "media": "text/plain", "bytes": 1}
        return {"state": "done", "outputs": {"a": {"files": [kept]}}, "record": {}}

    async def ask(self, question: str, **about: Any) -> dict[str, Any]:
        if question == "settle_all":
            made = [{"workflow": one["workflow"], "targets": [], "steps": 1}
                    for one in about["documents"]]  # fmt: skip
            return {"documents": made}
        return {"media": "text/plain"}


def _child(folder: Path, pipe: int, fault: dict[str, str]) -> None:
    """``musegraph serve`` in a process that ends here."""
    from musegraph.cli import main
    from musegraph.server import dispatch

    os.dup2(pipe, 1)
    os.dup2(os.open(folder / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    dispatch.Worker = Standin  # type: ignore[assignment,misc]
    libc = ctypes.CDLL(None)
    for name, value in fault.items():  # past Python: what the server starts is to be spared
        libc.setenv(name.encode(), value.encode(), 1)
    code = main(
        ["serve", "--no-open", "--port", "0", "--data", str(folder / "s" / "data"),
         "--cache", str(folder / "s" / "cache")]
    )  # fmt: skip
    sys.stderr.flush()
    libc.fault_seen.restype = ctypes.c_long
    (folder / COUNT).write_text(str(libc.fault_seen()))
    os._exit(code)


@dataclass
class Life:
    """A server from its start to its end, and what it acknowledged."""

    folder: Path
    fault: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    code: int = 99

    def __enter__(self) -> Life:
        ear, mouth = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.close(ear)
                _child(self.folder, mouth, self.fault)
            finally:
                os._exit(99)
        os.close(mouth)
        with os.fdopen(ear) as said:
            self.url, _, self.token = said.readline().rpartition(" ")[2].strip().partition("/#t=")
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + SLOW
        while not (found := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > end:
                self.wrong.append("it did not end")
                os.kill(self.pid, signal.SIGKILL)
                found = os.waitpid(self.pid, 0)
                break
            time.sleep(0.005)
        self.code = os.waitstatus_to_exitcode(found[1])

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and what was answered; 0 if the server is gone. A failure is a sentence."""
        if not self.url:
            return 0, None
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        media = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "X-Requested-By": "musegraph"}
        headers |= {"Content-Type": media} if data is not None else {}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=SLOW)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.url = ""
            return 0, None
        finally:
            connection.close()
        found = json.loads(text) if text else None
        if status >= 400 and not (status == 507 and " " in found["error"]["message"]):
            self.wrong.append(f"{method} {path}: {status} {text.decode()}")
        return status, found

    def until(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """The same, sent again as long as the disk fails; once is all that it does."""
        status, found = self.ask(method, path, body)
        return self.ask(method, path, body) if status == 507 else (status, found)

    def submit(self) -> set[str]:
        """Send the jobs; the ids of those that were acknowledged."""
        found = [self.until("POST", "/api/runs", {"workflow": {"musegraph": 1, "nodes": {}, "name":
                 str(number)}, "key": f"job {number}"}) for number in range(JOBS)]  # fmt: skip
        return {run["id"] for status, run in found if status in (200, 201)}

    def live(self) -> set[str]:
        """What a server is asked for; the runs that it acknowledged."""
        runs = self.submit()
        name = {"name": "kept", "workflow": {"musegraph": 1, "nodes": {}}}
        if self.until("POST", "/api/workflows", name)[0] == 201:
            runs.add("workflow")
        if self.until("POST", "/api/assets?name=a.txt", b"letters")[0] == 201:
            runs.add("asset")
        self.until("POST", "/api/runs/cancel", {})
        self.done()
        return runs

    def done(self) -> None:
        """Wait until no run is left to do."""
        end = time.monotonic() + SLOW
        while self.url and time.monotonic() < end:
            counts = (self.ask("GET", "/api/queue")[1] or {}).get("counts", {})
            if not counts.keys() & {"queued", "running"}:
                return
            time.sleep(0.005)
        if self.url:
            self.wrong.append("the runs do not come to an end")


def trial(mode: str, at: int) -> tuple[str, int]:
    """A life with a fault and one without: what was wrong, and the first one's exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fault = {"FAULT_BELOW": str(folder / "s"), "FAULT_MODE": mode, "FAULT_AT": str(at)}
        with Life(folder, fault) as first:
            kept = first.live()
        told = (folder / TOLD).read_text()
        with Life(folder) as second:
            again = second.submit()
            second.done()
            states = Counter(
                run["state"] for run in second.ask("GET", "/api/runs")[1]["runs"]
            ) if second.url else Counter[str]()  # fmt: skip
            workflows = second.ask("GET", "/api/workflows")[1] or {"workflows": []}
        return _wrong(mode, first, second, told, folder) or _lost(
            kept, again, states, len(workflows["workflows"])
        ), first.code


def _lost(kept: set[str], again: set[str], states: Counter[str], workflows: int) -> str:
    if kept - {"workflow", "asset"} - again:
        return "an acknowledged run is lost"
    if len(again) != JOBS or states["done"] + states["cancelled"] != JOBS:
        return f"{len(again)} runs, {dict(states)}"
    return "the workflow is lost" if workflows != 1 and "workflow" in kept else ""


def _wrong(mode: str, first: Life, second: Life, told: str, folder: Path) -> str:
    if "Traceback" in told or "defect" in told:
        return told
    if first.wrong or second.wrong:
        return "; ".join([*first.wrong, *second.wrong])
    if first.code not in ((FINE, KILLED) if mode == "kill" else (FINE, UNUSABLE)):
        return f"exit code {first.code}: {told}"
    if first.code == UNUSABLE and "cannot be" not in told:
        return f"not a sentence that says what cannot be done: {told}"
    if second.code != FINE:
        return f"exit code {second.code} after that: {(folder / TOLD).read_text()}"
    with closing(sqlite3.connect(folder / "s" / "data" / "server.db")) as db:
        (found,) = db.execute("pragma integrity_check").fetchone()
    return "" if found == "ok" else str(found)


def sweep(mode: str, count: int) -> int:
    """Every place in turn, or ``count`` of them spread over the life; prints a row of the table."""
    import aiohttp  # noqa: F401  all that a server needs, once for all forks

    import musegraph.cli.serve
    import musegraph.server.app
    import musegraph.server.openapi  # noqa: F401

    with tempfile.TemporaryDirectory() as name:
        with Life(Path(name), {"FAULT_BELOW": str(Path(name) / "s")}) as whole:
            kept = whole.live()
        calls = int((Path(name) / COUNT).read_text())
    if whole.code != FINE or whole.wrong or len(kept) != JOBS + 2 or calls < 50:
        print(f"| {mode} | 0 | the life without a fault is not as expected: {whole.wrong} |")
        return 1
    return sweep_calls(mode, calls, count, lambda at: trial(mode, at))


def main(count: int) -> int:
    return sweep_modes(__file__, "a call of the server to the disk", MODES, count)


if __name__ == "__main__":
    if sys.argv[1] in MODES:
        sys.exit(sweep(sys.argv[1], int(sys.argv[2])))
    sys.exit(main(int(sys.argv[1])))
