"""Losses as a picture: one line each, on a scale of powers of ten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from musegraph import Image

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

_SIZE = (640, 360)
_FINER = 2
"""Drawn this much larger and averaged, so that slanting lines are smooth."""

_ROOM = (58, 34, 18, 34)
"""Left, top, right and bottom of the lines, in pixels."""

_PAPER, _INK, _FAINT = "#fbfaf7", "#3b3a36", "#dedbd2"
_COLOURS = ("#b3402f", "#2f6f8f", "#8a8d2a", "#6b4f9b", "#3b3a36")


def drawn(curves: Mapping[str, Sequence[float]], marks: Sequence[int] = ()) -> Image:
    """The picture of curves by their names; ``marks`` are steps at which something new began."""
    import numpy as np
    import torch
    from PIL import Image as pil
    from PIL import ImageDraw

    page = pil.new("RGB", (_SIZE[0] * _FINER, _SIZE[1] * _FINER), _PAPER)
    chart = _Chart(ImageDraw.Draw(page), curves)
    chart.axes(marks)
    for (name, values), colour in zip(curves.items(), _COLOURS, strict=False):
        chart.line(name, values, colour)
    small = page.resize(_SIZE, pil.Resampling.BOX)
    return Image(torch.from_numpy(np.asarray(small).astype("float32") / 255)[None])


class _Chart:
    def __init__(self, draw: ImageDraw, curves: Mapping[str, Sequence[float]]) -> None:
        self.draw = draw
        self.font = _font(13 * _FINER)
        self.steps = max((len(values) for values in curves.values()), default=0)
        seen = [v for values in curves.values() for v in values if 0 < v < math.inf]
        low, high = (min(seen), max(seen)) if seen else (0.1, 1.0)
        self.high = math.ceil(math.log10(high))
        # A loss that begins at next to nothing would push all others together.
        self.low = min(self.high - 1, max(self.high - 7, math.floor(math.log10(low))))
        self.name_at = _ROOM[0] * _FINER

    def place(self, step: float, value: float) -> tuple[float, float]:
        """Where on the page a value of a step lies; values below the scale lie on its foot."""
        left, top, right, bottom = (side * _FINER for side in _ROOM)
        wide, high = _SIZE[0] * _FINER - left - right, _SIZE[1] * _FINER - top - bottom
        level = math.log10(value) if value > 0 else self.low
        share = min(1.0, max(0.0, (level - self.low) / (self.high - self.low)))
        return left + wide * step / max(1, self.steps - 1), top + high * (1 - share)

    def axes(self, marks: Sequence[int]) -> None:
        every = max(1, (self.high - self.low) // 6)
        for power in range(self.low, self.high + 1, every):
            start, end = self.place(0, 10.0**power), self.place(self.steps - 1, 10.0**power)
            end = (max(end[0], (_SIZE[0] - _ROOM[2]) * _FINER), end[1])
            self.draw.line([start, end], fill=_FAINT, width=_FINER)
            self._text(f"1e{power}" if abs(power) > 3 else f"{10.0**power:g}", start, "rm", -6)
        for step in marks:
            x, foot = self.place(step, 10.0**self.low)
            self.draw.line([(x, _ROOM[1] * _FINER), (x, foot)], fill=_FAINT, width=_FINER)
        x, foot = self.place(self.steps - 1, 10.0**self.low)
        self._text("1", (_ROOM[0] * _FINER, foot + 16 * _FINER), "lm", 0)
        if self.steps > 1:
            self._text(f"step {self.steps}", (x, foot + 16 * _FINER), "rm", 0)

    def line(self, name: str, values: Sequence[float], colour: str) -> None:
        points = [self.place(at, value) for at, value in enumerate(values) if math.isfinite(value)]
        if len(points) == 1:
            x, y = points[0]
            self.draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=colour)
        elif points:
            self.draw.line(points, fill=colour, width=2 * _FINER, joint="curve")
        where = (self.name_at, _ROOM[1] * _FINER / 2)
        self.draw.text(where, name, fill=colour, font=self.font, anchor="lm")
        self.name_at += int(self.font.getlength(name)) + 18 * _FINER

    def _text(self, text: str, at: tuple[float, float], anchor: str, shift: int) -> None:
        where = (at[0] + shift * _FINER, at[1])
        self.draw.text(where, text, fill=_INK, font=self.font, anchor=anchor)


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
