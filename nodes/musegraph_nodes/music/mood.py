"""What a picture would sound like: its light and colours as key, tempo, genre and chords."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import Image, Text, node

from .arrange import Genre
from .theory import Key

if TYPE_CHECKING:
    from torch import Tensor

_SIDE = 96
"""Pixels of the longer side at which a picture is looked at: its mood is in no detail."""

# By whether a picture is pleasant and whether it is lively, from the calm and sad on: genre, its
# chords, and the word for it. Minor where it is not pleasant.
_MOODS: dict[tuple[bool, int], tuple[Genre, str, str]] = {
    (False, 0): ("classical", "i iv VI V", "gloomy and still"),
    (False, 1): ("lofi", "i7 iv7 VImaj7 v7", "wistful"),
    (False, 2): ("rock", "i VI III VII", "dark and restless"),
    (True, 0): ("bossa", "Imaj7 vi7 ii7 V7", "peaceful"),
    (True, 1): ("pop", "I vi IV V", "friendly"),
    (True, 2): ("house", "I V vi IV", "bright and lively"),
}


class Mood(NamedTuple):
    """For music.chords and music.arrange; and the mood in a few words."""

    key: Text
    tempo: float
    genre: Genre
    chords: Text
    words: Text


@dataclass(frozen=True)
class Feeling:
    """How pleasant and how lively, each from 0 to 1, and the hue that most of the colour has."""

    pleasure: float
    energy: float
    hue: float


@node(version="1", title="Mood of a picture", numeric=True)
def mood(
    image: Annotated[Image, Field(description="One picture; of a batch the mean of all.")],
    pleasure: Annotated[
        float, Field(ge=-1, le=1, description="Added: more is happier, less is sadder.")
    ] = 0.0,
    energy: Annotated[
        float, Field(ge=-1, le=1, description="Added: more is faster, less is calmer.")
    ] = 0.0,
) -> Mood:
    """Choose key, tempo, genre and chords that go with a picture.

    Light and saturated colours please, saturated and dark ones excite (Valdez and Mehrabian 1994),
    and so do many edges. What pleases is in major; the most frequent colour is the tonic, red the
    C and so on by fifths, as Scriabin saw them.
    """
    felt = feeling(image.data)
    glad = min(max(felt.pleasure + pleasure, 0.0), 1.0)
    lively = min(max(felt.energy + energy, 0.0), 1.0)
    genre, chords, words = _MOODS[glad >= 0.5, min(int(lively * 3), 2)]
    tonic = round(felt.hue * 12) * 7 % 12
    key = Key(tonic, "major" if glad >= 0.5 else "minor")
    return Mood(str(key), float(round(64 + 72 * lively)), genre, chords, words)


def feeling(pixels: Tensor) -> Feeling:
    """What is felt of pixels [B,H,W,C]."""
    from torch.nn.functional import interpolate

    colours = pixels[..., :3].float().permute(0, 3, 1, 2)
    if colours.shape[1] < 3:
        colours = colours[:, :1].expand(-1, 3, -1, -1)
    share = min(_SIDE / max(colours.shape[-2:]), 1.0)
    size = [max(round(side * share), 2) for side in colours.shape[-2:]]
    small = interpolate(colours, size, mode="area").clamp(0, 1)
    highest, lowest = small.amax(1), small.amin(1)
    light = float(highest.mean())
    strong = highest - lowest
    saturation = float((strong / highest.clamp(min=1e-3)).mean())
    grey = small.mean(1)
    edges = float((grey[:, 1:] - grey[:, :-1]).abs().mean())
    edges += float((grey[:, :, 1:] - grey[:, :, :-1]).abs().mean())
    pleasing = (0.69 * light + 0.22 * saturation) / 0.91
    exciting = 0.65 * (0.31 * (1 - light) + 0.60 * saturation) / 0.91 + 3.5 * edges
    return Feeling(
        _spread(pleasing, 0.35, 0.85), _spread(exciting, 0.15, 0.80), _hue(small, strong)
    )


def _spread(value: float, least: float, most: float) -> float:
    """From 0 to 1 over what pictures usually have."""
    return min(max((value - least) / (most - least), 0.0), 1.0)


def _hue(small: Tensor, strong: Tensor) -> float:
    """The mean hue, 0 to 1 from red over green and blue, of what has a colour; of grey, red."""
    red, green, blue = small[:, 0], small[:, 1], small[:, 2]
    across = float((strong * (green - blue)).sum()) * math.sqrt(3) / 2
    along = float((strong * (red - (green + blue) / 2)).sum())
    if math.hypot(across, along) < 1e-6 * small.numel():
        return 0.0
    return math.atan2(across, along) / (2 * math.pi) % 1.0
