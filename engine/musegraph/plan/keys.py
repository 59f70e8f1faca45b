"""Keys: the name of what a call gives, made of its code and of the identity of every input."""

from __future__ import annotations

from collections.abc import Mapping

from musegraph.node import NodeType
from musegraph.values.canonical import key_digest


def prefix_of(type_: NodeType, profile: str) -> str:
    """The part of a key that depends on the code alone."""
    return f"{type_.id}\0{type_.version}\0{profile}"


def read_prefix(prefix: str) -> tuple[str, str, str]:
    """The node type, its version and the numeric profile that :func:`prefix_of` joined."""
    kind, version, profile = prefix.split("\0")
    return kind, version, profile


def recipe_of(prefix: str, identities: Mapping[str, str]) -> str:
    """What a key is the digest of: a line for each input, sorted by name, and the code's line.

    Neither a name nor an identity holds a line feed: canonical JSON escapes it.
    """
    return "".join([f"{port}={identity}\n" for port, identity in identities.items()]) + prefix


def read_recipe(recipe: str) -> tuple[str, dict[str, str]]:
    """The prefix, and the identities by port, that :func:`recipe_of` joined."""
    *lines, prefix = recipe.split("\n")
    return prefix, dict(line.split("=", 1) for line in lines)


def key_of(recipe: str, each: tuple[str, ...] = ()) -> str:
    """The key of a call; ``each`` names the inputs over whose items it maps."""
    return key_digest(f"{recipe}\neach:{','.join(each)}" if each else recipe)
