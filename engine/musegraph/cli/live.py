"""A picture at a terminal that is drawn again and again, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

RATE = 8
"""How often a second it is drawn."""

BEFORE = 0.12
"""Seconds before anything is drawn: what is over by then needs no view."""


def draw(
    picture: Callable[[Console], RenderableType], over: threading.Event, *, transient: bool
) -> None:
    """Draw a picture until it is over; ``transient`` leaves nothing of it behind."""
    if over.wait(BEFORE):
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False)
    with Live(
        get_renderable=lambda: picture(console),
        console=console,
        auto_refresh=False,
        transient=transient,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        while not over.wait(1 / RATE):
            live.refresh()
