"""From settings to a server that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable

from musegraph.server.app import Server, listen
from musegraph.server.page import has_canvas
from musegraph.server.settings import Settings


def serve(settings: Settings, ready: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; ``ready`` is told the address once there is one.

    The first signal stops the queue, gives what runs a moment, and leaves the rest to the next
    start; the second one ends everything at once, and nothing that was acknowledged is lost.
    """
    adopt_orphans()
    server = Server(settings)
    return asyncio.run(_serve(server, ready))


async def _serve(server: Server, ready: Callable[[str], None]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, told)
    try:
        runner, port = await listen(server)
    except BaseException:
        server.close()
        raise
    url = address(server.settings, port)
    try:
        server.lock.say(url)
    except OSError as error:
        server.log.warning("the command line will not find this server by itself: %s", error)
    if not has_canvas():
        server.log.warning("the canvas is not built, the page says what to do: make web")
    ready(url)
    await stop.wait()
    await runner.cleanup()
    return 0


def address(settings: Settings, port: int) -> str:
    """Where a browser or the command line finds the server."""
    if settings.public_origin:
        return settings.public_origin.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.certificate else "http"
    return f"{scheme}://{host}:{port}"


def adopt_orphans() -> None:
    """Let processes whose parent has ended become ours, so that none outlives a worker (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


class JsonLines(logging.Formatter):
    """A log record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (worker := getattr(record, "worker", None)) is not None:
            made["worker"] = worker
        if record.exc_info:
            made["traceback"] = self.formatException(record.exc_info)
        return json.dumps(made, ensure_ascii=False)


def log_to_stderr(as_json: bool, debug: bool) -> None:
    """Log what happens: for people, or as lines of JSON for programs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s")
    )
    logger = logging.getLogger("musegraph")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # what strangers send is no news
