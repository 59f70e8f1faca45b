"""A net with some of its layers weakened, for the guiders that lead away from what it says then.

A live net is shared by all steps that hold a lease on it, and they may run side by side. So what
is put onto its layers does something only in the thread that asked for it, and nothing outlives it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from musegraph import NodeError

_STACKS = ("transformer_blocks", "single_transformer_blocks", "blocks", "layers")


@contextmanager
def perturbed(net: Any, method: str, layers: Sequence[int]) -> Iterator[None]:
    """Inside, in this thread, chosen layers of a net attend to nothing else or are left out.

    ``pag``: each place attends to itself alone (https://arxiv.org/abs/2403.17377). ``seg``: all ask
    the same (https://arxiv.org/abs/2408.00760, its blur without end). ``skip_layers``: the layers
    give on what they were given (Stability AI's for SD 3.5). Without a choice, the middle layer.
    """
    blocks = _chosen(net, layers)
    found = [0]
    with ExitStack() as stack:
        if method == "skip_layers":
            for block in blocks:
                stack.enter_context(_hook(block, _skip(block, found)))
        else:
            attentions = [a for block in blocks for a in _attentions(block)]
            for attention in attentions:
                if method == "seg":
                    stack.enter_context(_hook(attention.to_q, _mean(found)))
                else:
                    stack.enter_context(_itself(attention, found))
        yield
    if not found[0]:
        raise NodeError(
            f"the guider {method!r} found nothing to weaken in the layers of this model"
            f" ({type(net).__name__}); choose another method or other layers"
        )


def blocks_of(net: Any) -> list[Any]:
    """The layers that can be chosen, in the order of the net."""
    from diffusers.models.attention import BasicTransformerBlock

    inside = [m for m in net.modules() if isinstance(m, BasicTransformerBlock)]
    if inside:
        return inside
    return [block for name in _STACKS for block in getattr(net, name, ())]


def _chosen(net: Any, layers: Sequence[int]) -> list[Any]:
    blocks = blocks_of(net)
    if not blocks:
        raise NodeError(
            f"this model ({type(net).__name__}) has no layers of attention that this guider knows;"
            " choose another method"
        )
    if not layers:
        middle = getattr(net, "mid_block", None)
        inside = set(middle.modules()) if middle is not None else set()
        return [block for block in blocks if block in inside] or [blocks[len(blocks) // 2]]
    if wrong := [index for index in layers if not 0 <= index < len(blocks)]:
        raise NodeError(
            f"this model has {len(blocks)} layers, 0 to {len(blocks) - 1}, and the guider is to"
            f" weaken layer {wrong[0]}; choose others"
        )
    return [blocks[index] for index in layers]


def _attentions(block: Any) -> list[Any]:
    """Those of a layer that look at the picture, not at a text alone."""
    return [
        module
        for module in block.modules()
        if hasattr(module, "to_q") and not getattr(module, "is_cross_attention", False)
    ]


@contextmanager
def _hook(module: Any, change: Any) -> Iterator[None]:
    """Changes what a module gives, in this thread only."""
    thread = threading.get_ident()

    def hook(module: Any, args: Any, kwargs: Any, output: Any) -> Any:
        return change(args, kwargs, output) if threading.get_ident() == thread else None

    handle = module.register_forward_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def _skip(block: Any, found: list[int]) -> Any:
    from diffusers.hooks._helpers import TransformerBlockRegistry

    try:
        about = TransformerBlockRegistry.get(type(block))
    except ValueError:
        raise NodeError(
            f"layers of the kind {type(block).__name__} cannot be left out; choose another method"
        ) from None

    def skip(args: Any, kwargs: Any, output: Any) -> Any:
        found[0] += 1
        given = about._get_parameter_from_args_kwargs(
            about.hidden_states_argument_name, args, kwargs
        )
        if not isinstance(output, tuple):
            return given
        made = list(output)
        made[about.return_hidden_states_index or 0] = given
        if (at := about.return_encoder_hidden_states_index) is not None:
            name = about.encoder_hidden_states_argument_name
            made[at] = about._get_parameter_from_args_kwargs(name, args, kwargs)
        return tuple(made)

    return skip


def _mean(found: list[int]) -> Any:
    def mean(args: Any, kwargs: Any, output: Any) -> Any:
        found[0] += 1
        return output.mean(dim=-2, keepdim=True).expand_as(output)

    return mean


@contextmanager
def _itself(attention: Any, found: list[int]) -> Iterator[None]:
    """Inside the attention, in this thread, each place gets its own value."""
    import torch

    thread = threading.get_ident()

    class Own(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            if func is torch.nn.functional.scaled_dot_product_attention:
                named = dict(zip(("query", "key", "value"), args, strict=False)) | kwargs
                if named["query"].shape[-2] == named["value"].shape[-2]:
                    found[0] += 1
                    return named["value"]
            return func(*args, **kwargs)

    modes: list[Any] = []

    def enter(module: Any, args: Any) -> None:
        if threading.get_ident() == thread:
            mode: Any = Own()
            modes.append(mode.__enter__())

    def leave(module: Any, args: Any, output: Any) -> None:
        if threading.get_ident() == thread and modes:
            modes.pop().__exit__(None, None, None)

    # The second is called too if the attention raises, so the mode never stays.
    handles = (
        attention.register_forward_pre_hook(enter),
        attention.register_forward_hook(leave, always_call=True),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
