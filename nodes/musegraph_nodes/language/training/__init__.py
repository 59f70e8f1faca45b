"""What trained `starter/writer`, the small model that makes prompts for `starter/scenes`."""
