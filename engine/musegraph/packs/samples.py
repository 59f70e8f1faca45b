"""Inputs that a node can be tried with: good ones, and bad ones, made from its schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from musegraph.node import NodeType, Port, node
from musegraph.pack import Pack
from musegraph.values import Audio, Image, Mask, Type

NAMESPACE = "pack_trial"
"""The pack of the nodes that give media to the one that is tried."""

LONG = 20_000
"""Characters of a text that is longer than anybody expected."""


@dataclass(frozen=True)
class Case:
    """One call: values and links by input; ``name`` says what is special about it."""

    name: str
    values: dict[str, Any]
    links: dict[str, str]
    """The input and the kind of media that it is given, such as ``picture:alpha``."""


class NoSample(Exception):
    """There is no value that could be made up for a port."""


# -- media ------------------------------------------------------------------------------------


@node(version="1", cache=False)
def picture(kind: Literal["plain", "dot", "alpha", "batch", "odd", "wide"] = "plain") -> Image:
    """A picture in which every pixel is different from its neighbours."""
    import torch

    batch, height, width, channels = {
        "plain": (1, 24, 32, 3),
        "dot": (1, 1, 1, 3),
        "alpha": (1, 8, 8, 4),
        "batch": (3, 8, 8, 3),
        "odd": (1, 7, 5, 3),
        "wide": (1, 2, 301, 3),
    }[kind]
    count = batch * height * width * channels
    return Image((torch.arange(count) * 0.61803 % 1).reshape(batch, height, width, channels))


@node(version="1", cache=False)
def mask(kind: Literal["plain", "none", "all", "dot"] = "plain") -> Mask:
    """A mask: a part, nothing, everything, or one pixel."""
    import torch

    if kind == "dot":
        return Mask(torch.ones(1, 1, 1))
    data = torch.full((1, 24, 32), 1.0 if kind == "all" else 0.0)
    if kind == "plain":
        data[:, 6:18, 8:24] = 1
    return Mask(data)


@node(version="1", cache=False)
def sound(kind: Literal["plain", "stereo", "silent", "short"] = "plain") -> Audio:
    """A tone."""
    import torch

    samples = 1 if kind == "short" else 4000
    tone = torch.sin(torch.arange(samples) * 0.2).reshape(1, 1, samples)
    if kind == "silent":
        tone = torch.zeros_like(tone)
    return Audio(tone.repeat(1, 2, 1) if kind == "stereo" else tone, 16_000)


TRIAL = Pack(NAMESPACE, nodes=[picture, mask, sound], version="1")
MEDIA = {"Image": "picture", "Mask": "mask", "Audio": "sound"}
KINDS: dict[str, list[str]] = {
    name: list(TRIAL.types[f"{NAMESPACE}.{name}"].inputs["kind"].type.choices)
    for name in MEDIA.values()
}


# -- good inputs ------------------------------------------------------------------------------


def sample(kind: NodeType) -> Case:
    """A call with defaults where there are some, and else with values that are made up."""
    values: dict[str, Any] = {}
    links: dict[str, str] = {}
    for name, port in kind.inputs.items():
        if not port.required:
            continue
        base = port.type.item or port.type
        if base.name in MEDIA:
            links[name] = f"{MEDIA[base.name]}:plain"
        elif base.is_variable:
            values[name] = ["one", "two"] if port.type.item else "one"
        elif base.is_json and base.name != "ModelSource":
            values[name] = _value(port, base)
        else:
            raise NoSample(
                f"nothing can be made up for the input {name!r} of type {port.type}; "
                "a workflow of the pack can try it"
            )
    return Case("made up", values, links)


def _value(port: Port, base: Type) -> Any:
    if base.choices:
        one: Any = base.choices[0]
        return [one] if port.type.item else one
    schema = port.adapter.json_schema()
    return value_for(schema, schema.get("$defs", {}))


def value_for(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """A plain value that a JSON schema takes."""
    if "$ref" in schema:
        return value_for(parts.get(schema["$ref"].rpartition("/")[2], {}), parts)
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return value_for(schema[key][0], parts)
    return _of_type(schema, parts)


def _of_type(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return _number(schema)
        case "string":
            return "example"[: schema.get("maxLength", 7)].ljust(schema.get("minLength", 0), "e")
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            return [value_for(schema.get("items", {}), parts)] * max(schema.get("minItems", 2), 1)
        case "object":
            known = schema.get("properties", {})
            return {
                name: value_for(known.get(name, {}), parts) for name in schema.get("required", ())
            }
    return {"a": 1}


def _number(schema: dict[str, Any]) -> float | int:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None:
        made = low + (min(high, low + 10) - low) / 2
    else:
        made = low + 1 if low is not None else high - 1 if high is not None else 2
    if step := schema.get("multipleOf"):
        made = (int(made / step) or 1) * step
    return int(made) if schema["type"] == "integer" else float(made)


# -- bad inputs -------------------------------------------------------------------------------


def bad_cases(kind: NodeType, good: Case) -> Iterator[Case]:
    """Calls that are wrong, or only just right: one input after the other is set oddly."""
    for name, port in kind.inputs.items():
        base = port.type.item or port.type
        if base.name in MEDIA:
            media = MEDIA[base.name]
            rest = {key: value for key, value in good.values.items() if key != name}
            for what in KINDS[media]:
                yield Case(f"{name} = {media}:{what}", rest, good.links | {name: f"{media}:{what}"})
        if port.required and name in {**good.values, **good.links}:
            values, links = _without(good.values, name), _without(good.links, name)
            yield Case(f"without {name}", values, links)
        if base.is_json:
            for value in odd_values(port, base):
                shown = (
                    repr(value) if len(repr(value)) < 40 else f"{repr(value)[:36]}… ({len(value)})"
                )
                links = _without(good.links, name)
                yield Case(f"{name} = {shown}", good.values | {name: value}, links)


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def odd_values(port: Port, base: Type) -> Iterator[Any]:
    """Values at the limits, beyond them, and of other types."""
    schema = {} if base.is_variable else port.adapter.json_schema()
    schema = schema.get("items", schema)
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if key in schema:
            yield from (schema[key], schema[key] - 1, schema[key] + 1)
    yield from schema.get("enum", ())
    if base.name in ("Integer", "Number", "Json") or base.is_variable:
        yield from (0, -1, 2**53 - 1, -(2**53) + 1)
    if base.name in ("Number", "Json"):
        yield from (1e308, 5e-324, -0.5)
    if base.name in ("Text", "Json") or base.is_variable:
        yield from ("", " ", "\n", "x" * LONG, "漢字🌊\u0301", "{}[]%s\\", "../../x", "-1")
    yield from (None, True, 3, 0.5, "no such choice", [], [None], {}, {"a": [1]}, [[]])
