"""Asking before something that cannot be taken back, or that costs."""

from __future__ import annotations

import sys

from musegraph.cli.entry import UsageError


def agreed(what: str, more: str = "") -> bool:
    """Ask on the terminal whether to do ``what``; without one, refuse to guess."""
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageError(
            f"this would {what}, and nobody can be asked here; say --yes if it is meant"
        )
    print(f"{what}{more}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
