"""Every example gives the same over the server as from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from client import ROOT, carried, served
from stand_ins import stand_ins

from musegraph import Engine, Store
from musegraph.cli.remote import Remote, uploaded
from musegraph.workflow import Workflow

EXAMPLES = sorted((ROOT / "workflows").glob("*.json"))


def test_every_example_gives_the_same_here_and_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the identities of all named outputs, which are those of their content."""
    # No training goes on from one that an earlier run of the tests left.
    monkeypatch.setenv("MUSEGRAPH_DATA", str(tmp_path / "data here"))
    models = stand_ins(tmp_path / "models")

    async def body() -> None:
        here: dict[str, dict[str, str | None]] = {}
        with Engine(store=Store(tmp_path / "here"), models=[models]) as engine:
            for file in EXAMPLES:
                made = engine.run(engine.plan(engine.settle(Workflow.read(file), quick=True)))
                assert made.ok, file
                here[file.stem] = {name: made.identity(port) for name, port in made.ports().items()}
        async with served(tmp_path, models=(str(models),)) as (client, server):
            for file in EXAMPLES:
                workflow = Workflow.read(file)
                remote = Remote(client.url, server.token)
                sent = await asyncio.to_thread(uploaded, workflow, Engine(store=Store()), remote)
                made_there = await client.carry_out(sent.json(), quick=True)
                assert made_there["state"] == "done", made_there["error"]
                there = {name: out["identity"] for name, out in made_there["outputs"].items()}
                assert there == here[file.stem], file.stem

    carried(body())


def test_examples_are_there() -> None:
    assert len(EXAMPLES) >= 4
