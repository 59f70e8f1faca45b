"""P01 of the security reference: what a pack with no permissions tries to reach beyond itself."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from musegraph.isolation.cage import WALLS
from musegraph.isolation.probe import probe
from musegraph.isolation.settings import Isolation
from musegraph.isolation.told import CONTEXT
from musegraph.node_context import Context

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is enforced")

PROBES = """
import subprocess
from pathlib import Path

def home(told): return Path(told["secret"]).read_text()
def shadow(told): return Path("/etc/shadow").read_text() + Path("/etc/passwd").read_text()
def other_pack(told): return Path(told["other"]).read_text()
def listing(told): return str(os.listdir(told["home"]))
def write_outside(told): Path(told["home"], "written").write_text("x"); return "written"
def write_tree(told): Path(__file__).with_name("more.py").write_text("x"); return "written"
def tcp(told): return str(socket.create_connection(("127.0.0.1", told["tcp"]), 2))
def udp(told):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        return str(end.sendto(b"x", ("127.0.0.1", told["udp"])))
def dns(told): return str(socket.getaddrinfo("example.org", 80))
def abstract(told):
    with socket.socket(socket.AF_UNIX) as end:
        end.connect("\\0" + told["abstract"])
        return "connected"
def signal_parent(told): os.kill(told["parent"], 0); return "signalled"
def parent_proc(told): return Path(f"/proc/{told['parent']}/environ").read_text()
def ptrace(told):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, told["parent"], 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return "attached"
def mount(told):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.getcwd().encode(), b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return "mounted"
def symlink(told):
    os.symlink(told["secret"], "link")
    return Path("link").read_text()
def daemon(told):
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
    return "left"
def thread_flags(told):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(435, 0, 0) == -1 and ctypes.get_errno() == 38:
        raise OSError(38, "clone3")
    return "cloned"
def shell(told): return subprocess.run(["/bin/sh", "-c", "id"], capture_output=True).stdout.decode()
def execute(told): os.execv("/bin/true", ["true"])
def environment(told):
    found = [name for name in os.environ if "SECRET" in name or "TOKEN" in name]
    if not found:
        raise OSError(0, "nothing")
    return str(found)
def limits(told):
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return str(len(bytearray(3 << 30)))
def allocate(told): return str(len(bytearray(3 << 30)))
def device(told): return str(os.open("/dev/kmsg", os.O_WRONLY))

TRIED = [home, shadow, other_pack, listing, write_outside, write_tree, tcp, udp, dns, abstract,
         signal_parent, parent_proc, ptrace, mount, symlink, daemon, thread_flags, shell, execute,
         environment, limits, allocate, device]

@node(version="1")
def tries(told: Any) -> Any:
    made = {}
    for attempt in TRIED:
        try:
            made[attempt.__name__] = "escaped: " + str(attempt(told))[:100]
        except (OSError, MemoryError, ValueError) as error:
            made[attempt.__name__] = f"{type(error).__name__}: {error}"
    Path("scratch").write_text("fine")
    threading.Thread(target=print).start()
    made["own"] = Path("scratch").read_text() + str(len(socket.socketpair()))
    return made

pack = Pack("spy", nodes=[tries])
"""


PID = """
@node(version="1")
def pid() -> int:
    return os.getpid()

pack = Pack("spy", [pid])
"""


def attempts(opens: Any, tmp_path: Path, asked: dict[str, Any] | None = None) -> dict[str, str]:
    """What came of each attempt."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("the secret")
    other = tmp_path / "trees" / "other" / "code.py"
    other.parent.mkdir(parents=True)
    other.write_text("the other")
    name = f"musegraph-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        abstract.bind("\0" + name)
        abstract.listen()
        told = {
            "secret": str(home / "secret"),
            "home": str(home),
            "other": str(other),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "abstract": name,
            "parent": os.getpid(),
        }
        kind = opens(asked, spy=PROBES).get("spy.tries")
        made = kind.function(told=told, **{CONTEXT: Context()})
    assert not (home / "written").exists()
    assert made.pop("own") == "fine2", "what it needs for itself it has"
    return dict(made)


