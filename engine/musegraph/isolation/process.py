"""The process of a pack as the run sees it: started, called, watched, ended."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from musegraph.errors import PackError, Stopped
from musegraph.isolation.logs import MOST, Logs
from musegraph.isolation.settings import DANGERS, ROOM, Launch
from musegraph.isolation.wire import Broken, Closed, Frame, Line, Parcel
from musegraph.sentences import said_by, sentence
from musegraph.shortage import in_words

BOOT = Path(__file__).with_name("boot.py")
LOOK = 0.05
"""Seconds between two looks at whether all is well, while nothing comes."""

SEND_SECONDS = 30.0
MESSAGES = 5000
"""So many messages in a second are more than any node has to say."""

_alive: weakref.WeakSet[Process] = weakref.WeakSet()
# A process can be told to end with the thread that started it, so one thread starts them all and
# lasts as long as this process.
_starter: ThreadPoolExecutor | None = None
_lock = threading.Lock()


class Ended(Stopped):
    """The process of a pack is gone, and why."""


class Process:
    """One process of a pack. One thread at a time speaks with it."""

    def __init__(self, launch: Launch, models: tuple[str, ...] = ()) -> None:
        self.launch = launch
        self.models = models
        self.scratch = tempfile.mkdtemp(prefix="musegraph-")
        near, far = socket.socketpair()
        near.settimeout(SEND_SECONDS)
        self.line = Line(near)
        self._messages = 0
        self._since = monotonic()
        self._given = 0
        self.why: tuple[str, str] | None = None
        """Why it was ended from here, and the code of that."""
        try:
            self.child = _thread().submit(self._start, far).result()
        except BaseException:
            near.close()
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        finally:
            far.close()
        assert self.child.stdout is not None
        self.logs = Logs(launch.name, self.child.stdout.fileno(), self._flooded)
        _alive.add(self)

    def _start(self, far: socket.socket) -> subprocess.Popen[bytes]:
        isolation = self.launch.isolation
        job = {
            "name": self.launch.name,
            "entry": self.launch.entry,
            "version": self.launch.version,
            "handle": far.fileno(),
            "parent": os.getpid(),
            "memory": isolation.memory,
            "room": ROOM,
            "cage": self.launch.cage(Path(self.scratch), self.models),
            "walls": self.launch.walls(),
            "path": self.launch.path(),
        }
        words = [sys.executable, "-I", "-S", "-B", "-u", "-X", "utf8", str(BOOT), json.dumps(job)]
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(far.fileno(),),
            cwd=self.scratch,
            env=self._environment(),
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        """Nothing of this process's own: no tokens, no homes; a graphics card only if granted."""
        made = {"HOME": self.scratch, "TMPDIR": self.scratch, "LANG": "C.UTF-8", "PATH": os.defpath}
        kept = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "TZ"]
        if self.launch.isolation.trusted or "gpu" in self.launch.permissions:
            kept += ["CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"]
        else:
            made["CUDA_VISIBLE_DEVICES"] = ""
        return made | {name: os.environ[name] for name in kept if name in os.environ}

    # -- speaking with it -------------------------------------------------------------------------

    def send(self, message: dict[str, Any], parcel: Parcel | None = None) -> None:
        self._given = parcel.size if parcel is not None else self._given
        try:
            self.line.send(message, parcel)
        except (OSError, TimeoutError):
            raise self._gone() from None

    def next(self, check: Callable[[], None], patience: float, hanging: str) -> Frame:
        """The next message; calls ``check`` meanwhile, and gives up after ``patience`` seconds."""
        until = monotonic() + patience
        poll = select.poll()
        poll.register(self.line.end, select.POLLIN)
        while not poll.poll(LOOK * 1000):
            check()
            self._look()
            if monotonic() > until and not self.logs.lately(patience):
                raise self.end(hanging, "time-limit")
        try:
            frame = self.line.receive(strange=True)
        except Broken as error:
            raise self.babble(str(error)) from None
        except (Closed, OSError):
            raise self._gone() from None
        self._count()
        return frame

    def _count(self) -> None:
        self._messages += 1
        now = monotonic()
        if now - self._since > 1:
            self._messages, self._since = 0, now
        elif self._messages > MESSAGES:
            raise self.babble(f"more than {MESSAGES:,} messages in a second")

    def _look(self) -> None:
        """End it if it takes more memory than it may in a way that the system does not refuse."""
        if self.why is not None or self.child.poll() is not None:
            raise self._gone()
        most = self.launch.isolation.memory
        if _memory(self.child.pid) - self._given > most:
            raise self.end(self.too_much_memory(), "out-of-memory")

    def too_much_memory(self) -> str:
        most = in_words(self.launch.isolation.memory)
        return sentence("isolated-memory", pack=self.launch.name, most=most)

    def babble(self, what: str) -> Ended:
        """End it because of what it sent."""
        said = sentence("isolated-babble", pack=self.launch.name, what=what)
        return self.end(said, "crashed")

    def _flooded(self) -> None:
        """What is called on the thread that reads the log, once there is too much of it."""
        said = sentence("isolated-flood", pack=self.launch.name, most=in_words(MOST))
        self.why = said, "crashed"
        self._kill()

    def _gone(self) -> Ended:
        """Why it is not there any more."""
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(1)
        code = self.child.poll()
        how = "it left" if code is None else f"exit code {code}" if code >= 0 else _signal(-code)
        crashed = sentence("isolated-crashed", pack=self.launch.name, how=how)
        why, kind = self.why or (crashed, "crashed")
        self.why = why, kind
        self.close()
        return Ended(why, kind)

    def end(self, why: str, code: str) -> Ended:
        """End it, and say so."""
        self.why = self.why or (why, code)
        return self._gone()

    # -- its end ----------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self.why is None and self.child.poll() is None

    def _kill(self) -> None:
        with suppress(OSError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let neither it, nor anything that it started, nor its files be there any more."""
        self._kill()
        self.child.wait()
        self.logs.close()
        if self.child.stdout is not None:
            self.child.stdout.close()
        self.line.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        _alive.discard(self)


def start(launch: Launch, models: tuple[str, ...] = ()) -> tuple[Process, dict[str, Any]]:
    """A process whose pack is imported, and what it says of itself; :class:`PackError` if none."""
    if sys.platform == "win32":
        raise PackError(
            f"the pack {launch.name} is to run in a process of its own, which this version of "
            "Musegraph cannot give it on Windows; install it without --isolated if you trust it"
        )
    if why := launch.changed():
        raise PackError(
            f"it is off, because it has changed since it was agreed to: {why}; "
            f"look at it, then say 'musegraph pack trust {launch.name}', or install it again"
        )
    process = Process(launch, models)
    seconds = launch.import_seconds
    hanging = sentence("isolated-import", pack=launch.name, seconds=f"{seconds:g}")
    try:
        told = process.next(lambda: None, seconds, hanging).message
    except Ended as ended:
        raise PackError(said_by(ended)) from None
    if told.get("is") == "ready":
        return process, told
    process.close()
    if told.get("is") == "lacking":
        raise PackError(_unheld(launch.name, [str(one) for one in told.get("walls", ())]))
    raise PackError(str(told.get("why"))[:2000])


def _unheld(name: str, walls: list[str]) -> str:
    """Why a pack is not run where it could not be kept in."""
    could = ", ".join(DANGERS.get(wall, wall) for wall in walls)
    return (
        f"the pack {name} cannot be kept in on this system, where it could {could}; it is not run: "
        f"install it again with --isolated --trusted if you trust it, or run Musegraph on Linux "
        "6.12 or later"
    )


def _thread() -> ThreadPoolExecutor:
    global _starter
    with _lock:
        if _starter is None:
            _starter = ThreadPoolExecutor(1, "musegraph-isolation")
        return _starter


def _memory(pid: int) -> int:
    """The bytes of memory that a process alone accounts for, shared ones included (Linux)."""
    found = 0
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:  # noqa: PTH123  a question to the system
            for line in file.read().splitlines():
                if line.startswith((b"RssAnon:", b"RssShmem:")):
                    found += int(line.split()[1]) * 1024
    except OSError:
        return 0
    return found


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@atexit.register
def _close_all() -> None:
    for process in list(_alive):
        process.close()
