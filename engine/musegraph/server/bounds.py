"""How large a workflow may be that the server looks at."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

MOST_NODES = 20_000
"""Nodes of a workflow that the server takes: what is checked within a second."""


def of_a_size(workflow: dict[str, Any]) -> dict[str, Any]:
    """The workflow, if it is not too large; ``ValueError`` says by how much it is."""
    graphs = workflow.get("graphs")
    listed = [workflow, *(graphs.values() if isinstance(graphs, dict) else ())]
    nodes = [graph.get("nodes") for graph in listed if isinstance(graph, dict)]
    count = sum(len(each) for each in nodes if isinstance(each, dict))
    if count > MOST_NODES:
        raise ValueError(f"it has {count:,} nodes; at most {MOST_NODES:,} are taken")
    return workflow


Bounded = Annotated[dict[str, Any], AfterValidator(of_a_size)]
"""A workflow document of a size to look at."""
