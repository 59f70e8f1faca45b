"""``nodes``: the catalogue of packs and nodes, and one node described in full."""

from __future__ import annotations

import sys
from argparse import Namespace
from difflib import get_close_matches
from typing import Any

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.loading import open_registry
from musegraph.cli.style import Style, number, table
from musegraph.node import NodeType, Port
from musegraph.pack import Pack, Registry

_LIMITS = (
    ("minimum", "at least"),
    ("exclusiveMinimum", "more than"),
    ("maximum", "at most"),
    ("exclusiveMaximum", "less than"),
    ("multipleOf", "a multiple of"),
    ("minLength", "characters at least"),
    ("maxLength", "characters at most"),
    ("minItems", "items at least"),
    ("maxItems", "items at most"),
)


def nodes(args: Namespace) -> int:
    registry = open_registry(args, tell=False)
    style = Style(sys.stdout)
    if args.id is None:
        _catalogue(registry, registry.names(), args.json, style)
    elif (kind := registry.get(args.id)) is not None:
        if args.json:
            print_json(kind.schema())
        else:
            _describe(kind, style)
    elif args.id in registry.names():
        _catalogue(registry, [args.id], args.json, style)
    else:
        raise UsageError(_unknown(registry, args.id))
    return FINE


def _unknown(registry: Registry, id: str) -> str:
    pack = id.partition(".")[0]
    if pack in registry.failures:
        return f"the pack {pack!r} could not be opened: {registry.failures[pack]}"
    known = [kind.id for kind in registry.types()]
    names = {id_.partition(".")[2]: id_ for id_ in known}
    close = get_close_matches(id, known, 3, 0.5)
    close += [names[name] for name in get_close_matches(id.rpartition(".")[2], names, 3, 0.6)]
    hint = f"; close to it: {', '.join(dict.fromkeys(close))}" if close else ""
    return f"there is no node and no pack {id!r}{hint}; 'musegraph nodes' lists all"


def _catalogue(registry: Registry, names: list[str], as_json: bool, style: Style) -> None:
    packs = [pack for name in names if (pack := registry.pack(name)) is not None]
    failures = {
        name: reason
        for name, reason in registry.failures.items()
        if name in names or len(names) != 1
    }
    if as_json:
        print_json({"packs": [_pack_json(pack) for pack in packs], "failures": failures})
        return
    width = max((len(id) for pack in packs for id in pack.types), default=0)
    for pack in packs:
        facts = f"{pack.version}  {number(len(pack.types), 'node')}"
        title = f"  {pack.title}" if pack.title else ""
        style.line(f"{style(pack.name, 'bold', 'cyan')}{title}  {style(facts, 'dim')}")
        rows = [[id.ljust(width), _first_line(kind)] for id, kind in pack.types.items()]
        for line in table(rows, style, [("bold",), ()]):
            style.line(line)
        style.line()
    for name, reason in failures.items():
        sign = style(style.signs["fail"], "red")
        style.line(f"{sign} {style(name, 'bold')}: could not be opened: {reason}")


def _first_line(kind: NodeType) -> str:
    return kind.text.partition("\n")[0]


def _pack_json(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "title": pack.title,
        "nodes": [
            {"id": kind.id, "title": kind.title, "text": _first_line(kind)}
            for kind in pack.types.values()
        ],
    }


def _describe(kind: NodeType, style: Style) -> None:
    version = kind.version or ""
    shown = version if len(version) <= 24 else version[:20] + "…"
    style.line(f"{style(kind.id, 'bold', 'cyan')}  {style(f'version {shown}', 'dim')}")
    if kind.text:
        style.line(kind.text)
    facts = []
    if not kind.cache:
        facts.append("runs every time: it reads the world")
    if kind.uses != "cpu":
        facts.append(f"uses the {kind.uses}")
    if facts:
        style.line(style("; ".join(facts).capitalize() + ".", "dim"))
    _ports("inputs", [_input_row(port) for port in kind.inputs.values()], style)
    _ports("outputs", [[n, str(p.type), "", ""] for n, p in kind.outputs.items()], style)


def _ports(what: str, rows: list[list[str]], style: Style) -> None:
    style.line()
    style.line(style(what, "bold") if rows else style(f"no {what}", "dim"))
    for line in table(rows, style, [("bold",), ("cyan",), (), ("dim",)], wrap=True):
        style.line(line)


def _input_row(port: Port) -> list[str]:
    described = port.schema()
    schema = described.get("schema", {})
    if port.required:
        default = "required"
    elif described.get("default") is not None:
        default = "= " + short(described["default"])
    else:
        default = "optional"
    bounds, text = limits(schema), str(schema.get("description", ""))
    said = f"{text} ({bounds})" if text and bounds else text or bounds
    return [port.name, _type(port), default, said]


def _type(port: Port) -> str:
    base = port.type.item or port.type
    text = str(port.type)
    return text if len(text) <= 28 else text.replace(str(base), base.name)


def limits(schema: dict[str, Any]) -> str:
    item = schema.get("items")
    inner: dict[str, Any] = item if isinstance(item, dict) else {}
    both = {**inner, **schema}
    for option in schema.get("anyOf", ()):
        both = {**option, **both}
    if "minimum" in both and "maximum" in both:
        rest = {k: v for k, v in both.items() if k not in ("minimum", "maximum")}
        said = [f"{short(both['minimum'])} to {short(both['maximum'])}"]
        return ", ".join([*said, *_words(rest)])
    return ", ".join(_words(both))


def _words(schema: dict[str, Any]) -> list[str]:
    said = []
    for key, words in _LIMITS:
        if key in schema:
            value = short(schema[key])
            said.append(f"{words} {value}" if "Length" not in key else f"{value} {words}")
    if "enum" in schema:
        said.append("one of " + ", ".join(str(choice) for choice in schema["enum"]))
    return said


def short(value: Any) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
