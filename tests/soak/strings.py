"""Strings that lead out of a folder somewhere, each in every place that takes a string."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from client import TOYS, Client, served
from traversals import OUTSIDE, places, sent, strings

PROMISE = "No string of a request leads to a file outside the folders."
FINE = {200, 201, 400, 404, 405, 409, 422, 429}
WATCHED = str(Path(TOYS).with_name("watched.py"))


async def trial(folder: Path, count: int) -> tuple[Counter[int], list[str]]:
    seen, wrong = Counter[int](), list[str]()
    async with served(folder, packs=(TOYS, WATCHED), most_queued=1000) as (client, server):
        await client.ask("PUT", "/api/queue", json={"paused": True})
        secret = (server.token.encode(), (folder / "canary").read_bytes(), b"root:x:")

        async def one(client: Client, name: str) -> None:
            put = places()[name]
            for text in strings()[:count]:
                status, said = await sent(client, put, text)
                seen[status] += 1
                if status not in FINE or any(words in said for words in secret):
                    wrong.append(f"{name}: {text[:60]!r} gave {status}")

        names = list(places())
        for start in range(0, len(names), 8):
            await asyncio.gather(*(one(client, name) for name in names[start : start + 8]))
    return seen, wrong


def main(count: int) -> int:
    """So many of 500 strings in every place; prints a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "canary").write_text("the canary's own words")
        os.environ["OPENED"] = str(folder / "opened")
        before = {path.name for path in folder.iterdir()} | {"data", "cache", "opened"}
        seen, wrong = asyncio.run(trial(folder, count))
        wrong += [f"made {p.name}" for p in folder.iterdir() if p.name not in before]
        opened = (folder / "opened").read_text(errors="replace").splitlines()
        wrong += [f"opened {line}" for line in opened if any(part in line for part in OUTSIDE)]
    statuses = ", ".join(f"{number:,} × {status}" for status, number in sorted(seen.items()))
    print("| places | strings | requests | files opened | outside | statuses |")
    print("|--:|--:|--:|--:|--:|---|")
    print(f"| {len(places())} | {min(count, 500)} | {sum(seen.values())} | {len(opened)} |"
          f" {len(wrong)} | {statuses} |")  # fmt: skip
    for line in wrong[:20]:
        print(f"\n{line}")
    return 1 if wrong or not opened else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
