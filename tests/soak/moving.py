"""What the small model of text and motion makes of fixed prompts, beside what it learned from."""

from __future__ import annotations

import sys

import numpy as np
import torch

from musegraph import Reference
from musegraph_nodes.motion.mdm.model import load
from musegraph_nodes.motion.mdm.training.__main__ import WEIGHTS
from musegraph_nodes.motion.mdm.training.judge import ASKED, judged
from musegraph_nodes.motion.metrics import diversity, foot_skate, plausibility

PROMISE = (
    "Motions of starter/text_to_motion do what 40 fixed prompts say, by facts measured of places;"
    " feet slide less than 1 cm a frame, no joint is beyond its limits, seeds differ, and the same"
    " seed is the same motion."
)
LEAST = 0.75
"""Of all motions, the share that does what its prompt says."""


def main(count: int) -> int:
    seeds = range(1000, 1000 + count)
    live = load(Reference(loader="motion.mdm", source="it"), WEIGHTS, "cpu")
    found = list(judged(live, seeds))
    rows = {
        "as said": [float(np.mean(one.held)) for one in found],
        "by rule": [float(np.mean(one.by_rule)) for one in found],
        "slide cm": [max(foot_skate(m).slide for m in one.motions) for one in found],
        "beyond °": [max(plausibility(m).worst for m in one.motions) for one in found],
        "diversity m": [diversity(one.motions) if count > 1 else 0.0 for one in found],
    }
    print(f"| prompt | {' | '.join(rows)} |\n|---|{'--:|' * len(rows)}")
    for at, asked in enumerate(ASKED):
        print(f"| {asked.prompt} | {' | '.join(f'{row[at]:.2f}' for row in rows.values())} |")
    print(f"| **all** | {' | '.join(f'{np.mean(row):.3f}' for row in rows.values())} |")
    again = next(judged(live, seeds)).motions
    same = all(
        torch.equal(a.rotations, b.rotations) for a, b in zip(again, found[0].motions, strict=True)
    )
    fine = (
        np.mean(rows["as said"]) >= LEAST
        and max(rows["slide cm"]) < 1
        and max(rows["beyond °"]) < 2
        and (count < 2 or min(rows["diversity m"]) > 0)
        and same
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2))
