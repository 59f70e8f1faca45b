"""Short texts set in lines: a font, breaking, and drawing."""

from __future__ import annotations

import math
import unicodedata
from io import BytesIO
from typing import TYPE_CHECKING

from musegraph import File, NodeError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont
    from torch import Tensor

ELLIPSIS = "…"
_FINER = 4
"""Letters are drawn this much larger and then averaged, so that none is pulled to whole pixels."""
_NO_GLYPH = "\U0010ffff"
# Signs that the font in Pillow lacks, and what typists wrote before there were more.
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "‑": "-", "×": "x", "•": "·", "→": ">", "\u00a0": " ", "\t": " "}
)


class Typeface:
    """A font of one size, which knows what letters it has."""

    def __init__(self, size: int, file: File | None) -> None:
        self.size = size
        self._built_in = file is None
        self._font = _opened(size * _FINER, file)
        self._missing = bytes(self._font.getmask(_NO_GLYPH))
        self._known: dict[str, bool] = {" ": True}
        self.line = round(size * 1.3)

    def width(self, text: str) -> float:
        return float(self._font.getlength(text)) / _FINER

    def spelled(self, text: str) -> str:
        """The text in letters that the font has, or an error that says what to do."""
        text = unicodedata.normalize("NFC", text)
        if not all(self._has(letter) for letter in text):
            text = "".join(self._nearest(letter) for letter in text)
        lacking = "".join(dict.fromkeys(letter for letter in text if not self._has(letter)))
        if lacking:
            whose = "the font that Pillow brings" if self._built_in else "this font"
            raise NodeError(
                f"the label {text[:60]!r} has letters that {whose} lacks: {lacking[:20]}; give a "
                "font file (.ttf, .otf) that has them at the port 'font'"
            )
        return text

    def _has(self, letter: str) -> bool:
        if letter not in self._known:
            self._known[letter] = letter == "\n" or (
                letter.isprintable() and bytes(self._font.getmask(letter)) != self._missing
            )
        return self._known[letter]

    def _nearest(self, letter: str) -> str:
        """The letter, its plain form, or the letter without its accents."""
        if self._has(letter):
            return letter
        plain = letter.translate(_PLAIN)
        base = unicodedata.normalize("NFKD", plain)
        base = "".join(part for part in base if not unicodedata.combining(part))
        return base if all(self._has(part) for part in base) else letter

    def draw(self, page: Tensor, text: str, middle: float, top: int) -> None:
        """Add the ink of one line to a page of ink, [H,W]."""
        import torch
        from PIL import Image as PilImage
        from PIL import ImageDraw

        left = math.floor(middle - self.width(text) / 2) - 1
        width, height = math.ceil(self.width(text)) + 3, self.line + 1
        strip = PilImage.new("L", (width * _FINER, height * _FINER))
        start = (middle - left) * _FINER - self.width(text) * _FINER / 2
        baseline = round(self.size * 0.95) * _FINER
        ImageDraw.Draw(strip).text((start, baseline), text, 255, self._font, "ls")
        levels = bytearray(strip.reduce(_FINER).tobytes())
        ink = torch.frombuffer(levels, dtype=torch.uint8).reshape(height, width).float() / 255
        x0, x1 = max(left, 0), min(left + width, int(page.shape[1]))
        y1 = min(top + height, int(page.shape[0]))
        place = page[top:y1, x0:x1]
        place.copy_(torch.maximum(place, ink[: y1 - top, x0 - left : x1 - left]))


def _opened(size: int, file: File | None) -> FreeTypeFont:
    from PIL import ImageFont

    if file is not None:
        try:
            return ImageFont.truetype(
                BytesIO(file.data), size, layout_engine=ImageFont.Layout.BASIC
            )
        except OSError:
            raise NodeError(f"{file.name!r} is no font; give a .ttf or .otf file") from None
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise NodeError("this Pillow was built without FreeType and cannot draw labels")
    return font


def broken(text: str, face: Typeface, width: int, most: int) -> list[str]:
    """The text in at most ``most`` lines of a width; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    for paragraph in text.strip().splitlines():
        lines.extend(_paragraph(paragraph, face, width))
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and face.width(last + ELLIPSIS) > width:
        last = last.rpartition(" ")[0] or last[:-1]
    return [*lines[: most - 1], last.rstrip(" ,.;:-") + ELLIPSIS]


def _paragraph(text: str, face: Typeface, width: int) -> list[str]:
    """Lines filled greedily; a word that is wider than a line is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if face.width(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and face.width(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines
