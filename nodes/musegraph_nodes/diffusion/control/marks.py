"""What a conditioning carries beside its texts: pictures that lead, by names with a ``:``.

``control:ab12`` [B,3,H,W] is the picture of a control, ``control:ab12:on`` [1] whether it leads
this part; ``options["controls"]`` says by the same names which nets and how strongly.
``ip:0`` [1,n,…] are embeddings for the first IP-Adapter on a model, ``ip:0:free`` those of no
picture, which guidance leads away from, and ``ip:0:mask`` [1,n,H,W] says where each is looked for.
``style:0`` [1,3,H,W] is the first style that a sampling is pushed towards, ``style:content`` what
its shapes are held to; ``options["style"]`` says how. They are no input of a net.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from musegraph import Conditioning, ConditioningPart

if TYPE_CHECKING:
    from torch import Tensor

CONTROL, PICTURE, STYLE = "control:", "ip:", "style"
TOGETHER = "together"
"""The kind of the patch that says how many samplings may be made as one batch; no net knows it."""


def add_control(conditioning: Conditioning, spec: dict[str, Any], picture: Tensor) -> Conditioning:
    """The conditioning with one more control; what is alike has the same name in all parts."""
    import torch

    told = hashlib.blake2b(json.dumps(spec, sort_keys=True).encode(), digest_size=6).hexdigest()
    count = sum(
        name.startswith(f"{CONTROL}{told}-") and not name.endswith(":on")
        for name in conditioning.parts[0].embeds
    )
    name = f"{CONTROL}{told}-{count}"
    parts = []
    for part in conditioning.parts:
        embeds = part.embeds | {name: picture, f"{name}:on": torch.ones(1)}
        controls = part.options.get("controls", {}) | {name: spec}
        parts.append(replace(part, embeds=embeds, options=part.options | {"controls": controls}))
    return Conditioning(tuple(parts), conditioning.family)


def shared(positive: Conditioning, negative: Conditioning | None) -> Conditioning | None:
    """What guidance leads away from, led by what leads towards, where it has nothing of its own.

    A control in guess mode does not lead it, and in the place of a picture's embeddings are those
    of none. Both parts then have tensors of the same names, and the net is asked for both at once.
    """
    led = next((part for part in positive.parts if is_led(part)), None)
    if negative is None or led is None:
        return negative
    return Conditioning(tuple(_shared(led, part) for part in negative.parts), negative.family)


def _shared(positive: ConditioningPart, negative: ConditioningPart) -> ConditioningPart:
    import torch

    own = {name.partition(":")[0] for name in negative.embeds if ":" in name}
    embeds, options = dict(negative.embeds), dict(negative.options)
    if "control" not in own and "controls" in positive.options:
        controls = positive.options["controls"]
        for name, spec in controls.items():
            embeds[name] = positive.embeds[name]
            embeds[f"{name}:on"] = torch.zeros(1) if spec["guess"] else torch.ones(1)
        options["controls"] = controls
    if "ip" not in own:
        for name in positive.embeds:
            if name.endswith(":mask"):
                embeds[name] = positive.embeds[name]
            elif name.startswith(PICTURE):
                embeds[name] = positive.embeds[f"{name.removesuffix(':free')}:free"]
    # No net reads these; what has the same tensors is asked in one batch.
    styles = {n: e for n, e in positive.embeds.items() if n.startswith(f"{STYLE}:")}
    return replace(negative, embeds=embeds | styles, options=options)


def is_led(part: ConditioningPart) -> bool:
    """Whether anything beside texts leads a part."""
    return any(":" in name for name in part.embeds)
