"""Listeners that come and go by the hundred, and one that stalls: nobody misses, nobody waits."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
from pathlib import Path
from time import monotonic, perf_counter

import aiohttp
import psutil
from client import Client, Process, served, stall
from crowd import quantile, small

PROMISE = "Who comes back misses nothing and hears nothing twice; who stalls holds up nobody."
TIMES = 10
"""How often each listener loses its connection."""
JOBS = 150
FRAMES, SIZE = 600, 100_000
Row = tuple[str, str, float, bool]


class Heard:
    """A listener that loses its connection again and again, and what it heard."""

    def __init__(self, client: Client, draw: random.Random) -> None:
        self.client = client
        self.draw = draw
        self.numbers: list[int] = []
        self.first = self.incomplete = 0

    async def listen(self, last: asyncio.Future[int]) -> None:
        """Hear all up to the number that is the last one."""
        epoch, left = "", TIMES
        while not (last.done() and self.numbers and self.numbers[-1] >= last.result()):
            path = f"?epoch={epoch}&after={self.numbers[-1] if self.numbers else self.first}"
            url = f"{self.client.url}/api/events{path if epoch else ''}"
            async with self.client.session.ws_connect(url, headers=self.client.headers) as socket:
                hello = await socket.receive_json()
                if epoch:
                    self.incomplete += not hello["complete"]
                else:
                    epoch, self.first = hello["epoch"], hello["last"]
                for _ in range(self.draw.randrange(1, 6) if left else sys.maxsize):
                    if last.done() and self.numbers and self.numbers[-1] >= last.result():
                        break
                    events = (await socket.receive_json())["events"]
                    self.numbers += [event["number"] for event in events if "number" in event]
                left = max(0, left - 1)

    def wrong(self) -> bool:
        whole = list(range(self.first + 1, self.first + 1 + len(self.numbers)))
        return self.numbers != whole or bool(self.incomplete)


async def reconnect(client: Client, count: int) -> list[Row]:
    draw = random.Random(12)
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    heard = [Heard(client, draw) for _ in range(count)]
    listening = [asyncio.create_task(one.listen(last)) for one in heard]
    while (await client.get("/api/status"))["listeners"] < count:
        await asyncio.sleep(0.02)
    for number in range(JOBS):
        await client.submit(small(number))
        await asyncio.sleep(0.02)
    while (await client.get("/api/queue"))["counts"] != {"done": JOBS}:
        await asyncio.sleep(0.05)
    metrics = (await client.ask("GET", "/metrics"))[1].decode()
    last.set_result(int(metrics.split("\nmusegraph_events_total ")[1].split()[0]))
    wake = {"preferences": {"soak": True}}  # a change, for those who have heard all before it
    await client.ask("PATCH", "/api/preferences", json=wake)
    await asyncio.wait_for(asyncio.gather(*listening), 120)
    wrong = sum(one.wrong() for one in heard)
    changes = sum(len(one.numbers) for one in heard)
    return [
        (f"{count} listeners, {TIMES} reconnections each: changes heard", f"{changes:,}", 0,
         changes > count * JOBS),
        ("listeners that missed one, or heard one twice", str(wrong), 0, wrong == 0),
    ]  # fmt: skip


async def stalled(folder: Path) -> list[Row]:
    """One that never reads, and a good one, while large changes are told."""
    async with served(folder) as (client, server):
        mute = await asyncio.to_thread(stall, client)
        begin = monotonic()
        good = await client.session.ws_connect(
            client.url + "/api/events", headers=client.headers, max_msg_size=0
        )
        await good.receive_json()
        late: list[float] = []

        async def hear() -> None:
            while len(late) < FRAMES:
                events = (await good.receive_json())["events"]
                late.extend(perf_counter() - event["at"] for event in events)

        hearing = asyncio.create_task(hear())
        before = psutil.Process().memory_info().rss
        most = 0
        for _ in range(FRAMES):
            server.feed.tell({"type": "made", "at": perf_counter(), "pad": "x" * SIZE})
            await asyncio.sleep(0.02)
            most = max(most, psutil.Process().memory_info().rss - before)
        await asyncio.wait_for(hearing, 60)
        while len(server.feed) > 1:
            await asyncio.sleep(0.05)
        closed = monotonic() - begin
        await good.close()
        mute.close()
    worst = quantile(late, 0.99)
    return [
        (f"changes of {SIZE // 1000} KB beside a stalled listener, heard of {FRAMES}",
         str(len(late)), FRAMES, len(late) == FRAMES),
        ("how late, p99, ms", f"{worst * 1e3:.1f}", 50, worst < 0.05),
        ("memory, MB", f"{most / (1 << 20):.1f}", 16, most < 16 << 20),
        ("the stalled one closed after, s", f"{closed:.0f}", 30, closed <= 30),
    ]  # fmt: skip


async def trial(count: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        rows = await stalled(Path(folder) / "one")
        process = await asyncio.to_thread(Process, Path(folder) / "two")
        try:
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:
                rows += await reconnect(Client(session, process.url, process.token), 2 * count)
        finally:
            await asyncio.to_thread(process.end, signal.SIGTERM)
    print("| what | figure | wanted | |\n|---|--:|--:|---|")
    for what, figure, bound, good in rows:
        print(f"| {what} | {figure} | {bound:g} | {'met' if good else 'MISSED'} |")
    return all(good for *_, good in rows)


def main(count: int) -> int:
    """One trial with two listeners for each of ``count``; prints a table."""
    return 0 if asyncio.run(trial(count)) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
