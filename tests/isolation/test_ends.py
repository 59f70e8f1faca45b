"""However a pack ends, it is named, and everything else goes on."""

from __future__ import annotations

import re
import threading
from itertools import count
from time import monotonic
from typing import Any

import pytest

from musegraph.isolation.settings import Isolation
from musegraph.limits import Limit, Limits
from musegraph.run import Engine, RunResult
from musegraph.terms import Terms
from musegraph.workflow import Workflow

GOOD = """
@node(version="1")
def fine(text: str) -> str:
    return text.upper()

pack = Pack("good", nodes=[fine])
"""
BAD = """
@node(version="1")
def segfault(text: str) -> str:
    ctypes.string_at(0)

@node(version="1")
def leaves(text: str) -> str:
    os._exit(7)

@node(version="1")
def hangs(text: str) -> str:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctypes.PyDLL(None).sleep(1000)

@node(version="1")
def allocates(text: str) -> str:
    return str(len(bytearray(3 << 30)))

@node(version="1")
def takes(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))

@node(version="1")
def shares(text: str) -> str:
    import mmap
    held = mmap.mmap(-1, 400 << 20)
    for at in range(0, 400 << 20, 4096):
        held[at] = 1
    time.sleep(30)

@node(version="1")
def prints(text: str) -> str:
    for line in range(1_000_000):
        print("line", line)
    return text

@node(version="1")
def floods(text: str, ctx: Context) -> str:
    while True:
        ctx.warn("!")

@node(version="1")
def fine(text: str) -> str:
    return text.lower()

@node(version="1")
def frame(text: str, ctx: Context) -> str:
    import struct
    ctx._line.end.sendall(struct.pack("<IQB", 2 << 30, 0, 0))
    time.sleep(30)

@node(version="1")
def nonsense(text: str, ctx: Context) -> str:
    ctx._line.send({"is": "done", "number": ctx._number, "outputs": {"out": {"m": [0, 10**9]}}})
    time.sleep(30)

@node(version="1")
def unasked(text: str, ctx: Context) -> str:
    ctx._line.send({"is": "done", "number": ctx._number + 1, "outputs": {}})
    time.sleep(30)

@node(version="1")
def foreign(text: str, ctx: Context) -> str:
    ctx._line.send({"is": "asset", "number": ctx._number, "name": "blake3:0"})
    time.sleep(30)

pack = Pack("bad", nodes=[segfault, leaves, hangs, allocates, shares, prints, floods, fine,
                          takes, frame, nonsense, unasked, foreign])
"""

NUMBERS = count()
"""What is given to the good nodes, so that none is found in the cache."""


def run(engine: Engine, node: str) -> tuple[RunResult, float]:
    """What comes of a graph with a bad node, and a good one of another pack beside it."""
    nodes = {
        "bad": {"type": f"bad.{node}", "values": {"text": f"Ab{next(NUMBERS)}"}},
        "good": {"type": "good.fine", "values": {"text": f"Ab{next(NUMBERS)}"}},
    }
    start = monotonic()
    result = engine.run(engine.plan(Workflow.parse({"musegraph": 1, "nodes": nodes})))
    assert result.outcome.ended["good"] == "done"
    return result, monotonic() - start


def failed(engine: Engine, node: str, within: float = 30.0) -> tuple[str, str]:
    """Why a node failed, and with what code."""
    result, seconds = run(engine, node)
    assert seconds < within
    return str(result.outcome.errors["bad"]), result.outcome.codes["bad"]


