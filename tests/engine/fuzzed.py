"""Files that were changed at random, and what must hold of whoever reads them.

A reader gives something, or refuses with an error of Musegraph's own, soon.
A few are tried by the tests and many by the soak.
"""

from __future__ import annotations

import io
import json
import random
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from cost import cost
from hostile import chunk, png
from PIL import Image as Pillow
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from musegraph.archive import Archive
from musegraph.errors import ModelError, MusegraphError, NodeError, UnreadableWorkflow
from musegraph.headers import read_header
from musegraph.values import File, Image, encode
from musegraph.values.embedding import embed, extract
from musegraph.values.files import read
from musegraph.workers.media import describe, thumbnail
from musegraph.workflow import Workflow

SLOW = 1.0
"""Seconds of CPU time that a file may take to be read or refused, if no picture is decoded."""

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)


def mutated(seeds: list[bytes], draw: random.Random) -> bytes:
    """One of the seeds with one to six changes."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(8):
            case 0 | 1 if at < len(data):
                data[at] = draw.randrange(256)
            case 2 if at < len(data):
                data[at] ^= 1 << draw.randrange(8)
            case 3:
                width, order = draw.choice((1, 2, 4, 8)), draw.choice(("big", "little"))
                number = draw.choice(NUMBERS) % (1 << 8 * width)
                data[at : at + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
            case 4:
                del data[at : at + draw.choice((1, 4, 64, 1 << 20))]
            case 5:
                data[at:at] = draw.randbytes(draw.choice((1, 4, 64)))
            case 6:
                start = draw.randrange(len(data) + 1)
                data[at:at] = data[start : start + draw.choice((4, 16, 256))]
            case 7:
                other = draw.choice(seeds)
                data[at:] = other[draw.randrange(len(other) + 1) :]
    return bytes(data)


@dataclass
class Reader:
    """Something that reads files: from which seeds, and with which errors it may refuse them."""

    seeds: list[bytes]
    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    decodes: bool = False
    """Whether it may take the time and the memory of a large picture."""
    seen: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def hold(self, data: bytes) -> None:
        """Have it read; anything but a result or one of its own errors goes through."""
        with cost() as spent:
            try:
                self.read(data)
                self.seen["read"] += 1
            except self.refuses as error:
                self.seen["refused in several lines" if "\n" in str(error) else "refused"] += 1
        self.slowest = max(self.slowest, spent.seconds)

    def trial(self, count: int, seed: int) -> None:
        draw = random.Random(seed)
        for data in self.seeds:
            self.hold(data)
        assert self.seen["read"] == len(self.seeds), "the seeds themselves can be read"
        for number in range(count):
            data = mutated(self.seeds, draw)
            try:
                self.hold(data)
            except BaseException as error:
                error.add_note(f"change {number} of seed {seed}: {data[:400]!r}")
                raise


_PLACE = Path(tempfile.gettempdir())


def _written(data: bytes, use: Callable[[Path], object], suffix: str) -> object:
    with tempfile.NamedTemporaryFile(suffix=suffix, dir=_PLACE) as file:
        file.write(data)
        file.flush()
        return use(Path(file.name))


def _all_of(place: Path) -> int:
    with Archive(place) as archive:
        return sum(len(archive.read(name)) for name in archive.sizes)


def _zipped(kind: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        archive.writestr("workflow.json", json.dumps({"musegraph": 1, "nodes": {}}))
        archive.writestr("assets/a.bin", random.Random(1).randbytes(300) + bytes(300))
        archive.mkdir("folder")
    return stream.getvalue()


def _tensors(place: Path) -> int:
    """The header, which says yes or no; what it lets through, the library opens."""
    names = set(read_header(place))
    try:
        with safe_open(place, framework="np") as file:
            assert set(file.keys()) == names
            for name in names:
                with suppress(TypeError, AttributeError, KeyError):  # a type that numpy lacks
                    file.get_tensor(name)
    except SafetensorError as error:  # it is stricter in what a header may hold besides
        raise ModelError(str(error).splitlines()[0]) from None
    return len(names)


def pictures() -> list[bytes]:
    made = []
    noise = Pillow.effect_noise((24, 16), 60)
    for kind, mode, options in (
        ("PNG", "RGB", {}), ("PNG", "P", {}), ("PNG", "I;16", {}), ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}), ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}), ("GIF", "P", {}), ("TIFF", "RGB", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ):  # fmt: skip
        stream = io.BytesIO()
        noise.convert("L" if mode == "I;16" else mode).convert(mode).save(stream, kind, **options)
        made.append(stream.getvalue())
    return made


def _facts() -> list[bytes]:
    """Pictures that carry a workflow in each way in which one can be carried."""
    workflow = {"workflow": {"musegraph": 1, "nodes": {}}, "record": {"steps": {}}}
    text = json.dumps(workflow).encode()
    packed = b"iTXt", b"musegraph\0\1\0\0\0" + zlib.compress(text)
    others = [(b"tEXt", b"Comment\0x"), (b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 99))]
    webp = io.BytesIO()
    Pillow.new("RGB", (4, 4)).save(webp, "WEBP", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    jpeg, ogg = io.BytesIO(), io.BytesIO()
    Pillow.new("RGB", (4, 4)).save(jpeg, "JPEG")
    soundfile.write(ogg, [0.0] * 64, 8000, format="OGG", subtype="VORBIS")
    film = b"\0\0\0\x10ftypisom\0\0\2\0" + b"\0\0\0\x10mdat" + bytes(8)
    plain = webp.getvalue(), jpeg.getvalue(), ogg.getvalue(), film
    made = [File(png(*(chunk(*one) for one in others)), "a"), *(File(one, "b") for one in plain)]
    return [png(chunk(*packed)), *(embed(file, workflow).data for file in made)]


def _read_facts(data: bytes) -> object:
    found = extract(data)
    assert found is None or isinstance(found, dict)
    return _written(data, Workflow.read, ".png")


def _shown(data: bytes) -> object:
    _written(data, lambda place: describe(place, "x"), ".png")
    with suppress(NodeError):
        thumbnail(data, 64)
    return read("Image", data, "image/png", "x")


def _value(data: bytes) -> object:
    return read("Image", data, "application/safetensors", "x")


def readers() -> dict[str, Reader]:
    """Every reader of files that a stranger may have made."""
    import torch

    weights = [save({"a": np.zeros((4, 4), np.float32), "b": np.arange(3)})]
    weights += [struct.pack("<Q", 2) + b"{}", save({"a.b": np.zeros(0)}, {"format": "pt"})]
    value = b"".join(bytes(part) for part in encode(Image(torch.rand(1, 4, 5, 3))))
    bundles = [_zipped(zipfile.ZIP_STORED), _zipped(zipfile.ZIP_DEFLATED)]
    unreadable = (UnreadableWorkflow,)
    return {
        "bundles": Reader(bundles, lambda data: _written(data, _all_of, ".zip"), unreadable),
        "weights": Reader(
            weights, lambda data: _written(data, _tensors, ".safetensors"), (ModelError,)
        ),
        "saved values": Reader([value], _value, (NodeError,)),
        "facts in pictures": Reader(_facts(), _read_facts, (MusegraphError,)),
        "pictures": Reader(pictures(), _shown, (NodeError,), decodes=True),
    }
