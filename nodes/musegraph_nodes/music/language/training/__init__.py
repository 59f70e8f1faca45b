"""Training the model that comes with Musegraph."""
