"""A synthesiser that needs no samples: tones of instruments, drums, and the mix of a score."""
