"""Training the nets of this pack: data, and the scripts that run it."""
