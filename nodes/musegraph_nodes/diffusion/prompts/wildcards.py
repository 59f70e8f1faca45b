"""Prompts with choices in them: one by a seed, or all.

``{red|green}`` is a choice, ``{3::red|green}`` one that takes red three times as often, and
``__colour__`` one of the list ``colour``. Choices may stand inside choices, and the entries of a
list may hold both.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field

from musegraph import Json, NodeError, Seed, Text, node

if TYPE_CHECKING:
    from .grammar import Choice, Item

MOST = 10_000
DEEPEST = 20
"""Lists that name each other."""

_LIST = re.compile(r"(?<![\w\\])__([^\W_](?:[\w -]*?[^\W_])?)__(?!\w)")
_SHARE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)::", re.ASCII)

Lists = Annotated[
    Json | None,
    Field(description='What __name__ stands for, such as {"colour": ["red", "deep blue"]}.'),
]
Prompt = Annotated[
    str,
    Field(
        description="A prompt with {one|another} and __lists__.",
        json_schema_extra={"multiline": True},
    ),
]


@dataclass(frozen=True)
class _Option:
    text: str
    share: float = 1.0


@dataclass(frozen=True)
class _Slot:
    """A place in a prompt, and what may come there."""

    options: tuple[_Option, ...]


_Pieces: TypeAlias = "list[str | _Slot]"


@node(version="1")
def prompt_wildcards(
    text: Prompt,
    seed: Annotated[Seed, Field(description="Which one is chosen; a list of seeds, a list.")] = 0,
    lists: Lists = None,
) -> Text:
    """Choose one of each {red|green} and each __list__ in a prompt, by a seed.

    {3::red|green} takes red three times as often. The same seed chooses the same.
    """
    return chosen(text, random.Random(seed), _checked(lists))


@node(version="1")
def prompt_permutations(
    text: Prompt,
    lists: Lists = None,
    most: Annotated[
        int, Field(ge=1, le=MOST, description="More than these are refused, not cut off.")
    ] = 64,
) -> list[Text]:
    """List every prompt that the choices {red|green} and the __lists__ in one can give.

    The last choice changes fastest. Shares such as {3::red|green} do not count here.
    """
    known = _checked(lists)
    count = counted(text, known)
    if count > most:
        raise NodeError(
            f"the choices give {count:,} prompts, and at most {most:,} are wanted; take choices"
            " away, set most higher, or choose by seed with diffusion.prompt_wildcards"
        )
    return every(text, known)


Known: TypeAlias = Mapping[str, Sequence[str]]


def chosen(text: str, draw: random.Random, lists: Known, depth: int = 0) -> str:
    """A prompt with each of its choices made."""
    made = []
    for piece in _pieces(text, lists, depth):
        if isinstance(piece, _Slot):
            at = draw.random() * sum(option.share for option in piece.options)
            for option in piece.options:
                at -= option.share
                if at < 0:
                    break
            made.append(chosen(option.text, draw, lists, depth + 1))
        else:
            made.append(piece)
    return "".join(made)


def counted(text: str, lists: Known, depth: int = 0) -> int:
    """How many prompts the choices give."""
    count = 1
    for piece in _pieces(text, lists, depth):
        if isinstance(piece, _Slot):
            count *= sum(counted(option.text, lists, depth + 1) for option in piece.options)
    return count


def every(text: str, lists: Known, depth: int = 0) -> list[str]:
    """Every prompt that the choices give; the last choice changes fastest."""
    columns: list[list[str]] = []
    for piece in _pieces(text, lists, depth):
        if isinstance(piece, _Slot):
            inner = (every(option.text, lists, depth + 1) for option in piece.options)
            columns.append([one for some in inner for one in some])
        else:
            columns.append([piece])
    return ["".join(parts) for parts in product(*columns)]


def _pieces(text: str, lists: Known, depth: int) -> _Pieces:
    """A prompt as texts and the outermost choices between them."""
    from .grammar import parse

    if depth > DEEPEST:
        raise NodeError(
            f"the lists name each other more than {DEEPEST} deep; somewhere one names itself"
        )
    made: _Pieces = []
    done = 0
    for choice in _outermost(parse(text).body):
        made += _listed(text[done : choice.at - 1], lists)
        made.append(_Slot(tuple(_option(text[a:b]) for a, b in choice.spans)))
        done = choice.end
    return [*made, *_listed(text[done:], lists)]


def _outermost(body: Sequence[Item]) -> list[Choice]:
    from .grammar import Choice, inside

    found: list[Choice] = []
    for item in body:
        found += [item] if isinstance(item, Choice) else _outermost(inside(item))
    return found


def _option(text: str) -> _Option:
    share = _SHARE.match(text)
    if share is None:
        return _Option(text)
    return _Option(text[share.end() :], float(share[1]))


def _listed(text: str, lists: Known) -> _Pieces:
    """A text without choices as pieces, its lists as slots; a list that is not known stands."""
    made: _Pieces = []
    done = 0
    for match in _LIST.finditer(text):
        if match[1] in lists:
            made += [text[done : match.start()], _Slot(tuple(map(_Option, lists[match[1]])))]
            done = match.end()
    return [*made, text[done:]]


def _checked(lists: Any) -> Known:
    if lists is None:
        return {}
    if not isinstance(lists, dict) or not all(
        isinstance(entries, list) and entries and all(isinstance(one, str) for one in entries)
        for entries in lists.values()
    ):
        raise NodeError(
            'the lists have to be an object of lists of texts, such as {"colour": ["red", "blue"]}'
        )
    return lists
