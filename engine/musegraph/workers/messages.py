"""Lines of JSON between a server and its workers.

To a worker: ``{"do": "run" | "cancel" | "halt" | "ask" | "secrets" | "stop", …}``. From it:
``{"is": "events" | "ended" | "answer" | "beat", …}``.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST = 64 * 2**20
"""Bytes of a line at most; who sends more is not one of ours."""


def pack(message: dict[str, Any]) -> bytes:
    return (
        json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str).encode(
            "utf-8", "surrogatepass"
        )
        + b"\n"
    )


def unpack(line: bytes) -> dict[str, Any]:
    """The message of a line; ``ValueError`` if it is none."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message is an object")
    return message
