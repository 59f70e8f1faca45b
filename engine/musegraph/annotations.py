"""Python annotations read as port types."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from musegraph.errors import InvalidNode
from musegraph.values import Media, Named, Type, list_of

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
