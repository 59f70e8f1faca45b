"""Branches: a condition opens one of two ways, and the ways join again."""

from typing import Annotated, Generic, NamedTuple, TypeVar

from pydantic import Field

from musegraph import UNSET, NodeError, node

T = TypeVar("T")


class Branches(NamedTuple, Generic[T]):
    """The two ways; one is left unset, so that what depends on it is skipped."""

    yes: T
    no: T


@node(version="1")
def choose(
    condition: Annotated[bool, Field(description="Which way the value goes.")],
    value: T,
) -> Branches:  # type: ignore[type-arg]
    """Give a value on to yes or to no; what depends on the other is skipped."""
    return Branches(value, UNSET) if condition else Branches(UNSET, value)


@node(version="1")
def first(a: T | None = None, b: T | None = None, c: T | None = None, d: T | None = None) -> T:
    """Give on the first of a, b, c and d that is there: it joins branches, or names a stand-in."""
    for value in (a, b, c, d):
        if value is not None:
            return value
    raise NodeError("none of a, b, c and d is there; link one that is, or set a value to stand in")
