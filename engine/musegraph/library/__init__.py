"""The library of models: which there are, what each is, and where one is that was renamed."""
