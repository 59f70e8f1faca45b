"""Files over HTTP: what they are is found out by decoding them, and none of them can run."""

from __future__ import annotations

import io
import struct
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
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
    """A PNG of side² black pixels, whole, in few bytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packer, row = zlib.compressobj(1), bytes(1 + side * 3)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def with_chunks(*chunks: bytes) -> bytes:
    """A picture with chunks after its header."""
    whole = picture()
    return whole[:33] + b"".join(chunks) + whole[33:]


def text(size: int) -> bytes:
    return chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(size), 9))


def gif(frames: int) -> bytes:
    """A GIF whose second frame stands in it again and again."""
    stream = io.BytesIO()
    first, second = Pillow.new("P", (8, 8), 1), Pillow.new("P", (8, 8), 2)
    first.save(stream, "GIF", save_all=True, append_images=[second], duration=20)
    data = stream.getvalue()
    return data[:-1] + data[data.rindex(b"\x21\xf9") : -1] * (frames - 2) + b";"


def apng(frames: int) -> bytes:
    parts = [Pillow.new("RGB", (4, 4), (n % 256, n // 256, 0)) for n in range(frames)]
    stream = io.BytesIO()
    parts[0].save(stream, "PNG", save_all=True, append_images=parts[1:])
    return stream.getvalue()


def jpeg(marker: int, start: bytes, segments: int) -> bytes:
    """A JPEG with so many segments of 64 kB of one kind."""
    part = struct.pack(">BBH", 0xFF, marker, 65_535) + start.ljust(65_533, b"\0")
    whole = picture("JPEG")
    return whole[:2] + part * segments + whole[2:]


def bombs() -> dict[str, bytes]:
    """Made when they are needed: every process that runs tests reads this file."""
    return {
        "13,300 a side": bomb(13_300),
        "30,000 a side": bomb(200).replace(
            chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 200, 8, 2, 0, 0, 0)),
            chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)),
        ),
        "60 MB of text": with_chunks(text(60_000_000)),
        "60 MB of texts": with_chunks(*[text(1_000_000)] * 60),
        "60 MB of text at the end": picture()[:-12] + text(60_000_000) + picture()[-12:],
        "a profile of 200 MB": with_chunks(
            chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(200_000_000), 9))
        ),
        "a GIF of 10,000 frames": gif(10_000),
        "an APNG of 10,000 frames": apng(10_000),
        "8.5 MB of EXIF": jpeg(0xE1, b"Exif\0\0MM\0*\0\0\0\x08", 130),
        "8.5 MB of profile": jpeg(0xE2, b"ICC_PROFILE\0\x01\x82", 130),
        "FITS": b"SIMPLE  =                    T" + b" " * 3000,
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "PDF": b"%PDF-1.7\n1 0 obj<</Length 99999999>>stream",
        "half a picture": picture()[:-60],
        "a picture cut short": picture("JPEG", (800, 800))[:900],
    }


def most_memory(process: int) -> int:
    """The most memory that a process has had until now, in bytes (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="the most memory of a process is read there")
def test_a_bomb_named_png_is_refused_within_a_second_and_hurts_nobody(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            _, _ = await upload(client, picture())  # the worker is there
            inspector = server.dispatcher._inspector
            assert inspector is not None
            process = inspector.process
            assert process is not None
            bad, seconds = bombs(), {}
            before = psutil.Process().memory_info().rss
            for name, data in bad.items():
                start = monotonic()
                status, found = await upload(client, data, "x.png")
                seconds[name] = monotonic() - start
                assert (status, found["error"]["code"]) == (422, "media"), name
                assert found["error"]["message"].startswith("'x.png' "), found
            assert max(seconds.values()) < 1, seconds
            assert psutil.Process().memory_info().rss - before < 16 << 20
            assert inspector.process == process, "it was never replaced"
            assert most_memory(process) < 512 << 20
            assert await client.ask("GET", "/healthz") == (200, {"ok": True})

    carried(body())


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port here, and what was sent to it."""
    heard: list[bytes] = []

    class Hear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path.encode())
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Hear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        server.server_close()


def containers(port: int, film: Path) -> dict[str, bytes]:
    """Lists that a decoder of films might follow: to an address, or to another file."""
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
    concat = "ffconcat version 1.0\nfile {}\n"
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    sdp += f"m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    texts = {
        "hls_http.mp4": hls.format(f"http://127.0.0.1:{port}/part.ts"),
        "hls_http.wav": hls.format(f"http://127.0.0.1:{port}/part.ts"),
        "hls_file.mp4": hls.format(f"file://{film}"),
        "hls_path.mp4": hls.format(film),
        "concat.mp4": concat.format(film),
        "concat_beside.mp4": concat.format(film.name),
        "concat.wav": concat.format(film),
        "sdp.mp4": sdp,
    }
    return {name: text.encode() for name, text in texts.items()}


def test_a_list_in_the_place_of_a_film_is_refused_and_nothing_of_it_fetched(
    tmp_path: Path,
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(99))

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            with listener() as (port, heard):
                for name, data in containers(port, film).items():
                    status, found = await upload(client, data, name)
                    assert (status, found["error"]["code"]) == (422, "media"), name
                    assert f"'{name}' is no " in found["error"]["message"]
                assert heard == []
            assert (await upload(client, film.read_bytes(), film.name))[0] == 201

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
