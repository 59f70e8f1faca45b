"""Pictures of sounds: a field over time with its scale, on light or dark paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from musegraph import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from .samples import Doubles

FINE = 2
"""Pixels are drawn as many by as many, and averaged, so that lines are smooth."""

COLOURS = ("#2f6f8f", "#b3402f", "#8a8d2a", "#6b4f9b")
_THEMES = {
    "light": {"ground": "#fafafb", "ink": "#3b3a36", "faint": "#dcdde1", "mark": "#b3402f"},
    "dark": {"ground": "#181a1f", "ink": "#d6d8dc", "faint": "#3c404a", "mark": "#ff8a65"},
}


class Page:
    """A field over time, with ticks in seconds below it and a scale on its left."""

    def __init__(
        self, width: int, height: int, theme: str, seconds: float, left: int = 46, top: int = 8
    ) -> None:
        from PIL import Image as Pillow
        from PIL import ImageDraw

        self.size, self.colours = (width, height), _THEMES[theme]
        self.page = Pillow.new("RGB", (width * FINE, height * FINE), self.colours["ground"])
        self.pen = ImageDraw.Draw(self.page)
        self.box = (left * FINE, top * FINE, (width - 10) * FINE, (height - 22) * FINE)
        self.seconds = max(seconds, 1e-6)

    @property
    def wide(self) -> int:
        return max(self.box[2] - self.box[0], 1)

    @property
    def tall(self) -> int:
        return max(self.box[3] - self.box[1], 1)

    def x(self, seconds: float) -> float:
        return self.box[0] + self.wide * seconds / self.seconds

    def y(self, share: float) -> float:
        """Of 0, the foot, to 1, the top."""
        return self.box[3] - self.tall * share

    def field(self, colours: NDArray[np.uint8]) -> None:
        """Colours [H,W,3], the top row first, over the whole field."""
        from PIL import Image as Pillow

        picture = Pillow.fromarray(colours)
        few = colours.shape[1] < self.wide or colours.shape[0] < self.tall
        how = Pillow.Resampling.NEAREST if few else Pillow.Resampling.BOX
        self.page.paste(picture.resize((self.wide, self.tall), how), self.box[:2])

    def ticks(self) -> None:
        """Seconds or minutes below the field, as far apart as is easily read."""
        wanted = self.seconds / max(self.wide / FINE / 80, 1)
        steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)
        step = next((step for step in steps if step >= wanted), 3600)
        for index in range(int(self.seconds / step + 1e-9) + 1):
            at = index * step
            x = self.x(at)
            self.pen.line((x, self.box[3], x, self.box[3] + 4 * FINE), self.colours["ink"], FINE)
            told = f"{at // 60:.0f}:{at % 60:02.0f}" if self.seconds > 120 else f"{at:.4g}"
            told += " s" if not index and self.seconds <= 120 else ""
            self.text(told, (x, self.box[3] + 12 * FINE), "mm" if index else "lm")

    def scale(self, places: Mapping[str, float], lines: bool = False) -> None:
        """Names on the left at heights from 0 to 1."""
        for name, share in places.items():
            if lines:
                y = self.y(share)
                self.pen.line((self.box[0], y, self.box[2], y), self.colours["faint"], FINE)
            self.text(name, (self.box[0] - 5 * FINE, self.y(share)), "rm")

    def marks(self, times: Sequence[float], colour: str = "", share: float = 1.0) -> None:
        """Lines at times, from the top down over a share of the field."""
        for time in times:
            x = self.x(time)
            end = self.y(1 - share)
            self.pen.line((x, self.box[1], x, end), colour or self.colours["mark"], FINE)

    def line(self, points: Sequence[tuple[float, float]], colour: str, wide: float = 1.5) -> None:
        """A line through times and heights from 0 to 1."""
        if len(points) > 1:
            places = [(self.x(time), self.y(share)) for time, share in points]
            self.pen.line(places, colour, round(wide * FINE), joint="curve")

    def text(self, text: str, at: tuple[float, float], anchor: str, colour: str = "") -> None:
        self.pen.text(at, text, colour or self.colours["ink"], _font(11 * FINE), anchor)

    def image(self) -> Image:
        import numpy as np
        import torch
        from PIL import Image as Pillow

        small = self.page.resize(self.size, Pillow.Resampling.BOX)
        return Image(torch.from_numpy(np.asarray(small, np.float32) / 255)[None])


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def curves(
    lines: Mapping[str, Doubles],
    step: float,
    seconds: float,
    unit: str,
    theme: str,
    level: float | None = None,
) -> Image:
    """Values every ``step`` seconds as lines, and a level across them."""
    page = Page(800, 240, theme, seconds)
    known = [float(v) for values in lines.values() for v in values if math.isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    every = next(s for s in (1, 2, 5, 10, 20, 50, 1e9) if (high - low) / s <= 6 or s == 1e9)
    low, high = every * math.floor(low / every), every * math.ceil(high / every + 1e-9)
    high = high if high > low else low + every
    count = round((high - low) / every)
    page.scale(
        {f"{low + every * i:g}" + (f" {unit}" * (i == count)): i / count for i in range(count + 1)},
        lines=True,
    )
    if level is not None and low <= level <= high:
        share = (level - low) / (high - low)
        page.line([(0, share), (seconds, share)], page.colours["mark"])
    for (name, values), colour in zip(lines.items(), COLOURS, strict=False):
        points = [
            (min(index * step, seconds), (float(value) - low) / (high - low))
            for index, value in enumerate(values)
        ]
        page.line(points, colour)
        left = list(lines).index(name) * 90 * FINE
        page.text(name, (page.box[2] - left, page.box[1]), "rt", colour)
    page.ticks()
    return page.image()
