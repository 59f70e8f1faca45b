"""Sounds from files and to files, batches and lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import Audio, File, NodeError, files, node

from .samples import sound_of, wave_of


@node(version="1")
def load(sound: Audio) -> Audio:
    """Take a sound that was dropped here: WAV, FLAC, OGG, MP3, or a film (MP4, MOV, WebM)."""
    return sound


@node(id="open", version="1")
def open_file(file: File) -> Audio:
    """Read the sound in a file: WAV, FLAC, OGG (Vorbis or Opus), MP3, MP4, MOV, M4A or WebM.

    Of a film it is the first sound, in step with the pictures.
    """
    value = files.read("Audio", file.data, file.media, file.name)
    assert isinstance(value, Audio)
    return value


@node(version="1", numeric=True)
def save(
    sound: Audio,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "sound",
    format: Annotated[
        Literal["wav", "flac", "ogg", "mp3"],
        Field(description="WAV and FLAC keep 24 bits of every sample."),
    ] = "wav",
    quality: Annotated[
        int | None, Field(ge=1, le=100, description="Of OGG and MP3; 100 is the best.")
    ] = None,
) -> list[File]:
    """Make a file of each sound in a format; whoever runs the workflow writes it to a folder."""
    if quality is not None and format in ("wav", "flac"):
        raise NodeError(
            f"{format.upper()} loses nothing and has no quality; choose ogg or mp3, or leave it out"
        )
    return files.to_files(sound, name, format, quality)


@node(version="1")
def split(sound: Audio) -> list[Audio]:
    """Take a batch of sounds apart into a list."""
    return [sound_of(one[None], sound.sample_rate) for one in wave_of(sound)]
