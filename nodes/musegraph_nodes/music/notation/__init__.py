"""Scores as sheet music: bars, voices and written lengths, and MusicXML of them."""
