"""Dances: on the beat, on the floor, within what joints do, for music and not beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from musegraph import Audio, Meter, Motion, NodeError, Note, Score, Tempo, Track
from musegraph_nodes.motion import metrics
from musegraph_nodes.motion.beats import beats_of
from musegraph_nodes.motion.body import BODY, arrays, motion_of
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.dance.make import STYLES
from musegraph_nodes.motion.turns import placed

SECONDS = 20.0


@pytest.fixture(scope="module", params=[*STYLES])
def danced(request: pytest.FixtureRequest) -> tuple[str, list[tuple[Motion, dict[str, object]]]]:
    style = request.param
    return style, [
        (made.motion, made.beats)
        for seed in range(4)
        for made in [choreograph(seconds=SECONDS, style=style, seed=seed, tempo=100 + 8 * seed)]
    ]


def places(motion: Motion) -> np.ndarray:
    return placed(*arrays(motion), motion.skeleton)[1]


def test_a_dance_is_on_the_beat_more_than_one_at_a_random_phase(danced: tuple) -> None:  # type: ignore[type-arg]
    style, made = danced
    draw = np.random.default_rng(0)
    on, off = [], []
    for motion, beats in made:
        times = np.array(beats["times"])
        on.append(metrics.beat_alignment(motion, beats).of_motion)
        for _ in range(8):
            moved = {"times": (times + draw.uniform(0, times[1] - times[0])).tolist()}
            off.append(metrics.beat_alignment(motion, moved).of_motion)
    assert np.mean(on) > 1.25 * np.mean(off), style
    # Ballet moves over two beats and more, so that half of the beats pass in motion.
    assert np.mean(on) > (0.25 if style == "ballet" else 0.34), style


def test_feet_stand_still_and_nothing_goes_through_the_floor(danced: tuple) -> None:  # type: ignore[type-arg]
    style, made = danced
    for motion, _ in made:
        found = metrics.foot_skate(motion)
        assert found.slide < 0.5, style
        where = places(motion)
        assert where[..., 1].min() > 0.005, style
        # One foot stands nearly always: it is a dance, not a flight.
        balls = [BODY.joint("left_foot"), BODY.joint("right_foot")]
        assert (where[:, balls, 1].min(axis=1) < 0.03).mean() > 0.85, style


def test_joints_stay_within_what_they_can_do_and_nothing_is_thrown(danced: tuple) -> None:  # type: ignore[type-arg]
    style, made = danced
    for motion, _ in made:
        assert metrics.plausibility(motion).worst < 2, style
        where = places(motion)
        assert (np.linalg.norm(np.diff(where, axis=0), axis=-1) * motion.fps).max() < 14, style
        assert np.abs(where[:, 0, [0, 2]]).max() < 3, style
        length = [
            np.ptp(np.linalg.norm(where[:, at] - where[:, parent], axis=-1))
            for at, parent in enumerate(BODY.parents)
            if at
        ]
        assert max(length) < 1e-4


def test_the_same_seed_dances_the_same_and_others_do_not(danced: tuple) -> None:  # type: ignore[type-arg]
    style, made = danced
    again = choreograph(seconds=SECONDS, style=style, seed=2, tempo=116).motion
    assert torch.equal(again.rotations, made[2][0].rotations)
    same_pace = [
        choreograph(seconds=SECONDS, style=style, seed=seed, tempo=116).motion for seed in (11, 12)
    ]
    assert metrics.diversity(same_pace) > 0.04, style


def test_the_eight_styles_are_different_dances() -> None:
    made = [choreograph(seconds=8.0, style=style, seed=1).motion for style in STYLES]  # type: ignore[arg-type]
    for at, one in enumerate(made):
        for other in made[at + 1 :]:
            assert metrics.diversity([one, other]) > 0.06


def test_a_phrase_of_eight_counts_is_danced_again_to_the_other_side() -> None:
    made = choreograph(seconds=20.0, tempo=120, style="disco", seed=4).motion
    where = places(made)
    phrase = 8 * 15  # frames at 120 beats a minute

    def hands(at: int) -> np.ndarray:
        rows = slice(at + 15, at + phrase - 15)
        pair = [BODY.joint("left_wrist"), BODY.joint("right_wrist")]
        return where[rows][:, pair] - where[rows, :1]

    first, second = hands(0), hands(phrase)
    image = second[:, ::-1] * np.array([-1.0, 1.0, 1.0])
    assert np.abs(first - image).mean() < 0.4 * np.abs(first - second).mean()


def score_of(bpm: float, meter: tuple[int, int] = (4, 4), bars: int = 4, loud: int = 80) -> Score:
    beat = 480 * 4 // meter[1]
    notes = [Note(at * beat, beat, 60, loud) for at in range(meter[0] * bars)]
    return Score(480, (Track.of(notes),), (Tempo(0, round(60e6 / bpm)),), (Meter(0, *meter),))


def test_beats_of_a_score_are_those_of_its_meter_and_its_tempo() -> None:
    times, bars = beats_of(score_of(120))
    assert times == pytest.approx(np.arange(16) * 0.5)
    assert bars == [True, False, False, False] * 4
    times, bars = beats_of(score_of(90, (6, 8)))
    assert times == pytest.approx(np.arange(8) * 1.0)
    assert bars == [True, False] * 4
    slower = Score(
        480, (Track.of([Note(0, 480 * 8, 60)]),), (Tempo(0, 500_000), Tempo(1920, 10**6))
    )
    assert beats_of(slower)[0] == pytest.approx([0, 0.5, 1, 1.5, 2, 3, 4, 5])


def test_a_dance_to_a_score_is_as_long_as_it_and_on_its_beats() -> None:
    made = choreograph(score_of(110, bars=6), style="salsa", seed=1)
    assert made.motion.seconds == pytest.approx(24 * 60 / 110, abs=0.05)
    assert made.beats["tempo"] == pytest.approx(110, abs=0.5)
    other = choreograph(score_of(126, bars=7), style="salsa", seed=1)
    # The same seed over other music is another dance.
    assert metrics.diversity([made.motion, other.motion]) > 0.05


def test_loud_music_is_danced_larger_than_soft_music() -> None:
    rate = 8000
    time = torch.arange(rate * 32) / rate
    swell = torch.where(time < 16, 0.05, 0.8)
    sound = Audio((torch.sin(2 * torch.pi * 220 * time) * swell)[None, None], rate)
    beats = {"times": (np.arange(64) * 0.5).tolist()}
    quiet, loud = [], []
    for seed in range(6):
        motion = choreograph(beats=beats, sound=sound, style="hip-hop", seed=seed).motion
        speed = np.linalg.norm(np.diff(places(motion), axis=0), axis=-1).mean(axis=1)
        quiet.append(speed[: 15 * 30].mean())
        loud.append(speed[17 * 30 :].mean())
    assert np.mean(loud) > 1.1 * np.mean(quiet)


def test_beats_are_found_in_a_sound_where_none_are_given() -> None:
    rate = 22_050
    wave = torch.zeros(rate * 8)
    for at in range(16):
        wave[at * rate // 2 : at * rate // 2 + 400] = torch.randn(
            400, generator=torch.Generator().manual_seed(at)
        ).clamp(-1, 1)
    made = choreograph(sound=Audio(wave[None, None], rate), style="house")
    assert made.motion.seconds == pytest.approx(8, abs=0.05)
    assert made.beats["tempo"] == pytest.approx(120, rel=0.03)


def test_a_dance_of_minutes_does_not_wander_away() -> None:
    made = choreograph(seconds=180.0, style="house", seed=2, fps=15).motion
    assert made.frames == 2700
    assert np.abs(made.root.numpy()[:, [0, 2]]).max() < 6


def test_no_music_and_no_length_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="no music and no length"):
        choreograph()


def test_a_still_figure_is_no_dance() -> None:
    turns = np.zeros((60, 24, 4))
    turns[..., 0] = 1
    still = motion_of(turns, np.tile([0, 0.96, 0], (60, 1)), 30, BODY)
    assert metrics.beat_alignment(still, {"times": [0.5, 1.0]}).of_motion == 0


@pytest.mark.parametrize("seconds", [0.1, 0.5])
def test_a_dance_may_be_shorter_than_a_beat(seconds: float) -> None:
    assert choreograph(seconds=seconds).motion.frames == round(seconds * 30)
