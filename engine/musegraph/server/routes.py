"""What a route is: who answers, what is taken and given, and with which status.

The table of routes is the one place that says so: requests are checked by it before a handler
runs, and the OpenAPI document is made from it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from musegraph.errors import (
    InvalidWorkflow,
    MusegraphError,
    StoreError,
    UnreadableWorkflow,
)
from musegraph.sentences import said_by, told
from musegraph.server.queue import Conflict, Missing, TooMany
from musegraph.values.canonical import parse

if TYPE_CHECKING:
    from musegraph.server.app import Server

Handler = Callable[..., Awaitable[Any]]

LARGEST = 16 << 20
"""Bytes of a JSON body at most."""

LONG = 256 << 10
"""Bytes of JSON from which it is read on another thread, as that takes a while."""

CHUNK = 1 << 16

PATIENCE = 15.0
"""Seconds that any body may take to come."""

SLOWEST = 4096
"""Bytes a second that it has to come with on the whole after that."""


@dataclass(frozen=True)
class Route:
    """One way to ask. ``path`` names its parameters as aiohttp and OpenAPI do: ``{id}``."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    status: int = 200
    media: str = "application/json"
    """What is given where that is no JSON."""
    body: str = "application/json"
    query: Mapping[str, Any] = field(default_factory=dict)
    """Type of each parameter of the query; all but the ``required`` may be left out."""
    required: tuple[str, ...] = ()
    path_types: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)
    also: Mapping[int, str] = field(default_factory=dict)
    """Further statuses of success, with what they mean."""


class Ask:
    """A checked request: path and query parameters by name, and the body."""

    def __init__(self, request: web.Request, given: Mapping[str, Any], body: Any) -> None:
        self.request = request
        self.given = given
        self.body = body

    def __getitem__(self, name: str) -> Any:
        return self.given.get(name)


class Bad(MusegraphError):
    """A request that cannot be meant; with the status to say so."""

    def __init__(self, message: str, status: int = 422, code: str = "request") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


async def received(request: web.Request, most: int, what: str) -> AsyncIterator[bytes]:
    """The body in parts as it comes, no more than ``most`` bytes of it, and not at a trickle."""
    large = Bad(f"the {what} is larger than {most >> 20} MB", 413, "too-large")
    if (request.content_length or 0) > most:
        raise large
    size, start = 0, monotonic()
    while True:
        left = start + PATIENCE + size / SLOWEST - monotonic()
        try:
            async with asyncio.timeout(left):
                part = await request.content.read(CHUNK)
        except TimeoutError:
            raise Bad(f"the {what} came too slowly; send it again", 408, "too-slow") from None
        except (web.RequestPayloadError, ConnectionError):
            raise Bad(f"the {what} ended before it was whole", 400, "cut-off") from None
        if not part:
            return
        size += len(part)
        if size > most:
            raise large
        yield part


def failure(
    status: int, code: str, message: str, problems: Any = (), **headers: str
) -> web.Response:
    fault = {"code": code, "message": message, **told(message), "problems": list(problems)}
    return web.json_response({"error": fault}, status=status, headers=headers)


def handle(server: Server, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route: checks, asks, and puts every outcome into words."""
    adapters = {
        name: TypeAdapter(type_)
        for name, type_ in (*route.path_types.items(), *route.query.items())
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            given = _parameters(request, route, adapters)
            body = await _body(request, route.takes) if route.takes is not None else None
            made = await route.handler(server, Ask(request, given, body))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the client gets a sentence
            return explain(server, error)
        if isinstance(made, web.StreamResponse):
            return made
        status = route.status
        if isinstance(made, tuple):
            made, status = made
        if made is None:
            return web.Response(status=204)
        return web.Response(
            text=json.dumps(made, ensure_ascii=False, separators=(",", ":")),
            status=status,
            content_type="application/json",
        )

    return answer


def explain(server: Server, error: Exception) -> web.Response:
    """An error as an answer."""
    if isinstance(error, InvalidWorkflow):
        problems = [problem.json() for problem in error.problems]
        return failure(422, "workflow", str(error), problems)
    if isinstance(error, Bad):
        return failure(error.status, error.code, said_by(error))
    if isinstance(error, Missing):
        return failure(404, "missing", said_by(error))
    if isinstance(error, Conflict):
        return failure(409, "conflict", said_by(error))
    if isinstance(error, TooMany):
        return failure(429, "full", said_by(error), **{"Retry-After": "10"})
    if isinstance(error, StoreError):
        return failure(507, "storage", said_by(error))
    if isinstance(error, MusegraphError):
        return failure(422, "refused", said_by(error))
    server.log.exception("a request failed", exc_info=error)
    return failure(500, "defect", f"this is a defect of Musegraph: {type(error).__name__}")


def _parameters(
    request: web.Request, route: Route, adapters: Mapping[str, TypeAdapter[Any]]
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name in route.path_types:
        try:
            given[name] = adapters[name].validate_python(request.match_info[name])
        except ValidationError:
            raise Bad(
                f"there is nothing at that address: {name} is malformed", 404, "missing"
            ) from None
    for name in request.query:
        if name not in route.query:
            known = ", ".join(route.query) or "none"
            raise Bad(f"there is no parameter {name[:80]!r}; there are: {known}")
        if len(request.query.getall(name)) > 1:
            raise Bad(f"the parameter {name!r} is given twice")
        try:
            given[name] = adapters[name].validate_strings(request.query[name])
        except ValidationError as error:
            raise Bad(f"the parameter {name!r}: {_first(error)}") from None
    if missing := [name for name in route.required if name not in given]:
        raise Bad(f"the parameter {missing[0]!r} is missing")
    return given


async def _body(request: web.Request, shape: type[BaseModel]) -> BaseModel:
    if request.content_type != "application/json":
        raise Bad("send a body of application/json", 415, "media-type")
    data = bytearray()
    async for part in received(request, LARGEST, "body"):
        data += part
    if len(data) < LONG:
        return _read(data, shape)
    return await asyncio.to_thread(_read, data, shape)


def _read(data: bytearray, shape: type[BaseModel]) -> BaseModel:
    try:
        found = parse(data.decode())
    except (UnicodeDecodeError, UnreadableWorkflow) as error:
        raise Bad(f"the body is no JSON that can be read: {error}", 400, "json") from None
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        raise Bad(_first(error)) from None


def _first(error: ValidationError) -> str:
    """The first thing that a body lacks, and how many more there are."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    first = found[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{where}: {first['msg']}{more}" if where else f"{first['msg']}{more}"
