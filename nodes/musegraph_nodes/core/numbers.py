"""Numbers: constants, arithmetic, rounding, comparison, and to and from text."""

import math
from typing import Annotated, Literal

from pydantic import Field

from musegraph import Integer, NodeError, Number, Seed, Text, node

from .arithmetic import evaluate

MAX_INTEGER = 2**53 - 1


@node(version="1")
def integer(value: Integer = 0) -> Integer:
    """Give an integer to several nodes."""
    return value


@node(version="1")
def number(value: Number = 0.0) -> Number:
    """Give a number to several nodes."""
    return value


@node(version="1")
def boolean(value: bool = False) -> bool:
    """Give a yes or no to several nodes."""
    return value


@node(version="1")
def seed(value: Seed = 0) -> Seed:
    """Give a seed to several nodes."""
    return value


@node(version="1")
def calculate(
    expression: Annotated[
        str, Field(max_length=500, description="For example (a + b) / 2, or max(a, 3) ** 2.")
    ] = "a + b",
    a: Number = 0.0,
    b: Number = 0.0,
    c: Number = 0.0,
) -> Number:
    """Work out an expression of a, b and c: + - * / // % **, min, max, sqrt, sin, pi and so on."""
    return evaluate(expression, {"a": float(a), "b": float(b), "c": float(c)})


@node(id="round", version="1")
def rounded(
    number: Number,
    direction: Annotated[
        Literal["nearest", "down", "up"], Field(description="Nearest takes halves up.")
    ] = "nearest",
    multiple_of: Annotated[
        int, Field(ge=1, le=1_000_000, description="8 or 64 suits the sizes of pictures.")
    ] = 1,
) -> Integer:
    """Make an integer of a number, on request a multiple of another: floor(x / m + 1/2) · m."""
    share = number / multiple_of
    turned = {"nearest": share + 0.5, "down": share, "up": -share}[direction]
    whole = math.floor(turned) * multiple_of
    result = -whole if direction == "up" else whole
    if abs(result) > MAX_INTEGER:
        raise NodeError(f"{number} is too large for an integer, which ends at ±(2^53 − 1)")
    return result


@node(version="1")
def compare(
    a: Number,
    b: Number,
    how: Literal["less", "at most", "equal", "not equal", "at least", "greater"] = "greater",
    tolerance: Annotated[float, Field(ge=0, description="How far apart equals may be.")] = 0.0,
) -> bool:
    """Say whether a is less than, equal to or greater than b."""
    equal = abs(a - b) <= tolerance
    return {
        "less": a < b and not equal,
        "at most": a < b or equal,
        "equal": equal,
        "not equal": not equal,
        "at least": a > b or equal,
        "greater": a > b and not equal,
    }[how]


@node(version="1")
def logic(a: bool, b: bool, how: Literal["and", "or", "either"] = "and") -> bool:
    """Join two answers: both of them, at least one, or exactly one."""
    return {"and": a and b, "or": a or b, "either": a != b}[how]


@node(id="not", version="1")
def negate(value: bool) -> bool:
    """Turn yes into no and no into yes."""
    return not value


@node(version="1")
def to_text(
    number: Number,
    decimals: Annotated[
        int, Field(ge=-1, le=15, description="Digits after the point; -1 for as many as needed.")
    ] = -1,
    before: Annotated[str, Field(description="What stands before the number.")] = "",
    after: Annotated[str, Field(description="What stands after it.")] = "",
) -> Text:
    """Write a number as text."""
    if decimals >= 0:
        figure = f"{number:.{decimals}f}"
    elif float(number).is_integer() and abs(number) <= MAX_INTEGER:
        figure = str(int(number))
    else:
        figure = repr(float(number))
    return before + figure + after


@node(version="1")
def to_number(text: Text) -> Number:
    """Read a number from a text such as 3, -0.5 or 1e3."""
    try:
        value = float(text.strip().replace("−", "-"))
    except ValueError:
        hint = "; write the decimal point as a point" if "," in text else ""
        raise NodeError(f"{text[:60]!r} is no number{hint}") from None
    if not math.isfinite(value):
        raise NodeError(f"{text[:60]!r} is no finite number")
    return value
