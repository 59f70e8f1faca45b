"""What a pipeline says while it runs: its steps, what it thinks of its inputs, how far it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from musegraph import Context

from .preview import Previews

_HEARD = threading.local()
_MOST = 5
"""Warnings of one call that are passed on."""


class Bar:
    """Stands for the progress bar of a pipeline: tells the engine, and stops when it is told to."""

    def __init__(self, ctx: Context, previews: Previews, iterable: Any, total: int | None) -> None:
        self.ctx = ctx
        self.previews = previews
        self.iterable = iterable
        self.total = total if total is not None else len(iterable)
        self.done = 0
        self.ctx.check()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *why: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable:
            self.ctx.check()
            yield item
            self.update()

    def update(self, count: float = 1) -> None:
        """One step further."""
        self.done = min(self.done + int(count), self.total)
        self.ctx.progress(self.done, max(self.total, 1), preview=self.previews.latest())

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None  # set_description and the like: nobody sees them


def told_steps(
    pipe: Any, entry: dict[str, Any], values: dict[str, Any], ctx: Context
) -> Callable[[], dict[str, Any]]:
    """Let a pipeline and those inside it tell their steps; gives the arguments of its callback."""
    from diffusers import DiffusionPipeline

    previews = Previews(pipe, values)

    def bar(iterable: Iterable[Any] | None = None, total: int | None = None) -> Bar:
        return Bar(ctx, previews, iterable, total)

    inside = [one for one in vars(pipe).values() if isinstance(one, DiffusionPipeline)]
    for one in (pipe, *inside):
        one.__dict__["progress_bar"] = bar

    def at_end(_pipe: Any, _step: int, _t: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        ctx.check()
        previews.take(tensors.get("latents"))
        return {}

    def old(_step: int, _t: Any, latents: Any) -> None:
        ctx.check()
        previews.take(latents)

    def arguments() -> dict[str, Any]:
        if entry.get("callback") == "callback_on_step_end":
            seen = "latents" in getattr(pipe, "_callback_tensor_inputs", ())
            names = {"callback_on_step_end_tensor_inputs": ["latents"]} if seen else {}
            return {"callback_on_step_end": at_end} | names
        if entry.get("callback") == "callback":
            return {"callback": old, "callback_steps": 1}
        return {}

    return arguments


class _Ears(logging.Filter):
    """Passes what Diffusers logs in the thread of a node on to its run, and keeps it off stderr."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard: list[str] | None = getattr(_HEARD, "texts", None)
        if heard is None:
            return True
        heard.append(record.getMessage())
        return False


_EARS = _Ears()


@contextmanager
def listening(ctx: Context) -> Iterator[None]:
    """Make warnings of what a pipeline logs meanwhile."""
    from diffusers.utils import logging as diffusers

    diffusers.get_logger("diffusers")  # its handler is made with its first logger
    for handler in logging.getLogger("diffusers").handlers:
        if _EARS not in handler.filters:
            handler.addFilter(_EARS)
    texts: list[str] = []
    _HEARD.texts = texts
    try:
        yield
    finally:
        _HEARD.texts = None
        for text in list(dict.fromkeys(texts))[:_MOST]:
            ctx.warn(" ".join(text.split())[:500])