@pytest.fixture(scope="module")
def engine(opens_once: Any) -> Engine:
    return opens_once.engine(opens_once(bad=BAD, good=GOOD))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("node", "why", "code"),
    [
        ("segfault", r"the pack bad crashed in its own process \(SIGSEGV\)", "crashed"),
        ("leaves", r"the pack bad crashed in its own process \(exit code 7\)", "crashed"),
        ("allocates", r"the pack bad took more than the 2\.00 GiB of memory", "out-of-memory"),
        ("prints", r"the pack bad printed more than 1\.00 MiB during one call", "crashed"),
        ("floods", r"the pack bad sent .*more than 5,000 messages in a second", "crashed"),
        ("frame", r"the pack bad sent .*a message of 2,147,483,648 bytes is too long", "crashed"),
        ("nonsense", r"the pack bad sent .*a value lies outside of what was sent", "crashed"),
        ("unasked", r"the pack bad sent .*an answer to what nobody asked", "crashed"),
        ("foreign", r"the pack bad sent .*a message 'asset', which there is not", "crashed"),
    ],
)
def test_an_end_of_a_pack_is_named_and_everything_else_goes_on(
    engine: Engine, node: str, why: str, code: str
) -> None:
    said, kind = failed(engine, node)
    assert re.match(why, said), said
    assert kind == code


def test_after_an_end_the_pack_is_there_for_the_next_call(engine: Engine) -> None:
    failed(engine, "leaves")
    assert run(engine, "fine")[0].outcome.errors == {}


def test_a_node_that_hangs_is_ended_after_its_patience(opens: Any) -> None:
    opens.isolation = Isolation(patience=0.7)
    said, kind = failed(opens.engine(opens(bad=BAD, good=GOOD)), "hangs")
    assert said.startswith("the pack bad gave no sign of life for 0.7 s"), said
    assert kind == "time-limit"


def test_a_limit_of_memory_that_is_set_for_a_node_type_holds_in_its_own_process(
    opens: Any,
) -> None:
    engine = opens.engine(opens(bad=BAD, good=GOOD))
    nodes = {"bad": {"type": "bad.takes", "values": {"megabytes": 300}}}
    plan = engine.plan(Workflow.parse({"musegraph": 1, "nodes": nodes}))
    terms = Terms(limits=Limits({"bad.takes": Limit(memory=100 << 20)}))
    outcome = engine.run(plan, None, None, terms).outcome
    assert str(outcome.errors["bad"]).startswith(
        "the pack bad was not let take more than the 100.00 MiB that bad.takes may take here"
    )
    assert outcome.codes["bad"] == "out-of-memory"
    assert engine.run(plan).outcome.errors == {}, "without the limit it is made"


def test_memory_that_the_system_does_not_count_is_counted_all_the_same(
    opens: Any,
) -> None:
    opens.isolation = Isolation(memory=300 << 20)
    said, kind = failed(opens.engine(opens(bad=BAD, good=GOOD)), "shares")
    assert said.startswith("the pack bad took more than the 300.00 MiB"), said
    assert kind == "out-of-memory"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("while True: time.sleep(1)", "the pack bad was not imported within 1 s"),
        ("raise ValueError('no')", r"ValueError: no \(pack_bad.py, line \d+\)"),
        ("while True: print('x' * 10_000)", "the pack bad printed more than 1.00 MiB"),
        (
            "while True: os.fork()",
            r"PermissionError: \[Errno 1\] Operation not permitted \(pack_bad.py, line \d+\)",
        ),
        ("os._exit(3)", r"the pack bad crashed in its own process \(exit code 3\)"),
    ],
)
def test_a_pack_that_cannot_be_imported_is_listed_with_the_reason(
    opens: Any, code: str, why: str
) -> None:
    start = monotonic()
    hangs = code.endswith("sleep(1)")
    registry = opens(seconds=1 if hangs else 60, bad=code)
    assert registry.pack("bad") is None
    assert re.match(why, registry.failures["bad"]), registry.failures["bad"]
    assert opens(good=GOOD).pack("good") is not None
    assert monotonic() - start < 30


def test_a_pack_that_hangs_is_stopped_with_its_run(opens: Any) -> None:
    engine, cancel = opens.engine(opens(bad=BAD, good=GOOD)), threading.Event()
    nodes = {"bad": {"type": "bad.hangs", "values": {"text": "a"}}}
    plan = engine.plan(Workflow.parse({"musegraph": 1, "nodes": nodes}))
    threading.Timer(0.5, cancel.set).start()
    start = monotonic()
    assert engine.run(plan, None, cancel).cancelled
    assert monotonic() - start < 15
