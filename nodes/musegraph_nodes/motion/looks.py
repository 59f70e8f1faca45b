"""The choices of how figures are shown; apart from what draws them, which needs NumPy."""

from typing import Literal, TypeAlias

View: TypeAlias = Literal["front", "three quarters", "side", "back", "above", "low", "orbit"]
Look: TypeAlias = Literal["body", "stick", "silhouette"]
Stage: TypeAlias = Literal["studio", "night", "paper", "white", "black"]
