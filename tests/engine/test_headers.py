"""Headers of .safetensors files that lie: refused with one sentence before anything is loaded."""

from __future__ import annotations

import json
import pickle  # noqa: TID251  what is tested is that none is ever opened
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from musegraph import ModelError, Registry, Store, read_header
from musegraph.models import Models


def raw(text: str | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of this header and this data, with a true or a false length."""
    text = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def made(data: bytes, **tensors: Any) -> bytes:
    return raw(json.dumps(tensors), data)


def tensor(first: Any, last: Any, shape: Any, dtype: Any = "U8") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


TWICE = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
NONSENSE = "is damaged: its header makes no sense; get it again"
PICKLE = "is a pickle under the name of a .safetensors file"
NONE = "is no .safetensors file, or only the beginning of one"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "a pickle": (pickle.dumps({"w": [1.0] * 9}, protocol=4), PICKLE),
    "a pickle of torch": (b"PK\x03\x04\x00\x00\x08\x08" + bytes(99), PICKLE),
    "an empty file": (b"", NONE),
    "a huge length": (raw("{}", length=2**63), NONE),
    "a length past the end": (raw("{}", length=3), NONE),
    "no JSON": (raw("{'a'}"), NONSENSE),
    "no UTF-8": (raw(b'{"\xff":1}'), NONSENSE),
    "a list": (raw("[1]"), NONSENSE),
    "a tensor that is no object": (made(b"", a=3), NONSENSE),
    "a name twice": (raw(f"{TWICE},{TWICE[1:]}}}", b"x"), NONSENSE),
    "a member twice": (raw(TWICE.replace("[1]", '[9],"shape":[1]') + "}", b"x"), NONSENSE),
    "an overlap": (made(b"xxx", a=tensor(0, 2, [2]), b=tensor(1, 3, [2])), NONSENSE),
    "a gap": (made(b"xxx", a=tensor(0, 1, [1]), b=tensor(2, 3, [1])), NONSENSE),
    "data before the first": (made(b"xx", a=tensor(1, 2, [1])), NONSENSE),
    "an end before its start": (made(b"", a=tensor(0, -1, [1])), NONSENSE),
    "offsets that are fractions": (made(b"x", a=tensor(0, 1.0, [1])), NONSENSE),
    "offsets that are true": (made(b"x", a=tensor(0, True, [1])), NONSENSE),
    "three offsets": (made(b"x", a=tensor(0, 1, [1]) | {"data_offsets": [0, 1, 1]}), NONSENSE),
    "a shape that is too large": (made(b"x", a=tensor(0, 1, [2])), NONSENSE),
    "a negative shape": (made(b"x", a=tensor(0, 1, [-1, -1])), NONSENSE),
    "a shape that overflows": (made(b"", a=tensor(0, 0, [2**32, 2**32, 0])), NONSENSE),
    "a type that is a list": (made(b"x", a=tensor(0, 1, [1], ["U8"])), NONSENSE),
    "a deep nesting": (raw("[" * 100_000 + "]" * 100_000), "its header is nested too deep"),
    "a number of many digits": (raw('{"a":' + "9" * 100_000 + "}"), NONSENSE),
    "data cut off": (made(b"x", a=tensor(0, 4, [4])), "is cut off: it holds"),
    "data left over": (made(b"xxxxx", a=tensor(0, 4, [4])), "1 bytes are left over"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("in_folder", [True, False], ids=["in a folder", "a single file"])
def test_a_hostile_header_is_refused_before_anything_is_loaded(
    name: str, in_folder: bool, tmp_path: Path
) -> None:
    data, sentence = HOSTILE[name]
    folder = tmp_path / "net"
    file = folder / "unet" / "weights.safetensors" if in_folder else folder / "net.safetensors"
    file.parent.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    file.write_bytes(data)
    models = Models(Registry.of(), Store())
    with pytest.raises(ModelError) as caught:
        models.weights(str(folder if in_folder else file))
    message = str(caught.value)
    assert sentence in message
    assert str(file) in message
    assert "\n" not in message
    assert models.loads == 0


def test_a_good_header_names_its_tensors_without_the_metadata(tmp_path: Path) -> None:
    file = tmp_path / "good.safetensors"
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros(0, 4, dtype=torch.float16)}
    save_file(tensors, file, metadata={"format": "pt"})
    header = read_header(file)
    assert {name: (entry["dtype"], entry["shape"]) for name, entry in header.items()} == {
        "a": ("F32", [2, 3]),
        "b": ("F16", [0, 4]),
    }
