"""What is heard in sounds of which the truth is known; tests/soak/listening.py tries many more."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest
import torch
from bands import RATE, compose

from musegraph import Audio, Context, NodeError, Note, Score, Tempo, Track
from musegraph_nodes.audio import dance, listen
from musegraph_nodes.audio.chords import chords
from musegraph_nodes.audio.rhythm import FPS, onset_frames, pulse, seconds_of, strength, tempo_of
from musegraph_nodes.audio.tonal import chroma, keys
from musegraph_nodes.audio.tune import pitch
from musegraph_nodes.music.synth.render import render


def sound(wave: np.ndarray, rate: int = RATE) -> Audio:
    return Audio(torch.from_numpy(np.asarray(wave, np.float32)).reshape(1, 1, -1), rate)


def hits(times: list[float], seconds: float) -> np.ndarray:
    wave = np.zeros(round(seconds * RATE), np.float32)
    time = np.arange(RATE // 20) / RATE
    for at in times:
        first = round(at * RATE)
        wave[first : first + len(time)] += np.sin(2 * np.pi * 900 * time) * np.exp(-time * 90)
    return wave


def test_clicks_are_found_where_they_are() -> None:
    true = [0.4, 0.9, 1.25, 1.9, 2.1, 2.6]
    made = listen.onsets(sound(hits(true, 3)))
    assert made["times"] == pytest.approx(true, abs=0.012)


@pytest.mark.parametrize("bpm", [72.0, 96.0, 120.0, 150.0])
def test_the_tempo_of_clicks_is_found_to_a_tenth_of_a_percent(bpm: float) -> None:
    true = [0.3 + index * 60 / bpm for index in range(int(11 * bpm / 60))]
    found = pulse(hits(true, 12))
    assert found.tempo == pytest.approx(bpm, rel=1e-3)
    assert found.times == pytest.approx(true, abs=0.03)


@pytest.mark.parametrize(("seed", "style"), [(2010, "rock"), (2011, "pop"), (2014, "disco")])
def test_tempo_key_and_chords_of_a_band_are_found(seed: int, style: str) -> None:
    piece = compose(seed, style, 10)
    wave = piece.heard()
    assert pulse(wave).tempo == pytest.approx(piece.tempo, rel=0.01)
    assert keys(chroma(wave))[0][1:] == piece.key
    clean = compose(seed, style, 10, drums=False).heard()
    found = chords(chroma(clean), listen.KINDS["triads"])
    for start, end, root, minor in piece.chords:
        middle = (start + end) / 2
        said = next(one for one in found if one.start <= middle < one.end)
        assert (said.root, said.quality) == (root, "m" if minor else ""), middle


def test_a_range_of_tempos_decides_between_half_and_double() -> None:
    wave = hits([0.2 + index * 0.5 for index in range(22)], 11.5)
    slow = listen.find_beats(sound(wave), 50, 70)
    assert slow.tempo == pytest.approx(60, rel=0.01)
    with pytest.raises(NodeError, match="no room"):
        listen.find_beats(sound(wave), 100, 101)


def test_a_tempo_is_told_although_a_beat_is_missing() -> None:
    times = np.array([0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 3.5])
    assert tempo_of(times) == pytest.approx(120)


@pytest.mark.parametrize("hertz", [98.0, 220.0, 441.7, 880.0])
def test_the_pitch_of_a_voice_is_found_within_five_cents(hertz: float) -> None:
    time = np.arange(RATE) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 6)) * 0.2
    found = pitch(np.asarray(wave, np.float32), RATE, 65, 1400).hertz[15:-15]
    assert (found > 0).all()
    assert np.abs(1200 * np.log2(found / hertz)).max() < 5


def test_a_melody_is_written_down_as_it_was_played() -> None:
    played = [60, 64, 67, 72, 69, 65, 62, 59]
    notes = [Note(index * 240, 220, p) for index, p in enumerate(played)]
    score = Score(480, (Track.of(notes),), (Tempo(0, 500_000),))
    wave = render(score, RATE, lambda _: None, tail=0.5).mean(axis=0)
    found = listen.find_pitch(sound(wave), Context()).melody.notes
    assert [note.pitch for note in found] == played
    starts = [note.start / 480 for note in found]
    assert starts == pytest.approx([index / 2 for index in range(8)], abs=0.1)


def test_the_tuning_is_found_in_cents() -> None:
    time = np.arange(3 * RATE) / RATE
    wave = sum(np.sin(2 * np.pi * 440 * 2 ** ((s + 0.2) / 12) * time) for s in (0, 4, 7)) / 4
    assert listen.find_key(sound(wave)).tuning == pytest.approx(20, abs=3)


def test_chords_come_on_beats_so_that_they_can_be_played() -> None:
    piece = compose(2011, "pop", 10)
    beats = {"tempo": piece.tempo, "times": piece.beats.tolist()}
    found = listen.find_chords(sound(piece.heard()), beats).chords["chords"]
    roots = [chord[2] for chord in piece.chords]
    # A chord that is played twice in a row is one that lasts.
    assert [one["root"] for one in found] == [root for root, _ in groupby(roots)]
    lengths = [4 * len([*same]) for _, same in groupby(roots)]
    assert [one["duration"] for one in found][:-1] == lengths[:-1]  # the last one rings on


def test_silence_has_no_key_no_chords_and_no_beats() -> None:
    quiet = sound(np.zeros(4 * RATE))
    assert listen.find_beats(quiet).beats["times"] == []
    for node in (listen.find_key, listen.find_chords):
        with pytest.raises(NodeError, match="not silent"):
            node(quiet)


def test_features_for_dance_are_35_at_30_a_second_with_beats_where_they_are() -> None:
    true = [0.5 + index * 0.5 for index in range(8)]
    made = dance.dance_features(sound(hits(true, 5)), {"tempo": 120, "times": true})
    assert made.data.shape == (151, 35)
    assert made.fps == 30
    beats = np.flatnonzero(made.data[:, 34].numpy())
    assert beats.tolist() == [round(time * 30) for time in true]
    onsets = np.flatnonzero(made.data[:, 33].numpy())
    assert all(min(abs(onsets - beat)) <= 1 for beat in beats)
    lengths = made.data[:, 21:33].norm(dim=1)
    assert bool(((lengths < 1e-5) | ((lengths - 1).abs() < 1e-4)).all())


def test_mel_filters_and_decibels_follow_their_definition() -> None:
    # The mean level of white noise of power 1 does not depend on the band, by filters of one area.
    wave = np.random.default_rng(0).standard_normal(8 * 15_360).astype(np.float32)
    made = dance.features(wave, 30, np.zeros(0))[10:-10]
    assert made[:, 1].std() < 0.1 * abs(made[:, 1].mean())
    assert np.abs(made[:, 2:21].mean(axis=0)).max() < 0.15 * abs(made[:, 1].mean())


def test_parts_that_differ_are_told_apart_and_those_alike_have_one_letter() -> None:
    time = np.arange(8 * RATE) / RATE
    low = sum(np.sin(2 * np.pi * f * time) for f in (220, 277.2, 329.6)) / 4
    high = sum(np.sign(np.sin(2 * np.pi * f * time)) for f in (349.2, 440, 523.3)) / 8
    found = listen.find_structure(sound(np.concatenate((low, high, low))), {"times": []}).sections
    assert [part["letter"] for part in found] == ["A", "B", "A"]
    assert [part["start"] for part in found] == pytest.approx([0, 8, 16], abs=1.6)


def test_onsets_between_frames_are_told_finely() -> None:
    rise = strength(hits([1.0, 2.0], 3)).whole
    times = seconds_of(onset_frames(rise), rise)
    assert np.diff(times) == pytest.approx([1.0], abs=1.5 / FPS)
    assert math.isfinite(float(times.sum()))
