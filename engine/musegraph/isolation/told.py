"""Node types made of what a pack in another process tells of them; none of its code is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import Field

from musegraph.errors import InvalidNode, NodeError
from musegraph.migration import Migration
from musegraph.node import REQUIRED, NodeType, Port
from musegraph.values import Json, ModelSource, Seed, Type, media_types, parse_type
from musegraph.values.references import ControlNet, Model, TextEncoder, Vae, Vision

CONTEXT = "context of the call"
"""The name under which a call is given its context: no parameter can be called so."""

_PLAIN: dict[str, Any] = {
    "Text": str, "Integer": int, "Number": float, "Boolean": bool, "Json": Json, "Seed": Seed,
    "ModelSource": ModelSource,
}  # fmt: skip
_REFERENCES = {one.__name__: one for one in (Model, TextEncoder, Vae, ControlNet, Vision)}
_LIMITS = {
    "minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of", "minLength": "min_length", "maxLength": "max_length",
    "minItems": "min_length", "maxItems": "max_length", "pattern": "pattern",
}  # fmt: skip
"""What a schema calls the limits, and how an annotation says them."""


Change = Callable[[int, str, str, Any], Any]
"""``change(at, part, name, value)``: what a function of the migration there makes of a value."""


@dataclass(frozen=True)
class ToldPort(Port):
    """A port with the schema that its own process made of it."""

    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def help(self) -> str:
        return str(self.told.get("schema", {}).get("description", ""))

    @property
    def advanced(self) -> bool:
        return bool(self.told.get("schema", {}).get("advanced"))

    def schema(self) -> dict[str, Any]:
        return (
            {**self.told, "schema": dict(self.told["schema"])}
            if "schema" in self.told
            else {**self.told}
        )


def node_type(facts: Mapping[str, Any], call: Callable[..., Any]) -> NodeType:
    """The node type that facts from :func:`musegraph.workers.isolated.facts_of` describe."""
    told = facts["schema"]
    return NodeType(
        id=str(told["id"]),
        version=str(told["version"]),
        function=call,
        inputs={name: _input(told["id"], name, one) for name, one in told["inputs"].items()},
        outputs={name: _output(told["id"], name, one) for name, one in told["outputs"].items()},
        context=CONTEXT,
        single=bool(facts["single"]),
        cache=bool(told["cache"]),
        numeric=bool(facts["numeric"]),
        uses=facts["uses"],
        title=str(told["title"]),
        frugal=str(facts["frugal"]),
        group=str(told["group"]),
        generated=bool(told["generated"]),
    )


def migrations_of(told: Sequence[Mapping[str, Any]], change: Change) -> Iterator[Migration]:
    """The migrations of a pack; the functions in them are called where the pack is."""
    for at, one in enumerate(told):
        yield Migration(
            to=str(one["to"]),
            node=str(one["node"]),
            dropped=tuple(map(str, one["dropped"])),
            renamed=_names(one["renamed"]),
            split={name: _whole(change, at, name) for name in map(str, one["split"])},
            changed={name: partial(change, at, "changed", name) for name in one["changed"]},
            values=dict(one["values"]),
            outputs=_names(one["outputs"]),
            becomes=str(one["becomes"]),
        )


def _names(told: Mapping[Any, Any]) -> dict[str, str]:
    return {str(old): str(new) for old, new in told.items()}


def _whole(change: Change, at: int, name: str) -> Callable[[Any], Mapping[str, Any]]:
    def split(value: Any) -> Mapping[str, Any]:
        made = change(at, "split", name, value)
        if not isinstance(made, dict):
            raise NodeError(f"its migration gives {type(made).__name__}, and no values by name")
        return made

    return split


def _input(id: str, name: str, told: Mapping[str, Any]) -> Port:
    type_ = parse_type(told["type"])
    annotation = _annotation(id, name, type_, told.get("schema", {}))
    return ToldPort(name, annotation, type_, told.get("default", REQUIRED), told)


def _output(id: str, name: str, told: Mapping[str, Any]) -> Port:
    type_ = parse_type(told["type"])
    return Port(name, _annotation(id, name, type_, {}), type_)


def _annotation(id: str, name: str, type_: Type, schema: Mapping[str, Any]) -> Any:
    """An annotation that takes what the one in the other process takes, limits included."""
    schema = _without_none(schema)
    base = _base(id, name, type_, schema)
    limits = {ours: schema[key] for key, ours in _LIMITS.items() if key in schema}
    if limits and type_.name != "Seed":
        base = Annotated[base, Field(**limits)]
    return base | None if type_.optional else base


def _without_none(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a port beside which None may stand, as that of the port alone."""
    either = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**schema, **either[0]} if len(either) == 1 else schema


def _base(id: str, name: str, type_: Type, schema: Mapping[str, Any]) -> Any:
    if type_.item is not None:
        inner: Any = _annotation(id, name, type_.item, schema.get("items", {}))
        return list[inner]
    if type_.choices:
        return cast(Any, Literal)[type_.choices]
    if type_.is_variable:
        return TypeVar(type_.name[1:])
    found = _PLAIN.get(type_.name) or _REFERENCES.get(type_.name) or media_types().get(type_.name)
    if type_.name == "Json":
        return Json
    if found is None:
        raise InvalidNode(
            f"{id}: port {name!r} is of the type {type_.name}, which only its own process knows; a "
            "pack that is isolated speaks in the types of Musegraph"
        )
    return found
