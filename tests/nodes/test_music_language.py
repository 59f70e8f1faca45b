"""The language of music: tokens, their grammar, and the model that speaks it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from music_bench import TINY, Stage, tiny_model

from musegraph import Cancelled, ModelError, NodeError, Note, Score, Track
from musegraph.values.midi import read_midi, write_midi
from musegraph_nodes.music.composer.piece import (
    BASS,
    DRUMS,
    MELODY,
    Harmony,
    Part,
    Piece,
    Tone,
    score_of,
    tidy,
)
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import composed
from musegraph_nodes.music.harmony import chords
from musegraph_nodes.music.language import vocabulary as v
from musegraph_nodes.music.language.code import decoded, encoded, facts_of, header
from musegraph_nodes.music.language.echo import Echo
from musegraph_nodes.music.language.listen import chords_of, heard, key_of, roles_of
from musegraph_nodes.music.language.make import Order, composed_by, composing, continuing
from musegraph_nodes.music.language.model import MusicModel, load_model
from musegraph_nodes.music.language.net import Cache, MusicNet
from musegraph_nodes.music.language.nodes import compose, continue_, harmonise, infill
from musegraph_nodes.music.language.reader import Reader, Ungrammatical
from musegraph_nodes.music.language.sample import Taste
from musegraph_nodes.music.language.session import Session
from musegraph_nodes.music.language.together import Work, alone, together
from musegraph_nodes.music.language.train import train
from musegraph_nodes.music.theory import Chord, Key

QUARTER, BAR = 480, 1920


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("music")
    torch.set_num_threads(1)
    tiny_model(made / "tiny.safetensors")
    return made


@pytest.fixture
def stage(folder: Path) -> Stage:
    return Stage(folder)


@pytest.fixture
def model(stage: Stage) -> MusicModel:
    return load_model(stage, "tiny.safetensors")


# -- tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("genre", [*STYLES])
def test_a_composed_piece_comes_back_from_its_tokens(genre: str) -> None:
    piece = composed(genre, 11, 8, strange=0.3)
    back = decoded(encoded(piece))
    assert back.parts == piece.parts
    assert (back.genre, back.key, back.beats, back.bars) == (genre, piece.key, piece.beats, 8)
    assert back.harmony == tuple(one._replace(chord=plain(one.chord)) for one in piece.harmony)
    assert back.tempo == pytest.approx(piece.tempo, rel=0.011)


def plain(chord: Chord | None) -> Chord | None:
    return chord and Chord(chord.root, v.plainer(chord.quality))


def test_any_notes_on_the_grid_come_back() -> None:
    draw = random.Random(4)
    for trial in range(30):
        beats, bars = draw.choice(v.BEATS), draw.randint(1, 4)
        end = bars * beats * 12
        parts = {}
        for role in draw.sample(range(5), draw.randint(1, 5)):
            low, high = (27, 87) if role == DRUMS else (0, 127)
            tones = [
                Tone(draw.randrange(end), draw.randint(1, 48), draw.randint(low, high),
                     draw.randrange(4))
                for _ in range(draw.randint(1, 20))
            ]  # fmt: skip
            parts[role] = Part(draw.randrange(128), tidy(tones, role == DRUMS, end))
        key = Key(draw.randrange(12), draw.choice(("major", "minor")))
        harmony = (Harmony(draw.randrange(end), Chord(draw.randrange(12), "m7")),)
        piece = Piece("jazz", key, 100.0, beats, bars, harmony, dict(sorted(parts.items())))
        back = decoded(encoded(piece))
        assert back.parts == piece.parts, trial
        assert back.harmony == harmony


def test_a_tune_has_the_same_tokens_in_every_key() -> None:
    one = composed("pop", 2, 4)
    up = replace(
        one,
        key=Key((one.key.tonic + 1) % 12, one.key.mode),
        harmony=tuple(
            Harmony(h.start, h.chord and replace(h.chord, root=(h.chord.root + 1) % 12))
            for h in one.harmony
        ),
    )
    move = v.shift(up.key.tonic) - v.shift(one.key.tonic)
    moved = {
        role: part if role == DRUMS
        else replace(part, tones=tuple(t._replace(pitch=t.pitch + move) for t in part.tones))
        for role, part in one.parts.items()
    }  # fmt: skip
    other = encoded(replace(up, parts=moved))
    assert [t for t in encoded(one) if t not in v.KEY] == [t for t in other if t not in v.KEY]


def test_whatever_the_grammar_allows_is_a_piece_and_a_midi_file() -> None:
    rng = np.random.default_rng(0)
    for _ in range(12):
        reader, tokens = Reader(), list[int]()
        while reader.state != "end":
            mask = reader.allowed()
            if reader.bar >= 2 and mask[v.END]:
                mask[:] = False
                mask[v.END] = True
            token = int(rng.choice(np.flatnonzero(mask)))
            reader.take(token)
            tokens.append(token)
        piece = decoded(tokens)
        assert decoded(encoded(piece)).parts == piece.parts
        score = score_of(piece)
        assert len(read_midi(write_midi(score)).notes) == len(score.notes)
        assert all(0 <= note.pitch <= 127 for note in score.notes)


@pytest.mark.parametrize("at", [0, 3, 8, 20, 50])
def test_a_token_where_it_may_not_stand_is_refused(at: int) -> None:
    tokens = encoded(composed("rock", 1, 2))
    reader = Reader()
    for token in tokens[:at]:
        reader.take(token)
    wrong = int(np.flatnonzero(~reader.allowed())[-1])
    with pytest.raises(Ungrammatical):
        decoded([*tokens[:at], wrong])


# -- scores of others -------------------------------------------------------------------------


def test_the_composers_scores_are_heard_as_they_were_written() -> None:
    for genre in STYLES:
        piece = composed(genre, 4, 4)
        found = heard(score_of(piece), genre)
        assert {r: p.tones for r, p in found.piece.parts.items()} == {
            r: p.tones for r, p in piece.parts.items()
        }


def test_players_are_told_by_what_they_play() -> None:
    def track(notes: list[Note]) -> Track:
        return Track.of(notes)

    score = Score(480, (
        track([Note(0, 480, p, 80, 0) for p in (60, 64, 67)]),
        track([Note(0, 480, 36, 80, 1)]),
        track([Note(0, 480, 76, 80, 2), Note(480, 480, 77, 80, 2)]),
        track([Note(0, 60, 38, 80, 9)]),
    ))  # fmt: skip
    found = {role: rows[0][0].track for role, rows in roles_of(score).items()}
    assert found == {MELODY: 2, 1: 0, BASS: 1, DRUMS: 3}


def test_keys_and_chords_are_heard() -> None:
    right, told = 0, 0
    for genre in ("pop", "folk", "classical", "jazz"):
        for seed in range(5):
            piece = composed(genre, seed, 16)
            tones = [t for r, p in piece.parts.items() if r != DRUMS for t in p.tones]
            right += key_of(tones) == piece.key
            under = [t for r in (1, BASS) for t in piece.parts[r].tones]
            found = replace(piece, harmony=chords_of(under, 16, piece.beats))
            for bar in range(16):
                asked, got = piece.chord_at(bar * piece.bar), found.chord_at(bar * piece.bar)
                told += asked is not None and got is not None and asked.root == got.root
    assert right >= 18
    assert told >= 0.85 * 4 * 5 * 16


# -- the model --------------------------------------------------------------------------------


def test_a_cache_changes_nothing_but_the_time_it_takes() -> None:
    torch.manual_seed(0)
    net = MusicNet(TINY).eval()
    said = encoded(composed("pop", 1, 4))[:60]
    tokens, facts = torch.tensor([said]), torch.tensor([facts_of(said)])
    with torch.inference_mode():
        whole = net(tokens, facts)
        cache = Cache(TINY, 1, "cpu")
        parts = [
            net(tokens[:, a:b], facts[:, a:b], cache) for a, b in ((0, 20), (20, 21), (21, 60))
        ]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-4)


def test_pieces_written_together_are_those_that_are_written_one_by_one() -> None:
    # A context so short that it is read anew within a piece, and fewer rows than pieces.
    torch.manual_seed(3)
    net = MusicNet(replace(TINY, context=96)).eval().requires_grad_(False)
    long = composed("rock", 1, 3)

    def works() -> list[Work]:
        made = []
        for seed, bars in enumerate((1, 3, 2, 1)):
            roles = [MELODY, 1, BASS]
            order = Order("rock", Key(seed), 120.0, 4, bars, None, None, roles)
            made.append(composing(net, order, Taste(), seed, lambda bar, piece: None))
        going_on = continuing(net, long, 1, None, True, Taste(), 7, lambda bar, piece: None)
        return [*made, going_on]

    assert together(net, works(), rows=2) == [alone(work) for work in works()]


def test_what_returns_is_told_token_by_token_as_it_was() -> None:
    first = composed("bossa", 6, 4)
    twice = replace(
        first,
        bars=8,
        harmony=(*first.harmony, *(h._replace(start=h.start + first.end) for h in first.harmony)),
        parts={
            role: replace(part, tones=tidy(
                [t._replace(start=t.start + by) for by in (0, first.end) for t in part.tones],
                role == DRUMS, 2 * first.end,
            ))
            for role, part in first.parts.items()
        },
    )  # fmt: skip
    echo, reader, told = Echo(0), Reader(), 0
    echo.plan = "AA"
    tokens = encoded(twice)
    for at, token in enumerate(tokens):
        echo.hear(tokens[:at])
        expected = echo.expected(reader)
        if 4 <= reader.bar < 7:
            assert token in expected, (at, reader.state)
            told += 1
        elif reader.bar < 4:
            assert not expected
        reader.take(token)
    assert told > 100
    echo.plan = "AB"
    assert echo.returning(5) is None


def told_until(genre: str, plan: str, bar: int) -> tuple[Echo, Reader, list[int]]:
    """An echo that heard a piece up to the chord of a bar, and the root that was said there."""
    echo, reader, at = Echo(0), Reader(), 0
    echo.plan = plan
    tokens = encoded(composed(genre, 3, 16))
    while not (reader.bar == bar and tokens[at] in v.ROOT):
        reader.take(tokens[at])
        at += 1
    echo.hear(tokens[:at])
    return echo, reader, tokens


def test_chords_of_the_blues_return_after_twelve_bars_and_others_with_their_phrase() -> None:
    echo, reader, _ = told_until("pop", "AA", 4)
    assert echo.expected(reader)[0] in v.ROOT
    echo, reader, _ = told_until("blues", "AAA", 4)
    assert not {*echo.expected(reader)} & {*range(v.ROOT.first, v.ROOT.first + v.ROOT.count)}
    echo, reader, tokens = told_until("blues", "AAAA", 12)
    first = next(token for token in tokens if token in v.ROOT)
    assert echo.expected(reader) == [first]


def test_a_new_phrase_keeps_from_the_chords_of_the_one_before() -> None:
    echo, reader, tokens = told_until("pop", "AB", 4)
    assert echo.other(reader) == [next(token for token in tokens if token in v.ROOT)]
    echo.plan = "AA"
    assert echo.other(reader) == []
    echo, reader, _ = told_until("blues", "AB", 4)
    assert echo.other(reader) == []


def test_over_another_chord_rhythms_return_and_pitches_do_not() -> None:
    echo, reader = Echo(0), Reader()
    echo.plan = "AA"
    said = composed("pop", 1, 1)
    tokens = header(said)
    for bar in range(5):
        tokens += [v.BAR[bar], v.POS[0], v.ROOT[0 if bar < 4 else 7], v.QUALITY[0]]
        if bar < 4:
            tokens += [v.GROUP[2], v.PITCH[60], v.LENGTH[11]]
    for token in tokens:
        reader.take(token)
    echo.hear(tokens)
    assert echo.expected(reader) == [v.GROUP[2]]
    reader.take(v.GROUP[2])
    assert echo.expected(reader) == []
    reader.take(v.PITCH[67])
    assert echo.expected(reader) == [v.LENGTH[11]]


def test_chords_change_with_bars_and_their_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    fond = np.zeros(v.SIZE)
    fond[v.ROOT.slice] = 3.0
    fond[[v.POS[at] for at in (0, 6, 12, 24, 36)]] = 5.0
    monkeypatch.setattr(Session, "logits", lambda session: fond)
    for beats, half in ((4, 24), (3, 36)):
        order = Order("folk", Key(2), 120.0, beats, 40, None, None, [1, BASS])
        made = composed_by(MusicNet(TINY), order, Taste(1.0, 1.0), 0, lambda bar, piece: None)
        assert len(made.harmony) > 2
        assert not any(one.start % half for one in made.harmony)


def test_a_piece_has_the_chords_bars_and_tempo_asked_for(stage: Stage, model: MusicModel) -> None:
    under = chords("| Am | F G | C |", key="C major")
    score = compose(model, stage, under, genre="rock", tempo=131.5, bars=3, seed=5)
    assert score.tempos[0].bpm == pytest.approx(131.5, abs=0.01)
    assert score.tracks[0].end == 3 * BAR
    assert all(note.start < 3 * BAR for note in score.notes)
    assert list(stage.steps) == [(0, 3), (0, 3), (1, 3), (2, 3)], "an empty staff, then bars"
    assert stage.previews[-1].data.shape[-1] == 3
    again = compose(model, stage, under, genre="rock", tempo=131.5, bars=3, seed=5)
    assert write_midi(again) == write_midi(score)
    other = compose(model, stage, under, genre="rock", tempo=131.5, bars=3, seed=6)
    assert write_midi(other) != write_midi(score)
    sound = {0, 2, 4, 5, 7, 9, 11}
    beats = [n for n in score.notes if n.channel != 9 and n.start % QUARTER == 0]
    assert all(note.pitch % 12 in sound for note in beats)


def test_a_melody_is_played_as_it_is_and_gets_chords(stage: Stage, model: MusicModel) -> None:
    tune = Score(480, (Track.of([Note(at * 480, 480, 60 + p) for at, p in
                                 enumerate((0, 4, 7, 4, 5, 9, 7, 0))]),))  # fmt: skip
    found = harmonise(tune, model, stage, ways=2)
    assert [one["start"] for one in found["chords"]][:1] == [0]
    assert found["key"] == "C major"
    assert harmonise(tune, model, stage, ways=2) == found
    score = compose(model, stage, melody=tune, genre="pop", seed=1)
    sung = next(track for track in score.tracks if track.name == "Melody").notes
    assert [(n.start, n.duration, n.pitch) for n in sung] == [
        (n.start, n.duration, n.pitch) for n in tune.notes
    ]


def test_a_piece_goes_on_and_what_was_there_stays(stage: Stage, model: MusicModel) -> None:
    score = score_of(composed("pop", 3, 3))
    loose = replace(score, tracks=tuple(
        Track.of([n._replace(start=n.start + 7) for n in t.notes], t.events, t.name) for t in
        score.tracks))  # fmt: skip
    more = continue_(loose, model, stage, bars=2, seed=2)
    for before, after in zip(loose.tracks, more.tracks, strict=True):
        assert [n for n in after.notes if n.start < 3 * BAR] == before.notes
        assert before.events == after.events
    fresh = [n for n in more.notes if n.start >= 3 * BAR]
    assert fresh
    assert max(n.start for n in fresh) < 5 * BAR
    assert (more.tempos, more.keys) == (loose.tempos, loose.keys)


def test_only_the_bars_and_parts_asked_for_are_written_anew(
    stage: Stage, model: MusicModel
) -> None:
    score = score_of(composed("jazz", 3, 5))
    made = infill(score, model, stage, 2, 3, parts="bass", genre="jazz", tries=2, seed=3)
    for before, after in zip(score.tracks, made.tracks, strict=True):
        if before.name == "Bass":
            kept = [n for n in before.notes if not BAR <= n.start < 3 * BAR]
            assert [n for n in after.notes if not BAR <= n.start < 3 * BAR] == kept
            assert after.notes != before.notes
        else:
            assert before == after
    whole = infill(score, model, stage, 5, 5, genre="jazz", tries=1, keep_chords=False)
    assert [n for n in whole.notes if n.start < 4 * BAR] == [
        n for n in score.notes if n.start < 4 * BAR
    ]


def test_composing_is_cancelled_between_bars(folder: Path, model: MusicModel) -> None:
    with pytest.raises(Cancelled):
        compose(model, Stage(folder, cancel_at=2), bars=8)


def test_what_no_model_can_take_in_is_said(stage: Stage, model: MusicModel, folder: Path) -> None:
    from musegraph import Meter

    piece = score_of(composed("pop", 3, 2))
    with pytest.raises(NodeError, match="7/8"):
        continue_(replace(piece, meters=(Meter(0, 7, 8),)), model, stage)
    with pytest.raises(NodeError, match="changes its meter"):
        continue_(replace(piece, meters=(Meter(0, 4, 4), Meter(BAR, 3, 4))), model, stage)
    with pytest.raises(NodeError, match="no notes"):
        continue_(Score(480, ()), model, stage)
    with pytest.raises(NodeError, match="the score has 2"):
        infill(piece, model, stage, 2, 3)
    with pytest.raises(NodeError, match="5 quarters"):
        compose(model, stage, chords("C", beats=5))
    for name, data, wrong in (
        ("broken.safetensors", b"no header", "broken"), ("a.ckpt", b"", "pickle"),
    ):  # fmt: skip
        (folder / name).write_bytes(data)
        with pytest.raises(ModelError, match=wrong):
            load_model(stage, name)


def test_a_training_goes_on_where_it_was_cancelled(tmp_path: Path) -> None:
    given = [score_of(composed("pop", seed, 2)) for seed in range(2)]
    options = {"width": 32, "layers": 1, "batch": 2, "length": 64, "name": "two"}
    straight = train(Stage(tmp_path / "one"), given, steps=6, **options)  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        train(Stage(tmp_path / "two", cancel_at=3), given, steps=6, **options)  # type: ignore[arg-type]
    stage = Stage(tmp_path / "two")
    resumed = train(stage, given, steps=6, **options)  # type: ignore[arg-type]
    assert stage.notes == ["went on from step 4"]
    assert resumed.model.source == straight.model.source  # the name tells the content
    assert straight.model.source.startswith("trained/two-")
    assert straight.curve.data.shape[-1] == 3
    assert straight.sample.notes
    size = (tmp_path / "one" / straight.model.source).stat().st_size
    assert size < 1_000_000
