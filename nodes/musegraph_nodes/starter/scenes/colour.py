"""Arithmetic on colours: red, green and blue as floats, 0 to 255."""

from __future__ import annotations

Colour = tuple[float, float, float]

WHITE: Colour = (255, 255, 255)


def mix(one: Colour, other: Colour, amount: float) -> Colour:
    """`one` at amount 0, `other` at amount 1."""
    keep = 1 - amount
    return (
        one[0] * keep + other[0] * amount,
        one[1] * keep + other[1] * amount,
        one[2] * keep + other[2] * amount,
    )


def times(colour: Colour, light: Colour) -> Colour:
    """The colour as seen under `light`, whose channels are factors around 1."""
    return colour[0] * light[0], colour[1] * light[1], colour[2] * light[2]


def shade(colour: Colour, factor: float) -> Colour:
    """Darker below 1; the hue stays."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def tint(colour: Colour, amount: float) -> Colour:
    """Mixed with white by `amount`."""
    return mix(colour, WHITE, amount)


def luma(colour: Colour) -> float:
    """Perceived brightness, 0 to 255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def saturate(colour: Colour, factor: float) -> Colour:
    """Farther from grey above 1, nearer below."""
    grey = luma(colour)
    return mix((grey, grey, grey), colour, factor)


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """The colour packed as skia wants it; `alpha` runs from 0 to 1."""
    red, green, blue = (min(255, max(0, int(channel))) for channel in colour)
    return int(alpha * 255) << 24 | red << 16 | green << 8 | blue
