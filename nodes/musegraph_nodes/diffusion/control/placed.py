"""How a network lies in memory: what ``diffusion.optimise`` asks of the loading of a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from musegraph import ModelError

if TYPE_CHECKING:
    import torch

_GROUPS: dict[str, dict[str, Any]] = {
    "by block": {"offload_type": "block_level", "num_blocks_per_group": 1},
    "by layer": {"offload_type": "leaf_level"},
}


def bring(net: Any, told: Mapping[str, Any], device: str, dtype: torch.dtype) -> None:
    """Bring a network to a device in the way that is asked for."""
    import torch

    storage = str(told.get("storage", ""))
    if storage.startswith("float8"):
        net.enable_layerwise_casting(storage_dtype=getattr(torch, storage), compute_dtype=dtype)
    elif storage:
        _quantise(net)
    if told.get("channels_last"):
        net.to(memory_format=torch.channels_last)
    if told.get("offload"):
        net.enable_group_offload(
            onload_device=torch.device(device),
            offload_device=torch.device("cpu"),
            **_GROUPS[told["offload"]],
        )
    else:
        net.to(device)
    if told.get("compile"):
        if not getattr(net, "_repeated_blocks", None):
            raise ModelError(
                f"a {type(net).__name__} has no blocks that repeat, so it cannot be compiled by"
                " region; set compile to false"
            )
        net.compile_repeated_blocks()


def _quantise(net: Any) -> None:
    try:
        from torchao import quantization
    except ImportError:
        raise ModelError(
            "weights of 8 bits by torchao need the package torchao, which is not installed; pip"
            " install torchao, or set storage to float8_e4m3fn, which needs nothing"
        ) from None
    quantization.quantize_(net, quantization.Int8WeightOnlyConfig())


@contextmanager
def as_computed(net: Any) -> Iterator[None]:
    """A network whose weights look as they are computed with, whatever they are kept as.

    What is put beside weights of 8 bits would be made of 8 bits as well. Nothing reads the weights
    meanwhile, so one number stands for all of each.
    """
    import torch

    kept = [
        (module, name, weight)
        for module in net.modules()
        for name, weight in module._parameters.items()
        if weight is not None and weight.dtype in (torch.float8_e4m3fn, torch.float8_e5m2)
    ]
    dtype = net.dtype
    for module, name, weight in kept:
        one = torch.zeros(1, dtype=dtype, device=weight.device).expand(weight.shape)
        module._parameters[name] = torch.nn.Parameter(one, requires_grad=False)
    try:
        yield
    finally:
        for module, name, weight in kept:
            module._parameters[name] = weight


def check_patches(told: Mapping[str, Any], kinds: set[str], source: str) -> None:
    """Refuse patches on weights that come and go, or that no longer are what they were."""
    weights = kinds & {"lora", "ip_adapter"}
    if weights and (told.get("offload") or told.get("storage") == "int8 by torchao"):
        raise ModelError(
            f"the model {source!r} has {' and '.join(sorted(weights))} on it and its weights are"
            " offloaded or quantised, which do not go together; set storage to float8_e4m3fn and"
            " offload to no in diffusion.optimise"
        )
