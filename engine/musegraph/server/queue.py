"""The queue of runs, and their history: what is asked of the database.

A run is ``queued``, then ``running`` under a lease, then ``done``, ``failed`` or ``cancelled``.
One whose worker or server died goes back to ``queued``; who held the old lease can change nothing
any more. Every function here takes a connection and does one thing.

Clients take turns: a client's first run waits beside the first of every other client, however many
those have sent before. What a client is, its own label says; all have the same token.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from musegraph.errors import MusegraphError
from musegraph.sentences import sentence
from musegraph.server.blame import Blame
from musegraph.values.canonical import digest

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")


class Conflict(MusegraphError):
    """The request contradicts what is there."""


class Missing(MusegraphError):
    """There is nothing by that name."""


class TooMany(MusegraphError):
    """The queue is full."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client wants run: a checked document with the inputs of this run in it."""

    workflow: dict[str, Any]
    name: str = ""
    targets: tuple[str, ...] = ()
    steps: int = 0
    priority: int = 0
    client: str = ""
    """Who takes turns with others."""
    key: str | None = None
    """Names the submission: sent again, it is the same run."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run handed to a worker, for as long as its lease is the run's."""

    id: str
    lease: str
    workflow: dict[str, Any]
    targets: tuple[str, ...]
    facts: dict[str, Any]
    blame: Blame = field(default_factory=Blame)


_FACTS = (
    "number, id, name, state, priority, attempt, worker, steps, submitted, started, finished,"
    " error, outputs, client"
)
_NAMES = tuple(name.strip() for name in _FACTS.split(","))


def submit(
    db: sqlite3.Connection, wanted: Sequence[Submission], most: int
) -> list[tuple[dict[str, Any], bool]]:
    """Put runs at the end of the queue; each with whether it is new.

    Raises :class:`Conflict` if a key is known with another body, and :class:`TooMany` if more than
    ``most`` would wait.
    """
    now = time.time()
    (waiting,) = db.execute("select count(*) from runs where state='queued'").fetchone()
    last: dict[tuple[str, int], float] = {}
    made: list[tuple[dict[str, Any], bool]] = []
    for one in wanted:
        workflow = json.dumps(one.workflow, ensure_ascii=False, separators=(",", ":"))
        targets = json.dumps(one.targets)
        body = _body(workflow, targets)
        if one.key and (known := _known(db, one.key, body)):
            made.append((known, False))
            continue
        waiting += 1
        if waiting > most:
            raise TooMany(sentence("queue-full", most=most))
        place = _turn(db, one.client, one.priority, last)
        id = uuid4().hex
        number = db.execute(
            "insert into runs (id, key, body, name, workflow, targets, steps, state, priority,"
            " place, submitted, client) values (?,?,?,?,?,?,?,'queued',?,?,?,?)",
            (
                id, one.key, body, one.name, workflow, targets, one.steps, one.priority, place, now,
                one.client,
            ),
        ).lastrowid  # fmt: skip
        row = (number, id, one.name, "queued", one.priority, 0, None, one.steps, now)
        made.append((_facts((*row, None, None, None, None, one.client)), True))
    return made


def _body(workflow: str, targets: str) -> str:
    """What tells a submission from another one, and from one that the disk has damaged."""
    return digest("submission", workflow, targets)


def _turn(
    db: sqlite3.Connection, client: str, priority: int, last: dict[tuple[str, int], float]
) -> float:
    """The place after the last waiting run of a client, or beside the first of the others."""
    before = last.get((client, priority))
    if before is None:
        (before,) = db.execute(
            "select max(place) from runs where state='queued' and client=? and priority=?",
            (client, priority),
        ).fetchone()
    if before is None:
        (first,) = db.execute(
            "select min(place) from runs where state='queued' and priority=?", (priority,)
        ).fetchone()
        before = 0 if first is None else first - 1
    last[client, priority] = float(before) + 1
    return float(before) + 1


def _known(db: sqlite3.Connection, key: str, body: str) -> dict[str, Any] | None:
    """The run that was submitted under a key."""
    row = db.execute("select id, body from runs where key=?", (key,)).fetchone()
    if row is None:
        return None
    if row[1] != body:
        raise Conflict(f"the key {key!r} was used for another run; use a new key for a new run")
    return get(db, row[0])


