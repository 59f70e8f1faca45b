"""What the command line says where memory runs out; a process that is really out of it lives on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from shell import events, musegraph, workflow, write

SHORT = '''
import os
import torch
from musegraph import Context, Image, Seed, node

@node(version="1", frugal="in halves")
def paint(ctx: Context, seed: Seed = 0, off: float = 0.1) -> Image:
    """A picture, a little off if there is not memory enough."""
    if os.environ.get("SHORT") == "very" or (os.environ.get("SHORT") and not ctx.frugal):
        raise MemoryError("Unable to allocate 3.00 GiB for an array")
    return Image(torch.full((1, 8, 8, 3), 0.5 + off * ctx.frugal))
'''

TIGHT = '''
import resource
from pathlib import Path
import torch
from musegraph import Seed, node

PAGES = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (PAGES * resource.getpagesize() + (1 << 30),) * 2)
SIZE = 3 << 30

@node(version="1")
def grab(seed: Seed) -> int:
    """Ask for 3 GiB, in one of three ways."""
    if seed % 3 == 0:
        return len(bytearray(SIZE))
    if seed % 3 == 1:
        return torch.empty(SIZE, dtype=torch.uint8).numel()
    import numpy
    return numpy.ones(SIZE, dtype="u1").size

@node(version="1")
def modest(seed: Seed) -> int:
    """Ask for 3 MiB."""
    return len(bytearray(3 << 20)) + seed
'''


def painted(place: Path, off: float) -> str:
    (place / "short.py").write_text(SHORT)
    return write(place, "w.json", workflow(p={"type": "short.paint", "values": {"off": off}}))


def test_a_makeshift_picture_says_so_when_it_is_made_in_its_file_and_when_it_is_reproduced(
    tmp_path: Path,
) -> None:
    file = painted(tmp_path, 0.1)
    told = "out of memory (3.00 GiB were asked for at once), so it ran in halves"
    made = musegraph(tmp_path, "run", file, "--packs", "short.py", "--out", "out", SHORT="1")
    assert made.returncode == 0, made.stderr
    assert f"warning: p: {told}" in made.stderr
    assert "1 step ran in" in made.stderr
    assert "1 short of memory (makeshift: p)" in made.stderr
    saved = made.stdout.strip()
    again = musegraph(tmp_path, "reproduce", saved, "--packs", "short.py")
    assert again.returncode == 1
    assert again.stdout == (
        "diverged: first at p: memory ran out when it was made (ran in halves), and"
        " now there was enough\n"
    )
    short = musegraph(tmp_path, "reproduce", saved, "--packs", "short.py", SHORT="1")
    assert (short.returncode, short.stdout) == (0, "identical\n")

    true = musegraph(tmp_path, "run", file, "--packs", "short.py", "--out", "out")
    assert "short of memory" not in true.stderr
    assert true.stdout.strip() != saved
    other = musegraph(tmp_path, "reproduce", true.stdout.strip(), "--packs", "short.py", SHORT="1")
    assert "memory ran out now (ran in halves), which it had not then" in other.stdout


def test_a_makeshift_picture_that_looks_like_the_true_one_is_within_tolerance(
    tmp_path: Path,
) -> None:
    file = painted(tmp_path, 0.004)
    made = musegraph(tmp_path, "run", file, "--packs", "short.py", "--out", "out", SHORT="1")
    again = musegraph(tmp_path, "reproduce", made.stdout.strip(), "--packs", "short.py")
    assert again.returncode == 0
    assert again.stdout.startswith("within tolerance: first at p: memory ran out when it was made")


def test_without_a_folder_to_save_in_it_is_said_that_a_makeshift_output_is_not_kept(
    tmp_path: Path,
) -> None:
    file = painted(tmp_path, 0.1)
    made = musegraph(tmp_path, "run", file, "--packs", "short.py", SHORT="1")
    assert "p.out: makeshift and not kept; --out DIR saves files" in made.stderr
    seen = musegraph(tmp_path, "run", file, "--packs", "short.py", "--json", SHORT="1")
    (done,) = [event for event in events(seen.stdout) if event["type"] == "step_done"]
    assert (done["relief"], done["makeshift"]) == (["ran in halves"], True)


def test_a_step_without_memory_fails_by_name_with_the_exit_code_of_a_failed_step(
    tmp_path: Path,
) -> None:
    file = painted(tmp_path, 0.1)
    made = musegraph(tmp_path, "run", file, "--packs", "short.py", "--json", SHORT="very")
    assert made.returncode == 1
    assert (
        "p: out of memory (3.00 GiB were asked for at once), also after what was tried (ran once"
        " more, ran in halves); give it less at once or close other programs that hold memory"
    ) in made.stderr
    (failed,) = [event for event in events(made.stdout) if event["type"] == "step_failed"]
    assert failed["code"] == "out-of-memory"


@pytest.mark.alone
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")
def test_fifty_calls_that_the_system_refuses_memory_are_named_and_others_run(
    tmp_path: Path,
) -> None:
    (tmp_path / "tight.py").write_text(TIGHT)
    document = workflow(
        grab={"type": "tight.grab", "values": {"seed": list(range(50))}},
        modest={"type": "tight.modest", "values": {"seed": list(range(50))}},
    )
    file = write(tmp_path, "w.json", document)
    made = musegraph(tmp_path, "run", file, "--packs", "tight.py", "--json")
    assert made.returncode == 1, made.stderr
    seen = events(made.stdout)
    (failed,) = [event for event in seen if event["type"] == "step_failed"]
    assert (failed["node"], failed["code"]) == ("grab", "out-of-memory")
    items = failed["message"].split("; item ")
    assert len(items) == 50
    assert all("of 50: out of memory" in item for item in items)
    assert failed["message"].count("3.00 GiB were asked for") == 33  # bytearray does not say
    given = json.dumps([(3 << 20) + seed for seed in range(50)])
    assert json.dumps(seen[-1]["values"]["modest.out"]) == given
