"""B30: what it costs that a pack runs in a process of its own: a call, and a tensor."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from harness import ROOT, Row

sys.path.insert(0, str(ROOT / "tests" / "isolation"))

CALLS, ROUNDS = 300, 9
NODES = """
@node(version="1")
def add(a: int, b: int) -> int:
    return a + b

@node(version="1")
def half(image: Image) -> Image:
    return Image(image.data * 0.5)

pack = Pack("far", nodes=[add, half])
"""


def isolation() -> list[Row]:
    """B30: a warm call of a trivial node, and 100 MB to another process and back.

    By the clock: CPU time of this process would not count what the other one does.
    """
    import torch
    from opening import Opener

    from musegraph import Image

    image = Image(torch.rand(1, 2960, 2960, 3))
    with tempfile.TemporaryDirectory() as folder:
        opener = Opener(Path(folder))
        try:
            registry = opener(far=NODES)
            add, half = (_function(registry, f"far.{name}") for name in ("add", "half"))
            calls = [_seconds(lambda: [add(a=1, b=2) for _ in range(CALLS)]) for _ in range(5)]
            far, near = [], []
            for _ in range(ROUNDS):
                far.append(_seconds(lambda: half(image=image)))
                near.append(_seconds(lambda: Image(image.data * 0.5)))
        finally:
            opener.close()
    size = image.data.nbytes / 2**20
    passed, here = (min(far) - min(near)) * 1000, min(near) * 1000
    return [
        Row(
            "B30",
            "a warm call of a trivial node in a process of its own",
            min(calls) / CALLS * 1000,
            "ms",
            gate=2.0,
            note=f"best of 5 times {CALLS} calls, by the clock",
        ),
        Row(
            "B30",
            f"{size:.0f} MiB to a pack in a process of its own and back",
            passed,
            "ms",
            "the same node here",
            here,
            gate=60.0,
            note=f"beyond what the node itself takes; best of {ROUNDS}, by the clock",
        ),
    ]


def _function(registry: Any, id: str) -> Any:
    kind = registry.get(id)
    assert kind is not None, registry.failures
    return kind.function


def _seconds(action: Any) -> float:
    start = perf_counter()
    action()
    return perf_counter() - start
