"""Become nobody, and be as in a container, then run a program: ``nobody.py HOW PROGRAM …``.

``plain`` is nobody alone. ``docker`` adds what Docker's own filter of system calls refuses to a
container without privileges (moby, profiles/seccomp/default.json: it allows Landlock), and
``old-docker`` refuses Landlock too, as versions of before 2021 did.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import tempfile
from pathlib import Path

from musegraph.isolation import cage

NOBODY = 65534
REFUSED = (
    "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "pidfd_getfd",
    "process_madvise", "mount_setattr", "syslog", "pivot_root", "chroot", "acct", "settimeofday",
    "mount", "umount2", "swapon", "swapoff", "reboot", "sethostname", "setdomainname",
    "init_module", "delete_module", "quotactl", "clock_settime", "kexec_load", "add_key",
    "request_key", "keyctl", "unshare", "perf_event_open", "fanotify_init", "open_by_handle_at",
    "setns", "finit_module", "kexec_file_load", "bpf", "userfaultfd", "io_uring_setup",
    "io_uring_enter", "io_uring_register",
)  # fmt: skip
LANDLOCK = (444, 445, 446)
NAMESPACES = 0x7E020000
PRIVATE, BIND, RECURSIVE = 1 << 18, 1 << 12, 1 << 14
_NEW_MOUNTS = 0x20000

libc = ctypes.CDLL(None, use_errno=True)


def done(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode(), flags, data.encode())
    done(libc.mount(*words), f"mount {target}")


def let_in() -> None:
    """Let everybody see this Python, in a view of the files of this process's own."""
    home = Path(sys.base_prefix)
    closed = [one for one in reversed(home.parents) if not one.stat().st_mode & 1]
    if not closed:
        return
    done(libc.unshare(_NEW_MOUNTS), "unshare")
    mount("none", "/", "", PRIVATE | RECURSIVE)
    with tempfile.TemporaryDirectory() as kept:
        mount(str(home), kept, "", BIND)
        mount("none", str(closed[0]), "tmpfs", 0, "mode=755")
        home.mkdir(parents=True)
        mount(kept, str(home), "", BIND)
        libc.umount2(kept.encode(), 2)


def contain(landlock: bool) -> None:
    """Refuse what Docker refuses, to this process and all that it starts."""
    table, refused = cage._table(), cage._ERROR | errno.EPERM
    numbers = table.NUMBERS[platform.machine()]
    code = [(cage._LOAD, 0, 0, cage._NUMBER)]
    closed = [numbers[name] for name in REFUSED] + ([] if landlock else list(LANDLOCK))
    for number in closed:
        code += [(cage._EQUAL, 0, 1, number), (cage._RETURN, 0, 0, refused)]
    missing = cage._ERROR | errno.ENOSYS
    code += [(cage._EQUAL, 0, 1, numbers["clone3"]), (cage._RETURN, 0, 0, missing)]
    code += cage._first_argument(numbers["clone"], (cage._ANY_BIT, 0, 1, NAMESPACES), refused)
    code.append((cage._RETURN, 0, 0, cage._ALLOW))
    lines = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(lines, len(lines))
    whole = struct.pack("H6xQ", len(code), ctypes.addressof(buffer))
    done(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    done(libc.prctl(22, 2, ctypes.c_char_p(whole), 0, 0), "the filter")
    assert libc.unshare(_NEW_MOUNTS) == -1
    assert ctypes.get_errno() == errno.EPERM


def main(how: str, program: list[str]) -> None:
    if os.getuid() == 0:
        let_in()
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if how != "plain":
        contain(landlock=how == "docker")
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
