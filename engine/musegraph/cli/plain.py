"""Views of a run that need no terminal: readable lines, JSON lines, or next to nothing."""

from __future__ import annotations

import json
import math
import sys
import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

from musegraph.cli.interrupts import say
from musegraph.cli.style import Style, duration, number, printable, remaining, sentences
from musegraph.events import (
    Event,
    StepDone,
    StepFailed,
    StepProgress,
    StepStarted,
    Warned,
)

if TYPE_CHECKING:
    from musegraph.plan import Plan
    from musegraph.run import RunResult

FEW = 40
"""Steps up to which each gets a line of its own, however short it was."""

LONG = 0.2
"""Seconds from which a step of a larger workflow gets a line."""

EVERY = 2.0
"""Seconds between two lines about the progress of one step."""


class View:
    """Shows a run. Events arrive one at a time, on any thread."""

    def __init__(self, plan: Plan, debug: bool) -> None:
        self.plan = plan
        self.debug = debug
        self.style = Style(sys.stderr)
        self.broken = False
        self.details: dict[str, str] = {}
        """By node: the traceback of its failure; empty if nobody asked for it."""

    def event(self, event: Event) -> None:
        """Something happened."""

    def tell(self, text: str) -> None:
        """Say something at once; called out of a signal handler, so it takes no lock."""
        say(text)

    def stop(self) -> None:
        """The last event has come."""

    def finish(self, result: RunResult) -> None:
        """Sum up."""

    def failed(self, node: str, message: str) -> None:
        """Say why a step failed; with ``--debug``, where."""
        sign = self.style(self.style.signs["fail"], "red")
        detail = self.details.get(node)
        hint = self.style(" (--debug shows where)", "dim") if detail == "" else ""
        self.style.line(f"{sign} {self.style(node, 'bold')}: {sentences(message)}{hint}")
        if detail:
            self.style.line(detail.rstrip())

    def warning(self, event: Warned) -> None:
        if event.node is not None and event.node in self.plan.unused:
            return  # told once for all of them
        where = f"{event.node}: " if event.node else ""
        mark = self.style("warning:", "bold", "yellow")
        self.style.line(f"{mark} {where}{sentences(event.message)}")


class Collected:
    """What the engine calls with each event. A view that breaks must not end the run."""

    def __init__(self, view: View, cancel: threading.Event) -> None:
        self.view = view
        self.cancel = cancel
        self.error: Exception | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepFailed) and event.detail:
            event.detail = event.detail if self.view.debug else None
            self.view.details[event.node] = event.detail or ""
        if self.view.broken or self.error is not None:
            return
        try:
            self.view.event(event)
        except BrokenPipeError:  # nobody reads what is printed: stop, as a pipe's writer does
            self.view.broken = True
            self.cancel.set()
        except Exception as error:  # noqa: BLE001  a defect of the view; the results come first
            self.error = error


class Quiet(View):
    """Only warnings; failures are told at the end."""

    def event(self, event: Event) -> None:
        if isinstance(event, Warned):
            self.warning(event)


class Printed(View):
    """Every event as a JSON object on a line of stdout; warnings on stderr as well."""

    def __init__(self, plan: Plan, debug: bool) -> None:
        super().__init__(plan, debug)
        self.out = sys.stdout
        self.more: dict[str, Any] = {}
        """What is added to every event."""

    def event(self, event: Event) -> None:
        if isinstance(event, Warned):
            self.warning(event)
        try:
            text = json.dumps(event.json() | self.more, allow_nan=False)
        except (TypeError, ValueError):  # a node may give any number-like thing as its progress
            text = json.dumps(_plain(event.json() | self.more))
        self.out.write(text + "\n")
        self.out.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if value is None or isinstance(value, (str, bool, int)):
        return value
    try:
        made = float(value)
    except (TypeError, ValueError):
        return str(value)
    return made if math.isfinite(made) else None


class Lines(View):
    """A line when a step ends, and now and then one about a long step."""

    def __init__(self, plan: Plan, debug: bool) -> None:
        super().__init__(plan, debug)
        self.clocks: dict[str, Clock] = {}
        self.style.line(heading(plan, self.style))

    def event(self, event: Event) -> None:
        few = len(self.plan.steps) <= FEW
        if isinstance(event, StepStarted):
            self.clocks[event.node] = Clock()
        elif isinstance(event, StepProgress):
            self.progress(event)
        elif isinstance(event, StepDone):
            self.clocks.pop(event.node, None)
            if few or event.seconds >= LONG:
                done = "cached" if event.cached else f"done in {duration(event.seconds)}"
                self.style.line(f"{event.node}: {done}")
        elif isinstance(event, StepFailed):
            self.style.line(f"{event.node}: failed")
        elif isinstance(event, Warned):
            self.warning(event)

    def progress(self, event: StepProgress) -> None:
        clock = self.clocks.setdefault(event.node, Clock())
        clock.update(event)
        now = perf_counter()
        if now - clock.told >= EVERY:
            clock.told = now
            self.style.line(f"{event.node}: {clock.text()}")

    def finish(self, result: RunResult) -> None:
        self.style.line(closing(result, self.style))


