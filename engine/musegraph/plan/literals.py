"""Literals of the document turned into what a port takes, or into a sentence about why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from pydantic import ValidationError

from musegraph.node import Port
from musegraph.sentences import sentence
from musegraph.values import Type, canonical, digest
from musegraph.values.canonical import is_digest
from musegraph.values.codec import identity, identity_of_list
from musegraph.values.types import JSON, list_of

_BY_PYTHON = {str: "Text", bool: "Boolean", int: "Integer", float: "Number"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored file standing at a media port; decoded when the step runs.

    Until it is taken into the store, ``file`` names it beside the document and it has no digest.
    """

    type: str
    digest: str
    name: str
    media: str
    file: str | None = None

    def json(self) -> dict[str, str]:
        """A stored file as a document holds it."""
        return {"asset": self.digest, "name": self.name, "media": self.media}

    @property
    def identity(self) -> str:
        if self.type == "File":
            return digest("asset", self.type, self.digest, self.name, self.media)
        return digest("asset", self.type, self.digest)


class Refused(Exception):
    """A literal does not suit its port; the message says why."""


class Literal(NamedTuple):
    """A converted literal: the value, its identity and type, and if it is mapped over its items.

    Steps share it where they are given the same: see :func:`literal`.
    """

    value: Any
    identity: str
    type: Type
    items: tuple[str, ...] | None = None
    """The identity of each."""


MEMO = 4096
"""Literals remembered for each port."""

SCALARS = frozenset({str, bool, int, float})


def literal(port: Port, value: Any) -> Literal:
    """As :func:`convert`; what a short scalar means at a port is found out once."""
    kind = type(value)
    if kind not in SCALARS or (kind is str and len(value) > MEMO):
        return convert(port, value)
    known = port.memo.get((kind, value))
    if known is None:
        if len(port.memo) > MEMO:
            port.memo.clear()
        known = port.memo[kind, value] = convert(port, value)
    made: Literal = known
    return made


def convert(port: Port, value: Any) -> Literal:
    """What ``value``, as the document has it, means at ``port``; raises :class:`Refused`.

    An array at a port that takes one thing is a list to map over; at Json it is the value.
    """
    type_ = port.type
    if value is None:
        if not type_.optional and type_.name != "Json":
            raise Refused(sentence("value-null"))
        return Literal(None, _identity(None), type_)
    if type_.is_variable or (type_.item is not None and type_.item.is_variable):
        return _generic(type_, value)
    if not (type_.item or type_).is_json:
        return _media(type_, value)
    if isinstance(value, list) and not type_.is_list and type_.name != "Json":
        made = [_convert(port, item, index) for index, item in enumerate(value)]
        ids = tuple(_identity(item) for item in made)
        listed = list_of(type_.required())
        return Literal(made, identity_of_list(list(ids)) or "", listed, ids)
    if type_.is_list and not isinstance(value, list):
        value = [value]
    made_value = _convert(port, value)
    return Literal(made_value, _identity(made_value), type_)


def check(port: Port, value: Any) -> Any:
    """A JSON value that arrived over a link, checked against the port's type and limits."""
    if value is None and port.type.optional:
        return None
    if value == [] and port.type.item is not None and not port.type.is_json:
        return []  # of media, which is JSON only as long as nothing is in it
    return _convert(port, value)


def _convert(port: Port, value: Any, index: int | None = None) -> Any:
    if port.takes_as_it_is(value):
        return value
    name = (port.type.item or port.type).name
    if name in ("Integer", "Seed"):
        value = _whole(value)
    try:
        made = port.adapter.validate_python(value)
    except ValidationError as error:
        said = _sentence(error, value)
        raise Refused(said if index is None else f"item {index + 1} of the list {said}") from None
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    if name == "Json":
        try:
            canonical(made)
        except ValueError as error:
            raise Refused(str(error)) from None
    return made


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value


def _identity(value: Any) -> str:
    try:
        made = identity(value)
    except ValueError as error:
        raise Refused(str(error)) from None
    assert made is not None  # JSON always has one
    return made


def _generic(type_: Type, value: Any) -> Literal:
    """A literal at a port whose type is a variable: its own type is read off the JSON."""
    if type_.item is not None:
        items = value if isinstance(value, list) else [value]
        return Literal(items, _identity(items), _own_type(items))
    return Literal(value, _identity(value), _own_type(value))


def _own_type(value: Any) -> Type:
    if isinstance(value, list):
        kinds = {_own_type(item) for item in value}
        if {kind.name for kind in kinds} == {"Integer", "Number"}:
            kinds = {Type("Number")}
        return list_of(kinds.pop() if len(kinds) == 1 else JSON)
    if isinstance(value, float) and value.is_integer():
        return Type("Integer")
    return Type(_BY_PYTHON.get(type(value), "Json"))


def _media(type_: Type, value: Any) -> Literal:
    base = type_.item or type_
    if isinstance(value, list):
        assets = [_asset(base, item) for item in value]
        ids = tuple(asset.identity for asset in assets)
        whole = identity_of_list(list(ids)) or ""
        return Literal(assets, whole, list_of(base), None if type_.is_list else ids)
    asset = _asset(base, value)
    if type_.is_list:
        whole = identity_of_list([asset.identity]) or ""
        return Literal([asset], whole, type_)
    return Literal(asset, asset.identity, type_)


def _asset(type_: Type, value: Any) -> Asset:
    if (found := asset_of(value)) is not None:
        return replace(found, type=type_.name)
    raise Refused(sentence("value-media", type=type_.name, given=_show(value)))


def asset_of(value: Any) -> Asset | None:
    """The file that a literal names, of no type yet; None if it names none."""
    if not isinstance(value, Mapping):
        return None
    if isinstance(file := value.get("file"), str):
        return Asset("", "", PurePosixPath(file).name, "", file)
    if isinstance(name := value.get("asset"), str) and is_digest(name):
        return Asset("", name, str(value.get("name", "")), str(value.get("media", "")))
    return None


def _sentence(error: ValidationError, value: Any) -> str:
    first = error.errors()[0]
    place = "".join(f"[{part}]" for part in first["loc"] if isinstance(part, int))
    given = _show(first.get("input", value))
    limits = first.get("ctx", {})
    kind = first["type"]
    if kind in _KINDS:
        return sentence(_KINDS[kind], given=f"{given} at {place}" if place else given)
    if kind in _LIMITS:
        name, key = _LIMITS[kind]
        return sentence(name, given=given, limit=limits[key])
    if kind == "literal_error":
        return sentence("value-choice", given=given, choices=limits["expected"])
    message = first["msg"]
    return f"{given} does not suit: {message[:1].lower()}{message[1:]}"


_KINDS = {
    "string_type": "value-text",
    "int_type": "value-whole",
    "int_from_float": "value-whole",
    "float_type": "value-number",
    "bool_type": "value-boolean",
    "finite_number": "value-finite",
    "list_type": "value-list",
}
_LIMITS = {
    "less_than_equal": ("value-at-most", "le"),
    "less_than": ("value-less", "lt"),
    "greater_than_equal": ("value-at-least", "ge"),
    "greater_than": ("value-more", "gt"),
    "multiple_of": ("value-multiple", "multiple_of"),
}


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