def claim(db: sqlite3.Connection, worker: str, most: int = 1) -> list[Claim]:
    """Hand the first waiting runs to a worker; one that was damaged on disk has failed."""
    rows = db.execute(
        "select id, cast(workflow as blob), cast(targets as blob), body, blame from runs"
        " where state='queued' order by priority desc, place, number limit ?",
        (most,),
    ).fetchall()
    now = time.time()
    claims = []
    for id, workflow, targets, body, blame in rows:
        try:
            if body and body != _body(workflow.decode(), targets.decode()):
                raise ValueError("other bytes than were submitted")
            wanted = json.loads(workflow), tuple(json.loads(targets))
        except ValueError:
            said = "its document was damaged on the disk of the server; submit it again"
            _changed(db, "state='failed', finished=?, error=? where id=?", (now, said, id))
            continue
        lease = uuid4().hex
        facts = _changed(
            db,
            "state='running', lease=?, worker=?, attempt=attempt+1, started=?, error=null"
            " where id=?",
            (lease, worker, now, id),
        )
        known = _json(blame, None)
        blamed = Blame.of(known) if known else Blame()
        claims.append(Claim(id, lease, *wanted, facts or {}, blamed))
    if len(claims) < len(rows):  # a damaged one holds up nobody
        claims += claim(db, worker, most - len(claims))
    return claims


def _changed(db: sqlite3.Connection, change: str, values: Sequence[Any]) -> dict[str, Any] | None:
    """Change the run that is meant, and what is known of it then; None if there is none."""
    rows = db.execute(f"update runs set {change} returning {_FACTS}", values).fetchall()
    return _facts(rows[0]) if rows else None


def finish(
    db: sqlite3.Connection,
    held: Claim,
    state: State,
    *,
    error: str | None = None,
    outputs: Any = None,
    record: Any = None,
) -> dict[str, Any] | None:
    """Bring a run to its end; None if the lease is no longer its own."""
    now = time.time()
    facts = _changed(
        db,
        "state=?, finished=?, error=?, outputs=?, record=?, lease=null where id=? and lease=?",
        (
            state, now, error, json.dumps(outputs or {}), json.dumps(record), held.id, held.lease,
        ),
    )  # fmt: skip
    if facts is not None and outputs:
        files = [file for output in outputs.values() for file in output.get("files", ())]
        keep(db, files, now, held.id)
    return facts


def keep(
    db: sqlite3.Connection, files: Iterable[dict[str, Any]], now: float, run: str | None = None
) -> None:
    """Note under which name and media type the bytes of an asset were kept."""
    db.executemany(
        "insert into assets (digest, name, media, bytes, made, run) values (?,?,?,?,?,?)"
        " on conflict (digest) do nothing",
        [(file["asset"], file["name"], file["media"], file["bytes"], now, run) for file in files],
    )


def asset(db: sqlite3.Connection, digest: str) -> dict[str, Any]:
    """What an asset was kept as."""
    row = db.execute("select name, media, bytes from assets where digest=?", (digest,)).fetchone()
    if row is None:
        raise Missing("there is no such file here")
    return {"asset": digest, "name": row[0], "media": row[1], "bytes": row[2]}


def give_back(
    db: sqlite3.Connection, held: Claim, cause: str, blame: Blame
) -> dict[str, Any] | None:
    """A worker was lost: the run waits again, and goes on with what is known of its steps now.

    Going on without a step that has failed is no new attempt.
    """
    again = int(len(blame.failed) == len(held.blame.failed))
    return _changed(
        db,
        "state='queued', lease=null, worker=null, error=?, blame=?, attempt=attempt-1+?"
        " where id=? and lease=?",
        (cause, json.dumps(blame.json()), again, held.id, held.lease),
    )


def recover(db: sqlite3.Connection) -> int:
    """After a start: what was running goes on from its stored steps; how many runs those are.

    The server's own end is no fault of the run, so that it counts as no attempt.
    """
    return db.execute(
        "update runs set state='queued', lease=null, worker=null, attempt=max(attempt - 1, 0)"
        " where state='running'"
    ).rowcount


def release(db: sqlite3.Connection, held: Claim) -> dict[str, Any] | None:
    """The server stops: the run waits again, and this was no attempt of it."""
    return _changed(
        db,
        "state='queued', lease=null, worker=null, attempt=attempt-1 where id=? and lease=?",
        (held.id, held.lease),
    )


