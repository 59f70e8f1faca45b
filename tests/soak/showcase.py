"""Every example at full size: ``python tests/soak/showcase.py [--again] [example …]``.

The pictures go to ``build/showcase``. The figures go to ``SHOWCASE.md`` beside this file, one
example at a time: an interrupted showcase goes on with those that are missing or were changed
since. Each picture is run again by ``musegraph reproduce``, with nothing reused.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from machine import machine, now

from musegraph import Workflow
from musegraph.values.canonical import digest_of_buffers

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "showcase"
REPORT = Path(__file__).with_name("SHOWCASE.md")
HEAD = """# Every example at full size

Written by `make showcase`: seconds and peak memory are those of the whole command, with an empty
cache. A digest is that of the picture, whatever is written beside its pixels; "run again" is what
`musegraph reproduce` said of it, of every step of its run; "in its run" stands where files of that
kind carry no record, and another output of the same run does. The last column is the digest of the
example's file.

| example | inputs | nodes | seconds | peak MB | result | KB | digest | run again | file |
|---|---|--:|--:|--:|---|--:|---|---|---|
"""
COLUMNS = HEAD.splitlines()[-1].count("|") - 1


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    told: str
    seconds: float
    peak: int
    """Bytes of memory at most."""


def musegraph(*arguments: str, cache: str) -> Done:
    """A command in a process of its own."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as told:
        start = perf_counter()
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "musegraph", *arguments],
            os.environ | {"MUSEGRAPH_CACHE": cache},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, told.fileno(), 2),
            ],
        )
        _, status, usage = os.wait4(pid, 0)
        seconds = perf_counter() - start
        for stream in (out, told):
            stream.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return Done(code, out.read(), told.read(), seconds, usage.ru_maxrss * 1024)


def mark(example: Path) -> str:
    """What tells an example from what it was before it was changed."""
    return digest_of_buffers([example.read_bytes()]).removeprefix("blake3:")[:8]


def known() -> dict[str, list[str]]:
    """The rows that the report holds, by the example's name and mark."""
    rows: dict[str, list[str]] = {}
    for line in REPORT.read_text("utf-8").splitlines() if REPORT.exists() else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == COLUMNS and cells[1] != "inputs" and set(cells[1]) != {"-"}:
            rows.setdefault(f"{cells[0]} {cells[-1]}", []).append(line)
    return rows


def inputs(workflow: Workflow) -> str:
    """The numbers that an example is made with: its words stand in its file."""
    given = {name: entry.default for name, entry in workflow.inputs.items() if entry.has_default}
    numbers = {n: v for n, v in given.items() if isinstance(v, int | float | list)}
    return ", ".join(f"{name} {value}".replace("|", "/") for name, value in numbers.items())


def is_runnable(example: Path) -> bool:
    """Whether the models that an example names are on this machine: some are large and fetched."""
    with tempfile.TemporaryDirectory() as cache:
        return musegraph("plan", str(example), cache=cache).code == 0


def show(example: Path) -> list[str]:
    """The rows of one example; raises RuntimeError with what was said if it fails."""
    workflow = Workflow.read(example)
    with tempfile.TemporaryDirectory() as cache:
        folder = OUT / example.stem
        shutil.rmtree(folder, ignore_errors=True)  # an equal picture of before would stay as it is
        done = musegraph("run", str(example), "--out", str(folder), "--quiet", cache=cache)
        if done.code:
            raise RuntimeError(f"{example.name}: exit code {done.code}: {done.told}")
        rows = []
        for path in map(Path, done.out.splitlines()):
            verdict = musegraph("reproduce", str(path), cache=cache)
            cells = (
                example.stem,
                inputs(workflow),
                len(workflow.nodes),
                f"{done.seconds:.1f}",
                f"{done.peak / 1e6:.0f}",
                path.name,
                f"{path.stat().st_size / 1024:.0f}",
                path.stem.rpartition("_")[2],
                said_of(verdict),
                mark(example),
            )
            rows.append("| " + " | ".join(map(str, cells)) + " |")
        return rows


def said_of(verdict: Done) -> str:
    """What ``reproduce`` said of an output, or why it said nothing."""
    said = verdict.out.strip() or verdict.told.strip()
    return "in its run" if "carries no record of a run" in said else said


def is_reproduced(rows: list[str]) -> bool:
    """Whether every output of an example that carries a record was made again, and one does."""
    same = [line for line in rows if "| identical |" in line]
    rest = [line for line in rows if "| in its run |" in line]
    return bool(same) and len(same) + len(rest) == len(rows)


def write(rows: dict[str, list[str]]) -> None:
    """The report, whole or not at all."""
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    head = HEAD.replace("\n\n|", f"\n\n{now()}, threads of torch: {threads}. {machine()}\n\n|", 1)
    lines = [line for made in rows.values() for line in made]
    beside = REPORT.with_suffix(".part")
    beside.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    beside.replace(REPORT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("example", nargs="*", help="some of workflows/*.json; all without")
    parser.add_argument("--again", action="store_true", help="also those that are in the report")
    options = parser.parse_args()
    examples = sorted((ROOT / "workflows").glob("*.json"))
    rows, before = {}, known()
    for example in examples:
        name = f"{example.stem} {mark(example)}"
        chosen = not options.example or example.stem in options.example
        if name in before and not (chosen and options.again):
            rows[name] = before[name]
        elif chosen and not is_runnable(example):
            print(f"{example.stem}: left out, the model it was written for is not here", flush=True)
        elif chosen:
            rows[name] = show(example)
            print("\n".join(rows[name]), flush=True)
            write(rows | {n: made for n, made in before.items() if n not in rows})
    names = {f"{example.stem} {mark(example)}" for example in examples}
    write({name: made for name, made in rows.items() if name in names})
    return 0 if rows and all(map(is_reproduced, rows.values())) else 1


if __name__ == "__main__":
    sys.exit(main())
