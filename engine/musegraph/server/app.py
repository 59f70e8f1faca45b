"""The server as a whole: made of settings, started, served, and stopped without losing anything."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiohttp import web

from musegraph.errors import MusegraphError, StoreError
from musegraph.plain import stamp_of
from musegraph.server import queue
from musegraph.server.backups import HOURS, RESTORE, Backups, content, holds_nothing
from musegraph.server.database import Database, unusable
from musegraph.server.dispatch import Dispatcher
from musegraph.server.feed import Feed
from musegraph.server.gate import Gate, add_headers
from musegraph.server.handlers.limits import holding, limits_in
from musegraph.server.lock import Lock
from musegraph.server.page import add_page
from musegraph.server.routes import handle
from musegraph.server.settings import Settings, new_token, token_in
from musegraph.server.table import ROUTES
from musegraph.server.telemetry import Telemetry, telemetry_to
from musegraph.store.disk import Disk
from musegraph.workers.host import Setup
from musegraph.workers.places import places

IDLE, KEPT_BY_PROXY = 20.0, 3600.0
"""Seconds after which a connection is closed on which no whole head of a request has come."""

LOOK = 0.5
"""Seconds between two looks at packs of one's own."""

LINGER = 5.0
"""Seconds for which the rest of a body is taken in that nobody wants any more."""

SERVER: web.AppKey[Server] = web.AppKey("server")


class Server:
    """What all requests share."""

    def __init__(self, settings: Settings) -> None:
        settings.check()
        self.settings = settings
        self.log = logging.getLogger("musegraph.server")
        self.started = time.time()
        self.version = version("musegraph")
        self.lock = Lock(settings.data)
        try:
            self.gate = Gate(token_in(settings.data))
            self.disk = Disk(settings.cache)
            self.database = self._open(settings.data / "server.db")
        except BaseException:
            self.lock.release()
            raise
        self.feed = Feed()
        setup = Setup(
            settings.cache,
            settings.packs,
            settings.models,
            settings.memory,
            settings.file,
            settings.data,
        )
        limits = holding(self, {})
        self.dispatcher = Dispatcher(self.database, self.feed, setup, places(), limits, self.log)
        self.dispatcher.telemetry = self._telemetry()
        self.dispatcher.debug = settings.debug
        self.uploads = 0
        self._catalogues: dict[str, Any] = {}
        self._copying: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def _open(self, place: Path) -> Database:
        """The database; from a backup if that is asked for and needed."""
        backups = Backups(place)
        try:
            found = backups.restore() if self.settings.restore else None
        except (OSError, sqlite3.Error) as error:
            raise unusable(place, error) from None
        if found is not None:
            copy, damaged = found
            kept = f"; the damaged one is kept as {damaged}" if damaged else ""
            self.log.warning("the database was restored from %s%s", copy, kept)
        return Database(place)

    def _telemetry(self) -> Telemetry | None:
        try:
            return telemetry_to(self.settings.telemetry)
        except MusegraphError as error:
            if self.settings.telemetry:
                self.close()
                raise
            self.log.warning("%s", error)  # the variable may be meant for other programs
            return None

    @property
    def token(self) -> str:
        return self.gate.token

    def renew_token(self) -> None:
        """From now on another token is asked for."""
        self.gate.token = new_token(self.settings.data)

    def application(self) -> web.Application:
        """The aiohttp application with every route behind the gate."""
        app = web.Application(middlewares=[self.gate.middleware()], client_max_size=0)
        app[SERVER] = self
        for route in ROUTES:
            app.router.add_route(route.method, route.path, handle(self, route))
        add_page(app)
        app.on_response_prepare.append(add_headers)
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._stop)
        return app

    async def _start(self, app: web.Application) -> None:
        again = await self.database.write(queue.recover, vital=True)
        if again:
            self.log.info("%d runs go on that were interrupted", again)
        self.dispatcher.paused = await self.database.read(paused)
        self.dispatcher.limits = holding(self, await self.database.read(limits_in))
        self.dispatcher.start()
        self._copying = asyncio.create_task(self._keep_backups())
        if self.settings.packs:
            self._looking = asyncio.create_task(self._look_at_packs())

    async def _keep_backups(self) -> None:
        """Copy the database after the start, and from time to time if it was written since."""
        backups = self.database.backups
        empty = await self.database.read(holds_nothing)
        if empty and (place := await asyncio.to_thread(backups.latest)):
            self.log.warning(
                "there is no run and no workflow here, but the backup %s has %s; if that is not as"
                " it should be, stop the server and %s", place, content(place), RESTORE,
            )  # fmt: skip
        copied = self.database.commits if empty else -1
        while True:
            written = self.database.commits
            if written > copied:
                try:
                    await asyncio.to_thread(backups.make)
                    copied = written
                except StoreError as error:
                    self.log.warning("%s", error)
            await asyncio.sleep(HOURS * 3600)

    async def _look_at_packs(self) -> None:
        """Notice when a pack of one's own is changed; the workers open it anew by themselves."""
        places = [Path(path) for path in self.settings.packs]
        before = await asyncio.to_thread(lambda: [stamp_of(place) for place in places])
        while True:
            await asyncio.sleep(LOOK)
            now = await asyncio.to_thread(lambda: [stamp_of(place) for place in places])
            if now != before:
                before = now
                self._catalogues.clear()
                self.feed.tell({"type": "nodes"})

    async def _stop(self, app: web.Application) -> None:
        for task in (self._copying, self._looking):
            if task is not None:
                task.cancel()
        await self.dispatcher.stop()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        self.database.close()
        self.disk.close()
        self.lock.release()

    async def catalogue(self, language: str) -> dict[str, Any]:
        """All packs and nodes. Of all packs only those of one's own change while it runs."""
        if language not in self._catalogues:
            self._catalogues[language] = await self.dispatcher.ask("catalogue", language=language)
        found: dict[str, Any] = self._catalogues[language]
        return found


def paused(db: Any) -> bool:
    row = db.execute("select value from settings where name='paused'").fetchone()
    return row is not None and row[0] == "true"


async def listen(server: Server) -> tuple[web.AppRunner, int]:
    """Listen where the settings say; the runner, and the port that it came to be."""
    settings = server.settings
    runner = web.AppRunner(
        server.application(),
        access_log=None,
        shutdown_timeout=5,
        # A proxy keeps its connections, and sends whole requests on them.
        keepalive_timeout=KEPT_BY_PROXY if settings.behind_proxy else IDLE,
        lingering_time=LINGER,
        auto_decompress=False,  # nothing that is compressed is taken
    )
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, ssl_context=settings.tls())
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise StoreError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror or error};"
            " choose another with --port"
        ) from None
    port = int(runner.addresses[0][1])
    if settings.local:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            server.gate.let(host, port)
    if settings.public_origin:
        server.gate.let_origin(settings.public_origin)
    return runner, port
