"""Those who send a byte a second, and those who guess the token, at a server of its own."""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from time import monotonic, perf_counter

import aiohttp
from client import Client, Process
from test_door import trickle

PROMISE = "A trickle of bytes holds no connection for 30 s, and no guess of the token comes in."
GUESSES = 50
"""For each trickle."""

FREE = 20
"""Guesses of one address that are answered at once."""


async def trickles(client: Client, count: int) -> list[tuple[str, str, str, bool]]:
    """Half of them never end their head, half never their body; somebody else asks meanwhile."""
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "
    sent = "\r\n".join(f"{name}: {value}" for name, value in client.headers.items())
    post = (
        f"POST /api/check HTTP/1.1\r\nHost: {client.url.removeprefix('http://')}\r\n{sent}"
        "\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    ).encode()
    slow = [asyncio.create_task(trickle(client, (head, post)[n % 2], 1.0)) for n in range(count)]
    late = []
    while not all(task.done() for task in slow):
        start = perf_counter()
        await client.get("/healthz")
        late.append((perf_counter() - start) * 1e3)
        await asyncio.sleep(0.1)
    longest = max(await asyncio.gather(*slow))
    p99 = sorted(late)[int(len(late) * 0.99)]
    return [
        ("connections at a byte a second", str(count), "", True),
        ("the last was closed after, s", f"{longest:.1f}", "30", longest <= 30),
        ("somebody else's answer, p99, ms", f"{p99:.0f}", "500", p99 < 500),
    ]


async def status(session: aiohttp.ClientSession, url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with session.get(url + "/api/status", headers=headers) as answer:
        return answer.status


async def guesses(client: Client, token: str, count: int) -> list[tuple[str, str, str, bool]]:
    """From as many addresses of this machine as are needed to be answered at once."""
    seen = list[int]()
    for block in range(-(-count // FREE)):
        address = f"127.1.{block // 250}.{block % 250 + 1}"
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            for number in range(FREE):
                near = token[:number] + "!" + token[number + 1 :]
                seen.append(await status(session, client.url, near))
    start = monotonic()
    async with aiohttp.ClientSession() as session:
        for number in range(FREE + 5):
            seen.append(await status(session, client.url, f"guess-{number}"))
    seconds = monotonic() - start
    hits = sum(one != 401 for one in seen)
    return [
        ("guesses", f"{len(seen):,}", "", True),
        ("guesses that came in", str(hits), "0", hits == 0),
        (f"{FREE + 5} of one address took, s (at least)", f"{seconds:.1f}", "5", seconds >= 5),
    ]


async def times(client: Client, token: str, count: int) -> list[tuple[str, str, str, bool]]:
    """Whether a guess that begins rightly takes longer: medians of both, turn by turn."""
    first, last = list[float](), list[float]()
    for block in range(-(-count // FREE)):
        connector = aiohttp.TCPConnector(local_addr=(f"127.2.{block // 250}.{block % 250 + 1}", 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            for number in range(FREE):
                guess = ("!" + token[1:]) if number % 2 else (token[:-1] + "!")
                start = perf_counter()
                await status(session, client.url, guess)
                (first if number % 2 else last).append((perf_counter() - start) * 1e6)
    apart = abs(statistics.median(first[1:]) - statistics.median(last[1:]))
    spread = statistics.quantiles(first, n=4)[2] - statistics.quantiles(first, n=4)[0]
    return [("wrong at the first and at the last letter, medians apart, µs", f"{apart:.0f}",
             f"{spread:.0f} (half of all vary so)", apart < max(spread, 50))]  # fmt: skip


async def trial(count: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.to_thread(Process, Path(folder))
        try:
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:
                client = Client(session, process.url, process.token)
                rows = await trickles(client, count)
                rows += await guesses(client, process.token, GUESSES * count)
                rows += await times(client, process.token, 10 * count)
        finally:
            code = await asyncio.to_thread(process.end, signal.SIGTERM)
    rows.append(("exit code of the server", str(code), "0", code == 0))
    print("| what | figure | at most | |\n|---|--:|--:|---|")
    for what, figure, bound, good in rows:
        print(f"| {what} | {figure} | {bound} | {'met' if good else 'MISSED'} |")
    return all(good for *_, good in rows)


def main(count: int) -> int:
    return 0 if asyncio.run(trial(count)) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
