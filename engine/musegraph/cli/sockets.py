"""How types look on a page: the colour says the family, the shape the structure, the name all."""

from __future__ import annotations

from html import escape

from musegraph import values
from musegraph.cli.words import MEANINGS
from musegraph.values import Type, media_types
from musegraph.values.types import REFERENCES

_FAMILIES = {
    "Image": "image",
    "Mask": "mask",
    "Region": "mask",
    "Tiling": "mask",
    "Audio": "audio",
    "Text": "text",
    "Json": "text",
    "Integer": "number",
    "Number": "number",
    "Seed": "number",
    "Choice": "number",
    "Boolean": "boolean",
    "Latent": "latent",
    "Sigmas": "latent",
    "Noise": "latent",
    "Conditioning": "conditioning",
    "Guider": "conditioning",
    "Model": "model",
    "ModelSource": "model",
    "TextEncoder": "model",
    "Vae": "model",
    "ControlNet": "model",
    "Vision": "model",
}


def family(kind: Type) -> str:
    """The family whose colour the type has; ``any`` has none."""
    return _FAMILIES.get((kind.item or kind).name, "any")


def socket(kind: Type) -> str:
    """The mark beside a port: a circle, a square for a model, a diamond for a list."""
    shape = "list" if kind.item else "resource" if kind.name in REFERENCES else "one"
    hollow = " hollow" if kind.optional else ""
    return f'<i class="socket {family(kind)} {shape}{hollow}"></i>'


def type_name(kind: Type) -> str:
    """The name of a type; one that lists choices is a Choice."""
    base = kind.item or kind
    name = str(kind)
    return escape(base.name if base.choices and not kind.item else name)


def meaning(kind: Type) -> str:
    """In English, what the values are: the first line of the docstring of a media class."""
    name = (kind.item or kind).name
    cls = media_types().get(name) or (getattr(values, name, None) if name in REFERENCES else None)
    if isinstance(cls, type):
        return (cls.__doc__ or "").partition("\n")[0]
    return MEANINGS.get(name, "")
