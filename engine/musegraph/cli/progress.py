"""The live view of a run on a terminal. ``rich`` is imported here alone, beside the run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from musegraph.cli.live import draw
from musegraph.cli.plain import LONG, Clock, View, closing, heading
from musegraph.cli.style import duration, remaining
from musegraph.cli.timeleft import TimeLeft
from musegraph.events import (
    Event,
    StepDone,
    StepFailed,
    StepProgress,
    StepSkipped,
    StepStarted,
    Warned,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from musegraph.plan import Plan
    from musegraph.predict import Prediction
    from musegraph.run import RunResult

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 22


@dataclass(slots=True)
class Row:
    """What is known of one step."""

    node: str
    type: str
    state: str = "wait"
    clock: Clock = field(default_factory=Clock)
    seconds: float = 0.0


class Live(View):
    """A line per step while they fit on the screen; else the running ones under one bar.

    Drawing happens on a thread of its own, which reads what events have left behind.
    """

    def __init__(self, plan: Plan, debug: bool, predicted: Prediction) -> None:
        super().__init__(plan, debug)
        self.left = TimeLeft(predicted)
        self.rows = {
            id: Row(id, step.type.id if step.type else "") for id, step in plan.steps.items()
        }
        self.warned: list[Warned] = []
        self.recent: list[str] = []
        self.running: dict[str, None] = {}
        self.ended = 0
        self.note = ""
        self.started = perf_counter()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.style.line(heading(plan, self.style))

    # -- events -------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self._start(event.node)
        elif isinstance(event, StepProgress):
            self.rows[event.node].clock.update(event)
        elif isinstance(event, StepDone):
            self._end(event.node, "cached" if event.cached else "done", event.seconds)
        elif isinstance(event, StepFailed):
            self._end(event.node, "fail")
        elif isinstance(event, StepSkipped):
            self._end(event.node, "stop" if event.node in self.running else "skip")
        elif isinstance(event, Warned):
            self.warned.append(event)

    def _start(self, node: str) -> None:
        row = self.rows[node]
        row.state, row.clock = "run", Clock()
        self.running[node] = None
        self.left.start(perf_counter())
        if self._thread is None:
            self._thread = threading.Thread(target=self._draw, name="view", daemon=True)
            self._thread.start()

    def _end(self, node: str, state: str, seconds: float = 0.0) -> None:
        row = self.rows[node]
        row.state, row.seconds = state, seconds
        self.ended += 1
        self.left.end(node, ran=state == "done")
        if self.running.pop(node, 0) is None:
            self.recent = [*self.recent[-3:], node]

    def tell(self, text: str) -> None:
        self.note = text
        if self._thread is None:
            super().tell(text)

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def finish(self, result: RunResult) -> None:
        for event in self.warned:
            self.warning(event)
        self.style.line(closing(result, self.style))

    # -- drawing ------------------------------------------------------------------------------

    def _draw(self) -> None:
        draw(self.picture, self._over, transient=False)

    def picture(self, console: Console) -> RenderableType:
        """What the screen shows now."""
        from rich.console import Group
        from rich.text import Text

        room = max(4, console.size.height - 4)
        parts: list[Any] = []
        left = self._left()
        if len(self.rows) <= room:
            parts.append(self._table(list(self.rows.values()), console))
            if left is not None and not self._over.is_set():
                parts.append(Text(f"  {remaining(left)} in all", style="cyan"))
        else:
            if not self._over.is_set():
                shown = [*self.recent, *list(self.running)[: room - 5]]
                parts.append(self._table([self.rows[node] for node in shown], console))
            parts.append(self._overall(left))
        if self.note and not self._over.is_set():
            parts.append(Text(f"  {self.note}", style="yellow"))
        return Group(*parts)

    def _left(self) -> float | None:
        """Seconds left of the whole run, unless the row of its last step says the same."""
        clocks = {node: self.rows[node].clock for node in list(self.running)}
        left = self.left.seconds(clocks, perf_counter())
        said = any(clock.left is not None for clock in clocks.values())
        return None if said and len(self.left.waiting) == 1 else left

    def _table(self, rows: list[Row], console: Console) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2, 0, 0))
        wide = console.size.width >= 72
        for column in range(5 if wide else 4):
            table.add_column(
                no_wrap=True, overflow="ellipsis", min_width=2 if column == 0 else None
            )
        for row in rows:
            cells = [self._sign(row), self._name(row), self._middle(row), self._time(row)]
            if wide:
                from rich.text import Text

                cells.insert(2, Text(row.type, style="dim"))
            table.add_row(*cells)
        return table

    def _sign(self, row: Row) -> RenderableType:
        from rich.text import Text

        signs = self.style.signs
        if row.state == "run":
            turn = int(perf_counter() * 10) % len(_SPINNER)
            return Text("  " + (_SPINNER[turn] if signs["run"] == "●" else "*"), style="cyan")
        sign = signs[{"cached": "done", "stop": "skip"}.get(row.state, row.state)]
        styles = {"done": "green", "cached": "dim green", "fail": "red", "stop": "yellow"}
        return Text(f"  {sign}", style=styles.get(row.state, "dim"))

    def _name(self, row: Row) -> RenderableType:
        from rich.text import Text

        return Text(row.node, style="bold" if row.state == "run" else "")

    def _middle(self, row: Row) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        if row.state == "run" and row.clock.total:
            return ProgressBar(total=1.0, completed=row.clock.fraction, width=_BAR)
        if row.state == "run":
            return Text(row.clock.text_of_step[-_BAR:], style="dim")
        said = {"cached": "cached", "skip": "skipped", "fail": "failed", "stop": "stopped"}
        return Text(said.get(row.state, ""), style="red" if row.state == "fail" else "dim")

    def _time(self, row: Row) -> RenderableType:
        from rich.text import Text

        if row.state == "done":
            return Text(duration(row.seconds), style="" if row.seconds >= LONG else "dim")
        if row.state != "run":
            return Text("")
        clock = row.clock
        text = Text(clock.count + "  " if clock.count else "")
        text.append(duration(clock.elapsed), style="dim")
        left = clock.left
        if left is not None and clock.fraction < 1:
            text.append(f"  {remaining(left)}", style="cyan")
        return text

    def _overall(self, left: float | None) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        total, elapsed = len(self.rows), perf_counter() - self.started
        table = Table.grid(padding=(0, 2, 0, 0))
        text = Text(f"{self.ended:,}/{total:,} steps")
        text.append(f"  {duration(elapsed)}", style="dim")
        if left is None and self.ended and elapsed > 2 and self.ended < total:
            left = elapsed * (total - self.ended) / self.ended
        if left is not None:
            text.append(f"  {remaining(left)}", style="cyan")
        table.add_row(Text("  "), ProgressBar(total=total, completed=self.ended, width=40), text)
        return table
