"""Small packs for the engine's tests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Annotated, NamedTuple

from pydantic import Field

from musegraph import UNSET, Context, Engine, Image, NodeError, Pack, Registry, Seed, Store, node
from musegraph.run import RunResult
from musegraph.workflow import Workflow

CALLS: Counter[str] = Counter()
"""How often each node's function was called since :func:`fresh`."""

GATE = threading.Event()
MEETING = threading.Barrier(2)


@node(version="1")
def add(a: float, b: float = 0) -> float:
    """Add two numbers."""
    CALLS["add"] += 1
    return a + b


@node(version="1")
def floor(a: float) -> int:
    """Round a number down."""
    CALLS["floor"] += 1
    return int(a // 1)


@node(version="1")
def label(text: str, size: Annotated[int, Field(ge=1, le=9)] = 3) -> str:
    """Cut a text to a size."""
    CALLS["label"] += 1
    return text[:size]


@node(version="1")
def fail(a: float, bad: float = 2) -> float:
    """Fail on one number."""
    CALLS["fail"] += 1
    if a == bad:
        raise NodeError(f"{a:g} is bad")
    return a


@node(version="1")
def picture(seed: Seed = 0, side: int = 4) -> Image:
    """A picture of noise."""
    import torch

    CALLS["picture"] += 1
    noise = torch.rand(1, side, side, 3, generator=torch.Generator().manual_seed(seed))
    return Image(noise)


@node(version="1")
def mean(image: Image) -> float:
    """The mean of a picture."""
    CALLS["mean"] += 1
    return float(image.data.mean())


@node(version="1")
def darken(image: Image) -> Image:
    """Half as bright."""
    CALLS["darken"] += 1
    return Image(image.data / 2)


@node(version="1")
def vandal(image: Image) -> Image:
    """Write into the input."""
    image.data.zero_()
    return image


@node(version="1")
def slow(a: float, ctx: Context, seconds: float = 5.0) -> float:
    """Take a while, in small steps."""
    CALLS["slow"] += 1
    GATE.set()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        ctx.progress(0.5)
        time.sleep(0.005)
    return a


@node(version="1")
def nap(a: float, seconds: float = 0.2) -> float:
    """Sleep."""
    CALLS["nap"] += 1
    time.sleep(seconds)
    return a


@node(version="1")
def meet(a: float) -> float:
    """Wait until another call of this node is running too."""
    MEETING.wait(20)
    return a


@node(cache=False)
def clock() -> float:
    """Read the world."""
    CALLS["clock"] += 1
    return 42.0


class Halves(NamedTuple):
    small: float
    large: float


@node(version="1")
def sort(a: float) -> Halves:
    """Send a number to one of two outputs."""
    return Halves(a, UNSET) if a < 10 else Halves(UNSET, a)


@node(version="1")
async def later(a: float) -> float:
    """An async node."""
    import asyncio

    await asyncio.sleep(0)
    return a + 1


@node(version="1")
def liar() -> float:
    """Promise a number and give a text."""
    return "three"  # type: ignore[return-value]


NODES = [
    add,
    floor,
    label,
    fail,
    picture,
    mean,
    darken,
    vandal,
    slow,
    nap,
    clock,
    sort,
    later,
    liar,
    meet,
]


def pack() -> Pack:
    return Pack("toy", NODES)


def engine(store: Store | None = None, **options: object) -> Engine:
    """An engine with the toy pack and a store in memory."""
    CALLS.clear()
    GATE.clear()
    return Engine(Registry.of(pack()), store or Store(), **options)  # type: ignore[arg-type]


def document(nodes: dict[str, dict[str, object]], **rest: object) -> Workflow:
    """A workflow of toy nodes; types without a dot are in the toy pack."""
    made = {}
    for id, entry in nodes.items():
        kind = str(entry["type"])
        made[id] = {**entry, "type": kind if "." in kind or ":" in kind else f"toy.{kind}"}
    return Workflow.parse({"musegraph": 1, "nodes": made, **rest})


def go(work: Workflow, with_engine: Engine, only: tuple[str, ...] = ()) -> RunResult:
    return with_engine.run(with_engine.plan(work, only))


def chain(count: int) -> Workflow:
    """A chain of additions; its result is the sum of 0 … count-1."""
    nodes: dict[str, dict[str, object]] = {"n0": {"type": "add", "values": {"a": 0}}}
    for index in range(1, count):
        link = {"a": f"n{index - 1}.out"}
        nodes[f"n{index}"] = {"type": "add", "values": {"b": index}, "links": link}
    return document(nodes, outputs={"sum": f"n{count - 1}.out"})
