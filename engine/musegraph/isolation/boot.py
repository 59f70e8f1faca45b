"""How the process of a pack starts: ``python -I -S boot.py JOB``, where the job is JSON.

Until the machine is given up only Python's own library is imported; the paths of the pack come
after that. ``python -I -S boot.py --probe`` says what a process can be kept from here.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any


def main() -> None:
    cage = _beside("cage")
    if sys.argv[1] == "--probe":
        held = cage.cage([], [], [], [], None, False)
        os.write(1, json.dumps(held).encode())
        return
    job = json.loads(sys.argv[1])
    cage.die_with(job["parent"])
    cage.limits(job["memory"], job["room"])
    held = {} if job["cage"] is None else cage.cage(**job["cage"])
    lacking = [wall for wall in job["walls"] if wall not in held]
    if lacking:
        text = json.dumps({"is": "lacking", "walls": lacking}).encode()
        with socket.socket(fileno=job["handle"]) as line:
            line.sendall(struct.pack("<IQB", len(text), 0, 0) + text)
        return
    sys.path[:] = job["path"]
    import_module("musegraph.workers.isolated").main(job)


def _beside(name: str) -> Any:
    """A module next to this file, read without the package that it is in."""
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")  # noqa: PTH100, PTH118, PTH120
    spec = spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
