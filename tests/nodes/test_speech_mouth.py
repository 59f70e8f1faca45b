"""How far a mouth is open: by the loudness of speech, frame by frame."""

from __future__ import annotations

import math

import pytest
import torch

from musegraph import Audio, NodeError
from musegraph_nodes.speech.mouth import mouth

RATE = 16_000


def tone(hertz: float, seconds: float, level: float = 0.5, rate: int = RATE) -> torch.Tensor:
    time = torch.arange(round(seconds * rate)) / rate
    return level * torch.sin(2 * math.pi * hertz * time)


def sound(*pieces: torch.Tensor, rate: int = RATE) -> Audio:
    return Audio(torch.cat(pieces)[None, None], rate)


def test_it_opens_with_a_voice_and_closes_after_it() -> None:
    silence = torch.zeros(RATE)
    made = mouth(sound(silence, tone(800, 1), silence), fps=20, attack=0, release=0)
    assert len(made) == 60
    assert made[:19] == [0.0] * 19
    assert min(made[21:39]) > 0.98
    assert max(made[42:]) == 0.0


def test_it_is_half_open_half_the_decibels_below_the_loudest() -> None:
    quiet = tone(800, 1, 0.5 * 10 ** (-15 / 20))
    made = mouth(sound(tone(800, 1), quiet), fps=25, sensitivity=30, attack=0, release=0)
    assert made[45] == pytest.approx(0.5, abs=0.02)
    assert mouth(sound(tone(800, 1), quiet), sensitivity=10, release=0)[45] == 0
    louder = mouth(sound(2 * tone(800, 1), 2 * quiet), fps=25, attack=0, release=0)
    assert louder == pytest.approx(made, abs=1e-3)


def test_hum_moves_no_mouth() -> None:
    made = mouth(sound(tone(1000, 1, 0.3), tone(50, 1, 0.3)), release=0)
    assert made[10] > 0.95
    assert made[45] < 0.2


def test_it_opens_and_closes_in_the_time_that_is_asked_for() -> None:
    heard = sound(tone(800, 2), torch.zeros(2 * RATE))
    made = mouth(heard, fps=100, attack=0.2, release=0.5)
    assert made[20] == pytest.approx(1 - math.exp(-1), abs=0.05)
    assert made[200 + 50] == pytest.approx(made[200] * math.exp(-1), abs=0.03)


@pytest.mark.parametrize("rate", [8000, 1000, 44_100])
def test_there_are_as_many_frames_as_the_sound_is_long_at_any_rate(rate: int) -> None:
    made = mouth(sound(tone(200, 1.5, rate=rate), rate=rate), fps=30)
    assert len(made) == 45
    assert max(made) > 0.9
    assert mouth(sound(torch.zeros(3), rate=rate)) == [0.0]


def test_what_is_no_speech_is_refused() -> None:
    with pytest.raises(NodeError, match="too few for speech"):
        mouth(sound(torch.zeros(500), rate=500))
    with pytest.raises(NodeError, match="more than 100,000; make the sound shorter"):
        mouth(sound(torch.zeros(900_000), rate=1000), fps=120)
    with pytest.raises(NodeError, match=r"audio\.split"):
        mouth(Audio(torch.zeros(2, 1, 100), RATE))
