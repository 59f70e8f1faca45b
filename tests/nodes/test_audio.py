"""Sounds: loudness by the standard, what is cut, mixed and shaped, and pictures of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from musegraph import Audio, Context, Image, NodeError, Registry
from musegraph_nodes import audio as sound
from musegraph_nodes.audio import edit, effects, files, levels, pictures, vocoder
from musegraph_nodes.audio.loudness import integrated, measure, peaks, weighted
from musegraph_nodes.audio.samples import at_rate

RATE = 48_000


def tone(
    hertz: float, seconds: float, level: float = 0.0, rate: int = RATE, channels: int = 1
) -> Audio:
    """A sine of so many decibels of full scale."""
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level / 20) * np.sin(2 * np.pi * hertz * time)
    return Audio(torch.from_numpy(np.tile(wave, (1, channels, 1)).astype(np.float32)), rate)


def rows(made: Audio) -> np.ndarray:
    return made.data[0].numpy()


def strongest(wave: np.ndarray, rate: int) -> float:
    """The Hz of the strongest partial, between the bins."""
    size = 1 << 19
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    return float(np.fft.rfftfreq(size, 1 / rate)[power.argmax()])


def rms(wave: np.ndarray) -> float:
    return 20 * math.log10(math.sqrt(float((wave.astype(np.float64) ** 2).mean())) + 1e-12)


# -- loudness: ITU-R BS.1770-4 and EBU Tech 3341 ------------------------------------------------


def test_the_filters_at_48_khz_are_those_that_the_standard_prints() -> None:
    click = np.zeros(4)
    click[0] = 1
    # Tables 1 and 2 of annex 1, worked out by hand for the first samples of the answer.
    first = 1.53512485958697
    second = -2.69169618940638 - first * (-1.69065929318241) + first * (-2 + 1.99004745483398)
    assert weighted(click, RATE)[:2] == pytest.approx([first, second], abs=1e-7)


@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000, 96_000])
def test_a_sine_of_997_hz_at_full_scale_in_one_channel_is_3_01_below(rate: int) -> None:
    assert integrated(rows(tone(997, 3, 0, rate)), rate) == pytest.approx(-3.01, abs=0.02)
    both = rows(tone(997, 3, 0, rate, 2))
    assert integrated(both, rate) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (((-23.0, 20),), -23.0),
        (((-33.0, 20),), -33.0),
        (((-36.0, 10), (-23.0, 60), (-36.0, 10)), -23.0),
        (((-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)), -23.0),
        (((-26.0, 20), (-20.0, 20.1), (-26.0, 20)), -23.0),
    ],
    ids=["1", "2", "3", "4", "5"],
)
def test_the_sequences_of_ebu_tech_3341_measure_as_they_should(
    parts: tuple[tuple[float, float], ...], wanted: float
) -> None:
    # At 8 kHz, which weighs a tone of 1 kHz in another way, so that the test takes no time: the
    # gates are what is tested here. What the tone itself measures is taken out.
    rate = 8000
    wave = np.concatenate([rows(tone(1000, s, level, rate, 2)) for level, s in parts], axis=1)
    off = integrated(rows(tone(1000, 3, -23.0, rate, 2)), rate) + 23
    assert integrated(wave, rate) - off == pytest.approx(wanted, abs=0.1)


def test_surrounds_count_more_and_the_low_channel_not_at_all() -> None:
    rate = 48_000
    each = [rows(tone(1000, 3, level))[0] for level in (-28, -28, -24, 0, -30, -30)]
    assert integrated(np.stack(each), rate) == pytest.approx(-23.0, abs=0.1)  # EBU 3341, case 6


def test_the_range_of_a_sequence_is_that_of_ebu_tech_3342() -> None:
    rate = 8000
    wave = np.concatenate([rows(tone(1000, 20, level, rate, 2)) for level in (-20, -30)], axis=1)
    assert measure(wave, rate).range == pytest.approx(10, abs=1)


def test_a_peak_between_the_samples_is_found() -> None:
    time = np.arange(4800)
    wave = np.sin(2 * np.pi * time / 4 + np.pi / 4)[None].astype(np.float32)
    assert np.abs(wave).max() == pytest.approx(0.7071, abs=1e-3)
    assert peaks(wave, RATE)[200:-200].max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("target", [-14.0, -23.0])
def test_a_sound_is_brought_to_a_loudness_with_its_peaks_held(target: float) -> None:
    draw = np.random.default_rng(1).standard_normal((1, 2, 3 * RATE)) * 0.02
    draw[..., :: RATE // 2] = 0.9
    made = levels.normalise(
        Audio(torch.from_numpy(draw.astype(np.float32)), RATE), Context(), target
    )
    found = measure(rows(made), RATE)
    assert found.integrated == pytest.approx(target, abs=0.1)
    assert found.peak <= -0.99


def test_silence_has_no_loudness_and_stays_silent() -> None:
    quiet = Audio(torch.zeros(1, 1, RATE), RATE)
    assert integrated(rows(quiet), RATE) == -120
    assert not levels.normalise(quiet, Context()).data.any()


# -- cut, mixed, placed ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_resampling_keeps_a_tone_and_its_loudness_and_folds_nothing(rate: int) -> None:
    made = at_rate(tone(1234, 1, -6), rate)
    assert made.data.shape[-1] == rate
    middle = rows(made)[0, rate // 10 : -rate // 10]
    assert strongest(middle, rate) == pytest.approx(1234, abs=0.3)
    assert rms(middle) == pytest.approx(-9.03, abs=0.02)
    if rate == 16_000:
        folded = rows(at_rate(tone(11_000, 1), rate))[0, 2000:-2000]
        assert rms(folded) < -85


def test_what_is_trimmed_is_the_stretch_that_was_asked_for() -> None:
    ramp = Audio(torch.arange(1000.0).reshape(1, 1, 1000) / 1000, 1000)
    made = edit.trim(ramp, 0.2, 0.3)
    assert torch.equal(made.data, ramp.data[:, :, 200:500])
    with pytest.raises(NodeError, match="start earlier"):
        edit.trim(ramp, 2.0)


def test_silence_around_a_sound_is_cut() -> None:
    wave = torch.zeros(1, 1, 3000)
    wave[..., 1000:2000] = 0.5
    assert edit.trim_silence(Audio(wave, 1000), -60, 0.0).data.shape[-1] == 1000


def test_sounds_cross_with_equal_power_and_keep_their_length() -> None:
    one, two = tone(400, 1, rate=8000), tone(410, 1, rate=8000)
    made = edit.join([one, two], 0.5)
    assert made.data.shape[-1] == 12_000
    assert edit.join([one, two], -0.5).data.shape[-1] == 20_000
    same = edit.join([one, one], 1.0, "linear")
    assert torch.allclose(same.data, one.data, atol=1e-5)


def test_a_mix_is_the_sum_at_levels_and_times() -> None:
    one, two = tone(300, 1, -20, 8000), tone(500, 0.5, -20, 8000, 2)
    made = edit.mix([one, two], [0, -6.0206], [0, 0.25])
    wanted = np.repeat(rows(one), 2, 0)
    wanted[:, 2000:6000] += rows(two) / 2
    assert rows(made) == pytest.approx(wanted, abs=1e-5)
    with pytest.raises(NodeError, match="3 numbers for 2 sounds"):
        edit.mix([one, two], [0, 0, 0])


def test_a_panned_sound_keeps_its_power() -> None:
    mono = tone(300, 1, -12, 8000)
    powers = []
    for place in (-1.0, -0.5, 0.0, 0.7, 1.0):
        left, right = rows(edit.pan(mono, place))
        powers.append(10 * math.log10((left**2).mean() + (right**2).mean()))
    assert max(powers) - min(powers) < 0.01
    assert np.abs(rows(edit.pan(mono, -1.0))[1]).max() < 1e-6


def test_files_keep_24_bits_and_a_lossless_format_has_no_quality() -> None:
    made = files.save(tone(440, 0.1, -6), "a", "flac")
    assert torch.allclose(files.open_file(made[0]).data, tone(440, 0.1, -6).data, atol=2e-7)
    with pytest.raises(NodeError, match="no quality"):
        files.save(tone(440, 0.1), "a", "wav", 90)


# -- shaped ---------------------------------------------------------------------------------------


def gain_at(hertz: float, **asked: float) -> float:
    made = effects.equalise(tone(hertz, 0.5, -20), **asked)
    return rms(rows(made)[0, RATE // 10 :]) - rms(rows(tone(hertz, 0.5, -20))[0, RATE // 10 :])


def test_the_equaliser_raises_and_cuts_what_it_says() -> None:
    assert gain_at(30, low=6.0) == pytest.approx(6, abs=0.3)
    assert gain_at(5000, low=6.0) == pytest.approx(0, abs=0.1)
    assert gain_at(1000, middle=-9.0) == pytest.approx(-9, abs=0.05)
    assert gain_at(15_000, high=4.0) == pytest.approx(4, abs=0.3)
    assert gain_at(200, high=4.0) == pytest.approx(0, abs=0.1)
    assert gain_at(100, cut_below=200.0) < -22
    assert gain_at(8000, cut_above=2000.0) < -44


def test_the_compressor_holds_what_is_above_its_threshold() -> None:
    made = effects.compress(tone(1000, 1, -8), -20, 4.0, 5, 50, knee=0)
    assert np.abs(rows(made)[0, RATE // 2 :]).max() == pytest.approx(10 ** (-17 / 20), rel=0.02)
    soft = tone(1000, 1, -40)
    assert torch.allclose(effects.compress(soft).data, soft.data, atol=1e-6)


def test_a_limiter_never_lets_a_peak_beyond() -> None:
    draw = np.random.default_rng(3).standard_normal((1, 2, RATE)) * 0.03
    draw[..., 5000::9000] = 0.9
    made = levels.limit(Audio(torch.from_numpy(draw.astype(np.float32)), RATE), 12.0, -3.0)
    assert measure(rows(made), RATE).peak <= -2.98
    # Away from the peaks it is raised by all that was asked.
    assert rms(rows(made)[:, 1000:4000]) == pytest.approx(rms(draw[0, :, 1000:4000]) + 12, abs=0.1)


def test_a_room_dies_away_in_the_time_that_it_was_given() -> None:
    click = torch.zeros(1, 1, 4800)
    click[..., 0] = 1
    made = effects.reverb(Audio(click, RATE), 1.0, 1.0, 0, 0.0)
    tail = rows(made)[0].astype(np.float64) ** 2
    early, late = (tail[round(t * RATE) : round((t + 0.1) * RATE)].sum() for t in (0.2, 0.7))
    assert 10 * math.log10(early / late) == pytest.approx(30, abs=3)
    dry = effects.reverb(Audio(click, RATE), 1.0, 0.0, 0, 0.0)
    assert rows(dry)[:, 0] == pytest.approx([1, 1], abs=1e-6)


def test_echoes_come_when_they_should_and_each_is_softer() -> None:
    click = torch.zeros(1, 1, 1000)
    click[..., 0] = 1
    made = rows(effects.echo(Audio(click, 8000), 100, 0.5, 0.5, False, 0.0))[0]
    assert made[[0, 800, 1600, 2400]] == pytest.approx([1, 1, 0.5, 0.25], abs=1e-5)


def test_saturation_adds_odd_partials_and_folds_nothing() -> None:
    made = rows(effects.drive(tone(5000, 0.5, -3), 18))[0, 4000:-4000]
    power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    pitches = np.fft.rfftfreq(len(made), 1 / RATE)
    odd = (np.abs(pitches - 5000) < 60) | (np.abs(pitches - 15_000) < 60)
    assert power[~odd].sum() / power.sum() < 1e-6
    assert power[np.abs(pitches - 15_000) < 60].sum() / power.sum() > 0.01


# -- longer and higher ----------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.3, 2.0])
def test_a_stretched_tone_keeps_pitch_and_loudness_and_gets_its_length(factor: float) -> None:
    rate = 22_050
    made = rows(vocoder.stretch(tone(440, 2, -12, rate, 2), Context(), factor))
    assert made.shape == (2, round(2 * rate * factor))
    middle = made[0, rate // 4 : -rate // 4]
    assert strongest(middle, rate) == pytest.approx(440, abs=0.3)
    assert rms(middle) == pytest.approx(rms(rows(tone(440, 2, -12, rate))[0]), abs=0.3)


@pytest.mark.parametrize("semitones", [-12.0, 3.0, 7.0])
def test_a_shifted_tone_is_higher_by_what_was_asked_and_as_long(semitones: float) -> None:
    rate = 22_050
    made = rows(vocoder.shift_pitch(tone(440, 2, -12, rate), Context(), semitones))[0]
    assert len(made) == 2 * rate
    found = strongest(made[rate // 4 : -rate // 4], rate)
    assert abs(1200 * math.log2(found / (440 * 2 ** (semitones / 12)))) < 2


@pytest.mark.parametrize("factor", [0.7, 1.5])
def test_attacks_stay_sharp_and_come_when_they_should(factor: float) -> None:
    rate = 22_050
    wave = np.zeros(3 * rate)
    time = np.arange(rate // 10) / rate
    hit = np.random.default_rng(5).standard_normal(len(time)) * np.exp(-time * 60) * 0.4
    starts = [0.3, 0.8, 1.3, 1.8, 2.3]
    for at in starts:
        wave[round(at * rate) : round(at * rate) + len(hit)] += hit
    wave += 0.05 * np.sin(2 * np.pi * 330 * np.arange(len(wave)) / rate)
    given = Audio(torch.from_numpy(wave.astype(np.float32))[None, None], rate)
    made = rows(vocoder.stretch(given, Context(), factor))[0]
    for at in starts:
        spot = round(at * factor * rate)
        before = made[spot - rate // 25 : spot - rate // 200]
        after = made[spot : spot + rate // 50]
        assert rms(after) - rms(before) > 8, at
        assert np.abs(after).max() > 0.6 * np.abs(hit).max()


def test_sides_that_cancel_in_mono_survive_stretching() -> None:
    one = rows(tone(300, 1, -12, 22_050))[0]
    both = Audio(torch.from_numpy(np.stack((one, -one)))[None], 22_050)
    made = rows(vocoder.stretch(both, Context(), 1.5))[:, 5000:-5000]
    assert np.allclose(made[0], -made[1], atol=1e-4)
    assert rms(made[0]) == pytest.approx(-15, abs=0.4)


# -- pictures -------------------------------------------------------------------------------------


def test_a_tone_is_a_line_at_its_height_in_a_spectrogram() -> None:
    made = pictures.spectrogram(
        tone(1000, 1, -12, 8000), "linear", 1.0, 4000, width=400, height=200
    )
    assert made.size == (400, 200)
    bright = made.data[0, 8:178, 60:380].sum(-1).mean(1)
    height = 1 - int(bright.argmax()) / len(bright)
    assert height == pytest.approx(0.25, abs=0.02)


def test_an_a_is_the_brightest_row_of_a_chromagram() -> None:
    made = pictures.chromagram(tone(440, 2, -12, 22_050), width=300, height=200)
    bright = made.data[0, 20:178, 100:250].sum(-1).mean(1)
    assert 11 - int(bright.argmax()) * 12 // len(bright) == 9


def test_a_waveform_is_as_high_as_the_sound_is_loud() -> None:
    def ink(level: float) -> float:
        made = pictures.waveform(tone(200, 1, level, 8000), width=300, height=150)
        return float((made.data[0, :120, 60:280].mean(-1) < 0.8).float().mean())

    assert ink(-3) > 1.6 * ink(-9) > 1.6 * ink(-30)


# -- every node -----------------------------------------------------------------------------------


def test_every_node_takes_a_moment_of_sound_and_silence_or_says_why_not() -> None:
    registry = Registry()
    registry.add(sound.pack)
    for kind in sound.pack.types.values():
        for data in (torch.ones(1, 1, 1), torch.zeros(1, 2, 4000), torch.rand(1, 1, 700) - 0.5):
            value: dict[str, Any] = {}
            for name, port in kind.inputs.items():
                if str(port.type) == "Audio":
                    value[name] = Audio(data, 16_000)
                elif str(port.type) == "list[Audio]":
                    value[name] = [Audio(data, 16_000)] * 2
                elif str(port.type) == "Beats":
                    value[name] = {"tempo": 120, "times": [0.0, 0.5]}
            if kind.context:
                value[kind.context] = Context()
            missing = [n for n, port in kind.inputs.items() if port.required and n not in value]
            if missing in (["sample_rate"], []):
                value |= dict.fromkeys(missing, 8000)
                try:
                    made = kind.function(**value)
                except NodeError:  # in words; anything else is a fault
                    continue
                if isinstance(made, Audio | Image):
                    assert bool(torch.isfinite(made.data).all()), kind.id
