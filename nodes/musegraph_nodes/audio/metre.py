"""How much each sign speaks for a length of a beat, in the order of ``rhythm.candidates``.

Set by hand; tests/soak/metre_fit.py fits others to pieces whose beat is known.
"""

WEIGHTS: tuple[float, ...] = (
    -0.5, -1.2,
    # Coming back after 1/4, 1/3, 1/2, 1, 3/2, 2, 3 and 4 beats: all, the low, the high voices.
    0.0, 0.0, -0.5, 1.5, -0.8, 1.0, 0.0, 0.7,
    0.0, 0.0, 0.0, 0.5, 0.0, 1.0, 0.0, 0.5,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    # The harmony after 1/2, 1, 2, 3 and 4.
    0.0, 0.0, 0.0, 0.0, 1.0,
    # How much begins in a beat, and its square; how much stronger beats are than what lies between.
    0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0,
)  # fmt: skip
"""Of the logarithm of the length beside half a second, its square, and what comes back after it."""
