"""Trainings of the models of motion that come with Musegraph."""
