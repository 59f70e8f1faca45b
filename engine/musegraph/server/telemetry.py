"""Traces of runs for a collector that speaks OpenTelemetry: one trace per run, one span per step.

Off unless somebody asks for it, and nothing of the library is imported until then. A span says what
a step was, what it took and why it failed, and holds no value that went in or came out.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from musegraph.errors import MusegraphError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
MOST_WAITING = 1 << 16
"""Spans that may wait to be sent; of a run with more steps the rest is dropped by the library."""

FACTS = {
    "type": "musegraph.node.type",
    "status": "musegraph.step.status",
    "tier": "musegraph.cache.tier",
    "memory": "musegraph.memory.peak",
    "device_memory": "musegraph.device_memory.peak",
    "bytes": "musegraph.output.bytes",
    "calls": "musegraph.step.calls",
}
"""Attributes of a step's span, by what they are called in the record; memory and sizes in bytes."""


@dataclass(slots=True)
class _Times:
    """When things happened in a run, in seconds since 1970."""

    started: float
    base: float = 0.0
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)
    lost: list[tuple[float, str]] = field(default_factory=list)


class Telemetry:
    """Watches runs, and makes the spans of each once it has ended."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("musegraph", version("musegraph"))
        self._runs: dict[str, _Times] = {}

    def event(self, run: str, event: dict[str, Any]) -> None:
        """Take an event of a worker; its times are exact among themselves."""
        now = time.time()
        times = self._runs.setdefault(run, _Times(now))
        kind = event["type"]
        if kind == "run_started":
            times.base = now - event["time"]
        elif kind == "step_started":
            at = times.base + event["time"]
            times.steps[event["node"]] = at, at
        elif kind in ("step_done", "step_failed"):
            at = times.base + event["time"]
            start, _ = times.steps.get(event["node"], (at, at))
            times.steps[event["node"]] = start, at

    def lost(self, run: str, why: str) -> None:
        """A worker was lost with a run that goes on."""
        now = time.time()
        self._runs.setdefault(run, _Times(now)).lost.append((now, why))

    def end(self, facts: dict[str, Any], record: dict[str, Any] | None) -> None:
        """Make the trace of a run that has ended."""
        from opentelemetry.trace import set_span_in_context

        now = time.time()
        times = self._runs.pop(facts["id"], _Times(facts["started"] or now))
        root = self._tracer.start_span(
            f"run {facts['name']}".strip(),
            start_time=_nanoseconds(times.started),
            attributes={
                "musegraph.run.id": facts["id"],
                "musegraph.run.state": facts["state"],
                "musegraph.run.attempt": facts["attempt"],
                "musegraph.run.steps": facts["steps"],
                "musegraph.worker": facts["worker"] or "",
            },
        )
        for at, why in times.lost:
            root.add_event("worker lost", {"musegraph.reason": why}, _nanoseconds(at))
        inside = set_span_in_context(root)
        known = record["steps"] if record is not None else {}
        for step, (start, end) in times.steps.items():
            self._step(step, known.get(step, {}), start, end, inside)
        if facts["state"] == "failed":
            root.set_status(_failed(facts["error"]))
        last = max((end for _, end in times.steps.values()), default=now)
        root.end(_nanoseconds(max(now, last)))  # clocks of two processes: none ends after the run

    def _step(self, step: str, facts: dict[str, Any], start: float, end: float, run: Any) -> None:
        attributes = {name: facts[key] for key, name in FACTS.items() if key in facts}
        span = self._tracer.start_span(
            facts.get("type") or step,
            context=run,
            start_time=_nanoseconds(start),
            attributes={"musegraph.step": step, **attributes},
        )
        if facts.get("status") == "failed":
            span.set_status(_failed(facts.get("error")))
        span.end(_nanoseconds(max(start, end)))

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def telemetry_to(url: str) -> Telemetry | None:
    """What sends traces to a collector, the one that the usual variables name if ``url`` is empty.

    None if nobody asked for that. Raises :class:`MusegraphError` if the library is not there.
    """
    if not url and not any(os.environ.get(name) for name in VARIABLES):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise MusegraphError(
            "traces cannot be sent, for the library is missing; install it with"
            " pip install 'musegraph[otel]'"
        ) from None
    name = os.environ.get("OTEL_SERVICE_NAME") or "musegraph"
    facts = {"service.name": name, "service.version": version("musegraph")}
    provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces" if url else None)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=MOST_WAITING))
    return Telemetry(provider)


def _failed(why: str | None) -> Any:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR, why)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
