"""Strings that lead out of a folder somewhere, put into every string that the server takes.

What it takes is read from its OpenAPI document, so that a new parameter is tried too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from client import Client
from test_runs import LIGHT

from musegraph.server.openapi import document
from musegraph.server.table import ROUTES

Put = Callable[[str], tuple[str, str, dict[str, str], Any]]
"""Of a string: the method, the path, the query and the body of a request with it."""


def strings() -> list[str]:
    """500 of them, made of their parts."""
    ups = ["..", "%2e%2e", "..%2f", "%252e%252e", "..\\", "..;", ".\u2024", "\uff0e\uff0e", "..\0",
           "\xc0\xae\xc0\xae", "."]  # fmt: skip
    ends = ["etc/passwd", "canary", "data/token", "server.db", "CON", "nul.txt", "C:", "x::$DATA",
            "~root", "cafe\u0301", "caf\u00e9"]  # fmt: skip
    between = ["/", "\\", "%2f", "%5c", "//", "\u2215"]
    found = [f"{up}{sign}" * depth + end for up in ups for sign in between
             for end in ends for depth in (1, 4)]  # fmt: skip
    whole = ["/etc/passwd", "//host/share", "\\\\host\\share", "\\\\?\\C:\\x", "file:///etc/passwd"]
    whole += ["C:\\x", "\0", "/proc/self/environ", "~/.ssh/id_rsa", "/dev/zero", "a" * 5000]
    return [*whole, *random.Random(3).sample(found, 500 - len(whole))]


def _example(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """The least that a schema lets through."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], known)
    if schema.get("title") == "Workflow":
        return LIGHT
    match schema.get("type"):
        case "object":
            wanted = schema.get("required", ())
            return {name: _example(schema["properties"][name], known) for name in wanted}
        case "array":
            return [_example(schema["items"], known)] * schema.get("minItems", 0)
        case "string":
            return "0" * 32 if "0-9a-f" in schema.get("pattern", "") else "x"
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return None


def _bodies(
    schema: dict[str, Any], known: dict[str, Any], whole: Callable[[Any], Any]
) -> Iterator[Callable[[str], Any]]:
    """For each string in a body, what puts a text into its place; ``whole`` makes it a body."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        yield from _bodies(option, known, whole)
    kind = schema.get("type")
    if kind == "string":
        yield whole
    elif kind == "array":
        yield from _bodies(schema["items"], known, lambda text: whole([text]))
    elif kind == "object":
        base = _example(schema, known)
        for name, inner in schema.get("properties", {}).items():

            def put(value: Any, name: str = name) -> Any:
                return whole({**base, name: value})

            yield from _bodies(inner, known, put)
        if "additionalProperties" in schema and schema.get("title") != "Workflow":
            yield lambda text: whole({text: text})


def _documents(text: str) -> list[dict[str, Any]]:
    """Workflows that name it in each place where a workflow names something."""
    picture = {"type": "image.load", "values": {"image": {"file": text}}}
    asset = {"asset": text, "name": text, "media": text}
    nodes: list[dict[str, Any]] = [
        {"a": picture},
        {"a": {"type": "image.load", "values": {"image": asset}}},
        {"a": {"type": "diffusion.load", "values": {"source": text}}},
        {"a": {"type": text}},
        {text: {"type": "core.text", "values": {"text": text}}},
        {"a": {"type": "core.text", "values": {"text": text}, "pin": {"out": text}}},
        {"a": {"type": f"graph:{text}"}},
    ]
    made: list[dict[str, Any]] = [{"musegraph": 1, "nodes": each} for each in nodes]
    said = {"a": {"type": "core.text", "values": {"text": text}}}
    return [*made, {"musegraph": 1, "nodes": said, "outputs": {text: "a.out"}, "name": text}]


def places() -> dict[str, Put]:
    """Every place of a request that takes a string, by name."""
    whole = document(ROUTES)
    known = whole["components"]["schemas"]
    made: dict[str, Put] = {}
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            made |= _parameters(name, operation)
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            schema = content["application/json"]["schema"]
            for number, put in enumerate(_bodies(schema, known, lambda body: body)):
                made[f"{name} body {number}"] = _sent(method, path, put)
    for number in range(len(_documents(""))):
        for name in ("/api/check", "/api/plan", "/api/runs", "/api/workflows"):
            made[f"POST {name} document {number}"] = _sent("POST", name, _named(number, name))
    return made


def _named(number: int, path: str) -> Callable[[str], Any]:
    more = {"name": "x"} if path == "/api/workflows" else {}
    return lambda text: {"workflow": _documents(text)[number], **more}


def _sent(method: str, path: str, put: Callable[[str], Any]) -> Put:
    return lambda text: (method.upper(), path.replace("{id}", "0" * 32), {}, put(text))


def _parameters(name: str, operation: dict[str, Any]) -> dict[str, Put]:
    method, _, path = name.partition(" ")
    made: dict[str, Put] = {}
    for parameter in operation.get("parameters", ()):
        own = parameter["name"]
        if parameter["in"] == "path":
            made[f"{name} {own}"] = lambda text, own=own: (  # type: ignore[misc]
                method, path.replace(f"{{{own}}}", quote(text, safe="/%\\")), {}, None,
            )  # fmt: skip
        elif parameter["in"] == "query":
            made[f"{name} ?{own}"] = lambda text, own=own: (  # type: ignore[misc]
                method, path.replace("{id}", "0" * 32), {own: text}, None,
            )  # fmt: skip
    return made


async def sent(client: Client, put: Put, text: str) -> tuple[int, Any]:
    """A request with a string in its place; the status and the answer."""
    method, path, query, body = put(text)
    headers = {}
    options: dict[str, Any] = {"params": query}
    if path == "/api/assets":
        headers, options["data"] = {"Content-Type": "application/octet-stream"}, b"x"
    elif body is not None or method in ("POST", "PUT", "PATCH"):
        options["json"] = body if body is not None else {}
    async with client.session.request(
        method, client.url + path, headers={**client.headers, **headers}, **options
    ) as answer:
        return answer.status, await answer.read()


OUTSIDE = ("passwd", "canary", ".ssh", "/proc/self/environ", "/dev/zero", "~root", "host/share")
"""What is in the name of a file that was opened only if a string led there."""
