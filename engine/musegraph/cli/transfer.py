"""How far a model on its way is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import threading
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from musegraph.cli.live import draw
from musegraph.cli.plain import EVERY
from musegraph.cli.style import Style, duration, remaining, shorten, size

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from musegraph.hub import Progress

_BAR = 30
SETTLED = 0.5
"""Seconds before a rate is worth telling."""

PATIENCE = 5.0
"""Seconds without a byte after which that is said."""


class Transfer:
    """Shows the progress that :meth:`tell` is told; drawing happens on a thread of its own."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.now: Progress | None = None
        self._began = self._told = self._came = perf_counter()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.style.terminal:
            note = "Ctrl-C stops it; the same command goes on from there"
            self.style.line(self.style(note, "dim"))
            self._thread = threading.Thread(target=self._draw, name="view", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def tell(self, progress: Progress) -> None:
        """So many bytes are there now."""
        self.now, self._came = progress, perf_counter()
        if self._thread is None and perf_counter() - self._told >= EVERY:
            self._told = perf_counter()
            self.style.line("  ".join(self._words(progress)))

    def _words(self, progress: Progress) -> list[str]:
        """``1.2 GiB of 4.0 GiB``, ``35 MiB/s``, ``2 min left``, and the file."""
        words = [f"{size(progress.done)} of {size(progress.total)}"]
        seconds = perf_counter() - self._began
        if progress.received and seconds > SETTLED:
            rate = progress.received / seconds
            words.append(f"{size(int(rate))}/s")
            if progress.done < progress.total:
                words.append(remaining((progress.total - progress.done) / rate))
        waits = perf_counter() - self._came
        if progress.checking:
            words.append(f"checking {progress.path}")
        elif waits > PATIENCE:
            words.append(f"nothing has come for {duration(waits)}")
        else:
            words.append(progress.path)
        return words

    def _draw(self) -> None:
        draw(self.picture, self._over, transient=True)

    def picture(self, console: Console) -> RenderableType:
        """One line: the bar, the numbers, the file."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        progress = self.now
        if progress is None:
            return Text("")
        *numbers, file = self._words(progress)
        text = "  ".join(numbers)
        parts: list[Any] = [Text(" "), Text(text)]
        room = console.size.width - len(text) - 6
        if room > _BAR + 16:
            bar = ProgressBar(total=progress.total or 1, completed=progress.done, width=_BAR)
            parts.insert(1, bar)
            parts.append(Text(shorten(file, room - _BAR - 2), style="dim"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_row(*parts)
        return table
