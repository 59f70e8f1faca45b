"""The one file in which a net of a pack lies."""

from __future__ import annotations

from pathlib import Path

from musegraph import ModelError

PICKLES = frozenset({".pth", ".pt", ".bin", ".ckpt", ".pkl"})


def refuse_pickle(
    place: Path, source: str, instead: str, suffixes: frozenset[str] = PICKLES
) -> None:
    """Refuse what may hold code; ``instead`` says what to do, to the end of the sentence."""
    if place.suffix in suffixes:
        raise ModelError(
            f"{source!r} is a pickle, which can run code when it is opened, so it never is;"
            f" {instead}"
        )


def one_file(place: Path, source: str, none: str, instead: str) -> Path:
    """A file itself, or the model.safetensors of a folder.

    Where there is none, ``none`` says what a source then is not, and ``instead`` what to do.
    """
    file = place if place.is_file() else place / "model.safetensors"
    if not file.is_file():
        raise ModelError(f"{source!r} {none}: {place} has no model.safetensors; {instead}")
    return file
