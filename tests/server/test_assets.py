"""Files over HTTP: what they are is found out by decoding them, and none of them can run."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from client import Client, carried, served
from PIL import Image as Pillow


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    stream = io.BytesIO()
    Pillow.new("RGB", size, (200, 30, 60)).save(stream, kind, **options)
    return stream.getvalue()


async def upload(client: Client, data: Any, name: str = "photo.png") -> tuple[int, Any]:
    headers = {**client.headers, "Content-Type": "application/octet-stream"}
    async with client.session.post(
        client.url + "/api/assets", params={"name": name}, data=data, headers=headers
    ) as answer:
        return answer.status, await answer.json()


def test_an_uploaded_picture_is_known_by_its_bytes_and_can_be_used(tmp_path: Path) -> None:
    document = {
        "musegraph": 1,
        "inputs": {"photo": {"to": ["small.image"]}},
        "outputs": {"small": "small.out"},
        "nodes": {"small": {"type": "image.resize", "values": {"width": 8, "height": 8}}},
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            data = picture("JPEG")
            status, found = await upload(client, data, "../../evil\\my photo.exe")
            assert status == 201
            assert found["media"] == "image/jpeg"
            assert (found["width"], found["height"], found["frames"]) == (64, 48, 1)
            assert found["name"] == "my photo.exe"
            assert (await upload(client, data))[1]["asset"] == found["asset"]
            asset = {key: found[key] for key in ("asset", "name", "media")}
            made = await client.carry_out(document, inputs={"photo": asset})
            assert made["state"] == "done", made["error"]
            status, again = await client.ask("GET", f"/api/assets/{found['asset']}")
            assert again == data

    carried(body())


def test_a_file_is_sent_in_ranges_and_kept_for_good(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            data = picture()
            _, found = await upload(client, data)
            url = f"{client.url}/api/assets/{found['asset']}"
            async with client.session.get(
                url, headers={**client.headers, "Range": "bytes=1-3"}
            ) as answer:
                assert (answer.status, await answer.read()) == (206, b"PNG")
                assert "immutable" in answer.headers["Cache-Control"]
                mark = answer.headers["ETag"]
            async with client.session.get(
                url, headers={**client.headers, "If-None-Match": mark}
            ) as answer:
                assert answer.status == 304
            async with client.session.get(
                url, headers={**client.headers, "Range": "bytes=99999999-"}
            ) as answer:
                assert answer.status == 416

    carried(body())


def test_a_thumbnail_is_small_whatever_the_picture(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            _, found = await upload(client, picture("TIFF", (3000, 1000)))
            status, data = await client.ask(
                "GET", f"/api/assets/{found['asset']}/thumbnail?size=96"
            )
            assert status == 200
            small = Pillow.open(io.BytesIO(data))
            assert (small.format, small.size) == ("WEBP", (96, 32))

    carried(body())


ACTIVE = {
    "page.html": b"<html><script>alert(1)</script></html>",
    "page.xhtml": b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "sheet.xml": b"<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><a/>",
    "paper.pdf": b"%PDF-1.7\n1 0 obj<</JS(app.alert(1))>>",
    "mail.mhtml": b"MIME-Version: 1.0\nContent-Type: multipart/related",
    "notes.md": b"<img src=x onerror=alert(1)>",
    "code.js": b"alert(1)",
    "code.wasm": b"\0asm\x01\0\0\0",
    "both.gif.js": b"GIF89a/*" + b"\0" * 40 + b"*/=alert(1)",
    "scene.glb": b"glTF\x02\0\0\0",
    "style.css": b"body{background:url(javascript:alert(1))}",
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_a_browser_could_run_is_bytes_to_be_saved(tmp_path: Path, name: str) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, found = await upload(client, ACTIVE[name], name)
            if status == 422:  # it said to be a picture, and is none
                assert found["error"]["code"] == "media"
                return
            async with client.session.get(
                f"{client.url}/api/assets/{found['asset']}", headers=client.headers
            ) as answer:
                assert answer.content_type == "application/octet-stream"
                assert answer.headers["Content-Disposition"].startswith("attachment;")
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Content-Security-Policy"].startswith("sandbox;")

    carried(body())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of side² black pixels in few bytes, its rows compressed as one run."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + side * 3)
    rows = b"".join(packer.compress(row) for _ in range(min(side, 200))) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


BOMBS = {
    "13,300 a side": lambda: bomb(13_378),
    "30,000 a side": lambda: bomb(30_000),
    "60 MB of text": lambda: (
        picture()[:-12]
        + chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 60_000_000, 9))
        + chunk(b"IEND", b"")
    ),
    "FITS named PNG": lambda: b"SIMPLE  =                    T" + b" " * 3000,
    "EPS named PNG": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "half a picture": lambda: picture()[:-60],
    "a picture cut short": lambda: picture("JPEG", (800, 800))[:900],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_hurts_nobody(tmp_path: Path, name: str) -> None:
    data = BOMBS[name]()

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            _, _ = await upload(client, picture())  # the worker is there
            before, start = psutil.Process().memory_info().rss, monotonic()
            status, found = await upload(client, data, "x.png")
            assert monotonic() - start < 8
            assert psutil.Process().memory_info().rss - before < 32 << 20
            if status == 201:
                assert found["media"] in ("application/octet-stream", "image/png")
                assert name in ("60 MB of text", "FITS named PNG", "EPS named PNG")
            else:
                assert (status, found["error"]["code"]) == (422, "media")
                assert await client.ask("GET", "/healthz") == (200, {"ok": True})

    carried(body())


def test_an_upload_stops_where_it_is_too_large_and_leaves_nothing(tmp_path: Path) -> None:
    async def endless() -> Any:
        while True:
            yield b"x" * 65536

    async def body() -> None:
        async with served(tmp_path, upload=1 << 20) as (client, _):
            status, found = await upload(client, endless())
            assert (status, found["error"]["code"]) == (413, "too-large")
            status, found = await upload(client, b"x" * ((1 << 20) + 1))
            assert status == 413
            assert list((tmp_path / "cache" / "new").iterdir()) == []
            assert (await upload(client, b""))[0] == 422

    carried(body())
