"""A language of music: its tokens, their grammar, and a small model that speaks it."""
