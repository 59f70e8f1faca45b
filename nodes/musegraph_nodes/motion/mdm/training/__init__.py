"""Trains the small MDM that comes with Musegraph, on motions that are written by rule."""
