r"""The grammar of prompts: a text as a tree.

::

    prompt      = { item } ;
    item        = words | weighted | lowered | scheduled | alternating | choice
                | break | embedding | lora ;
    weighted    = "(" prompt [ ":" number ] ")" ;
    lowered     = "[" prompt "]" ;
    scheduled   = "[" [ prompt ":" ] prompt ":" moment "]" ;
    alternating = "[" prompt "|" prompt { "|" prompt } "]" ;
    choice      = "{" prompt "|" prompt { "|" prompt } "}" ;
    break       = "BREAK" ;
    embedding   = "embedding:" name | "<embedding:" name ">" ;
    lora        = "<lora:" name [ ":" number ] ">" ;
    moment      = digits | [ digits ] "." [ digits ] ;
    number      = [ "+" | "-" ] ( digits | [ digits ] "." [ digits ] ) ;
    words       = { character | escape } ;
    escape      = "\" ( "(" | ")" | "[" | "]" | "{" | "}" | "<" | ">" | ":" | "|" | "\" | break ) ;

Weights multiply: ``((x))`` is 1.21. A prompt may be empty. A bracket without its partner, and ``:``
and ``|`` where they have no meaning, stand for themselves. :func:`parse` raises
:class:`PromptError` for a weight or a moment out of its range, and for what is nested more than
:data:`DEEPEST` deep; every other text is a prompt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from musegraph import NodeError

DEEPEST = 64
LARGEST_WEIGHT = 100.0
ROUND, SQUARE = 1.1, 1 / 1.1

_NAME = r"[\w][\w./-]*(?<=[\w-])"
_LEXEME = re.compile(
    r"\\(?P<escaped>[()\[\]{}<>:|\\]|BREAK\b)"
    r"|(?P<bracket>[()\[\]{}])"
    r"|(?P<mark>[:|])"
    r"|(?P<break>(?<!\w)BREAK(?!\w))"
    rf"|<lora:(?P<lora>{_NAME})(?::(?P<strength>[+-]?(?:\d+\.?\d*|\.\d+)))?>"
    rf"|<embedding:(?P<tagged>{_NAME})>"
    rf"|(?<!\w)embedding:(?P<embedding>{_NAME})"
)
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*", re.ASCII)
_MOMENT = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*", re.ASCII)
_OPENS = {")": "(", "]": "[", "}": "{"}
_TO_ESCAPE = re.compile(r"[()\[\]{}<>:|\\]|(?<!\w)BREAK(?!\w)")


class PromptError(NodeError):
    """A prompt that cannot be meant; says where and what to write."""


@dataclass(frozen=True)
class Words:
    """Text as it is read, without escapes. ``at`` counts characters of the prompt from 1."""

    text: str
    at: int


@dataclass(frozen=True)
class Weighted:
    """A part that counts more or less."""

    body: Body
    weight: float
    at: int


@dataclass(frozen=True)
class Moment:
    """When something changes: after a share of the steps, or after a number of them."""

    share: float | None = None
    step: int | None = None


@dataclass(frozen=True)
class Scheduled:
    """One thing until a moment, another from there on."""

    before: Body
    after: Body
    moment: Moment
    at: int


@dataclass(frozen=True)
class Alternating:
    """One after the other, another one at every step."""

    options: tuple[Body, ...]
    at: int


@dataclass(frozen=True)
class Choice:
    """Things of which other nodes choose one; ``spans`` is where each stands in the prompt."""

    options: tuple[Body, ...]
    spans: tuple[tuple[int, int], ...]
    at: int
    end: int


@dataclass(frozen=True)
class Break:
    """Where the next chunk of the text begins."""

    at: int


@dataclass(frozen=True)
class Embedding:
    """A learned word, by its name."""

    name: str
    at: int


@dataclass(frozen=True)
class Lora:
    """A LoRA that the prompt names."""

    name: str
    strength: float
    at: int


Item: TypeAlias = Words | Weighted | Scheduled | Alternating | Choice | Break | Embedding | Lora
Body: TypeAlias = tuple[Item, ...]


@dataclass(frozen=True)
class Prompt:
    """A prompt as a tree, and where its text has brackets without partners."""

    body: Body
    text: str
    unbalanced: tuple[int, ...] = ()

    def walk(self) -> Iterator[Item]:
        """Every item, an outer one before those inside it."""
        todo = list(reversed(self.body))
        while todo:
            item = todo.pop()
            yield item
            todo.extend(reversed(inside(item)))

    def warnings(self) -> list[str]:
        """What the writer of the prompt may not have meant, in sentences."""
        if not self.unbalanced:
            return []
        at = self.unbalanced[0]
        others = len(self.unbalanced) - 1
        more = f", and so do {others} more" if others > 1 else ", and so does another" * others
        bracket = self.text[at - 1]
        remedy = rf"write \{bracket} if it is meant so"
        return [
            f"the {bracket} at character {at} has no partner and stands as it is{more}; {remedy}"
        ]


def inside(item: Item) -> Body:
    """The items that an item holds."""
    if isinstance(item, Weighted):
        return item.body
    if isinstance(item, Scheduled):
        return item.before + item.after
    if isinstance(item, (Alternating, Choice)):
        return tuple(one for option in item.options for one in option)
    return ()


def escape(text: str) -> str:
    r"""A text written so that it is read as it stands: ``a (b)`` as ``a \(b\)``."""
    return _TO_ESCAPE.sub(lambda match: "\\" + match.group(), text)


def literal(text: str) -> Prompt:
    """A prompt that says what stands there, brackets and all."""
    return Prompt((Words(text, 1),) if text else (), text)


@dataclass(frozen=True)
class _Mark:
    """A ``:`` or ``|`` whose meaning the closing bracket decides."""

    text: str
    at: int


@dataclass
class _Open:
    """A bracket that is not closed yet, and what came after it."""

    bracket: str
    at: int
    items: list[Item | _Mark] = field(default_factory=list)


def parse(text: str) -> Prompt:
    """Read a prompt; brackets are matched with a stack, so the time is linear in its length."""
    stack = [_Open("", 0)]
    open_now = dict.fromkeys(_OPENS.values(), 0)
    unbalanced: list[int] = []
    for item in _lexemes(text):
        bracket = item if isinstance(item, _Bracket) else None
        if bracket is None:
            stack[-1].items.append(item)  # type: ignore[arg-type]
        elif bracket.text not in _OPENS:
            stack.append(_Open(bracket.text, bracket.at))
            open_now[bracket.text] += 1
        elif not open_now[_OPENS[bracket.text]]:
            unbalanced.append(bracket.at)
            stack[-1].items.append(Words(bracket.text, bracket.at))
        else:
            start = len(stack) - 1
            while stack[start].bracket != _OPENS[bracket.text]:
                start -= 1
            for one in stack[start:]:
                open_now[one.bracket] -= 1
            unbalanced += [one.at for one in stack[start + 1 :]]
            closed = _joined(stack[start:])
            del stack[start:]
            stack[-1].items += _closed(closed, bracket.at)
    unbalanced += [one.at for one in stack[1:]]
    body = _plain(_joined(stack).items)
    _check_depth(body)
    return Prompt(body, text, tuple(sorted(unbalanced)))


@dataclass(frozen=True)
class _Bracket:
    text: str
    at: int


def _lexemes(text: str) -> Iterator[Item | _Mark | _Bracket]:
    done = 0
    for match in _LEXEME.finditer(text):
        if match.start() > done:
            yield Words(text[done : match.start()], done + 1)
        done, at = match.end(), match.start() + 1
        kind = match.lastgroup
        if kind == "bracket":
            yield _Bracket(match["bracket"], at)
        elif kind == "mark":
            yield _Mark(match["mark"], at)
        elif kind == "break":
            yield Break(at)
        elif match["lora"]:
            strength = float(match["strength"] or 1)
            yield Lora(match["lora"], _checked(strength, match["strength"] or "", at), at)
        elif kind == "escaped":
            yield Words(match["escaped"], at)
        else:
            yield Embedding(match["tagged"] or match["embedding"], at)
    if done < len(text):
        yield Words(text[done:], done + 1)


def _joined(frames: list[_Open]) -> _Open:
    """One frame of several: the brackets of all but the first have no partners."""
    first = frames[0]
    for one in frames[1:]:
        first.items += [Words(one.bracket, one.at), *one.items]
    return first


def _plain(items: Sequence[Item | _Mark]) -> Body:
    """Items with marks as words, and words that follow each other as one."""
    made: list[Item] = []
    run: list[Words] = []
    for item in items:
        if isinstance(item, (_Mark, Words)):
            run.append(Words(item.text, item.at))
            continue
        made += _one(run)
        run = []
        made.append(item)
    return (*made, *_one(run))


def _one(run: Sequence[Words]) -> list[Words]:
    return [Words("".join(words.text for words in run), run[0].at)] if run else []


def _closed(frame: _Open, end: int) -> list[Item | _Mark]:
    """What a bracket and its partner at ``end`` make of the items between them."""
    if frame.bracket == "(":
        marks, number = _number_at_end(frame.items, _NUMBER)
        if not marks:
            return [Weighted(_plain(frame.items), ROUND, frame.at)]
        at = frame.items[marks[-1]].at + 1
        weight = _checked(float(number), number, at)
        return [Weighted(_plain(frame.items[: marks[-1]]), weight, frame.at)]
    bars = [i for i, item in enumerate(frame.items) if isinstance(item, _Mark) and item.text == "|"]
    if frame.bracket == "{":
        if not bars:
            return [Words("{", frame.at), *frame.items, Words("}", end)]
        edges = [frame.at, *(frame.items[bar].at for bar in bars), end]
        spans = tuple((a, b - 1) for a, b in pairwise(edges))
        return [Choice(_options(frame.items, bars), spans, frame.at, end)]
    if bars:
        return [Alternating(_options(frame.items, bars), frame.at)]
    return [_scheduled(frame)]


def _options(items: Sequence[Item | _Mark], bars: Sequence[int]) -> tuple[Body, ...]:
    edges = [-1, *bars, len(items)]
    return tuple(_plain(items[a + 1 : b]) for a, b in pairwise(edges))


def _scheduled(frame: _Open) -> Item:
    marks, number = _number_at_end(frame.items, _MOMENT)
    if not marks:
        return Weighted(_plain(frame.items), SQUARE, frame.at)
    moment = _moment(number, frame.items[marks[-1]].at + 1)
    middle = marks[-2] if len(marks) > 1 else -1
    before = _plain(frame.items[: max(middle, 0)])
    return Scheduled(before, _plain(frame.items[middle + 1 : marks[-1]]), moment, frame.at)


def _number_at_end(items: Sequence[Item | _Mark], form: re.Pattern[str]) -> tuple[list[int], str]:
    """Where the colons are if the last has nothing but a number behind it, and that number."""
    if len(items) < 2 or not isinstance(items[-1], Words):
        return [], ""
    found = form.fullmatch(items[-1].text)
    mark = items[-2]
    if found is None or not isinstance(mark, _Mark) or mark.text != ":":
        return [], ""
    colons = [i for i, item in enumerate(items) if isinstance(item, _Mark) and item.text == ":"]
    return colons, found[1]


def _moment(number: str, at: int) -> Moment:
    if "." not in number:
        return Moment(step=int(number) if len(number) < 10 else 10**9)
    if float(number) > 1:
        raise PromptError(
            f"{number} at character {at} of the prompt is no moment: with a point it is a share of"
            " the steps, from 0 to 1; write a whole number for a step"
        )
    return Moment(share=float(number))


def _checked(weight: float, number: str, at: int) -> float:
    if not abs(weight) <= LARGEST_WEIGHT:
        raise PromptError(
            f"the weight {_short(number)} at character {at} of the prompt is beyond"
            f" ±{LARGEST_WEIGHT:g}; most parts want one between 0.5 and 1.5"
        )
    return weight


def _short(number: str) -> str:
    return number if len(number) <= 12 else number[:12] + "…"


def _check_depth(body: Body) -> None:
    todo = [(item, 1) for item in body]
    while todo:
        item, depth = todo.pop()
        if depth > DEEPEST:
            raise PromptError(
                f"the prompt is nested more than {DEEPEST} deep at character {item.at}; take"
                " brackets away"
            )
        todo += [(one, depth + 1) for one in inside(item)]


def total_weight(weights: Sequence[float], at: int) -> float:
    """The product of the weights around a part; refused where no model can follow."""
    product = math.prod(weights, start=1.0)
    return _checked(product, f"{product:g}", at)
