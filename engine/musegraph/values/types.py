"""What a port carries, and whether one port's value may be given to another.

The text forms (``Image``, ``list[Image]``, ``Image | None``, ``Choice["a","b"]``, ``$T``) are the
same in Python, JSON and TypeScript; ``tests/contract/fits.json`` drives every implementation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Literal

from musegraph.sentences import SENTENCES, sentence

SCALARS = frozenset(
    {"Text", "Integer", "Number", "Boolean", "Seed", "Choice", "Json", "ModelSource"}
    | {"Sigmas", "Guider", "Noise"}
)
REFERENCES = frozenset({"Model", "TextEncoder", "Vae", "ControlNet", "Vision"})


@dataclass(frozen=True, slots=True)
class Type:
    """A port's type: a name, or a list of another type; perhaps optional; a menu's choices."""

    name: str
    item: Type | None = None
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        return self.item is not None

    @property
    def is_variable(self) -> bool:
        return self.name.startswith("$")

    @property
    def is_json(self) -> bool:
        """Whether values of this type are JSON, told from the name alone."""
        if self.item is not None:
            return self.item.is_json
        return self.name in SCALARS or self.name in REFERENCES

    def required(self) -> Type:
        return replace(self, optional=False) if self.optional else self

    def __str__(self) -> str:
        if self.item is not None:
            text = f"list[{self.item}]"
        elif self.choices:
            text = f"Choice[{','.join(json.dumps(c, ensure_ascii=False) for c in self.choices)}]"
        else:
            text = self.name
        return f"{text} | None" if self.optional else text


def list_of(item: Type) -> Type:
    return Type("list", item)


MAX_TEXT = 10_000
JSON = Type("Json")
TEXT = Type("Text")


@dataclass(frozen=True, slots=True)
class Fit:
    """How a source may be joined to a target; when it may not, ``why`` says so with a remedy."""

    how: Literal["direct", "wrap", "map", "no"]
    why: str = ""

    def __bool__(self) -> bool:
        return self.how != "no"


DIRECT, WRAP, MAP = Fit("direct"), Fit("wrap"), Fit("map")
_WIDER = {
    ("Integer", "Number"),
    ("Seed", "Integer"),
    ("Seed", "Number"),
    ("Integer", "Seed"),
    ("Choice", "Text"),
    ("ModelSource", "Text"),
    ("Text", "ModelSource"),
}


def fits(source: Type, target: Type) -> Fit:
    """Whether, and how, a value of ``source`` is given to a port of ``target``.

    ``direct``: as it is. ``wrap``: as a list of one. ``map``: the node is called once per item.
    """
    if source == target or _fits_direct(source, target):
        return DIRECT
    if target.is_list and target.item is not None and _fits_direct(source, target.item):
        return WRAP
    if source.item is not None and not source.optional:
        if fits(source.item, target).how == "direct":
            return MAP
        if source.item.is_list:
            return Fit("no", sentence("type-nested", target=target, source=source))
    if source.optional and fits(source.required(), target):
        return Fit("no", sentence("type-optional", target=target, source=source))
    return Fit("no", sentence(_mismatch(source, target), target=target, source=source))


def _fits_direct(source: Type, target: Type) -> bool:
    if source.optional and not target.optional and target.name != "Json":
        return False
    if target.is_variable:
        return True
    if target.name == "Json" and not target.is_list:
        return source.is_json
    if source.item is not None or target.item is not None:
        if source.item is None or target.item is None:
            return False
        return target.item.is_variable or _fits_direct(source.item, target.item)
    if source.name == target.name == "Choice":
        return set(source.choices) <= set(target.choices)
    return source.name == target.name or (source.name, target.name) in _WIDER


def _mismatch(source: Type, target: Type) -> str:
    """Which sentence says why: that with a remedy if there is one for these two."""
    name = f"type-{source.name}-{target.name}".lower()
    return name if name in SENTENCES else "type-mismatch"


def unify(source: Type, target: Type, bindings: dict[str, Type]) -> bool:
    """Bind the type variables of ``target`` so that it takes ``source`` whole; False if it cannot.

    A variable that is already bound stays bound if the new source fits it directly, and widens to
    the new source if the old one fits that.
    """
    if target.item is not None:
        inner = source.item if source.item is not None else source
        return unify(inner, target.item, bindings)
    if not target.is_variable:
        return True
    given = source.required() if target.optional else source
    known = bindings.get(target.name)
    if known is None or _fits_direct(known, given):
        bindings[target.name] = given
        return True
    return _fits_direct(given, known)


def substitute(type_: Type, bindings: dict[str, Type]) -> Type:
    """The type with its variables replaced; an unbound variable is Json."""
    if type_.item is not None:
        return replace(type_, item=substitute(type_.item, bindings))
    if not type_.is_variable:
        return type_
    bound = bindings.get(type_.name, JSON)
    return replace(bound, optional=bound.optional or type_.optional)


_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>\$?[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign>[\[\],|]))'
)


def parse_type(text: str) -> Type:
    """The type that a text form stands for; ``ValueError`` if it is none."""
    tokens: list[str] = []
    at = 0
    if len(text) > MAX_TEXT:
        raise ValueError("a text of this length is no type")
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no type")
        tokens.append(match.group().strip())
        at = match.end()
    type_ = _parse(tokens, text)
    if tokens:
        raise ValueError(f"{text!r} is no type: {tokens[0]!r} is left over")
    return type_


def _parse(tokens: list[str], text: str) -> Type:
    if not tokens or tokens[0] in (*"[],|", "None") or tokens[0].startswith('"'):
        raise ValueError(f"{text!r} is no type")
    name = tokens.pop(0)
    type_ = Type(name)
    if name in ("list", "Choice") and tokens[:1] != ["["]:
        raise ValueError(f"{text!r} is no type: {name} says of what in [ ]")
    if tokens[:1] == ["["]:
        tokens.pop(0)
        if name == "list":
            type_ = list_of(_parse(tokens, text))
        elif name == "Choice":
            type_ = Type(name, choices=_parse_choices(tokens, text))
        if tokens[:1] != ["]"] or name not in ("list", "Choice"):
            raise ValueError(f"{text!r} is no type")
        tokens.pop(0)
    if tokens[:2] == ["|", "None"]:
        del tokens[:2]
        type_ = replace(type_, optional=True)
    return type_


def _parse_choices(tokens: list[str], text: str) -> tuple[str, ...]:
    choices: list[str] = []
    while True:
        if not tokens or not tokens[0].startswith('"'):
            raise ValueError(f"{text!r} is no type: choices are texts in quotes")
        try:
            choices.append(json.loads(tokens.pop(0)))
        except ValueError:
            raise ValueError(f"{text!r} is no type: a choice is no JSON text") from None
        if tokens[:1] != [","]:
            break
        tokens.pop(0)
    if len(set(choices)) < len(choices):
        raise ValueError(f"{text!r} is no type: a choice stands in it twice")
    return tuple(choices)
