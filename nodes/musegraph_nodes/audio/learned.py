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
    -1.973, -2.106, 4.910, 5.013, 3.802, 4.448, 1.620, -0.580, 0.514, 1.598, -0.901, -2.626,
    -1.595, -1.957, 2.086, 1.790, 4.741, 3.932, -4.690, 1.434, 3.054, -1.998, -3.779, 2.133,
    -1.030, -0.958, 1.326, 0.460, -1.040, 1.272, 2.683, -0.731, -1.340, -0.061, 0.227, 0.086,
    0.258, 0.220, 0.382,
)  # fmt: skip

PHASE = (
    -0.036, -0.285, 0.160, 0.817, 0.290, 0.216, -0.262, -0.047, 0.380, 0.388, 1.027, -0.043,
    -2.315, 1.187, -0.589, 0.029, 1.081, 2.626, 0.821, 1.631, 2.234,
)  # fmt: skip

KEY = (
    5.245, -6.541, 3.798, -4.164, 2.158, 1.326, -6.252, 5.633, -3.713, 4.046, -5.675, 4.138,
    3.618, -2.177, 2.472, -3.524, 3.952, -0.329, 1.811, 0.682, -0.317, -1.616, -3.130, -1.441,
    2.762, -4.218, 1.043, -1.262, 2.241, 0.804, -0.028, 1.139, -0.964, 0.003, -2.112, 0.593,
    4.853, -12.246, 3.586, 4.996, -5.509, 0.813, -4.206, 5.632, 3.725, -4.573, 0.646, 2.282,
    6.865, -4.717, 3.112, 0.797, -0.545, 0.599, -2.684, 2.159, -2.328, -1.937, 1.766, -3.085,
    2.634, -2.931, 0.377, -0.199, 2.772, 0.872, -1.118, 0.633, -0.449, -0.730, -0.185, -1.677,
)  # fmt: skip
