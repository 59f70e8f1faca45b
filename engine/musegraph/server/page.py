"""The page at ``/`` and what it is made of: our own built files, by name from a list made once.

It is the canvas, which ``make web`` and every installation build; where that could not be done, a
page that says so and shows what is run.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aiohttp import web

CANVAS = Path(__file__).parents[1] / "_web"
WITHOUT_CANVAS = Path(__file__).with_name("static")

# Given here, because what a system's own table says differs from machine to machine.
TEXTS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
BINARIES = {
    ".avif": "image/avif",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
HASHED = "assets/"
"""What stands below is named after its content, so a browser may keep it for ever."""


def has_canvas() -> bool:
    return (CANVAS / "index.html").is_file()


def add_page(app: web.Application) -> None:
    """Serve the files of the canvas as they are now; nothing that is put there later."""
    folder = CANVAS if has_canvas() else WITHOUT_CANVAS
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        # What begins with a dot is for us: how the canvas was built.
        if not path.is_file() or "/." in f"/{name}":
            continue
        address = "/" if name == "index.html" else f"/static/{name}"
        app.router.add_get(address, _sends(File(name, path.read_bytes())))


@dataclass(frozen=True)
class File:
    """One file, read once."""

    name: str
    data: bytes

    @cached_property
    def small(self) -> bytes | None:
        """The file in gzip, if that is worth it."""
        if Path(self.name).suffix not in TEXTS or len(self.data) < 1024:
            return None
        return gzip.compress(self.data, 6, mtime=0)

    @property
    def headers(self) -> dict[str, str]:
        suffix = Path(self.name).suffix
        text = TEXTS.get(suffix)
        media = BINARIES.get(suffix, "application/octet-stream")
        made = {"Content-Type": f"{text}; charset=utf-8" if text else media}
        if self.name.startswith(HASHED):
            made["Cache-Control"] = "public, max-age=31536000, immutable"
        if self.small:
            made["Vary"] = "Accept-Encoding"
        return made


def _sends(file: File) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def send(request: web.Request) -> web.Response:
        if file.small and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers = {**file.headers, "Content-Encoding": "gzip"}
            return web.Response(body=file.small, headers=headers)
        return web.Response(body=file.data, headers=file.headers)

    return send
