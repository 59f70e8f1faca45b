"""The chords of a sound: the likeliest row of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .learned import CHORD
from .tonal import FPS, Chroma, even, with_overtones

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles

SEVENTHS = {"7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10)}
"""What is played in the place of triads: four notes, among them those of another triad."""

QUALITIES = ("", "m", *SEVENTHS)
"""In the order of ``CHORD``."""

_SHARP, _HOLD = 12.0, 26.0
"""How much a template counts beside what was learned, and what a change costs."""


@dataclass(frozen=True)
class Heard:
    """A chord from one time to another in seconds; without a root nothing is heard."""

    start: float
    end: float
    root: int | None
    quality: str


def templates(kinds: dict[str, tuple[int, ...]]) -> tuple[Doubles, list[tuple[int, str]]]:
    """The chroma of each chord [count,12], of length 1, and what they are."""
    import numpy as np

    rows, names = [], []
    for quality, steps in kinds.items():
        for root in range(12):
            notes = np.zeros(12)
            for step in steps:
                notes[(root + step) % 12] = 1.0
            shape = with_overtones(notes)
            shape = shape - shape.mean()
            rows.append(shape / np.linalg.norm(shape))
            names.append((root, quality))
    return np.array(rows), names


def chords(heard: Chroma, kinds: dict[str, tuple[int, ...]], hold: float = 1.0) -> list[Heard]:
    """The chords that are likeliest to have been played, held rather than changed.

    Two judges: how like the template of a chord the notes are, and how likely pieces of known
    chords make it. A seventh that is heard speaks for its triad where ``kinds`` has no sevenths:
    of A, C, E and G the bass and the key say whether it is A minor or C major.
    """
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    loud = np.linalg.norm(heard.notes, axis=1)
    if not float(loud.max(initial=0.0)) > 1e-6:
        return []
    wider = {q: steps for q, steps in SEVENTHS.items() if not kinds.keys() & SEVENTHS.keys()}
    shapes, names = templates({**kinds, **wider})
    told = [(root, quality) for root, quality in names if quality in kinds]
    at = {name: index for index, name in enumerate(told)}
    signs = evidence(heard)
    bass = uniform_filter1d(heard.bass, 3, axis=0, mode="nearest")
    bass = bass / np.maximum(bass.max(axis=1, keepdims=True), 1e-9)
    roots = np.array([root for root, _ in names])
    # Chords of what is heard all the time are likelier: those of the key.
    like = signs[:, :12] @ shapes.T + 0.3 * bass[:, roots] + 0.1 * (signs[:, 24:] @ shapes.T)
    score = np.full((len(loud), len(told)), -np.inf)
    for index, (root, quality) in enumerate(names):
        column = at[root, quality if quality in kinds else triad(quality)]
        score[:, column] = np.maximum(score[:, column], like[:, index])
    score = _SHARP * (score - score.max(axis=1, keepdims=True))
    known = learned(signs)
    score += known[:, [root + 12 * (triad(quality) == "m") for root, quality in told]]
    silent = loud < 0.02 * loud.max()
    score = np.concatenate((score, np.where(silent, 5.0, -20.0)[:, None]), axis=1)
    path = viterbi(score, hold * _HOLD)
    return _runs(path, [*told, (None, "")])


def triad(quality: str) -> str:
    """Of a chord, whether its third is minor."""
    return "m" if quality.startswith(("m", "dim")) and not quality.startswith("maj") else ""


def evidence(heard: Chroma) -> Doubles:
    """What speaks for chords at each time [T,36]: notes, the bass, and the notes of the whole."""
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    loud = np.linalg.norm(heard.notes, axis=1, keepdims=True)
    notes, bass = (
        even(uniform_filter1d(np.sqrt(part), 3, axis=0, mode="nearest"))
        for part in (heard.notes, heard.bass)
    )
    usual = even((np.sqrt(heard.notes) / np.maximum(loud, 1e-9)).mean(axis=0))
    return np.concatenate((notes, bass, np.broadcast_to(usual, notes.shape)), axis=1)


def turned(signs: Doubles) -> Doubles:
    """The evidence as each of the twelve roots has it [T,12,36]: from that note on."""
    import numpy as np

    parts = signs.reshape(len(signs), 3, 12)
    return np.stack(
        [np.roll(parts, -root, axis=2).reshape(len(signs), 36) for root in range(12)], 1
    )


def learned(signs: Doubles) -> Doubles:
    """How likely each triad is at each time, as logarithms [T,24], majors first."""
    import numpy as np

    weights = np.array(CHORD).reshape(len(QUALITIES), 37)
    odds = turned(signs) @ weights[:, :36].T + weights[:, 36]
    odds = odds - np.logaddexp.reduce(odds.reshape(len(odds), -1), axis=1)[:, None, None]
    minor = np.array([triad(quality) == "m" for quality in QUALITIES])
    both = (np.logaddexp.reduce(odds[:, :, which], axis=2) for which in (~minor, minor))
    return np.concatenate(list(both), axis=1)


def viterbi(score: Doubles, change: float) -> NDArray[np.int64]:
    """The best row of states, where each change costs as much."""
    import numpy as np

    total = score[0].copy()
    back = np.zeros(score.shape, np.int64)
    every = np.arange(score.shape[1])
    for now in range(1, len(score)):
        best = int(total.argmax())
        moved = total[best] - change
        back[now] = np.where(total >= moved, every, best)
        total = np.maximum(total, moved) + score[now]
    path = np.zeros(len(score), np.int64)
    path[-1] = int(total.argmax())
    for now in range(len(score) - 1, 0, -1):
        path[now - 1] = back[now, path[now]]
    return path


def _runs(path: NDArray[np.int64], names: list[tuple[int | None, str]]) -> list[Heard]:
    import numpy as np

    edges = np.concatenate(([0], np.flatnonzero(np.diff(path)) + 1, [len(path)]))
    found = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        root, quality = names[int(path[first])]
        start = max((first - 0.5) / FPS, 0.0)
        found.append(Heard(start, (last - 0.5) / FPS, root, quality))
    return found
