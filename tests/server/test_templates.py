"""The workflow in a file, whoever made it, and the examples that come with Musegraph."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from client import ROOT, Client, carried, served
from test_assets import picture, upload

from musegraph.values import File
from musegraph.values.embedding import embed

sys.path.append(str(ROOT / "tests" / "engine"))

LOAD: dict[str, Any] = {
    "musegraph": 1,
    "outputs": {"small": "small.out"},
    "nodes": {
        "load": {"type": "image.load", "values": {"image": {"file": "assets/photo.png"}}},
        "small": {
            "type": "image.resize",
            "values": {"width": 8, "height": 8},
            "links": {"image": "load.out"},
        },
        "unknown": {"type": "nobody.knows", "values": {"of": {"file": "assets/photo.png"}}},
    },
}


async def read(client: Client, data: bytes, name: str) -> tuple[int, Any]:
    status, kept = await upload(client, data, name)
    if status != 201:
        return status, kept
    return await client.ask("POST", "/api/workflows/read", json={"asset": kept["asset"]})


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_picture_made_by_a_run_gives_its_workflow_back(tmp_path: Path, kind: str) -> None:
    """D3: by the same bytes that a user has on disk, dropped on another server."""
    document = {
        "musegraph": 1,
        "outputs": {"out": "save.out"},
        "nodes": {
            "made": {"type": "image.color", "values": {"width": 8, "height": 8}},
            "save": {
                "type": "image.save",
                "values": {"format": kind.lower()},
                "links": {"image": "made.out"},
            },
        },
    }

    async def body() -> None:
        async with served(tmp_path / "one") as (client, _):
            run = await client.carry_out(document)
            assert run["state"] == "done", run["error"]
            [file] = run["outputs"]["out"]["files"]
            data = await client.get(f"/api/assets/{file['asset']}")
        async with served(tmp_path / "other") as (client, _):
            status, found = await read(client, data, "dropped.bin")
            assert status == 200, found
            assert found["workflow"]["nodes"] == run["workflow"]["nodes"]
            assert (found["files"], found["missing"]) == ([], [])

    carried(body())


def test_a_film_made_by_a_run_gives_its_workflow_back_and_is_known_as_a_film(
    tmp_path: Path,
) -> None:
    document = {
        "musegraph": 1,
        "outputs": {"film": "film.out"},
        "nodes": {
            "made": {"type": "image.color", "values": {"width": 16, "height": 16}},
            "film": {"type": "motion.mux", "links": {"frames": "made.out"}},
        },
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = await client.carry_out(document)
            [file] = run["outputs"]["film"]["files"]
            data = await client.get(f"/api/assets/{file['asset']}")
            status, kept = await upload(client, data, "dropped.mp4")
            assert (status, kept["media"]) == (201, "video/mp4")
            assert (kept["width"], kept["height"]) == (16, 16)
            status, found = await read(client, data, "dropped.mp4")
            assert (status, found["workflow"]["nodes"]) == (200, run["workflow"]["nodes"])

    carried(body())


def test_a_bundle_brings_its_files_along_as_assets(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            photo = picture()
            members = {"workflow.json": json.dumps(LOAD).encode(), "assets/photo.png": photo}
            status, found = await read(client, zipped(**members), "bundle.zip")
            assert status == 200, found
            [file] = found["files"]
            assert (file["name"], file["media"], file["bytes"]) == (
                "photo.png", "image/png", len(photo),
            )  # fmt: skip
            asset = {key: file[key] for key in ("asset", "name", "media")}
            assert found["workflow"]["nodes"]["load"]["values"] == {"image": asset}
            assert found["workflow"]["nodes"]["unknown"]["type"] == "nobody.knows"
            assert await client.get(f"/api/assets/{file['asset']}") == photo
            made = await client.carry_out(found["workflow"], only=["small"])
            assert made["state"] == "done", made["error"]

    carried(body())


def test_a_document_alone_says_which_files_it_lacks(tmp_path: Path) -> None:
    lost = {"asset": "blake3:" + "0" * 64, "name": "lost.png", "media": "image/png"}
    document = json.loads(json.dumps(LOAD))
    document["nodes"]["other"] = {"type": "image.load", "values": {"image": lost}}

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, found = await read(client, json.dumps(document).encode(), "alone.json")
            assert status == 200, found
            assert found["missing"] == ["assets/photo.png", "lost.png"]
            assert found["workflow"] == document | {"inputs": {}}

    carried(body())


def hostile() -> list[tuple[str, bytes, int]]:
    import hostile as engine_side

    text = json.dumps(LOAD).encode()
    deep = b'{"musegraph": 1, "nodes": ' + b"[" * 100_000
    link = zipfile.ZipInfo("assets/photo.png")
    link.external_attr = 0o120777 << 16
    linked = io.BytesIO()
    with zipfile.ZipFile(linked, "w") as archive:
        archive.writestr("workflow.json", text)
        archive.writestr(link, "/etc/passwd")
    bomb = engine_side.chunk(b"iTXt", b"musegraph\0\1\0\0\0" + engine_side.unpacking(64 << 20))
    facts = embed(File(picture(), "x.png"), {"workflow": {"musegraph": 1, "nodes": 5}}).data
    newer = json.dumps({"musegraph": 99, "nodes": {}}).encode()
    return [
        ("plain.png", picture(), 404),
        ("photo.jpg", picture("JPEG"), 404),
        ("bomb.png", engine_side.png(bomb), 422),
        ("wrong.png", facts, 422),
        ("deep.json", deep, 404),
        ("newer.json", newer, 404),
        ("list.json", b"[1, 2]", 404),
        ("twice.json", b'{"musegraph": 1, "musegraph": 1}', 404),
        ("nothing.bin", b"\0" * 1000, 404),
        ("empty.zip", zipped(**{"other.txt": b"x"}), 404),
        ("out.zip", zipped(**{"workflow.json": text, "../x": b"1"}), 404),
        ("torn.zip", zipped(**{"workflow.json": text})[:-30], 404),
        ("linked.zip", linked.getvalue(), 404),
        ("bad.zip", zipped(**{"workflow.json": b'{"musegraph": 1, "nodes": {"a/b": {}}}'}), 422),
        (
            "away.json",
            text.replace(b"assets/photo.png", b"../../../../../../etc/passwd"),
            200,
        ),
    ]


def test_files_that_nobody_vouches_for_get_a_sentence_and_reach_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            for name, data, wanted in hostile():
                status, found = await read(client, data, name)
                assert status == wanted, (name, found)
                assert str(tmp_path) not in json.dumps(found), name
                if status == 200:
                    assert found["files"] == []
                    assert found["missing"] == ["../../../../../../etc/passwd"]
                elif status == 404:
                    assert found["error"]["code"] == "no-workflow", name
                    assert name in found["error"]["message"]
            process = (await server.dispatcher._inspect()).process
            await client.get("/api/nodes")
            assert (await server.dispatcher._inspect()).process == process, "nothing killed it"
            nothing = {"asset": "blake3:" + "1" * 64}
            assert (await client.ask("POST", "/api/workflows/read", json=nothing))[0] == 404

    carried(body())


def test_every_example_is_a_template_in_both_languages(tmp_path: Path) -> None:
    names = {path.stem for path in (ROOT / "workflows").glob("*.json")}

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            english = (await client.get("/api/templates"))["templates"]
            chinese = (await client.get("/api/templates?language=zh"))["templates"]
            assert {one["id"] for one in english} == {one["id"] for one in chinese} == names
            assert english[0]["id"] == "text_to_image"
            for one, other in zip(english, chinese, strict=True):
                assert one["title"] == one["workflow"]["name"]
                assert any("\u4e00" <= letter <= "\u9fff" for letter in other["title"])
                assert other["inputs"].keys() == one["workflow"]["inputs"].keys()
                if one["picture"]:
                    assert (await client.get(one["picture"])).startswith(b"\x89PNG")
            first = english[0]["picture"]
            async with client.session.get(client.url + first, headers=client.headers) as answer:
                assert answer.content_type == "image/png"
            for path in ("/api/templates/nothing/picture", "/api/templates/..%2Fx/picture"):
                assert (await client.ask("GET", path))[0] == 404
            assert (await client.ask("POST", "/api/templates/nothing/open"))[0] == 404

    carried(body())


def test_an_opened_template_brings_its_files_and_can_be_run(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, found = await client.ask("POST", "/api/templates/image_to_image/open")
            assert status == 200, found
            [file] = found["files"]
            assert (file["name"], found["missing"]) == ("sketch.png", [])
            sketch = ROOT / "workflows" / "images" / "sketch.png"
            assert await client.get(f"/api/assets/{file['asset']}") == sketch.read_bytes()
            status, problems = await client.ask(
                "POST", "/api/check", json={"workflow": found["workflow"]}
            )
            assert (status, problems) == (200, {"problems": []})

    carried(body())
