"""Illustrated scenes drawn by rule, with the captions that describe them."""

from __future__ import annotations

from musegraph_nodes.starter.scenes.caption import caption
from musegraph_nodes.starter.scenes.chinese import chinese_caption
from musegraph_nodes.starter.scenes.draw import render
from musegraph_nodes.starter.scenes.spec import (
    ObjectsSpec,
    SceneSpec,
    Spec,
    as_dict,
    from_dict,
    is_held_out,
    sample_spec,
)

__all__ = [
    "ObjectsSpec",
    "SceneSpec",
    "Spec",
    "as_dict",
    "caption",
    "chinese_caption",
    "from_dict",
    "is_held_out",
    "render",
    "sample_spec",
]
