"""Sounds: to files and back, with facts inside, and from files that are none."""

from __future__ import annotations

import io
import math
import struct

import pytest
import soundfile
import torch

from musegraph import Audio, NodeError
from musegraph.values import files

FACTS = {"workflow": {"name": "Dämmerung 灯塔"}, "record": {"seed": 2**53 - 1}}


def tone(channels: int = 2, rate: int = 44_100, seconds: float = 0.5) -> Audio:
    time = torch.arange(int(rate * seconds)) / rate
    waves = [0.5 * torch.sin(2 * math.pi * 220 * (c + 1) * time) for c in range(channels)]
    return Audio(torch.stack(waves)[None], rate)


@pytest.mark.parametrize(
    ("kind", "apart"), [("wav", 2**-23), ("flac", 2**-23), ("ogg", 0.02), ("mp3", 0.02)]
)
def test_a_sound_comes_back_and_its_facts_leave_every_sample_as_it_was(
    kind: str, apart: float
) -> None:
    sound = tone()
    file = files.to_file(sound, "a tone", kind)
    assert (file.name, file.media) == (f"a tone.{kind}", files.SOUND_FORMATS[kind])
    told = files.embed(files.embed(file, {"old": [1] * 99}), FACTS)
    assert files.extract(told.data) == (None if kind == "ogg" else FACTS)
    again = files.read("Audio", told.data, told.media, told.name)
    assert isinstance(again, Audio)
    assert again.sample_rate == sound.sample_rate
    assert float((again.data - sound.data)[..., 2000:-2000].abs().max()) <= apart
    alone = files.read("Audio", file.data, file.media, file.name)
    assert isinstance(alone, Audio)
    assert torch.equal(again.data, alone.data)
    assert soundfile.info(io.BytesIO(told.data)).frames >= sound.data.shape[-1]


def test_a_batch_of_sounds_is_a_file_for_each() -> None:
    sounds = Audio(torch.cat([tone().data, tone().data * 0.5]), 44_100)
    assert [file.name for file in files.to_files(sounds, "x", "flac")] == ["x-1.flac", "x-2.flac"]


def test_a_format_counts_for_what_can_be_saved_in_it() -> None:
    picture = torch.zeros(1, 2, 2, 3)
    from musegraph import Image

    assert files.to_file(Image(picture), "p", "flac").name == "p.png"
    assert files.to_file(tone(), "s", "webp").name == "s.wav"
    with pytest.raises(NodeError, match="no format for pictures or sounds"):
        files.to_file(tone(), "s", "aiff")


def test_what_is_louder_than_full_scale_is_cut_off_and_no_number_refused() -> None:
    loud = files.read("Audio", files.to_file(Audio(tone().data * 9, 44_100), "l").data, "", "l")
    assert isinstance(loud, Audio)
    assert float(loud.data.abs().max()) <= 1
    with pytest.raises(NodeError, match="not numbers"):
        files.to_file(Audio(torch.full((1, 1, 9), math.nan), 8000), "n")
    with pytest.raises(NodeError, match="MP3 does not know"):
        files.to_file(tone(rate=96_000), "n", "mp3")


WAV = files.to_file(tone(1, 8000, 0.05), "w").data
FLOATS = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 44, b"WAVE", b"fmt ", 16, 3, 1, 8000, 32000, 4,
                     32, b"data", 8) + struct.pack("<2f", math.nan, math.inf)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no sound"),
        (b"RIFF\0\0\0\0WAVE", "no sound"),
        (WAV[:30], "no sound"),
        (b"fLaC" + bytes(60), "no sound"),
        (b"OggS" + bytes(60), "no sound"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "no sound"),
        (WAV[:44], "no length"),
        (FLOATS, "not numbers"),
    ],
)
def test_what_is_no_sound_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(NodeError, match=rf"'x\.wav' (is|holds).*{said}"):
        files.read("Audio", data, "audio/wav", "x.wav")


def test_a_head_that_promises_hours_takes_no_more_memory_than_there_is_sound() -> None:
    lying = bytearray(WAV)
    at = lying.index(b"data") + 4
    lying[at : at + 4] = struct.pack("<I", 0x7FFF_FF00)
    value = files.read("Audio", bytes(lying), "", "x.wav")
    assert isinstance(value, Audio)
    assert value.data.shape[-1] <= 400
