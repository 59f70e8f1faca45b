"""P10 of the security reference: a pack with NumPy 1 and one with NumPy 2, from the index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packs"))

import making

PROMISE = "Two packs that need NumPy 1 and NumPy 2 run in one graph, and share no module."

NODES = '''
from musegraph import Image, Pack, node

@node(version="1", cache=False)
def has(text: str) -> str:
    """Say which NumPy it has, and where from."""
    import numpy
    import os
    return f"{text} {numpy.__version__} {os.path.dirname(numpy.__file__)}"

@node(version="1", cache=False)
def half(image: Image) -> Image:
    """Compute with NumPy on what came as a tensor."""
    import torch
    return Image(torch.from_numpy(image.data.numpy() * 0.5))

pack = Pack("{name}", nodes=[has, half])
'''
GRAPH = {
    "musegraph": 1,
    "outputs": {"told": "new.out", "mean": "mean.out"},
    "nodes": {
        "old": {"type": "old.has", "values": {"text": "-"}},
        "new": {"type": "new.has", "links": {"text": "old.out"}},
        "plain": {"type": "image.color", "values": {"width": 512, "height": 512}},
        "first": {"type": "old.half", "links": {"image": "plain.out"}},
        "mean": {"type": "new.half", "links": {"image": "first.out"}},
    },
}


def musegraph(folder: Path, *arguments: str) -> str:
    env = os.environ | {"MUSEGRAPH_PACKS": str(folder / "packs"), "HOME": str(folder)}
    command = [sys.executable, "-m", "musegraph", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments} failed: {done.stderr[-2000:]}")
    return done.stdout


def main(count: int) -> int:
    right = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, wanted in (("old", "numpy>=1.26,<2"), ("new", "numpy>=2")):
            made = making.project(folder, name, requires=("musegraph>=0.1", wanted), nodes=NODES)
            musegraph(folder, "pack", "install", str(made.root), "--isolated", "--yes")
        (folder / "graph.json").write_text(json.dumps(GRAPH))
        seen = ""
        for _ in range(count):
            lines = musegraph(folder, "run", "graph.json", "--json").splitlines()
            seen = json.loads(lines[-1])["values"]["told"]
            _, old, old_place, new, new_place = seen.split()
            right += old.startswith("1.") and new.startswith("2.") and old_place != new_place
        for name in ("old", "new"):
            musegraph(folder, "pack", "remove", name, "--yes")
        gone = not (folder / "packs").exists()
    print("| runs | right | versions | removed without a trace |\n|--:|--:|---|---|")
    print(f"| {count} | {right} | {old}, {new} | {'yes' if gone else 'no'} |")
    return 0 if right == count and gone else 1
