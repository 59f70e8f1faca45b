"""The value at any wire, and the state of every step, also while a run is on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from client import Client, carried, served

from musegraph.server.told import EventMessage
from musegraph.workers.host import End


def document(outputs: dict[str, str], **nodes: Any) -> dict[str, Any]:
    return {"musegraph": 1, "outputs": outputs, "nodes": nodes}


def step(kind: str, values: Any = None, **links: str) -> dict[str, Any]:
    return {"type": kind, "values": values or {}, "links": links}


BLUR = {
    "inputs": {"image": {"to": ["blur.image"]}},
    "outputs": {"image": "edge.out"},
    "nodes": {
        "blur": step("image.blur", {"radius": 1.0}),
        "edge": step("image.invert", None, image="blur.out"),
    },
}
PICTURE: dict[str, Any] = {
    "musegraph": 1,
    "outputs": {"picture": "turned.out"},
    "graphs": {"finish": BLUR},
    "nodes": {
        "made": step("image.color", {"width": 16, "height": 8, "color": "#ff8000"}),
        "finish": step("graph:finish", None, image="made.out"),
        "turned": step("image.invert", None, image="finish.image"),
        "same": step("image.invert", None, image="finish.image"),
    },
}


async def at(client: Client, run: str, node: str, **more: Any) -> tuple[int, Any]:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return await client.ask("GET", f"/api/runs/{run}/value?node={quote(node, safe='')}{query}")


def test_the_value_of_a_step_in_a_subgraph_is_a_picture_that_the_asset_routes_serve(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.carry_out(PICTURE)
            status, found = await at(client, run["id"], "finish/edge")
            assert status == 200, found
            [part] = found["parts"]
            assert (found["form"], part["type"], part["identity"]) == (
                "media", "Image", found["identity"],
            )  # fmt: skip
            assert part["facts"] == {"pictures": 1, "width": 16, "height": 8}
            [file] = part["files"]
            data = await client.get(f"/api/assets/{file['asset']}")
            assert data.startswith(b"\x89PNG")
            assert len(data) == file["bytes"]
            assert await client.get(f"/api/assets/{file['asset']}/thumbnail?size=32")
            pinned = server.disk.rows("select pinned from objects where digest=?", file["asset"])
            assert pinned == [(0,)]

    carried(body())


def test_a_wire_gives_the_bytes_that_the_output_gives(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = await client.carry_out(PICTURE)
            [output] = run["outputs"]["picture"]["files"]
            _, found = await at(client, run["id"], "turned", port="out")
            [file] = found["parts"][0]["files"]
            assert file["asset"] == output["asset"]
            assert found["identity"] == run["outputs"]["picture"]["identity"]

    carried(body())


def test_lists_come_item_by_item_up_to_a_number(tmp_path: Path) -> None:
    nodes = {
        "many": step("troublesome.pictures", {"count": 5}),
        "turned": step("image.invert", None, image="many.out"),
        "numbers": step("core.range", {"start": 0, "count": 100}),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = await client.carry_out(
                document({"last": "turned.out", "n": "numbers.out"}, **nodes)
            )
            assert run["state"] == "done", run["error"]
            _, found = await at(client, run["id"], "many", first=1, count=2)
            assert (found["length"], found["first"], len(found["parts"])) == (5, 1, 2)
            assert len({part["files"][0]["asset"] for part in found["parts"]}) == 2
            _, rest = await at(client, run["id"], "many", first=2, count=50)
            assert len(rest["parts"]) == 3
            assert rest["parts"][0]["identity"] == found["parts"][1]["identity"]
            _, numbers = await at(client, run["id"], "numbers", first=10, count=3)
            assert (numbers["form"], numbers["length"]) == ("json", 100)
            assert numbers["value"] == [10, 11, 12]

    carried(body())


def test_tensors_without_a_form_come_as_figures_and_a_sound_as_a_file(tmp_path: Path) -> None:
    nodes = {
        "steer": step("troublesome.tensors", {"a": 1}),
        "latent": step("troublesome.latent", {"a": 2}),
        "sound": step("troublesome.sound", {"seconds": 0.5}),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = await client.carry_out(document({}, **nodes))
            _, found = await at(client, run["id"], "steer")
            [part] = found["parts"]
            [tensor] = part["tensors"]
            assert part["type"] == "Conditioning"
            assert part["facts"] == {
                "parts.0.options.skip": 2,
                "parts.0.strength": 1,
                "parts.0.ranges.0.0": 0,
                "parts.0.ranges.0.1": 1,
                "family": "toys",
            }
            assert tensor["name"] == "parts.0.embeds.embeds"
            assert (tensor["shape"], tensor["dtype"], tensor["device"]) == (
                [2, 3],
                "float32",
                "cpu",
            )
            assert (tensor["nonfinite"], tensor["min"], tensor["max"]) == (1, 2, 6)
            assert tensor["mean"] == pytest.approx(4)
            _, latent = await at(client, run["id"], "latent")
            assert latent["parts"][0]["preview"].startswith("data:image/webp;base64,")
            assert latent["parts"][0]["facts"] == {"family": "toys", "scale": 8}
            _, sound = await at(client, run["id"], "sound")
            [part] = sound["parts"]
            assert part["facts"] == {"seconds": 0.5, "sample_rate": 8000, "channels": 1}
            assert [file["media"] for file in part["files"]] == ["audio/wav"]

    carried(body())


def test_a_value_is_there_while_the_run_is_on_and_before_that_it_says_so(tmp_path: Path) -> None:
    nodes = {
        "made": step("image.color", {"width": 16, "height": 8}),
        "sum": step("troublesome.add", {"a": 1, "b": 2}),
        "wait": step("troublesome.slow", {"a": 1, "seconds": 30}),
        "more": step("troublesome.add", None, a="wait.out"),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = (await client.submit(document({}, **nodes)))["id"]
            while (await at(client, run, "made"))[0] == 409:
                await asyncio.sleep(0.02)
            status, found = await at(client, run, "made")
            assert status == 200, found
            assert found["parts"][0]["files"][0]["media"] == "image/png"
            while (await at(client, run, "sum"))[0] == 409:
                await asyncio.sleep(0.02)
            status, found = await at(client, run, "sum")
            assert (status, found["form"], found["value"]) == (200, "json", 3)
            status, early = await at(client, run, "more")
            assert (status, early["error"]["code"]) == (409, "not-yet")
            await client.ask("POST", "/api/runs/cancel", json={})
            await client.ended(run)

    carried(body())


def test_what_is_nowhere_any_more_says_run_it_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.carry_out(PICTURE)
            status, seen = await at(client, run["id"], "made")
            assert status == 200
            [worker] = server.dispatcher.workers.values()
            process = worker.process
            await worker.end(End("the test ends it"))
            while (await client.get("/api/status"))["workers"][0]["process"] in (process, None):
                server.dispatcher.wake()
                await asyncio.sleep(0.02)
            server.disk.forget([seen["identity"]], [])  # as if it had been cheap, or long ago
            status, found = await at(client, run["id"], "made")
            assert (status, found["error"]["code"]) == (404, "evicted")
            assert "run it again" in found["error"]["message"]
            assert (await at(client, run["id"], "turned"))[0] == 200  # an output: it is on disk

    carried(body())


def test_what_cannot_be_asked_gets_a_sentence(tmp_path: Path) -> None:
    muted = {**step("troublesome.add", {"a": 1}), "mode": "mute"}
    failing = step("troublesome.refuse", {"a": 1})

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            wrong = document({}, off=muted, bad=failing, good=step("troublesome.add", {"a": 1}))
            run = (await client.carry_out(wrong))["id"]
            for node, more, status, code in (
                ("nothing", {}, 404, "missing"),
                ("good/../good", {}, 404, "missing"),
                ("good", {"port": "other"}, 404, "missing"),
                ("off", {}, 404, "no-value"),
                ("bad", {}, 404, "no-value"),
                ("good", {"count": 0}, 422, "request"),
                ("good", {"count": 201}, 422, "request"),
            ):
                found = await at(client, run, node, **more)
                assert (found[0], found[1]["error"]["code"]) == (status, code), (node, found)
            assert (await client.ask("GET", f"/api/runs/{run}/value"))[0] == 422
            assert (await at(client, "0" * 32, "good"))[0] == 404
            assert (await at(client, run, "good"))[1]["value"] == 1

    carried(body())


def test_who_comes_in_the_middle_is_told_the_state_and_the_latest_preview(tmp_path: Path) -> None:
    nodes = {
        "quick": step("troublesome.add", {"a": 1}),
        "look": step("troublesome.shown", {"seconds": 30}),
        "after": step("troublesome.add", None, a="look.out"),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = (await client.submit(document({}, **nodes)))["id"]
            while True:
                found = await client.get(f"/api/runs/{run}/state")
                if (found["steps"].get("look") or {}).get("preview"):
                    break
                await asyncio.sleep(0.02)
            quick, look = found["steps"]["quick"], found["steps"]["look"]
            assert (quick["state"], quick["outputs"]) == ("done", {"out": "json:1"})
            assert look["state"] == "running"
            assert 0 < look["progress"]["done"] < look["progress"]["total"] == 1
            assert look["preview"].startswith("data:image/webp;base64,")
            assert look["started"] <= found["now"]
            assert "after" not in found["steps"]
            assert found["planned"]["run"] >= 2
            assert (found["epoch"], found["number"]) == (server.feed.epoch, server.feed.last)
            await client.ask("POST", "/api/runs/cancel", json={})
            await client.ended(run)
            listener, complete = server.feed.join(found["epoch"], found["number"], run)
            assert complete
            assert b'"cancelled"' in await listener.next()

    carried(body())


def test_the_state_of_a_run_that_ended_is_that_of_its_record(tmp_path: Path) -> None:
    nodes = {
        "good": step("troublesome.add", {"a": 1}),
        "bad": step("troublesome.refuse", None, a="good.out"),
        "below": step("troublesome.add", None, a="bad.out"),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            run = await client.carry_out(document({}, **nodes))
            steps = (await client.get(f"/api/runs/{run['id']}/state"))["steps"]
            assert {id: one["state"] for id, one in steps.items()} == {
                "good": "done", "bad": "failed", "below": "skipped",
            }  # fmt: skip
            assert steps["bad"]["error"]["code"] == "failed"
            assert "this was to be expected" in steps["bad"]["error"]["message"]
            kept = run["record"]["steps"]["bad"]
            assert (kept["error"], kept["code"]) == (steps["bad"]["error"]["message"], "failed")

    carried(body())


def test_a_step_that_takes_its_worker_along_is_named_as_failed(tmp_path: Path) -> None:
    nodes = {
        "good": step("troublesome.add", {"a": 1}),
        "bad": step("troublesome.crash", None, a="good.out"),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.carry_out(document({}, **nodes))
            assert run["record"]["steps"]["bad"]["code"] == "crashed"
            steps = (await client.get(f"/api/runs/{run['id']}/state"))["steps"]
            assert (steps["bad"]["state"], steps["bad"]["error"]["code"]) == ("failed", "crashed")
            assert "SIGSEGV" in steps["bad"]["error"]["message"]
            listener, _ = server.feed.join(server.feed.epoch, 0, run["id"])
            assert b'"code":"crashed"' in await listener.next()

    carried(body())


@pytest.mark.parametrize("debug", [False, True])
def test_a_traceback_is_told_only_by_a_server_that_was_asked_for_it(
    tmp_path: Path, debug: bool
) -> None:
    async def body() -> None:
        async with served(tmp_path, debug=debug) as (client, server):
            nodes = {"bad": step("troublesome.refuse", {"a": 1})}
            run = await client.carry_out(document({}, **nodes))
            listener, _ = server.feed.join(server.feed.epoch, 0, run["id"])
            assert (b"Traceback" in await listener.next()) is debug
            assert "Traceback" not in str(run["record"])

    carried(body())


def test_every_event_is_of_a_shape_in_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSEGRAPH_SECRET_CANARY", "b1f6a3c2d4e5")
    nodes = {
        "made": step("image.color", {"width": 16, "height": 8}),
        "look": step("troublesome.shown", {"seconds": 0.3}),
        "bad": step("troublesome.refuse", {"a": 1}),
        "below": step("troublesome.add", None, a="bad.out"),
        "warned": step("troublesome.blab", {"fail": False}),
    }

    async def body() -> None:
        async with served(tmp_path, debug=True) as (client, _):
            socket = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers
            )
            greeting = await socket.receive_json()
            assert set(greeting) == {"epoch", "last", "complete"}
            run = (await client.submit(document({}, **nodes)))["id"]
            await client.ask("PUT", "/api/queue", json={"paused": True})
            await client.ask("PUT", "/api/queue", json={"paused": False})
            await client.ask("PATCH", "/api/preferences", json={"preferences": {"a": 1}})
            save = {"name": "one", "workflow": document({}, **nodes)}
            await client.ask("POST", "/api/workflows", json=save)
            await client.ended(run)
            await client.ask("DELETE", f"/api/runs/{run}")
            seen: set[str] = set()
            while "forgotten" not in seen:
                message = EventMessage.model_validate(await socket.receive_json(timeout=20))
                seen |= {event.root.type for event in message.events}
            assert seen >= {
                "run", "queue", "forgotten", "library", "preferences", "step_started",
                "step_progress", "step_done", "step_failed", "step_skipped", "stored", "warning",
            }  # fmt: skip
            await socket.close()

    carried(body())


def test_a_missing_node_elsewhere_does_not_block_a_run_to_a_node(tmp_path: Path) -> None:
    """R2, as the canvas asks for it."""
    nodes = {
        "good": step("troublesome.add", {"a": 1}),
        "gone": step("missing.node", None, a="good.out"),
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            whole = document({"out": "gone.out"}, **nodes)
            assert (await client.ask("POST", "/api/runs", json={"workflow": whole}))[0] == 422
            run = await client.carry_out(whole, only=["good"])
            assert (run["state"], run["steps"], run["targets"]) == ("done", 1, ["good"])
            assert run["workflow"]["nodes"]["gone"]["type"] == "missing.node"
            body = {"workflow": whole, "only": ["nothing"]}
            status, found = await client.ask("POST", "/api/runs", json=body)
            assert status == 422, found

    carried(body())
