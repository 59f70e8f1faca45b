"""Styles made on paper: watercolour, ink and woodblock print."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import finish, paths, skies
from musegraph_nodes.starter.scenes.canvas import MOON, UNITS, Canvas, Pixels, Role, orb_outline
from musegraph_nodes.starter.scenes.colour import Colour, luma, mix, shade, tint
from musegraph_nodes.starter.scenes.paths import Path

PAPER: Colour = (250, 246, 238)
INK: Colour = (28, 26, 30)
RICE_PAPER: Colour = (248, 242, 228)
WASHI: Colour = (240, 228, 200)
INDIGO: Colour = (34, 40, 72)
VERMILION: Colour = (204, 62, 44)


class WatercolourCanvas(Canvas):
    """Transparent washes whose pigment gathers at the edges, on paper that shows at the border."""

    def __init__(self, time: str, rng: np.random.Generator, size: int) -> None:
        super().__init__(time, rng, size)
        self.variant = int(rng.integers(finish.VARIANTS))
        self.top, self.middle = (mix(colour, PAPER, 0.12) for colour in (self.top, self.middle))
        self.horizon_colour = mix(self.horizon_colour, PAPER, 0.3)

    def toned(self, colour: Colour, role: Role) -> Colour:
        return mix(super().toned(colour, role), PAPER, 0.06 if role == "accent" else 0.14)

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        self.gradient(path, (shade(tone, 0.94), tint(tone, 0.16), tone), top, top + 50)
        self.outline(path, shade(tone, 0.72), 1.0, 0.6)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        self.area(path, tone, 0.96 if role == "accent" else 0.86)
        strong = role == "accent"
        self.outline(path, shade(tone, 0.6 if strong else 0.7), 1.1, 0.75 if strong else 0.5)

    def finish(self, pixels: Pixels) -> Pixels:
        pixels = finish.wobble(pixels, self.variant)
        pixels = finish.wash(pixels, self.variant)
        return finish.ragged_border(finish.grain(pixels, 0.028), PAPER)


class InkCanvas(Canvas):
    """Brush lines and grey washes that fade to paper; only the subject is in colour."""

    sky_colours = skies.INK
    dapples = False

    def toned(self, colour: Colour, role: Role) -> Colour:
        if role != "scenery":
            return mix(colour, RICE_PAPER, 0.04)
        dark = {"dusk": 0.8, "night": 0.6}.get(self.time, 1.0)
        grey = (40 + 0.8 * luma(colour)) * dark
        return grey, grey * 0.985, grey * 0.96

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        pale = mix(tone, mix(self.horizon_colour, RICE_PAPER, 0.3), 0.72)
        self.gradient(path, (tone, mix(tone, pale, 0.6), pale), top, top + 40)
        self._brush(path, mix(INK, pale, haze), 1.1)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        self.area(path, tone)
        if role != "lamp":
            self._brush(path, mix(INK, tone, haze), 0.9)

    def orb_colour(self, kind: str) -> Colour:
        return VERMILION if kind == "sun" else RICE_PAPER

    def rain_colour(self) -> Colour:
        return (226, 226, 228) if self.time in ("dusk", "night") else (84, 86, 96)

    def finish(self, pixels: Pixels) -> Pixels:
        return finish.grain(pixels, 0.024)

    def _brush(self, path: Path, colour: Colour, width: float) -> None:
        # A second, shifted line makes strokes swell and thin with their direction.
        self.outline(path, colour, width * 0.75)
        self.skia.save()
        self.skia.translate(0.55, 0.4)
        self.outline(path, colour, width * 0.75, 0.8)
        self.skia.restore()


class UkiyoeCanvas(Canvas):
    """Flat inks inside indigo lines, skies wiped from dark to light, a margin of warm paper."""

    sky_colours = skies.UKIYO_E
    # The dark band at the top of the sky is narrow, as a printer wipes it.
    sky_middle = 0.34
    margin = 4.0

    def toned(self, colour: Colour, role: Role) -> Colour:
        tone = super().toned(colour, role)
        return mix(tone, WASHI, {"accent": 0.06, "lamp": 0.12, "scenery": 0.24}[role])

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        self.gradient(path, (shade(tone, 0.8), tone, mix(tone, WASHI, 0.2)), top, top + 40)
        self.outline(path, INDIGO, 0.9)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        self.area(path, tone)
        self.outline(path, mix(INDIGO, tone, haze), 0.9)

    def orb(self, x: float, y: float, radius: float, kind: str) -> None:
        disc = orb_outline(x, y, radius, kind)
        self.area(disc, VERMILION if kind == "sun" else MOON)
        self.outline(disc, INDIGO, 0.8)

    def finish(self, pixels: Pixels) -> Pixels:
        return finish.grain(pixels, 0.024)

    def pixels(self) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
        inner = UNITS - 2 * self.margin
        frame = paths.rect(self.margin, self.margin, inner, inner)
        self.area(paths.minus(paths.rect(0, 0, UNITS, UNITS), frame), WASHI)
        self.outline(frame, INDIGO, 1.0)
        return super().pixels()
