"""Scores from outside: what they are, and what a piano roll is drawn from."""

from __future__ import annotations

from pathlib import Path

from client import carried, served
from test_assets import picture, upload

from musegraph import Meter, Note, Score, Tempo, Track
from musegraph.values.midi import write_midi
from musegraph.workers.score import bars, roll

SONG = Score(
    480,
    (
        Track(name="Conductor"),
        Track.of([Note(0, 480, 60, 80), Note(960, 240, 64, 100)], name="Lead", end=4320),
        Track.of([Note(0, 60, 36, 127, 9)], name="Drums"),
    ),
    (Tempo(0, 500_000), Tempo(1920, 1_000_000)),
    (Meter(1920, 3, 4), Meter(4320, 0, 4)),
)


def test_a_roll_is_in_seconds_and_has_the_tracks_that_sound() -> None:
    made = roll(SONG)
    assert made["seconds"] == 2 + 5
    assert [(track["name"], track["drums"]) for track in made["tracks"]] == [
        ("Lead", False), ("Drums", True),
    ]  # fmt: skip
    assert made["tracks"][0]["notes"] == [(0.0, 0.5, 60, 80), (1.0, 0.25, 64, 100)]
    assert made["tempos"] == [(0.0, 120.0), (2.0, 60.0)]


def test_bars_follow_the_meter() -> None:
    assert bars(SONG) == [0, 1920, 3360]
    assert bars(Score(480, ())) == [0]
    assert len(bars(Score(1, (Track(end=2**28 - 1),)))) == 10_000


def test_a_midi_file_is_known_by_its_bytes_and_drawn(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, found = await upload(client, write_midi(SONG), "song.bin")
            assert (status, found["media"]) == (201, "audio/midi")
            assert (found["tracks"], found["notes"], found["seconds"]) == (3, 3, 7.0)
            status, made = await client.ask("GET", f"/api/assets/{found['asset']}/score")
            assert status == 200
            assert made["tracks"][0]["notes"][1] == [1.0, 0.25, 64, 100]
            status, _ = await client.ask("GET", f"/api/assets/{found['asset']}/peaks")
            assert status == 415
            _, other = await upload(client, picture())
            status, said = await client.ask("GET", f"/api/assets/{other['asset']}/score")
            assert (status, "it is no score" in str(said)) == (415, True)

    carried(body())


def test_a_damaged_midi_file_is_refused_when_it_is_sent(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, said = await upload(client, write_midi(SONG)[:-3], "song.mid")
            assert status == 422
            assert "cut off in track 3" in str(said)

    carried(body())