def cancel(db: sqlite3.Connection, ids: Iterable[str] | None) -> tuple[list[str], list[str]]:
    """Cancel runs that wait, or all of them; those, and of the named ones those that run."""
    chosen = (
        db.execute("select id, state from runs where state in ('queued','running')").fetchall()
        if ids is None
        else [(id, get(db, id)["state"]) for id in ids]
    )
    waiting = [id for id, state in chosen if state == "queued"]
    now = time.time()
    db.executemany(
        "update runs set state='cancelled', finished=? where id=?", [(now, id) for id in waiting]
    )
    return waiting, [id for id, state in chosen if state == "running"]


def move(db: sqlite3.Connection, id: str, before: str | None, priority: int | None) -> None:
    """Put a waiting run before another one, or at the end of its priority."""
    if get(db, id)["state"] != "queued":
        raise Conflict("only a run that waits can be moved")
    if before is None:
        (last,) = db.execute("select coalesce(max(place), 0) from runs").fetchone()
        db.execute("update runs set place=? where id=?", (last + 1, id))
    else:
        place, priority = _place_before(db, before)
        db.execute("update runs set place=? where id=?", (place, id))
    if priority is not None:
        db.execute("update runs set priority=? where id=?", (priority, id))


def _place_before(db: sqlite3.Connection, before: str) -> tuple[float, int]:
    """A place between a waiting run and the one above it, and their priority."""
    other = db.execute(
        "select place, priority from runs where id=? and state='queued'", (before,)
    ).fetchone()
    if other is None:
        raise Conflict(f"the run {before} does not wait, so nothing can be put before it")
    below, priority = other
    (beside,) = db.execute(
        "select count(*) from runs where state='queued' and priority=? and place=?",
        (priority, below),
    ).fetchone()
    (above,) = db.execute(
        "select max(place) from runs where state='queued' and priority=? and place<?",
        (priority, below),
    ).fetchone()
    above = below - 2 if above is None else above
    place = (above + below) / 2
    if above < place < below and beside == 1:
        return place, priority
    # Another one has the same place, or no number is left between the two: all are laid out anew.
    waiting = db.execute(
        "select id from runs where state='queued' order by priority desc, place, number"
    )
    places = [(float(index), id) for index, (id,) in enumerate(waiting.fetchall(), 1)]
    db.executemany("update runs set place=? where id=?", places)
    return _place_before(db, before)


def get(db: sqlite3.Connection, id: str, whole: bool = False) -> dict[str, Any]:
    """What is known of a run; ``whole`` with its workflow and its record."""
    more = ", workflow, targets, record" if whole else ""
    row = db.execute(f"select {_FACTS}{more} from runs where id=?", (id,)).fetchone()
    if row is None:
        raise Missing(sentence("run-missing", run=repr(id)))
    facts = _facts(row)
    if whole:
        workflow, targets, record = row[len(_NAMES) :]
        facts["workflow"], facts["targets"] = _json(workflow, {}), _json(targets, [])
        facts["record"] = _json(record, None)
    return facts


def queued(db: sqlite3.Connection, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """What runs, and what waits in the order of its turn."""
    rows = db.execute(
        f"select {_FACTS} from runs where state='running' union all select * from (select {_FACTS}"
        " from runs where state='queued' order by priority desc, place, number limit ? offset ?)",
        (limit, offset),
    ).fetchall()
    return [_facts(row) for row in rows]


def history(
    db: sqlite3.Connection, limit: int, before: float | None = None, state: str | None = None
) -> list[dict[str, Any]]:
    """What has ended, the latest first, from a moment on backwards."""
    conditions, values = ["finished is not null"], list[Any]()
    if before is not None:
        conditions.append("finished<?")
        values.append(before)
    if state is not None:
        conditions.append("state=?")
        values.append(state)
    rows = db.execute(
        f"select {_FACTS} from runs where {' and '.join(conditions)}"
        " order by finished desc limit ?",
        (*values, limit),
    ).fetchall()
    return [_facts(row) for row in rows]


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """The number of runs by state."""
    return dict(db.execute("select state, count(*) from runs group by state").fetchall())


def forget(db: sqlite3.Connection, id: str) -> None:
    """Take a run that has ended out of the history."""
    if get(db, id)["state"] not in ENDED:
        raise Conflict(sentence("run-goes-on"))
    db.execute("delete from runs where id=?", (id,))


def _facts(row: Sequence[Any]) -> dict[str, Any]:
    facts = dict(zip(_NAMES, row, strict=False))
    facts["outputs"] = _json(facts["outputs"], {})
    return facts


def _json(text: str | None, otherwise: Any) -> Any:
    """What a text says; what is not there, or was damaged on disk, is ``otherwise``."""
    try:
        return json.loads(text) if text else otherwise
    except ValueError:
        return otherwise
