"""Tries what may crash, in a process of its own: ``python -m musegraph.health.probe``.

Prints a JSON object per line. Before each attempt it says which one is next, so that after a crash
it is known what crashed.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

LIBRARIES = ("numpy", "torch", "safetensors.torch", "PIL.Image", "transformers", "diffusers")
DEVICE = "the device"


def main() -> None:
    """Import each library, and compute something on the device that the engine chooses."""
    for name in LIBRARIES:
        _say(next=name)
        try:
            import_module(name)
        except BaseException as error:  # noqa: BLE001  a broken library may raise anything
            _say(failed=name, reason=_reason(error))
    _say(next=DEVICE)
    try:
        _say(**_device())
    except BaseException as error:  # noqa: BLE001  as above
        _say(failed=DEVICE, reason=_reason(error))
    _say(next="")


def _device() -> dict[str, Any]:
    """What the engine computes on, once it has shown that it can."""
    from musegraph.device import device

    chosen = device()
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {"device": chosen}
    found: dict[str, Any] = {"device": chosen, "cuda": torch.cuda.is_available()}
    if chosen == "cuda" and found["cuda"]:
        found["name"] = torch.cuda.get_device_name(0)
        found["memory"] = torch.cuda.get_device_properties(0).total_memory
    _say(**found)  # said before it is tried: a crash must not hide what was found
    total = (torch.ones(4, 4, device=chosen) @ torch.ones(4, 4, device=chosen)).sum().item()
    if total != 64:
        raise ArithmeticError(f"the sum of a small product is {total}, it has to be 64")
    return found


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
