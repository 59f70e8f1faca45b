"""Sounds over HTTP: known by decoding them, and drawn from an outline that the server makes."""

from __future__ import annotations

import io
import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from client import carried, served
from test_assets import picture, upload

from musegraph.errors import NodeError
from musegraph.workers.sound import BLOCK, peaks

RATE = 8000


def samples(seconds: float = 2, channels: int = 2) -> np.ndarray[Any, Any]:
    """Noise that grows from silence, another in each channel."""
    count = int(seconds * RATE)
    noise = np.random.default_rng(5).uniform(-1, 1, (count, channels))
    return (noise * np.linspace(0, 0.9, count)[:, None]).astype(np.float32)


def sound(kind: str, data: np.ndarray[Any, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, data, RATE, format=kind, **options)
    return stream.getvalue()


def straight(data: np.ndarray[Any, Any], bins: int) -> tuple[Any, Any]:
    """Lowest and highest of equal parts, from all samples at once."""
    edges = [index * len(data) // bins for index in range(bins + 1)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    return np.array([p.min(0) for p in parts]).T, np.array([p.max(0) for p in parts]).T


@pytest.mark.parametrize("bins", [1, 7, 1000, 3000])
@pytest.mark.parametrize("count", [3000, BLOCK, 3 * BLOCK + 17])
def test_an_outline_is_that_of_all_samples_at_once(tmp_path: Path, bins: int, count: int) -> None:
    data = samples(count / RATE)
    place = tmp_path / "sound"
    place.write_bytes(sound("WAV", data, subtype="FLOAT"))
    made = peaks(place, bins)
    low, high = straight(data, bins)
    assert (made["sample_rate"], made["frames"]) == (RATE, count)
    assert np.abs(np.array(made["minima"]) - low).max() <= 0.5e-4 + 1e-9
    assert np.abs(np.array(made["maxima"]) - high).max() <= 0.5e-4 + 1e-9


def test_of_a_short_sound_there_are_no_more_parts_than_samples(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(sound("WAV", samples(5 / RATE, 1)))
    assert len(peaks(tmp_path / "s", 1000)["minima"][0]) == 5


def test_numbers_that_are_none_are_drawn_as_silence_or_full(tmp_path: Path) -> None:
    data = np.array([[np.nan], [np.inf], [-np.inf], [0.25]], np.float32)
    (tmp_path / "s").write_bytes(sound("WAV", data, subtype="FLOAT"))
    made = peaks(tmp_path / "s", 4)
    assert made["minima"] == [[0.0, 1.0, -1.0, 0.25]]
    assert made["maxima"] == [[0.0, 1.0, -1.0, 0.25]]


def test_an_hour_takes_no_more_memory_than_some_blocks(tmp_path: Path) -> None:
    minute = samples(60, 1)
    with soundfile.SoundFile(tmp_path / "hour", "w", RATE, 1, "PCM_16", format="WAV") as file:
        for _ in range(60):
            file.write(minute)
    tracemalloc.start()
    try:
        made = peaks(tmp_path / "hour", 1000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made["frames"] == 3600 * RATE
    assert most < 4 * 2**20


def test_a_header_that_promises_too_much_or_nothing_ends_soon(tmp_path: Path) -> None:
    data = bytearray(sound("WAV", samples(0.5, 1)))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 0x7FFFFFFF)
    (tmp_path / "long").write_bytes(data)
    assert len(peaks(tmp_path / "long", 100)["maxima"][0]) <= 100
    (tmp_path / "empty").write_bytes(sound("WAV", samples(0, 1)))
    with pytest.raises(NodeError, match="empty"):
        peaks(tmp_path / "empty", 100)
    (tmp_path / "junk").write_bytes(b"RIFF\0\0\0\0WAVE" + b"\xff" * 4000)
    with pytest.raises(NodeError, match="decoded"):
        peaks(tmp_path / "junk", 100)


@pytest.mark.parametrize(
    ("kind", "media"),
    [("WAV", "audio/wav"), ("FLAC", "audio/flac"), ("OGG", "audio/ogg"), ("MP3", "audio/mpeg")],
)
def test_a_sound_is_known_by_its_bytes_and_has_an_outline(
    tmp_path: Path, kind: str, media: str
) -> None:
    data = samples(1)

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            status, found = await upload(client, sound(kind, data), "song.bin")
            assert status == 201
            assert (found["media"], found["channels"]) == (media, 2)
            assert found["sample_rate"] == RATE
            assert abs(found["seconds"] - 1) < 0.3
            async with client.session.get(
                f"{client.url}/api/assets/{found['asset']}/peaks?bins=50", headers=client.headers
            ) as answer:
                made = await answer.json()
                assert answer.status == 200
                assert "immutable" in answer.headers["Cache-Control"]
            assert [len(channel) for channel in made["minima"] + made["maxima"]] == [50] * 4
            loud = np.array(made["maxima"])
            assert loud[:, :5].max() < 0.2
            assert loud[:, -10:].max() > 0.5

    carried(body())


def test_what_is_no_sound_has_no_outline_and_is_never_played(tmp_path: Path) -> None:
    fakes = {
        "riff": b"RIFF\x10\0\0\0WAVE" + b"<script>alert(1)</script>",
        "mp3": b"\xff\xfb<html><script>alert(1)</script>" * 50,
        "tag": b"ID3\x03\0\0\0\0\0\0<script>alert(1)</script>",
        "ogg": b"OggS" + b"\0" * 500,
        "flac": b"fLaC" + b"\0" * 500,
    }

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for name, data in {**fakes, "picture": picture()}.items():
                status, found = await upload(client, data, f"{name}.wav")
                assert status == 201
                assert name == "picture" or found["media"] == "application/octet-stream", name
                path = f"/api/assets/{found['asset']}/peaks"
                status, refused = await client.ask("GET", path)
                assert (status, refused["error"]["message"]) == (415, "it is no sound")
            missing = "/api/assets/blake3:" + "0" * 64 + "/peaks"
            assert (await client.ask("GET", missing))[0] == 404
            assert (await client.ask("GET", missing + "?bins=0"))[0] == 422

    carried(body())
