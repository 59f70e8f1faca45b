"""The front door, tried by everyone who should not come in.

Statuses are exact: a 500 lets nobody in either, and is no gate.
"""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
from client import carried, served

from musegraph.errors import MusegraphError
from musegraph.server import guesses
from musegraph.server.app import Server
from musegraph.server.settings import Settings
from musegraph.server.table import ROUTES

COOKIE = "musegraph"


def hostile(port: str) -> list[dict[str, str]]:
    """Fifteen shapes of a request that a page elsewhere could make a browser send."""
    rebound = f"rebind.evil.test:{port}"
    return [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Host": rebound, "Origin": f"http://{rebound}"},
        {"Host": rebound},
        {"Host": f"192.168.1.5:{port}", "Origin": "http://evil.test"},
        {"Host": f"127.0.0.1.evil.test:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": f"0.0.0.0:{port}"},
        {"Host": f"LOCALHOST.evil:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "CROSS-SITE"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ]


def test_no_page_elsewhere_gets_past_the_gate_with_the_users_cookie(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            port = client.url.rpartition(":")[2]
            tried = 0
            for shape in hostile(port):
                for method in ("POST", "GET", "PUT", "DELETE"):
                    if method == "GET" and "Content-Type" in shape:
                        continue  # nothing is sent, so there is no type of it
                    headers = {"Cookie": f"{COOKIE}={server.token}", **shape}
                    data = None if method == "GET" else b"{}"
                    async with client.session.request(
                        method, client.url + "/api/queue", headers=headers, data=data
                    ) as answer:
                        assert answer.status in (403, 415, 421), (method, shape, answer.status)
                    tried += 1
            assert tried == 57

    carried(body())


def test_a_name_that_was_rebound_reaches_no_route(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            name = f"rebind.test:{client.url.rpartition(':')[2]}"
            headers = {**client.headers, "Host": name, "Origin": f"http://{name}"}
            for route in ROUTES:
                path = re.sub(r"\{\w+\}", "0" * 32, route.path)
                async with client.session.request(
                    route.method, client.url + path, headers=headers
                ) as answer:
                    assert answer.status == 421, route.path

    carried(body())


def test_every_route_but_the_page_itself_asks_for_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "FREE", 1000)  # who tries so many would have to wait

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            for route in ROUTES:
                path = re.sub(r"\{\w+\}", "0" * 32, route.path)
                for headers in ({}, {"Authorization": "Bearer wrong"}):
                    async with client.session.request(
                        route.method,
                        client.url + path,
                        headers={**headers, "X-Requested-By": "musegraph"},
                    ) as answer:
                        wanted = 200 if route.path in server.gate.open else 401
                        assert answer.status == wanted, route.path

    carried(body())


def test_who_has_the_token_comes_in_by_header_or_by_cookie(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            origin = {"Origin": client.url, "Sec-Fetch-Site": "same-origin"}
            cookie = {"Cookie": f"{COOKIE}={server.token}"}
            for headers in (client.headers, {**client.headers, **origin}, {**cookie, **origin}):
                async with client.session.get(
                    client.url + "/api/status", headers=headers
                ) as answer:
                    assert answer.status == 200

    carried(body())


def test_the_cookie_of_a_session_is_for_this_site_and_no_script(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            async with client.session.post(
                client.url + "/api/session", headers=client.headers
            ) as answer:
                said = answer.headers["Set-Cookie"]
            assert said.startswith(f"{COOKIE}={server.token};")
            assert "HttpOnly" in said
            assert "SameSite=Strict" in said

    carried(body())


@pytest.mark.parametrize(
    "shape", [{"Origin": "http://evil.test"}, {"Origin": "null"}, {"rebound": "yes"}, {}]
)
def test_a_websocket_opens_for_no_other_page(tmp_path: Path, shape: dict[str, str]) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            headers = {"Cookie": f"{COOKIE}={server.token}", **shape} if shape else {}
            if headers.pop("rebound", None):
                name = f"rebind.test:{client.url.rpartition(':')[2]}"
                headers |= {"Host": name, "Origin": f"http://{name}"}
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.session.ws_connect(client.url + "/api/events", headers=headers)
            assert refused.value.status in (401, 403, 421)

    carried(body())


def test_every_answer_keeps_pages_in_their_place(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for path in ("/healthz", "/api/nothing", "/api/status"):
                async with client.session.get(client.url + path, headers=client.headers) as answer:
                    policy = answer.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy
                    assert "unsafe" not in policy
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
                    assert "Access-Control-Allow-Origin" not in answer.headers

    carried(body())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "some.name.test"])
def test_an_address_that_others_reach_needs_more_than_its_name(tmp_path: Path, host: str) -> None:
    with pytest.raises(MusegraphError, match="--public-origin"):
        Server(Settings(data=tmp_path / "data", cache=tmp_path / "cache", host=host))
    assert not (tmp_path / "data").exists()
    with pytest.raises(MusegraphError, match="TLS"):
        Server(
            Settings(
                data=tmp_path / "data",
                cache=tmp_path / "cache",
                host=host,
                public_origin="https://art.test",
            )
        )
