"""What speaks for a length of a beat, and how much: fitted by tests/soak/metre_fit.py."""

WEIGHTS: tuple[float, ...] = ()
