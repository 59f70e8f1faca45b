"""Musegraph: a node-graph workflow engine for making art with large models.

A name is imported when it is first asked for: ``musegraph --help`` needs none of them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing takes longer than all the rest here
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from musegraph.annotations import ADVANCED
    from musegraph.errors import (
        Cancelled,
        InvalidNode,
        InvalidWorkflow,
        ModelError,
        MusegraphError,
        NodeError,
        Problem,
        StoreError,
        UnreadableWorkflow,
    )
    from musegraph.fused import Fused
    from musegraph.headers import Header, read_gguf, read_header, read_safetensors
    from musegraph.library.recognise import Recognised, recognise
    from musegraph.migration import Migration
    from musegraph.node import node
    from musegraph.node_context import UNSET, Context, Weights
    from musegraph.pack import Loader, Pack, Registry, load_registry
    from musegraph.run import Engine, RunFailed, RunResult, run
    from musegraph.store import Store
    from musegraph.texts import english_digest
    from musegraph.values import (
        Audio,
        Boolean,
        Conditioning,
        ConditioningPart,
        ControlNet,
        File,
        Image,
        Integer,
        Json,
        KeySignature,
        Latent,
        Mask,
        Media,
        Message,
        Meter,
        Model,
        ModelSource,
        Motion,
        Named,
        Note,
        Number,
        Patch,
        Reference,
        Score,
        Seed,
        Skeleton,
        Tempo,
        Text,
        TextEncoder,
        Track,
        Vae,
        Vision,
        files,
        turns,
    )
    from musegraph.workflow import Workflow
else:
    ModuleType = type(sys)

__version__ = "0.1.0"

__all__ = [
    "ADVANCED",
    "UNSET",
    "Audio",
    "Boolean",
    "Cancelled",
    "Conditioning",
    "ConditioningPart",
    "Context",
    "ControlNet",
    "Engine",
    "File",
    "Fused",
    "Header",
    "Image",
    "Integer",
    "InvalidNode",
    "InvalidWorkflow",
    "Json",
    "KeySignature",
    "Latent",
    "Loader",
    "Mask",
    "Media",
    "Message",
    "Meter",
    "Migration",
    "Model",
    "ModelError",
    "ModelSource",
    "Motion",
    "MusegraphError",
    "Named",
    "NodeError",
    "Note",
    "Number",
    "Pack",
    "Patch",
    "Problem",
    "Recognised",
    "Reference",
    "Registry",
    "RunFailed",
    "RunResult",
    "Score",
    "Seed",
    "Skeleton",
    "Store",
    "StoreError",
    "Tempo",
    "Text",
    "TextEncoder",
    "Track",
    "UnreadableWorkflow",
    "Vae",
    "Vision",
    "Weights",
    "Workflow",
    "__version__",
    "english_digest",
    "files",
    "load_registry",
    "node",
    "read_gguf",
    "read_header",
    "read_safetensors",
    "recognise",
    "run",
    "turns",
]

_HOMES = {
    "musegraph.annotations": "ADVANCED",
    "musegraph.errors": (
        "Cancelled InvalidNode InvalidWorkflow ModelError MusegraphError NodeError "
        "Problem StoreError UnreadableWorkflow"
    ),
    "musegraph.headers": "Header read_gguf read_header read_safetensors",
    "musegraph.library.recognise": "Recognised recognise",
    "musegraph.migration": "Migration",
    "musegraph.node": "node",
    "musegraph.node_context": "Context UNSET Weights",
    "musegraph.fused": "Fused",
    "musegraph.pack": "Loader Pack Registry load_registry",
    "musegraph.run": "Engine RunFailed RunResult run",
    "musegraph.store": "Store",
    "musegraph.texts": "english_digest",
    "musegraph.values": (
        "Audio Boolean Conditioning ConditioningPart ControlNet File Image Integer Json "
        "KeySignature Latent Mask Media Message Meter Model ModelSource Motion Named Note Number "
        "Patch Reference Score Seed Skeleton Tempo Text TextEncoder Track Vae Vision"
    ),
    "musegraph.values.files": "files",
    "musegraph.values.turns": "turns",
    "musegraph.workflow": "Workflow",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'musegraph' has no attribute {name!r}")
    module = import_module(home)
    value = module if home.endswith(f".values.{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps the functions ``node`` and ``run`` in the place that their modules would take.

    Importing ``musegraph.run`` sets the attribute ``run`` of this package to the module.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("node", "run") and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
