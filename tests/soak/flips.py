"""One byte flipped in every stored result: each is noticed, and computed again to equal bytes.

Media lie in files of their own; texts lie in the index, and are flipped there.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from musegraph import Engine, File, Pack, Registry, Store, Text, Workflow, node

PROMISE = "A flipped byte in a stored result is noticed, and computed again."

CALLS: Counter[int] = Counter()
TOGETHER = 100
"""Results per cache: so many are made, damaged and asked for at a time."""


@node(version="1")
def make(number: int, size: int) -> File:
    """Bytes that follow from a number."""
    CALLS[number] += 1
    block = hashlib.sha256(str(number).encode()).digest()
    return File((block * (size // len(block) + 1))[:size], f"{number}.bin")


@node(version="1")
def tell(number: int, size: int) -> Text:
    """A text that follows from a number."""
    CALLS[number] += 1
    return hashlib.sha256(f"{number} {size}".encode()).hexdigest()


def document(sizes: dict[int, int]) -> Workflow:
    return Workflow.parse(
        {
            "musegraph": 1,
            "outputs": {f"o{number}": f"n{number}.out" for number in sizes},
            "nodes": {
                f"n{number}": {
                    "type": "flips.tell" if number % 4 == 3 else "flips.make",
                    "values": {"number": number, "size": size},
                }
                for number, size in sizes.items()
            },
        }
    )


def outputs(folder: Path, work: Workflow) -> dict[str, str | tuple[str, bytes]]:
    """What a fresh process would give: an engine that has nothing in memory."""
    with Engine(Registry.of(Pack("flips", [make, tell])), Store(folder)) as engine:
        made = engine.run(engine.plan(work)).outputs()
        return {
            name: value if isinstance(value, str) else (value.name, value.data)
            for name, value in made.items()
        }


def flip(file: Path, draw: random.Random) -> None:
    """Change one bit or more of one byte, anywhere in a file."""
    data = bytearray(file.read_bytes())
    data[draw.randrange(len(data))] ^= draw.randrange(1, 256)
    file.write_bytes(data)


def flip_texts(index: Path, texts: list[str], draw: random.Random) -> int:
    """Change one byte of each text wherever it lies in the index; how many were found."""
    data = bytearray(index.read_bytes())
    found = 0
    for text in texts:
        offset, change = draw.randrange(len(text)), draw.randrange(1, 256)
        at = data.find(text.encode())
        found += at >= 0
        while at >= 0:
            data[at + offset] ^= change
            at = data.find(text.encode(), at + 1)
    index.write_bytes(data)
    return found


def batch(numbers: range, draw: random.Random) -> tuple[int, int, int]:
    """How many were flipped, then noticed and computed once more, then equal."""
    work = document({number: draw.randrange(1, 20_000) for number in numbers})
    CALLS.clear()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        before = outputs(cache, work)
        objects = sorted((cache / "objects").glob("*/*"))
        whole = {file: file.read_bytes() for file in objects}
        for file in objects:
            flip(file, draw)
        texts = [value for value in before.values() if isinstance(value, str)]
        flipped = flip_texts(cache / "index.sqlite", texts, draw) + len(objects)
        after = outputs(cache, work)
        noticed = sum(CALLS[number] == 2 for number in numbers)
        restored = {file: file.read_bytes() for file in objects if file.exists()} == whole
        equal = sum(after[name] == before[name] for name in before) if restored else 0
        return flipped, noticed, equal


def main(count: int) -> int:
    draw = random.Random(3)
    starts = range(0, count, TOGETHER)
    found = [batch(range(at, min(at + TOGETHER, count)), draw) for at in starts]
    flipped, noticed, equal = (sum(column) for column in zip(*found, strict=True))
    print("| byte flips in stored results | noticed and computed again | equal bytes |")
    print("|--:|--:|--:|")
    print(f"| {flipped} | {noticed} | {equal} |")
    return 0 if flipped == noticed == equal == count else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
