"""The patches on a reference, put on the live part for a lease and taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from musegraph import ModelError, Patch, Reference
from musegraph_nodes.diffusion.families import Encoder
from musegraph_nodes.diffusion.loader import quiet
from musegraph_nodes.diffusion.prompts import embeddings

from .lora_live import apply_loras
from .undo import kept

PlaceOf = Callable[[Patch], Path]


def nets_of(live: Any, ref: Reference) -> list[tuple[str, Any]]:
    """The networks of a live part, by the names that the pipelines of diffusers have for them."""
    return [(ref.part, getattr(live, "net", live))]


@contextmanager
def patched(live: Any, ref: Reference, place: PlaceOf) -> Iterator[Any]:
    """A live part with the patches of its reference on it."""
    from contextlib import ExitStack

    parts = nets_of(live, ref)
    with ExitStack() as stack:
        for _, net in parts:
            stack.enter_context(kept(net))
        with quiet():
            for kind, patches in _by_kind(ref).items():
                if kind == embeddings.KIND and isinstance(live, Encoder):
                    stack.enter_context(embeddings.learned(live, ref.part, patches, place))
                    continue
                _apply(kind, parts, patches, place, ref)
        yield live


def _by_kind(ref: Reference) -> dict[str, list[Patch]]:
    found: dict[str, list[Patch]] = {}
    for patch in ref.patches:
        found.setdefault(str(patch.options.get("kind", "")), []).append(patch)
    return found


def _apply(
    kind: str, parts: list[tuple[str, Any]], patches: list[Patch], place: PlaceOf, ref: Reference
) -> None:
    if kind == "lora":
        apply_loras(parts, patches, place, str(ref.options.get("architecture", "sd")))
        return
    raise ModelError(f"the reference to {ref.source!r} has a patch of the unknown kind {kind!r}")
