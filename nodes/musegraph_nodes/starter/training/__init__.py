"""Training the starter picture model, stage by stage; see the README beside the weights."""
