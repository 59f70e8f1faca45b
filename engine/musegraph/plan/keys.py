"""Keys: the name of what a call gives, made of its code and of the identity of every input.

A line each. Neither a name nor an identity holds a line feed: canonical JSON escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from musegraph.node import NodeType
from musegraph.values.canonical import key_digest


def prefix_of(type_: NodeType, profile: str) -> str:
    """The part of a key that depends on the code alone."""
    return f"{type_.id}\0{type_.version}\0{profile}"


def read_prefix(prefix: str) -> tuple[str, str, str]:
    """The node type, its version and the numeric profile that :func:`prefix_of` joined."""
    kind, version, profile = prefix.split("\0")
    return kind, version, profile


def key_of(prefix: str, identities: Mapping[str, str], each: tuple[str, ...] = ()) -> str:
    """The key of a call: code and the identity of every input, by name."""
    return key_from(prefix, key_lines(identities), each)


def key_from(prefix: str, lines: list[str], each: tuple[str, ...]) -> str:
    """The key made of lines that :func:`key_lines` gave."""
    return key_digest([*lines, prefix, "each:" + ",".join(each)] if each else [*lines, prefix])


def key_lines(identities: Mapping[str, str]) -> list[str]:
    """What a key is made of besides the code: ``port=identity``, sorted by port."""
    return [f"{port}={name}" for port, name in sorted(identities.items())]


def recipe_of(prefix: str, lines: Iterable[str]) -> str:
    """What a key is made of as one text, to be kept with the results: the code's line first."""
    return "\n".join((prefix, *lines))


def read_recipe(recipe: str) -> tuple[str, dict[str, str]]:
    """The prefix, and the identities by port, that :func:`recipe_of` joined."""
    prefix, *lines = recipe.split("\n")
    return prefix, dict(line.split("=", 1) for line in lines)
