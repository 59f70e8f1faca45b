"""Requests that two readers would read differently: refused before a handler hears of them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

from client import carried, served

HEAD = b"Host: {host}\r\nX-Requested-By: musegraph\r\n{token}"
GET = b"GET /api/status HTTP/1.1\r\n"
PUT = b"PUT /api/queue HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
PAUSE = b'{"paused":true}'
"""What would be noticed, were it carried out."""
LENGTH = b"Content-Length: 15\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"f\r\n" + PAUSE + b"\r\n0\r\n\r\n"
END = b"\r\n"

CRAFTED = {
    # Which host is meant
    "two hosts": GET + b"Host: {host}\r\nHost: evil.test\r\n{token}\r\n",
    "the same host twice": GET + b"Host: {host}\r\nHost: {host}\r\n{token}\r\n",
    "no host": GET + b"{token}\r\n",
    "an empty host": GET + b"Host:\r\n{token}\r\n",
    "a list of hosts": GET + b"Host: {host}, evil.test\r\n{token}\r\n",
    "a user before the host": GET + b"Host: evil.test@{host}\r\n{token}\r\n",
    "a fragment in the host": GET + b"Host: {host}#@evil.test\r\n{token}\r\n",
    "a host that is no UTF-8": GET + b"Host: \xff{host}\r\n{token}\r\n",
    "another host in the target": b"GET http://evil.test/api/status HTTP/1.1\r\n" + HEAD + END,
    "another host in both": b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n{token}\r\n",
    "a tunnel": b"CONNECT evil.test:80 HTTP/1.1\r\n" + HEAD + END,
    # Where the body ends
    "length and chunks": PUT + LENGTH + CHUNKED + END + CHUNKS,
    "chunks and length": PUT + CHUNKED + LENGTH + END + CHUNKS,
    "two lengths": PUT + LENGTH + b"Content-Length: 5\r\n" + END + PAUSE,
    "the same length twice": PUT + LENGTH + LENGTH + END + PAUSE,
    "a list of lengths": PUT + b"Content-Length: 15, 15\r\n" + END + PAUSE,
    "a length with a sign": PUT + b"Content-Length: +15\r\n" + END + PAUSE,
    "a length below zero": PUT + b"Content-Length: -15\r\n" + END + PAUSE,
    "a length in hexadecimals": PUT + b"Content-Length: 0xf\r\n" + END + PAUSE,
    "a length with a line between": PUT + b"Content-Length: 1_5\r\n" + END + PAUSE,
    "a length in wide digits": PUT + b"Content-Length: \xef\xbc\x91\xef\xbc\x95\r\n" + END + PAUSE,
    "an empty length": PUT + b"Content-Length:\r\n" + END + PAUSE,
    "an encoding that is none": PUT + b"Transfer-Encoding: xchunked\r\n" + END + CHUNKS,
    "chunks that are not last": PUT + b"Transfer-Encoding: chunked, identity\r\n" + END + CHUNKS,
    "an encoding behind a control": PUT + b"Transfer-Encoding: \x0bchunked\r\n" + END + CHUNKS,
    "a chunk with a sign": PUT + CHUNKED + END + b"+f\r\n" + PAUSE + b"\r\n0\r\n\r\n",
    "a chunk below zero": PUT + CHUNKED + END + b"-f\r\n" + PAUSE + b"\r\n0\r\n\r\n",
    "a chunk with a prefix": PUT + CHUNKED + END + b"0xf\r\n" + PAUSE + b"\r\n0\r\n\r\n",
    "a chunk beyond all numbers": PUT + CHUNKED + END + b"f" * 17 + b"\r\n" + PAUSE,
    "a chunk longer than it says": PUT + CHUNKED + END + b"5\r\n" + PAUSE + b"\r\n0\r\n\r\n",
    # What a header is
    "a space before the colon": GET + b"Host : {host}\r\n{token}\r\n",
    "a name with a space": GET + HEAD + b"Bad Name: x\r\n\r\n",
    "a name with a zero": GET + HEAD + b"X\x00Y: x\r\n\r\n",
    "a value with a zero": GET + HEAD + b"X: a\x00b\r\n\r\n",
    "a value with half an end": GET + HEAD + b"X: a\rY: b\r\n\r\n",
    "no name": GET + HEAD + b": x\r\n\r\n",
    "no colon": GET + HEAD + b"nothing\r\n\r\n",
    "a folded first line": GET + b" folded: yes\r\n" + HEAD + END,
    "a folded host": GET + b"Host: {host}\r\n .evil.test\r\n{token}\r\n",
    "a header of 9 kB": GET + HEAD + b"X: " + b"x" * 9000 + b"\r\n\r\n",
    "200 headers": GET + HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(200)) + END,
    # What the request line is
    "a version of the future": b"GET /api/status HTTP/9.9\r\n" + HEAD + END,
    "more after the version": b"GET /api/status HTTP/1.1 x\r\n" + HEAD + END,
    "a zero in the path": b"GET /api/st\x00atus HTTP/1.1\r\n" + HEAD + END,
    "a method of two words": b"GE T /api/status HTTP/1.1\r\n" + HEAD + END,
    "no request at all": b"\xff\xfe\x00\x01\r\n\r\n",
}


async def send(host: str, token: str, raw: bytes) -> bytes:
    """All that comes back, until the server closes the connection or has no more to say."""
    data = raw.replace(b"{host}", host.encode()).replace(
        b"{token}", f"Authorization: Bearer {token}\r\n".encode()
    )
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    writer.write(data)
    found, patience = b"", 5.0
    with contextlib.suppress(TimeoutError, ConnectionError):
        while part := await asyncio.wait_for(reader.read(4096), patience):
            found, patience = found + part, 0.5
    writer.close()
    return found


def test_a_request_that_two_readers_would_read_differently_reaches_no_handler(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            host = client.url.removeprefix("http://")
            assert len(CRAFTED) >= 40
            sent = [send(host, server.token, raw) for raw in CRAFTED.values()]
            answers = zip(CRAFTED, await asyncio.gather(*sent), strict=True)
            found = {name: re.findall(rb"HTTP/1\.[01] (\d+)", answer) for name, answer in answers}
            odd = {name: codes for name, codes in found.items()
                   if not codes or not set(codes) <= {b"400", b"421"}}  # fmt: skip
            assert odd == {}
            assert not server.dispatcher.paused
            assert await send(host, server.token, PUT + LENGTH + END + PAUSE)
            assert server.dispatcher.paused, "so a request that is well formed would be noticed"

    carried(body())


def test_a_token_that_is_no_text_is_a_wrong_one(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            host = client.url.removeprefix("http://")
            for header in (b"Authorization: Bearer \xff\xfe", b"Cookie: musegraph=\xff"):
                raw = GET + b"Host: {host}\r\n" + header + b"\r\n\r\n"
                answer = await send(host, "", raw)
                assert answer.startswith(b"HTTP/1.1 401 "), answer[:200]

    carried(body())
