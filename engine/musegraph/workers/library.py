"""What there is to choose from: nodes with what a form needs, and models by what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from musegraph.annotations import bare
from musegraph.errors import ModelError
from musegraph.headers import read_header
from musegraph.models import Models
from musegraph.node import NodeType
from musegraph.pack import Pack
from musegraph.run import Engine
from musegraph.texts import entries, node_texts, pack_texts, schema_in
from musegraph.values import Reference

SETTINGS = 1 << 20
"""Bytes of a model's JSON up to which it is read here."""

_CLASSES = (
    ("UNet", "denoiser"), ("Transformer2D", "denoiser"), ("AutoencoderKL", "vae"),
    ("CLIPText", "text_encoder"), ("T5Encoder", "text_encoder"), ("ControlNet", "control"),
)  # fmt: skip
_TENSORS = (
    ("lora_down.", "lora"), ("lora_A.", "lora"), ("lora.down.", "lora"),
    ("model.diffusion_model.", "checkpoint"), ("controlnet_cond_embedding", "control"),
    ("input_hint_block", "control"), ("text_model.encoder.", "text_encoder"),
    ("decoder.conv_in.", "vae"), ("down_blocks.0.", "denoiser"),
)  # fmt: skip
"""What a name of a tensor tells: the first that some name holds counts."""

_WIDTHS = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
"""Families of denoisers by the width of the text that they attend to."""


def catalogue(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """All packs, the schema of every node in a language, and the packs that cannot be opened."""
    language = str(message.get("language", "en"))
    packs, nodes = [], list[dict[str, Any]]()
    for name in engine.registry.names():
        pack = engine.registry.pack(name)
        if pack is None:
            continue
        packs.append({"name": name, "version": pack.version, "title": _title(pack, language)})
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
    """The models of the packs and of the model folders, by the name that a source gives."""
    found: dict[str, str | None] = {}
    for name in engine.registry.names():
        pack = engine.registry.pack(name)
        if pack is not None and pack.models is not None and pack.models.is_dir():
            found |= {f"{name}/{place.name}": name for place in sorted(pack.models.iterdir())}
    for folder in engine.models.folders:
        if folder.is_dir():
            found |= {place.name: None for place in sorted(folder.iterdir())}
    listed = []
    for source, owner in found.items():
        files = _files_of(engine.models, source)
        if files:
            size = sum(file.stat().st_size for file in files)
            kind, family = what_is(engine.models.path(source), files)
            facts = {"source": source, "bytes": size, "pack": owner}
            listed.append({**facts, "kind": kind, "family": family})
    return {"models": listed}


def _files_of(models: Models, source: str) -> list[Path]:
    try:
        return models.files(models.path(source))
    except (ModelError, OSError):
        return []


def what_is(place: Path, files: list[Path]) -> tuple[str, str]:
    """Kind and family of a model as far as its settings and the names of its tensors tell."""
    if place.is_dir():
        if name := str(_settings(place / "model_index.json").get("_class_name", "")):
            wide = _settings(place / "unet" / "config.json").get("cross_attention_dim")
            known = _WIDTHS.get(wide) if isinstance(wide, int) else None
            return "pipeline", known or name.removesuffix("Pipeline")
        own = _settings(place / "config.json")
        listed = own.get("architectures")
        name = str(own.get("_class_name") or (listed[0] if isinstance(listed, list) else ""))
        return next((kind for part, kind in _CLASSES if part in name), "other"), name
    tensors = read_header(files[0]) if files[0].suffix == ".safetensors" else {}
    kind = next((kind for part, kind in _TENSORS if any(part in name for name in tensors)), "other")
    widths = (
        entry["shape"][-1]
        for name, entry in tensors.items()
        if name.endswith("attn2.to_k.weight") and len(entry["shape"]) == 2
    )
    return kind, _WIDTHS.get(next(widths, 0), "")


def _settings(file: Path) -> dict[str, Any]:
    """The JSON of a model's file; nothing of it is taken on trust."""
    try:
        if file.stat().st_size > SETTINGS:
            return {}
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
