"""Headers of .gguf files: as the library that writes them has them, and refused where they lie."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from test_library import bytes_read, scanned

from musegraph import ModelError, Registry, Store, read_gguf
from musegraph.headers.gguf import TYPES
from musegraph.models import Models


def written(file: Path, words: int = 0) -> Path:
    """A file as the library ``gguf`` writes it."""
    writer = gguf.GGUFWriter(file, "flux")
    writer.add_name("A model")
    writer.add_license("apache-2.0")
    writer.add_array("some.numbers", [1, 2, 3])
    writer.add_array("some.words", [f"word {number}" for number in range(max(1, words))])
    writer.add_tensor("double_blocks.0.img_attn.norm.key_norm.scale", np.ones(128, np.float32))
    writer.add_tensor("img_in.weight", np.ones((6, 64), np.float16))
    data = np.zeros((4, 2 * 34), np.uint8)
    writer.add_tensor("a.weight", data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def text(said: str) -> bytes:
    return struct.pack("<Q", len(said)) + said.encode()


def raw(facts: bytes = b"", tensors: bytes = b"", **counts: Any) -> bytes:
    head = struct.pack(
        "<4sIQQ",
        counts.get("magic", b"GGUF"),
        counts.get("version", 3),
        counts.get("many", 1 if tensors else 0),
        counts.get("said", 1 if facts else 0),
    )
    return head + facts + tensors


def tensor(name: str, sides: tuple[int, ...], kind: int = 0, at: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, kind, at)


NONSENSE = "its header makes no sense"
TWO = tensor("a", (8,)) + tensor("b", (8,), at=32)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "is no .gguf file"),
    "another magic": (raw(magic=b"GGML"), "is no .gguf file"),
    "a pickle": (b"\x80\x04", "is no .gguf file"),
    "version 1": (raw(version=1), "is of version 1"),
    "the other order of bytes": (raw(version=3 << 24), "is of version"),
    "a thousand million tensors": (raw(many=10**9), NONSENSE),
    "as many facts": (raw()[:16] + b"\xff" * 8, NONSENSE),
    "a text past the end": (raw(struct.pack("<Q", 2**40) + b"a"), NONSENSE),
    "a long text": (raw(struct.pack("<Q", 60_000) + b"a"), "is cut off within its header"),
    "a fact of no kind": (raw(text("a") + struct.pack("<I", 99)), NONSENSE),
    "a list of everything": (raw(text("a") + struct.pack("<IIQ", 9, 8, 2**50)), NONSENSE),
    "a list of too many numbers": (
        raw(text("a") + struct.pack("<IIQ", 9, 0, 2**50)),
        "is cut off within its header",
    ),
    "lists in lists in lists": (
        raw(text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50),
        NONSENSE,
    ),
    "a fact twice": (raw((text("a") + struct.pack("<IB", 0, 1)) * 2, said=2), NONSENSE),
    "a tensor twice": (raw()[:8] + struct.pack("<QQ", 2, 0) + tensor("a", (8,)) * 2, NONSENSE),
    "an overlap": (
        raw()[:8] + struct.pack("<QQ", 2, 0) + tensor("a", (16,)) + tensor("b", (8,), at=32)
        + bytes(200),
        NONSENSE,
    ),
    "an odd offset": (raw(tensors=tensor("a", (8,), at=7)) + bytes(200), NONSENSE),
    "nine sides": (raw(tensors=tensor("a", (1,) * 9)) + bytes(200), NONSENSE),
    "a shape that overflows": (raw(tensors=tensor("a", (2**32, 2**32))) + bytes(200), NONSENSE),
    "a type of tomorrow": (raw(tensors=tensor("a", (8,), 77)) + bytes(200), "not known here"),
    "half a block": (raw(tensors=tensor("a", (33,), 2)) + bytes(200), NONSENSE),
    "cut off": (raw()[:8] + struct.pack("<QQ", 2, 0) + TWO + bytes(60), "is cut off: it holds"),
    "an alignment that is none": (
        raw(text("general.alignment") + struct.pack("<II", 4, 48)),
        NONSENSE,
    ),
}  # fmt: skip


def test_a_header_is_read_as_the_library_that_wrote_it_reads_it(tmp_path: Path) -> None:
    file = written(tmp_path / "a.gguf")
    found = read_gguf(file)
    theirs = {one.name: one for one in gguf.GGUFReader(file).tensors}
    assert found.tensors.keys() == theirs.keys()
    for name, entry in found.tensors.items():
        assert entry["dtype"] == theirs[name].tensor_type.name
        assert entry["shape"] == [*reversed(theirs[name].shape.tolist())]
        first, last = entry["data_offsets"]
        assert (found.start + first, last - first) == (
            theirs[name].data_offset,
            theirs[name].n_bytes,
        )
    assert found.metadata["general.name"] == "A model"
    assert found.metadata["some.numbers"] == [1, 2, 3]


def test_our_table_of_types_is_theirs() -> None:
    theirs = {
        one.value: (one.name, *gguf.GGML_QUANT_SIZES[one]) for one in gguf.GGMLQuantizationType
    }
    assert {number: theirs.get(number) for number in TYPES} == TYPES


def test_a_vocabulary_is_walked_over_and_the_data_are_not_touched(tmp_path: Path) -> None:
    file = written(tmp_path / "a.gguf", words=20_000)
    with file.open("ab") as stream:
        stream.truncate(file.stat().st_size + (1 << 30))
    before = bytes_read()
    found = read_gguf(file)
    assert bytes_read() - before < found.start + (1 << 16)
    assert found.metadata["some.words"] == [], "it is not kept"


@pytest.mark.parametrize("what", HOSTILE)
def test_a_header_that_lies_is_refused_with_one_sentence(tmp_path: Path, what: str) -> None:
    data, why = HOSTILE[what]
    file = tmp_path / "a.gguf"
    file.write_bytes(data)
    with pytest.raises(ModelError) as refused:
        read_gguf(file)
    assert why in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_3000_changed_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    data, chance = written(tmp_path / "a.gguf").read_bytes(), random.Random(5)
    file = tmp_path / "b.gguf"
    refused = 0
    for number in range(3000):
        changed = bytearray(data[: chance.randint(0, len(data))] if number % 4 == 0 else data)
        for _ in range(chance.randint(1, 3) if changed else 0):
            changed[chance.randrange(min(len(changed), 600))] = chance.randrange(256)
        file.write_bytes(changed)
        try:
            read_gguf(file)
        except ModelError:
            refused += 1
    assert 500 < refused < 3000


def test_a_gguf_file_is_checked_before_it_is_used_and_known_in_the_library(tmp_path: Path) -> None:
    written(tmp_path / "a.gguf")
    (tmp_path / "b.gguf").write_bytes((tmp_path / "a.gguf").read_bytes()[:-40])
    there = Models(Registry(), Store(), (tmp_path,), data=tmp_path)
    assert there.files(tmp_path / "a.gguf") == [tmp_path / "a.gguf"]
    with pytest.raises(ModelError, match="is cut off: it holds"):
        there.files(tmp_path / "b.gguf")
    facts = scanned(tmp_path)["a.gguf"].facts
    assert (facts.kind, facts.family, facts.format) == ("denoiser", "flux", "gguf")
    assert (facts.title, facts.licence, facts.parameters) == ("A model", "apache-2.0", 768)
