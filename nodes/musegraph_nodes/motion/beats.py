"""Beats of scores, and contacts as they come over links; a sentence where those are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musegraph import NodeError, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def beats_of(score: Score) -> tuple[list[float], list[bool]]:
    """The seconds of every beat of a score, and which of them begin a bar."""
    clock = score.clock()
    meters = [(m.time, max(m.beats, 1), m.unit) for m in score.meters] or [(0, 4, 4)]
    if meters[0][0] > 0:
        meters.insert(0, (0, 4, 4))
    times, first = [], []
    ends = [one[0] for one in meters[1:]] + [score.end]
    for (start, count, unit), end in zip(meters, ends, strict=True):
        step = max(score.resolution * 4 // max(unit, 1), 1)
        # Of 6/8 and the like a beat is three eighths.
        group = 3 if unit == 8 and count % 3 == 0 else 1
        for number, tick in enumerate(range(start, max(end, start), step * group)):
            times.append(clock.seconds(tick))
            first.append(number % max(count // group, 1) == 0)
    return times, first


def stretches(contacts: dict[str, Any], frames: int, fps: float) -> NDArray[np.bool_]:
    """Stretches in seconds as yes and no of every frame, [T,2]."""
    import numpy as np

    found = np.zeros((frames, 2), bool)
    for at, side in enumerate(("left", "right")):
        rows = contacts.get(side, [])
        if not isinstance(rows, list):
            rows = [None]
        for row in rows:
            if (
                not isinstance(row, list)
                or len(row) != 2
                or not all(isinstance(one, int | float) and 0 <= one < 1e6 for one in row)
            ):
                raise NodeError(
                    "contacts are stretches [start, end] in seconds under left and right;"
                    " motion.contacts makes them"
                )
            found[round(row[0] * fps) : round(row[1] * fps), at] = True
    return found
