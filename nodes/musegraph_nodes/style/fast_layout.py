"""How fast nets lie in a file: Johnson et al. 2016 in the names of PyTorch's examples.

``conv1.conv2d.weight``, ``in1.weight``, ``res1.conv1.conv2d.weight`` …, ``deconv3.conv2d.weight``:
widths and the number of residual blocks are read off the shapes, so a net of ours that is narrower
lies in a file just as the public ones do. What old files hold of running means is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from musegraph import ModelError
from musegraph_nodes.weights import Shape, check_shapes, shape_of

Held = TypeVar("Held")
_PASSED = re.compile(r"(.*\.)?in\d\.(running_mean|running_var|num_batches_tracked)")
_BLOCK = re.compile(r"res(\d+)\.")


@dataclass(frozen=True)
class FastLayout:
    """The widths of the three stages, and how many residual blocks stand between."""

    widths: tuple[int, int, int] = (32, 64, 128)
    blocks: int = 5


def shapes_of(layout: FastLayout) -> dict[str, Shape]:
    """The names and shapes of all tensors of a net."""
    one, two, three = layout.widths
    made: dict[str, Shape] = {}
    made |= _conv("conv1", 3, one, 9) | _norm("in1", one)
    made |= _conv("conv2", one, two, 3) | _norm("in2", two)
    made |= _conv("conv3", two, three, 3) | _norm("in3", three)
    for block in range(1, layout.blocks + 1):
        for part in (1, 2):
            made |= _conv(f"res{block}.conv{part}", three, three, 3)
            made |= _norm(f"res{block}.in{part}", three)
    made |= _conv("deconv1", three, two, 3) | _norm("in4", two)
    made |= _conv("deconv2", two, one, 3) | _norm("in5", one)
    return made | _conv("deconv3", one, 3, 9)


def passed(name: str) -> bool:
    """Whether a tensor counts for nothing: the running means of old files."""
    return bool(_PASSED.fullmatch(name))


def read_layout(tensors: Mapping[str, Mapping[str, Any]], source: str) -> FastLayout:
    """The layout of the tensors of a header; what is missing, wrong or too much is named."""
    shapes = {n: tuple(entry["shape"]) for n, entry in tensors.items() if not passed(n)}
    if not any(name.startswith(("conv1.conv2d.", "deconv")) for name in shapes):
        raise ModelError(
            f"{source!r} is no fast style net: it has no conv1.conv2d.weight; nets in the layout of"
            " PyTorch's example fast_neural_style are known here, as .safetensors"
        )
    blocks = len({found[1] for name in shapes if (found := _BLOCK.match(name))})
    widths = tuple(_width(shapes, f"conv{stage}.conv2d.weight", source) for stage in (1, 2, 3))
    layout = FastLayout((widths[0], widths[1], widths[2]), blocks)
    net = f"the fast style net {source!r}"
    check_shapes(shapes, shapes_of(layout), net, "nets of fast_neural_style do not")
    return layout


def _width(shapes: Mapping[str, Shape], name: str, source: str) -> int:
    found = shape_of(shapes, name, f"the fast style net {source!r}")
    if len(found) != 4 or 0 in found:
        raise ModelError(
            f"the fast style net {source!r} is of an unknown build: its {name} is of the shape"
            f" {list(found)}, and a convolution has four sides"
        )
    return found[0]


def _conv(name: str, reads: int, makes: int, side: int) -> dict[str, Shape]:
    stem = f"{name}.conv2d"
    return {f"{stem}.weight": (makes, reads, side, side), f"{stem}.bias": (makes,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


_STYLE = re.compile(r"styles\.([^.]+)\.(.+)")
_OWN = re.compile(r"((.*\.)?in\d|deconv[23]\.conv2d)\.(weight|bias)")


def own(name: str) -> bool:
    """Whether nets that share most of their tensors have one each of this name."""
    return bool(_OWN.fullmatch(name))


def part_of(style: str, name: str) -> str:
    """What a tensor that a style has for itself is called where several lie in one file."""
    return f"styles.{style}.{name}"


def chosen(tensors: Mapping[str, Held], style: str, source: str) -> dict[str, Held]:
    """The tensors of one style as a net of its own has them: shared ones, and those of the style.

    A file of one style is what it is, and has no name to ask for.
    """
    found = {name: _STYLE.fullmatch(name) for name in tensors}
    known = tuple(dict.fromkeys(match[1] for match in found.values() if match))
    if not known:
        if style:
            raise ModelError(
                f"the fast style net {source!r} knows one style and has no {style!r}; leave the"
                " style empty"
            )
        return dict(tensors)
    if style and style not in known:
        raise ModelError(
            f"the fast style nets {source!r} have no style {style!r}; there are {', '.join(known)}"
        )
    wanted = style or known[0]
    made = {name: held for name, held in tensors.items() if found[name] is None}
    for name, match in found.items():
        if match and match[1] == wanted:
            made[match[2]] = tensors[name]
    return made
