"""Pack `style`: what the nodes of one pass and the training refuse: node, port and code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from style_toys import TOYS, refusal

from musegraph import Engine, Registry, Store
from musegraph_nodes import starter, style
from musegraph_nodes.style.fast_layout import FastLayout, shapes_of


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(Registry([TOYS, style.pack, starter.pack]), Store()) as made:
        yield made


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A fast net, and files that are none."""
    folder: Path = tmp_path_factory.mktemp("nets")
    net = {name: torch.zeros(shape) for name, shape in shapes_of(FastLayout((4, 6, 8), 5)).items()}
    save_file(net, folder / "whole.safetensors")
    save_file({n: t for n, t in net.items() if n != "in1.bias"}, folder / "lacks.safetensors")
    save_file({**net, "in2.bias": torch.zeros(9)}, folder / "shape.safetensors")
    save_file({**net, "more.weight": torch.zeros(1)}, folder / "more.safetensors")
    save_file({"decoder.paint.weight": torch.zeros(3, 4, 3, 3)}, folder / "other.safetensors")
    (folder / "empty.safetensors").write_bytes(b"")
    (folder / "text.safetensors").write_text("no net at all, and long enough for a header")
    (folder / "disguised.safetensors").write_bytes(b"\x80\x02}q\x00.")
    (folder / "net.pth").write_bytes(b"PK\x03\x04 not opened")
    (folder / "bare").mkdir()
    whole = (folder / "whole.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:-100])
    return {file.name: str(file) for file in folder.iterdir()} | {"none": str(folder / "none")}


Row = tuple[dict[str, str], dict[str, Any], str, str, str]
ADAIN: list[Row] = [
    ({"content": "dot"}, {}, "content", "failed", "1×1"),
    ({"content": "nan"}, {}, "content", "failed", "no numbers"),
    ({"content": "clear"}, {}, "content", "failed", "transparent everywhere"),
    ({"content": "none"}, {}, "content", "failed", "holds no picture"),
    ({"content": ""}, {}, "content", "missing", ""),
    ({"styles": "nan"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "infinite"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "clear"}, {}, "styles", "failed", "transparent everywhere"),
    ({"styles": "none"}, {}, "styles", "failed", "holds no picture"),
    ({"styles": ""}, {"styles": []}, "styles", "failed", "list is empty"),
    ({"masks": "small"}, {}, "masks", "failed", "image.mask_resize"),
    ({"masks": "black"}, {}, "masks", "failed", "black everywhere"),
    ({"masks": "nan"}, {}, "masks", "failed", "no numbers"),
    ({"masks": "two"}, {}, "masks", "failed", "batch of 2"),
    ({}, {"weights": [0]}, "weights", "failed", "all are 0"),
    ({}, {"weights": [1, 2, 3]}, "weights", "failed", "3 weights for 1 styles"),
    ({}, {"strength": 1.5}, "strength", "value", ""),
    ({}, {"size": 100_000}, "size", "value", ""),
    ({}, {"style_size": 8}, "style_size", "value", ""),
    ({}, {"keep_colours": "hue"}, "keep_colours", "value", ""),
]
APPLY: list[Row] = [
    ({"image": "nan"}, {}, "image", "failed", "no numbers"),
    ({"image": "infinite"}, {}, "image", "failed", "no numbers"),
    ({"image": "clear"}, {}, "image", "failed", "transparent everywhere"),
    ({"image": "none"}, {}, "image", "failed", "holds no picture"),
    ({"image": ""}, {}, "image", "missing", ""),
    ({}, {"strength": -0.1}, "strength", "value", ""),
    ({}, {"strength": 2}, "strength", "value", ""),
    ({}, {"strength": "much"}, "strength", "value", ""),
    ({}, {"keep_colours": "histogram"}, "keep_colours", "value", ""),
    ({}, {"keep_colours": 1}, "keep_colours", "value", ""),
]
TRAIN: list[Row] = [
    ({"style": "dot"}, {}, "style", "failed", "1×1"),
    ({"style": "wide"}, {}, "style", "failed", "640×8"),
    ({"style": "nan"}, {}, "style", "failed", "no numbers"),
    ({"style": "infinite"}, {}, "style", "failed", "no numbers"),
    ({"style": "clear"}, {}, "style", "failed", "transparent everywhere"),
    ({"style": "none"}, {}, "style", "failed", "holds no picture"),
    ({"style": ""}, {}, "style", "missing", ""),
    ({"pictures": "nan"}, {}, "pictures", "failed", "no numbers"),
    ({"pictures": "dot"}, {}, "pictures", "failed", "one is 1×1"),
    ({"pictures": "clear"}, {}, "pictures", "failed", "transparent everywhere"),
    ({}, {"pictures": []}, "pictures", "failed", "list is empty"),
    ({}, {"style_weight": 0, "content_weight": 0}, "style_weight", "failed", "nothing to learn"),
    ({}, {"style_weight": -1}, "style_weight", "value", ""),
    ({}, {"name": "../away"}, "name", "failed", "up to 60 letters"),
    ({}, {"steps": 0}, "steps", "value", ""),
    ({}, {"crop": 70}, "crop", "value", ""),
    ({}, {"batch": 0}, "batch", "value", ""),
    ({}, {"style_size": 4}, "style_size", "value", ""),
]
LOAD = [
    ("none", "model-missing", "there is no model"),
    ("bare", "model-truncated", "holds no model"),
    ("net.pth", "failed", "is a pickle"),
    ("disguised.safetensors", "model-truncated", "is a pickle"),
    ("empty.safetensors", "model-truncated", "holds 0 bytes"),
    ("text.safetensors", "model-truncated", "is no .safetensors file"),
    ("cut.safetensors", "model-truncated", "is cut off"),
    ("lacks.safetensors", "failed", "no in1.bias"),
    ("shape.safetensors", "failed", "in2.bias is of the shape"),
    ("more.safetensors", "failed", "also holds more.weight"),
    ("other.safetensors", "failed", "is no fast style net"),
]


@pytest.mark.parametrize(
    ("kind", "shown", "values", "port", "code", "said"),
    [
        (kind, *row)
        for kind, rows in (("adain", ADAIN), ("apply", APPLY), ("train_fast", TRAIN))
        for row in rows
    ],
)
def test_a_bad_input_is_refused_with_its_node_port_and_code(
    engine: Engine,
    sources: dict[str, str],
    kind: str,
    shown: dict[str, str],
    values: dict[str, Any],
    port: str,
    code: str,
    said: str,
) -> None:
    usual: dict[str, dict[str, str]] = {
        "adain": {"content": "content", "styles": "stripes"},
        "apply": {"image": "content"},
        "train_fast": {"style": "stripes"},
    }
    nodes: dict[str, Any] = {}
    if kind == "apply":
        net = {"source": sources["whole.safetensors"]}
        nodes["net"] = {"type": "style.load_fast", "values": net}
    given = {**usual[kind], **shown}
    if kind == "train_fast":
        values = {"steps": 1, "crop": 64, "batch": 1, "width": 4, "style_size": 64} | values
    node, found, words = refusal(engine, kind, given, values, **nodes)
    assert (node, found) == ("it", code), words
    assert f"port {port!r}" in words
    assert said in words


@pytest.mark.parametrize(("file", "code", "said"), LOAD)
def test_a_file_that_is_no_fast_net_is_refused_at_the_node_that_loads_it(
    engine: Engine, sources: dict[str, str], file: str, code: str, said: str
) -> None:
    node, found, words = refusal(engine, "load_fast", {}, {"source": sources[file]})
    assert (node, found) == ("it", code), words
    assert said in words
