"""What a pack can be kept from on this machine: found out by a process that tries."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

from musegraph.isolation.process import BOOT

SECONDS = 20


@cache
def probe() -> dict[str, str]:
    """By wall, what it is made of; empty where nothing is enforced."""
    words = [sys.executable, "-I", "-S", "-B", str(BOOT), "--probe"]
    try:
        done = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False)
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return {str(wall): str(how) for wall, how in found.items()}
