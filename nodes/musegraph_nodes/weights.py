"""The one file in which a net of a pack lies, and whether it holds that net."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from musegraph import ModelError

Shape = tuple[int, ...]

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


def check_shapes(
    held: Mapping[str, Shape], wanted: Mapping[str, Shape], net: str, beyond: str
) -> None:
    """Refuse a net that lacks a tensor, has one too many, or one of another shape.

    ``net`` says which net that is, and ``beyond`` who has no such tensor as is too many.
    """
    for name, shape in wanted.items():
        check_shape(held, name, shape, net)
    if extra := sorted(set(held) - set(wanted)):
        raise ModelError(f"{net} is of an unknown build: it also holds {extra[0]}, which {beyond}")


def check_shape(held: Mapping[str, Shape], name: str, wanted: Shape, net: str) -> None:
    """Refuse a net that lacks a tensor, or has it in another shape."""
    if shape_of(held, name, net) != wanted:
        raise ModelError(
            f"{net} is of an unknown build: its {name} is of the shape {list(held[name])}, and"
            f" {list(wanted)} is what goes with the others"
        )


def shape_of(held: Mapping[str, Shape], name: str, net: str) -> Shape:
    """The shape of a tensor that a net has to have."""
    if name not in held:
        raise ModelError(f"{net} is not whole: it has no {name}; get it again")
    return held[name]
