"""The drawing surface of one picture; this class draws flat vector art, others derive from it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import skia

from musegraph_nodes.starter.scenes import paths, skies
from musegraph_nodes.starter.scenes.colour import (
    Colour,
    argb,
    mix,
    saturate,
    shade,
    times,
    tint,
)
from musegraph_nodes.starter.scenes.paths import Path
from musegraph_nodes.starter.scenes.skies import Sky

# Pictures are drawn on a square of this many units, whatever their size in pixels.
UNITS = 128.0
# Scenery takes on the light of the hour, an accent (the subject) keeps its own colour, and a lamp
# shines by itself.
Role = Literal["scenery", "accent", "lamp"]
Pixels = np.ndarray[Any, np.dtype[np.float32]]
Picture = np.ndarray[Any, np.dtype[np.uint8]]

SUNS: dict[str, Colour] = {
    "dawn": (255, 214, 132),
    "day": (255, 226, 92),
    "sunset": (255, 112, 62),
}
MOON: Colour = (250, 244, 214)


class Canvas:
    """Flat vector art: clean areas, a slight gradient in the land, subjects with a dark keyline.

    Lengths are in picture units (128 across), y points down, and the origin is the upper left
    corner. `size` is in pixels.
    """

    sky_colours: ClassVar[dict[str, tuple[Sky, ...]]] = skies.OPEN_AIR
    sky_middle = 0.5
    antialias = True
    # Whether crowns of trees show where the light falls on them.
    dapples = True

    def __init__(self, time: str, rng: np.random.Generator, size: int) -> None:
        self.time = time
        self.rng = rng
        self.size = size
        side = self.surface_side(size)
        self.surface = skia.Surface(side, side)
        self.skia = self.surface.getCanvas()
        self.skia.scale(side / UNITS, side / UNITS)
        variants = self.sky_colours[time]
        chosen = variants[int(rng.integers(len(variants)))]
        self.top, self.middle, self.horizon_colour = (self._jitter(colour) for colour in chosen)

    def dull(self, amount: float) -> None:
        """Take colour from the sky, as clouds and fog do."""

        def duller(colour: Colour) -> Colour:
            return saturate(colour, 1 - amount)

        self.top, self.middle = duller(self.top), duller(self.middle)
        self.horizon_colour = duller(self.horizon_colour)

    def surface_side(self, size: int) -> int:
        """Pixels along the surface that is drawn on; `pixels` brings it to `size`."""
        return size

    # What colours become

    def toned(self, colour: Colour, role: Role) -> Colour:
        """The colour as this style and hour show it."""
        if role == "lamp":
            return colour
        light = skies.LIGHT[self.time]
        if role == "accent":
            return times(colour, mix(light, (1, 1, 1), 0.72))
        return saturate(times(colour, light), 1.08)

    def hazed(self, colour: Colour, amount: float) -> Colour:
        """The colour seen through air, which has the colour of the horizon."""
        return mix(colour, self.horizon_colour, amount)

    # Areas and lines

    def sky(self, horizon: float) -> None:
        """Fill everything; the lowest colour of the sky lies at `horizon`."""
        self.gradient(None, (self.top, self.middle, self.horizon_colour), 0, horizon)

    def ground(self, colour: Colour) -> None:
        """Fill everything with the plain background for shapes."""
        soft = self.toned(tint(colour, 0.5), "lamp")
        self.gradient(None, (soft, tint(soft, 0.12), tint(soft, 0.24)), 0, UNITS)

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        """A stretch of ground or water whose upper edge is near `top`."""
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        self.gradient(path, (tint(tone, 0.1), tone, shade(tone, 0.9)), top, UNITS)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        """An area; `glow` chooses among the colours of light that neon scenery is drawn with."""
        tone = self.hazed(self.toned(colour, role), haze)
        self.area(path, tone)
        if role == "accent":
            self.outline(path, shade(tone, 0.55), 0.9)

    def stroke(
        self, path: Path, colour: Colour, width: float, role: Role = "scenery", alpha: float = 1.0
    ) -> None:
        """A line with round ends."""
        self.outline(path, self.toned(colour, role), width, alpha)

    def orb(self, x: float, y: float, radius: float, kind: str) -> None:
        """The sun or the moon, in a soft halo."""
        colour = self.orb_colour(kind)
        self.halo(x, y, radius * 4.2, colour, 0.5)
        self.area(paths.oval(x, y, radius * 1.6, radius * 1.6), colour, 0.2)
        self.area(orb_outline(x, y, radius, kind), colour)

    def orb_colour(self, kind: str) -> Colour:
        """The colour of the sun at this hour, or of the moon."""
        return SUNS[self.time] if kind == "sun" else MOON

    def halo(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light that fades with the distance from (x, y)."""
        stops = [argb(colour, strength), argb(colour, strength * 0.35), argb(colour, 0)]
        shader = skia.GradientShader.MakeRadial(skia.Point(x, y), radius, stops, [0, 0.4, 1])
        self.skia.drawCircle(x, y, radius, skia.Paint(Shader=shader, AntiAlias=self.antialias))

    def shadow(self, x: float, y: float, half: float) -> None:
        """What stands at (x, y) and is `2 * half` wide darkens the ground below."""
        self.area(paths.oval(x, y + 0.6, half, 2.4), (24, 28, 52), 0.24)

    def wake(self, x: float, y: float, half: float) -> None:
        """What floats at (x, y) darkens the water below, and breaks its surface."""
        self.area(paths.oval(x, y, half, 2.6), (16, 34, 62), 0.26)
        for side, drop in ((-0.5, 3.2), (0.45, 4.6)):
            middle = x + side * half
            line = paths.polyline(
                [(middle - half * 0.4, y + drop), (middle + half * 0.4, y + drop)]
            )
            self.outline(line, (236, 246, 252), 1.0, 0.5)

    def veil(self, y: float, height: float) -> None:
        """A bank of fog across the picture."""
        soft = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, height * 0.4)
        paint = skia.Paint(Color=argb(self.fog_colour(), 0.74), MaskFilter=soft)
        self.skia.drawRect(skia.Rect.MakeXYWH(-30, y - height / 2, UNITS + 60, height), paint)

    def fog_colour(self) -> Colour:
        """Fog is a lighter horizon."""
        return mix(self.horizon_colour, (240, 240, 244), 0.5)

    def rain_colour(self) -> Colour:
        """Rain catches the light."""
        return 214, 228, 244

    # The plain means of all styles

    def area(self, path: Path, colour: Colour, alpha: float = 1.0) -> None:
        """Fill as told: no light, no style."""
        self.skia.drawPath(path, skia.Paint(Color=argb(colour, alpha), AntiAlias=self.antialias))

    def outline(self, path: Path, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Stroke as told."""
        paint = skia.Paint(
            Color=argb(colour, alpha),
            AntiAlias=self.antialias,
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=width,
            StrokeCap=skia.Paint.kRound_Cap,
            StrokeJoin=skia.Paint.kRound_Join,
        )
        self.skia.drawPath(path, paint)

    def gradient(self, path: Path | None, stops: Sky, top: float, bottom: float) -> None:
        """Fill the path, or everything, with three colours from `top` to `bottom`."""
        shader = skia.GradientShader.MakeLinear(
            [skia.Point(0, top), skia.Point(0, bottom)],
            [argb(stop) for stop in stops],
            [0.0, self.sky_middle, 1.0],
        )
        paint = skia.Paint(Shader=shader, AntiAlias=self.antialias)
        if path is None:
            self.skia.drawPaint(paint)
        else:
            self.skia.drawPath(path, paint)

    def pixels(self) -> Picture:
        """The finished picture, uint8 `[size, size, 3]`."""
        drawn = self.surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3]
        finished = self.finish(drawn.astype(np.float32))
        picture: Picture = np.clip(finished + 0.5, 0, 255).astype(np.uint8)
        return picture

    def finish(self, pixels: Pixels) -> Pixels:
        """What paper, print or screen does to the drawing; float `[side, side, 3]`, 0 to 255."""
        return pixels

    def _jitter(self, colour: Colour) -> Colour:
        red, green, blue = self.rng.normal(0, 4, 3)
        return colour[0] + red, colour[1] + green, colour[2] + blue


def orb_outline(x: float, y: float, radius: float, kind: str) -> Path:
    """A disc, or a crescent with its horns to the right."""
    disc = paths.oval(x, y, radius, radius)
    if kind != "crescent moon":
        return disc
    hole = paths.oval(x + radius * 0.5, y - radius * 0.22, radius * 0.82, radius * 0.82)
    return paths.minus(disc, hole)
