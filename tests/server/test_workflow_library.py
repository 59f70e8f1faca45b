"""The library: saved with versions, renamed, duplicated, deleted into a bin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from client import carried, served
from test_runs import LIGHT


def test_a_workflow_is_kept_with_all_its_versions(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            save = {"name": "Sums", "workflow": LIGHT}
            status, saved = await client.ask("POST", "/api/workflows", json=save)
            assert (status, saved["version"]) == (201, 1)
            assert (await client.ask("POST", "/api/workflows", json=save))[0] == 409
            at = f"/api/workflows/{saved['id']}"
            changed: dict[str, Any] = {**LIGHT, "name": "other"}
            new = {"workflow": changed, "after": 1}
            status, found = await client.ask("PUT", at, json=new)
            assert (status, found["version"]) == (200, 2)
            status, found = await client.ask("PUT", at, json={"workflow": LIGHT, "after": 1})
            assert status == 409
            assert "the latest version is 2" in found["error"]["message"]
            status, found = await client.ask("PUT", at, json={"workflow": changed, "after": 2})
            assert found["version"] == 2, "nothing changed, so there is no new version"
            assert (await client.get(at))["workflow"]["name"] == "other"
            assert "name" not in (await client.get(f"{at}?version=1"))["workflow"]
            versions = (await client.get(f"{at}/versions"))["versions"]
            assert [version["number"] for version in versions] == [2, 1]
            made = await client.carry_out((await client.get(at))["workflow"])
            assert made["outputs"]["sum"]["value"] == 6

    carried(body())


def test_a_workflow_is_renamed_duplicated_and_comes_back_from_the_bin(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            save = {"name": "Sums", "workflow": LIGHT}
            _, saved = await client.ask("POST", "/api/workflows", json=save)
            at = f"/api/workflows/{saved['id']}"
            status, _ = await client.ask("POST", f"{at}/duplicate", json={"name": "Copy"})
            assert status == 201
            status, _ = await client.ask("POST", f"{at}/rename", json={"name": "Copy"})
            assert status == 409
            status, found = await client.ask("POST", f"{at}/rename", json={"name": "Old sums"})
            assert found["name"] == "Old sums"
            assert (await client.ask("DELETE", at))[0] == 204
            listed = (await client.get("/api/workflows"))["workflows"]
            assert [one["name"] for one in listed] == ["Copy"]
            binned = (await client.get("/api/workflows?deleted=true"))["workflows"]
            assert [one["id"] for one in binned] == [saved["id"]]
            assert (await client.ask("POST", f"{at}/restore"))[0] == 200
            assert len((await client.get("/api/workflows"))["workflows"]) == 2
            for _ in range(2):
                assert (await client.ask("DELETE", at))[0] == 204
            assert (await client.ask("GET", at))[0] == 404

    carried(body())


def test_what_the_canvas_keeps_for_its_user_is_changed_name_by_name(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            path = "/api/preferences"
            given = {"preferences": {"theme": "dark", "grid": {"size": 20}}}
            assert await client.ask("PATCH", path, json=given) == (200, given)
            given = {"preferences": {"theme": None, "snap": True}}
            wanted = {"preferences": {"grid": {"size": 20}, "snap": True}}
            assert await client.ask("PATCH", path, json=given) == (200, wanted)
            assert await client.get(path) == wanted
            await client.ask("PUT", "/api/queue", json={"paused": True})
            assert await client.get(path) == wanted
            assert (await client.get("/api/cache"))["groups"] == []

    carried(body())
