"""Turning a typed function into a node type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    ParamSpec,
    TypeVar,
    get_origin,
    get_type_hints,
    overload,
)

from musegraph.annotations import form_of, is_advanced, type_of
from musegraph.errors import InvalidNode
from musegraph.fused import Fused
from musegraph.node_context import Context
from musegraph.values import Type
from musegraph.values.types import SCALARS

if TYPE_CHECKING:
    from pydantic import TypeAdapter


P = ParamSpec("P")
R = TypeVar("R")
Uses = Literal["cpu", "device", "network"]
REQUIRED: Final[Any] = inspect.Parameter.empty
_SIMPLE = SCALARS - {"Json", "Sigmas", "Guider", "Noise"}


@dataclass(frozen=True)
class Port:
    """One input or output, as its annotation describes it."""

    name: str
    annotation: Any
    type: Type
    default: Any = REQUIRED

    @cached_property
    def generic(self) -> bool:
        """Whether the type is, or holds, a variable."""
        return "$" in str(self.type)

    @property
    def required(self) -> bool:
        return self.default is REQUIRED and not self.type.optional

    @cached_property
    def plain(self) -> Any:
        """``str``, ``bool``, ``int`` or ``float`` if the port takes any such value and no other."""
        return self.annotation if self.annotation in (str, bool, int, float) else None

    def takes_as_it_is(self, value: Any) -> bool:
        """Whether a value needs no checking: of just the type that the port takes, and finite."""
        plain = self.plain
        return type(value) is plain and (plain is not float or value - value == 0)

    @cached_property
    def constant(self) -> bool:
        """Whether what a scalar means here depends on nothing else: neither links nor files."""
        return not self.generic and (self.type.item or self.type).is_json

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What the planner has found out about values at this port; it may be emptied."""
        return {}

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Checks JSON values against the annotation, limits included."""
        return form_of(self.annotation).adapter

    @cached_property
    def advanced(self) -> bool:
        """Whether the author marked it, with ``{"advanced": True}``, as rarely set."""
        return is_advanced(self.annotation)

    @cached_property
    def help(self) -> str:
        """What the author says of this port."""
        for mark in getattr(self.annotation, "__metadata__", ()):
            if text := getattr(mark, "description", None):
                return str(text)
        return ""

    def schema(self) -> dict[str, Any]:
        """The JSON that a form draws this port from."""
        made: dict[str, Any] = {"type": str(self.type)}
        base = self.type.item or self.type
        if base.is_json and not base.is_variable:
            made["schema"] = dict(form_of(self.annotation).schema)
        elif help_ := self.help:
            made["schema"] = {"description": help_}
        if self.advanced:  # also of what is no JSON, whose form says nothing of itself
            made["schema"] = made.get("schema", {}) | {"advanced": True}
        if self.default is not REQUIRED:
            from musegraph.values.codec import to_json

            made["default"] = to_json(self.default)
        made["required"] = self.required
        return made


@dataclass(frozen=True)
class NodeType:
    """A node type, read off a function. ``id`` and ``version`` are completed by its pack."""

    id: str
    version: str | None
    function: Callable[..., Any]
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    context: str | None
    single: bool
    cache: bool = True
    numeric: bool = False
    uses: Uses = "cpu"
    title: str = ""
    libraries: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    frugal: str = ""
    group: str = ""
    """The heading that it stands under; without one, the title of its pack."""
    generated: bool = False
    """Whether it is one of many that a program made: in a search it comes after the others."""
    fused: Fused | None = None

    @property
    def pack(self) -> str:
        return self.id.partition(".")[0]

    @cached_property
    def text(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def heading(self) -> str:
        """What it is called: its title, or else its name as people write it."""
        return self.title or self.id.partition(".")[2].replace("_", " ").capitalize()

    @cached_property
    def sorted_inputs(self) -> tuple[str, ...]:
        """The names of the inputs in the order in which a key takes them."""
        return tuple(sorted(self.inputs))

    @cached_property
    def model_ports(self) -> tuple[str, ...]:
        """The inputs that name a model source, which count by the digest of its files."""
        kinds = ((name, port.type.item or port.type) for name, port in self.inputs.items())
        return tuple(name for name, kind in kinds if kind.name == "ModelSource")

    @cached_property
    def output_types(self) -> Mapping[str, Type]:
        """The types of the outputs, by name, as they are declared."""
        return {name: port.type for name, port in self.outputs.items()}

    @cached_property
    def simple(self) -> bool:
        """Whether all that goes in is text, numbers and truths, which nobody can change."""
        return all(port.type.name in _SIMPLE for port in self.inputs.values())

    @cached_property
    def generic(self) -> bool:
        """Whether some port's type is a variable."""
        return any(port.generic for port in (*self.inputs.values(), *self.outputs.values()))

    @cached_property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)

    def schema(self) -> dict[str, Any]:
        """The JSON that canvas, catalogue and command line describe this node from."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.heading,
            "text": self.text,
            "cache": self.cache,
            "group": self.group,
            "generated": self.generated,
            "inputs": {name: port.schema() for name, port in self.inputs.items()},
            "outputs": {name: {"type": str(p.type)} for name, p in self.outputs.items()},
        }


@overload
def node(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def node(
    *,
    id: str | None = None,
    version: str | None = None,
    cache: bool = True,
    numeric: bool = False,
    uses: Uses = "cpu",
    title: str = "",
    frugal: str = "",
    group: str = "",
    generated: bool = False,
    fused: Fused | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def node(
    function: Callable[..., Any] | None = None,
    /,
    *,
    id: str | None = None,
    version: str | None = None,
    cache: bool = True,
    numeric: bool = False,
    uses: Uses = "cpu",
    title: str = "",
    frugal: str = "",
    group: str = "",
    generated: bool = False,
    fused: Fused | None = None,
) -> Any:
    """Mark a function as a node. It stays an ordinary function, and nothing is registered.

    ``version`` is the author's promise that equal versions compute the same; without it the
    version is the digest of the pack's source files. ``cache=False`` is for nodes that read the
    world. ``numeric=True`` makes the device kind and the versions of the pack's libraries part of
    the key. ``uses`` names the resource that bounds how many run at once. ``frugal`` is for nodes
    that can do with less memory when ``ctx.frugal`` says so, and says how: ``"in tiles"``.
    ``group`` is the heading that it stands under instead of its pack's title; ``generated`` is for
    nodes made by the hundred. ``fused`` says how several calls are made as one.
    """

    def mark(f: Callable[..., Any]) -> Callable[..., Any]:
        read = _read(f, id or f.__name__, version, cache, numeric, uses, title)
        if frugal and read.context is None:
            raise InvalidNode(f"{read.id} is frugal and has no Context to tell it when")
        if fused and (read.context is None or not cache or read.is_async):
            raise InvalidNode(f"{read.id} is fused; let it be cached, no async def, with a Context")
        made = replace(read, frugal=frugal, group=group, generated=generated, fused=fused)
        f.__node__ = made  # type: ignore[attr-defined]
        return f

    return mark(function) if function else mark


def node_type_of(function: Callable[..., Any]) -> NodeType:
    """The description that :func:`node` attached to a function."""
    described = getattr(function, "__node__", None)
    if not isinstance(described, NodeType):
        name = getattr(function, "__qualname__", repr(function))
        raise InvalidNode(f"{name} is no node; put @node above it")
    return described


def _read(
    f: Callable[..., Any],
    id: str,
    version: str | None,
    cache: bool,
    numeric: bool,
    uses: Uses,
    title: str,
) -> NodeType:
    where = f"{f.__module__}.{f.__qualname__}"
    try:
        hints = get_type_hints(f, include_extras=True)
    except Exception as error:  # the annotations are someone else's code
        raise InvalidNode(f"{where}: an annotation cannot be read: {error}") from error
    inputs: dict[str, Port] = {}
    context: str | None = None
    for parameter in inspect.signature(f).parameters.values():
        name = parameter.name
        if name not in hints:
            raise InvalidNode(f"{where}: the parameter {name!r} has no annotation")
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InvalidNode(f"{where}: *{name} is no port; name the inputs, or take a list")
        if hints[name] is Context:
            context = name
        else:
            inputs[name] = _input(where, name, hints[name], parameter.default)
    if "return" not in hints:
        raise InvalidNode(f"{where}: there is no return annotation")
    result = hints["return"]
    record = get_origin(result) or result  # a NamedTuple may be generic
    single = not hasattr(record, "_fields")
    returns = {"out": result} if single else get_type_hints(record, include_extras=True)
    outputs = {name: _port(where, name, hint) for name, hint in returns.items()}
    return NodeType(id, version, f, inputs, outputs, context, single, cache, numeric, uses, title)


def _input(where: str, name: str, hint: Any, default: Any) -> Port:
    port = _port(where, name, hint, default)
    try:
        advanced = port.advanced
    except InvalidNode as error:
        raise InvalidNode(f"{where}: port {name!r}: {error}") from None
    if advanced and port.required:
        raise InvalidNode(
            f"{where}: port {name!r}: an input that has to be set cannot be 'advanced', which the"
            " canvas folds away; give it a default"
        )
    return port


def _port(where: str, name: str, hint: Any, default: Any = REQUIRED) -> Port:
    try:
        made = type_of(hint)
    except InvalidNode as error:
        raise InvalidNode(f"{where}: port {name!r}: {error}") from None
    plain = made.is_json or (made.item or made).is_variable
    if default is not REQUIRED and default is not None and default != [] and not plain:
        raise InvalidNode(
            f"{where}: port {name!r} has a default of type {made}, which no workflow file can hold;"
            f" write '{made.required()} | None = None' and make it inside the function"
        )
    return Port(name, hint, made, default)
