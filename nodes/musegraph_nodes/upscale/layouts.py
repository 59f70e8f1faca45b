"""How upscalers lie in a file: which net it is, how large, and under which names its tensors stand.

All of it is read off names and shapes, so a file needs no configuration beside it. RRDB nets come
in three layouts, and each is brought to one set of names:

* ``old``: ``model.0``, ``model.1.sub.0.RDB1.conv1.0`` …, of the first ESRGAN and most community
  models (https://github.com/xinntao/ESRGAN, old-arch);
* ``trunk``: ``RRDB_trunk.0.RDB1.conv1`` …, of ESRGAN's later code;
* ``new``: ``body.0.rdb1.conv1`` …, of BasicSR and Real-ESRGAN.

A net that reads 12 or 48 channels takes pictures whose pixels were unshuffled by 2 or 4 before.
``compact`` is SRVGGNetCompact of Real-ESRGAN: ``body.0`` … with PReLU between.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from musegraph import ModelError
from musegraph_nodes.weights import Shape, check_shapes

Header = Mapping[str, Mapping[str, Any]]
_PREFIXES = ("params_ema.", "params.", "module.", "model_ema.")
_BLOCK = re.compile(
    r"(?:model\.1\.sub|RRDB_trunk|body)\.(\d+)\.(?:RDB|rdb)([123])\.conv([1-5])(?:\.0)?"
)
_TRUNK = re.compile(r"model\.1\.sub\.(\d+)")
_TOP = re.compile(r"model\.(\d+)")
_OTHERS = {"trunk_conv": "conv_body", "HRconv": "conv_hr"}
_UPCONV = re.compile(r"upconv(\d+)")


@dataclass(frozen=True)
class Layout:
    """A net and where its tensors are: ``names`` says what each of the file's is called here."""

    kind: str
    reads: int
    features: int
    blocks: int
    scale: int
    names: Mapping[str, str]
    growth: int = 0
    """Channels that each convolution inside a dense block adds (RRDB)."""
    ups: int = 0
    """How often the size doubles inside (RRDB)."""
    unshuffle: int = 1
    """Pixels of a side that become channels before (RRDB)."""


def read_layout(header: Header, source: str) -> Layout:
    """What a file's header says; :class:`ModelError` if it is no upscaler that is known here."""
    shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
    prefix = next((p for p in _PREFIXES if all(n.startswith(p) for n in shapes)), "")
    plain = {name.removeprefix(prefix): shape for name, shape in shapes.items()}
    if "model.0.weight" in plain or "conv_first.weight" in plain:
        found = _rrdb(plain, source)
    elif "body.0.weight" in plain:
        found = _compact(plain, source)
    else:
        raise ModelError(
            f"{source!r} is no upscaler that is known here: it holds neither the names of ESRGAN"
            " (model.0, conv_first) nor of SRVGGNetCompact (body.0); Swin2SR is opened as a folder"
            " of transformers"
        )
    names = {prefix + name: own for name, own in found.names.items()}
    return Layout(**{**vars(found), "names": names})


