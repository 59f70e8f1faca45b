"""Styles made of light on a screen: pixel art and neon."""

from __future__ import annotations

import numpy as np
import skia

from musegraph_nodes.starter.scenes import finish, paths, skies
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas, Pixels, Role, orb_outline
from musegraph_nodes.starter.scenes.colour import Colour, argb, luma, mix, saturate, shade, tint
from musegraph_nodes.starter.scenes.paths import Path
from musegraph_nodes.starter.scenes.vocabulary import COLOURS, NEON_COLOURS

DARK: Colour = (14, 10, 34)
DARK_GLOW: Colour = (176, 160, 255)
# Three cold lights for scenery: subjects outshine them with every colour.
SCENERY_LIGHTS: tuple[Colour, ...] = ((118, 96, 226), (60, 150, 206), (188, 74, 190))
# Pixels along the side from which on cells are four of them wide.
LEAST_COARSE = 160


class PixelCanvas(Canvas):
    """A grid of square cells with hard edges; subjects have a dark outline one cell wide.

    Cells are four pixels wide, or two in small pictures: so a latent, which stands for eight, holds
    whole ones, and they lie in each alike. Of cells of three pixels an autoencoder makes mush.
    """

    antialias = False
    # Between the levels that a colour channel can have.
    step = 8.5

    @property
    def cells(self) -> int:
        """How many there are along a side."""
        return self.size // (4 if self.size >= LEAST_COARSE else 2)

    def surface_side(self, size: int) -> int:
        return self.cells

    def sky(self, horizon: float) -> None:
        bands = 7
        for band in range(bands):
            place = 2 * band / (bands - 1)
            lower = place > 1
            ends = (self.middle, self.horizon_colour) if lower else (self.top, self.middle)
            colour = mix(*ends, place - 1 if lower else place)
            y = horizon * band / bands
            self.area(paths.rect(0, y, UNITS, UNITS - y), colour)

    def ground(self, colour: Colour) -> None:
        self.area(paths.rect(0, 0, UNITS, UNITS), tint(colour, 0.55))

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        self.area(path, tint(tone, 0.28))
        self.skia.save()
        self.skia.translate(0, 2.2)
        self.area(path, tone)
        self.skia.restore()

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        bounds = path.getBounds()
        cell = UNITS / self.cells
        # On parts of two or three cells an outline would leave nothing of the inside.
        if role == "accent" and min(bounds.width(), bounds.height()) > 3.5 * cell:
            self.outline(path, shade(tone, 0.4), 2.1 * cell)
        self.area(path, tone)

    def stroke(
        self, path: Path, colour: Colour, width: float, role: Role = "scenery", alpha: float = 1.0
    ) -> None:
        super().stroke(path, colour, max(width, 2.0), role, alpha)

    def finish(self, pixels: Pixels) -> Pixels:
        stepped = (np.round(pixels / self.step) * self.step).astype(np.float32)
        source = np.arange(self.size) * self.cells // self.size
        enlarged: Pixels = stepped[source][:, source]
        return enlarged


class NeonCanvas(Canvas):
    """Glowing lines in the dark; subjects are also filled with a dimmer light of their colour."""

    sky_colours = skies.NEON
    dapples = False

    def toned(self, colour: Colour, role: Role) -> Colour:
        if colour in NEON_OF:
            return NEON_OF[colour]
        # Light cannot be dark: what is dark by nature glows violet.
        return DARK_GLOW if luma(colour) < 64 else saturate(tint(colour, 0.2), 1.3)

    def ground(self, colour: Colour) -> None:
        dim = mix(self.toned(colour, "accent"), DARK, 0.74)
        self.gradient(None, (dim, shade(dim, 0.85), shade(dim, 0.7)), 0, UNITS)

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        light = SCENERY_LIGHTS[glow]
        self.gradient(path, (mix(DARK, light, 0.3), mix(DARK, light, 0.12), DARK), top, top + 40)
        self._tube(path, light, 0.75)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        if role == "lamp":
            self.area(path, self.toned(colour, role))
        elif role == "accent":
            light = self.toned(colour, role)
            # Half-bright yellow is olive: the lighter a colour is, the less it may be dimmed.
            self.area(path, mix(DARK, light, 0.45 + 0.2 * luma(light) / 255))
            self._tube(path, light, 1.0)
        else:
            light = SCENERY_LIGHTS[glow]
            self.area(path, mix(DARK, light, 0.16))
            self._tube(path, light, 0.75 - 0.5 * haze)

    def stroke(
        self, path: Path, colour: Colour, width: float, role: Role = "scenery", alpha: float = 1.0
    ) -> None:
        light = self.toned(colour, role) if role != "scenery" else SCENERY_LIGHTS[1]
        self.outline(path, light, width, alpha * (0.6 if role == "scenery" else 1.0))

    def orb(self, x: float, y: float, radius: float, kind: str) -> None:
        if kind != "sun":
            self.area(orb_outline(x, y, radius, kind), (226, 232, 255))
            return
        radius *= 1.25
        ends = [skia.Point(x, y - radius), skia.Point(x, y + radius)]
        colours = [argb((255, 228, 96)), argb((255, 58, 150))]
        shader = skia.GradientShader.MakeLinear(ends, colours)
        self.skia.drawCircle(x, y, radius, skia.Paint(AntiAlias=True, Shader=shader))
        for row in range(3):
            height = 0.9 + 0.5 * row
            top = y + radius * (0.18 + 0.28 * row)
            self.area(paths.rect(x - radius, top, 2 * radius, height), self.middle)

    def fog_colour(self) -> Colour:
        return mix(self.horizon_colour, (130, 100, 190), 0.5)

    def finish(self, pixels: Pixels) -> Pixels:
        return finish.bloom(pixels)

    def _tube(self, path: Path, light: Colour, strength: float) -> None:
        self.outline(path, light, 3.4, 0.28 * strength)
        self.outline(path, tint(light, 0.12), 1.3, strength)


NEON_OF: dict[Colour, Colour] = {COLOURS[name]: NEON_COLOURS[name] for name in COLOURS}
