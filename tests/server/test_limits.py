"""What is said too often, asked too much or kept secret; and disks that are not there."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from client import carried, served
from test_runs import LIGHT, listened


def one(kind: str, **values: Any) -> dict[str, Any]:
    return {"musegraph": 1, "nodes": {"node": {"type": f"troublesome.{kind}", "values": values}}}


def process_files(process: int | None) -> dict[str, bytes]:
    """What others can read of a process, and of all that it started (Linux)."""
    assert process is not None
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    return {
        f"{one.name()}/{name}": Path(f"/proc/{one.pid}/{name}").read_bytes()
        for one in family
        for name in ("environ", "cmdline", "limits")
    }


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked into by /proc")
def test_a_secret_is_nowhere_whatever_a_node_does_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-7f3a-never-shown"
    monkeypatch.setenv("MUSEGRAPH_SECRET_CANARY", canary)
    caplog.set_level(logging.DEBUG)
    drawn = {"type": "image.color", "values": {"width": 8, "height": 8}}

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            socket = await listened(client)
            heard = ""
            for fail in (True, False):
                document = one("blab", fail=fail)
                document["nodes"]["drawn"] = drawn
                document["outputs"] = {"said": "node.out", "drawn": "drawn.out"}
                made = await client.carry_out(document)
                assert made["state"] == ("failed" if fail else "done")
                assert canary not in json.dumps(made)
                assert canary not in json.dumps(await client.get(f"/api/runs/{made['id']}"))
            (file,) = made["outputs"]["drawn"]["files"]
            _, picture = await client.ask("GET", f"/api/assets/{file['asset']}")
            assert b"troublesome.blab" in picture, "it carries the workflow and the record"
            assert canary.encode() not in picture
            while heard.count('"state":"done"') < 1:
                heard += (await socket.receive()).data
            await socket.close()
            assert canary not in heard
            assert "•••" in heard
            run = await client.submit(one("keep_secret"))
            worker = server.dispatcher.workers["main"]
            while not worker.running:
                await asyncio.sleep(0.01)
            while len(psutil.Process(worker.process).children()) < 1:
                await asyncio.sleep(0.01)
            seen = process_files(worker.process)
            assert [name for name, data in seen.items() if canary.encode() in data] == []
            limits = [data for name, data in seen.items() if name.endswith("limits")]
            assert all(re.search(rb"core file size +0 +0 ", data) for data in limits)
            await client.ask("POST", "/api/runs/cancel", json={"runs": [run["id"]]})
            await client.ended(run["id"])
            made = await client.carry_out(one("blab_and_crash"))
            assert made["state"] == "failed"
            assert canary not in json.dumps(made)

    carried(body())
    assert "printed:" in caplog.text
    assert canary not in caplog.text
    for place in tmp_path.rglob("*"):
        assert not place.is_file() or canary.encode() not in place.read_bytes(), place


def test_a_node_that_says_too_often_how_far_it_is_floods_nobody(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            socket = await listened(client)
            await socket.receive()
            run = await client.submit(one("flood", events=100_000))
            messages, progress, start = 0, 0, monotonic()
            over = False
            while not over:
                found = (await socket.receive_json())["events"]
                messages += 1
                progress += sum(event["type"] == "step_progress" for event in found)
                over = any(e["type"] == "run" and e["facts"]["finished"] for e in found)
            seconds = monotonic() - start
            assert messages <= 40 * seconds + 10
            assert progress <= messages
            assert (await client.ended(run["id"]))["state"] == "done"
            await socket.close()

    carried(body())


def test_a_full_queue_says_so_and_what_it_took_is_done(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path, most_queued=5) as (client, _):
            await client.ask("PUT", "/api/queue", json={"paused": True})
            for number in range(5):
                await client.submit(LIGHT, inputs={"a": number})
            async with client.session.post(
                client.url + "/api/runs", json={"workflow": LIGHT}, headers=client.headers
            ) as answer:
                assert answer.status == 429
                assert int(answer.headers["Retry-After"]) > 0
            many = {"runs": [{"workflow": LIGHT}] * 3}
            assert (await client.ask("POST", "/api/runs/batch", json=many))[0] == 429
            await client.ask("PUT", "/api/queue", json={"paused": False})
            while (await client.get("/api/queue"))["counts"] != {"done": 5}:
                await asyncio.sleep(0.02)

    carried(body())


def test_a_cache_that_vanishes_is_named_and_the_server_goes_on(tmp_path: Path) -> None:
    picture = {
        "musegraph": 1,
        "outputs": {"picture": "fill.out"},
        "nodes": {"fill": {"type": "image.color", "values": {"width": 16, "height": 16}}},
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await client.carry_out(LIGHT)
            shutil.rmtree(tmp_path / "cache" / "objects")
            (tmp_path / "cache" / "objects").write_text("in the way")
            made = await client.carry_out(picture)
            assert made["state"] == "failed"
            assert "cache" in made["error"] or "kept" in made["error"]
            (tmp_path / "cache" / "objects").unlink()
            (tmp_path / "cache" / "objects").mkdir()
            assert (await client.carry_out(picture))["state"] == "done"

    carried(body())


def weights(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def keys(count: int) -> bytes:
    empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    return ("{" + ",".join(f'"k{n}":{empty}' for n in range(count)) + "}").encode()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a pickle": lambda: (
        b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
    ),
    "a zip": lambda: b"PK\x03\x04" + b"\0" * 60,
    "a length without end": lambda: struct.pack("<Q", 2**63) + b"{}",
    "keys that reach into objects": lambda: weights(
        json.dumps(
            {"a.__class__.__base__.x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
        ).encode(),
        b"\0" * 4,
    ),
    "a million keys": lambda: weights(keys(10**6)),
    "a key twice": lambda: weights(
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        b"\0" * 4,
    ),
}
"""Made when they are needed: every process that runs tests reads this file."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_refused_in_words(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "bad.safetensors").write_bytes(HOSTILE[name]())
    document = {
        "musegraph": 1,
        "nodes": {"model": {"type": "diffusion.load", "values": {"source": "bad.safetensors"}}},
    }

    async def body() -> None:
        async with served(tmp_path, models=(str(folder),)) as (client, _):
            start = monotonic()
            status, found = await client.ask("POST", "/api/runs", json={"workflow": document})
            if status == 201:
                found = await client.ended(found["id"])
                assert found["state"] == "failed"
                message = found["error"]
            else:
                assert status == 422
                message = found["error"]["message"]
            assert monotonic() - start < 5
            assert "bad.safetensors" in message
            assert "Traceback" not in message

    carried(body())
