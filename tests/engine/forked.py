"""The command line in a new process each time, forked from one that has imported PyTorch.

Importing it takes longer than most commands of the tests. What is forked is a process of its own
in everything that the tests look at: folder, variables, streams, signals, exit code, memory.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SERVER = """
import atexit, json, os, sys, threading

import torch

import musegraph.cli, musegraph.cli.run, musegraph.cli.check, musegraph.run
from musegraph.garbage import settle

settle()

def lines():
    while line := sys.stdin.readline():
        yield json.loads(line)

for order in lines():
    child = os.fork()
    if child == 0:
        break
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
else:
    sys.exit()

os.chdir(order["folder"])
os.environ.clear()
os.environ.update(order["environment"])
null = os.open(os.devnull, os.O_RDONLY)
out, err = (os.open(name, os.O_WRONLY) for name in order["streams"])
for there, here in ((null, 0), (out, 1), (err, 2)):
    os.dup2(there, here)
    os.close(there)
sys.stdin = open(0, encoding="utf-8", closefd=False)
sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
sys.argv = ["musegraph", *order["arguments"]]
code = musegraph.cli.main()
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""
AT_START = ("LANG", "LC_", "LD_", "MALLOC_", "OMP_", "PYTHON", "TZ")
"""Beginnings of variables that a process reads when it starts, so that a fork is too late."""

_server: subprocess.Popen[str] | None = None


def suits(more: Mapping[str, str]) -> bool:
    """Whether a command with these variables of its own can be forked."""
    return hasattr(os, "fork") and not any(name.startswith(AT_START) for name in more)


def _started(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    global _server
    if _server is None or _server.poll() is not None:
        _server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(_server.kill)
    return _server


def forked(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """What ``musegraph`` with these arguments does in a folder."""
    server = _started(environment)
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as made:
        streams = [Path(made, name) for name in ("stdout", "stderr")]
        for stream in streams:
            stream.touch()
        order = {
            "folder": str(folder),
            "environment": dict(environment),
            "streams": [str(stream) for stream in streams],
            "arguments": list(arguments),
        }
        print(json.dumps(order), file=server.stdin, flush=True)
        code = server.stdout.readline()
        assert code, "the process that others are forked from has ended"
        out, err = (s.read_text(encoding="utf-8", errors="surrogateescape") for s in streams)
    return subprocess.CompletedProcess(["musegraph", *arguments], int(code), out, err)
