"""Nodes of pictures, sounds and a media type of the pack's own."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import Field

from musegraph import Audio, Context, File, Image, Mask, Media, node


@dataclass(frozen=True)
class Tagged(Media):
    """A picture with words on it."""

    picture: Image
    words: tuple[str, ...]


class Described(NamedTuple):
    """What is known of a picture."""

    width: int
    height: int
    card: File


@node(version="1")
def brighten(
    image: Image, by: Annotated[float, Field(ge=0, le=1, description="How much.")] = 0.25
) -> Image:
    """Add light."""
    return Image((image.data + by).clamp(0, 1))


@node(version="1")
def cut_out(image: Image, mask: Mask | None = None) -> Image:
    """Make black what is not in the mask."""
    if mask is None:
        return image
    return Image(image.data * mask.data[:, : image.size[1], : image.size[0], None].round())


@node(version="1", frugal="in halves")
def fold(images: list[Image], ctx: Context) -> Image:
    """Put pictures into one batch."""
    import torch

    if ctx.frugal:
        ctx.warn("it goes in halves")
    return Image(torch.cat([one.data for one in images]))


@node(version="1")
def chord(
    sound: Audio, parts: Annotated[int, Field(ge=1, le=4, description="Into how many.")] = 2
) -> list[Audio]:
    """Make several sounds of one."""
    return [Audio(sound.data / 2**part, sound.sample_rate) for part in range(parts)]


@node(version="1", cache=True)
def tag(image: Image, words: Annotated[list[str], Field(description="The words.")]) -> Tagged:
    """Put words on a picture."""
    return Tagged(image, tuple(words))


@node(version="1")
def describe(tagged: Tagged) -> Described:
    """Say what a picture is."""
    width, height = tagged.picture.size
    return Described(width, height, File(" ".join(tagged.words).encode(), "card.txt", "text/plain"))
