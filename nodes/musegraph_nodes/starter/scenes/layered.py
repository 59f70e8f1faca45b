"""Styles with relief: layers of cut paper, and thick paint."""

from __future__ import annotations

import numpy as np
import skia
from PIL import Image, ImageFilter

from musegraph_nodes.starter.scenes import finish, paths
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas, Pixels, Role, orb_outline
from musegraph_nodes.starter.scenes.colour import Colour, argb, mix, saturate, shade, tint
from musegraph_nodes.starter.scenes.paths import Path

SHADE: Colour = (22, 18, 44)
FINE_SIDE = 64


class PaperCutCanvas(Canvas):
    """Sheets of coloured paper above each other, each with its shadow on those below."""

    def sky(self, horizon: float) -> None:
        colours = [self.top, mix(self.top, self.middle, 0.6), self.middle]
        colours += [mix(self.middle, self.horizon_colour, 0.55), self.horizon_colour]
        self.area(paths.rect(0, 0, UNITS, UNITS), colours[0])
        x = np.linspace(-4, UNITS + 4, 33)
        for index, colour in enumerate(colours[1:], 1):
            phase = self.rng.uniform(0, 6.3)
            y = horizon * index / len(colours) + 3.4 * np.sin(x * 0.075 + phase)
            sheet = [*zip(x, y, strict=True), (UNITS + 4, UNITS + 4), (-4, UNITS + 4)]
            self._sheet(paths.polygon(sheet), colour, -1.6, 1.7, 0.42)

    def ground(self, colour: Colour) -> None:
        soft = tint(colour, 0.5)
        self.area(paths.rect(0, 0, UNITS, UNITS), shade(soft, 0.88))
        for inset, part in ((5.0, 0.94), (10.0, 1.0)):
            side = UNITS - 2 * inset
            frame = paths.rounded(inset, inset, side, side, 12.0)
            self._sheet(frame, shade(soft, part), 1.2, 1.6, 0.4)

    def land(
        self, path: Path, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, "scenery"), haze)
        self._sheet(path, tone, -1.7, 2.0, 0.5)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        if role == "lamp":
            self.area(path, tone)
        else:
            self._sheet(path, tone, 1.4, 1.5, 0.6 if role == "accent" else 0.44)

    def orb(self, x: float, y: float, radius: float, kind: str) -> None:
        colour = self.orb_colour(kind)
        self._sheet(paths.oval(x, y, radius * 1.7, radius * 1.7), mix(self.middle, colour, 0.3))
        self._sheet(orb_outline(x, y, radius, kind), colour, 1.3, 1.5, 0.5)

    def shadow(self, x: float, y: float, half: float) -> None:
        """The sheets have their own."""

    def finish(self, pixels: Pixels) -> Pixels:
        return finish.grain(pixels, 0.024)

    def _sheet(
        self, path: Path, tone: Colour, drop: float = 0.9, soft: float = 1.1, dark: float = 0.34
    ) -> None:
        """`drop` is how far down, or if negative up, the shadow falls."""
        blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, soft)
        self.skia.save()
        self.skia.translate(0.5, drop)
        paint = skia.Paint(Color=argb(SHADE, dark), MaskFilter=blur, AntiAlias=True)
        self.skia.drawPath(path, paint)
        self.skia.restore()
        self.area(path, tone)
        self.outline(path, tint(tone, 0.3), 0.45, 0.6)


class OilCanvas(Canvas):
    """Short thick strokes that follow each other; colours are deep and warm."""

    def __init__(self, time: str, rng: np.random.Generator, size: int) -> None:
        super().__init__(time, rng, size)
        self.variant = int(rng.integers(finish.VARIANTS))
        # Where the strokes are to be fine: a quarter of the size is exact enough.
        self.fine = skia.Surface(FINE_SIDE, FINE_SIDE)
        self.fine.getCanvas().scale(FINE_SIDE / UNITS, FINE_SIDE / UNITS)

    def toned(self, colour: Colour, role: Role) -> Colour:
        tone = super().toned(colour, role)
        return tone if role != "scenery" else saturate(tone, 1.16)

    def fill(
        self, path: Path, colour: Colour, role: Role = "scenery", haze: float = 0.0, glow: int = 0
    ) -> None:
        tone = self.hazed(self.toned(colour, role), haze)
        self.area(path, tone)
        if role == "accent":
            self.outline(path, shade(tone, 0.6), 1.4, 0.8)
            self.fine.getCanvas().drawPath(path, skia.Paint(Color=0xFFFFFFFF, AntiAlias=True))

    def stroke(
        self, path: Path, colour: Colour, width: float, role: Role = "scenery", alpha: float = 1.0
    ) -> None:
        super().stroke(path, colour, width, role, alpha)
        if role == "accent":
            paint = skia.Paint(
                Color=0xFFFFFFFF, Style=skia.Paint.kStroke_Style, StrokeWidth=width + 1.5
            )
            self.fine.getCanvas().drawPath(path, paint)

    def orb(self, x: float, y: float, radius: float, kind: str) -> None:
        super().orb(x, y, radius, kind)
        white = skia.Paint(Color=0xFFFFFFFF, AntiAlias=True)
        self.fine.getCanvas().drawPath(orb_outline(x, y, radius, kind), white)

    def finish(self, pixels: Pixels) -> Pixels:
        drawn = self.fine.toarray(colorType=skia.kRGBA_8888_ColorType)[..., 0]
        # Broad strokes would carry colour from the edge of a small shape far out.
        spread = Image.fromarray(drawn).filter(ImageFilter.BoxBlur(3))
        mask = spread.resize((len(pixels), len(pixels)), Image.Resampling.BILINEAR)
        covered = np.asarray(mask)[..., None].clip(0, 40) / 40
        fine: Pixels = covered.astype(np.float32)
        return finish.strokes(pixels, fine, self.variant)
