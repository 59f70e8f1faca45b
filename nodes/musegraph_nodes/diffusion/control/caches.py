"""Step caches: what a denoiser computed before, used again where it hardly changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from musegraph import ModelError


class Steps:
    """Tells steps and calls apart by what a network is called with, over one sampling.

    A sampler that guides may ask more than once in a step, for other texts; each of these calls
    has a memory of its own.
    """

    def __init__(self) -> None:
        self.step = -1
        self.time = 0.0
        self.call = 0

    def count(self, time: float) -> bool:
        """Count one call at a time; True if it begins a sampling."""
        fresh = self.step < 0 or time > self.time
        if fresh:
            self.step, self.call = 0, 0
        elif time < self.time:
            self.step, self.call = self.step + 1, 0
        else:
            self.call += 1
        self.time = time
        return fresh


def time_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> float:
    """The time that a network is called at."""
    found = kwargs["timestep"] if "timestep" in kwargs else args[1]
    return float(found.flatten()[0]) if hasattr(found, "flatten") else float(found)


def enable(net: Any, told: Mapping[str, Any]) -> None:
    """Put a cache on a network; its forward and its hooks are restored by whoever calls this."""
    if told["cache"] == "deep":
        deep(net, int(told["every"]))
    else:
        by_blocks(net, told)


def deep(net: Any, every: int) -> None:
    """DeepCache (https://arxiv.org/abs/2312.00858) by whole levels of a UNet.

    In each ``every``-th step all is computed. In the others only the outermost level is, and the
    levels inside give what they gave last.
    """
    if not (hasattr(net, "down_blocks") and hasattr(net, "up_blocks")) or len(net.down_blocks) < 2:
        raise ModelError(
            f"the cache deep is for UNets, and the model is a {type(net).__name__}; take first"
            " block, taylor or pyramid"
        )
    steps, state = Steps(), {"key": (0, ()), "anew": True}
    memory: dict[Any, Any] = {}
    inside = [*net.down_blocks[1:], *net.up_blocks[:-1]]
    if net.mid_block is not None:
        inside.append(net.mid_block)
    whole = net.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if steps.count(time_of(args, kwargs)):
            memory.clear()
        sample = kwargs["sample"] if "sample" in kwargs else args[0]
        key = (steps.call, tuple(sample.shape))
        state["key"] = key
        state["anew"] = steps.step % every == 0 or (key, 0) not in memory
        return whole(*args, **kwargs)

    def remembering(index: int, block: Any) -> Callable[..., Any]:
        own = block.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            at = (state["key"], index)
            if state["anew"]:
                memory[at] = own(*args, **kwargs)
            return memory[at]

        return forward

    for index, block in enumerate(inside):
        block.forward = remembering(index, block)
    net.forward = forward


def by_blocks(net: Any, told: Mapping[str, Any]) -> None:
    """A cache of diffusers on a transformer, with a memory for each call of a step."""
    if not hasattr(net, "enable_cache"):
        raise ModelError(
            f"the cache {told['cache']!r} is for transformers that diffusers can cache, and the"
            f" model is a {type(net).__name__}; take deep for a UNet, or none"
        )
    steps = Steps()
    net.enable_cache(_config(net, told, steps))
    whole = net.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if steps.count(time_of(args, kwargs)):
            net._reset_stateful_cache()
        shown = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
        with net.cache_context(f"{steps.call} {tuple(getattr(shown, 'shape', ()))}"):
            return whole(*args, **kwargs)

    net.forward = forward


def _config(net: Any, told: Mapping[str, Any], steps: Steps) -> Any:
    import diffusers
    import torch

    every = int(told["every"])
    if told["cache"] == "first block":
        return diffusers.FirstBlockCacheConfig(threshold=float(told["threshold"]))
    if told["cache"] == "taylor":
        return diffusers.TaylorSeerCacheConfig(
            cache_interval=every, disable_cache_before_step=1, taylor_factors_dtype=torch.float32
        )
    if told["cache"] == "pyramid":
        return diffusers.PyramidAttentionBroadcastConfig(
            spatial_attention_block_skip_range=every,
            # Transformers of flows are told a share of the way, others a step of 1000.
            current_timestep_callback=lambda: int(
                steps.time * 1000 if steps.time <= 1 else steps.time
            ),
        )
    if "Flux" not in type(net).__name__:
        raise ModelError(
            f"the cache mag has numbers measured for FLUX, and the model is a {type(net).__name__};"
            " take first block or taylor"
        )
    from diffusers.hooks.mag_cache import FLUX_MAG_RATIOS

    return diffusers.MagCacheConfig(
        threshold=float(told["threshold"]),
        num_inference_steps=int(told["steps"]),
        mag_ratios=FLUX_MAG_RATIOS,
    )
