"""What listening has learned of pieces whose beat and key are known, as weights.

Written by tests/soak/listening_fit.py. ``METRE``: how much each sign speaks for a length of a beat,
in the order of ``rhythm.candidates``: its logarithm beside half a second, and the square; how much
comes back after 1/4, 1/3, 1/2, 1, 3/2, 2, 3 and 4 beats of all, of the low and of the high voices;
of the harmony after 1/2, 1, 2, 3 and 4; how much begins in a beat, and its square; how much
stronger beats are than what lies between; of all, the low voices and the harmony, how much more
comes back after bars of three beats, of four, and of either, than half a beat beside. ``PHASE``: of
each curve of ``phase.signs``, its mean on beats and what is above it on the best of four and of
three. ``KEY``: of major, then of minor, how strong each note from the tonic on is in the whole, at
the beginning and at the end. ``CHORD``: of each of ``chords.QUALITIES`` how strong each note from
the root on is, in the bass, and in the whole, and how often there is such a chord.

``METRE`` and ``CHORD`` are of 150 bands and 700 drawn pieces. ``PHASE`` and ``KEY`` are of 300
bands and 400 drawn pieces, before those had rhythms across the beat: fitted anew to what is drawn
today, both heard less, for a reason that is not known. So the script does not write these again.
"""

METRE = (
    -1.357, -2.218, 2.577, 3.360, 4.208, 4.120, 1.917, -0.526, 4.700, 0.181, -3.070, -1.313,
    0.272, -2.468, 0.094, 3.354, 4.668, 2.592, -1.648, -0.018, 3.055, -2.240, -4.090, 3.167,
    -1.948, -0.681, 3.387, 2.577, -0.885, 0.383, -0.307, -0.492, -1.145, -0.064, 0.522, -0.015,
    0.146, 0.037, 0.017, -1.585, 1.218, 2.465, -3.608, 0.065, 3.972, -0.749, -0.956, 2.857,
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

CHORD = (
    3.214, 0.093, 0.298, -2.575, 2.819, -1.032, -1.130, 2.735, -0.113, -1.843, -1.649, -0.817,
    0.642, 0.162, -0.141, 0.053, -0.288, -0.176, 0.181, -0.039, -0.434, -0.370, 0.008, 0.403,
    1.110, -0.148, 0.486, -1.820, 1.012, 0.534, -0.194, 0.621, -0.663, -0.211, -0.808, 0.081,
    0.544, 2.937, -0.683, 0.210, 2.582, -0.256, -1.624, -0.644, 2.713, -1.828, -1.124, -1.277,
    -1.005, 1.315, 0.448, -0.082, -0.527, -0.622, -0.250, 0.163, -0.183, -0.795, 0.362, 0.078,
    0.092, 1.839, -1.441, 0.467, 0.752, -1.256, -0.563, -0.378, 1.505, -0.446, -0.704, 1.109,
    -0.884, -0.165, 1.078, -0.800, -0.539, -1.510, 1.819, -0.317, -1.013, 0.464, -0.621, -0.938,
    2.347, 0.031, 0.995, 0.383, 0.014, -0.205, -0.173, -0.283, -0.274, 0.371, -0.390, -0.407,
    -0.255, 0.224, 0.988, -0.318, -0.097, -0.672, 0.826, 0.703, -0.497, -0.373, -0.324, 0.361,
    0.367, -0.964, 0.573, 1.858, -0.986, -1.089, -1.225, 1.582, -0.702, 0.240, 0.267, -0.969,
    -1.140, -0.824, 2.989, 1.504, 0.679, -0.148, -0.302, -0.338, -0.256, -0.378, 0.082, -0.123,
    -0.040, -0.589, -0.093, 1.399, -0.854, 0.089, -1.379, 1.486, -0.584, -0.051, 0.757, -0.982,
    -0.296, -1.150, 1.565, -0.565, 2.176, -0.689, -0.625, 1.694, -0.739, -0.307, -1.003, 0.723,
    -1.694, -0.869, 2.713, -1.381, 1.520, 0.726, -0.071, -0.720, -0.747, -0.381, 0.091, 0.216,
    -0.013, -0.648, -0.228, 0.256, 1.530, -0.938, 0.364, 0.707, -0.739, -0.161, -0.750, 1.076,
    -0.250, -0.911, 1.129, -1.056, -0.387,
)  # fmt: skip