def _rrdb(shapes: Mapping[str, Shape], source: str) -> Layout:
    own = _renamed(shapes)
    named = {own[name]: shape for name, shape in shapes.items()}
    if len(named) < len(shapes):
        raise ModelError(f"the upscaler {source!r} holds a tensor twice, in two layouts at once")
    first = _shape(named, "conv_first.weight", source)
    last = _shape(named, "conv_last.weight", source)
    inner = _shape(named, "body.0.rdb1.conv1.weight", source)
    features, reads, growth = first[0], first[1], inner[0]
    blocks = len({found[1] for name in named if (found := _BLOCK.match(name))})
    ups = sum(name.startswith("conv_up") and name.endswith(".weight") for name in named)
    unshuffle = math.isqrt(max(1, reads // 3))
    if last[0] != 3 or reads != 3 * unshuffle**2 or 2**ups % unshuffle:
        raise ModelError(
            f"the upscaler {source!r} reads {reads} channels and makes {last[0]}; only nets for"
            " colour pictures are known here: they read 3, 12 or 48 and make 3"
        )
    _check(named, rrdb_shapes(reads, features, growth, blocks, ups), source)
    scale = 2**ups // unshuffle
    return Layout("rrdb", reads, features, blocks, scale, own, growth, ups, unshuffle)


def _compact(shapes: Mapping[str, Shape], source: str) -> Layout:
    first = _shape(shapes, "body.0.weight", source)
    # From 0 on without a gap: a convolution and an activation in turn, a convolution at the end.
    end = len({name.rpartition(".")[0] for name in shapes}) - 1
    if end < 2 or len(shapes.get("body.1.weight", ())) != 1:
        raise ModelError(
            f"the upscaler {source!r} is of an unknown build: between its convolutions there is no"
            " PReLU, and what is there instead a file does not say"
        )
    made = _shape(shapes, f"body.{end}.weight", source)[0]
    scale = math.isqrt(made // 3)
    if first[1] != 3 or made != 3 * scale * scale:
        raise ModelError(
            f"the upscaler {source!r} reads {first[1]} channels and makes {made}; only nets for"
            " colour pictures are known here: they read 3 and make 3 for each pixel of the result"
        )
    blocks = end // 2 - 1
    _check(shapes, compact_shapes(first[0], blocks, scale), source)
    return Layout("compact", 3, first[0], blocks, scale, {name: name for name in shapes})


def rrdb_shapes(reads: int, features: int, growth: int, blocks: int, ups: int) -> dict[str, Shape]:
    """The names and shapes of all tensors of an RRDB net."""
    made = dict(_conv("conv_first", reads, features))
    for block in range(blocks):
        for dense in (1, 2, 3):
            for at in range(5):
                goal = growth if at < 4 else features
                name = f"body.{block}.rdb{dense}.conv{at + 1}"
                made |= _conv(name, features + at * growth, goal)
    made |= _conv("conv_body", features, features)
    for up in range(ups):
        made |= _conv(f"conv_up{up + 1}", features, features)
    return made | _conv("conv_hr", features, features) | _conv("conv_last", features, 3)


def compact_shapes(features: int, blocks: int, scale: int) -> dict[str, Shape]:
    """The names and shapes of all tensors of an SRVGGNetCompact with PReLU."""
    made: dict[str, Shape] = {}
    for at in range(blocks + 1):
        made |= _conv(f"body.{2 * at}", features if at else 3, features)
        made[f"body.{2 * at + 1}.weight"] = (features,)
    return made | _conv(f"body.{2 * blocks + 2}", features, 3 * scale * scale)


def _conv(name: str, reads: int, makes: int) -> dict[str, Shape]:
    return {f"{name}.weight": (makes, reads, 3, 3), f"{name}.bias": (makes,)}


def _renamed(names: Iterable[str]) -> dict[str, str]:
    """What each tensor of an RRDB net is called in the new layout; unknown names stay."""
    names = list(names)
    stems = {name.rpartition(".")[0] for name in names}
    tops = sorted(int(found[1]) for stem in stems if (found := _TOP.fullmatch(stem)))
    ends = {f"model.{number}": own for number, own in _ends(tops).items()}
    made = {}
    for name in names:
        stem, _, what = name.rpartition(".")
        if found := _BLOCK.fullmatch(stem):
            stem = "body.{}.rdb{}.conv{}".format(*found.groups())
        elif _TRUNK.fullmatch(stem):
            stem = "conv_body"
        elif found := _UPCONV.fullmatch(stem):
            stem = f"conv_up{found[1]}"
        else:
            stem = ends.get(stem) or _OTHERS.get(stem, stem)
        made[name] = f"{stem}.{what}"
    return made


def _ends(tops: list[int]) -> dict[int, str]:
    """What the numbered convolutions of the old layout are, by their number.

    Between the body and the last two stand an upsampling, a convolution and an activation for each
    doubling, so their numbers say how many there are.
    """
    ups = len(tops) - 3
    wanted = [0, *(3 + 3 * at for at in range(ups)), 2 + 3 * ups, 4 + 3 * ups]
    if ups < 0 or tops != wanted:
        return {}
    own = ["conv_first", *(f"conv_up{at + 1}" for at in range(ups)), "conv_hr", "conv_last"]
    return dict(zip(tops, own, strict=True))


def _shape(shapes: Mapping[str, Shape], name: str, source: str) -> Shape:
    found = shapes.get(name)
    if found is None or len(found) not in (1, 4) or 0 in found:
        raise ModelError(
            f"the upscaler {source!r} is of an unknown build: it has no {name}; nets of ESRGAN,"
            " Real-ESRGAN and SRVGGNetCompact with PReLU are known here"
        )
    return found


def _check(shapes: Mapping[str, Shape], wanted: Mapping[str, Shape], source: str) -> None:
    beyond = "ESRGAN, Real-ESRGAN and SRVGGNetCompact do not"
    check_shapes(shapes, wanted, f"the upscaler {source!r}", beyond)
