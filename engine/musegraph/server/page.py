"""The page at ``/`` and what it is made of: our own built files, by name from a list made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path

from aiohttp import web

HERE = Path(__file__).with_name("static")


def add_page(app: web.Application, folder: Path = HERE) -> None:
    """Serve the files of a folder as they are now; nothing that is put there later."""
    files = {path.name: path for path in folder.iterdir() if path.is_file()}
    app.router.add_get("/", _sends(files["index.html"]))
    for name, path in files.items():
        if name != "index.html":
            app.router.add_get(f"/static/{name}", _sends(path))


def _sends(path: Path) -> Callable[[web.Request], Awaitable[web.Response]]:
    data = path.read_bytes()
    media = guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        media = "text/javascript"

    async def send(request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=media, charset="utf-8")

    return send
