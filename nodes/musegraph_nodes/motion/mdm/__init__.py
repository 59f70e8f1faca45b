"""Motion from text: MDM (Tevet et al. 2022) in the layout of its public checkpoints."""
