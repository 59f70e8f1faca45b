"""How a generator lies in a file: which of its tensors are where, and how large it is.

The layout is that of stylegan2-pytorch (https://github.com/rosinality/stylegan2-pytorch), into
which there are converters of most public networks: ``style.1.weight`` …, ``input.input``,
``conv1.conv.weight``, ``convs.0.conv.modulation.weight`` …, ``to_rgbs.0.bias`` … All sizes are read
off the shapes: the side of the constant, the channels at each size, so how often it doubles, the
width of styles and the depth of the mapping. What can be made anew need not be there: filters and
constant noises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from musegraph import ModelError
from musegraph_nodes.weights import Shape, check_shapes, shape_of

Header = Mapping[str, Mapping[str, Any]]
PREFIXES = ("", "g_ema.", "generator.")
MEAN = "latent_avg"
_FILTER = re.compile(r"convs\.\d+\.conv\.blur\.kernel|to_rgbs\.\d+\.upsample\.kernel")
_NOISE = re.compile(r"noises\.noise_\d+")
_MAPPING = re.compile(r"style\.(\d+)\.weight")
_UP = re.compile(r"to_rgbs\.(\d+)\.bias")
_MOST_SIDE = 4096


@dataclass(frozen=True)
class Layout:
    """A generator and its sizes; ``names`` says what each tensor of a file is called here."""

    base: int
    """Pixels along a side of the constant that it begins with."""
    channels: tuple[int, ...]
    """At each size, from that of the constant up: each is twice the one before."""
    width: int
    """Numbers in a style."""
    depth: int
    """Layers of the mapping."""
    draws: int
    """Numbers that are drawn for a picture, which the mapping makes a style of."""
    mean: bool = False
    """Whether the file knows the mean of all styles."""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def side(self) -> int:
        """Pixels along a side of its pictures."""
        return self.base << (len(self.channels) - 1)

    @property
    def layers(self) -> int:
        """How many layers a style is given to: two at the first size, two at each that follows."""
        return 2 * len(self.channels)

    @property
    def noises(self) -> list[int]:
        """The sides of the planes of noise: one at the first size, two at each that follows."""
        sides = [self.base << at for at in range(len(self.channels))]
        return [side for at, side in enumerate(sides) for _ in range(2 if at else 1)]


def read_layout(header: Header, source: str) -> Layout:
    """What a file's header says; :class:`ModelError` if it holds no generator that is known."""
    shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
    prefix = next((one for one in PREFIXES if f"{one}input.input" in shapes), None)
    if prefix is None:
        raise ModelError(
            f"{source!r} holds no generator that is known here: it has no input.input; networks of"
            " StyleGAN2 in the layout of stylegan2-pytorch are, as .safetensors"
        )
    own = {n.removeprefix(prefix): shape for n, shape in shapes.items() if n.startswith(prefix)}
    beside = own.pop(MEAN, None) or shapes.get(MEAN)
    found = _sizes(own, source, beside is not None)
    _check(own, found, source)
    if beside is not None and beside != (found.width,):
        raise ModelError(
            f"{_called(source)} is of an unknown build: its {MEAN} is of the shape {list(beside)},"
            f" and one style has {found.width} numbers"
        )
    names = {prefix + name: name for name in own if not _NOISE.fullmatch(name)}
    if beside is not None:
        names[prefix + MEAN if prefix + MEAN in shapes else MEAN] = MEAN
    return Layout(**{**vars(found), "names": names})


def _sizes(own: Mapping[str, Shape], source: str, mean: bool) -> Layout:
    """The sizes that some tensors tell; the others are held to them afterwards."""
    net = _called(source)
    constant = _sides(own, "input.input", 4, net)
    base = constant[2]
    depth = sum(bool(_MAPPING.fullmatch(name)) for name in own)
    first = _sides(own, "style.1.weight", 2, net)
    ups = sum(bool(_UP.fullmatch(name)) for name in own)
    makes = [_sides(own, f"convs.{2 * up}.conv.weight", 5, net)[1] for up in range(ups)]
    if base != constant[3] or base << ups > _MOST_SIDE:
        raise ModelError(
            f"{net} begins with {constant[3]}×{base} pixels and doubles them {ups} times; squares"
            f" of up to {_MOST_SIDE} pixels are known here"
        )
    return Layout(base, (constant[1], *makes), first[0], depth, first[1], mean)


def _check(own: Mapping[str, Shape], found: Layout, source: str) -> None:
    held = {name: shape for name, shape in own.items() if not _NOISE.fullmatch(name)}
    wanted = {n: s for n, s in shapes_of(found).items() if n in held or not made_anew(n)}
    beyond = "generators of StyleGAN2 that know no classes do not"
    check_shapes(held, wanted, _called(source), beyond)


def made_anew(name: str) -> bool:
    """Whether a tensor need not be stored: a filter, or a noise that is the same each time."""
    return bool(_FILTER.fullmatch(name) or _NOISE.fullmatch(name))


def shapes_of(layout: Layout) -> dict[str, Shape]:
    """The names and shapes of all tensors of a generator, without the mean of its styles."""
    width, channels = layout.width, layout.channels
    made: dict[str, Shape] = {}
    for at in range(1, layout.depth + 1):
        reads = layout.draws if at == 1 else width
        made |= {f"style.{at}.weight": (width, reads), f"style.{at}.bias": (width,)}
    made["input.input"] = (1, channels[0], layout.base, layout.base)
    made |= _styled("conv1", channels[0], channels[0], width) | _rgb("to_rgb1", channels[0], width)
    for up, (before, after) in enumerate(pairwise(channels)):
        made |= _styled(f"convs.{2 * up}", before, after, width)
        made[f"convs.{2 * up}.conv.blur.kernel"] = (4, 4)
        made |= _styled(f"convs.{2 * up + 1}", after, after, width)
        made |= _rgb(f"to_rgbs.{up}", after, width)
        made[f"to_rgbs.{up}.upsample.kernel"] = (4, 4)
    for at, side in enumerate(layout.noises):
        made[f"noises.noise_{at}"] = (1, 1, side, side)
    return made


def _styled(name: str, reads: int, makes: int, width: int) -> dict[str, Shape]:
    return _modulated(f"{name}.conv", reads, makes, 3, width) | {
        f"{name}.noise.weight": (1,),
        f"{name}.activate.bias": (makes,),
    }


def _rgb(name: str, reads: int, width: int) -> dict[str, Shape]:
    return _modulated(f"{name}.conv", reads, 3, 1, width) | {f"{name}.bias": (1, 3, 1, 1)}


def _modulated(name: str, reads: int, makes: int, side: int, width: int) -> dict[str, Shape]:
    return {
        f"{name}.weight": (1, makes, reads, side, side),
        f"{name}.modulation.weight": (reads, width),
        f"{name}.modulation.bias": (reads,),
    }


def _sides(own: Mapping[str, Shape], name: str, count: int, net: str) -> Shape:
    found = shape_of(own, name, net)
    if len(found) != count or 0 in found:
        raise ModelError(
            f"{net} is of an unknown build: its {name} is of the shape {list(found)}, and has"
            f" {count} sides in StyleGAN2"
        )
    return found


def _called(source: str) -> str:
    return f"the generator {source!r}"
