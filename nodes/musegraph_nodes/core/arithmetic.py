"""Arithmetic on named numbers, read as a Python expression of which only a few forms are known.

Every operand is a float, so that no power can grow without end.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping

from musegraph import NodeError

_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
# Name: the function, and how few and how many numbers it takes.
_FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {
    "min": (min, 1, 100),
    "max": (max, 1, 100),
    "abs": (abs, 1, 1),
    "round": (lambda x, digits=0.0: round(x, int(digits)), 1, 2),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "clamp": (lambda x, low, high: max(low, min(x, high)), 3, 3),
    "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1),
    "log": (math.log, 1, 2),
    "log2": (math.log2, 1, 1),
    "log10": (math.log10, 1, 1),
    "sin": (math.sin, 1, 1),
    "cos": (math.cos, 1, 1),
    "tan": (math.tan, 1, 1),
    "atan2": (math.atan2, 2, 2),
    "hypot": (math.hypot, 1, 100),
}
_CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}


def evaluate(expression: str, names: Mapping[str, float]) -> float:
    """The value of an expression; :class:`NodeError` says in words what is wrong with it."""
    try:
        tree = ast.parse(expression.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise NodeError(f"{expression!r} is no expression; write for example (a + b) / 2") from None
    try:
        value = _value(tree, {**_CONSTANTS, **names})
    except ZeroDivisionError:
        raise NodeError(f"{expression!r} divides by zero") from None
    except OverflowError:
        raise NodeError(f"{expression!r} gives a number that is too large") from None
    except RecursionError:
        raise NodeError(f"{expression!r} is nested too deeply") from None
    if not math.isfinite(value):
        raise NodeError(f"{expression!r} gives no finite number")
    return value


def _value(tree: ast.AST, names: Mapping[str, float]) -> float:
    if isinstance(tree, ast.Constant):
        return _constant(tree.value)
    if isinstance(tree, ast.Name):
        if tree.id in names:
            return names[tree.id]
        hint = "; it is a function, write " + tree.id + "(…)" if tree.id in _FUNCTIONS else ""
        raise NodeError(f"{tree.id!r} is not known here; there are {', '.join(names)}{hint}")
    if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        left, right = _value(tree.left, names), _value(tree.right, names)
        return _real(_OPERATORS[type(tree.op)](left, right))
    if isinstance(tree, ast.UnaryOp) and type(tree.op) in _OPERATORS:
        return _OPERATORS[type(tree.op)](_value(tree.operand, names))
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        return _call(tree.func.id, [_value(item, names) for item in tree.args])
    raise NodeError(f"{ast.unparse(tree)[:60]!r} is not arithmetic; use numbers, + - * / and so on")


def _constant(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NodeError(f"{value!r} is not a number; use numbers, a, b and c")
    return float(value)


def _call(name: str, arguments: list[float]) -> float:
    if name not in _FUNCTIONS:
        raise NodeError(f"there is no function {name!r}; there are {', '.join(_FUNCTIONS)}")
    function, fewest, most = _FUNCTIONS[name]
    if not fewest <= len(arguments) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise NodeError(f"{name} takes {wanted} numbers, and is given {len(arguments)}")
    try:
        return float(function(*arguments))
    except ValueError:
        given = ", ".join(f"{argument:g}" for argument in arguments)
        raise NodeError(f"{name}({given}) has no value among the real numbers") from None


def _real(value: float | complex) -> float:
    if isinstance(value, complex):
        raise NodeError("a root of a negative number is no real number")
    return value
