"""References to the parts of a model, as :func:`~musegraph_nodes.diffusion.load` makes them."""

from __future__ import annotations

from typing import Any

from musegraph import Model, NodeError, Patch, Reference, TextEncoder, Vae

LOADER = "diffusion.diffusers"


def check_loader(ref: Reference) -> None:
    """Refuse a reference that another pack made: its parts work otherwise."""
    if ref.loader != LOADER:
        raise NodeError(
            f"the reference to {ref.source!r} was made for {ref.loader!r}; link one that"
            " diffusion.load gives"
        )


def encoder_of(model: Model) -> TextEncoder:
    """The text encoder that came with a model, as :func:`load` names it, with its LoRAs."""
    part = model.options.get("encoder", "text_encoder")
    source, digest = _place(model, part)
    return TextEncoder(
        loader=model.loader,
        source=source,
        part=part,
        digest=digest,
        family=model.options["texts"],
        options=model.options["text_encoder"],
        patches=encoder_patches(model),
    )


def encoder_patches(model: Model) -> tuple[Patch, ...]:
    """What the patches on a model mean for the text encoder that came with it."""
    return tuple(
        patch.model_copy(
            update={
                "strength": float(patch.options["clip"]),
                "options": {k: v for k, v in patch.options.items() if k != "clip"},
            }
        )
        for patch in model.patches
        if "clip" in patch.options
    )


def vae_of(model: Model) -> Vae:
    """The autoencoder that came with a model, exactly as :func:`load` names it."""
    source, digest = _place(model, "vae")
    return Vae(
        loader=model.loader,
        source=source,
        part="vae",
        digest=digest,
        family=model.family,
        options=model.options["vae"],
    )


def _place(model: Model, part: str) -> tuple[str, str]:
    """Source and digest of a part, which may lie in a file of its own."""
    source, digest = model.options.get("from", {}).get(part, (model.source, model.digest))
    return source, digest


def part_of(ref: TextEncoder, part: str) -> TextEncoder:
    """One of the several text encoders that a reference stands for, to be leased alone."""
    others: dict[str, Any] = ref.options.get("others", {})
    if part == ref.part:
        own = {name: value for name, value in ref.options.items() if name != "others"}
        return ref.model_copy(update={"options": own}) if others else ref
    options = dict(others[part])
    source, digest = options.pop("from", (ref.source, ref.digest))
    changes = {"part": part, "options": options, "source": source, "digest": digest}
    return ref.model_copy(update=changes)
