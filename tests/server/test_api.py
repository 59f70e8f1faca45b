"""The OpenAPI document says what the server does, and what is not in it is refused."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from client import carried, served
from test_assets import most_memory, picture, upload
from test_runs import LIGHT
from test_sounds import sound

from musegraph import Note, Score, Track
from musegraph.server.openapi import document, parameters_of
from musegraph.server.routes import Route
from musegraph.server.table import ROUTES
from musegraph.values.midi import write_midi

SCORE = Score(96, (Track.of([Note(0, 96, 60)]),))

KEPT = Path(__file__).resolve().parents[2] / "engine" / "musegraph" / "server" / "openapi.json"


def test_the_document_that_is_kept_is_that_of_the_code() -> None:
    made = json.dumps(document(ROUTES), indent=2, ensure_ascii=False) + "\n"
    assert KEPT.read_text() == made, "run: python -m musegraph.server.openapi"


def test_every_parameter_of_a_path_has_a_type() -> None:
    for route in ROUTES:
        assert parameters_of(route.path) == list(route.path_types), route.path


def state(folder: Path) -> tuple[list[str], dict[str, bytes]]:
    """All that the database holds, and the digests of all other files but the index of the cache.

    The index notes when something was used, and thumbnails are kept as what they are made of is.
    """
    with sqlite3.connect(f"file:{folder / 'data' / 'server.db'}?mode=ro", uri=True) as db:
        rows = list(db.iterdump())
    db.close()
    skipped = ("-wal", "-shm", "index.sqlite", "server.db")
    files = {
        str(path): hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(skipped)
    }
    return rows, files


def queries(route: Route, draw: random.Random) -> Iterator[str]:
    """200 queries for a route, of which some can be meant."""
    values = ["", "1", "0", "-1", "1e9", "nan", "true", "no", "done", "en", "x" * 999, "%00", "'--"]
    values += ["..%2f..%2fx", "%ff", "0" * 32, "[]", "{}", "%F0%9F%8E%A8"]
    names = [*route.query, *route.query, "nothing", "limit", "_method", ""]
    yield ""
    for _ in range(199):
        parts = draw.choices(names, k=draw.randint(1, 3))
        yield "?" + "&".join(f"{name}={draw.choice(values)}" for name in parts)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            _, asset = await upload(client, picture())
            _, heard = await upload(client, sound("WAV", np.zeros((80, 1), np.float32)), "a.wav")
            _, score = await upload(client, write_midi(SCORE), "a.mid")
            run = await client.carry_out(LIGHT)
            saved = {"workflow": LIGHT, "name": "mine"}
            _, kept = await client.ask("POST", "/api/workflows", json=saved)
            await client.get("/api/nodes")
            draw = random.Random(6)
            thumbnails = f"/api/assets/{asset['asset']}/thumbnail"
            await client.ask("GET", thumbnails)
            (rows, files), last = state(tmp_path), server.feed.last
            tried, met = 0, set[str]()
            ids = {"workflows": kept["id"], "templates": "text_to_image"}
            for route in ROUTES:
                if route.method != "GET" or route.path == "/api/events":
                    continue
                own = {"id": ids.get(route.path.removeprefix("/api/").split("/")[0], run["id"]),
                       "digest": {"peaks": heard, "score": score}.get(
                           route.path.rpartition("/")[2], asset)["asset"]}  # fmt: skip
                for index, query in enumerate(queries(route, draw)):
                    if route.path.endswith("/value") and index == 0:
                        query = "?node=one&port=out"
                    path = route.path
                    strange = draw.choice(("0" * 32, "blake3:" + "0" * 64, "%2e%2e%2f", "x" * 300))
                    for name in route.path_types:
                        given = own[name] if index % 4 < 3 else strange
                        path = path.replace(f"{{{name}}}", given)
                    status, _ = await client.ask("GET", path + query)
                    assert status in (200, 404, 415, 422), (path, query, status)
                    tried += 1
                    if status == 200:
                        met.add(route.path)
            reading = {r.path for r in ROUTES if r.method == "GET"} - {"/api/events"}
            elsewhere = {"/api/models/picture"}  # needs a model with a picture: test_catalogue.py
            assert met == reading - elsewhere, "each was carried out at least once"
            assert tried == 200 * len(reading)
            rows_after, files_after = state(tmp_path)
            assert rows_after == rows
            assert {name: files_after.get(name) for name in files} == files
            made = files_after.keys() - files.keys()
            index = str(tmp_path / "data" / "models.sqlite")  # what is known of model files
            assert all("objects" in Path(name).parts for name in made - {index}), made
            assert server.feed.last == last

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


def chain(count: int, closed: bool = False) -> dict[str, Any]:
    """A workflow of so many nodes, one after the other."""
    nodes: dict[str, Any] = {}
    for number in range(count):
        nodes[f"n{number}"] = {"type": "core.replace", "values": {"find": "a", "text": "b"}}
        if number or closed:
            before = f"n{(number or count) - 1}.out"
            nodes[f"n{number}"] = {"type": "core.replace", "values": {"find": "a"},
                                   "links": {"text": before}}  # fmt: skip
    return {"musegraph": 1, "nodes": nodes}


def text(**more: Any) -> dict[str, Any]:
    """A workflow of a node that takes texts."""
    nodes = {"a": {"type": "core.join", **more}, "b": {"type": "core.text"}}
    return {"musegraph": 1, "nodes": nodes}


SHAPES: dict[str, tuple[dict[str, Any], int]] = {
    "50,000 nodes": (chain(50_000), 422),
    "20,000 nodes": (chain(20_000), 200),
    "a circle of 5,000 nodes": (chain(5_000, closed=True), 200),
    "20,001 nodes in two graphs": ({**chain(1), "graphs": {"g": chain(20_000)}}, 422),
    "50,000 links into one port": (text(links={"texts": ["b.out"] * 50_000}), 200),
    "a list of 100,000 numbers": (text(values={"texts": [1] * 100_000}), 200),
    "60 levels": ({**text(), "x": json.loads("[" * 60 + "]" * 60)}, 200),
    "a name of a megabyte": ({"musegraph": 1, "nodes": {"x" * 1_000_000: {"type": "a.b"}}}, 200),
    "no nodes but text": ({"musegraph": 1, "nodes": "x", "graphs": [1, {"a": 2}]}, 200),
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is read there")
def test_a_workflow_made_to_be_slow_is_looked_at_within_a_second(tmp_path: Path) -> None:
    """A second of the worker's CPU, and 256 MB of its memory; see also test_bombs."""

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.get("/api/nodes")
            await client.ask("POST", "/api/check", json={"workflow": chain(10, closed=True)})
            inspector = server.dispatcher._inspector
            assert inspector is not None
            worker = psutil.Process(inspector.process)
            before = most_memory(worker.pid)
            for name, (workflow, wanted) in SHAPES.items():
                start = sum(worker.cpu_times()[:2])
                status, found = await client.ask("POST", "/api/check", json={"workflow": workflow})
                assert status == wanted, (name, str(found)[:300])
                assert sum(worker.cpu_times()[:2]) - start < 1, name
                assert len(json.dumps(found)) < 20_000_000
            assert most_memory(worker.pid) - before < 256 << 20

    carried(body())
