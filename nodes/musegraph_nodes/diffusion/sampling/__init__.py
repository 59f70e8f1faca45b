"""Sampling: schedules, samplers, guiders, noise, and the node that puts them to work."""
