"""JSON: fields read and written by path, text read as JSON, JSON told apart by kind.

A path is a JSON Pointer (RFC 6901): ``/scenes/0/title``; ``~1`` is a slash inside a name, ``~0`` a
tilde, and the empty path is the whole value.
"""

import json
import math
from typing import Annotated, Any

from pydantic import Field

from musegraph import Json, NodeError, Number, Text, node

from .strings import LongText, written

Path = Annotated[
    str, Field(pattern=r"^(/.*)?$", description="Such as /scenes/0/title; empty for everything.")
]


@node(version="1")
def get(value: Json, path: Path = "") -> Json:
    """Read the field of a JSON value that stands at a path (JSON Pointer, RFC 6901)."""
    found = value
    for name in _names(path):
        found = _step(found, name, path)
    return found


@node(version="1")
def put(
    field: Annotated[Json, Field(description="What is written there.")],
    path: Path,
    value: Annotated[Json, Field(description="The object or list that it is written into.")] = None,
) -> Json:
    """Write a field of a JSON value at a path (JSON Pointer), making the objects on the way."""
    return _with(value, _names(path), field, path)


@node(version="1")
def json_text(value: Json) -> Text:
    """Write a JSON value as text; a text stays as it is."""
    return written(value)


@node(version="1")
def json_number(value: Json) -> Number:
    """Take a JSON value that is a number as a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NodeError(f"{_short(value)} is no number; core.get picks a field of a value")
    return float(value)


@node(version="1")
def json_items(value: Json) -> list[Json]:
    """List the items of a JSON list, so that nodes are called once for each."""
    if not isinstance(value, list):
        raise NodeError(f"{_short(value)} is no list; core.get picks a field of a value")
    return value


@node(version="1")
def parse_json(text: LongText) -> Json:
    """Read a text as JSON."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NodeError(f"the text is no JSON: {error.msg.lower()} at {where}") from None
    except RecursionError:
        raise NodeError("the text is no JSON that can be read: it is nested too deeply") from None


def _refuse(name: str) -> Any:
    raise NodeError(f"the text is no JSON: {name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > 2**53 - 1:
        raise NodeError(f"the integer {digits[:24]} is beyond ±(2^53 − 1); write it as a text")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise NodeError(f"the number {digits[:24]} is beyond the range of a double")
    return value


def _names(path: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in path.split("/")[1:]]


def _step(value: Any, name: str, path: str) -> Any:
    if isinstance(value, dict):
        if name in value:
            return value[name]
        known = ", ".join(repr(key) for key in list(value)[:12]) or "none at all"
        raise NodeError(f"at {path!r} there is no field {name!r}; there are {known}")
    if isinstance(value, list):
        return value[_index(value, name, path)]
    raise NodeError(f"at {path!r}, {name!r} is looked for in {_short(value)}, which has no fields")


def _index(value: list[Any], name: str, path: str) -> int:
    if not (name.isascii() and name.isdigit() and int(name) < len(value)):
        held = f"holds {len(value)}, 0 to {len(value) - 1}" if value else "is empty"
        raise NodeError(f"at {path!r} there is no item {name!r}: the list {held}")
    return int(name)


def _with(value: Any, names: list[str], field: Any, path: str) -> Any:
    if not names:
        return field
    name, rest = names[0], names[1:]
    if value is None:
        value = {}
    if isinstance(value, dict):
        return {**value, name: _with(value.get(name), rest, field, path)}
    if isinstance(value, list):
        if name in ("-", str(len(value))):
            return [*value, _with(None, rest, field, path)]
        at = _index(value, name, path)
        return [*value[:at], _with(value[at], rest, field, path), *value[at + 1 :]]
    raise NodeError(f"at {path!r}, {name!r} cannot be written into {_short(value)}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
