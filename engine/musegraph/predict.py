"""How long a run will take and how much memory, from what the same steps took before.

Samples of the same work come first: the same node type, version and device, and upstream the same
values, but for what decides what a result looks like and not how much there is to compute: seeds,
texts, and what is in a file. Where there are none, all samples of the type stand in, per call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from musegraph.outcome import Outcome
from musegraph.plan import Plan, Step
from musegraph.plan.keys import read_prefix
from musegraph.store import Store
from musegraph.store.history import KEPT, History, Sample
from musegraph.values import Type
from musegraph.values.canonical import digest
from musegraph.workflow import Port, sources_of

REACH = 64
"""Steps above a step, nearest first, that are looked at to tell how much work it is."""

MANY = 1000
"""A plan with more steps to run is predicted by their types alone: the rest would take too long."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some samples, and between what eight of ten of them lie."""

    median: float
    low: float
    high: float

    def json(self) -> dict[str, float]:
        return {"median": self.median, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a step will take: seconds, and bytes by which memory rises at its peak, if known."""

    seconds: Spread
    memory: Spread | None
    device_memory: Spread | None
    samples: int
    same_work: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the steps of a plan that may have to run will take.

    ``brief`` are those that never took a millisecond, ``unknown`` those nothing is known of.
    """

    steps: Mapping[str, Estimate]
    brief: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def seconds(self) -> Spread | None:
        """The sum over the known steps, as if one ran after the other. None if none is known.

        The ends are summed too: what makes one step slow, as a busy machine, does it to all.
        """
        known = [estimate.seconds for estimate in self.steps.values()]
        if not known:
            return None
        return Spread(
            sum(one.median for one in known), sum(one.low for one in known),
            sum(one.high for one in known),
        )  # fmt: skip

    @property
    def memory(self) -> Spread | None:
        """Of the step that needs most, in bytes of host memory."""
        return _most(estimate.memory for estimate in self.steps.values())

    @property
    def device_memory(self) -> Spread | None:
        """Of the step that needs most, in bytes of the device's memory."""
        return _most(estimate.device_memory for estimate in self.steps.values())


def predict(plan: Plan, store: Store) -> Prediction:
    """What is known from past runs of the steps that may have to run; nothing without a disk."""
    active = [plan.steps[id] for id in plan.active if plan.steps[id].state in ("run", "open")]
    kinds = sorted({step.type.id for step in active if step.type is not None})
    history = History(store.disk).of(kinds) if store.disk is not None else {}
    steps: dict[str, Estimate] = {}
    brief: list[str] = []
    unknown: list[str] = []
    for step in active:
        samples = history.get(step.type.id) if step.type is not None else None
        if samples == []:
            brief.append(step.id)
        elif samples and (found := _estimate(step, samples, plan, len(active) <= MANY)):
            steps[step.id] = found
        else:
            unknown.append(step.id)
    return Prediction(steps, tuple(brief), tuple(unknown))


def remember(plan: Plan, outcome: Outcome, store: Store) -> str | None:
    """Keep what the steps of a run took, if any lasted; what went wrong, if something did."""
    if store.disk is None or not outcome.profiles:
        return None
    by_type: dict[str, list[Sample]] = {}
    for id, profile in outcome.profiles.items():
        step = plan.steps[id]
        if step.type is None or outcome.ended.get(id) != "done" or _is_partial(step, outcome):
            continue
        samples = by_type.setdefault(step.type.id, [])
        if len(samples) < KEPT:
            version, device = _code(step)
            taken = (outcome.seconds[id], profile.calls, profile.memory, profile.device_memory)
            samples.append(Sample(step.type.id, version, device, work_of(step, plan), *taken))
    brief = {
        step.type.id
        for id, status in outcome.ended.items()
        if status == "done" and (step := plan.steps[id]).type is not None
    }
    every = [sample for samples in by_type.values() for sample in samples]
    return History(store.disk).add(every, brief - by_type.keys())


def _is_partial(step: Step, outcome: Outcome) -> bool:
    """Whether a step that maps over lists found some of its items in the cache."""
    outputs = outcome.outputs.get(step.id) or {}
    items = max((len(entry.items or ()) for entry in outputs.values()), default=0)
    return bool(step.each) and outcome.profiles[step.id].calls < items


def _estimate(step: Step, samples: Sequence[Sample], plan: Plan, closely: bool) -> Estimate | None:
    version, device = _code(step)
    here = [sample for sample in samples if sample.device == device]
    if closely and any(sample.version == version for sample in here):
        work = work_of(step, plan)
        same = [sample for sample in here if sample.version == version and sample.work == work]
        if same:
            return _summary(same, [sample.seconds for sample in same], True)
    calls = step.length if step.each else 1
    if not here or calls is None:
        return None
    return _summary(here, [sample.seconds / sample.calls * calls for sample in here], False)


def _summary(samples: Sequence[Sample], seconds: list[float], same: bool) -> Estimate:
    memory = [sample.memory for sample in samples if sample.memory is not None]
    device = [sample.device_memory for sample in samples if sample.device_memory is not None]
    return Estimate(
        spread(seconds),
        spread(memory) if memory else None,
        spread(device) if device else None,
        len(samples),
        same,
    )


def spread(values: Sequence[float]) -> Spread:
    """Median, 10th and 90th percentile, interpolated within the samples."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    tenths = quantiles(values, n=10, method="inclusive")
    return Spread(tenths[4], tenths[0], tenths[8])


def _most(spreads: Iterable[Spread | None]) -> Spread | None:
    known = [one for one in spreads if one is not None]
    return max(known, key=lambda one: one.high) if known else None


def _code(step: Step) -> tuple[str, str]:
    """Version and device kind of a step, as its key has them."""
    _, version, numeric = read_prefix(step.prefix)
    return version, numeric.split(",")[0]


# -- how much work a step is ------------------------------------------------------------------


def work_of(step: Step, plan: Plan) -> str:
    """A name for the amount of work: from the step and those above it, before any has run."""
    seen = {step.id: 0}
    queue = [step]
    lines = []
    for place in queue:
        parts = [place.type.id if place.type is not None else "pinned", ",".join(place.each)]
        parts += [
            _linked(place, name, seen, queue, plan) or _set(place, name)
            for name in (place.type.inputs if place.type is not None else ())
        ]
        lines.append("\n".join(parts))
    return digest("work", *lines)


def _linked(step: Step, name: str, seen: dict[str, int], queue: list[Step], plan: Plan) -> str:
    """Where an input comes from, by place in the queue; empty if it is not linked."""
    link = step.links.get(name)
    if link is None or step.type is None:
        return ""
    taken = isinstance(link, Port) and name not in (*step.wraps, *step.each)
    if taken and _is_free(step.type.inputs[name].type):
        return name
    found = []
    for source in sources_of(link):
        if source.node not in seen and len(queue) < REACH:
            seen[source.node] = len(queue)
            queue.append(plan.steps[source.node])
        found.append(f"{seen.get(source.node, '…')}.{source.port}")
    return f"{name}<{','.join(found)}"


def _set(step: Step, name: str) -> str:
    """What is set at an input, as far as it says how much there is to do."""
    literal = step.literals.get(name)
    if step.type is None or literal is None:
        return ""
    value, kind = literal.value, step.type.inputs[name].type
    base = kind.item or kind
    if name in step.type.model_ports:
        return f"{name}={value}"
    if _is_free(base) or not base.is_json:
        return f"{name}*{len(value)}" if isinstance(value, list) else name
    return f"{name}={literal.identity}"


def _is_free(kind: Type) -> bool:
    """Whether values of a type are not work: seeds, and texts, which no menu bounds."""
    return kind.name in ("Seed", "Text")
