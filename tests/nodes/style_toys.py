"""Pictures and masks, good and bad, as nodes, and how a workflow with them is refused."""

from __future__ import annotations

from typing import Any

import torch

from musegraph import Engine, Image, InvalidWorkflow, Mask, Pack, Workflow, node
from musegraph.events import Event, StepFailed


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def content_data(size: int = 64) -> torch.Tensor:
    """[1,size,size,3]: a bright disc on a dark ground."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    inside = ((y - size / 2) ** 2 + (x - size / 2) ** 2).sqrt() < size / 4
    colour = torch.where(inside[..., None], torch.tensor([0.9, 0.8, 0.3]), torch.tensor(0.2))
    return colour[None].expand(1, size, size, 3).contiguous()


def stripes(size: int = 64, step: int = 8) -> torch.Tensor:
    """[1,size,size,3]: red and blue stripes, with the grain of paper."""
    band = (torch.arange(size) // (step // 2) % 2 == 0)[None, :, None]
    colour = torch.where(band, torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.1, 0.2, 0.7]))
    return colour + 0.1 * noise(1, size, size, 3, seed=9)


@node(version="1")
def picture(kind: str) -> Image:
    """A picture, good or bad."""
    data = {
        "content": content_data,
        "stripes": stripes,
        "dot": lambda: torch.full((1, 1, 1, 3), 0.5),
        "nan": lambda: content_data() * float("nan"),
        "infinite": lambda: stripes() / 0,
        "clear": lambda: torch.cat((stripes(), torch.zeros(1, 64, 64, 1)), -1),
        "glass": lambda: torch.cat((content_data(), noise(1, 64, 64, 1)), -1),
        "grey": lambda: torch.full((1, 64, 64, 3), 0.5),
        "black": lambda: torch.zeros(1, 64, 64, 3),
        "two": lambda: torch.cat((content_data(), 1 - content_data())),
        "none": lambda: torch.zeros(0, 64, 64, 3),
        "wide": lambda: torch.full((1, 8, 640, 3), 0.5),
        "small": lambda: content_data(48),
    }[kind]()
    return Image(data)


@node(version="1")
def mask(kind: str) -> Mask:
    """A mask, good or bad."""
    left = torch.zeros(1, 64, 64)
    left[:, :, :32] = 1
    return Mask(
        {
            "left": left,
            "right": 1 - left,
            "black": left * 0,
            "small": left[:, :32],
            "nan": left * float("nan"),
            "two": torch.cat((left, left)),
        }[kind]
    )


TOYS = Pack("toy", [picture, mask])


def refusal(
    engine: Engine, kind: str, shown: dict[str, str], values: dict[str, Any], **nodes: Any
) -> tuple[str, str, str]:
    """The node, the code and the words with which a workflow is refused, planned or running.

    ``shown`` says which picture or mask lies at which port of the node ``it``; ``nodes`` are
    others, each linked to the port of its name.
    """
    made: dict[str, Any] = dict(nodes)
    links = {port: f"{port}.out" for port in nodes}
    for port, what in shown.items():
        if what:
            toy = "mask" if port == "masks" else "picture"
            made[port] = {"type": f"toy.{toy}", "values": {"kind": what}}
            links[port] = f"{port}.out"
    made["it"] = {"type": f"style.{kind}", "links": links, "values": values}
    return refused_of(engine, made)


def refused_of(engine: Engine, nodes: dict[str, Any]) -> tuple[str, str, str]:
    """The node, the code and the words with which these nodes are refused, planned or running."""
    try:
        plan = engine.plan(Workflow.parse({"musegraph": 1, "nodes": nodes}))
    except InvalidWorkflow as refused:
        problem = refused.problems[0]
        return problem.node or "", problem.code, f"port {problem.port!r}: {problem.message}"
    events: list[Event] = []
    result = engine.run(plan, on_event=events.append)
    failed = next((event for event in events if isinstance(event, StepFailed)), None)
    assert failed is not None, f"it ran: {result.outcome.count()}"
    return failed.node, failed.code, failed.message
