"""The graphs that are measured, as documents, and the trivial nodes in them."""

from __future__ import annotations

from typing import Any

from musegraph import Context, Engine, Image, Pack, Registry, Store, Text, node

Document = dict[str, Any]


@node(version="1")
def add(a: float = 0, b: float = 0, c: float = 0) -> float:
    """Add three numbers."""
    return a + b + c


@node(version="1")
def describe(
    prompt: Text = "",
    before: Text = "",
    steps: int = 20,
    guidance: float = 7.0,
    seed: int = 0,
    bright: bool = False,
) -> Text:
    """Do next to nothing with as many inputs as a real node has."""
    return f"{seed}"


@node(version="1")
def noise(seed: int = 0, megabytes: int = 1) -> Image:
    """A picture of the given size in memory, made of four planes of float32."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, 256 * megabytes, 256, 4, generator=generator))


@node(version="1")
def mean(image: Image) -> float:
    """The mean of a picture."""
    return float(image.data.mean())


@node(version="1")
def work(seed: int = 0, side: int = 400, times: int = 40) -> float:
    """Multiply matrices: torch that a second core could help with."""
    return multiply(seed, side, times)


@node(version="1")
def gather(values: list[float]) -> float:
    """Add what the branches made."""
    return sum(values)


@node(version="1")
def count_items(item: float, ctx: Context) -> float:
    """One call for each item of a list."""
    return item * 2


def multiply(seed: int, side: int, times: int) -> float:
    """What :func:`work` computes: the same for every peer."""
    import torch

    made = torch.rand(side, side, generator=torch.Generator().manual_seed(seed)) / side
    for _ in range(times):
        made = made @ made.T / made.norm()
    return float(made.sum())


def toys() -> Pack:
    return Pack("toy", [add, describe, noise, mean, work, gather, count_items])


def engine(store: Store | None = None) -> Engine:
    """An engine with the toy pack and an empty store in memory."""
    return Engine(Registry.of(toys()), store if store is not None else Store())


def chain(count: int, first: int = 0) -> Document:
    """Each node adds its number to what the one before it gave."""
    nodes: Document = {"n0": {"type": "toy.add", "values": {"a": 1, "b": first}}}
    for i in range(1, count):
        links = {"a": f"n{i - 1}.out"}
        nodes[f"n{i}"] = {"type": "toy.add", "values": {"b": first + i}, "links": links}
    return {"musegraph": 1, "nodes": nodes, "outputs": {"o": f"n{count - 1}.out"}}


def wide(count: int, first: int = 0) -> Document:
    """No node knows another; all are wanted."""
    nodes = {f"n{i}": {"type": "toy.add", "values": {"a": 1, "b": first + i}} for i in range(count)}
    return {"musegraph": 1, "nodes": nodes}


def layered(count: int, width: int = 10) -> Document:
    """Layers of ten; each node has two sources in the layer before, and a number of its own."""
    nodes: Document = {}
    for i in range(count):
        if i < width:
            nodes[f"n{i}"] = {"type": "toy.add", "values": {"a": i, "b": 0.5, "c": i}}
        else:
            first = (i // width - 1) * width
            links = {
                "a": f"n{first + i % width}.out",
                "b": f"n{first + (i * 7 + i // width) % width}.out",
            }
            nodes[f"n{i}"] = {"type": "toy.add", "values": {"c": i}, "links": links}
    last = range(count - width, count)
    return {"musegraph": 1, "nodes": nodes, "outputs": {f"o{i}": f"n{i}.out" for i in last}}


SHAPES = {"chain": chain, "wide": wide, "layered": layered}


def told(count: int) -> Document:
    """A chain of nodes as real ones are: a prompt, numbers, a switch and a link."""
    nodes: Document = {}
    for i in range(count):
        values = {
            "prompt": f"a lighthouse at dusk, watercolour, number {i} of a long series",
            "steps": 20 + i % 7,
            "guidance": 3.5 + i % 5 / 4,
            "seed": 1_000_000 + i,
            "bright": i % 2 == 0,
        }
        nodes[f"n{i}"] = {"type": "toy.describe", "values": values}
        if i:
            nodes[f"n{i}"]["links"] = {"before": f"n{i - 1}.out"}
    return {"musegraph": 1, "nodes": nodes, "outputs": {"o": f"n{count - 1}.out"}}


def with_pictures(count: int, pictures: int = 10) -> Document:
    """A chain of trivial nodes, and some outputs of a megabyte each."""
    made = chain(count - pictures)
    for i in range(pictures):
        made["nodes"][f"p{i}"] = {"type": "toy.noise", "values": {"seed": i}}
        made["outputs"][f"p{i}"] = f"p{i}.out"
    return made


def branches(count: int, side: int, times: int, seed: int) -> Document:
    """Independent branches of torch that meet in a sum."""
    nodes: Document = {
        f"w{i}": {"type": "toy.work", "values": {"seed": seed + i, "side": side, "times": times}}
        for i in range(count)
    }
    links = {"values": [f"w{i}.out" for i in range(count)]}
    nodes["sum"] = {"type": "toy.gather", "links": links}
    return {"musegraph": 1, "nodes": nodes, "outputs": {"sum": "sum.out"}}


def pictures_and_means(count: int, megabytes: int) -> Document:
    """Many large values, each needed once."""
    nodes: Document = {}
    for i in range(count):
        nodes[f"p{i}"] = {"type": "toy.noise", "values": {"seed": i, "megabytes": megabytes}}
        nodes[f"m{i}"] = {"type": "toy.mean", "links": {"image": f"p{i}.out"}}
    outputs = {f"o{i}": f"m{i}.out" for i in range(count)}
    return {"musegraph": 1, "nodes": nodes, "outputs": outputs}


class Events:
    """A listener that keeps what it hears, as a client does."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def __call__(self, event: Any) -> None:
        self.heard.append(event)
