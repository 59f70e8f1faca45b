"""Python annotations read as port types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Field

from musegraph.errors import InvalidNode
from musegraph.values import Media, Named, Type, list_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

ADVANCED = Field(json_schema_extra={"advanced": True})
"""Marks an input that is rarely set: ``Annotated[int, Field(ge=0), ADVANCED]``."""

_PLAIN: dict[Any, str] = {
    str: "Text",
    int: "Integer",
    float: "Number",
    bool: "Boolean",
    dict: "Json",
    Any: "Json",
    object: "Json",
}


def type_of(annotation: Any) -> Type:
    """The port type of an annotation; :class:`InvalidNode` says what cannot be a port."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for mark in annotation.__metadata__:
            if isinstance(mark, Named):
                return Type(mark.name)
        return type_of(args[0])
    if origin in (Union, UnionType):
        return _optional(annotation, args)
    if origin is Literal:
        if all(isinstance(choice, str) for choice in args):
            return Type("Choice", choices=args)
        raise InvalidNode(f"{annotation} is no menu: its choices have to be texts")
    if origin in (list, Sequence):
        return list_of(type_of(args[0]))
    if isinstance(annotation, TypeVar):
        return Type("$" + annotation.__name__)
    return _plain(dict if origin is dict else annotation)


def _plain(annotation: Any) -> Type:
    if annotation is list:
        raise InvalidNode("a bare list says nothing of its items; write list[…] or Json")
    if annotation in _PLAIN:
        return Type(_PLAIN[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Media):
        return Type(annotation.type_name())
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Type(annotation.__name__)
    raise InvalidNode(
        f"{annotation!r} cannot travel on an edge; use JSON types, a Media class or a Reference"
    )


def _optional(annotation: Any, args: tuple[Any, ...]) -> Type:
    rest = [arg for arg in args if arg is not NoneType]
    if len(rest) != 1 or len(rest) == len(args):
        raise InvalidNode(f"{annotation} is no port: only 'T | None' may be a union")
    inner = type_of(rest[0])
    return Type(inner.name, inner.item, True, inner.choices)


def bare(annotation: Any) -> Any:
    """The annotation without its ``Annotated`` marks and its outermost ``| None``."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not NoneType]
        return bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def is_advanced(annotation: Any) -> bool:
    """Whether its author marked an input as rarely set; :class:`InvalidNode` if not with a bool."""
    for mark in getattr(annotation, "__metadata__", ()):
        extra = getattr(mark, "json_schema_extra", None)
        if isinstance(extra, dict) and "advanced" in extra:
            told = extra["advanced"]
            if isinstance(told, bool):
                return told
            raise InvalidNode(f"'advanced' is {told!r}; mark what is rarely set with True")
    # ``Annotated[T, …] | None`` has its marks one level down.
    if get_origin(annotation) in (Union, UnionType):
        return any(is_advanced(arg) for arg in get_args(annotation))
    return False


class Form:
    """How JSON values are checked against an annotation, and the schema that says so."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Checks JSON values, limits included."""
        from pydantic import ConfigDict, TypeAdapter

        kind = bare(self.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return TypeAdapter(self.annotation)
        return TypeAdapter(
            self.annotation,
            config=ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True),
        )

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema; to be read only, for ports share it."""
        return self.adapter.json_schema()


_FORMS: dict[int, Form] = {}
_MOST_FORMS = 20_000


def form_of(annotation: Any) -> Form:
    """The form of an annotation: one for all ports that have the very same.

    To make one takes a millisecond, and node types that a program makes have thousands of ports
    that are alike. It is known by where the annotation lies in memory, which a form keeps there.
    """
    known = _FORMS.get(id(annotation))
    if known is None:
        if len(_FORMS) >= _MOST_FORMS:
            _FORMS.clear()
        known = _FORMS[id(annotation)] = Form(annotation)
    return known
