"""Sounds: to files and back, with facts inside, and from files that are none."""

from __future__ import annotations

import io
import math
import random
import struct

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image as Pillow

from musegraph import Audio, File, Image, Motion, NodeError, Skeleton
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
    assert files.extract(told.data) == FACTS
    assert files.embed(told, {}).data == files.embed(file, {}).data  # so that it is known as saved
    again = files.read("Audio", told.data, told.media, told.name)
    assert isinstance(again, Audio)
    assert again.sample_rate == sound.sample_rate
    assert float((again.data - sound.data)[..., 2000:-2000].abs().max()) <= apart
    alone = files.read("Audio", file.data, file.media, file.name)
    assert isinstance(alone, Audio)
    assert torch.equal(again.data, alone.data)
    assert soundfile.info(io.BytesIO(told.data)).frames >= sound.data.shape[-1]


def test_equal_sounds_are_equal_files_also_in_ogg_whose_library_draws_a_number() -> None:
    assert files.to_file(tone(), "a", "ogg").data == files.to_file(tone(), "a", "ogg").data


def decoded(data: bytes) -> list[bytes]:
    """The frames of a film and the samples of its sound."""
    with av.open(io.BytesIO(data)) as box:
        return [frame.to_ndarray().tobytes() for frame in box.decode()]


def filmed(kind: str) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format=kind) as box:
        video, audio = box.add_stream("mpeg4", rate=10), box.add_stream("aac", rate=44_100)
        video.width, video.height, video.pix_fmt, audio.layout = 32, 16, "yuv420p", "mono"
        for number in range(3):
            picture = av.VideoFrame.from_ndarray(np.full((16, 32, 3), 80 * number, np.uint8))
            picture.pts = number
            box.mux(video.encode(picture))
        wave = tone(1, seconds=0.3).data[0].numpy()[:, :1024].copy()
        sound = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        sound.sample_rate = 44_100
        for part in (*audio.encode(sound), *audio.encode(None), *video.encode(None)):
            box.mux(part)
    return stream.getvalue()


def opus() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, tone(1, 48_000).data[0, 0], 48_000, format="OGG", subtype="OPUS")
    return stream.getvalue()


def test_films_opus_jpeg_and_glb_carry_facts_and_hold_what_they_held() -> None:
    jpeg = files.to_file(Image(torch.rand(1, 9, 8, 3)), "p", "jpeg").data
    unit = torch.tensor([[[1.0, 0, 0, 0]] * 2] * 3)
    body = Skeleton(("hip", "knee"), (-1, 0), ((0.0, 0.0, 0.0), (0.0, 0.4, 0.0)))
    motion = files.to_file(Motion(unit, torch.rand(3, 3), 30.0, body), "m", "glb").data
    rng = random.Random(4)
    large = {**FACTS, "long": "ä" * 99_000}  # more than a page of Ogg or a segment of JPEG holds
    for name, data, content in (
        ("mp4", filmed("mp4"), decoded),
        ("mov", filmed("mov"), decoded),
        ("opus", opus(), decoded),
        ("vorbis", files.to_file(tone(), "s", "ogg").data, decoded),
        ("jpeg", jpeg, lambda data: np.asarray(Pillow.open(io.BytesIO(data))).tolist()),
        ("glb", motion, lambda data: files.read_motion(data, "x").positions().tolist()),
    ):
        once = files.embed(File(data, name), large).data
        again = files.embed(files.embed(File(once, name), {"old": 1}), FACTS).data
        assert files.extract(data) is None, name
        assert (files.extract(once), files.extract(again)) == (large, FACTS), name
        assert again == files.embed(File(data, name), FACTS).data, name
        assert content(once) == content(again) == content(data), name
        for _ in range(60):  # damaged anywhere: read or left alone
            hit = bytearray(again[: rng.randrange(len(again) + 1)])
            for _ in range(rng.randrange(4) if hit else 0):
                hit[rng.randrange(len(hit))] = rng.randrange(256)
            files.extract(files.embed(File(bytes(hit), name), FACTS).data)


def test_a_box_without_a_length_is_told_how_far_it_goes_before_facts_come_after_it() -> None:
    film = b"\0\0\0\x10ftypisom\0\0\2\0" + b"\0\0\0\0mdat" + bytes(9)
    told = files.embed(File(film, "x"), FACTS).data
    assert told.startswith(film[:16] + b"\0\0\0\x11mdat" + bytes(9))
    assert files.extract(told) == FACTS


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
        (WAV[:24] + struct.pack("<I", 0) + WAV[28:], "no sound"),
        (b"\0\0\0\x18ftypisom" + bytes(99), "no film"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "no film"),
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
