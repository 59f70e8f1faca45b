"""Small models of our own, so that a fresh machine can make something at once."""
