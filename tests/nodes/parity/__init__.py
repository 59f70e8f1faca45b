"""Tiny pipelines of random weights, run as graphs and plainly: the same pictures must come out."""
