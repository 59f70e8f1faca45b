"""The patches on a reference, put on the live part for a lease and taken back exactly."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from musegraph import ModelError, Patch, Reference
from musegraph_nodes.diffusion.families import Encoder
from musegraph_nodes.diffusion.prompts import embeddings
from musegraph_nodes.live import quiet

from .attention import attending
from .caches import enable
from .freeu import KIND as FREEU
from .freeu import enable_freeu
from .ip_adapter_live import KIND as IP_ADAPTER
from .ip_adapter_live import apply_adapters
from .lora_live import apply_loras
from .marks import TOGETHER
from .placed import as_computed, check_patches
from .seamless import KIND as SEAMLESS
from .seamless import make_seamless
from .undo import kept

PlaceOf = Callable[[Patch], Path]
_ORDER = (
    IP_ADAPTER, "lora", FREEU, SEAMLESS, "tiling", "attention", "cache", embeddings.KIND
)  # fmt: skip
"""What a patch looks at has to be there: a LoRA has convolutions, which are seamless as well."""


@contextmanager
def patched(live: Any, ref: Reference, place: PlaceOf) -> Iterator[Any]:
    """A live part with the patches of its reference on it."""
    net = getattr(live, "net", live)
    found: dict[str, list[Patch]] = {}
    for patch in ref.patches:
        found.setdefault(str(patch.options.get("kind", "")), []).append(patch)
    unknown = set(found) - {*_ORDER, TOGETHER}
    if unknown:
        raise ModelError(
            f"the reference to {ref.source!r} has a patch of the unknown kind {min(unknown)!r}"
        )
    check_patches(ref.options.get("optimise", {}), set(found), ref.source)
    with ExitStack() as stack:
        stack.enter_context(kept(net))
        with quiet(), warnings.catch_warnings():
            # The library tells whoever puts a second LoRA on a net that there are two.
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")
            for kind in _ORDER:
                if kind == embeddings.KIND and kind in found and isinstance(live, Encoder):
                    learned = embeddings.learned(live, ref.part, found[kind], place)
                    stack.enter_context(learned)
                elif kind in found:
                    _apply(kind, net, found[kind], place, ref, stack)
        yield live


def _apply(
    kind: str,
    net: Any,
    patches: Sequence[Patch],
    place: PlaceOf,
    ref: Reference,
    stack: ExitStack,
) -> None:
    told = patches[-1].options  # where only one can hold, the last one asked for does
    if kind == IP_ADAPTER:
        with as_computed(net):
            apply_adapters(net, patches, place)
    elif kind == "lora":
        apply_loras(ref, net, patches, place)
    elif kind == FREEU:
        enable_freeu(net, told)
    elif kind == SEAMLESS:
        make_seamless(net, told["axes"])
    elif kind == "tiling":
        net.enable_tiling()
    elif kind == "attention":
        stack.enter_context(attending(net, told["backend"]))
    else:
        enable(net, told)
