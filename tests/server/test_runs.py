"""Runs over HTTP: the same files with the same results, and a queue that one can rely on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from client import Client, carried, served

from musegraph import run as run_here
from musegraph.server.recorded import RunRecord, StepRecord

LIGHT = {
    "musegraph": 1,
    "inputs": {"a": {"to": ["one.a"], "default": 2}},
    "outputs": {"sum": "two.out"},
    "nodes": {
        "one": {"type": "troublesome.add", "values": {"b": 3}},
        "two": {"type": "troublesome.add", "values": {"b": 1}, "links": {"a": "one.out"}},
    },
}


def slow(seconds: float, number: float = 0, log: str = "") -> dict[str, Any]:
    values = {"a": number, "seconds": seconds, "log": log}
    return {
        "musegraph": 1,
        "outputs": {"out": "wait.out"},
        "nodes": {"wait": {"type": "troublesome.slow", "values": values}},
    }


def test_a_submitted_run_gives_what_the_same_file_gives_here(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(LIGHT, inputs={"a": 10})
            assert made["state"] == "done"
            assert made["outputs"]["sum"]["value"] == 14
            assert made["record"]["steps"]["two"]["status"] == "done"
            again = await client.carry_out(LIGHT, inputs={"a": 10})
            assert again["outputs"] == made["outputs"]
            assert again["record"]["steps"]["two"]["status"] == "cached"
            assert again["record"]["steps"]["two"]["tier"] == "host"
            asked = {"workflow": LIGHT, "inputs": {"a": 10}}
            _, planned = await client.ask("POST", "/api/plan", json=asked)
            assert {step["id"]: step["tier"] for step in planned["steps"]}["two"] == "host"

    carried(body())


def test_a_record_is_as_the_interface_describes_it(tmp_path: Path) -> None:
    document = {
        "musegraph": 1,
        "outputs": {"mean": "grey.out"},
        "nodes": {
            "fill": {"type": "image.color", "values": {"width": 300, "height": 300}},
            "grey": {"type": "image.to_grayscale", "links": {"image": "fill.out"}},
            "bad": {"type": "troublesome.refuse", "values": {"a": 1}},
        },
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for _again in range(2):
                record = (await client.carry_out(document, only=["grey", "bad"]))["record"]
                RunRecord.model_validate(record)
                assert record.keys() == RunRecord.model_fields.keys()
                for facts in record["steps"].values():
                    assert facts.keys() <= StepRecord.model_fields.keys()
            assert record["steps"]["grey"]["tier"] == "host"

    carried(body())


def test_pictures_are_kept_as_files_with_the_workflow_in_them(tmp_path: Path) -> None:
    document = {
        "musegraph": 1,
        "outputs": {"picture": "fill.out"},
        "nodes": {
            "fill": {
                "type": "image.color",
                "values": {"width": 40, "height": 30, "color": "#336699"},
            }
        },
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(document)
            assert made["state"] == "done", made["error"]
            (file,) = made["outputs"]["picture"]["files"]
            assert (file["name"], file["media"]) == ("picture.png", "image/png")
            status, data = await client.ask("GET", f"/api/assets/{file['asset']}")
            assert status == 200
            place = tmp_path / "picture.png"
            place.write_bytes(data)
            from musegraph.workflow import Workflow

            assert Workflow.read(place).nodes["fill"].type == "image.color"
            here = run_here(document, cache=tmp_path / "other")["picture"]
            from musegraph.values.codec import identity

            assert made["outputs"]["picture"]["identity"] == identity(here)
            again = await client.carry_out(document)
            assert again["outputs"] == made["outputs"]

    carried(body())


def test_a_workflow_with_problems_never_comes_into_the_queue(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            wrong = {"musegraph": 1, "nodes": {"a": {"type": "troublesome.ad"}}}
            status, found = await client.ask("POST", "/api/runs", json={"workflow": wrong})
            assert status == 422
            (problem,) = found["error"]["problems"]
            assert (problem["node"], problem["code"]) == ("a", "unknown-type")
            assert (await client.get("/api/queue"))["counts"] == {}

    carried(body())


def test_a_submission_sent_again_is_the_same_run(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            body = {"workflow": LIGHT, "key": "mine"}
            answers = await asyncio.gather(
                *(client.ask("POST", "/api/runs", json=body) for _ in range(50))
            )
            assert sorted(status for status, _ in answers) == [200] * 49 + [201]
            assert len({found["id"] for _, found in answers}) == 1
            other = {**body, "inputs": {"a": 7}}
            status, found = await client.ask("POST", "/api/runs", json=other)
            assert status == 409
            assert found["error"]["code"] == "conflict"

    carried(body())


def test_a_node_that_fails_fails_its_run_by_name_and_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            bad = {
                "musegraph": 1,
                "nodes": {"no": {"type": "troublesome.refuse", "values": {"a": 1}}},
            }
            made = await client.carry_out(bad)
            assert made["state"] == "failed"
            assert made["error"] == "no: ValueError: this was to be expected"
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


async def paused(client: Client, wanted: bool) -> None:
    status, _ = await client.ask("PUT", "/api/queue", json={"paused": wanted})
    assert status == 200


def test_a_paused_queue_is_moved_cancelled_and_goes_on_in_its_new_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await paused(client, True)
            log = tmp_path / "log"
            ids = [(await client.submit(slow(0.01, number, str(log))))["id"] for number in range(6)]
            urgent = await client.submit(slow(0.01, 6, str(log)), priority=5)
            status, _ = await client.ask(
                "POST", f"/api/runs/{ids[4]}/move", json={"before": ids[1]}
            )
            assert status == 200
            status, _ = await client.ask("POST", f"/api/runs/{ids[0]}/move", json={})
            assert status == 200
            status, found = await client.ask("POST", "/api/runs/cancel", json={"runs": [ids[3]]})
            assert found == {"cancelled": [ids[3]], "stopping": []}
            queue = await client.get("/api/queue")
            assert queue["paused"]
            assert [run["id"] for run in queue["runs"]] == [
                urgent["id"], ids[4], ids[1], ids[2], ids[5], ids[0],
            ]  # fmt: skip
            await paused(client, False)
            await client.ended(ids[0])
            assert log.read_text().split() == ["6.0", "4.0", "1.0", "2.0", "5.0", "0.0"]
            history = await client.get("/api/runs")
            assert len(history["runs"]) == 7
            assert (await client.get("/api/runs?state=cancelled"))["runs"][0]["id"] == ids[3]

    carried(body())


def test_a_run_that_is_cancelled_ends_soon_and_says_so(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.submit(slow(60))
            while server.dispatcher.workers["main"].run is None:
                await asyncio.sleep(0.01)
            _, found = await client.ask("POST", "/api/runs/cancel", json={})
            assert found == {"cancelled": [], "stopping": [run["id"]]}
            made = await client.ended(run["id"], 5)
            assert made["state"] == "cancelled"
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


def test_a_run_in_the_history_can_be_forgotten_and_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(LIGHT)
            await paused(client, True)
            waiting = await client.submit(LIGHT)
            assert (await client.ask("DELETE", f"/api/runs/{waiting['id']}"))[0] == 409
            assert (await client.ask("DELETE", f"/api/runs/{made['id']}"))[0] == 204
            assert (await client.ask("GET", f"/api/runs/{made['id']}"))[0] == 404

    carried(body())


def test_no_text_from_a_client_becomes_a_path(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    picture = {
        "musegraph": 1,
        "inputs": {"photo": {"to": ["small.image"]}},
        "nodes": {"small": {"type": "image.resize", "values": {"width": 8, "height": 8}}},
    }
    model: Any = {
        "musegraph": 1,
        "nodes": {"model": {"type": "diffusion.load", "values": {"source": ""}}},
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for value in (str(secret), {"file": "secret.png"}, {"file": "../secret.png"}):
                wanted = {"workflow": picture, "inputs": {"photo": value}}
                status, found = await client.ask("POST", "/api/runs", json=wanted)
                assert status == 422, found
                assert ("upload" in found["error"]["message"]) == isinstance(value, str)
            for source in (str(tmp_path), "../x", "starter/../../x", "~/x", "C:x", "a\\..\\b"):
                model["nodes"]["model"]["values"]["source"] = source
                status, found = await client.ask("POST", "/api/runs", json={"workflow": model})
                assert status == 422
                assert "is a path" in found["error"]["message"]

    carried(body())


async def listened(client: Client) -> aiohttp.ClientWebSocketResponse:
    return await client.session.ws_connect(client.url + "/api/events", headers=client.headers)


def test_who_listens_hears_of_every_change_in_order_and_can_come_back(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            socket = await listened(client)
            hello = await socket.receive_json()
            assert hello == {"epoch": server.feed.epoch, "last": 0, "complete": False}
            run = await client.carry_out(LIGHT)
            heard: list[dict[str, Any]] = []
            while not heard or heard[-1].get("facts", {}).get("state") != "done":
                heard += (await socket.receive_json())["events"]
            await socket.close()
            states = [e["facts"]["state"] for e in heard if e["type"] == "run"]
            assert states == ["queued", "running", "done"]
            steps = [(e["type"], e["node"]) for e in heard if e["type"].startswith("step")]
            assert steps == [
                ("step_started", "one"), ("step_done", "one"),
                ("step_started", "two"), ("step_done", "two"),
            ]  # fmt: skip
            numbers = [e["number"] for e in heard]
            assert numbers == list(range(1, len(heard) + 1))
            assert all(e["run"] == run["id"] for e in heard)
            url = f"{client.url}/api/events?epoch={hello['epoch']}&after=3"
            back = await client.session.ws_connect(url, headers=client.headers)
            assert (await back.receive_json())["complete"] is True
            assert (await back.receive_json())["events"] == heard[3:]
            await back.close()
            other = f"{client.url}/api/events?epoch={'0' * 16}&after=3"
            strange = await client.session.ws_connect(other, headers=client.headers)
            assert (await strange.receive_json())["complete"] is False
            await strange.close()

    carried(body())


def test_a_run_can_be_moved_as_often_as_one_likes(tmp_path: Path) -> None:
    """Between two runs there is always another place, also where numbers would run out."""

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await paused(client, True)
            ids = [(await client.submit(LIGHT, inputs={"a": n}))["id"] for n in range(3)]
            for turn in range(130):
                moved = ids[turn % 2]
                answer = await client.ask(
                    "POST", f"/api/runs/{moved}/move", json={"before": ids[2]}
                )
                assert answer[0] == 200
                listed = [run["id"] for run in (await client.get("/api/queue"))["runs"]]
                assert listed == [ids[(turn + 1) % 2], moved, ids[2]]

    carried(body())


def test_a_file_that_is_not_there_is_named_wherever_the_document_names_it(tmp_path: Path) -> None:
    asset = {"asset": "blake3:" + "0" * 64, "name": "gone.png", "media": "image/png"}
    node = {"type": "image.resize", "values": {"image": asset, "width": 8, "height": 8}}
    plain = {"musegraph": 1, "nodes": {"small": node}}
    inner = {"nodes": {"small": node}, "inputs": {}, "outputs": {"out": "small.out"}}
    nested = {"musegraph": 1, "nodes": {"part": {"type": "graph:g"}}, "graphs": {"g": inner}}

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for document in (plain, nested):
                status, found = await client.ask("POST", "/api/runs", json={"workflow": document})
                assert status == 422
                assert "gone.png" in found["error"]["message"]

    carried(body())
