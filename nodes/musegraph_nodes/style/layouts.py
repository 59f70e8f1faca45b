"""How nets of the VGG kind lie in a file: which convolutions there are, and how wide.

The names are those of torchvision: ``features.N.weight`` and ``features.N.bias``, where N counts
convolutions, activations and pools alike. So a step of two from one convolution to the next has an
activation between, and one of three a pool as well: names and shapes say all there is to know, and
VGG-16, VGG-19 and a small net of our own are one kind. ``classifier.…`` is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from musegraph import ModelError
from musegraph_nodes.weights import check_shape

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the channels of ImageNet's pictures, on which the public nets were trained."""

_NAME = re.compile(r"features\.(\d+)\.(weight|bias)")
_LAYER = re.compile(r"conv(\d+)_(\d+)")
_BLOCKS = {
    "VGG-11": (1, 1, 2, 2, 2),
    "VGG-13": (2, 2, 2, 2, 2),
    "VGG-16": (2, 2, 3, 3, 3),
    "VGG-19": (2, 2, 4, 4, 4),
}
"""Convolutions of each block of the public nets (Simonyan and Zisserman 2015)."""


@dataclass(frozen=True)
class Conv:
    """One convolution: its number in the names, its block, its place there, and its channels."""

    number: int
    block: int
    place: int
    reads: int
    makes: int

    @property
    def layer(self) -> str:
        return f"conv{self.block}_{self.place}"


@dataclass(frozen=True)
class Layout:
    """A net: its convolutions in their order, and the scale on which it wants its pictures."""

    convs: tuple[Conv, ...]
    mean: tuple[float, ...] = MEAN
    deviation: tuple[float, ...] = DEVIATION

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(conv.layer for conv in self.convs)

    def conv(self, layer: str) -> Conv:
        """The convolution of that name, such as conv3_1."""
        found = next((conv for conv in self.convs if conv.layer == layer), None)
        if found is None:
            kind = "" if _LAYER.fullmatch(layer) else ", and layers are named like conv3_1"
            raise ModelError(
                f"the feature net has no layer {layer!r}{kind}; it has {', '.join(self.layers)}"
            )
        return found

    def stride(self, layer: str) -> int:
        """How many pixels lie along one cell of a layer."""
        return int(2 ** (self.conv(layer).block - 1))

    def reach(self, layers: tuple[str, ...]) -> int:
        """How far from a pixel of the picture the layers see, in pixels."""
        last = max(self.layers.index(self.conv(layer).layer) for layer in layers)
        far, block = 0, 1
        for conv in self.convs[: last + 1]:
            if conv.block > block:
                far, block = far + 2 ** (block - 1), conv.block
            far += int(2 ** (block - 1))
        return far

    def memory(self, layers: tuple[str, ...]) -> float:
        """Numbers that a pass up to the layers keeps for each pixel of the picture."""
        last = max(self.layers.index(layer) for layer in layers)
        kept = 3.0
        for conv in self.convs[: last + 1]:
            kept += conv.makes / 4 ** (conv.block - 1) * (1.25 if conv.place == 1 else 1)
        return kept


def numbered(blocks: tuple[int, ...]) -> list[int]:
    """The numbers of the convolutions of a net with so many in each block."""
    numbers, at = [], 0
    for count in blocks:
        numbers += [at + 2 * place for place in range(count)]
        at += 2 * count + 1
    return numbers


def planned(blocks: tuple[tuple[int, ...], ...]) -> Layout:
    """The layout of a net whose blocks have convolutions of these widths."""
    convs, reads = [], 3
    numbers = iter(numbered(tuple(len(widths) for widths in blocks)))
    for block, widths in enumerate(blocks, 1):
        for place, makes in enumerate(widths, 1):
            convs.append(Conv(next(numbers), block, place, reads, makes))
            reads = makes
    return Layout(tuple(convs))


