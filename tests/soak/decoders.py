"""Pictures, sounds and films that were changed at random, uploaded: the server never notices."""

from __future__ import annotations

import asyncio
import io
import random
import sys
import tempfile
import wave
from collections import Counter
from pathlib import Path

from client import Client, served
from fuzzed import mutated, pictures
from test_assets import upload

from musegraph.server.app import Server

PROMISE = "A file that was changed at random and uploaded is taken or refused by its name."
SENDERS = 4


def sounds() -> list[bytes]:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(random.Random(1).randbytes(2000))
    film = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"\0\0\0\x08free" + b"\0\0\0\x10mdat" + bytes(8)
    return [stream.getvalue(), b"fLaC\x80\0\0\x22" + bytes(34), film]


async def trial(folder: Path, count: int) -> tuple[Counter[str], int]:
    seen, workers, seeds = Counter[str](), set[int | None](), pictures() + sounds()

    async def send(client: Client, server: Server, number: int) -> None:
        draw = random.Random(number)
        for index in range(number, count, SENDERS):
            name = f"file-{index}.{draw.choice(('png', 'jpg', 'wav', 'flac', 'mp4', 'bin'))}"
            status, found = await upload(client, mutated(seeds, draw), name)
            inspector = server.dispatcher._inspector
            workers.add(inspector.process if inspector is not None else None)
            if status == 201:
                seen["taken"] += 1
            elif status == 422 and name in found["error"]["message"]:
                seen["refused"] += 1
            elif status == 422 and "looked at" in found["error"]["message"]:
                seen["a worker was lost"] += 1
            elif found["error"]["message"] == "the file is empty":
                seen["empty"] += 1
            else:
                seen[f"{status}: {found['error']['message'][:60]}"] += 1

    async with served(folder) as (client, server):
        await client.get("/api/nodes")  # the worker is there
        await asyncio.gather(*(send(client, server, number) for number in range(SENDERS)))
        assert await client.get("/healthz") == {"ok": True}
    return seen, len(workers)


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        seen, workers = asyncio.run(trial(Path(folder), count))
    print("| uploads | taken | refused by name | empty | workers lost | workers | else |")
    print("|--:|--:|--:|--:|--:|--:|---|")
    known = ("taken", "refused", "empty", "a worker was lost")
    other = {word: number for word, number in seen.items() if word not in known}
    figures = (seen[word] for word in known)
    said = f"| {seen.total()} | {' | '.join(map(str, figures))} | {workers} |"
    print(f"{said} {other or 'nothing'} |")
    blind = count > 100 and not (seen["taken"] and seen["refused"])  # then nothing was tried
    return 1 if other or blind else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
