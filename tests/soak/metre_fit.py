"""Fits the weights by which the length of a beat is chosen, and writes them into metre.py.

``PYTHONPATH=engine:nodes:tests/nodes python tests/soak/metre_fit.py 900``: pieces of seeds below
those that listening.py puts to the test. For each piece a softmax over its candidates; those within
4 % of the true beat are the right ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from bands import STYLES, compose
from scipy.optimize import minimize

from musegraph_nodes.audio import metre, rhythm
from musegraph_nodes.audio.tonal import change

EVEN = 0.02
"""How much large weights cost."""


def gathered(count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """For each piece the signs of its candidates, and which of them are right."""
    names = list(STYLES)
    signs, rights = [], []
    for seed in range(count):
        piece = compose(seed, names[seed % len(names)])
        wave = piece.heard()
        rise = rhythm.strength(wave)
        found = rhythm.candidates(rise, change(wave, len(rise.whole)))
        tempos = np.array([60 * rhythm.FPS / one.lag for one in found])
        right = np.abs(tempos / piece.tempo - 1) < 0.04
        if right.any():
            signs.append(np.array([one.signs for one in found]))
            rights.append(right)
        else:
            print(f"{seed} {piece.style}: {piece.tempo:.1f} is no candidate", flush=True)
    return signs, rights


def fitted(signs: list[np.ndarray], rights: list[np.ndarray]) -> np.ndarray:
    scale = np.concatenate(signs).std(axis=0) + 1e-9

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = EVEN * float(weights @ weights) * len(signs) / 100, weights * 0
        slope = 2 * EVEN * weights * len(signs) / 100
        for each, right in zip(signs, rights, strict=True):
            even = each / scale
            odds = even @ weights
            odds = np.exp(odds - odds.max())
            share = odds / odds.sum()
            good = share[right].sum()
            total -= np.log(good + 1e-12)
            slope += even.T @ (share - np.where(right, share, 0) / (good + 1e-12))
        return total, slope

    return minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x / scale


def main() -> None:
    signs, rights = gathered(int(sys.argv[1]) if len(sys.argv) > 1 else 900)
    half = len(signs) // 2
    early = fitted(signs[:half], rights[:half])
    later = zip(signs[half:], rights[half:], strict=True)
    right = [which[int((each @ early).argmax())] for each, which in later]
    print(f"right on the half that was left out: {np.mean(right):.3f}")
    weights = fitted(signs, rights)
    lines = [", ".join(f"{w:.3f}" for w in weights[i : i + 10]) for i in range(0, len(weights), 10)]
    text = Path(metre.__file__).read_text("utf-8").partition("WEIGHTS")[0]
    rows = "".join(f"    {line},\n" for line in lines)
    Path(metre.__file__).write_text(
        f"{text}WEIGHTS: tuple[float, ...] = (\n{rows})  # fmt: skip\n", "utf-8"
    )


if __name__ == "__main__":
    main()
