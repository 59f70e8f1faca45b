"""Traces of runs: one trace per run, one span per step, and nothing of it unless asked for."""

from __future__ import annotations

import builtins
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from client import carried, served
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from test_blame import SEGFAULT, troubled
from test_runs import LIGHT

from musegraph.errors import MusegraphError
from musegraph.server.telemetry import VARIABLES, Telemetry, telemetry_to


def watched(server: Any) -> InMemorySpanExporter:
    """Where the spans of a server end up."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    server.dispatcher.telemetry = Telemetry(provider)
    return exporter


async def spans_of(exporter: InMemorySpanExporter, client: Any) -> dict[str, ReadableSpan]:
    """The spans of the run before, by step; the run's own under no name."""
    await client.carry_out(troubled(last={"type": "process"}))  # by now that trace is made
    spans = exporter.get_finished_spans()
    exporter.clear()
    traces = [span.context.trace_id for span in spans if span.context is not None]
    kept = [span for span, trace in zip(spans, traces, strict=True) if trace == traces[0]]
    return {str((span.attributes or {}).get("musegraph.step", "")): span for span in kept}


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_run_is_a_trace_and_each_step_a_span_in_it(tmp_path: Path) -> None:
    document = troubled(
        wait={"type": "slow", "values": {"a": 1, "seconds": 0.2}},
        more={"type": "add", "links": {"a": "wait.out"}},
        bad={"type": "refuse", "values": {"a": 1}},
        below={"type": "add", "links": {"a": "bad.out"}},
    )

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            exporter = watched(server)
            made = await client.carry_out(document, name="a trial")
            spans = await spans_of(exporter, client)
            assert spans.keys() == {"", "wait", "more", "bad"}
            root = spans.pop("")
            assert root.name == "run a trial"
            assert root.parent is None
            assert facts(root)["musegraph.run.id"] == made["id"]
            assert facts(root)["musegraph.run.state"] == "failed"
            assert root.status.status_code == StatusCode.ERROR
            assert root.start_time is not None
            assert root.end_time is not None
            for step, span in spans.items():
                assert span.parent is not None
                assert span.parent.span_id == root.context.span_id
                assert root.start_time <= span.start_time <= span.end_time <= root.end_time, step
            wait, bad = spans["wait"], spans["bad"]
            assert wait.name == facts(wait)["musegraph.node.type"] == "troublesome.slow"
            assert (wait.end_time or 0) - (wait.start_time or 0) >= 0.2e9
            recorded = made["record"]["steps"]["wait"]
            assert facts(wait)["musegraph.memory.peak"] == recorded["memory"]
            assert facts(wait)["musegraph.step.status"] == "done"
            assert bad.status.status_code == StatusCode.ERROR
            assert bad.status.description == "ValueError: this was to be expected"

    carried(body())


def test_a_hit_is_a_span_without_length_that_names_its_tier(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.carry_out(LIGHT)
            exporter = watched(server)
            await client.carry_out(LIGHT)
            span = (await spans_of(exporter, client))["two"]
            assert facts(span)["musegraph.cache.tier"] == "host"
            assert facts(span)["musegraph.step.status"] == "cached"
            assert span.start_time == span.end_time

    carried(body())


def test_a_run_that_cost_a_worker_is_one_trace_that_says_so(tmp_path: Path) -> None:
    document = troubled(
        bad={"type": "crash", "values": {"a": 1}}, good={"type": "add", "values": {"a": 1}}
    )

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            exporter = watched(server)
            await client.carry_out(document)
            spans = await spans_of(exporter, client)
            assert spans.keys() == {"", "bad", "good"}
            (event,) = spans[""].events
            assert event.name == "worker lost"
            assert SEGFAULT in str((event.attributes or {})["musegraph.reason"])
            assert facts(spans["bad"])["musegraph.step.status"] == "failed"

    carried(body())


def test_traces_reach_a_collector_and_hold_nothing_that_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            found.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{collector.server_port}"
    document = troubled(said={"type": "add", "values": {"a": 123456.789}})

    async def body() -> None:
        async with served(tmp_path, telemetry=url) as (client, _):
            made = await client.carry_out(document)
            assert made["outputs"]["said"]["value"] == 123456.789

    carried(body())
    collector.shutdown()
    collector.server_close()
    request = ExportTraceServiceRequest.FromString(found[0])
    (resource,) = request.resource_spans
    names = {part.key: part.value.string_value for part in resource.resource.attributes}
    assert names["service.name"] == "musegraph"
    assert {span.name for span in resource.scope_spans[0].spans} == {"run", "troublesome.add"}
    assert b"123456" not in b"".join(found)


def test_nothing_is_imported_and_nothing_sent_unless_somebody_asks(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from musegraph.server.app import Server;"
        "from musegraph.server.settings import Settings;"
        f"server = Server(Settings(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}) / 'cache'));"
        "assert server.dispatcher.telemetry is None; server.close();"
        "print(sum(name.startswith('opentelemetry') for name in sys.modules))"
    )
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert made.stdout.strip() == "0"


def test_without_the_library_an_address_is_refused_and_a_variable_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MusegraphError, match=r"pip install 'musegraph\[otel\]'"):
        telemetry_to("http://127.0.0.1:4318")
    monkeypatch.setenv(VARIABLES[0], "http://127.0.0.1:4318")

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            assert server.dispatcher.telemetry is None
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())
    assert "musegraph[otel]" in caplog.text
