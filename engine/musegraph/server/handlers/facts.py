"""Facts about what is there: nodes, models, health, and what happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from time import monotonic
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from musegraph.server import queue
from musegraph.server.api import Shape
from musegraph.server.feed import LetGo, Listener, TooSlow
from musegraph.server.gate import COOKIE
from musegraph.server.metrics import text as metrics_text

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

_PREFERENCE = "preference "

RATE = 30
"""Messages a second to one listener: what happens meanwhile goes together."""

BURST = 6.0
"""Messages that may go at once after a quiet moment, so that a short run is told without delay."""

STALLED = 20.0
"""Seconds that a listener may take to accept a message."""

CLOSING = 0.5
"""Seconds that a listener has to say good-bye before its connection is cut."""


async def healthz(server: Server, ask: Ask) -> dict[str, Any]:
    return {"ok": True}


async def open_session(server: Server, ask: Ask) -> web.Response:
    """Hand the browser a cookie for the token that it came with."""
    response = web.json_response({"ok": True})
    response.set_cookie(
        COOKIE,
        server.token,
        httponly=True,
        samesite="Strict",
        secure=ask.request.secure,
        path="/",
    )
    return response


class Renew(Shape):
    """A new token; ``cancel`` ends what runs and waits: who had the old one may have sent it."""

    cancel: bool = True


async def renew_token(server: Server, ask: Ask) -> dict[str, Any]:
    """A new token in the place of the old one; who reads the folder of data can read it there.

    It is not in the answer: who has only stolen the old one is shut out with all others.
    """
    await asyncio.to_thread(server.renew_token)
    server.feed.dismiss()
    cancelled, stopping = await server.dispatcher.cancel(None) if ask.body.cancel else ([], [])
    return {"cancelled": cancelled, "stopping": stopping}


async def get_status(server: Server, ask: Ask) -> dict[str, Any]:
    workers = [
        {"name": w.name, "process": w.process, "run": w.run, "alive": w.alive}
        for w in server.dispatcher.workers.values()
    ]
    return {
        "version": server.version,
        "uptime": time.time() - server.started,
        "paused": server.dispatcher.paused,
        "counts": await server.database.read(queue.counts),
        "workers": workers,
        "listeners": len(server.feed),
    }


async def get_metrics(server: Server, ask: Ask) -> web.Response:
    counts = await server.database.read(queue.counts)
    return web.Response(text=metrics_text(server, counts), content_type="text/plain")


async def get_catalogue(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.catalogue(ask["language"] or "en")


async def list_models(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.dispatcher.ask("models")


async def get_cache(server: Server, ask: Ask) -> dict[str, Any]:
    """What the cache holds, by node type."""
    from musegraph.store.survey import Survey

    survey = await asyncio.to_thread(Survey, server.disk)
    groups = [
        {"type": one.type, "records": one.records, "objects": one.objects, "bytes": one.bytes}
        for one in survey.groups()
    ]
    return {"bytes": survey.bytes(), "pinned": survey.bytes(pinned=True), "groups": groups}


async def get_preferences(server: Server, ask: Ask) -> dict[str, Any]:
    """What the canvas keeps for its user."""
    return {"preferences": await server.database.read(_preferences)}


async def set_preferences(server: Server, ask: Ask) -> dict[str, Any]:
    """Change some of it; a name set to null is gone."""
    changes = ask.body.preferences

    def change(db: sqlite3.Connection) -> dict[str, Any]:
        for name, value in changes.items():
            if value is None:
                db.execute("delete from settings where name=?", (_PREFERENCE + name,))
            else:
                text = json.dumps(value, ensure_ascii=False)
                db.execute(
                    "insert or replace into settings values (?, ?)", (_PREFERENCE + name, text)
                )
        return _preferences(db)

    found = await server.database.write(change)
    server.feed.tell({"type": "preferences"})
    return {"preferences": found}


def _preferences(db: sqlite3.Connection) -> dict[str, Any]:
    rows = db.execute(
        "select name, value from settings where name>=? and name<?", (_PREFERENCE, "prefes")
    )
    return {name.removeprefix(_PREFERENCE): json.loads(value) for name, value in rows}


async def get_openapi(server: Server, ask: Ask) -> dict[str, Any]:
    from musegraph.server.openapi import document
    from musegraph.server.table import ROUTES

    return document(ROUTES)


async def listen_to_events(server: Server, ask: Ask) -> web.StreamResponse:
    """The WebSocket: first where the numbers stand, then all that happens."""
    socket = web.WebSocketResponse(
        heartbeat=20, max_msg_size=1 << 16, compress=False, timeout=CLOSING
    )
    if not socket.can_prepare(ask.request):
        return web.Response(status=426, text="this address is a WebSocket")
    token = server.token
    await socket.prepare(ask.request)
    listener, complete = server.feed.join(ask["epoch"], ask["after"], ask["run"])
    if server.token is not token:  # renewed while the connection was being made
        listener.end(LetGo)
    try:
        await socket.send_json(
            {"epoch": server.feed.epoch, "last": server.feed.last, "complete": complete}
        )
        sending = asyncio.create_task(_send(socket, listener, ask.request.transport))
        async for message in socket:  # nothing is expected, but a close has to be noticed
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await _refuse(socket, ask.request.transport)
                break
        if listener.over is not None:  # it may be saying good-bye, which takes no longer than this
            await asyncio.wait({sending}, timeout=2 * CLOSING)
        sending.cancel()
        await asyncio.wait({sending})
    except ConnectionResetError:
        pass
    finally:
        server.feed.leave(listener)
    return socket


async def _refuse(socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
    """Say that nothing is said this way, and read no more of it.

    aiohttp would first read all that was sent, tens of thousands of messages in one callback.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            said = (1003).to_bytes(2, "big") + b"nothing is said this way"
            await socket.send_frame(said, WSMsgType.CLOSE)
    if transport is not None:  # what it did not read would hold the connection open
        (transport.abort if transport.get_write_buffer_size() else transport.close)()


async def _send(
    socket: web.WebSocketResponse, listener: Listener, transport: asyncio.Transport | None
) -> None:
    """Send what waits, never more than one message on its way."""
    left, last = BURST, monotonic()
    try:
        while True:
            message = await listener.next()
            async with asyncio.timeout(STALLED):
                await socket.send_frame(message, WSMsgType.TEXT)
            now = monotonic()
            left, last = min(BURST, left + (now - last) * RATE) - 1, now
            if left < 1:  # all wait for the same moment, so that all are told the same
                await asyncio.sleep(1 / RATE - now % (1 / RATE))
    except (LetGo, TimeoutError) as error:
        why = type(error) if isinstance(error, LetGo) else TooSlow
        listener.end(why)
        # aiohttp ends its own waiting for room as if it had been cancelled
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            closing = socket.close(code=why.code, message=why.reason.encode())
            await asyncio.wait_for(closing, CLOSING)
        if transport is not None:  # what it did not read would hold the connection open
            transport.abort()
    except (ConnectionResetError, asyncio.CancelledError):
        return
