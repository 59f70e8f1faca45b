"""Fits what listening has learned, and writes it into learned.py.

``PYTHONPATH=engine:nodes:tests/nodes python tests/soak/listening_fit.py 150 700``: so many bands of
seeds below those that listening.py puts to the test, and so many pieces that lessons.py draws; none
of the composer, whose clips are the other test. Four times a softmax: over the lengths that a beat
may have (those within 4 % are right), over the quarters of it on which beats may be, over the keys,
and, without drums, over the chords.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from bands import STYLES, Piece, compose
from lessons import Lesson, lesson
from listening import f_measure
from scipy.optimize import minimize

from musegraph_nodes.audio import learned, rhythm
from musegraph_nodes.audio.chords import QUALITIES, turned
from musegraph_nodes.audio.chords import evidence as sounding
from musegraph_nodes.audio.phase import SHARES, moved, signs
from musegraph_nodes.audio.tonal import FPS, Chroma, change, chroma, evidence

FIRST = 10_000
"""The seed of the first piece that is drawn."""
EVEN = {"METRE": 1e-3, "PHASE": 1e-3, "KEY": 1e-3}
"""How much large weights cost."""

BANDS = 3
"""How often a band counts for what is on the beat and for keys, of which chance strays too far."""

Heard = tuple[Piece, rhythm.Strength, np.ndarray, Chroma]
Rows = tuple[list[np.ndarray], list[np.ndarray]]


def gathered(count: int, drawn: int) -> list[Heard]:
    names = list(STYLES)
    found = []
    for number in range(count + drawn):
        if number < drawn:
            piece = lesson(FIRST + number)
        else:
            piece = compose(number - drawn, names[(number - drawn) % len(names)])
        wave = piece.heard()
        rise = rhythm.strength(wave)
        found.append((piece, rise, change(wave, len(rise.whole)), chroma(wave)))
        if number % 50 == 49:
            print(f"{number + 1} pieces of {count + drawn}", flush=True)
    return found


def metres(heard: list[Heard]) -> Rows:
    """For each piece the signs of its candidates, and which of them are right."""
    found: Rows = ([], [])
    for piece, rise, turn, _ in heard:
        known = rhythm.candidates(rise, turn)
        tempos = np.array([60 * rhythm.FPS / one.lag for one in known])
        right = np.abs(tempos / piece.tempo - 1) < 0.04
        if right.any():
            found[0].append(np.array([one.signs for one in known]))
            found[1].append(right)
        else:
            print(f"{piece.style}: {piece.tempo:.1f} is no candidate", flush=True)
    return found


def phases(heard: list[Heard], metre: np.ndarray) -> Rows:
    found: Rows = ([], [])
    for piece, rise, turn, tones in heard:
        known = rhythm.candidates(rise, turn)
        lag = max(known, key=lambda one: float(np.dot(metre, one.signs))).lag
        times = rhythm.tracked(rise, lag)
        good = np.array([f_measure(moved(times, share), piece.beats) for share in SHARES])
        for _ in range(1 if piece.style == "drawn" else BANDS):
            found[0].append(signs(rise, turn, tones, times))
            found[1].append(good >= good.max() - 0.05)
    return found


def keys(heard: list[Heard]) -> Rows:
    found: Rows = ([], [])
    for piece, _, _, tones in heard:
        for _ in range(1 if piece.style == "drawn" else BANDS):
            found[0].append(evidence(tones))
            found[1].append(np.arange(24) == piece.key[0] + 12 * piece.key[1])
    return found


Chords = list[tuple[float, float, int, str]]
"""From when to when in seconds, which root and quality."""


def harmonies(count: int, drawn: int) -> list[tuple[Chroma, Chords]]:
    """What is heard of pieces without drums, and the chords of them."""
    names, found = list(STYLES), []
    for number in range(drawn):
        given = Lesson(FIRST + number, drums=False)
        found.append((chroma(given.piece().heard()), given.spans()))
    for number in range(count):
        piece = compose(number, names[number % len(names)], drums=False)
        spans = [(a, b, root, "m" if minor else "") for a, b, root, minor in piece.chords]
        found.append((chroma(piece.heard()), spans))
    return found


def chords(heard: list[tuple[Chroma, Chords]], even: float = 1e-3) -> np.ndarray:
    """The weights by which the right roots and qualities are likeliest, every 0.4 seconds."""
    rows, right = [], []
    for tones, spans in heard:
        known, loud = sounding(tones), np.linalg.norm(tones.notes, axis=1)
        for start, end, root, quality in spans:
            if quality in QUALITIES:
                places = np.round(np.arange(start + 0.1, end - 0.1, 0.4) * FPS).astype(int)
                places = places[places < len(known)]
                places = places[loud[places] > 0.05 * loud.max()]
                rows.append(known[places])
                right += [root * len(QUALITIES) + QUALITIES.index(quality)] * len(places)
    each, which = turned(np.concatenate(rows)), np.arange(len(right))
    each = np.concatenate((each, np.ones((*each.shape[:2], 1))), axis=2)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        table = weights.reshape(len(QUALITIES), 37)
        odds = (each @ table.T).reshape(len(each), -1)
        share = np.exp(odds - odds.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        price = table * ([1.0] * 36 + [0.0])
        total = -np.log(share[which, right] + 1e-12).mean() + even * (price**2).sum()
        share[which, right] -= 1
        slope = np.einsum("trq,trf->qf", share.reshape(*each.shape[:2], -1), each) / len(each)
        return float(total), (slope + 2 * even * price).ravel()

    start = np.zeros(len(QUALITIES) * 37)
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150}).x


def fitted(rows: Rows, even: float) -> np.ndarray:
    """The weights by which the right ones are likeliest, for signs of any size."""
    scale = np.concatenate(rows[0]).std(axis=0) + 1e-9

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = even * float(weights @ weights), 2 * even * weights
        for each, right in zip(*rows, strict=True):
            signs_ = each / scale
            odds = signs_ @ weights
            odds = np.exp(odds - odds.max())
            share = odds / odds.sum()
            good = share[right].sum()
            total -= np.log(good + 1e-12) / len(rows[0])
            part = share - np.where(right, share, 0) / (good + 1e-12)
            slope = slope + signs_.T @ part / len(rows[0])
        return total, slope

    return minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x / scale


def learn(name: str, rows: Rows) -> np.ndarray:
    """Weights of all pieces; says how many are right of a half by those of the other."""
    half = len(rows[0]) // 2
    early = fitted((rows[0][:half], rows[1][:half]), EVEN[name])
    later = zip(rows[0][half:], rows[1][half:], strict=True)
    right = [which[int((each @ early).argmax())] for each, which in later]
    print(f"{name}: right on the half that was left out: {np.mean(right):.3f}", flush=True)
    return fitted(rows, EVEN[name])


def write(weights: dict[str, np.ndarray]) -> None:
    text = Path(learned.__file__).read_text("utf-8").partition("\nMETRE")[0]
    for name, row in weights.items():
        lines = [", ".join(f"{w:.3f}" for w in row[i : i + 12]) for i in range(0, len(row), 12)]
        text += f"\n{name} = (\n" + "".join(f"    {line},\n" for line in lines) + ")  # fmt: skip\n"
    Path(learned.__file__).write_text(text, "utf-8")


def main() -> None:
    count, drawn = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (150, 700)
    learned_from(gathered(count, drawn), harmonies(count, drawn * 4 // 7))


def learned_from(heard: list[Heard], sung: list[tuple[Chroma, Chords]]) -> None:
    metre = learn("METRE", metres(heard))
    write(
        {
            "METRE": metre,
            "PHASE": learn("PHASE", phases(heard, metre)),
            "KEY": learn("KEY", keys(heard)),
            "CHORD": chords(sung),
        }
    )


if __name__ == "__main__":
    main()
