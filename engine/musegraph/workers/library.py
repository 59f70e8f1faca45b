"""What there is to choose from: nodes with what a form needs, and models by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from musegraph.annotations import bare
from musegraph.errors import ModelMissing
from musegraph.library.families import title_of
from musegraph.library.scan import Entry
from musegraph.library.walk import preview_of
from musegraph.locked import pack_facts
from musegraph.node import NodeType
from musegraph.pack import Pack
from musegraph.run import Engine
from musegraph.texts import entries, node_texts, pack_texts, schema_in
from musegraph.values import Reference

SECONDS = 1.0
"""How long one question may read files that are new."""

PICTURE = 32 << 20
"""Bytes of a picture beside a model up to which it is read."""


def catalogue(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """All packs, the schema of every node in a language, and the packs that cannot be opened."""
    language = str(message.get("language", "en"))
    packs, nodes = [], list[dict[str, Any]]()
    for name in engine.registry.names():
        pack = engine.registry.pack(name)
        if pack is None:
            continue
        facts = {"name": name, "version": pack.version, "title": _title(pack, language)}
        packs.append({**facts, "lock": pack_facts(engine.registry, name)})
        said = entries(pack.texts, language)
        for kind in pack.types.values():
            made = schema_in(kind, node_texts(kind, said))
            nodes.append({**_for_forms(kind, made), "pack": name})
    return {"packs": packs, "nodes": nodes, "failures": dict(engine.registry.failures)}


def _title(pack: Pack, language: str) -> str:
    return pack_texts(pack, entries(pack.texts, language)).title


def _for_forms(kind: NodeType, made: dict[str, Any]) -> dict[str, Any]:
    """A schema without what references to models look like inside: no form is drawn of that."""
    for name, port in kind.inputs.items():
        schema = made["inputs"][name].get("schema", {})
        if _is_reference(port.annotation):
            text = schema.get("description")
            made["inputs"][name]["schema"] = {"description": text} if text else {}
    return made


def _is_reference(annotation: Any) -> bool:
    kind = bare(annotation)
    if get_origin(kind) is list:
        return _is_reference(get_args(kind)[0])
    return isinstance(kind, type) and issubclass(kind, Reference)


def models(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """The models of the packs and of the model folders, by the name that a source gives.

    What has not been read before takes its time; what is not read in a second is left for the next
    question, since other questions wait for this one.
    """
    there = engine.models
    found = there.library.scan(there.roots(), SECONDS)
    return {"models": [_model(entry) for entry in found.entries], "unread": found.unread}


def _model(entry: Entry) -> dict[str, Any]:
    """A model without where it lies: no path crosses the interface."""
    facts = entry.facts
    return {
        "source": entry.source,
        "pack": entry.root.pack or None,
        "kind": facts.kind,
        "family": title_of(facts.family),
        "family_id": facts.family,
        "variant": facts.variant,
        "prediction": facts.prediction,
        "precision": facts.precision,
        "format": facts.format,
        "parameters": facts.parameters,
        "bytes": facts.bytes,
        "title": facts.title,
        "author": facts.author,
        "licence": entry.licence,
        "origin": entry.comes_from,
        "triggers": list(facts.triggers),
        "wrong": facts.wrong,
        "fault": facts.fault,
        "quick": facts.quick,
        "digest": entry.digest or None,
        "preview": entry.preview is not None,
        "same": list(entry.same),
        "formerly": list(entry.formerly),
    }


def model_picture(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """A small WEBP of the picture that lies beside a model, as an asset."""
    from musegraph.workers.media import thumbnail

    place = engine.models.path(str(message["source"]))
    picture = preview_of(place)
    if picture is None:
        raise ModelMissing("no picture lies beside this model")
    with picture.open("rb") as stream:
        data = stream.read(PICTURE + 1)
    if len(data) > PICTURE:
        raise ModelMissing("the picture beside this model is too large to be shown")
    made = thumbnail(data, int(message["size"]))
    return {"asset": engine.store.put_bytes(made, pin=False), "media": "image/webp"}
