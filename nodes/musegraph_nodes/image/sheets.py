"""Contact sheets: pictures side by side, labelled one by one, by row or by column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field

from musegraph import ADVANCED, File, Image, NodeError, node

from .filters import resample
from .lettering import Typeface, broken
from .pixels import Color, check_size, filled, over_color, premultiplied, rgba, straight

if TYPE_CHECKING:
    from torch import Tensor


T = TypeVar("T")
_MOST_LINES = 3


@dataclass(frozen=True)
class _Sheet:
    """Where things stand: all measures in pixels, ``heights`` and ``bands`` row by row."""

    width: int
    columns: int
    heights: tuple[int, ...]
    bands: tuple[int, ...]
    gap: int
    margin: int
    side: int = 0
    """Room for the labels left of the rows."""
    head: int = 0
    """Room for the labels above the columns."""

    @property
    def size(self) -> tuple[int, int]:
        width = self.columns * (self.width + self.gap) - self.gap + 2 * self.margin
        rows = sum(self.heights) + sum(self.bands) + (len(self.heights) - 1) * self.gap
        return width + self.side, rows + 2 * self.margin + self.head

    def foot(self, index: int) -> tuple[int, int]:
        """The left end of the line on which a picture stands."""
        row, column = divmod(index, self.columns)
        above = sum(self.heights[: row + 1]) + sum(self.bands[:row]) + row * self.gap
        left = self.margin + self.side + column * (self.width + self.gap)
        return left, self.margin + self.head + above


Gap = Annotated[
    int,
    Field(ge=0, le=1024, description="Space between, in pixels."),
    ADVANCED,
]


@node(version="1", numeric=True)
def grid(
    images: Annotated[list[Image], Field(description="The pictures, row by row.")],
    labels: Annotated[
        list[str] | None, Field(description="A text for each picture, in their order.")
    ] = None,
    columns: Annotated[
        int, Field(ge=0, le=200, description="How many side by side; 0 makes a square of them.")
    ] = 0,
    cell: Annotated[
        int, Field(ge=0, le=4096, description="Longest side of each picture; 0 keeps their size.")
    ] = 0,
    gap: Gap = 16,
    background: Annotated[Color, ADVANCED] = "#f6f5f2",
    label_size: Annotated[
        int,
        Field(ge=0, le=200, description="Height of the letters; 0 suits the pictures."),
        ADVANCED,
    ] = 0,
    font: Annotated[
        File | None,
        Field(description="A .ttf or .otf file; without one, Aileron is used."),
        ADVANCED,
    ] = None,
    row_labels: Annotated[
        list[str] | None, Field(description="A text left of each row, from above.")
    ] = None,
    column_labels: Annotated[
        list[str] | None, Field(description="A text above each column, from the left.")
    ] = None,
) -> Image:
    """Lay pictures out on one sheet, with a label below each, or by row and column."""
    pictures = _pictures(images, cell, background)
    columns = min(columns or math.ceil(math.sqrt(len(pictures))), len(pictures))
    width = max(int(picture.shape[1]) for picture in pictures)
    face = Typeface(label_size or _fitting(width), font)
    lines = _lines(labels or [], len(pictures), face, width)
    heights = tuple(max(int(p.shape[0]) for p in row) for row in _rows(pictures, columns))
    beside = _headings(row_labels or [], len(heights), "row", face, width)
    above = _headings(column_labels or [], columns, "column", face, width)
    bands = tuple(_band(row, face) for row in _rows(lines, columns))
    side, head = _side(beside, face), _band(above, face) if above else 0
    sheet = _Sheet(width, columns, heights, bands, gap, round(gap * 1.5), side, head)
    check_size(*sheet.size)
    page = filled(*sheet.size, background)[0]
    for index, picture in enumerate(pictures):
        _put(page, picture, sheet, index)
    if any(lines) or beside or above:
        cover = _lettered(lines, beside, above, face, sheet)[..., None]
        page = page * (1 - cover) + page.new_tensor(_ink(background)) * cover
    return Image(page[None])


def _rows(items: list[T], columns: int) -> list[list[T]]:
    return [items[at : at + columns] for at in range(0, len(items), columns)]


def _band(row: list[list[str]], face: Typeface) -> int:
    """The height of the labels below a row of pictures."""
    most = max(len(lines) for lines in row)
    return round(face.size * 0.5) + most * face.line if most else 0


def _pictures(images: list[Image], cell: int, background: str) -> list[Tensor]:
    """Each picture of each batch, in host memory, opaque, at the size of its cell."""
    if not images:
        raise NodeError("the list is empty; a sheet holds at least one picture")
    made: list[Tensor] = []
    for image in images:
        data = image.data.float()
        longest = max(image.size)
        if cell and longest != cell:
            width, height = (max(1, round(side * cell / longest)) for side in image.size)
            data = straight(resample(premultiplied(data), (width, height), "lanczos"))
        made.extend(over_color(data, background).cpu())
    return made


def _fitting(width: int) -> int:
    """A size of letters for pictures of that width: 12 at 128 pixels, 21 at 512."""
    return max(11, min(64, round(12 * math.pow(width / 128, 0.4))))


def _lines(labels: list[str], count: int, face: Typeface, width: int) -> list[list[str]]:
    """The lines of each picture's label; none where labels end."""
    if len(labels) > count:
        raise NodeError(f"there are {len(labels)} labels for {count} pictures; give one for each")
    made = [broken(face.spelled(label), face, width, _MOST_LINES) for label in labels]
    return made + [[]] * (count - len(labels))