class Clock:
    """How far a step is, and how long it will still take."""

    def __init__(self) -> None:
        self.started = self.told = perf_counter()
        self.done = 0.0
        self.total = 0.0
        self.text_of_step = ""
        self._first: tuple[float, float] | None = None
        self._item: tuple[int, int] | None = None

    def update(self, event: StepProgress) -> None:
        done, total = float(event.done), float(event.total)
        if event.text:
            self.text_of_step = (
                event.text.strip().splitlines()[-1:][0] if event.text.strip() else ""
            )
        if not total > 0 or not math.isfinite(done + total):
            return
        if event.items:
            self._item = ((event.item or 0) + 1, event.items)
        self.done, self.total = min(max(done, 0.0), total), total
        if self._first is None:
            self._first = (perf_counter(), self.fraction)

    @property
    def fraction(self) -> float:
        """How much of the step is done, all its items taken together."""
        part = self.done / self.total if self.total else 0.0
        item, items = self._item or (1, 1)
        return (item - 1 + part) / items

    @property
    def elapsed(self) -> float:
        return perf_counter() - self.started

    @property
    def left(self) -> float | None:
        """Seconds still to go, judged by the pace since the first sign of progress."""
        if self._first is None:
            return None
        since, before = self._first
        gained = self.fraction - before
        if gained <= 0:
            return None
        return (perf_counter() - since) * (1 - self.fraction) / gained

    @property
    def count(self) -> str:
        """``12/20``, ``37 %``, ``item 2/4, 12/20``."""
        if not self.total:
            return ""
        whole = self.done.is_integer() and self.total.is_integer() and self.total > 1
        said = (
            f"{self.done:.0f}/{self.total:.0f}"
            if whole
            else f"{100 * self.done / self.total:.0f} %"
        )
        return f"item {self._item[0]}/{self._item[1]}, {said}" if self._item else said

    def text(self) -> str:
        parts = [self.count, f"{duration(self.elapsed)}"]
        if (left := self.left) is not None and self.fraction < 1:
            parts.append(f"about {remaining(left)}")
        if self.text_of_step:
            parts.append(self.text_of_step[:60])
        return ", ".join(part for part in parts if part)


def heading(plan: Plan, style: Style) -> str:
    from musegraph.cli.plan import summary

    name = printable(plan.workflow.name)
    return f"{style(name, 'bold')}  {style(summary(plan), 'dim')}" if name else summary(plan)


def closing(result: RunResult, style: Style) -> str:
    """What ran, what was cached, how long it took; in one line."""
    found = result.outcome.count()
    ran, cached, failed = found["done"], found["cached"], found["failed"]
    time = duration(result.seconds)
    if result.cancelled:
        sign = style(style.signs["skip"], "yellow")
        kept = f"{number(ran + cached, 'step')} finished and kept"
        return f"{sign} interrupted after {time}: {kept}, {found['skipped']:,} not run"
    if failed:
        sign = style(style.signs["fail"], "red")
        said = {"failed": failed, "skipped because of that": found["skipped"]}
        said |= {"ran": ran, "cached": cached}
        listed = ", ".join(f"{count:,} {what}" for what, count in said.items() if count)
        return f"{sign} {listed} ({time})"
    sign = style(style.signs["done"], "green")
    if not ran:
        all_ = "it was" if cached == 1 else f"all {number(cached, 'step')} were"
        return f"{sign} nothing to compute: {all_} cached ({time})"
    slow = sorted(result.outcome.seconds.items(), key=lambda pair: -pair[1])[:3]
    named = ", ".join(f"{node} {duration(took)}" for node, took in slow if took >= LONG)
    rest = f", {cached:,} cached" if cached else ""
    skipped = f", {found['skipped']:,} skipped" if found["skipped"] else ""
    return f"{sign} {number(ran, 'step')} ran in {time}{rest}{skipped}{_with_less(result)}" + (
        f"  {style(named, 'dim')}" if named else ""
    )


def _with_less(result: RunResult) -> str:
    """How many steps came through although memory ran out, and which results are makeshift."""
    reliefs = result.outcome.reliefs
    if not reliefs:
        return ""
    makeshift = [node for node, relief in reliefs.items() if relief.makeshift]
    named = f" (makeshift: {', '.join(makeshift[:5])})" if makeshift else ""
    return f", {len(reliefs):,} short of memory{named}"
