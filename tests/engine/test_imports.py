"""Steps that import libraries while they run."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("scipy")

RUN = """
from musegraph import Engine, Pack, Registry, Store, Workflow, node

@node(version="1")
def signal(start: int) -> int:
    "Imports a part of SciPy."
    import scipy.signal
    return start + scipy.signal.get_window("hann", 8).size

@node(version="1")
def picture(start: int) -> int:
    "Imports another."
    import scipy.ndimage
    return start + scipy.ndimage.label([1, 0, 1])[1]

nodes = {kind: {"type": f"half.{kind}", "values": {"start": 1}} for kind in ("signal", "picture")}
outputs = {kind: f"{kind}.out" for kind in nodes}
work = Workflow.parse({"musegraph": 1, "nodes": nodes, "outputs": outputs})
engine = Engine(Registry([Pack("half", [signal, picture], imports=%r)]), Store())
told = []
result = engine.run(engine.plan(work), on_event=told.append)
print(result.outputs() if result.ok else told)
"""


def said_by_a_fresh_process(imports: tuple[str, ...]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN % (imports,)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_two_steps_may_begin_to_import_parts_of_scipy_at_once() -> None:
    assert "{'signal': 9, 'picture': 3}" in said_by_a_fresh_process(("scipy",))


def test_a_package_that_is_not_there_is_left_to_the_node_that_needs_it() -> None:
    said = said_by_a_fresh_process(("no_such_package", "scipy"))
    assert "{'signal': 9, 'picture': 3}" in said
