"""What benchmarks run in a process of its own: ``children.py NAME ARGUMENTS`` prints JSON."""

from __future__ import annotations

import importlib
import json
import sys

WHERE = {
    "beside_pipeline": "pictures",
    "budget": "memory",
    "cached_steps": "sampling",
    "fused_calls": "sampling",
    "cost": "overhead",
    "eight_seeds": "sampling",
    "growth": "memory",
    "keys": "determinism",
    "model_from_disk": "loading",
    "overlap": "parallel",
    "peak": "gpu",
    "played": "sounds",
    "at_once": "styles",
    "repainting": "styles",
    "repainting_peak": "styles",
    "resident": "memory",
    "session": "reuse",
    "straight": "pictures",
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    function = getattr(importlib.import_module(WHERE[name]), name)
    print(json.dumps(function(*arguments)))
