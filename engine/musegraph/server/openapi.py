"""The OpenAPI document, made from the table of routes, so that it says what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from musegraph.server.api import Failure
from musegraph.server.routes import Route
from musegraph.server.told import SOCKET

ALWAYS = {
    400: "The body is no JSON, or not whole.",
    401: "The token is missing or wrong.",
    403: "The request comes from another origin, or lacks the header of a change.",
    404: "There is nothing at that address.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The media type is not taken.",
    421: "The host is not this server's.",
    422: "The request cannot be meant; the sentence says why.",
    507: "The disk or the database cannot be used.",
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The document of OpenAPI 3.1 for these routes."""
    routes = list(routes)
    pairs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Failure, "serialization")]
    pairs += [(route.takes, "validation") for route in routes if route.takes]
    pairs += [(route.gives, "serialization") for route in routes if route.gives]
    pairs += [(shape, "serialization") for shape in SOCKET]
    named, together = models_json_schema(
        list(dict.fromkeys(pairs)), ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Musegraph",
            "version": version("musegraph"),
            "description": "Workflows, their runs and what came of them, on a local server.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(together.get("$defs", {}).items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "musegraph"},
            },
        },
        "security": [{"token": []}, {"cookie": []}],
    }


def _operation(route: Route, named: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, named),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": TypeAdapter(kind).json_schema()}
        for name, kind in route.path_types.items()
    ]
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": name in route.required,
            "schema": TypeAdapter(kind).json_schema(),
        }
        for name, kind in route.query.items()
    ]
    if route.method not in ("GET", "HEAD"):
        parameters.append(
            {
                "name": "X-Requested-By",
                "in": "header",
                "required": True,
                "schema": {"const": "musegraph", "type": "string"},
            }
        )
    if parameters:
        made["parameters"] = parameters
    if route.takes is not None:
        content = {"application/json": {"schema": named[route.takes, "validation"]}}
        made["requestBody"] = {"required": True, "content": content}
    elif route.body != "application/json":
        binary = {"type": "string", "format": "binary"}
        made["requestBody"] = {"required": True, "content": {route.body: {"schema": binary}}}
    return made


def _responses(route: Route, named: Any) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if route.gives is not None:
        content = {"application/json": {"schema": named[route.gives, "serialization"]}}
    elif route.status != 204 and route.status != 101:
        content = {route.media: {"schema": {"type": "string", "format": "binary"}}}
    success = {"description": route.summary, **({"content": content} if content else {})}
    responses: dict[str, Any] = {str(route.status): success}
    for status, said in route.also.items():
        responses[str(status)] = {**success, "description": said}
    failure = {"application/json": {"schema": named[Failure, "serialization"]}}
    changes = route.method not in ("GET", "HEAD")
    for status, said in {**ALWAYS, **route.errors}.items():
        if status in (400, 408, 413, 415) and not changes:
            continue
        responses.setdefault(str(status), {"description": said, "content": failure})
    return dict(sorted(responses.items()))


def parameters_of(path: str) -> list[str]:
    """The names in the braces of a path."""
    return re.findall(r"\{(\w+)\}", path)


if __name__ == "__main__":
    import json
    from pathlib import Path

    from musegraph.server.table import ROUTES

    place = Path(__file__).with_name("openapi.json")
    place.write_text(json.dumps(document(ROUTES), indent=2, ensure_ascii=False) + "\n")
