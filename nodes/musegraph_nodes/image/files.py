"""Pictures from files and to files."""

from typing import Annotated, Literal

from pydantic import Field

from musegraph import File, Image, NodeError, files, node


@node(version="1")
def load(image: Image) -> Image:
    """Take a picture that was dropped here, upright, in sRGB, with its transparency."""
    return image


@node(id="open", version="1")
def open_file(file: File) -> Image:
    """Read the picture in a file: PNG, JPEG, WebP, GIF (its first frame), BMP or TIFF."""
    value = files.read("Image", file.data, file.media, file.name)
    assert isinstance(value, Image)
    return value


@node(version="1")
def save(
    image: Image,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "picture",
    format: Annotated[
        Literal["png", "webp", "jpeg"], Field(description="PNG keeps every pixel as it is.")
    ] = "png",
    quality: Annotated[
        int | None,
        Field(ge=1, le=100, description="WebP without one is lossless; JPEG takes 92."),
    ] = None,
) -> list[File]:
    """Make a file of each picture in a format; whoever runs the workflow writes it to a folder."""
    if quality is not None and format == "png":
        raise NodeError("PNG is lossless and has no quality; choose webp or jpeg, or leave it out")
    return files.to_files(image, name, format, quality)
