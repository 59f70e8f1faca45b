"""What listening has learned of pieces whose beat and key are known, as weights.

Written by tests/soak/listening_fit.py. ``METRE``: how much each sign speaks for a length of a beat,
in the order of ``rhythm.candidates``: its logarithm beside half a second, and the square; how much
comes back after 1/4, 1/3, 1/2, 1, 3/2, 2, 3 and 4 beats of all, of the low and of the high voices;
of the harmony after 1/2, 1, 2, 3 and 4; how much begins in a beat, and its square; how much
stronger beats are than what lies between. ``PHASE``: of each curve of ``phase.signs``, its mean on
beats and what is above it on the best beat of four and of three. ``KEY``: of major, then of minor,
how strong each note from the tonic on is in the whole, at the beginning and at the end.
"""

METRE = (
    0.244, -6.650, -6.406, -4.202, 2.717, 4.988, 0.669, 1.108, 4.062, 1.946, 7.030, -2.924,
    -4.166, 2.152, 2.496, 1.650, 2.817, 2.263, 0.760, -5.481, 3.855, -3.808, -3.336, 6.324,
    -3.128, 1.165, 6.741, 0.879, -1.642, 1.524, 4.163, 0.132, -2.288, -1.073, -0.222, 0.358,
    1.175, 0.938, -0.429,
)  # fmt: skip

PHASE = (
    -0.014, 0.102, 1.389, 1.089, 0.699, 0.342, 0.082, -0.685, -0.610, -0.036, 1.760, -0.645,
    -2.419, 1.037, -0.478, 1.472, 0.411, 3.277, 2.118, 1.194, 1.663,
)  # fmt: skip

KEY = (
    3.029, -2.748, 1.054, -3.334, 2.528, 0.958, -3.839, 6.193, -3.831, 2.363, -6.972, 4.599,
    6.616, -5.798, 4.546, -3.426, 3.125, 0.233, 0.148, 0.354, 0.541, -0.884, -1.556, -3.899,
    1.976, -2.026, 0.842, -1.998, 0.630, 0.381, -1.463, 1.027, -1.167, 1.012, 0.483, 0.305,
    3.239, -6.472, -1.047, 6.203, -2.003, -3.858, -1.866, 6.403, 2.917, -4.028, 1.475, -0.965,
    8.041, -3.181, 1.755, 1.586, 2.708, -3.224, -2.045, 2.949, -3.172, -3.196, -0.067, -2.153,
    3.044, -1.842, -0.480, -1.261, 3.390, 1.167, -1.970, 0.798, -0.661, -0.976, -0.398, -0.811,
)  # fmt: skip
