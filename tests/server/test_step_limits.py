"""What a step may take is set by node type: at the start, or over HTTP while the server runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from client import carried, served
from test_blame import troubled

from musegraph.limits import Limit

HOARD = troubled(big={"type": "hoard", "values": {"gigabytes": 2}})
SMALL = troubled(
    small={"type": "hoard", "values": {"gigabytes": 0.05}}, at={"type": "process"}
)  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system bounds it on Linux")
def test_a_memory_limit_fails_the_step_in_words_and_its_worker_goes_on(tmp_path: Path) -> None:
    limits = {"troublesome.hoard": Limit(memory=512 * 2**20)}

    async def body() -> None:
        async with served(tmp_path, limits=limits) as (client, server):
            before = await client.carry_out(SMALL)
            assert before["state"] == "done", before["error"]
            made = await client.carry_out(HOARD)
            assert made["state"] == "failed"
            assert made["error"].startswith("big: out of memory, also after what was tried")
            assert (
                "let it take more than the 512.00 MiB that troublesome.hoard may take here; raise"
                " it with --limit 'troublesome.hoard=memory:NGB' or in the settings"
            ) in made["error"]
            assert any('"code":"out-of-memory"' in text for _, _, text in server.feed._kept)
            after = await client.carry_out(SMALL)
            assert after["outputs"]["at"] == before["outputs"]["at"], "the worker is the same"

    carried(body())


def test_limits_set_over_http_hold_at_once_and_after_a_restart(tmp_path: Path) -> None:
    long = troubled(long={"type": "slow", "values": {"a": 1, "seconds": 60}})
    wanted = {"limits": {"troublesome.slow": {"seconds": 0.3}, "image.*": {"memory": 2**30}}}

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            assert await client.get("/api/limits") == {"limits": {}}
            status, found = await client.ask("PATCH", "/api/limits", json=wanted)
            assert status == 200
            assert found["limits"] == {
                "troublesome.slow": {"seconds": 0.3, "memory": None, "fixed": False},
                "image.*": {"seconds": None, "memory": 2**30, "fixed": False},
            }
            made = await client.carry_out(long)
            assert made["error"].startswith("long: it took longer than the 0.3 s that troublesome")
            gone = {"limits": {"image.*": None}}
            assert (await client.ask("PATCH", "/api/limits", json=gone))[0] == 200
        async with served(tmp_path, step_seconds=9) as (client, _):
            assert (await client.get("/api/limits"))["limits"] == {
                "troublesome.slow": {"seconds": 0.3, "memory": None, "fixed": False},
                "*": {"seconds": 9, "memory": None, "fixed": True},
            }
            made = await client.carry_out(long)
            assert made["error"].startswith("long: it took longer than the 0.3 s")

    carried(body())


def test_a_limit_given_at_the_start_cannot_be_changed_over_http(tmp_path: Path) -> None:
    limits = {"troublesome.slow": Limit(seconds=1)}

    async def body() -> None:
        async with served(tmp_path, limits=limits) as (client, _):
            change = {"limits": {"a.b": {"seconds": 1}, "troublesome.slow": {"seconds": 99}}}
            status, found = await client.ask("PATCH", "/api/limits", json=change)
            assert status == 409
            assert "--limit" in found["error"]["message"]
            assert set((await client.get("/api/limits"))["limits"]) == {"troublesome.slow"}
            for wrong in ({"x": {}}, {"a.b": {"seconds": 0}}, {"a.b": {"memory": 1}}, {"a.b": 3}):
                body = {"limits": wrong}
                assert (await client.ask("PATCH", "/api/limits", json=body))[0] == 422, wrong

    carried(body())


def test_a_limit_that_cannot_be_read_keeps_the_server_from_starting(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "musegraph", "serve", "--no-open", "--data", str(tmp_path)]
    made = subprocess.run(
        [*command, "--limit", "diffusion.sample=600"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode != 0
    assert "write NODE=seconds:600,memory:8GB" in made.stderr
    assert "Traceback" not in made.stderr
