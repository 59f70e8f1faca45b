"""Workflows that hypothesis makes, whole and broken: what becomes of each, and how long it takes.

The time is CPU time of reading, checking, planning and writing back, less what searching for
garbage and importing networkx for a first circle cost.
"""

from __future__ import annotations

import gc
import json
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from made import MOST, Outcome, broken, documents, hold

PROMISE = (
    "Whatever a workflow says, it is refused with documented errors or runs, each within 50 ms."
)

LIMIT = 0.05
"""Seconds for a workflow of up to ``MOST`` nodes."""
CIRCLE = {"a": {"type": "made.same", "links": {"value": "a.out"}}}


def main(count: int) -> int:
    hold(json.dumps({"musegraph": 1, "nodes": CIRCLE}))
    every = settings(
        max_examples=max(1, count // 2),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    seen: dict[str, list[Outcome]] = {"whole": [], "broken": []}

    def tried(kind: str, text: str) -> None:
        gc.disable()
        try:
            seen[kind].append(hold(text))
        finally:
            gc.enable()

    @seed(3)
    @every
    @given(documents())
    def whole(document: dict[str, object]) -> None:
        tried("whole", json.dumps(document))

    @seed(4)
    @every
    @given(broken())
    def damaged(text: str) -> None:
        tried("broken", text)

    whole()
    damaged()
    print(
        "| workflows | number | outcome | CPU ms, 99 of 100 | CPU ms, most |\n|---|--:|---|--:|--:|"
    )
    slow = 0
    for kind, outcomes in seen.items():
        words = Counter(outcome.word for outcome in outcomes)
        said = ", ".join(f"{number} {word}" for word, number in words.most_common())
        times = sorted(outcome.seconds for outcome in outcomes if outcome.nodes <= MOST)
        high = times[int(len(times) * 0.99)] * 1e3
        print(f"| {kind} | {len(outcomes)} | {said} | {high:.1f} | {times[-1] * 1e3:.1f} |")
        slow += sum(each > LIMIT for each in times)
    if slow:
        print(f"\n{slow} took longer than {LIMIT * 1e3:.0f} ms.")
    return 1 if slow else 0
