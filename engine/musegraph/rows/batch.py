"""Running the rows: all of them checked first, then one run for each that is not finished."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from musegraph.ahead import Ahead
from musegraph.document import sources_of
from musegraph.errors import InvalidWorkflow, MusegraphError, Problem, StoreError
from musegraph.events import Event
from musegraph.inputs import settle_inputs
from musegraph.outputs import NotSaved, Saved, save_outputs
from musegraph.paths import at_home, shown
from musegraph.plan import Plan, Step, gather
from musegraph.rows.sharing import Sharing, own_steps
from musegraph.rows.sheet import BadRows, Row, address, read_sheet
from musegraph.rows.table import DONE, FAILED, Line, Table, facts_of
from musegraph.run import Engine, RunResult, ports_of, read_workflow
from musegraph.store import NOTHING, Entry
from musegraph.terms import Terms
from musegraph.values import digest
from musegraph.workflow import Workflow

AT_A_TIME = 8
"""Rows that are prepared together where their steps can be made together."""


@dataclass(frozen=True, slots=True)
class Task:
    """A row with its files taken into the store, and the key of all that it is made of."""

    row: Row
    given: Mapping[str, Any]
    key: str


class Batch:
    """A workflow and the rows it is run over. ``todo`` has the rows that are not finished.

    Raises :class:`BadRows` with every problem of every row before anything runs. ``workflow`` has
    the values that rows do not give.
    """

    def __init__(
        self,
        engine: Engine,
        workflow: Workflow,
        sheet: str | Path,
        folder: str | Path,
        *,
        only: Iterable[str] = (),
        embed: bool = True,
    ) -> None:
        self.engine = engine
        self.workflow = workflow
        self.folder = at_home(folder)
        self.embed = embed
        problems: list[Problem] = []
        self.sheet = read_sheet(sheet, workflow, engine.registry, problems)
        self._planner = _Planner(engine, workflow, tuple(only))
        tasks = self._check(problems)
        if problems:
            raise BadRows(str(sheet), sorted(dict.fromkeys(problems), key=_place))
        self.table = Table(self.folder, self.sheet, self._planner.outputs)
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.table.open({task.row.number: task.key for task in tasks})
        self.todo = [task for task in tasks if task.row.number not in self.table.lines]
        self._places = {task.row.number: place for place, task in enumerate(self.todo)}
        self._ahead = Ahead()
        self._above: dict[str, _Planner] = {}
        """By a step that asked for its like in later rows, plans of what it is given there."""
        self._prepared = 0
        """How many of the rows to do were looked at for that."""

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *error: object) -> None:
        with _told(self.folder):
            self.table.close()

    @property
    def count(self) -> int:
        return len(self.sheet.rows)

    @property
    def unused(self) -> tuple[str, ...]:
        """The nodes that no output needs."""
        return self._planner.unused

    def plan(self, task: Task) -> Plan:
        """The plan of a row; ``durable`` names the steps that other rows have too."""
        return self._planner.plan(task.given)

    def run(
        self,
        task: Task,
        on_event: Callable[[Event], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Line | None:
        """Run a row, save its outputs, and note it in the table; None if it was cancelled."""
        start = perf_counter()
        self._prepare(task, cancel)
        try:
            terms = Terms(ahead=self._ahead, later=partial(self._later, task))
            result = self.engine.run(self.plan(task), on_event, cancel, terms)
        except StoreError:
            raise
        except MusegraphError as error:
            line = self._line(task, {}, [], str(error), perf_counter() - start)
        else:
            if result.cancelled:
                return None
            said = [f"{node}: {message}" for node, message in result.outcome.errors.items()]
            try:
                saved = self._save(task, result)
            except NotSaved as error:
                saved, said = error.saved, [*said, *str(error).split("\n")]
            seconds = perf_counter() - start
            line = self._line(task, values_of(result), saved, "; ".join(said), seconds)
            reliefs = result.outcome.reliefs
            line.makeshift.extend(node for node, relief in reliefs.items() if relief.makeshift)
        with _told(self.folder):
            self.table.add(line)
        return line

    def _later(self, task: Task, id: str) -> Iterator[tuple[Step, Mapping[str, Entry]]]:
        """A step of the rows after one, where all that it is given is known already.

        The first row learns so what the others are to have ready (``_prepare``).
        """
        for place in range(self._places[task.row.number] + 1, len(self.todo)):
            plan = self._planner.plan(self.todo[place].given)
            step = plan.steps.get(id)
            if step is None or step.type is None or step.each or step.muted or step.pin:
                continue
            linked = gather(step, plan.known)
            if isinstance(linked, dict):
                yield step, linked
            elif linked is None and id not in self._above:
                links = step.links.values()
                above = dict.fromkeys(port.node for link in links for port in sources_of(link))
                self._above[id] = _Planner(self.engine, self.workflow, tuple(above))

    def _prepare(self, task: Task, cancel: threading.Event | None) -> None:
        """Run what the next rows need for steps that could be made together, as prompts encoded.

        Whatever goes wrong is left to the row's own run, which says so.
        """
        place = self._places[task.row.number]
        if not self._above or place < self._prepared:
            return
        self._prepared = place + AT_A_TIME
        for planner in self._above.values():
            for later in self.todo[place : self._prepared]:
                if cancel is not None and cancel.is_set():
                    return
                with suppress(MusegraphError):
                    self.engine.run(planner.plan(later.given), None, cancel)

    def _save(self, task: Task, result: RunResult) -> list[Saved]:
        prefix = f"{task.row.label}_"
        return save_outputs(result, self.folder, self.embed, prefix=prefix, values=False)

    def _line(
        self, task: Task, values: dict[str, Any], saved: list[Saved], error: str, seconds: float
    ) -> Line:
        outputs = dict(values)
        for one in saved:
            outputs.setdefault(one.output, []).append(one.path.name)
        files = [facts_of(one.path) for one in saved]
        status = FAILED if error else DONE
        row = task.row
        inputs = {name: row.cells[name] for name in self.sheet.columns if name in row.cells}
        took = round(seconds, 3)
        return Line(row.number, row.id, inputs, status, outputs, took, error, task.key, files)

    # -- before anything runs -----------------------------------------------------------------

    def _check(self, problems: list[Problem]) -> list[Task]:
        """Every row planned once, to find its problems and what it shares with the others."""
        tasks = []
        general: Counter[Problem] = Counter()
        for row in self.sheet.rows:
            before = len(problems)
            given = self._settle(row, problems)
            if len(problems) > before:
                continue
            try:
                content = self._planner.learn(given)
            except InvalidWorkflow as error:
                for problem in error.problems:
                    column = self._column(problem, given)
                    if column is None:
                        general[problem] += 1
                        where = replace(problem, node=f"row {row.number}", port=None)
                        problems.append(replace(where, message=str(problem)))
                    else:
                        problems.append(address(row.number, column, problem.message, problem.code))
                continue
            how = "embedded" if self.embed else "plain"
            tasks.append(Task(row, given, digest("row", row.label, how, content)))
        self._say_once(problems, general)
        return tasks

    def _settle(self, row: Row, problems: list[Problem]) -> dict[str, Any]:
        """The row's values as the document holds them; its files go to the store."""
        engine, given = self.engine, {}
        for name, value in row.given.items():
            try:
                one = settle_inputs(self.workflow, {name: value}, engine.registry, engine.store)
            except InvalidWorkflow as error:
                problems += (address(row.number, name, p.message) for p in error.problems)
            else:
                given[name] = one.inputs[name].default
        return given

    def _column(self, problem: Problem, given: Mapping[str, Any]) -> str | None:
        """The column whose value a problem of the plan is about."""
        if problem.node is None:
            return problem.port if problem.port in given else None
        for name in given:
            for at in self.workflow.inputs[name].to:
                inside = problem.node.startswith(f"{at.node}/")
                if inside or (problem.node, problem.port) == (at.node, at.port):
                    return name
        return None

    def _say_once(self, problems: list[Problem], general: Counter[Problem]) -> None:
        """A problem that every row has is one of the workflow."""
        for problem, times in general.items():
            if times == len(self.sheet.rows) > 1:
                message = str(problem)
                problems[:] = [p for p in problems if p.port or p.message != message]
                problems.append(problem)


