"""What pictures and words would sound like: as key, tempo, genre and chords."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple
from zlib import crc32

from pydantic import Field

from musegraph import Context, Image, Text, node

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


_MORE = frozenset({"very", "so", "extremely", "really", "deeply", "incredibly"})
_TURNS = frozenset({"not", "no", "never", "without", "hardly", "isn't", "nothing"})
_BREAKS = frozenset({"but", "and", "with", "in", "on", "of", "at", "over", "under"})
"""After these a "not" or a "very" is over."""
_ENDINGS = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"),
    ("ly", ""), ("ily", "y"), ("er", ""), ("est", ""), ("ness", ""), ("iness", "y"), ("y", ""),
    ("ful", ""),
)  # fmt: skip


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
    return _mood(feeling(image.data), pleasure, energy)


@node(version="1", title="Mood of words")
def mood_of_words(
    text: Annotated[Text, Field(description="What the music is for, in English: a caption.")],
    ctx: Context,
    pleasure: Annotated[
        float, Field(ge=-1, le=1, description="Added: more is happier, less is sadder.")
    ] = 0.0,
    energy: Annotated[
        float, Field(ge=-1, le=1, description="Added: more is faster, less is calmer.")
    ] = 0.0,
) -> Mood:
    """Choose key, tempo, genre and chords that go with words, such as control.caption writes.

    Every word that is known to be pleasant or not, lively or calm counts; "very" counts it twice,
    "not" and "without" turn it round. The first colour is the tonic as in music.mood; without one
    the letters choose it. Where no word is known, that is said, and the mood lies in the middle.
    """
    felt = feeling_of_words(text)
    if felt is None:
        ctx.warn(
            "no word of the text is known to have a mood, so it lies in the middle; set pleasure"
            " and energy, or say how it feels: calm, dark, joyful …"
        )
        felt = Feeling(0.5, 0.4, _letters(text))
    return _mood(felt, pleasure, energy)


def _mood(felt: Feeling, pleasure: float, energy: float) -> Mood:
    glad = min(max(felt.pleasure + pleasure, 0.0), 1.0)
    lively = min(max(felt.energy + energy, 0.0), 1.0)
    genre, chords, words = _MOODS[glad >= 0.5, min(int(lively * 3), 2)]
    tonic = round(felt.hue * 12) * 7 % 12
    key = Key(tonic, "major" if glad >= 0.5 else "minor")
    return Mood(str(key), float(round(64 + 72 * lively)), genre, chords, words)


def feeling_of_words(text: str) -> Feeling | None:
    """What is felt of a text: a mean of its words; None where none of them is known."""
    moods, hues = _lexicon()
    pleasure = energy = total = 0.0
    hue, weight, turned = None, 1.0, False
    for word in re.findall(r"[a-z]+(?:'t)?", text.lower().replace("\u2019", "'")):
        known = next((one for one in (word, *_stems(word)) if one in moods or one in hues), "")
        hue = hues.get(known) if hue is None else hue
        if known in moods:
            glad, lively = moods[known]
            glad = 1 - glad if turned else glad
            # What is far from the middle says more: a lonely man is lonely before he is a man.
            share = weight * (0.3 + abs(glad - 0.5) + abs(lively - 0.4))
            pleasure, energy, total = (
                pleasure + share * glad, energy + share * lively, total + share,
            )  # fmt: skip
        if known or word in _BREAKS:
            weight, turned = 1.0, False
        if word in _MORE:
            weight = 2.0
        elif word in _TURNS or word.endswith("n't"):
            turned = True
    if not total:
        return None
    return Feeling(pleasure / total, energy / total, _letters(text) if hue is None else hue)


def _stems(word: str) -> Iterator[str]:
    """A word without the endings that English gives it."""
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            yield word.removesuffix(ending) + rest


def _letters(text: str) -> float:
    return crc32(" ".join(text.lower().split()).encode("utf-8", "replace")) % 12 / 12


@cache
def _lexicon() -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Words with how pleasant and how lively they are, 0 to 1; and colours with their hues."""
    found = json.loads(Path(__file__).with_name("moods.json").read_text("utf-8"))
    moods = {
        word: (glad / 10, lively / 10)
        for glad, lively, words in found["moods"]
        for word in words.split()
    }
    hues = {word: hue / 12 for hue, words in found["hues"] for word in words.split()}
    return moods, hues


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