def _headings(
    texts: list[str], count: int, what: str, face: Typeface, width: int
) -> list[list[str]]:
    """The lines of the label of each row or column; empty if there are no labels."""
    if texts and len(texts) != count:
        raise NodeError(f"there are {len(texts)} {what} labels for {count} {what}s; give one each")
    return [broken(face.spelled(text), face, width, _MOST_LINES) for text in texts]


def _side(beside: list[list[str]], face: Typeface) -> int:
    """The width of the labels left of the rows."""
    widest = max((face.width(line) for lines in beside for line in lines), default=0.0)
    return math.ceil(widest + face.size) if widest else 0


def _put(page: Tensor, picture: Tensor, sheet: _Sheet, index: int) -> None:
    """A picture in the middle of its column, standing on the foot of its row."""
    x, y = sheet.foot(index)
    height, width = int(picture.shape[0]), int(picture.shape[1])
    x += (sheet.width - width) // 2
    page[y - height : y, x : x + width] = picture


def _lettered(
    lines: list[list[str]],
    beside: list[list[str]],
    above: list[list[str]],
    face: Typeface,
    sheet: _Sheet,
) -> Tensor:
    """How much ink falls on each pixel, [H,W].

    Labels of pictures stand centred below, of columns centred above, of rows against the row.
    """
    import torch

    width, height = sheet.size
    cover = torch.zeros(height, width)
    for index, own in enumerate(lines):
        x, y = sheet.foot(index)
        top = y + round(face.size * 0.5)
        for number, text in enumerate(own):
            face.draw(cover, text, x + sheet.width / 2, top + number * face.line)
    for column, own in enumerate(above):
        x, _ = sheet.foot(column)
        bottom = sheet.margin + sheet.head - round(face.size * 0.5)
        for number, text in enumerate(own):
            top = bottom - (len(own) - number) * face.line
            face.draw(cover, text, x + sheet.width / 2, top)
    for row, own in enumerate(beside):
        x, y = sheet.foot(row * sheet.columns)
        top = y - (sheet.heights[row] + len(own) * face.line) // 2
        for number, text in enumerate(own):
            middle = x - face.size - face.width(text) / 2
            face.draw(cover, text, middle, max(0, top + number * face.line))
    return cover


def _ink(background: str) -> tuple[float, float, float]:
    """Dark ink on a light ground, light ink on a dark one."""
    red, green, blue, _ = rgba(background)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45
    return rgba("#2b2a27" if light else "#e8e6e1")[:3]
