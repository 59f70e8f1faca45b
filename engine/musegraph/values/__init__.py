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
from musegraph.values.references import (
    ControlNet,
    Model,
    Patch,
    Reference,
    TextEncoder,
    Vae,
    Vision,
)
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
    "ControlNet",
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
    "Vision",
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
