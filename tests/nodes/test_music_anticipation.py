"""Models of arrivals: their tokens, and a tiny random GPT-2 that goes on and accompanies."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from music_bench import Stage
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

from musegraph import Cancelled, Message, ModelError, NodeError, Note, Score, Tempo, Track
from musegraph.values.midi import read_midi, write_midi
from musegraph_nodes.music.anticipation import events as e
from musegraph_nodes.music.anticipation.events import Event, events_of, rested, score_with
from musegraph_nodes.music.anticipation.model import EventModel, load_event_model
from musegraph_nodes.music.anticipation.nodes import anticipate
from musegraph_nodes.music.anticipation.play import Listener, Player

CONTEXT = 96


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 of the published layout with random weights, whose times lean to near ones."""
    made = tmp_path_factory.mktemp("events")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=e.SIZE, n_positions=CONTEXT, n_embd=8, n_layer=1, n_head=2,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(made / "tiny")
    return made


@pytest.fixture
def stage(folder: Path) -> Stage:
    return Stage(folder)


@pytest.fixture
def model(stage: Stage) -> EventModel:
    return load_event_model(stage, "tiny")


def piece() -> Score:
    tune = [Note(480 * at, 400, 60 + at, 90, 0) for at in range(8)]
    drums = [Note(480 * at, 60, 36, 90, 9) for at in range(8)]
    program = [Message(0, bytes((0xC0, 24)))]
    return Score(
        480, (Track.of(tune, program, "Guitar"), Track.of(drums)),
        (Tempo(0, 500_000), Tempo(1920, 400_000)),
    )  # fmt: skip


def test_the_tokens_are_those_of_the_published_models() -> None:
    assert (e.NOTE, e.REST, e.GIVEN, e.SEPARATOR, e.SIZE) == (
        11_000,
        27_512,
        27_513,
        55_025,
        55_028,
    )
    assert (e.AUTOREGRESS, e.ANTICIPATE) == (55_026, 55_027)
    assert Event(120, 50, 60 + 128 * 24).tokens() == [120, 10_050, 11_000 + 60 + 3072]
    assert Event(120, 50, 36 + 128 * 128, given=True).tokens(100) == [
        27_533, 37_563, 27_513 + 11_000 + 36 + 16_384,
    ]  # fmt: skip
    assert Event(7, 0, -1).tokens() == [7, 10_000, 27_512]


def test_a_score_comes_back_from_its_events_through_changes_of_tempo() -> None:
    score = piece()
    events = events_of(score)
    # A quarter lasts 50 hundredths, and 40 after the fourth.
    assert [one.time for one in events if one.player == 24] == [
        0, 50, 100, 150, 200, 240, 280, 320,
    ]  # fmt: skip
    back = score_with(Score(480, (), score.tempos), events)
    assert [(n.start, n.pitch) for n in back.notes] == [(n.start, n.pitch) for n in score.notes]
    assert all(
        abs(a.duration - b.duration) <= 6 for a, b in zip(back.notes, score.notes, strict=True)
    )
    assert back.tracks[0].programs == {0: 24}
    assert back.tracks[1].channels == [9]


def test_silence_is_told_by_a_rest_each_second() -> None:
    events = [Event(50, 10, 60), Event(350, 10, 62)]
    made = rested(events, 500)
    assert [(one.time, one.note) for one in made] == [
        (50, 60), (150, -1), (250, -1), (350, 62), (450, -1),
    ]  # fmt: skip


def test_what_is_given_is_told_five_seconds_before_it_sounds() -> None:
    events = [Event(at, 10, 60) for at in (0, 200, 400, 900)]
    given = [Event(at, 10, 70, given=True) for at in (100, 800, 1500)]
    made, waiting = e.with_given(events, given)
    assert [(one.time, one.given) for one in made] == [
        (100, True), (0, False), (200, False), (800, True), (400, False), (900, False),
    ]  # fmt: skip
    assert [one.time for one in waiting] == [1500]


def check_valid(score: Score) -> None:
    """It comes back from a file, and no note begins while the same one still sounds."""
    assert read_midi(write_midi(score)).notes == score.notes
    by_note: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in score.notes:
        by_note[note.channel, note.pitch].append(note)
    for notes in by_note.values():
        assert all(a.end <= b.start for a, b in pairwise(notes))


@pytest.mark.parametrize("seed", range(3))
def test_a_random_model_writes_valid_scores(stage: Stage, model: EventModel, seed: int) -> None:
    made = anticipate(model, stage, seconds=600, seed=seed)
    assert made.notes
    check_valid(made)
    assert 0 < made.seconds <= 610
    again = anticipate(model, stage, seconds=600, seed=seed)
    assert write_midi(again) == write_midi(made)


