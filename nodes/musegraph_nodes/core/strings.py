"""Texts: joined, filled in, compared."""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field

from musegraph import Json, NodeError, Text, node

LongText = Annotated[Text, Field(json_schema_extra={"multiline": True})]
"""A text that is drawn as a field of several lines."""

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@node(version="1")
def text(text: LongText = "") -> Text:
    """Give a text to several nodes."""
    return text


@node(version="1")
def join(
    texts: Annotated[list[str], Field(description="The texts, in their order.")],
    separator: Annotated[str, Field(description="What stands between two texts.")] = " ",
    skip_empty: Annotated[bool, Field(description="Leave out texts that hold nothing.")] = True,
) -> Text:
    """Join texts into one."""
    kept = [text for text in texts if text.strip()] if skip_empty else texts
    return separator.join(kept)


@node(version="1")
def template(
    text: Annotated[LongText, Field(description="A text with {name} where a value goes.")],
    values: Annotated[Json, Field(description="The values by name.")],
) -> Text:
    """Fill the {names} of a text with the values of a JSON object; {{ and }} give plain braces."""
    if not isinstance(values, dict):
        raise NodeError('the values have to be an object such as {"place": "harbour"}')

    def fill(match: re.Match[str]) -> str:
        whole, name = match.group(), (match.group(1) or "").strip()
        if whole in ("{{", "}}"):
            return whole[0]
        if match.group(1) is None:
            raise NodeError(
                f"a {whole} stands alone in the text; write {whole * 2} for a plain one"
            )
        if name not in values:
            known = ", ".join(map(str, values)) or "none at all"
            raise NodeError(f"no value is named {name!r}; there are {known}")
        return written(values[name])

    return _PLACEHOLDER.sub(fill, text)


@node(version="1")
def replace(
    text: LongText,
    find: Annotated[str, Field(min_length=1, description="What is looked for, letter by letter.")],
    by: Annotated[str, Field(description="What stands in its place.")] = "",
) -> Text:
    """Replace every place where some letters stand in a text."""
    return text.replace(find, by)


@node(version="1")
def compare_texts(
    a: Text,
    b: Text,
    how: Literal["equal", "contains", "starts with", "ends with"] = "equal",
    ignore_case: Annotated[bool, Field(description="A is the same as a.")] = False,
) -> bool:
    """Say whether text a equals, contains, starts with or ends with text b."""
    if ignore_case:
        a, b = a.casefold(), b.casefold()
    return {
        "equal": a == b,
        "contains": b in a,
        "starts with": a.startswith(b),
        "ends with": a.endswith(b),
    }[how]


def written(value: Any) -> str:
    """A JSON value as it stands in a text: texts bare, the same text for equal values."""
    if isinstance(value, str):
        return value
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)


def _plain(value: Any) -> Any:
    """Whole numbers without a point, and references as the objects they are."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value
