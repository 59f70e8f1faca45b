"""Graphs of any size, for the tests of large ones and for what measures them."""

from __future__ import annotations

from typing import Any

KINDS = ("image.blend", "image.adjust", "image.blur", "image.compose")
"""Nodes with one input and with two, some with many fields."""

SPACE = 320


def large_workflow(count: int) -> dict[str, Any]:
    """A grid of nodes, each linked to the one before, and every other one to the one above."""
    columns = int(count**0.5)
    nodes: dict[str, Any] = {"n0": {"type": "image.color"}}
    places: dict[str, Any] = {}
    for at in range(count):
        kind = KINDS[at % len(KINDS)]
        before, above = f"n{at - 1}.out", f"n{max(0, at - columns)}.out"
        if at > 0:
            links = {
                "image.blend": {"a": before, "b": above},
                "image.compose": {"base": before, "over": above},
            }.get(kind, {"image": before})
            nodes[f"n{at}"] = {"type": kind, "links": links}
        places[f"n{at}"] = {"x": at % columns * SPACE, "y": at // columns * SPACE}
    return {
        "musegraph": 1,
        "name": f"{count} nodes",
        "nodes": nodes,
        "outputs": {"last": f"n{count - 1}.out"},
        "canvas": {"nodes": places},
    }
