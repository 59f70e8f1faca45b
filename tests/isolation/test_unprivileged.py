"""P02 of the security reference: the escapes again, as nobody and under Docker's filter."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_escapes import linux

from musegraph.isolation.cage import WALLS
from musegraph.isolation.probe import probe

NOBODY = Path(__file__).with_name("nobody.py")
TRIES = """
import json, os, tempfile
from pathlib import Path
from opening import Opener
from test_escapes import PID, attempts
from musegraph.isolation.probe import probe

os.environ["HF_TOKEN"] = "hidden"
with tempfile.TemporaryDirectory() as place:
    opens = Opener(Path(place))
    registry = opens(look=PID.replace("spy", "look"))
    opened = registry.pack("look") is not None
    made = attempts(opens, Path(place)) if opened else {}
    opens.close()
    said = registry.failures.get("look", "")
    print(json.dumps({"user": os.getuid(), "held": probe(), "said": said, "made": made}))
"""


def told(how: str) -> dict[str, Any]:
    """What came of the attempts of a pack whose run is nobody's."""
    paths = os.pathsep.join(place for place in sys.path if place)
    words = [sys.executable, str(NOBODY), how, sys.executable, "-B", "-c", TRIES]
    done = subprocess.run(
        words,
        env={"PATH": os.defpath, "PYTHONPATH": paths, "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@linux
@pytest.mark.parametrize("how", ["plain", "docker"])
def test_p02_a_pack_reaches_nothing_as_nobody_and_under_the_filter_of_docker(how: str) -> None:
    if set(probe()) != set(WALLS):
        pytest.skip("this kernel cannot keep a pack in, and then none is run")
    if how == "docker" and platform.machine() != "x86_64":
        pytest.skip("the filter of Docker is written down for x86-64 alone")
    found = told(how)
    assert found["user"] == (65534 if os.getuid() == 0 else os.getuid())
    assert set(found["held"]) == set(WALLS)
    assert ("namespace" in found["held"]["network"]) == (how == "plain"), "Docker gives none"
    assert len(found["made"]) == 23
    assert [name for name, said in found["made"].items() if said.startswith("escaped")] == []


@linux
def test_p02_under_a_docker_that_knows_no_landlock_a_pack_is_refused_by_name() -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the filter of Docker is written down for x86-64 alone")
    found = told("old-docker")
    assert "files" not in found["held"]
    assert found["made"] == {}
    assert (
        "the pack look cannot be kept in on this system, where it could reach your files"
        in (found["said"])
    )
