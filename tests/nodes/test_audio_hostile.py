"""Sounds that mean no good: absurd rates and numbers of channels, refused or handled at once."""

from __future__ import annotations

import re
import struct
from time import thread_time

import pytest
from test_audio import rows, strongest, tone

from musegraph import File, NodeError
from musegraph.values.sounds import decode_sound
from musegraph_nodes.audio import files
from musegraph_nodes.audio.samples import at_rate, mono


def riff(rate: int, channels: int, frames: int = 200) -> bytes:
    """A WAV of 16 bits whose head says what it is told to."""
    body = b"\0\1" * (channels * frames)
    size = channels * 2
    head = struct.pack("<HHIIHH", 1, channels, rate, rate * size & 0xFFFFFFFF, size & 0xFFFF, 16)
    whole = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(body))
    return b"RIFF" + struct.pack("<I", len(whole) + len(body)) + whole + body


HEADS = {
    "no samples a second": (0, 1, "damaged"),
    "one sample a second": (1, 1, "says that it has 1 samples a second; sounds from 1,000 to"),
    "more than can be": (2**31, 1, "damaged"),
    "as many as can be": (2**31 - 1, 1, "says that it has 2,147,483,647 samples a second"),
    "all bits": (2**32 - 1, 2, "damaged"),
    "no channels": (48_000, 0, "damaged"),
    "more channels than there are": (48_000, 1025, "damaged"),
    "all bits of the channels": (48_000, 65_535, "damaged"),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_sound_with_an_absurd_head_is_refused_in_words_and_at_once(head: str) -> None:
    rate, channels, why = HEADS[head]
    data = riff(rate, channels)
    start = thread_time()
    with pytest.raises(NodeError, match=re.escape(why)) as refused:
        decode_sound(data, "odd.wav")
    assert thread_time() - start < 1
    assert "'odd.wav'" in str(refused.value)


@pytest.mark.parametrize("channels", [64, 65, 256])
def test_a_sound_of_very_many_channels_is_read_heard_and_measured(channels: int) -> None:
    samples, _ = decode_sound(riff(48_000, channels, 4800), "many.wav")
    assert tuple(samples.shape) == (1, channels, 4800)
    start = thread_time()
    heard = files.open_file(File(riff(48_000, channels, 4800), "many.wav", "audio/wav"))
    assert mono(heard, 22_050).shape == (2205,)
    assert at_rate(heard, 44_100).data.shape == (1, channels, 4410)
    assert thread_time() - start < 1


@pytest.mark.parametrize("rate", [1009, 44_101, 767_957])
def test_rates_that_share_no_divisor_are_resampled_at_once(rate: int) -> None:
    sound = tone(200, 0.5, -6, rate)
    start = thread_time()
    made = at_rate(sound, 22_050)
    assert thread_time() - start < 1
    assert made.data.shape[-1] == pytest.approx(sound.data.shape[-1] * 22_050 / rate, abs=2)
    assert strongest(rows(made)[0, 1000:-1000], 22_050) == pytest.approx(200, abs=0.5)
