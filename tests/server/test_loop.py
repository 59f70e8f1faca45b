"""The watch over the server's loop, on in all tests of this folder, sees what it should."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import thread_time

import pytest
from client import carried, served
from loop import watched


def spin(seconds: float) -> None:
    end = thread_time() + seconds
    while thread_time() < end:
        pass


@pytest.mark.parametrize(("seconds", "seen"), [(0.01, False), (0.06, True)])
def test_a_handler_that_holds_up_the_loop_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, seen: bool
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            read = server.database.read

            async def slow(*given: object) -> object:
                spin(seconds)
                return await read(*given)  # type: ignore[arg-type]

            monkeypatch.setattr(server.database, "read", slow)
            with watched(0.05) as held:
                await client.get("/api/queue?limit=1")
            monkeypatch.undo()
            assert bool(held) == seen

    carried(body())


def test_what_a_test_does_itself_is_left_out() -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        spin(0.06)

    with watched(0.05) as held:
        carried(body())
    assert held == []
