"""The blocks of a denoiser by the names that LoRA users know, and strengths given for them.

``IN00`` … ``IN11``, ``M00`` and ``OUT00`` … ``OUT11`` are the blocks of Stable Diffusion's UNet as
its first release counted them; transformers have ``DOUBLE00``, ``SINGLE00``, ``JOINT00`` or
``BLOCK00`` and so on. ``BASE`` is the text encoder and whatever lies in no block.
"""

from __future__ import annotations

import json
import re
from typing import Any

from musegraph import NodeError

_UNET_PARTS = {"resnets", "attentions"}
_STACKS = {
    "FluxTransformer2DModel": {
        "transformer_blocks": "DOUBLE",
        "single_transformer_blocks": "SINGLE",
    },
    "SD3Transformer2DModel": {"transformer_blocks": "JOINT"},
}
_OTHERS = {"transformer_blocks": "BLOCK", "layers": "BLOCK", "blocks": "BLOCK"}
_NAME = re.compile(r"BASE|(IN|M|OUT|DOUBLE|SINGLE|JOINT|BLOCK)(\d{1,2})")
_RANGE = re.compile(r"([A-Z]+)(\d+)-(?:\1)?(\d+)")
# Lists of numbers in the order that users of the field write them down: which blocks each counts.
_ROWS = {
    12: "BASE IN04 IN05 IN07 IN08 M00 OUT00-05",
    17: "BASE IN01 IN02 IN04 IN05 IN07 IN08 M00 OUT03-11",
    20: "BASE IN00-08 M00 OUT00-08",
    26: "BASE IN00-11 M00 OUT00-11",
}
_HELP = (
    "write names with numbers, such as IN04:0.5, M00:0, OUT03-05:1.2, or an object such as"
    ' {"IN04": 0.5}, or a row of 12, 17, 20 or 26 numbers'
)


def block_of(net: Any, module: str) -> str:
    """The name of the block in which a module of a network lies."""
    parts = module.split(".")
    if hasattr(net, "down_blocks") and hasattr(net, "up_blocks"):
        return _unet_block(net, parts)
    stack = _STACKS.get(type(net).__name__, _OTHERS).get(parts[0])
    if stack is None or len(parts) < 2 or not parts[1].isdigit():
        return "BASE"
    return f"{stack}{int(parts[1]):02d}"


def _unet_block(net: Any, parts: list[str]) -> str:
    if parts[0] == "mid_block":
        return "M00"
    if parts[0] == "conv_in":
        return "IN00"
    if parts[0] not in ("down_blocks", "up_blocks") or len(parts) < 4:
        return "BASE"
    block, kind, index = int(parts[1]), parts[2], int(parts[3])
    down = parts[0] == "down_blocks"
    before = sum(_layers(other, down) for other in getattr(net, parts[0])[:block])
    own = getattr(net, parts[0])[block]
    # A sampler is a layer of its own on the way down, and part of the last one on the way up.
    layer = index if kind in _UNET_PARTS else len(own.resnets) - (0 if down else 1)
    return f"IN{1 + before + layer:02d}" if down else f"OUT{before + layer:02d}"


def _layers(block: Any, down: bool) -> int:
    return len(block.resnets) + (1 if down and getattr(block, "downsamplers", None) else 0)


def blocks_of(net: Any) -> list[str]:
    """All names of blocks that a network has, ``BASE`` first."""
    found = {block_of(net, name) for name, _ in net.named_modules() if name}
    return sorted(found | {"BASE"}, key=lambda name: (name != "BASE", name))


def read_blocks(text: str) -> dict[str, float]:
    """Strengths by block, from text; what is not named is 1."""
    text = text.strip()
    if not text:
        return {}
    if text.startswith("{"):
        return _object(text)
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*[:=]\s*", ":", text)) if part]
    if all(":" not in part for part in parts):
        return _row(parts)
    made: dict[str, float] = {}
    for part in parts:
        name, _, number = part.partition(":")
        made |= dict.fromkeys(_names(name), _number(number, part))
    return made


def _object(text: str) -> dict[str, float]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NodeError(f"the strengths of blocks are no JSON ({error}); {_HELP}") from None
    made: dict[str, float] = {}
    for name, number in found.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise NodeError(f"the strength of the block {name!r} is no number; {_HELP}")
        made |= dict.fromkeys(_names(name), float(number))
    return made


def _row(parts: list[str]) -> dict[str, float]:
    row = _ROWS.get(len(parts))
    if row is None:
        raise NodeError(f"a row of {len(parts)} numbers fits no known order of blocks; {_HELP}")
    names = [name for part in row.split() for name in _names(part)]
    return {name: _number(part, part) for name, part in zip(names, parts, strict=True)}


def _names(name: str) -> list[str]:
    name = name.strip().upper().replace("_BLOCKS.", "")
    if found := _RANGE.fullmatch(name):
        kind, first, last = found[1], int(found[2]), int(found[3])
        return [one for index in range(first, last + 1) for one in _names(f"{kind}{index:02d}")]
    known = _NAME.fullmatch(name)
    if known is None:
        raise NodeError(f"{name!r} is no name of a block; {_HELP}")
    return [name if name == "BASE" else f"{known[1]}{int(known[2]):02d}"]


def _number(text: str, where: str) -> float:
    try:
        made = float(text)
    except ValueError:
        raise NodeError(f"{where!r} does not end in a number; {_HELP}") from None
    if made - made != 0:
        raise NodeError(f"{where!r} is not finite; {_HELP}")
    return made
