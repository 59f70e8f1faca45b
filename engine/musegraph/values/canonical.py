"""JSON text that is the same for equal values (RFC 8785), and digests of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring as _quote  # C speed, escapes exactly as RFC 8785 does
from pathlib import Path
from typing import Any, NoReturn

from blake3 import blake3

from musegraph.errors import UnreadableWorkflow

Json = Any
"""What JSON can say: None, bool, int, float, str, lists and dicts of these."""

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 200
_DIGEST = re.compile(r"blake3:[0-9a-f]{64}")
_HALF = "the text holds half a surrogate pair, no character"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
ORDERED = ("inputs", "outputs", "nodes")
"""The members of a workflow document whose written order is kept."""


def digest(tag: str, *parts: str) -> str:
    """``blake3:…`` of a tagged tuple of strings; no two different tuples share an encoding."""
    text = tag + "".join([f"\0{len(part)}:{part}" for part in parts])
    return "blake3:" + blake3(text.encode()).hexdigest()


_PIECE = 1 << 22
"""Bytes of a file that are in memory at once while it is hashed."""

INLINE = 96
"""Characters of canonical JSON up to which a value's identity is that text itself."""


def json_identity(value: Json) -> str:
    """What a JSON value is: ``json:`` and its canonical text, or the digest of a long one.

    Short values stay readable in keys and records, and cost no hashing.
    """
    if type(value) is float:
        return "json:" + number_text(value)
    text = canonical(value)
    return "json:" + text if len(text) <= INLINE else digest("json", text)


def is_identity(text: str) -> bool:
    """Whether a text may name a stored result: a digest, or a short JSON value itself."""
    if not text.startswith("json:"):
        return is_digest(text)
    try:
        return json_identity(parse(text[5:])) == text
    except (ValueError, UnreadableWorkflow):
        return False


def is_digest(text: str) -> bool:
    """Whether a text is a digest and nothing else; only such a text may become a path."""
    return _DIGEST.fullmatch(text) is not None


def digests_in(text: str) -> frozenset[str]:
    """Every digest that stands in a text."""
    return frozenset(_DIGEST.findall(text))


def key_digest(recipe: str) -> str:
    """``blake3:…`` of a text that nothing else is written as: the key of a step."""
    return "blake3:" + blake3(recipe.encode()).hexdigest()


def digest_of_buffers(buffers: Iterable[Any]) -> str:
    """``blake3:…`` of bytes given in pieces: the content digest of what they make together."""
    hasher = blake3()
    for buffer in buffers:
        hasher.update(buffer)
    return "blake3:" + hasher.hexdigest()


def digest_of_file(path: Path) -> str:
    """``blake3:…`` of the content of a file, read in pieces; raises :class:`OSError`."""
    with path.open("rb") as file:
        return digest_of_buffers(iter(lambda: file.read(_PIECE), b""))


def canonical(value: Json) -> str:
    """The RFC 8785 text of a JSON value; ``ValueError`` says what JSON cannot hold."""
    if value is None or isinstance(value, (str, int, float)):
        return scalar_text(value)
    parts: list[str] = []
    _write(value, parts.append, None, 0)
    return "".join(parts)


def pretty(document: dict[str, Any]) -> str:
    """A workflow document as text: canonical numbers, strings and key order, indented by two.

    The members of ``inputs``, ``outputs`` and ``nodes``, in the document and in each of its
    ``graphs``, stay in their written order, because people read them in that order.
    """
    parts: list[str] = []
    _write(document, parts.append, "", 0, ("document",))
    parts.append("\n")
    return "".join(parts)


def parse(text: str) -> Json:
    """JSON text to a value; refuses duplicate keys, NaN, huge integers and endless nesting."""
    try:
        value = _load(text)
    except RecursionError:
        raise UnreadableWorkflow("the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableWorkflow(f"this is no JSON: {error.msg.lower()} at {where}") from None
    if not text.isascii() or _SURROGATE.search(text):
        try:
            text.encode()
            if _SURROGATE.search(text):
                canonical(value)
        except UnicodeEncodeError:
            raise UnreadableWorkflow(_HALF) from None
        except ValueError as error:
            raise UnreadableWorkflow(str(error)) from None
    _check_depth(value)
    return value


def _load(text: str) -> Json:
    if _is_plain(text):
        count = _Keys()
        value = json.loads(text, object_hook=count, parse_constant=_no_constant)
        if count.keys == text.count('":'):
            return value
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_no_constant,
        parse_int=_integer,
        parse_float=_number,
    )


class _Keys:
    """Counts the members of all objects: fewer than the text has means that one stood twice."""

    def __init__(self) -> None:
        self.keys = 0

    def __call__(self, made: dict[str, Any]) -> dict[str, Any]:
        self.keys += len(made)
        return made


def _is_plain(text: str) -> bool:
    """Whether the quick way of reading suits: no number that needs a look, keys easy to count.

    A key ends in ``":``. Only inside a string can these two stand elsewhere, and then the count
    comes out too high, never too low, as long as no white space stands before a colon.
    """
    if any(pair in text for pair in (" :", "\n:", "\t:", "\r:")):
        return False
    signs = text.encode("utf-8", "surrogatepass").translate(_SIGNS)
    return not (b"0" * 16 in signs or b"0e0" in signs or b"0e+0" in signs)


