"""The OpenAPI document says what the server does, and what is not in it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from client import carried, served

from musegraph.server.openapi import document, parameters_of
from musegraph.server.table import ROUTES

KEPT = Path(__file__).resolve().parents[2] / "engine" / "musegraph" / "server" / "openapi.json"


def test_the_document_that_is_kept_is_that_of_the_code() -> None:
    made = json.dumps(document(ROUTES), indent=2, ensure_ascii=False) + "\n"
    assert KEPT.read_text() == made, "run: python -m musegraph.server.openapi"


def test_every_parameter_of_a_path_has_a_type() -> None:
    for route in ROUTES:
        assert parameters_of(route.path) == list(route.path_types), route.path


def test_reading_changes_nothing(tmp_path: Path) -> None:
    def names(place: Path) -> list[tuple[str, int]]:
        skipped = ("-wal", "-shm", "index.sqlite")
        return sorted(
            (str(path), path.stat().st_size)
            for path in place.rglob("*")
            if path.is_file() and not path.name.endswith(skipped)
        )

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.get("/api/nodes")
            before = names(tmp_path)
            for route in ROUTES:
                if route.method != "GET":
                    continue
                for given in ("0" * 32, "blake3:" + "0" * 64, "..", "%2e%2e%2f", "x" * 300):
                    path = route.path
                    for name in route.path_types:
                        path = path.replace(f"{{{name}}}", given)
                    status, _ = await client.ask("GET", path + "?limit=1&nothing=2")
                    assert status in (200, 404, 422), (path, status)
            assert names(tmp_path) == before
            assert server.feed.last == 0

    carried(body())


WRONG: list[tuple[Any, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 422),
    (b'{"workflow": 1}', 422),
    (b'{"workflow": {}, "extra": 1}', 422),
    (b'{"workflow": {}, "workflow": {}}', 400),
    (b'{"workflow": {"a": NaN}}', 400),
    (b'{"workflow": {"a": 1e999}}', 400),
    (b'{"workflow": "\xff"}', 400),
    (b'{"workflow": ' + b"[" * 100_000 + b"}", 400),
    (b'{"workflow": {"musegraph": 1, "nodes": {"a/b": {"type": "x.y"}}}}', 422),
    (b" " * (17 << 20), 413),
]


@pytest.mark.parametrize(("data", "wanted"), WRONG, ids=range(len(WRONG)))
def test_a_body_that_cannot_be_meant_gets_a_sentence(
    tmp_path: Path, data: bytes, wanted: int
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            headers = {**client.headers, "Content-Type": "application/json"}
            async with client.session.post(
                client.url + "/api/runs", data=data, headers=headers
            ) as answer:
                found = await answer.json()
                assert answer.status == wanted, found
                assert found["error"]["message"]
                assert "Traceback" not in found["error"]["message"]

    carried(body())
