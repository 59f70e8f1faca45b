"""Links put in the place of files, also between two looks: no byte from elsewhere is read."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from musegraph import UnreadableWorkflow
from musegraph.plan.files import Beside
from musegraph.server.settings import new_token
from musegraph.store.disk import Disk
from musegraph.values.canonical import digest_of_buffers

PROMISE = "A link in the place of a file gives no byte from elsewhere, and none is written through."
OWN, FOREIGN = b"our own bytes", b"somebody else's secret"


class Swapping:
    """A process that puts a file, a link to a secret and a linked folder in each other's place."""

    def __init__(self, folder: Path, secret: Path) -> None:
        self.folder = folder
        self.secret = secret
        context = multiprocessing.get_context("fork")
        self.over = context.Event()
        self.process = context.Process(target=self._swap)
        self.swaps = context.Value("q", 0)

    def _swap(self) -> None:
        place, aside = self.folder / "in" / "a.bin", self.folder / "aside"
        inner, away = self.folder / "in", self.folder / "away"
        while not self.over.is_set():
            aside.symlink_to(self.secret)
            aside.replace(place)
            aside.write_bytes(OWN)
            aside.replace(place)
            inner.rename(away)
            inner.symlink_to(self.secret.parent)
            inner.unlink()
            away.rename(inner)
            self.swaps.value += 1

    def __enter__(self) -> Swapping:
        self.process.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.process.join()


def beside(folder: Path, count: int) -> tuple[Counter[str], int]:
    """Files beside a workflow, read while they are swapped."""
    secret = folder / "elsewhere" / "a.bin"
    secret.parent.mkdir()
    secret.write_bytes(FOREIGN)
    own = folder / "own"
    (own / "in").mkdir(parents=True)
    (own / "in" / "a.bin").write_bytes(OWN)
    seen = Counter[str]()
    with Swapping(own, secret) as swapping:
        for _ in range(count):
            with Beside(own) as files:
                try:
                    if files.missing("in/a.bin"):
                        seen["refused"] += 1
                        continue
                    data = files.read("in/a.bin")
                except UnreadableWorkflow:
                    seen["refused"] += 1
                    continue
            seen["own" if data == OWN else "foreign"] += 1
    return seen, swapping.swaps.value


def objects(folder: Path) -> Counter[str]:
    """Objects of the cache replaced by links, soft and hard, to other bytes."""
    seen = Counter[str]()
    secret = folder / "secret"
    secret.write_bytes(FOREIGN)
    disk = Disk(folder / "cache")
    try:
        for number, link in enumerate((os.symlink, os.link) * 50):
            data = f"object {number}".encode()
            digest = digest_of_buffers([data])
            disk.put([data], digest, 1.0, 0)
            place = disk.path(digest)
            place.unlink()
            link(secret, place)
            found = disk.get(digest)
            seen["refused" if found is None and not disk.verify(digest) else "foreign"] += 1
        seen["written through"] += secret.read_bytes() != FOREIGN
    finally:
        disk.close()
    return seen


def token(folder: Path) -> Counter[str]:
    """A token that is a link when a new one is written."""
    secret = folder / "victim"
    secret.write_bytes(FOREIGN)
    (folder / "data").mkdir()
    (folder / "data" / "token").symlink_to(secret)
    new_token(folder / "data")
    through = secret.read_bytes() != FOREIGN or (folder / "data" / "token").is_symlink()
    return Counter({"written through" if through else "own": 1})


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        read, swaps = beside(folder, count)
        found = {f"files beside a workflow, {swaps:,} swaps": read}
        found["objects of the cache"] = objects(folder)
        found["the token"] = token(folder)
    print("| links in | own bytes | refused | foreign bytes | written through |")
    print("|---|--:|--:|--:|--:|")
    for what, seen in found.items():
        figures = (seen["own"], seen["refused"], seen["foreign"], seen["written through"])
        print(f"| {what} | {' | '.join(map(str, figures))} |")
    bad = sum(seen["foreign"] + seen["written through"] for seen in found.values())
    return 0 if not bad and read["own"] and swaps else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
