"""`diffusion.style_guidance`: what it and its sampler refuse: node, port and code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from style_toys import TOYS, refused_of

from musegraph import Engine, Registry, Store
from musegraph_nodes import diffusion, starter, style


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    packs = [TOYS, style.pack, diffusion.pack, starter.pack]
    with Engine(Registry(packs), Store()) as made:
        yield made


Row = tuple[dict[str, str], dict[str, Any], str, str, str]
REFUSED: list[Row] = [
    ({"styles": "nan"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "infinite"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "clear"}, {}, "styles", "failed", "transparent everywhere"),
    ({"styles": "none"}, {}, "styles", "failed", "holds no picture"),
    ({"styles": ""}, {"styles": []}, "styles", "failed", "list is empty"),
    ({"content": "nan"}, {}, "content", "failed", "no numbers"),
    ({"content": "clear"}, {}, "content", "failed", "transparent everywhere"),
    ({"content": "none"}, {}, "content", "failed", "holds no picture"),
    ({"features": ""}, {}, "features", "missing", ""),
    ({"features": "unet"}, {}, "features", "type", ""),
    ({"conditioning": ""}, {}, "conditioning", "missing", ""),
    ({}, {"weights": [0]}, "weights", "failed", "all are 0"),
    ({}, {"weights": [1, 2]}, "weights", "failed", "2 weights for 1 styles"),
    ({}, {"style_weight": 0, "content_weight": 0}, "style_weight", "failed", "it is 0"),
    ({}, {"style_weight": -1}, "style_weight", "value", ""),
    ({}, {"start": 0.5, "end": 0.5}, "end", "failed", "style guidance ends at 0.5"),
    ({}, {"strength": -1}, "strength", "value", ""),
    ({}, {"pushes": 0}, "pushes", "value", ""),
    ({}, {"every": 0}, "every", "value", ""),
    ({}, {"style_scale": 0}, "style_scale", "value", ""),
]
LATE: list[Row] = [
    ({"styles": "dot"}, {}, "styles", "failed", "1×1 pixels here"),
    ({"content": "two"}, {}, "content", "failed", "2 contents and 1 pictures are sampled"),
    ({}, {"style_layers": "conv9_9"}, "style_layers", "failed", "has no layer 'conv9_9'"),
    ({}, {"content_layers": "conv9_9"}, "content_layers", "failed", "has no layer 'conv9_9'"),
]


@pytest.mark.parametrize(
    ("shown", "values", "port", "code", "said", "at"),
    [(*row, "it") for row in REFUSED] + [(*row, "sample") for row in LATE],
)
def test_a_bad_input_is_refused_with_its_node_port_and_code(
    engine: Engine,
    shown: dict[str, str],
    values: dict[str, Any],
    port: str,
    code: str,
    said: str,
    at: str,
) -> None:
    links = {
        "conditioning": "encode.out",
        "features": "features.out",
        "styles": "stripes.out",
        "content": "content.out",
    }
    nodes: dict[str, Any] = {
        "model": {"type": "diffusion.load", "values": {"source": "starter/scenes"}},
        "features": {"type": "style.load_features", "values": {"source": "starter/features"}},
        "encode": {
            "type": "diffusion.encode_text",
            "links": {"encoder": "model.text_encoder"},
            "values": {"text": "the sea"},
        },
        "content": {"type": "toy.picture", "values": {"kind": "content"}},
        "stripes": {"type": "toy.picture", "values": {"kind": "stripes"}},
        "latent": {
            "type": "diffusion.encode",
            "links": {"image": "content.out", "vae": "model.vae"},
        },
        "sample": {
            "type": "diffusion.sample",
            "links": {"latent": "latent.out", "model": "model.model", "positive": "it.out"},
            "values": {"guidance": 1, "sampler": "ddim", "steps": 2, "denoise": 0.5},
        },
    }
    for name, kind in shown.items():
        if kind == "unet":
            links[name] = "model.model"
        elif kind:
            nodes["bad"] = {"type": "toy.picture", "values": {"kind": kind}}
            links[name] = "bad.out"
        else:
            del links[name]
    nodes["it"] = {"type": "diffusion.style_guidance", "links": links, "values": values}
    node, found, words = refused_of(engine, nodes)
    assert (node, found) == (at, code), words
    assert f"port {port!r}" in words
    assert said in words