def read_layout(
    tensors: Mapping[str, Mapping[str, Any]], source: str, metadata: Mapping[str, Any] | None = None
) -> Layout:
    """The layout of the tensors of a header; what is missing, wrong or too much is named."""
    shapes: dict[str, tuple[int, ...]] = {}
    numbers: set[int] = set()
    for name, entry in tensors.items():
        if name.startswith("classifier."):
            continue
        if not (found := _NAME.fullmatch(name)):
            raise ModelError(
                f"the feature net {source!r} holds {name}, and torchvision's VGG has no such"
                " tensor: its names are features.0.weight, features.0.bias and so on"
            )
        shapes[name] = tuple(entry["shape"])
        numbers.add(int(found[1]))
    if not numbers:
        raise ModelError(
            f"the feature net {source!r} has no tensor features.0.weight; a VGG of torchvision's"
            " layout is wanted, as .safetensors"
        )
    whole = any(name.startswith("classifier.") for name in tensors)
    ordered = sorted(numbers)
    for number in ordered:
        if len(shapes.get(f"features.{number}.weight", ())) == 1:
            raise ModelError(
                f"the feature net {source!r} has batch normalisation (its features.{number}.weight"
                " is a list of numbers); get the VGG without it"
            )
    _check_numbers(ordered, whole, source)
    return Layout(_convs(ordered, shapes, source), *_scale(metadata or {}, source))


def _check_numbers(numbers: list[int], whole: bool, source: str) -> None:
    """Refuse a net that lacks a convolution, which the gap tells, or the public layouts do."""
    gap = next(((a, b) for a, b in pairwise([-2, *numbers]) if b - a not in (2, 3)), None)
    if numbers[0] == 1:
        gap = (-2, 1)
    known = {name: numbered(blocks) for name, blocks in _BLOCKS.items()}
    if gap is None and (not whole or numbers in known.values()):
        return
    held = set(numbers)
    close = [
        (len(wanted) - len(held), name, wanted)
        for name, wanted in known.items()
        if held < set(wanted)
    ]
    if close:
        _, name, wanted = min(close)
        lost = min(set(wanted) - held)
        raise ModelError(
            f"the feature net {source!r} is not whole: it has no features.{lost}.weight, which"
            f" {name} has; get it again"
        )
    if gap is not None:
        before, after = gap
        between = f"between features.{before} and features.{after}" if before >= 0 else "at first"
        raise ModelError(
            f"the feature net {source!r} is of an unknown build: a convolution is missing"
            f" {between}, where every second or third number is one"
        )


def _convs(
    numbers: list[int], shapes: Mapping[str, tuple[int, ...]], source: str
) -> tuple[Conv, ...]:
    convs: list[Conv] = []
    reads, block, place, before = 3, 1, 0, -2
    net = f"the feature net {source!r}"
    for number in numbers:
        block, place = (block + 1, 1) if number - before == 3 else (block, place + 1)
        weight = shapes.get(f"features.{number}.weight", ())
        makes = weight[0] if weight else 0
        check_shape(shapes, f"features.{number}.weight", (max(makes, 1), reads, 3, 3), net)
        check_shape(shapes, f"features.{number}.bias", (makes,), net)
        convs.append(Conv(number, block, place, reads, makes))
        reads, before = makes, number
    return tuple(convs)


def _scale(metadata: Mapping[str, Any], source: str) -> tuple[tuple[float, ...], ...]:
    """Mean and deviation of the channels, as a net of our own says them; else ImageNet's."""
    made = []
    for name, usual in (("mean", MEAN), ("deviation", DEVIATION)):
        try:
            given = json.loads(metadata[name]) if name in metadata else list(usual)
            read = tuple(float(value) for value in given)
        except (ValueError, TypeError):
            read = ()
        if len(read) != 3 or (name == "deviation" and min(read) <= 0):
            raise ModelError(
                f"the feature net {source!r} says its {name} as {metadata[name]!r}, and it is a"
                " list of three numbers"
            )
        made.append(read)
    return tuple(made)