def test_what_was_there_stays_and_what_is_new_comes_after_it(
    stage: Stage, model: EventModel
) -> None:
    score = piece()
    made = anticipate(model, stage, score, seconds=300, seed=4)
    assert made.tracks[:2] == score.tracks
    assert made.tempos == score.tempos
    fresh = [note for track in made.tracks[2:] for note in track.notes]
    assert fresh
    assert min(note.start for note in fresh) >= score.end - 1
    check_valid(made)


def test_others_play_along_with_a_score_until_it_ends(stage: Stage, folder: Path) -> None:
    # Weights that know no time: each is as likely, so many events fit only if many are drawn.
    score = piece()
    model = load_event_model(stage, "tiny")
    found = 0
    for seed in range(20):
        made = anticipate(model, stage, score, "accompany", seconds=60, seed=seed)
        assert made.tracks[:2] == score.tracks
        found += len(made.tracks) > 2
        check_valid(made)
    assert found


class Nearby:
    """A net that always takes the next tenth of a second, and says what it was given to read."""

    def __init__(self, net: GPT2LMHeadModel) -> None:
        self.net, self.config, self.read = net, net.config, list[list[int]]()

    def parameters(self):  # type: ignore[no-untyped-def]
        return self.net.parameters()

    def __call__(self, tokens, **options):  # type: ignore[no-untyped-def]
        self.read.append(tokens[0].tolist())
        said = self.net(tokens, **options)
        whole = [one for some in self.read for one in some]
        times = [one for one in whole if one < e.DURATION]
        said.logits[0, -1, min((times or [0])[-1] + 10, e.TIMES - 1)] = 1e4
        return said


def test_the_window_moves_on_and_its_times_stay_within_their_words(folder: Path) -> None:
    net = Nearby(GPT2LMHeadModel.from_pretrained(folder / "tiny").eval())
    player = Player(net, [], 1.0, 1.0, np.random.default_rng(0))
    made = player.play([], 50_001, 51_500, lambda done: None)
    assert len(made) > 100
    assert all(b.time >= a.time for a, b in pairwise(made))
    starts = [some for some in net.read if some[0] == e.AUTOREGRESS]
    assert len(starts) > 4
    assert all(len(some) <= CONTEXT // 2 for some in starts)
    # Each window tells its first event as time 0.
    assert all(len(some) == 1 or some[1] == 0 for some in starts)


def test_a_cache_hears_what_the_whole_window_says(folder: Path) -> None:
    net = GPT2LMHeadModel.from_pretrained(folder / "tiny").eval()
    listener = Listener(net, e.AUTOREGRESS)
    listener.settle(0)
    told = [e.AUTOREGRESS]
    for event in (Event(10, 5, 60), Event(20, 5, 64), Event(30, 5, 67)):
        listener.hear(event)
        told += event.tokens()
        heard = listener.logits()
        with torch.inference_mode():
            whole = net(torch.tensor([told])).logits[0, -1]
        assert np.allclose(heard, whole.numpy(), atol=1e-5)


def test_what_no_event_model_is_is_refused_in_words(stage: Stage, folder: Path) -> None:
    config = json.loads((folder / "tiny" / "config.json").read_text())

    def variant(name: str, change: dict[str, object]) -> Path:
        place = folder / name
        place.mkdir()
        (place / "config.json").write_text(json.dumps(config | change))
        return place

    tensors = load_file(folder / "tiny" / "model.safetensors")
    variant("words", {"vocab_size": 50_257})
    variant("pickled", {})
    (folder / "empty").mkdir()
    for name, wrong in (("words", "50,257"), ("pickled", "pickle"), ("empty", "no config.json")):
        with pytest.raises(ModelError, match=wrong):
            load_event_model(stage, name)
    deeper = variant("deeper", {"n_layer": 2})
    save_file(tensors, deeper / "model.safetensors", {"format": "pt"})
    more = variant("more", {})
    save_file(
        tensors | {"transformer.h.1.ln_1.weight": torch.ones(8)}, more / "model.safetensors",
        {"format": "pt"},
    )  # fmt: skip
    broken = variant("broken", {})
    (broken / "model.safetensors").write_bytes(b"no header at all")
    for name, wrong in (("deeper", "lacks"), ("more", "too many"), ("broken", "opened")):
        with pytest.raises(ModelError, match=wrong):
            anticipate(load_event_model(stage, name), stage, seconds=1)
    with pytest.raises(NodeError, match="nothing to accompany"):
        anticipate(load_event_model(stage, "tiny"), stage, how="accompany")


def test_anticipating_is_cancelled_between_events(folder: Path) -> None:
    stage = Stage(folder, cancel_at=2)
    with pytest.raises(Cancelled):
        anticipate(load_event_model(stage, "tiny"), stage, seconds=600)
