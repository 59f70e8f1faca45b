"""Giving up the rest of the machine, for good, before any code of a pack is imported.

Read as a file by boot.py, so it imports nothing of ours. Three walls, each without privileges:
Landlock for files, TCP, signals and abstract sockets; a filter of system calls for sockets,
programs and other processes; a network namespace of its own where the system gives one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Any

WALLS = ("files", "network", "programs", "processes")
"""What a process can be kept from; a pack that nobody trusts needs all of them."""

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_RULESET, _RULE, _RESTRICT = 444, 445, 446
_DEATH_SIGNAL, _SECCOMP, _NO_NEW_PRIVILEGES = 1, 22, 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICE = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE
_READ = _READ_FILE | _READ_FOLDER
_MAKE_DEVICES = 1 << 6 | 1 << 11
_BIND, _CONNECT = 1, 2


def limits(memory: int, room: int) -> None:
    """Bound what this process may take: memory, open files, what it writes into one file."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    if sys.platform == "linux":  # elsewhere it does not count what is mapped
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def die_with(parent: int) -> None:
    """End when the process that started this one does, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, 9, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def cage(
    read: list[str],
    names: list[str],
    write: list[str],
    devices: list[str],
    ports: list[int] | None,
    programs: bool,
) -> dict[str, str]:
    """Give up all but this; what is kept from it, and by what.

    Below ``names`` it may see what files are called, as an import has to. ``ports`` are those of
    TCP that may be spoken to; None is no network at all.
    """
    if sys.platform != "linux":
        return {}
    libc, table = ctypes.CDLL(None, use_errno=True), _table()
    held: dict[str, str] = {}
    alone = _namespaces(libc, network=ports is None)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _without_capabilities(libc)
    version = _landlock(libc, read, names, write, devices, ports, programs)
    if version:
        held["files"] = f"Landlock {version}"
        if not programs:
            held["programs"] = "Landlock"
        if version >= 6:
            held["processes"] = "Landlock"
    if ports and version >= 4:
        held["network"] = "Landlock, by port"
    if _filter(libc, table, network=ports is not None, programs=programs):
        if not programs:
            held["processes"] = held["programs"] = "seccomp"
        if ports is None:
            held["network"] = "seccomp"
    if alone and ports is None:
        held["network"] = f"{held['network']}, namespace" if "network" in held else "namespace"
    return held


# -- namespaces and capabilities ------------------------------------------------------------------


def _namespaces(libc: Any, network: bool) -> bool:
    """Leave the network; whether the system let it."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | (_NEW_NET if network else 0)) != 0:
        return False
    with contextlib.suppress(OSError):  # who it is makes no difference to what follows
        _tell("/proc/self/setgroups", "deny")
        _tell("/proc/self/uid_map", f"{user} {user} 1")
        _tell("/proc/self/gid_map", f"{group} {group} 1")
    return network


def _tell(place: str, text: str) -> None:
    with open(place, "w") as stream:  # noqa: PTH123  nothing is imported in here that need not be
        stream.write(text)


def _without_capabilities(libc: Any) -> None:
    """Be nobody special, even where root started it."""
    head = struct.pack("Ii", 0x20080522, 0)
    libc.capset(ctypes.c_char_p(head), ctypes.c_char_p(bytes(24)))


# -- Landlock: https://docs.kernel.org/userspace-api/landlock.html --------------------------------


def _landlock(
    libc: Any,
    read: list[str],
    names: list[str],
    write: list[str],
    devices: list[str],
    ports: list[int] | None,
    programs: bool,
) -> int:
    """Let the system refuse every file but these; the version of the interface, 0 without one."""
    version = int(libc.syscall(_RULESET, None, 0, 1))
    if version < 1:
        return 0
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    asked = struct.pack("QQQ", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(_RULESET, ctypes.c_char_p(asked), size, 0)
    if rules < 0:
        return 0
    may_run = _EXECUTE if programs else 0
    try:
        for path in read:
            _let(libc, rules, path, (_READ | may_run) & rights)
        for path in names:
            _let(libc, rules, path, _READ_FOLDER)
        for path in write:
            _let(libc, rules, path, rights & ~_MAKE_DEVICES & ~_EXECUTE)
        for path in devices:
            _let(libc, rules, path, (_READ | _WRITE_FILE | _DEVICE) & rights)
        for port in (ports or ()) if version >= 4 else ():
            libc.syscall(_RULE, rules, 2, ctypes.c_char_p(struct.pack("QQ", _CONNECT, port)), 0)
        return version if libc.syscall(_RESTRICT, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _let(libc: Any, rules: int, path: str, rights: int) -> None:
    """Allow something with a path; one that is not there needs no rule."""
    with contextlib.suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not os.path.isdir(path):  # noqa: PTH112
                rights &= _OF_FILES
            rule = struct.pack("=Qi", rights, place) + bytes(4)
            libc.syscall(_RULE, rules, 1, ctypes.c_char_p(rule), 0)
        finally:
            os.close(place)


# -- the filter of system calls: https://docs.kernel.org/userspace-api/seccomp_filter.html --------

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_THREAD = 0x00010000
_OTHER_INTERFACE = 0x40000000


def _filter(libc: Any, table: Any, network: bool, programs: bool) -> bool:
    """Let the system refuse what leads out of the process; whether it does."""
    machine = platform.machine()
    if machine not in table.NUMBERS:
        return False
    code = _program(table, machine, network, programs)
    lines = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(lines, len(lines))
    whole = struct.pack("H6xQ", len(code), ctypes.addressof(buffer))
    return bool(libc.prctl(_SECCOMP, 2, ctypes.c_char_p(whole), 0, 0) == 0)


def _table() -> Any:
    """The numbers, from the file beside this one."""
    from importlib.util import module_from_spec, spec_from_file_location

    place = os.path.join(os.path.dirname(__file__), "syscalls.py")  # noqa: PTH118, PTH120
    spec = spec_from_file_location("syscalls", place)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _program(
    table: Any, machine: str, network: bool, programs: bool
) -> list[tuple[int, int, int, int]]:
    numbers, refused = table.NUMBERS[machine], _ERROR | errno.EPERM
    free = {*(table.NETWORK if network else ()), *(table.PROGRAMS if programs else ())}
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, table.ARCHITECTURES[machine]),
        (_RETURN, 0, 0, refused),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _OTHER_INTERFACE),
        (_RETURN, 0, 0, refused),
    ]
    for name, number in numbers.items():
        if name not in free and name not in table.JUDGED:
            code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refused)]
    if not programs:
        # Its flags lie in memory, where a filter cannot look; the C library then takes the other.
        code += [(_EQUAL, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
        code += _first_argument(numbers["clone"], (_ANY_BIT, 1, 0, _THREAD), refused)
        for name in table.OWN_ONLY:
            code += _first_argument(numbers[name], (_EQUAL, 1, 0, os.getpid()), refused)
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _first_argument(
    number: int, test: tuple[int, int, int, int], refused: int
) -> list[tuple[int, int, int, int]]:
    """Allow a call only where its first argument passes a test."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENTS),
        test,
        (_RETURN, 0, 0, refused),
        (_RETURN, 0, 0, _ALLOW),
    ]
