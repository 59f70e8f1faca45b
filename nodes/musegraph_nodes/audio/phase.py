"""Which of the places a quarter of a beat apart is the beat itself.

What is loudest is not always on it: a bass that comes early, chords off the beat. What tells is
the voices, where the harmony and the bass change, and what comes back every three or four beats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .learned import PHASE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .rhythm import Strength
    from .samples import Doubles
    from .tonal import Chroma

SHARES = (0.0, 0.25, 0.5, 0.75)
"""Of a beat, by which those that were tracked may be early."""

_BARS = (4, 3)


def phased(rise: Strength, change: Doubles, heard: Chroma, times: Doubles) -> Doubles:
    """The beats, moved to where they most likely are."""
    if len(times) < 3:
        return times
    found = signs(rise, change, heard, times)
    return moved(times, SHARES[int((found @ PHASE).argmax())])


def moved(times: Doubles, share: float) -> Doubles:
    """Beats later by a share of the way to the next; there may be one before the first."""
    import numpy as np

    if not share:
        return times
    steps = np.diff(times)
    first = times[0] - (1 - share) * steps[0]
    before = [first] if first > -0.03 else []
    made = np.concatenate((before, times[:-1] + steps * share, [times[-1] + share * steps[-1]]))
    return np.asarray(np.maximum(made, 0))


def signs(rise: Strength, change: Doubles, heard: Chroma, times: Doubles) -> NDArray[np.floating]:
    """What speaks for each of the shares: how much begins there, and on the best beat of bars."""
    import numpy as np

    from .rhythm import FPS
    from .tonal import FPS as SLOW

    frames = np.arange(len(rise.whole)) / FPS * SLOW
    turns = [
        np.interp(frames, np.arange(len(own)), own)
        for own in map(_turned, (heard.bass, heard.notes))
    ]
    curves = [rise.whole, rise.low, rise.middle, rise.high, change, *turns]
    curves = [np.asarray(curve) / (np.std(curve) + 1e-9) for curve in curves]
    made = []
    for share in SHARES:
        places = np.round(moved(times, share) * FPS).astype(int)
        row: list[float] = []
        for index, curve in enumerate(curves):
            values = _near(curve, places, 2 if index < 4 else 6)
            mean = float(values.mean())
            row.append(mean)
            row += [
                max(float(values[at::bar].mean()) for at in range(min(bar, len(values)))) - mean
                for bar in _BARS
            ]
        made.append(row)
    return np.array(made)


def _turned(notes: Doubles) -> Doubles:
    """How much other the notes are two frames later than two before."""
    import numpy as np

    even = notes / np.maximum(np.linalg.norm(notes, axis=1, keepdims=True), 1e-9)
    made = np.zeros(len(even))
    made[2:-2] = 1 - (even[4:] * even[:-4]).sum(axis=1)
    return made


def _near(curve: Doubles, places: NDArray[np.integer], reach: int) -> Doubles:
    """The largest value around each place."""
    import numpy as np

    known = places[(places >= 0) & (places < len(curve))].tolist()
    return np.array([curve[max(at - reach, 0) : at + reach + 1].max() for at in known] or [0.0])
