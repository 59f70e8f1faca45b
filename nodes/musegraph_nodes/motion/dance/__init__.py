"""Dances written down: moves of styles, and how they become a motion on the beat."""
