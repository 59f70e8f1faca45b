"""Disks that are full, read-only, gone or wrong: named, survived, and made good."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from client import Client, Process, carried, served
from hostile import bound_by_permissions, locked, needs_permissions
from test_runs import LIGHT, slow

from musegraph.server import reserve


def letters(number: int) -> dict[str, Any]:
    names = [f"n{index}" for index in range(number)]
    return {
        "musegraph": 1,
        "outputs": {f"o{name}": f"{name}.out" for name in names},
        "nodes": {
            name: {"type": "troublesome.letter", "values": {"number": index}}
            for index, name in enumerate(names)
        },
    }


def damage(files: list[Path], draw: random.Random) -> int:
    """Damage every file, each in one of five ways; how many were."""
    for index, file in enumerate(files):
        data = bytearray(file.read_bytes())
        other = files[index - 1]
        match index % 5:
            case 0:
                data[draw.randrange(len(data))] ^= draw.randrange(1, 256)
                file.write_bytes(data)
            case 1:
                file.write_bytes(data[: draw.randrange(len(data))])
            case 2:
                file.write_bytes(bytes(len(data)))
            case 3:
                file.write_bytes(other.read_bytes() + b"x")
            case 4:
                file.unlink()
    return len(files)


async def bytes_of(client: Client, run: dict[str, Any]) -> dict[str, bytes]:
    found = {}
    for name, output in run["outputs"].items():
        (file,) = output["files"]
        status, found[name] = await client.ask("GET", f"/api/assets/{file['asset']}")
        assert status == 200
    return found


def test_a_thousand_damaged_results_are_all_noticed_and_made_again(tmp_path: Path) -> None:
    """The worker is a new one, so that nothing is answered from its memory."""
    work = letters(500)  # each leaves two objects: its value, and the file of its output

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            first = await client.carry_out(work)
            cold = await bytes_of(client, first)
        files = sorted((tmp_path / "cache" / "objects").glob("*/*"))
        whole = {file: file.read_bytes() for file in files}
        assert damage(files, random.Random(4)) >= 1000
        async with served(tmp_path) as (client, _):
            again = await client.carry_out(work)
            assert again["state"] == "done"
            assert again["outputs"] == first["outputs"]
            assert await bytes_of(client, again) == cold
        assert {file: file.read_bytes() for file in files if file.exists()} == whole

    carried(body())


async def running(client: Client) -> None:
    while (await client.get("/api/queue"))["counts"].get("running") != 1:
        await asyncio.sleep(0.01)


def test_a_cache_that_becomes_read_only_in_a_run_is_named_and_used_again_later(
    tmp_path: Path,
) -> None:
    needs_permissions()

    async def body() -> None:
        process = await asyncio.to_thread(Process, tmp_path, first=bound_by_permissions)
        async with aiohttp.ClientSession() as session:
            client = Client(session, process.url, process.token)
            await client.submit(slow(0.5))
            await running(client)
            with locked(tmp_path / "cache"):
                made = await client.carry_out(letters(3))
                assert made["state"] == "failed"
                assert "read-only" in made["error"] or "Permission denied" in made["error"]
                assert str(tmp_path / "cache") in made["error"]
                assert await client.get("/healthz") == {"ok": True}
            assert (await client.carry_out(letters(3)))["state"] == "done"
        assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0

    carried(body())


def test_a_model_that_vanishes_in_a_run_is_named_and_used_when_it_is_back(tmp_path: Path) -> None:
    model = tmp_path / "models" / "heavy.bin"
    model.parent.mkdir()
    model.write_bytes(b"weights")
    work = slow(0.5)
    values = {"source": "heavy.bin"}
    work["nodes"]["weigh"] = {
        "type": "troublesome.weigh", "values": values, "links": {"after": "wait.out"},
    }  # fmt: skip
    work["outputs"] = {"bytes": "weigh.out"}

    async def body() -> None:
        async with served(tmp_path, models=(str(model.parent),)) as (client, _):
            run = await client.submit(work)
            await running(client)
            away = model.parent.rename(tmp_path / "away")
            made = await client.ended(run["id"])
            assert made["state"] == "failed"
            assert made["error"].startswith("weigh: there is no model 'heavy.bin'")
            away.rename(model.parent)
            made = await client.carry_out(work)
            assert made["outputs"]["bytes"]["value"] == 7

    carried(body())


class Usage(NamedTuple):
    free: int


def test_a_full_disk_takes_nothing_new_and_lets_go_of_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real thing, a file system that is full, is a part of the soak."""

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            place = tmp_path / "data" / "server.reserve"
            assert place.stat().st_size == reserve.SIZE
            ended = await client.carry_out(LIGHT)
            save = {"name": "one", "workflow": LIGHT}
            _, saved = await client.ask("POST", "/api/workflows", json=save)
            await client.ask("PUT", "/api/queue", json={"paused": True})
            waiting = await client.submit(LIGHT, inputs={"a": 1})
            monkeypatch.setattr(reserve.shutil, "disk_usage", lambda _: Usage(0))
            server.database._reserve.give_up()
            for path, wanted in (("/api/runs", {"workflow": LIGHT}), ("/api/workflows", save)):
                status, found = await client.ask("POST", path, json=wanted)
                assert status == 507
                assert "the disk is full" in found["error"]["message"]
            cancel = {"runs": [waiting["id"]]}
            assert (await client.ask("POST", "/api/runs/cancel", json=cancel))[0] == 200
            assert (await client.ask("DELETE", f"/api/runs/{ended['id']}"))[0] == 204
            assert (await client.ask("DELETE", f"/api/workflows/{saved['id']}"))[0] == 204
            assert (await client.ask("PUT", "/api/queue", json={"paused": False}))[0] == 200
            monkeypatch.undo()
            assert (await client.carry_out(LIGHT))["state"] == "done"
            assert place.stat().st_size == reserve.SIZE

    carried(body())
