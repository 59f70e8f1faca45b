"""What a node gives, held against what its ports promise; and that it wrote into no input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from musegraph.errors import MusegraphError
from musegraph.node import NodeType
from musegraph.node_context import UNSET
from musegraph.plan.literals import Refused, check
from musegraph.values import Media, Type
from musegraph.values.codec import tensors_of


def outputs_of(kind: NodeType, made: Any) -> dict[str, Any]:
    """The outputs by name; a node that breaks its promise fails."""
    if kind.single:
        return {"out": _output(kind, "out", made)}
    return {name: _output(kind, name, getattr(made, name)) for name in kind.outputs}


def _output(kind: NodeType, name: str, value: Any) -> Any:
    port = kind.outputs[name]
    if port.takes_as_it_is(value):
        return value
    if value is UNSET or port.generic:
        return value
    if value is None and port.type.optional:
        return None
    if (port.type.item or port.type).is_json or not _is_media(value):
        try:
            return check(port, value)
        except Refused as error:
            raise MusegraphError(
                f"the node's output {name!r} is not the {port.type} that it promises: {error}"
            ) from None
    if not _matches(value, port.type):
        raise MusegraphError(
            f"the node's output {name!r} is a {_name(value)}; it promises {port.type}"
        )
    return value


def awaited(made: Any) -> Any:
    import asyncio

    try:
        return asyncio.run(made)
    except asyncio.CancelledError:
        raise MusegraphError("the node's own task was cancelled from within") from None


def versions(arguments: Mapping[str, Any]) -> dict[str, list[int]]:
    """How often each tensor of the media arguments was written to, as torch counts."""
    return {
        name: [tensor._version for tensor in tensors_of(value) if not tensor.is_inference()]
        for name, value in arguments.items()
        if isinstance(value, Media) or (isinstance(value, list) and _is_media(value) and value)
    }


def _is_media(value: Any) -> bool:
    return isinstance(value, Media) or (
        isinstance(value, list) and all(isinstance(item, (Media, list)) for item in value)
    )


def _matches(value: Any, type_: Type) -> bool:
    if type_.item is not None:
        item = type_.item
        return isinstance(value, list) and all(_matches(part, item) for part in value)
    return isinstance(value, Media) and value.type_name() == type_.name


def _name(value: Any) -> str:
    return value.type_name() if isinstance(value, Media) else type(value).__name__
