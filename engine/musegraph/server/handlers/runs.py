"""Runs: submitted, listed, moved, cancelled, looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musegraph.server import api, queue

if TYPE_CHECKING:
    from musegraph.server.app import Server
    from musegraph.server.routes import Ask

PAGE = 100


AT_ONCE = 500
"""Documents of a batch that are looked at together."""


async def submit_run(server: Server, ask: Ask) -> tuple[dict[str, Any], int]:
    [(facts, new)] = await _submit(server, [ask.body])
    return facts, 201 if new else 200


async def submit_runs(server: Server, ask: Ask) -> tuple[dict[str, Any], int]:
    made = await _submit(server, ask.body.runs)
    return {"runs": [facts for facts, _ in made]}, 201


async def _submit(server: Server, bodies: list[api.Submit]) -> list[tuple[dict[str, Any], bool]]:
    """Check the documents, put them into the queue, and answer once they are on disk."""
    settled: list[dict[str, Any]] = []
    for start in range(0, len(bodies), AT_ONCE):  # so that others are answered in between
        part = [_document(body) for body in bodies[start : start + AT_ONCE]]
        settled += (await server.dispatcher.ask("settle_all", documents=part))["documents"]
    wanted = [
        queue.Submission(
            made["workflow"],
            body.name or str(made["workflow"].get("name", "")),
            tuple(made["targets"]),
            made["steps"],
            body.priority,
            body.client,
            body.key,
        )
        for body, made in zip(bodies, settled, strict=True)
    ]
    most = server.settings.most_queued
    made = await server.database.write(lambda db: queue.submit(db, wanted, most))
    server.dispatcher.wake()
    new = [facts for facts, fresh in made if fresh]
    if len(new) > PAGE:
        server.feed.tell({"type": "queue"})
    else:
        for facts in new:
            server.feed.tell({"type": "run", "run": facts["id"], "facts": facts})
    return made


def _document(body: api.Wanted) -> dict[str, Any]:
    return {
        "workflow": body.workflow,
        "inputs": body.inputs,
        "only": body.only,
        "seed": body.seed,
        "quick": body.quick,
    }


async def check_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.dispatcher.ask("check", workflow=ask.body.workflow)


async def forward_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.dispatcher.ask("forward", workflow=ask.body.workflow)


async def plan_workflow(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.dispatcher.ask("plan", **_document(ask.body))


async def list_runs(server: Server, ask: Ask) -> dict[str, Any]:
    limit, before, state = ask["limit"] or PAGE, ask["before"], ask["state"]
    return {"runs": await server.database.read(lambda db: queue.history(db, limit, before, state))}


async def get_run(server: Server, ask: Ask) -> dict[str, Any]:
    return await server.database.read(lambda db: queue.get(db, ask["id"], whole=True))


async def forget_run(server: Server, ask: Ask) -> None:
    await server.database.write(lambda db: queue.forget(db, ask["id"]), vital=True)
    server.feed.tell({"type": "forgotten", "run": ask["id"]})


async def cancel_runs(server: Server, ask: Ask) -> dict[str, Any]:
    over, running = await server.dispatcher.cancel(ask.body.runs)
    return {"cancelled": over, "stopping": running}


async def move_run(server: Server, ask: Ask) -> dict[str, Any]:
    body, id = ask.body, ask["id"]

    def move(db: Any) -> dict[str, Any]:
        queue.move(db, id, body.before, body.priority)
        return queue.get(db, id)

    facts = await server.database.write(move, vital=True)
    server.feed.tell({"type": "queue"})
    return facts


async def get_queue(server: Server, ask: Ask) -> dict[str, Any]:
    limit, offset = ask["limit"] or PAGE, ask["offset"] or 0

    def look(db: Any) -> dict[str, Any]:
        return {"counts": queue.counts(db), "runs": queue.queued(db, limit, offset)}

    return {"paused": server.dispatcher.paused, **await server.database.read(look)}


async def pause_queue(server: Server, ask: Ask) -> dict[str, Any]:
    paused = ask.body.paused
    await server.database.write(
        lambda db: db.execute(
            "insert or replace into settings values ('paused', ?)", ("true" if paused else "false",)
        ),
        vital=True,
    )
    server.dispatcher.paused = paused
    server.dispatcher.wake()
    server.feed.tell({"type": "queue", "paused": paused})
    return await get_queue(server, ask)