def _signs() -> bytes:
    """Digits as 0, both letters of an exponent as e, both signs as +, all else as a blank."""
    table = bytearray(b" " * 256)
    for letters, sign in ((b"0123456789", b"0"), (b"eE", b"e"), (b"+-", b"+")):
        for letter in letters:
            table[letter] = sign[0]
    return bytes(table)


_SIGNS = _signs()


def number_text(value: float) -> str:
    """A finite double as ECMAScript prints it (RFC 8785 §3.2.2.3)."""
    text = float.__repr__(value)
    if "e" not in text and "n" not in text:  # Python and ECMAScript differ in exponents alone
        return text if text[-2:] != ".0" else text[:-2] if value else "0"
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{value} is not a JSON number")
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent_text or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    exponent = point - 1
    head = digits[0] + ("." + digits[1:] if count > 1 else "")
    return f"{sign}{head}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def scalar_text(value: Json) -> str:
    """The canonical text of a value that is neither list nor dict."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"{_short(value)} is beyond ±(2^53 − 1), where JSON is exact")
        return str(int(value))
    if isinstance(value, float):
        return number_text(value)
    raise ValueError(f"a {type(value).__name__} is not JSON")


def copied(value: Json) -> Json:
    """A copy of a JSON value that shares nothing with it; refuses what :func:`parse` refuses."""
    try:
        return _copied(value, 0)
    except ValueError as error:
        raise UnreadableWorkflow(f"this is no JSON: {error}") from None


def _copied(value: Json, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise ValueError(f"the value is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is not text")
            _string(key)
        return {key: _copied(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(inner, depth + 1) for inner in value]
    scalar_text(value)
    return value


def _string(value: str) -> str:
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(_HALF) from None
    return _quote(value)


def _write(
    value: Json, put: Any, indent: str | None, depth: int, at: tuple[str, ...] | None = None
) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"the value is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        _write_object(value, put, indent, depth, at)
    elif isinstance(value, (list, tuple)):
        _write_array(value, put, indent, depth)
    else:
        put(scalar_text(value))


def _write_array(value: Any, put: Any, indent: str | None, depth: int) -> None:
    if not value:
        put("[]")
        return
    inner = None if indent is None else indent + "  "
    flat = inner is None or not any(isinstance(item, (dict, list, tuple)) for item in value)
    separator = ("," if inner is None else ", ") if flat else ",\n" + str(inner)
    put("[" if flat else "[\n" + str(inner))
    for index, item in enumerate(value):
        if index:
            put(separator)
        _write(item, put, inner, depth + 1)
    put("]" if flat else f"\n{indent}]")


def _write_object(
    value: dict[str, Any], put: Any, indent: str | None, depth: int, at: tuple[str, ...] | None
) -> None:
    if not value:
        put("{}")
        return
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r} is not text")
    keys = list(value) if at == ("ordered",) else _sorted(value)
    inner = None if indent is None else indent + "  "
    put("{" if inner is None else "{\n" + inner)
    for index, key in enumerate(keys):
        if index:
            put("," if inner is None else ",\n" + inner)
        put(_string(key))
        put(":" if inner is None else ": ")
        _write(value[key], put, inner, depth + 1, _place(at, key))
    put("}" if inner is None else f"\n{indent}}}")


def _place(at: tuple[str, ...] | None, key: str) -> tuple[str, ...] | None:
    """Which part of a workflow document a member is, as far as key order depends on it."""
    if at == ("document",):
        if key in ORDERED:
            return ("ordered",)
        if key == "graphs":
            return ("graphs",)
    elif at == ("graphs",):
        return ("document",)
    return None


def _sorted(keys: Iterable[str]) -> list[str]:
    """Keys by their UTF-16 code units; half a surrogate pair is refused when it is written."""
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise UnreadableWorkflow(
                    f"the key {key!r} stands twice in one object; remove one of them"
                )
            seen.add(key)
    return made


def _no_constant(name: str) -> NoReturn:
    raise UnreadableWorkflow(f"{name} is not a JSON number")


def _integer(text: str) -> int | float:
    if len(text) <= 17 and abs(int(text)) <= MAX_INTEGER:
        return int(text)
    if len(text) <= 22 and number_text(float(text)) == text:
        return float(text)  # RFC 8785 writes doubles up to 1e21 without an exponent
    raise UnreadableWorkflow(
        f"the integer {text[:24]}{'…' if len(text) > 24 else ''} is beyond ±(2^53 − 1)"
    )


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise UnreadableWorkflow(f"the number {text[:24]} is beyond the range of a double")
    return value


def _check_depth(value: Json) -> None:
    """Refuse a value that is nested more than :data:`MAX_DEPTH` deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    if any(level):
        raise UnreadableWorkflow(f"the JSON is nested more than {MAX_DEPTH} deep")


def _short(value: int) -> str:
    return str(value) if abs(value) < 10**24 else "an integer of this size"
