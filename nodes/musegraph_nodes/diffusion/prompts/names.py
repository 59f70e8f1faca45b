"""Names that users know of what may be done with a prompt."""

from typing import Literal

Weighting = Literal["keep mean", "from empty", "off"]
"""How weights are laid on the states of a text.

``keep mean`` multiplies, then scales the text so that its mean stays, as A1111 does. ``from empty``
moves each state away from that of an empty text, z₀ + w·(z − z₀), as ComfyUI does. ``off`` takes
the text as it is written, brackets and all.
"""
