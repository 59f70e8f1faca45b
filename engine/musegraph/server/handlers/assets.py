"""Files by the digest of their bytes: taken in, given out, and never by a path.

What is given out is what a worker found it to be when it decoded it; anything else is bytes to be
saved. A browser that opens one can run nothing in it.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web
from blake3 import blake3

from musegraph.errors import MusegraphError, StoreError
from musegraph.sentences import sentence
from musegraph.server import queue
from musegraph.server.routes import Bad, received
from musegraph.values.files import plain_name

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

UPLOADS = 4
"""How many uploads are taken in at once."""

SHOWN = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif",
        "audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "video/mp4", "video/webm",
    }
)  # fmt: skip
"""What is served as itself; all else is bytes."""

MIDI = "audio/midi"

KEPT = "private, max-age=31536000, immutable"
"""What has a digest for an address never changes."""

_FACTS = ("width", "height", "frames", "sample_rate", "channels", "seconds", "tracks", "notes")
_FENCE = "sandbox; default-src 'none'; style-src 'none'"


async def upload_asset(server: Server, ask: Ask) -> tuple[dict[str, Any], int]:
    """Take a file in as it comes, then have a worker find out what it is."""
    if ask.request.content_type != "application/octet-stream":
        raise Bad("send the bytes as application/octet-stream", 415, "media-type")
    name = _file_name(ask["name"] or "")
    if server.uploads >= UPLOADS:
        raise queue.TooMany(sentence("uploads-full", most=UPLOADS))
    server.uploads += 1
    try:
        digest, size = await _take_in(server, ask.request)
    finally:
        server.uploads -= 1
    try:
        found = await server.dispatcher.ask("media", asset=digest, name=name)
    except MusegraphError as error:
        await asyncio.to_thread(server.disk.forget, [digest], [])
        raise Bad(str(error), 422, "media") from None
    facts = {**dict.fromkeys(_FACTS), **found}
    kept = {"asset": digest, "name": name, "bytes": size, **facts}
    await server.database.write(lambda db: queue.keep(db, [kept], time.time()))
    return kept, 201


def _file_name(given: str) -> str:
    """A file's own name, plain on every system, without the folders before it."""
    return plain_name(re.split(r"[/\\]", given)[-1])[:120] or "upload"


async def _take_in(server: Server, request: web.Request) -> tuple[str, int]:
    """Write a body to a file, hashed on the way; it gets its place once it is whole."""
    try:
        handle, temporary = server.disk.begin()
    except OSError as error:
        raise StoreError(f"the file cannot be kept: {error.strerror or error}") from None
    hasher, size = blake3(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            async for part in received(request, server.settings.upload, "file"):
                size += len(part)
                hasher.update(part)
                await asyncio.to_thread(file.write, part)
            await asyncio.to_thread(_sync, file)
            if not size:
                raise Bad(sentence("file-empty"), 422, "media")
            digest = "blake3:" + hasher.hexdigest()
            await asyncio.to_thread(server.disk.adopt, Path(temporary), digest)
    except OSError as error:
        raise StoreError(f"the file cannot be kept: {error.strerror or error}") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return digest, size


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


async def get_asset(server: Server, ask: Ask) -> web.StreamResponse:
    """The bytes, in ranges if asked for; they are checked before the first is sent."""
    kept = await server.database.read(lambda db: queue.asset(db, ask["digest"]))
    return await _send(server, kept["asset"], kept["media"], kept["name"])


async def get_thumbnail(server: Server, ask: Ask) -> web.StreamResponse:
    """A small picture of a picture."""
    kept = await server.database.read(lambda db: queue.asset(db, ask["digest"]))
    if not str(kept["media"]).startswith("image/"):
        raise Bad(sentence("no-picture"), 415, "media")
    size = ask["size"] or 256
    made = await server.dispatcher.ask("thumbnail", asset=kept["asset"], size=size)
    return await _send(server, made["asset"], "image/webp", "thumbnail.webp")


async def get_model_picture(server: Server, ask: Ask) -> web.StreamResponse:
    """A small picture of the one beside a model; another may lie there tomorrow."""
    try:
        made = await server.dispatcher.ask(
            "model_picture", source=ask["source"], size=ask["size"] or 256
        )
    except MusegraphError as error:
        raise queue.Missing(str(error)) from None
    response = await _send(server, made["asset"], "image/webp", "model.webp")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


async def get_peaks(server: Server, ask: Ask) -> web.Response:
    """The outline of a sound, to draw its waveform from."""
    kept = await server.database.read(lambda db: queue.asset(db, ask["digest"]))
    if kept["media"] == MIDI or not str(kept["media"]).startswith("audio/"):
        raise Bad(sentence("no-sound"), 415, "media")
    await _verify(server, kept["asset"])
    made = await server.dispatcher.ask("peaks", asset=kept["asset"], bins=ask["bins"] or 1000)
    return web.json_response(made, headers={"Cache-Control": KEPT})


async def get_score(server: Server, ask: Ask) -> web.Response:
    """The notes of a score in seconds, to draw it as a piano roll."""
    kept = await server.database.read(lambda db: queue.asset(db, ask["digest"]))
    if kept["media"] != MIDI:
        raise Bad(sentence("no-score"), 415, "media")
    await _verify(server, kept["asset"])
    made = await server.dispatcher.ask("score", asset=kept["asset"])
    return web.json_response(made, headers={"Cache-Control": KEPT})


async def _verify(server: Server, digest: str) -> None:
    if not await asyncio.to_thread(server.disk.verify, digest):
        raise queue.Missing(sentence("value-gone"))


async def _send(server: Server, digest: str, media: str, name: str) -> web.StreamResponse:
    await _verify(server, digest)
    shown = media in SHOWN
    response = web.FileResponse(server.disk.path(digest))
    response.content_type = media if shown else "application/octet-stream"
    disposition = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Security-Policy"] = _FENCE
    response.headers["Cache-Control"] = KEPT
    return response