def _place(problem: Problem) -> int:
    """Sorts problems by row, those of the whole file first."""
    start, _, number = (problem.node or "").partition(" ")
    return int(number) if start == "row" and number else 0


class _Planner:
    """Plans of rows, each made out of an earlier one that was given the same inputs."""

    def __init__(self, engine: Engine, workflow: Workflow, only: tuple[str, ...]) -> None:
        self.engine = engine
        self.workflow = workflow
        self.only = only
        self.outputs: dict[str, None] = {}
        self.unused: tuple[str, ...] = ()
        self._bases: dict[frozenset[str], tuple[Plan, Mapping[str, Any]]] = {}
        self._sharing = Sharing()

    def learn(self, given: Mapping[str, Any]) -> str:
        """What a row is made of; with it, which steps it shares with the rows before."""
        base, plan = self._make(given)
        if self._hash_models(plan):
            base, plan = self._make(given)
        self.outputs |= dict.fromkeys(ports_of(plan))
        self.unused = self.unused or plan.unused
        return self._sharing.learn(plan, base)

    def plan(self, given: Mapping[str, Any]) -> Plan:
        """The plan of a row, whose shared steps go to disk however cheap they are."""
        base, plan = self._make(given)
        plan.durable = self._sharing.shared(plan, base)
        return plan

    def _make(self, given: Mapping[str, Any]) -> tuple[Plan, Plan]:
        """The plan that a row's is made out of, and the row's."""
        names = frozenset(given)
        if names not in self._bases:
            plan = self.engine.plan(self.workflow.set_inputs(given), self.only)
            self._bases[names] = plan, given
            return plan, plan
        base, first = self._bases[names]
        if first == given:
            return base, base
        return base, base.edit(given)  # type: ignore[arg-type]  # Mapping is invariant in its keys

    def _hash_models(self, plan: Plan) -> bool:
        """Read the models that were never read: what a row is made of has to say their content."""
        models, found = self.engine.models, False
        for step in own_steps(plan).values():
            for name in step.type.model_ports if step.type is not None else ():
                value = step.value(name)
                for source in value if isinstance(value, list) else [value]:
                    if isinstance(source, str) and models.known_digest(source) is None:
                        models.weights(source)
                        found = True
        if found:
            self._bases.clear()
        return found


