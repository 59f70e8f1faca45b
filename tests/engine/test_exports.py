"""What ``musegraph`` exports: names are imported when they are first asked for."""

from __future__ import annotations

import subprocess
import sys

import musegraph
from musegraph.node import node as the_node
from musegraph.run import run as the_run


def test_every_name_that_is_promised_is_there() -> None:
    for name in musegraph.__all__:
        assert getattr(musegraph, name) is not None
    assert set(musegraph.__all__) <= set(dir(musegraph))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(musegraph, "nothing_of_that_name")


def test_node_and_run_are_functions_whatever_was_imported_before() -> None:
    assert musegraph.node is the_node
    assert musegraph.run is the_run
    code = (
        "import musegraph.node, musegraph.run, musegraph\n"
        "from musegraph import node, run\n"
        "assert callable(node) and callable(run) and callable(musegraph.run)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, musegraph; print(*[m for m in sys.modules if m.startswith('musegraph.')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
