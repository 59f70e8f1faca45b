"""How scores sound: in tune, in time, by their instruments, and never too loud."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from musegraph import Audio, Engine, Message, Note, Registry, Score, Store, Tempo, Track, Workflow
from musegraph.values import identity
from musegraph_nodes.music import pack
from musegraph_nodes.music.synth.render import INSTRUMENTS, instrument_of, levelled, render, room

RATE = 22_050


def song(*notes: Note, program: int = 0, events: tuple[Message, ...] = ()) -> Score:
    asked = Message(0, bytes((0xC0, program)))
    return Score(480, (Track.of(notes, (asked, *events)),), (Tempo(0, 500_000),))


def sound(score: Score, **more: float) -> np.ndarray:
    return render(score, RATE, lambda _: None, **more)


def cents(wave: np.ndarray, wanted: float, rate: int) -> float:
    """How far the strongest partial near a pitch is from it; of many voices, their middle."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19)) ** 2
    pitches = np.fft.rfftfreq(1 << 19, 1 / rate)
    near = np.abs(1200 * np.log2(np.maximum(pitches, 1) / wanted)) < 40
    strong = near & (power > power[near].max() * 0.05)
    middle = float((pitches[strong] * power[strong]).sum() / power[strong].sum())
    return 1200 * math.log2(middle / wanted)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_is_in_tune_over_its_range(name: str) -> None:
    for pitch in (28, 36, 45, 57, 64, 76, 84, 91):
        wanted = 440 * 2 ** ((pitch - 69) / 12)
        wave = INSTRUMENTS[name].tone(wanted, 0.7, 2.2, RATE)[RATE // 10 :]
        assert abs(cents(wave, wanted, RATE)) < 2, pitch
        assert np.isfinite(wave).all()


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_stronger_is_brighter_or_louder_and_no_tone_is_beyond_all_bounds(name: str) -> None:
    tone = INSTRUMENTS[name].tone
    soft, strong = tone(220, 0.2, 0.5, RATE), tone(220, 0.9, 0.5, RATE)
    assert not np.array_equal(soft, strong) or name == "organ"
    assert float(np.abs(strong).max()) * INSTRUMENTS[name].gain < 1.5
    assert np.array_equal(strong, tone(220, 0.9, 0.5, RATE))


def test_every_program_of_general_midi_has_an_instrument() -> None:
    assert {instrument_of(program) for program in range(128)} == {*INSTRUMENTS}
    assert [instrument_of(p) for p in (0, 14, 24, 33, 48, 61, 73, 80, 89)] == [
        "piano", "bell", "guitar", "bass", "strings", "brass", "flute", "lead", "pad",
    ]  # fmt: skip


def test_a_note_begins_and_ends_when_it_should() -> None:
    wave = np.abs(sound(song(Note(480, 480, 60), program=16)).sum(0))  # an organ, from 0.5 to 1 s
    assert wave[: RATE // 2 - 10].max() == 0
    assert wave[RATE // 2 + 200 : RATE - 10].max() > 0.1
    assert wave[int(RATE * 1.1) :].max() == 0


def test_the_pedal_holds_what_was_struck() -> None:
    down, up = Message(0, b"\xb0\x40\x7f"), Message(1920, b"\xb0\x40\x00")
    dry, held = (sound(song(Note(0, 240, 60), events=e)) for e in ((), (down, up)))
    late = slice(RATE, int(RATE * 1.8))
    assert np.abs(dry[:, late]).max() == 0
    assert np.abs(held[:, late]).max() > 0.01


def test_volume_and_place_are_heard() -> None:
    left = sound(song(Note(0, 480, 60), events=(Message(0, b"\xb0\x0a\x00"),)))
    assert np.abs(left[1]).max() < 0.01 * np.abs(left[0]).max()
    quiet = sound(song(Note(0, 480, 60), events=(Message(0, b"\xb0\x07\x32"),)))
    loud = sound(song(Note(0, 480, 60)))
    assert np.abs(quiet).max() == pytest.approx(0.25 * np.abs(loud).max(), rel=1e-3)
    mono = sound(Score(480, tuple(song(Note(0, 480, p)).tracks[0] for p in (60, 64))), stereo=0)
    assert np.array_equal(mono[0], mono[1])


def test_drums_are_drums_whatever_their_program() -> None:
    kick, hat = (sound(song(Note(0, 120, pitch, 100, 9), program=48)) for pitch in (36, 42))
    low, high = (
        np.abs(np.fft.rfft(wave[0], 8192))[: int(200 / RATE * 8192)].sum()
        / np.abs(np.fft.rfft(wave[0], 8192)).sum()
        for wave in (kick, hat)
    )
    assert low > 0.3
    assert high < 0.05
    for pitch in range(27, 88):
        assert np.abs(sound(song(Note(0, 120, pitch, 127, 9)))).max() > 0.05, pitch


def test_nothing_clips_and_a_room_adds_what_it_should() -> None:
    crowd = song(*[Note(0, 960, pitch, 127) for pitch in range(30, 100)])
    mix = sound(crowd)
    assert np.abs(mix).max() > 1
    made = levelled(room(mix, RATE, 0.5, 1.0))
    assert np.abs(made).max() == pytest.approx(0.89, abs=1e-3)
    assert np.array_equal(room(mix, RATE, 0.0, 1.0), mix)
    assert not levelled(np.zeros((2, 9), np.float32)).any()
    click = np.zeros((2, RATE * 2), np.float32)
    click[:, 0] = 1
    tail = room(click, RATE, 1.0, 1.0)[0].astype(np.float64) ** 2
    fall = 10 * math.log10(tail[int(0.2 * RATE) : int(0.25 * RATE)].sum()
                           / tail[int(0.7 * RATE) : int(0.75 * RATE)].sum())  # fmt: skip
    assert 24 < fall < 38  # 60 dB a second


def engine() -> Engine:
    registry = Registry()
    registry.add(pack)
    return Engine(registry, Store())


def played(**values: object) -> Audio:
    nodes = {
        "chords": {"type": "music.chords", "values": {"text": "Am F"}},
        "score": {"type": "music.voice_chords", "links": {"chords": "chords.out"}},
        "play": {"type": "music.render", "values": values, "links": {"score": "score.out"}},
    }
    with engine() as made:
        work = Workflow.parse({"musegraph": 1, "outputs": {"o": "play.out"}, "nodes": nodes})
        heard = made.run(made.plan(work)).outputs()["o"]
    assert isinstance(heard, Audio)
    return heard


def test_the_node_plays_and_the_same_score_gives_the_same_samples() -> None:
    one = played(sample_rate=16_000)
    assert identity(one) == identity(played(sample_rate=16_000))
    assert one.data.shape[:2] == (1, 2)
    assert one.data.dtype == torch.float32
    assert one.data.shape[-1] / 16_000 == pytest.approx(2 * 4 * 0.6 + 1.8, abs=0.1)
    assert float(one.data.abs().max()) <= 0.9
