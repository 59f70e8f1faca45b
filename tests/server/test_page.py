"""The page and its files: what a browser is told about each, and what it never gets."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from client import carried, served

SCRIPT = b"export const many = [" + b"1," * 2000 + b"];\n"
FILES = {
    "index.html": b"<!doctype html><title>Musegraph</title>",
    "favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "assets/index-abc.js": SCRIPT,
    "assets/index-abc.css": b"body { margin: 0 }",
    "assets/inter-abc.woff2": b"wOF2" + bytes(4000),
    ".digest": b"for us",
    ".vite/manifest.json": b"{}",
}


@pytest.fixture(autouse=True)
def canvas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "canvas"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    monkeypatch.setattr("musegraph.server.page.CANVAS", folder)
    return folder


@pytest.mark.parametrize(
    ("address", "media", "kept"),
    [
        ("/", "text/html; charset=utf-8", "no-store"),
        ("/static/favicon.svg", "image/svg+xml; charset=utf-8", "no-store"),
        ("/static/assets/index-abc.js", "text/javascript; charset=utf-8", "immutable"),
        ("/static/assets/index-abc.css", "text/css; charset=utf-8", "immutable"),
        ("/static/assets/inter-abc.woff2", "font/woff2", "immutable"),
    ],
)
def test_a_file_has_its_media_type_and_is_kept_if_its_name_holds_its_content(
    tmp_path: Path, address: str, media: str, kept: str
) -> None:
    async def body() -> None:
        async with (
            served(tmp_path) as (client, _),
            client.session.get(client.url + address) as answer,  # without a token
        ):
            assert answer.status == 200
            assert answer.headers["Content-Type"] == media
            assert kept in answer.headers["Cache-Control"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            name = address.removeprefix("/static/").removeprefix("/") or "index.html"
            assert await answer.read() == FILES[name]

    carried(body())


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "identity"])
def test_scripts_are_compressed_for_whoever_accepts_it(tmp_path: Path, accepted: str) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            asked = client.session.get(
                client.url + "/static/assets/index-abc.js",
                headers={"Accept-Encoding": accepted},
                auto_decompress=False,
            )
            async with asked as answer:
                data = await answer.read()
                assert answer.headers["Vary"] == "Accept-Encoding"
                if accepted == "identity":
                    assert "Content-Encoding" not in answer.headers
                    assert data == SCRIPT
                else:
                    assert answer.headers["Content-Encoding"] == "gzip"
                    assert len(data) < 200
                    assert gzip.decompress(data) == SCRIPT

    carried(body())


@pytest.mark.parametrize(
    "address",
    ["/static/.digest", "/static/.vite/manifest.json", "/static/../index.html", "/static/later.js"],
)
def test_only_what_was_built_for_the_page_is_served(
    tmp_path: Path, canvas: Path, address: str
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            (canvas / "later.js").write_text("put there while it ran")
            assert (await client.ask("GET", address))[0] == 404

    carried(body())
