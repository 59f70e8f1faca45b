"""A server in this process or in one of its own, and a client that has its token."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from musegraph.server.app import Server, listen
from musegraph.server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TOYS = str(Path(__file__).with_name("troublesome.py"))


class Client:
    """Speaks to a server as the command line does."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "X-Requested-By": "musegraph"}

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.request(
            method, self.url + path, headers=self.headers, **options
        ) as answer:
            data = await answer.read()
            return answer.status, json.loads(data) if answer.content_type.endswith("json") else data

    async def get(self, path: str) -> Any:
        status, found = await self.ask("GET", path)
        assert status == 200, found
        return found

    async def submit(self, workflow: Any, **more: Any) -> dict[str, Any]:
        status, found = await self.ask("POST", "/api/runs", json={"workflow": workflow, **more})
        assert status in (200, 201), found
        return dict(found)

    async def ended(self, run: str, seconds: float = 60) -> dict[str, Any]:
        """The run once it has ended."""
        end = monotonic() + seconds
        while True:
            found = await self.get(f"/api/runs/{run}")
            if found["state"] in ("done", "failed", "cancelled"):
                return dict(found)
            assert monotonic() < end, found
            await asyncio.sleep(0.02)

    async def carry_out(self, workflow: Any, **more: Any) -> dict[str, Any]:
        return await self.ended((await self.submit(workflow, **more))["id"])


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncIterator[tuple[Client, Server]]:
    """A server in this process, with a pack that makes trouble; and a client."""
    settings.setdefault("packs", (TOYS,))
    server = Server(Settings(data=folder / "data", cache=folder / "cache", port=0, **settings))
    runner, port = await listen(server)
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(session, f"http://127.0.0.1:{port}", server.token), server
    finally:
        await runner.cleanup()


def carried(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def upgrade(client: Client) -> bytes:
    """What asks for a WebSocket."""
    lines = [
        "GET /api/events HTTP/1.1", f"Host: {client.url.removeprefix('http://')}",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Authorization: {client.headers['Authorization']}",
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def stall(client: Client) -> socket.socket:
    """A WebSocket that is opened and never read from."""
    host, _, port = client.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(upgrade(client))
    assert b"101" in connection.recv(32)
    return connection


def job(number: int, log: Path, seconds: float, more: int) -> dict[str, Any]:
    """Two steps: one that takes its time and notes that it ran, and a cheap one that adds."""
    values = {"a": number, "seconds": seconds, "log": str(log)}
    added = {"type": "troublesome.add", "values": {"b": more}, "links": {"a": "wait.out"}}
    return {
        "musegraph": 1,
        "outputs": {"out": "more.out"},
        "nodes": {"wait": {"type": "troublesome.slow", "values": values}, "more": added},
    }


class Process:
    """``musegraph serve`` in a process of its own, to be killed."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        first: Callable[[], None] | None = None,
        **environment: str,
    ) -> None:
        """Begin with ``first`` in the process, and with more variables of the environment."""
        self.folder = folder
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "musegraph", "serve", "--no-open", "--port", "0",
                "--data", str(folder / "data"), "--cache", str(folder / "cache"),
                "--packs", TOYS, *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            text=True,
            preexec_fn=first,  # noqa: PLW1509  a few system calls, and no lock
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "#t=" in line, line + (self.process.stderr.read() if self.process.stderr else "")
        self.url, _, self.token = line.split()[-1].partition("/#t=")

    def end(self, number: int = signal.SIGKILL) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code
