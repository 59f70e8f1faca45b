"""The same trivial graphs in other engines. Each gives a function that runs it once, or None."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from graphs import Document

Peer = Callable[[], Any]


def plus(a: float = 0, b: float = 0, c: float = 0) -> float:
    return a + b + c


def _sources(entry: Document) -> dict[str, str]:
    links: dict[str, str] = entry.get("links", {})
    return {port: link.partition(".")[0] for port, link in links.items()}


def _wanted(document: Document) -> list[str]:
    outputs: dict[str, str] = document.get("outputs", {})
    return [link.partition(".")[0] for link in outputs.values()] or list(document["nodes"])


def loop(document: Document) -> Peer:
    """The floor: calls in an order known beforehand, results in a dictionary."""
    order = [
        (id, entry.get("values", {}), _sources(entry)) for id, entry in document["nodes"].items()
    ]

    def run() -> dict[str, float]:
        made: dict[str, float] = {}
        for id, values, sources in order:
            given = {port: made[source] for port, source in sources.items()}
            made[id] = plus(**values, **given)
        return made

    return run


def hamilton(document: Document) -> Peer | None:
    """Hamilton, built beforehand, without its cache. Deep graphs need a higher recursion limit."""
    try:
        from hamilton import ad_hoc_utils, driver
    except ImportError:
        return None
    functions = [_function(id, entry) for id, entry in document["nodes"].items()]
    module = ad_hoc_utils.create_temporary_module(*functions)
    wanted = _wanted(document)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    built = driver.Builder().with_modules(module).build()
    sys.setrecursionlimit(limit)

    def run() -> Any:
        sys.setrecursionlimit(100_000)
        try:
            return built.execute(wanted)
        finally:
            sys.setrecursionlimit(limit)

    return run


def _function(id: str, entry: Document) -> Callable[..., float]:
    """A function whose parameters are named after its sources, as Hamilton reads them."""
    values, sources = entry.get("values", {}), _sources(entry)

    def call(**given: float) -> float:
        return plus(**values, **{port: given[source] for port, source in sources.items()})

    names = dict.fromkeys(sources.values())
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=float) for name in names
    ]
    call.__name__ = call.__qualname__ = id
    call.__annotations__ = {**dict.fromkeys(names, float), "return": float}
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=float
    )
    return call


def dask(document: Document, threads: bool = False) -> Peer | None:
    """Dask's schedulers of one process, given the ready graph."""
    try:
        import dask
        import dask.threaded
    except ImportError:
        return None
    graph = {}
    for id, entry in document["nodes"].items():
        given = {**entry.get("values", {}), **_sources(entry)}
        graph[id] = (plus, given.get("a", 0), given.get("b", 0), given.get("c", 0))
    get = dask.threaded.get if threads else dask.get
    wanted = _wanted(document)
    return lambda: get(graph, wanted)


def named(document: Document) -> dict[str, Peer | None]:
    """All peers by name."""
    return {
        "plain loop": loop(document),
        "Hamilton": hamilton(document),
        "Dask, one thread": dask(document),
        "Dask, threads": dask(document, threads=True),
    }
