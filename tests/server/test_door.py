"""Those who knock too often, too slowly or with too much, and a token that is taken back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import psutil
import pytest
from client import Client, Process, carried, served, stall
from test_command_line import musegraph
from test_runs import LIGHT, listened, slow

from musegraph.cli import main
from musegraph.server import app, guesses, routes

MEGABYTE = 1 << 20


@pytest.mark.alone
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "some.name.test"])
def test_serve_refuses_an_address_that_others_reach_before_it_listens(
    tmp_path: Path,
    host: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("bind", "listen"):
        monkeypatch.setattr(socket.socket, name, never)
    start = monotonic()
    code = main(["serve", "--no-open", "--host", host, "--data", str(tmp_path / "data")])
    assert (code, monotonic() - start < 1) == (2, True)
    assert "--public-origin" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


# A trickle


async def trickle(client: Client, start: bytes, pause: float) -> float:
    """Send a byte now and then until the server has enough of it; the seconds until then."""
    host, _, port = client.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    begin = monotonic()
    closed = asyncio.ensure_future(reader.read())
    with contextlib.suppress(ConnectionError):
        writer.write(start)
        while not closed.done():
            writer.write(b"x")
            await writer.drain()
            await asyncio.wait({closed}, timeout=pause)
    writer.close()
    return monotonic() - begin


@pytest.mark.alone
def test_who_sends_a_byte_now_and_then_is_sent_away_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the soak does it with the true 20 and 15 seconds."""
    assert (app.IDLE + app.LINGER, routes.PATIENCE + app.LINGER) < (30, 30)
    monkeypatch.setattr(app, "IDLE", 1.0)
    monkeypatch.setattr(app, "LINGER", 0.5)
    monkeypatch.setattr(routes, "PATIENCE", 1.0)

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "
            sent = "\r\n".join(f"{name}: {value}" for name, value in client.headers.items())
            post = (
                f"POST /api/check HTTP/1.1\r\nHost: {client.url.removeprefix('http://')}\r\n{sent}"
                "\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
            ).encode()
            starts = [b"", head, post] * 10
            slow = [asyncio.create_task(trickle(client, start, 0.1)) for start in starts]
            late = []
            while not all(task.done() for task in slow):
                begin = monotonic()
                assert (await client.get("/healthz")) == {"ok": True}
                late.append(monotonic() - begin)
                await asyncio.sleep(0.05)
            assert max(await asyncio.gather(*slow)) < 6
            assert sorted(late)[len(late) // 2] < 0.1
            assert list((tmp_path / "cache" / "new").iterdir()) == []

    carried(body())


# Too much


def test_a_body_that_unpacks_to_a_gigabyte_is_not_unpacked(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = start + again * 1023
    assert len(zlib.decompressobj(31).decompress(data[: len(data) // 64])) > 10 * MEGABYTE
    assert 900_000 < len(data) < 2 * MEGABYTE

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            before = psutil.Process().memory_info().rss
            for path, media in (("/api/check", "json"), ("/api/assets", "octet-stream")):
                headers = {"Content-Encoding": "gzip", "Content-Type": f"application/{media}"}
                async with client.session.post(
                    client.url + path, headers={**client.headers, **headers}, data=data
                ) as answer:
                    assert answer.status == 415
            assert psutil.Process().memory_info().rss - before < 32 * MEGABYTE

    carried(body())


def incoming(folder: Path) -> int:
    """Bytes of all that is being taken in."""
    with contextlib.suppress(FileNotFoundError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0


def test_an_upload_stops_at_the_limit_whatever_was_said_of_its_length(tmp_path: Path) -> None:
    limit = MEGABYTE

    async def body() -> None:
        async with served(tmp_path, upload=limit) as (client, server):
            folder = tmp_path / "cache" / "new"
            most = 0

            async def endless() -> AsyncIterator[bytes]:
                nonlocal most
                while True:
                    most = max(most, incoming(folder))
                    yield b"x" * 65536

            headers = {**client.headers, "Content-Type": "application/octet-stream"}
            url = client.url + "/api/assets"
            async with client.session.post(url, data=endless(), headers=headers) as answer:
                assert answer.status == 413
            assert most <= limit + 65536
            sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            host, _, port = client.url.removeprefix("http://").partition(":")
            for said, data, wanted in (
                (5 << 30, b"", b" 413 "),  # 5 GB, of which none need come
                (100, b"x" * 50, b""),  # gone in the middle of it
                (50, b"x" * 100, b" 400 "),  # what is left over is no request
            ):
                reader, writer = await asyncio.open_connection(host, int(port))
                head = f"POST /api/assets HTTP/1.1\r\nHost: {host}:{port}\r\n{sent}"
                writer.write(f"{head}Content-Length: {said}\r\n\r\n".encode() + data)
                await writer.drain()
                if wanted:
                    assert wanted in await asyncio.wait_for(reader.read(), 20)
                writer.close()
            while server.uploads:
                await asyncio.sleep(0.01)
            assert incoming(folder) == 0

    carried(body())


# Guesses


async def status(client: Client, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.session.get(client.url + "/api/status", headers=headers) as answer:
        return answer.status


@pytest.mark.alone
def test_who_guesses_waits_after_20_tokens_and_who_knows_it_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            wrong = [server.token[:-1] + "!", *(f"guess-{n}" for n in range(guesses.FREE - 1))]
            start = monotonic()
            assert {await status(client, token) for token in wrong} == {401}
            assert monotonic() - start < 1, "nobody waits for a mistake or two"
            late = asyncio.create_task(status(client, "guess-20"))
            assert await status(client, server.token) == 200
            assert not late.done()
            begin = monotonic()
            assert await late == 401
            assert monotonic() - begin > 0.8
            assert monotonic() - start >= guesses.WAIT
            assert not any(text in caplog.text for text in ("guess-", server.token[:20]))
            assert caplog.text.count("wrong tokens came from 127.0.0.1") == 1

    carried(body())


def test_answers_to_guesses_that_come_at_once_come_one_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(guesses, "monotonic", lambda: now[0])
    door = guesses.Guesses()
    waits = [door.wrong("a")[1] for _ in range(40)]
    assert waits[:20] == [0] * 20
    assert waits[20:30] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert set(waits[30:]) == {guesses.LONGEST}, "and nothing piles up"
    assert door.wrong("b") == (1, 0), "nobody else waits"
    now[0] += guesses.FORGET + 1
    assert door.wrong("a") == (1, 0)
    for number in range(guesses.PEERS):
        door.wrong(str(number))
    assert len(door._peers) == guesses.PEERS


# A token that is taken back


async def until_closed(socket_: aiohttp.ClientWebSocketResponse) -> int | None:
    async for _ in socket_:
        pass
    return socket_.close_code


@pytest.mark.alone
def test_a_new_token_closes_every_socket_and_stops_what_runs(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            old = server.token
            running = await client.submit(slow(60))
            waiting = await client.submit(LIGHT)
            socket_ = await listened(client)
            hearing = asyncio.create_task(until_closed(socket_))
            stalled = await asyncio.to_thread(stall, client)
            while len(server.feed) < 2 or not server.dispatcher.workers["main"].running:
                await asyncio.sleep(0.01)
            start = monotonic()
            code, found = await client.ask("POST", "/api/token/renew", json={})
            assert (code, found) == (
                200, {"cancelled": [waiting["id"]], "stopping": [running["id"]]},
            )  # fmt: skip
            assert await hearing == 1008
            while len(server.feed):
                await asyncio.sleep(0.01)
            assert monotonic() - start < 1
            stalled.close()
            assert server.token == (tmp_path / "data" / "token").read_text().strip() != old
            assert (tmp_path / "data" / "token").stat().st_mode & 0o777 == 0o600
            assert await status(client, old) == 401
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await listened(client)
            new = Client(client.session, client.url, server.token)
            assert (await new.ended(running["id"], 5))["state"] == "cancelled"
            assert monotonic() - start < 5
            assert (await new.carry_out(LIGHT))["state"] == "done"
            assert sorted(p.name for p in (tmp_path / "data").glob("token*")) == ["token"]

    carried(body())


def test_a_new_token_stops_no_run_if_that_is_not_wanted(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.submit(slow(0.5))
            found = await client.ask("POST", "/api/token/renew", json={"cancel": False})
            assert found == (200, {"cancelled": [], "stopping": []})
            new = Client(client.session, client.url, server.token)
            assert (await new.ended(run["id"]))["state"] == "done"

    carried(body())


def test_the_command_for_the_token_speaks_to_the_server_that_runs_or_to_the_next(
    tmp_path: Path,
) -> None:
    process = Process(tmp_path)
    said = musegraph(process, "token")
    assert said.stdout == f"{process.url}/#t={process.token}\n"
    renewed = musegraph(process, "token", "--renew", "--keep-runs")
    assert renewed.returncode == 0, renewed.stderr
    url, _, token = renewed.stdout.strip().partition("/#t=")
    assert (url, token != process.token) == (process.url, True)
    assert musegraph(process, "queue").returncode == 0, "the command line knows the new one"
    environment = {"MUSEGRAPH_TOKEN": process.token}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "MUSEGRAPH_TOKEN", environment["MUSEGRAPH_TOKEN"])
        refused = musegraph(process, "queue")
    assert refused.returncode == 2
    assert "a token is needed" in refused.stderr
    process.end()
    gone: Any = musegraph(process, "token", "--renew")
    assert "the token is new" in gone.stdout
    assert (tmp_path / "data" / "token").read_text().strip() not in (token, process.token)
    none = musegraph(process, "token")
    assert none.returncode == 2
    assert "no server runs here" in none.stderr
