"""Running a pipeline inside a node: its parts on lease, its inputs converted, its steps told."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from musegraph import Context, Model, NodeError
from musegraph_nodes.live import Live, class_of

from .catalogue import EXTRA
from .convert import Given, arguments_of
from .load import LOADER, check_fit
from .loader import supplied_names
from .results import batch_of, results_of
from .telling import listening, told_steps


def carry_out(cls: str, entry: dict[str, Any], values: dict[str, Any]) -> Any:
    """What the node of a pipeline gives."""
    ctx: Context = values.pop("ctx")
    model: Model = values.pop("model")
    beside: dict[str, Model] = {
        name: values.pop(name) for name in EXTRA if values.get(name) is not None
    }
    for name in EXTRA:
        values.pop(name, None)
    check_fit(cls, entry, model, {*beside})
    for name, ref in beside.items():
        _check_part(name, ref)
    with ExitStack() as stack:
        live: Live = stack.enter_context(ctx.load(model))
        parts = dict(live.parts)
        for name, ref in beside.items():
            parts[name] = stack.enter_context(ctx.load(ref)).parts[name]
        stack.enter_context(live.turn(ctx))
        stack.enter_context(unchanged([*parts.values()]))
        stack.enter_context(listening(ctx))
        pipe = built(cls, parts, live.told)
        if ctx.frugal:
            spare(pipe)
        given = Given(cls, entry, values, pipe, ctx)
        report = told_steps(pipe, entry, values, ctx)
        return results_of(given, _call(given, report))


def _check_part(name: str, ref: Model) -> None:
    if ref.loader != LOADER or ref.part != name:
        raise NodeError(
            f"what is linked to {name} is {ref.part or 'a whole pipeline'!r}; link what"
            f" pipelines.load_part gives as {name}"
        )


def built(cls: str, parts: dict[str, Any], told: dict[str, Any]) -> Any:
    """A pipeline around the live parts. Schedulers hold state, so each call has its own."""
    from diffusers import SchedulerMixin

    from musegraph_nodes.live import quiet

    kind = class_of(cls)
    supplied_names(kind)
    options: dict[str, Any] = {}
    for name in inspect.signature(kind.__init__).parameters:
        if name in parts:
            part = parts[name]
            fresh = isinstance(part, SchedulerMixin)
            options[name] = type(part).from_config(part.config) if fresh else part
        elif name in told:
            options[name] = told[name]
    with quiet():
        for name, parameter in inspect.signature(kind.__init__).parameters.items():
            required = parameter.default is parameter.empty and name not in ("self", "kwargs")
            if required and name not in options:
                options[name] = None
        return kind(**options)


def spare(pipe: Any) -> None:
    """Let a pipeline do with less memory; :func:`unchanged` takes it back."""
    pipe.enable_attention_slicing()
    for part in pipe.components.values():
        for name in ("enable_tiling", "enable_slicing"):
            if hasattr(part, name):
                getattr(part, name)()


@contextmanager
def unchanged(parts: list[Any]) -> Iterator[None]:
    """Leave the parts as they were, whatever a pipeline did to them, also when it fails."""
    switches = ("use_tiling", "use_slicing")
    found = [part for part in parts if hasattr(part, "state_dict")]
    before = [
        (
            part,
            dict(part.attn_processors) if hasattr(part, "attn_processors") else None,
            {name: getattr(part, name) for name in switches if hasattr(part, name)},
        )
        for part in found
    ]
    try:
        yield
    finally:
        for part, attention, switched in before:
            if attention is not None and dict(part.attn_processors) != attention:
                part.set_attn_processor(attention)
            for name, value in switched.items():
                setattr(part, name, value)


def _call(given: Given, report: Callable[[], dict[str, Any]]) -> list[Any]:
    """What the pipeline gives: at once, or one item after the other.

    So it is for want of memory, and where a pipeline takes one seed for a whole batch.
    """
    apart = given.ctx.frugal or given.entry.get("seeds") == "one"
    one_by_one = apart and given.count > 1
    made = []
    for first, count in (
        ((index, 1) for index in range(given.count)) if one_by_one else [(0, given.count)]
    ):
        arguments = arguments_of(given, first, count) | report()
        known = inspect.signature(given.pipe.__call__).parameters
        try:
            made.append(given.pipe(**{k: v for k, v in arguments.items() if k in known}))
        except ValueError as error:  # how pipelines refuse what does not suit them
            raise NodeError(f"{given.cls} refuses this: {' '.join(str(error).split())}") from error
        except UnboundLocalError as error:
            _raise_swallowed(given.pipe, error)
            raise
    return [batch_of(one) for one in made]


def _raise_swallowed(pipe: Any, error: UnboundLocalError) -> None:
    """Say that memory ran out where a pipeline only warned of it and went on without a picture."""
    import torch

    if "OutOfMemoryError" in inspect.getsource(inspect.unwrap(type(pipe).__call__)):
        raise torch.OutOfMemoryError("memory ran out while the latents were decoded") from error