def values_of(result: RunResult) -> dict[str, Any]:
    """The outputs that are JSON; the others become files."""
    entries = result.entries()
    return {name: entry.json for name, entry in entries.items() if entry.json is not NOTHING}


class _told:  # noqa: N801  reads as a statement
    """Turns what the system says about a folder into a sentence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            no_folder = isinstance(error, FileExistsError)
            what = "it is no folder" if no_folder else error.strerror or error
            raise StoreError(
                f"the table of results cannot be written in {shown(self.folder)}: {what}; finished"
                " rows are kept, so run it again when there is room, or with another folder"
            ) from None


def run_rows(
    workflow: str | Path | Mapping[str, Any] | Workflow,
    sheet: str | Path,
    folder: str | Path,
    *,
    engine: Engine,
    seed: int | None = None,
    quick: bool = False,
    **inputs: Any,
) -> list[dict[str, Any]]:
    """Run a workflow over the rows of a file and return the table of results.

    Rows that an earlier call finished in this folder are taken from there. A row that fails stops
    no other: its ``status`` is ``failed``. Raises :class:`BadRows`.
    """
    settled = engine.settle(read_workflow(workflow), inputs, seed=seed, quick=quick)
    with Batch(engine, settled, sheet, folder) as batch:
        for task in batch.todo:
            batch.run(task)
        lines = sorted(batch.table.lines.values(), key=lambda line: line.row)
        return [batch.table.facts(line) for line in lines]
