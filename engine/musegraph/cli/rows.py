"""``run --rows``: a workflow over the rows of a table, with one line about how far it is."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from argparse import Namespace
from time import perf_counter
from typing import TYPE_CHECKING

from musegraph.cli.entry import CLOSED, FAILED, FINE, UsageError, print_json
from musegraph.cli.loading import open_engine, settle, tell_unused
from musegraph.cli.plain import EVERY, Clock, Collected, Printed, View
from musegraph.cli.style import duration, number, remaining, shorten
from musegraph.events import Event, StepDone, StepProgress, StepStarted, Warned
from musegraph.garbage import kept_out
from musegraph.plan import Plan
from musegraph.rows import Batch, Line, Task
from musegraph.workflow import Workflow

if TYPE_CHECKING:
    from musegraph.cli.interrupts import Interrupts
    from musegraph.run import Engine


def run_table(args: Namespace, interrupts: Interrupts) -> int:
    """Check all rows, run those that are not finished, and say what came of it; the exit code."""
    if not args.out:
        raise UsageError("--rows needs --out DIR, the folder for the table of results")
    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        work, embed = settle(engine, workflow, args), not args.no_embed
        with Batch(engine, work, args.rows, args.out, only=args.only, embed=embed) as batch:
            view = JsonRows(batch, args) if args.json else RowsView(batch, args)
            try:
                code = carry_out(batch, engine, view, interrupts)
            finally:
                view.clear()
        view.sum_up(bool(interrupts.code))
        return interrupts.code or code


def carry_out(batch: Batch, engine: Engine, view: RowsView, interrupts: Interrupts) -> int:
    """One row after the other, until all are done or a signal asks to stop."""
    cancel = threading.Event()
    interrupts.guard(cancel, view.tell, engine.store.flush)
    gc.enable()
    try:
        with kept_out():
            for task in batch.todo:
                events = Collected(view.begin(task), cancel)
                with contextlib.redirect_stdout(sys.stderr):
                    line = batch.run(task, events, cancel)
                if events.error is not None:
                    raise events.error
                if line is not None:
                    view.end(line)
                if line is None or cancel.is_set():
                    break
    finally:
        interrupts.release()
    if view.broken:
        return CLOSED
    return FAILED if view.failures else FINE


class RowsView:
    """For people: on a terminal one line that changes, elsewhere a line every few seconds."""

    def __init__(self, batch: Batch, args: Namespace) -> None:
        self.batch = batch
        self.quiet = args.quiet
        self.debug = args.debug
        self.failures = 0
        self.ran = 0
        self.warned: set[tuple[str | None, str]] = set()
        self.started = self.told = perf_counter()
        self._shown = View(outline(batch), args.debug)
        self.style = self._shown.style
        before = batch.count - len(batch.todo)
        tell_unused(batch.unused, args)
        if not (self.quiet or args.json):
            done = f", {before:,} done before" if before else ""
            self.style.line(f"{number(batch.count, 'row')}{done}")

    @property
    def broken(self) -> bool:
        return self._shown.broken

    def tell(self, text: str) -> None:
        self._shown.tell(text)

    def begin(self, task: Task) -> View:
        """A row starts; what is to be told of its events."""
        self._shown = _RowView(self, task)
        self.show(self.place(task))
        return self._shown

    def place(self, task: Task) -> str:
        """``row 12 of 500, 3 min left``."""
        said = f"row {task.row.number:,} of {self.batch.count:,}"
        if task.row.id:
            said += f" ({task.row.label})"
        return f"{said}, {remaining(self.left)}" if self.ran else said

    @property
    def left(self) -> float:
        """Seconds still to go, at the pace so far."""
        return (perf_counter() - self.started) / self.ran * (len(self.batch.todo) - self.ran)

    def show(self, text: str) -> None:
        now = perf_counter()
        if self.quiet:
            return
        if self.style.terminal:
            write = self.style.stream.write
            write("\r\x1b[K" + shorten(text, self.style.width - 1))
            self.style.stream.flush()
        elif now - self.told >= EVERY:
            self.told = now
            self.style.line(text)

    def clear(self) -> None:
        """Free the line for something that stays."""
        if self.style.terminal and not self.quiet:
            self.style.stream.write("\r\x1b[K")

    def end(self, line: Line) -> None:
        self.ran += 1
        if line.error:
            self.failures += 1
            self.clear()
            sign = self.style(self.style.signs["fail"], "red")
            name = f"row {line.row}" + (f" ({line.id})" if line.id else "")
            self.style.line(f"{sign} {self.style(name, 'bold')}: {line.error}")

    def sum_up(self, interrupted: bool) -> None:
        """What came of all rows, and where the table is."""
        batch = self.batch
        if not self.quiet:
            took = duration(perf_counter() - self.started)
            sign, colour, text = "done", "green", f"{number(self.ran, 'row')} ran in {took}"
            if not batch.todo:
                text = "nothing to do: all rows are done"
            if self.failures:
                sign, colour = "fail", "red"
                text += f", {self.failures:,} failed; the same command tries them again"
            if interrupted:
                sign, colour = "skip", "yellow"
                left = len(batch.todo) - self.ran
                text = f"interrupted, {number(left, 'row')} left; the same command goes on"
            self.style.line(f"{self.style(self.style.signs[sign], colour)} {text}")
        print(batch.table.path)


class JsonRows(RowsView):
    """For programs: the events of every row with its number, and a line when it ends."""

    def __init__(self, batch: Batch, args: Namespace) -> None:
        super().__init__(batch, args)
        self.quiet = True

    def begin(self, task: Task) -> View:
        printed = Printed(outline(self.batch), self.debug)
        printed.more = {"row": task.row.number}
        self._shown = printed
        return printed

    def end(self, line: Line) -> None:
        super().end(line)
        print_json({"type": "row", **self.batch.table.facts(line)})

    def sum_up(self, interrupted: bool) -> None:
        lines = self.batch.table.lines
        counts = {"rows": self.batch.count, "ran": self.ran, "failed": self.failures}
        counts["left"] = self.batch.count - len(lines)
        said = {"type": "rows_finished", "cancelled": interrupted, "counts": counts}
        print_json(said | {"table": str(self.batch.table.path)})


class _RowView(View):
    """The events of one row, told in the line about all of them."""

    def __init__(self, rows: RowsView, task: Task) -> None:
        super().__init__(outline(rows.batch), rows.debug)
        self.rows = rows
        self.task = task
        self.clock = Clock()

    def event(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self.clock = Clock()
        elif isinstance(event, StepProgress):
            self.clock.update(event)
            said = f"{event.node} {self.clock.text()}"
            self.rows.show(f"{self.rows.place(self.task)}; {said}")
        elif isinstance(event, StepDone) and not event.cached:
            self.rows.show(self.rows.place(self.task))
        elif isinstance(event, Warned):
            told = (event.node, str(event.message))
            if told in self.rows.warned:
                return  # of a step that rows share
            self.rows.warned.add(told)
            self.rows.clear()
            self.warning(event)


def outline(batch: Batch) -> Plan:
    """What a view needs to know of the plan of any row."""
    return Plan(batch.workflow, {}, {}, (), batch.unused)
