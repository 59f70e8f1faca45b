"""The library of workflows: kept with all their versions, and deleted into a bin."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from musegraph.sentences import sentence
from musegraph.server.queue import Conflict, Missing
from musegraph.workflow import Workflow

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

_LISTED = (
    "select id, name, (select max(number) from versions where workflow=id), created, changed,"
    " deleted from workflows"
)


async def list_workflows(server: Server, ask: Ask) -> dict[str, Any]:
    chosen = " where deleted is not null" if ask["deleted"] else " where deleted is null"

    def look(db: sqlite3.Connection) -> list[dict[str, Any]]:
        return [_facts(row) for row in db.execute(f"{_LISTED}{chosen} order by changed desc")]

    return {"workflows": await server.database.read(look)}


async def save_workflow(server: Server, ask: Ask) -> tuple[dict[str, Any], int]:
    text = _text(ask.body.workflow)
    name = ask.body.name

    def save(db: sqlite3.Connection) -> dict[str, Any]:
        id, now = uuid4().hex, time.time()
        _free(db, name)
        db.execute(
            "insert into workflows (id, name, created, changed) values (?,?,?,?)",
            (id, name, now, now),
        )
        db.execute("insert into versions values (?,1,?,?)", (id, text, now))
        return _get(db, id)

    return await _changed(server, save), 201


async def get_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.database.read(lambda db: _document(db, ask["id"], ask["version"]))


async def update_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    text, after, id = _text(ask.body.workflow), ask.body.after, ask["id"]

    def update(db: sqlite3.Connection) -> dict[str, Any]:
        facts, now = _get(db, id), time.time()
        if facts["version"] != after:
            raise Conflict(sentence("workflow-newer", latest=facts["version"], after=after))
        (latest,) = db.execute(
            "select text from versions where workflow=? and number=?", (id, after)
        ).fetchone()
        if latest != text:
            db.execute("insert into versions values (?,?,?,?)", (id, after + 1, text, now))
            db.execute("update workflows set changed=? where id=?", (now, id))
        return _get(db, id)

    return await _changed(server, update)


async def rename_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    id, name = ask["id"], ask.body.name

    def rename(db: sqlite3.Connection) -> dict[str, Any]:
        facts = _get(db, id)
        if facts["name"] != name and facts["deleted"] is None:
            _free(db, name)
        db.execute("update workflows set name=?, changed=? where id=?", (name, time.time(), id))
        return _get(db, id)

    return await _changed(server, rename)


async def duplicate_workflow(server: Server, ask: Ask) -> tuple[dict[str, Any], int]:
    id, name = ask["id"], ask.body.name

    def duplicate(db: sqlite3.Connection) -> dict[str, Any]:
        facts, made, now = _get(db, id), uuid4().hex, time.time()
        _free(db, name)
        db.execute(
            "insert into workflows (id, name, created, changed) values (?,?,?,?)",
            (made, name, now, now),
        )
        db.execute(
            "insert into versions select ?, 1, text, ? from versions where workflow=? and number=?",
            (made, now, id, facts["version"]),
        )
        return _get(db, made)

    return await _changed(server, duplicate), 201


async def delete_workflow(server: Server, ask: Ask) -> None:
    """Into the bin; out of the bin for good."""
    id = ask["id"]

    def delete(db: sqlite3.Connection) -> dict[str, Any]:
        facts = _get(db, id)
        if facts["deleted"] is None:
            db.execute("update workflows set deleted=? where id=?", (time.time(), id))
        else:
            db.execute("delete from workflows where id=?", (id,))
        return facts

    await _changed(server, delete, vital=True)


async def restore_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    id = ask["id"]

    def restore(db: sqlite3.Connection) -> dict[str, Any]:
        facts = _get(db, id)
        if facts["deleted"] is not None:
            _free(db, facts["name"])
            db.execute("update workflows set deleted=null where id=?", (id,))
        return _get(db, id)

    return await _changed(server, restore)


async def list_versions(server: Server, ask: Ask) -> dict[str, Any]:
    def look(db: sqlite3.Connection) -> list[dict[str, Any]]:
        _get(db, ask["id"])
        rows = db.execute(
            "select number, saved from versions where workflow=? order by number desc", (ask["id"],)
        )
        return [{"number": number, "saved": saved} for number, saved in rows]

    return {"versions": await server.database.read(look)}


async def _changed(server: Server, work: Any, vital: bool = False) -> dict[str, Any]:
    facts: dict[str, Any] = await server.database.write(work, vital)
    server.feed.tell({"type": "library", "workflow": facts["id"]})
    return facts


def _text(document: dict[str, Any]) -> str:
    """The text that is kept; a document that is none is refused, one with problems is not."""
    return Workflow.parse(document).text()


def _free(db: sqlite3.Connection, name: str) -> None:
    if db.execute("select 1 from workflows where name=? and deleted is null", (name,)).fetchone():
        raise Conflict(sentence("workflow-named", name=repr(name)))


def _get(db: sqlite3.Connection, id: str) -> dict[str, Any]:
    row = db.execute(f"{_LISTED} where id=?", (id,)).fetchone()
    if row is None:
        raise Missing(sentence("workflow-missing", workflow=repr(id)))
    return _facts(row)


def _document(db: sqlite3.Connection, id: str, version: int | None) -> dict[str, Any]:
    facts = _get(db, id)
    number = facts["version"] if version is None else version
    row = db.execute(
        "select text from versions where workflow=? and number=?", (id, number)
    ).fetchone()
    if row is None:
        raise Missing(f"there is no version {number} of {facts['name']!r}")
    return {**facts, "version": number, "workflow": json.loads(row[0])}


def _facts(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("id", "name", "version", "created", "changed", "deleted")
    return dict(zip(names, row, strict=True))
