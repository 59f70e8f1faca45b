"""What the nodes open and what the library of models tells are held to one another."""

from __future__ import annotations

from typing import get_args

import pytest

from musegraph import load_registry, recognise
from musegraph.library.families import BY_ID
from musegraph.library.kinds import Kind
from musegraph_nodes.diffusion.layouts import originals
from musegraph_nodes.diffusion.layouts.originals import Original

FAMILIES = {
    "SD15": "sd1",
    "SD2": "sd2",
    "SDXL": "sdxl",
    "REFINER": "sdxl-refiner",
    "SD3": "sd3",
    "FLUX": "flux",
    "Z_IMAGE": "z-image",
    "QWEN_IMAGE": "qwen-image",
}
"""The family in the library of every layout of single files that the diffusion pack opens."""

WIDTHS = {"SD15": 768, "SD2": 1024, "SDXL": 2048, "REFINER": 1280}


def test_every_layout_of_single_files_is_listed_here() -> None:
    found = {name for name, one in vars(originals).items() if isinstance(one, Original)}
    assert found == FAMILIES.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_file_that_the_diffusion_pack_opens_is_known_in_the_library(name: str) -> None:
    """By the very names that the pack looks for, and those of the nets that ComfyUI writes."""
    layout: Original = getattr(originals, name)
    net = "unet" if "unet" in layout.slots else "transformer"
    shapes = {}
    for slot in layout.slots.values():
        shapes |= {slot.prefixes[0] + mark: (8, 8) for mark in slot.marks}
    prefix = layout.slots[net].prefixes[0]
    if name in WIDTHS:
        to_k = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
        shapes[prefix + to_k] = (8, WIDTHS[name])
    shapes |= {prefix + mark: (8, 8) for mark in ALSO.get(name, ())}
    found = recognise({key: {"dtype": "F16", "shape": [*shape]} for key, shape in shapes.items()})
    assert found.kind == ("checkpoint" if len(layout.slots) > 1 else "denoiser")
    assert found.family == FAMILIES[name]
    title = BY_ID[found.family].title.removesuffix(" refiner")
    assert title in layout.title.replace(".x", ""), "they are called alike"


ALSO = {
    "SD3": ("joint_blocks.0.context_block.adaLN_modulation.1.bias",),
    "FLUX": ("double_blocks.0.img_attn.norm.key_norm.scale",),
    "QWEN_IMAGE": ("transformer_blocks.0.img_mod.1.weight",),
}
"""Tensors that each such file has beside those that the pack looks for."""


def test_a_port_that_says_which_models_it_takes_says_it_in_kinds_that_there_are() -> None:
    registry = load_registry([])
    said: dict[str, list[str]] = {}
    for name in registry.names():
        pack = registry.pack(name)
        for kind in pack.types.values() if pack else ():
            for port, facts in kind.inputs.items():
                if port in kind.model_ports:
                    schema = facts.schema()["schema"]
                    for one in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
                        said.setdefault(f"{kind.id}.{port}", []).extend(one.get("models", ()))
    assert said["diffusion.load.source"][:2] == ["pipeline", "checkpoint"]
    assert said.pop("pipelines.load_part.source") == [], "a part of whatever pipeline"
    for port, kinds in said.items():
        assert {*kinds} <= {*get_args(Kind)}, port
        assert kinds, f"{port} does not say which models it takes"
