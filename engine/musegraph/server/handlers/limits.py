"""What a step may take, by node type: what the server was started with, and what was set since."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from musegraph.limits import Limit, Limits
from musegraph.server.queue import Conflict

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

_LIMIT = "limit "
_KEPT = "select name, value from settings where name>='limit ' and name<'limit!'"


def limits_in(db: sqlite3.Connection) -> dict[str, Limit]:
    """What was set over HTTP, by name."""
    return {
        name.removeprefix(_LIMIT): Limit(**json.loads(value)) for name, value in db.execute(_KEPT)
    }


def holding(server: Server, kept: dict[str, Limit]) -> Limits:
    """All limits that hold: what the server was started with goes before what was set since."""
    return Limits({**kept, **server.settings.limits})


async def get_limits(server: Server, ask: Ask) -> dict[str, Any]:
    return _shown(server)


async def set_limits(server: Server, ask: Ask) -> dict[str, Any]:
    """Change some; a name set to null has none of its own any more. They hold at once."""
    changes = ask.body.limits
    for name in changes:
        if name in server.settings.limits:
            raise Conflict(f"the limit of {name!r} was given when the server was started (--limit)")

    def change(db: sqlite3.Connection) -> dict[str, Limit]:
        for name, limit in changes.items():
            if limit is None:
                db.execute("delete from settings where name=?", (_LIMIT + name,))
            else:
                text = json.dumps({"seconds": limit.seconds, "memory": limit.memory})
                db.execute("insert or replace into settings values (?, ?)", (_LIMIT + name, text))
        return limits_in(db)

    server.dispatcher.limits = holding(server, await server.database.write(change))
    server.feed.tell({"type": "limits"})
    return _shown(server)


def _shown(server: Server) -> dict[str, Any]:
    fixed = server.settings.limits
    by_name = server.dispatcher.limits.by_name
    return {
        "limits": {
            name: {**limit.json(), "fixed": name in fixed} for name, limit in by_name.items()
        }
    }
