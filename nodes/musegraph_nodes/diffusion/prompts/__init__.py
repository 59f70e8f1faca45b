"""Prompts: their grammar, their weights, when and where they count."""
