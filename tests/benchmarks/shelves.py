"""B26: a library of models as large as people have, looked through."""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import Row, one_core, timed

FILES = 2000


def write(file: Path, tensors: Mapping[str, tuple[int, ...]], **metadata: str) -> None:
    """A .safetensors file in float16, its data a hole in the file system."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, shape in tensors.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "F16", "shape": [*shape], "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + at)


def lora(rank: int, blocks: int) -> dict[str, tuple[int, ...]]:
    """An adapter as kohya's programs write them: three tensors for each layer it changes."""
    made: dict[str, tuple[int, ...]] = {}
    for block in range(blocks):
        for layer in ("attn1_to_q", "attn1_to_k", "attn1_to_v", "attn2_to_q", "attn2_to_k"):
            name = f"lora_unet_down_blocks_{block}_attentions_0_transformer_blocks_0_{layer}"
            wide = 2048 if layer == "attn2_to_k" else 640
            made[f"{name}.alpha"] = ()
            made[f"{name}.lora_down.weight"] = (rank, wide)
            made[f"{name}.lora_up.weight"] = (640, rank)
    return made


def checkpoint(tensors: int) -> dict[str, tuple[int, ...]]:
    """A model of Stable Diffusion XL in one file, as far as its names and shapes go."""
    root = "model.diffusion_model.input_blocks.4.1.transformer_blocks"
    made: dict[str, tuple[int, ...]] = {
        "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
        f"{root}.0.attn2.to_k.weight": (640, 2048),
    }
    for number in range(tensors - 3):
        made[f"{root}.{number}.ff.net.0.proj.weight"] = (640, 640)
    made["first_stage_model.decoder.conv_in.weight"] = (512, 4, 3, 3)
    return made


def furnish(folder: Path) -> None:
    """Nine adapters of 360 to 1,080 tensors for each checkpoint of 2,500."""
    tags = json.dumps({"10_word": {f"a tag {number}": number for number in range(300)}})
    for number in range(FILES):
        if number % 10:
            file = folder / "loras" / f"style {number}.safetensors"
            write(file, lora(4 + number, 24 * (1 + number % 3)), ss_tag_frequency=tags)
        else:
            file = folder / "checkpoints" / f"model {number}.safetensors"
            write(file, checkpoint(2500 + number))


def library() -> list[Row]:
    """B26: 2,000 models looked through by a new process, and again when nothing has changed."""
    from musegraph.library.scan import Library
    from musegraph.library.walk import Root

    with tempfile.TemporaryDirectory(prefix="musegraph-") as work, one_core():
        folder, data = Path(work) / "models", Path(work) / "data"
        furnish(folder)

        def scan() -> None:
            shelves = Library(data)  # nothing of it in memory, as in a new process
            listing = shelves.scan([Root(folder)])
            shelves.close()
            assert len(listing.entries) == FILES
            assert {one.facts.family for one in listing.entries} == {"sdxl"}

        first = timed(scan)
        second = min(timed(scan) for _ in range(3))
        files = sorted(folder.rglob("*.safetensors"))
        headers = timed(lambda: [json.loads(header_of(file)) for file in files])
        stats = timed(lambda: [file.stat() for file in files])
    return [
        Row("B26", f"{FILES:,} models, the first scan", first, "s",
            "json.loads of their headers", headers, gate=10),
        Row("B26", f"{FILES:,} models, the next scan", second, "s",
            "a stat of each", stats, gate=0.5),
    ]  # fmt: skip


def header_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(struct.unpack("<Q", stream.read(8))[0])
