"""What travels on edges: JSON and media, their types, identities and bytes."""

from musegraph.values.canonical import canonical, digest, parse, pretty
from musegraph.values.codec import decode, encode, identity
from musegraph.values.media import (
    Audio,
    Conditioning,
    ConditioningPart,
    File,
    Image,
    Latent,
    Mask,
    Media,
    media_types,
)
from musegraph.values.references import Model, Patch, Reference, TextEncoder, Vae
from musegraph.values.scalars import (
    Boolean,
    Integer,
    Json,
    ModelSource,
    Named,
    Number,
    Seed,
    Text,
)
from musegraph.values.types import Fit, Type, fits, list_of, parse_type

__all__ = [
    "Audio",
    "Boolean",
    "Conditioning",
    "ConditioningPart",
    "File",
    "Fit",
    "Image",
    "Integer",
    "Json",
    "Latent",
    "Mask",
    "Media",
    "Model",
    "ModelSource",
    "Named",
    "Number",
    "Patch",
    "Reference",
    "Seed",
    "Text",
    "TextEncoder",
    "Type",
    "Vae",
    "canonical",
    "decode",
    "digest",
    "encode",
    "fits",
    "identity",
    "list_of",
    "media_types",
    "parse",
    "parse_type",
    "pretty",
]