@linux
def test_a_pack_without_permissions_reaches_nothing_beyond_itself(
    opens: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if set(probe()) != set(WALLS):
        pytest.skip("this kernel cannot keep a pack in, and then none is run")
    monkeypatch.setenv("HF_TOKEN", "hidden")
    monkeypatch.setenv("MUSEGRAPH_SECRET_X", "hidden")
    made = attempts(opens, tmp_path)
    assert len(made) == 23
    escaped = {name: said for name, said in made.items() if said.startswith("escaped")}
    assert not escaped


WITHOUT = """
import runpy, sys
boot = runpy.run_path({boot!r})
read = boot["_beside"]

def beside(name):
    module = read(name)
    module._namespaces = lambda *_, **__: False
    return module

boot["main"].__globals__["_beside"] = beside
boot["main"]()
"""


@linux
def test_a_pack_is_kept_in_also_where_users_may_make_no_namespaces(
    opens: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musegraph.isolation import process

    boot = tmp_path / "boot.py"
    boot.write_text(WITHOUT.format(boot=str(process.BOOT)))
    monkeypatch.setattr(process, "BOOT", boot)
    made = attempts(opens, tmp_path)
    assert not {name: said for name, said in made.items() if said.startswith("escaped")}


@linux
def test_a_pack_has_what_it_asked_for_and_somebody_agreed_to_and_nothing_else(
    opens: Any, tmp_path: Path
) -> None:
    asked = {"network": {"hosts": ["example.org:443"], "reason": "r"}}
    made = attempts(opens, tmp_path, asked)
    escaped = {name for name, said in made.items() if said.startswith("escaped")}
    assert escaped <= {"udp", "dns"}, "another port than the one agreed to is refused"
    assert "udp" in escaped


@linux
def test_a_pack_that_may_start_programs_starts_them_in_the_same_cage(
    opens: Any, tmp_path: Path
) -> None:
    code = """
    import subprocess
    @node(version="1")
    def shell(line: str) -> str:
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True)
        return done.stdout + done.stderr
    pack = Pack("spy", nodes=[shell])
    """
    (tmp_path / "secret").write_text("the secret")
    kind = opens({"subprocess": {"reason": "r"}}, spy=code).get("spy.shell")
    assert kind.function(line="echo here") == "here\n"
    assert "Permission denied" in kind.function(line=f"cat {tmp_path / 'secret'}")


def test_where_a_pack_cannot_be_kept_in_it_is_not_run_unless_it_is_trusted(
    opens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musegraph.isolation import settings

    monkeypatch.setattr(settings.Launch, "cage", lambda *_: None)
    registry = opens(spy=PID)
    assert registry.pack("spy") is None
    assert (
        "cannot be kept in on this system, where it could reach your files"
        in (registry.failures["spy"])
    )
    opens.isolation = Isolation(trusted=True)
    kind = opens(spy=PID).get("spy.pid")
    assert kind is not None
    assert kind.function() != os.getpid()


def test_a_pack_that_changed_is_off_before_its_process_starts(opens: Any) -> None:
    from dataclasses import replace

    from musegraph.errors import NodeError
    from musegraph.isolation.opened import Elsewhere

    opens(spy="pack = Pack('spy')")
    there = Elsewhere(replace(opens.launches["spy"], changed=lambda: "x.py is new"))
    with pytest.raises(NodeError, match=r"off, because it has changed.*x\.py is new"):
        there.call("spy.x", {}, Context())


@linux
def test_a_process_of_a_pack_ends_also_when_the_run_is_killed(tmp_path: Path) -> None:
    import signal
    import subprocess
    from time import monotonic, sleep

    code = (
        "import sys; from pathlib import Path; from opening import Opener\n"
        f"kind = Opener(Path({str(tmp_path)!r}))(spy={PID!r}).get('spy.pid')\n"
        "print(kind.function(), flush=True)\n"
        "sys.stdin.read()"
    )
    paths = os.pathsep.join(place for place in sys.path if place)
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )
    with run:
        assert run.stdout is not None
        number = int(run.stdout.readline())
        os.kill(number, 0)
        run.send_signal(signal.SIGKILL)
    until = monotonic() + 5
    while Path(f"/proc/{number}").exists() and monotonic() < until:
        sleep(0.02)
    state = Path(f"/proc/{number}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_no_process_of_a_pack_outlives_the_run(opens: Any) -> None:
    kind = opens(spy=PID).get("spy.pid")
    numbers: list[int] = []
    thread = threading.Thread(target=lambda: numbers.append(kind.function()))
    thread.start()
    thread.join()
    assert kind.function() == numbers[0], "it does not end with the thread that first called it"
    opens.close()
    with pytest.raises(ProcessLookupError):
        os.kill(numbers[0], 0)
