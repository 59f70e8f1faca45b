"""The file in which the data maker says how many pictures are written."""

from __future__ import annotations

READY = "ready.txt"
