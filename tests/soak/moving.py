"""What the small model of text and motion makes of fixed prompts, beside what it learned from."""

from __future__ import annotations

import sys

import numpy as np
import torch

from musegraph import Reference
from musegraph_nodes.motion.mdm.model import load
from musegraph_nodes.motion.mdm.training.__main__ import WEIGHTS
from musegraph_nodes.motion.mdm.training.judge import Judged, judged
from musegraph_nodes.motion.metrics import diversity, foot_skate, plausibility

PROMISE = (
    "Motions of starter/text_to_motion do what 40 fixed prompts say, by facts measured of places;"
    " feet slide less than 1 cm a frame, no joint is beyond its limits, seeds differ, and the same"
    " seed is the same motion."
)
LEAST = 0.75
"""Of all motions, the share that does what its prompt says."""


COLUMNS = ("as said", "by rule", "slide cm", "beyond °", "diversity m")


def row(one: Judged) -> list[float]:
    """What is found of one prompt."""
    return [
        float(np.mean(one.held)),
        float(np.mean(one.by_rule)),
        max(foot_skate(motion).slide for motion in one.motions),
        max(plausibility(motion).worst for motion in one.motions),
        diversity(one.motions) if len(one.motions) > 1 else 0.0,
    ]


def main(count: int) -> int:
    seeds = range(1000, 1000 + count)
    live = load(Reference(loader="motion.mdm", source="it"), WEIGHTS, "cpu")
    print(f"| prompt | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}")
    rows, before, differ = [], None, True
    for one in judged(live, seeds):
        before = before or one.motions
        rows.append(row(one))
        # There is one way to stand still: such motions are not alike to the bit, and that is all.
        alike = (
            all(torch.equal(one.motions[0].rotations, m.rotations) for m in one.motions[1:])
            if one.asked.kind == "still"
            else not rows[-1][4]
        )
        differ = differ and (count < 2 or not alike)
        told = " | ".join(f"{value:.2f}" for value in rows[-1])
        print(f"| {one.asked.prompt} | {told} |", flush=True)
    table = np.array(rows)
    print(f"| **all** | {' | '.join(f'{value:.3f}' for value in table.mean(0))} |")
    again = next(judged(live, seeds)).motions
    same = all(
        torch.equal(a.rotations, b.rotations) for a, b in zip(again, before or [], strict=True)
    )
    fine = (
        table[:, 0].mean() >= LEAST
        and table[:, 1].mean() > 0.95
        and table[:, 2].max() < 1
        and table[:, 3].max() < 2
        and differ
        and same
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2))
