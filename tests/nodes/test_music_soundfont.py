"""Scores played with SoundFonts, and SoundFonts that are none."""

from __future__ import annotations

import math
import random
import struct
from time import perf_counter

import numpy as np
import pytest
from tiny_soundfont import RATE, plain, sine, soundfont

from musegraph import Context, File, Message, NodeError, Note, Score, Tempo, Track
from musegraph_nodes.music.soundfont.bank import Bank
from musegraph_nodes.music.soundfont.nodes import play_soundfont
from musegraph_nodes.music.soundfont.play import render
from musegraph_nodes.music.soundfont.riff import read

OUT = 44_100


def song(*notes: Note, program: int = 0, events: tuple[Message, ...] = ()) -> Score:
    asked = Message(0, bytes((0xC0, program)))
    return Score(480, (Track.of(notes, (asked, *events)),), (Tempo(0, 500_000),))


def sound(data: bytes, score: Score, rate: int = OUT, **more: float) -> np.ndarray:
    settings = {"tail": 1.0, "stereo": 0.0, "semitones": 0.0, **more}
    return render(score, Bank(read(data, "tiny.sf2")), rate, lambda _: None, **settings)[0]


def pitch_of(wave: np.ndarray, rate: int = OUT) -> float:
    """The frequency of the strongest partial."""
    size = 1 << 20
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    return float(np.fft.rfftfreq(size, 1 / rate)[int(power.argmax())])


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
@pytest.mark.parametrize("pitch", [33, 57, 69, 81])
def test_every_pitch_is_in_tune_within_two_cents_however_long_it_is_held(
    pitch: int, rate: int
) -> None:
    wave = sound(plain(), song(Note(0, 480 * 6, pitch)), rate)[0][rate // 2 : 3 * rate]
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    assert abs(1200 * math.log2(pitch_of(wave, rate) / wanted)) < 2
    assert wave[-rate // 4 :].std() == pytest.approx(wave[: rate // 4].std(), rel=0.02)


def test_a_loop_has_no_seam() -> None:
    wave = sound(plain(), song(Note(0, 480 * 6, 69)))[0][1000 : 2 * OUT]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    peak = int(spectrum.argmax())
    spectrum[peak - 20 : peak + 21] = 0
    assert 10 * math.log10(float(spectrum.sum())) < 10 * math.log10(float((wave**2).sum())) + 3


def test_a_note_ends_when_its_key_is_up_and_a_release_lets_it_ring() -> None:
    short = np.abs(sound(plain(), song(Note(480, 480, 69))).sum(0))
    assert short[: OUT // 2 - 10].max() == 0
    assert short[OUT + 1500 :].max() == 0
    long = soundfont([(sine(441, 1), 69, 50)], [[{54: 1, 38: 0, 53: 0}]], [(0, 0, [{41: 0}])])
    ring = np.abs(sound(long, song(Note(480, 480, 69))).sum(0))
    a, b = (ring[at : at + 2000].max() for at in (round(OUT * 1.05), round(OUT * 1.25)))
    assert 20 * math.log10(a / b) == pytest.approx(20, abs=1)  # 100 dB in a second


def test_an_envelope_rises_holds_falls_and_stays() -> None:
    zone = {54: 1, 34: -3986, 35: -3986, 36: 0, 37: 200, 53: 0}  # 0.1 s, 0.1 s, then 20 dB down
    data = soundfont([(sine(441, 1), 69, 50)], [[zone]], [(0, 0, [{41: 0}])])
    wave = np.abs(sound(data, song(Note(0, 1920, 69)))[0])

    def level(second: float) -> float:
        at = round(second * OUT)
        return 20 * math.log10(wave[at : at + 60].max())

    assert level(0.05) - level(0.15) == pytest.approx(-6, abs=0.7)
    assert level(0.15) - level(0.3) == pytest.approx(10, abs=1)
    assert level(0.15) - level(1.0) == pytest.approx(20, abs=0.3)


def test_zones_are_chosen_by_pitch_and_velocity_and_a_preset_adds_to_them() -> None:
    low, high = {43: 59 << 8, 53: 0}, {43: 127 << 8 | 60, 44: 127 << 8 | 64, 53: 1}
    data = soundfont(
        [(sine(220, 2), 57, 0), (sine(880, 2), 81, 0)],
        [[{58: 57}, low, high]],
        [(0, 0, [{51: 1}, {41: 0}])],
    )
    heard = sound(data, song(Note(0, 480, 57)))[0][:OUT]
    assert pitch_of(heard) == pytest.approx(220 * 2 ** (1 / 12), rel=1e-3)
    assert not sound(data, song(Note(0, 480, 72, 30))).any()
    strong = sound(data, song(Note(0, 480, 81, 100)))[0][: OUT // 4]
    assert pitch_of(strong) == pytest.approx(880 * 2 ** (25 / 12), rel=1e-3)  # its root is 57


def test_attenuation_pan_and_velocity_are_heard() -> None:
    made = soundfont([(sine(441, 1), 69, 50)], [[{48: 60, 17: -500, 53: 0}]], [(0, 0, [{41: 0}])])
    left, right = np.abs(sound(made, song(Note(0, 480, 69, 127)))).max(1)
    assert right < 1e-3 * left
    full = np.abs(sound(plain(), song(Note(0, 480, 69, 127)))[0]).max() * math.sqrt(2)
    assert 20 * math.log10(full / left) == pytest.approx(6, abs=0.2)
    soft = np.abs(sound(plain(), song(Note(0, 480, 69, 64)))[0]).max() * math.sqrt(2)
    assert 40 * math.log10(127 / 64) == pytest.approx(20 * math.log10(full / soft), abs=0.2)


def test_a_filter_makes_dull() -> None:
    bright = np.sign(sine(441, 1)) * 0.5
    zones = [{54: 1, 53: 0}], [{54: 1, 8: 6900, 53: 0}]
    open_, dull = (
        np.abs(np.fft.rfft(sound(soundfont([(bright, 69, 50)], [zone], [(0, 0, [{41: 0}])]),
                                 song(Note(0, 960, 69)))[0][:OUT]))
        for zone in zones
    )  # fmt: skip
    assert dull[441] == pytest.approx(open_[441] * 0.7, rel=0.25)  # its edge, at 440 Hz
    assert dull[441 * 5] < 0.06 * open_[441 * 5]


def test_drums_ring_out_and_one_of_an_exclusive_class_ends_another() -> None:
    data = plain()
    hit = np.abs(sound(data, song(Note(0, 10, 60, 100, 9)))[0])
    assert hit[round(0.2 * OUT)] + hit[round(0.2 * OUT) - 20 : round(0.2 * OUT) + 20].max() > 0.05
    hats = soundfont(
        [(sine(882, 1), 60, 0), (sine(3000, 0.1), 60, 0)],
        [[{43: 46 << 8 | 46, 58: 46, 57: 1, 53: 0}, {43: 42 << 8 | 42, 58: 42, 57: 1, 53: 1}]],
        [(128, 0, [{41: 0}])],
    )
    alone = sound(hats, song(Note(0, 10, 46, 100, 9)))[0]
    cut = sound(hats, song(Note(0, 10, 46, 100, 9), Note(240, 10, 42, 100, 9)))[0]
    late = slice(round(0.5 * OUT), round(0.9 * OUT))
    assert np.abs(alone[late]).max() > 0.1
    assert np.abs(cut[late]).max() < 1e-3


class Said(Context):
    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.shares: list[float] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def progress(self, done: float, total: float = 1.0, **_: object) -> None:
        self.shares.append(done / total)


def test_the_node_plays_as_loud_as_can_be_and_says_what_it_lacks() -> None:
    said = Said()
    made = play_soundfont(
        song(Note(0, 480, 69), Note(0, 480, 60, 90, 9), program=40), File(plain(), "tiny.sf2"), said
    )
    assert made.data.shape[:2] == (1, 2)
    assert float(made.data.abs().max()) == pytest.approx(0.89, abs=1e-3)
    assert said.warnings == ["'tiny.sf2' has no program 40 (Violin); 'preset 0' plays it"]
    assert said.shares[0] == 0
    again = play_soundfont(
        song(Note(0, 480, 69), Note(0, 480, 60, 90, 9), program=40), File(plain(), "tiny.sf2"), said
    )
    assert bool((made.data == again.data).all())
    nothing = soundfont([(sine(441, 1), 69, 50)], [[{43: 5, 53: 0}]], [(0, 0, [{41: 0}])])
    with pytest.raises(NodeError, match="has nothing that plays"):
        play_soundfont(song(Note(0, 480, 69)), File(nothing, "tiny.sf2"), said)


NONE = {
    "nothing": (b"", "is no SoundFont"),
    "a wave": (b"RIFF\x04\0\0\0WAVE", "is no SoundFont"),
    "a head alone": (b"RIFF\x04\0\0\0sfbk", "it lacks"),
    "cut off": (plain()[:-400], "is cut off"),
    "compressed": (plain(kind=0x11), "SoundFont 3"),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_soundfont_is_refused_in_words(name: str) -> None:
    data, said = NONE[name]
    with pytest.raises(NodeError, match=said):
        read(data, "some.sf2")


def test_samples_of_a_sound_card_are_left_out() -> None:
    assert read(plain(kind=0x8001), "rom.sf2").samples == [None, None]


def changed(
    data: bytes, table: bytes, row: int, size: int, at: int, layout: str, value: int
) -> bytes:
    """A file with another number in a row of a table."""
    made = bytearray(data)
    struct.pack_into(layout, made, data.index(table) + 8 + row * size + at, value)
    return bytes(made)


@pytest.mark.parametrize(
    ("table", "size", "at", "layout", "value", "said"),
    [
        (b"shdr", 46, 24, "<I", 9_999_999, "lies outside"),
        (b"shdr", 46, 20, "<I", 9_999_999, "lies outside"),
        (b"shdr", 46, 36, "<I", 1, "has a rate of 1"),
        (b"inst", 22, 20, "<H", 60_000, "do not go with each other"),
        (b"phdr", 38, 24, "<H", 60_000, "do not go with each other"),
        (b"ibag", 4, 0, "<H", 60_000, "do not go with each other"),
        (b"pgen", 4, 2, "<H", 60_000, "plays what is not there"),
        (b"shdr", -4, -4, "<I", 100_000, "is longer than the file"),
        (b"shdr", -4, -4, "<I", 47, "not so many of 46"),
    ],
)
def test_a_number_that_is_wrong_is_found_before_it_is_used(
    table: bytes, size: int, at: int, layout: str, value: int, said: str
) -> None:
    with pytest.raises(NodeError, match=said):
        read(changed(plain(), table, 0, size, at, layout, value), "some.sf2")


def test_no_file_however_damaged_does_more_than_be_refused_or_play() -> None:
    good = plain()
    tables = good.index(b"LIST", good.index(b"smpl"))
    draw = random.Random(3)
    score = song(Note(0, 480, 69), Note(0, 480, 60, 90, 9))
    refused, began = 0, perf_counter()
    for _ in range(200):
        made = bytearray(good)
        for _ in range(draw.choice((1, 2, 8))):
            made[draw.randrange(tables, len(made))] = draw.randrange(256)
        try:
            wave = sound(bytes(made), score, RATE)
            assert np.isfinite(wave).all()
        except NodeError:
            refused += 1
    assert 10 < refused < 190
    assert perf_counter() - began < 20
