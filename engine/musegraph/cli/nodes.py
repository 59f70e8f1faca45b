"""``nodes``: the catalogue of packs and nodes, and one node described in full."""

from __future__ import annotations

import sys
from argparse import Namespace
from difflib import get_close_matches
from typing import Any

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.loading import open_registry
from musegraph.cli.style import Style, table
from musegraph.cli.words import LANGUAGES, Words
from musegraph.node import NodeType, Port
from musegraph.pack import Pack, Registry
from musegraph.texts import PortText, Texts, entries, node_texts, pack_texts, schema_in

_LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
    ("minLength", "{} characters at least"),
    ("maxLength", "{} characters at most"),
    ("minItems", "{} items at least"),
    ("maxItems", "{} items at most"),
)


def nodes(args: Namespace) -> int:
    if args.lang not in LANGUAGES:
        raise UsageError(f"--lang {args.lang}: the languages are {', '.join(LANGUAGES)}")
    words = Words(args.lang)
    registry = open_registry(args, tell=False)
    style = Style(sys.stdout)
    if args.id is None:
        _catalogue(registry, registry.names(), args.json, style, words)
    elif (kind := registry.get(args.id)) is not None:
        pack = registry.pack(kind.pack)
        said = node_texts(kind, entries(pack.texts, args.lang) if pack else {})
        if args.json:
            print_json(schema_in(kind, said))
        else:
            _describe(kind, said, style, words)
    elif args.id in registry.names():
        _catalogue(registry, [args.id], args.json, style, words)
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


def _catalogue(
    registry: Registry, names: list[str], as_json: bool, style: Style, words: Words
) -> None:
    packs = [pack for name in names if (pack := registry.pack(name)) is not None]
    listed = [_pack_json(pack, words) for pack in packs]
    failures = {
        name: reason
        for name, reason in registry.failures.items()
        if name in names or len(names) != 1
    }
    if as_json:
        print_json({"packs": listed, "failures": failures})
        return
    width = max((len(id) for pack in packs for id in pack.types), default=0)
    for made in listed:
        size = f"{made['version']}  {words.counted(len(made['nodes']), 'node')}"
        title = f"  {made['title']}" if made["title"] else ""
        style.line(f"{style(made['name'], 'bold', 'cyan')}{title}  {style(size, 'dim')}")
        rows = [[node["id"].ljust(width), node["text"]] for node in made["nodes"]]
        for line in table(rows, style, [("bold",), ()]):
            style.line(line)
        style.line()
    for name, reason in failures.items():
        sign = style(style.signs["fail"], "red")
        style.line(f"{sign} {style(name, 'bold')}: could not be opened: {reason}")


def _pack_json(pack: Pack, words: Words) -> dict[str, Any]:
    said = entries(pack.texts, words.language)
    texts = {kind.id: node_texts(kind, said) for kind in pack.types.values()}
    return {
        "name": pack.name,
        "version": pack.version,
        "title": pack_texts(pack, said).title if pack.title else "",
        "nodes": [
            {"id": id, "title": text.title, "text": text.text.partition("\n")[0]}
            for id, text in texts.items()
        ],
    }


def _describe(kind: NodeType, said: Texts, style: Style, words: Words) -> None:
    version = kind.version or ""
    shown = words("version {}").format(version if len(version) <= 24 else version[:20] + "…")
    style.line(f"{style(kind.id, 'bold', 'cyan')}  {style(shown, 'dim')}")
    if said.text:
        style.line(said.text)
    if told := facts(kind, words):
        style.line(style(" · ".join(told), "dim"))
    inputs = [_input_row(port, said.inputs[n], words) for n, port in kind.inputs.items()]
    outputs = [[n, str(p.type), "", said.outputs[n].label] for n, p in kind.outputs.items()]
    _ports(words("inputs") if inputs else words("no inputs"), inputs, style)
    _ports(words("outputs") if outputs else words("no outputs"), outputs, style)


def _ports(what: str, rows: list[list[str]], style: Style) -> None:
    style.line()
    style.line(style(what, "bold" if rows else "dim"))
    for line in table(rows, style, [("bold",), ("cyan",), (), ("dim",)], wrap=True):
        style.line(line)


def _input_row(port: Port, said: PortText, words: Words) -> list[str]:
    described = port.schema()
    if port.required:
        default = words("required")
    elif described.get("default") is not None:
        default = "= " + short(described["default"])
    else:
        default = words("optional")
    if port.advanced:
        default += f" · {words('advanced')}"
    bounds, text = limits(described.get("schema", {}), words), said.text or said.label
    told = f"{text} ({bounds})" if text and bounds else text or bounds
    return [port.name, _type(port), default, told]


def _type(port: Port) -> str:
    base = port.type.item or port.type
    text = str(port.type)
    return text if len(text) <= 28 else text.replace(str(base), base.name)


def facts(kind: NodeType, words: Words) -> list[str]:
    """What sets the node apart from most."""
    said = []
    if not kind.cache:
        said.append(words("runs every time: it reads the world"))
    if kind.uses == "device":
        said.append(words("uses the device"))
    if kind.uses == "network":
        said.append(words("uses the network"))
    if kind.frugal:
        said.append(words("does with less where memory runs out"))
    if kind.numeric:
        said.append(words("results depend on the device and the library versions"))
    return said


def limits(schema: dict[str, Any], words: Words) -> str:
    """What values a port takes, beside their type."""
    item = schema.get("items")
    inner: dict[str, Any] = item if isinstance(item, dict) else {}
    both = {**inner, **schema}
    for option in schema.get("anyOf", ()):
        both = {**option, **both}
    if "minimum" in both and "maximum" in both:
        rest = {k: v for k, v in both.items() if k not in ("minimum", "maximum")}
        said = [words("{} to {}").format(short(both["minimum"]), short(both["maximum"]))]
        return ", ".join([*said, *_bounds(rest, words)])
    return ", ".join(_bounds(both, words))


def _bounds(schema: dict[str, Any], words: Words) -> list[str]:
    said = [words(text).format(short(schema[key])) for key, text in _LIMITS if key in schema]
    if "enum" in schema:
        said.append(words("one of {}").format(", ".join(str(c) for c in schema["enum"])))
    return said


def short(value: Any) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
