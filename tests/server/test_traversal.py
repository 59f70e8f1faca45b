"""No string in a request leads to a file: each of 500 is put where one is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from client import TOYS, carried, served
from traversals import OUTSIDE, places, sent, strings

WATCHED = str(Path(__file__).with_name("watched.py"))


def test_no_string_of_a_request_leads_out_of_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each string in one place, and each place with several; the soak puts all into all."""
    canary, log = tmp_path / "canary", tmp_path / "opened"
    canary.write_text("the canary's own words")
    monkeypatch.setenv("OPENED", str(log))

    async def body() -> None:
        async with served(tmp_path, packs=(TOYS, WATCHED)) as (client, server):
            await client.ask("PUT", "/api/queue", json={"paused": True})
            before = sorted(path.name for path in tmp_path.iterdir())
            found = list(places().items())
            assert len(found) > 60
            secret = (server.token.encode(), canary.read_bytes(), b"root:x:")
            texts = strings()
            assert len(texts) == 500
            for index, text in enumerate(texts):
                name, put = found[index % len(found)]
                status, said = await sent(client, put, text)
                assert status in (200, 201, 400, 404, 405, 409, 422), (name, text, status)
                assert not any(words in said for words in secret), (name, text)
            assert sorted({path.name for path in tmp_path.iterdir()} - {"opened"}) == before
            inside = {path.name.partition(".")[0] for path in (tmp_path / "data").iterdir()}
            assert inside == {"server", "token"}

    carried(body())
    opened = log.read_text(errors="replace").splitlines()
    assert any("server" in line or "cache" in line for line in opened), "it was watched"
    assert [line for line in opened if any(part in line for part in OUTSIDE)] == []
