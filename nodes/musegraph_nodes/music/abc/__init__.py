"""ABC: music as people type it (the standard 2.1)."""
