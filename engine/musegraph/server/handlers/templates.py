"""Workflows that come from elsewhere: in an uploaded file, or with Musegraph as examples."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from musegraph.server import queue
from musegraph.server.routes import Bad
from musegraph.templates import Template, templates

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask


async def read_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    """The document that an uploaded file carries, the files that came with it as assets."""
    kept = await server.database.read(lambda db: queue.asset(db, ask.body.asset))
    found = await server.dispatcher.ask("read_workflow", asset=kept["asset"], name=kept["name"])
    if "none" in found:
        raise Bad(f"{kept['name']!r} carries no workflow: {found['none']}", 404, "no-workflow")
    return await _with_files(server, found)


async def _with_files(server: Server, found: dict[str, Any]) -> dict[str, Any]:
    now = time.time()
    if files := found["files"]:
        await server.database.write(lambda db: queue.keep(db, files, now))
    return found


async def list_templates(server: Server, ask: Ask) -> dict[str, Any]:
    """The examples in a language."""
    found = await asyncio.to_thread(templates, ask["language"] or "en")
    return {"templates": [_facts(one) for one in found]}


async def open_template(server: Server, ask: Ask) -> dict[str, Any]:
    """An example to work on: the files beside it are assets now."""
    id = (await _template(ask["id"])).id
    return await _with_files(server, await server.dispatcher.ask("open_template", id=id))


async def get_template_picture(server: Server, ask: Ask) -> web.StreamResponse:
    """The picture of an example."""
    picture = (await _template(ask["id"])).picture
    if picture is None:
        raise queue.Missing("this example has no picture")
    response = web.FileResponse(picture)
    response.content_type = "image/png"
    return response


async def _template(id: str) -> Template:
    for one in await asyncio.to_thread(templates):
        if one.id == id:
            return one
    raise queue.Missing(f"there is no example {id!r}")


def _facts(one: Template) -> dict[str, Any]:
    words: dict[str, Any] = {"title": one.said.title, "text": one.said.text}
    for side in ("inputs", "outputs"):
        words[side] = {
            name: {"label": said.label, "text": said.text}
            for name, said in getattr(one.said, side).items()
        }
    picture = f"/api/templates/{one.id}/picture" if one.picture else None
    return {"id": one.id, "picture": picture, "workflow": one.workflow.json(), **words}
