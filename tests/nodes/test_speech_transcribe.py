"""What is said in sounds, by tiny Whispers of random weights: token for token as transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from model_bench import Bench
from tiny_speech import make_voice, make_whisper

from musegraph import Audio, Cancelled, ModelError, NodeError
from musegraph_nodes.live import quiet
from musegraph_nodes.speech import load, pack, say, transcribe

RATE = 16_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("whisper")
    return {
        "many": make_whisper(place / "many"),
        "english": make_whisper(place / "english", ()),
        "voice": make_voice(place / "voice"),
    }


def noise(seconds: float, seed: int = 0, rate: int = RATE, channels: int = 1) -> Audio:
    made = torch.randn(
        channels, round(seconds * rate), generator=torch.Generator().manual_seed(seed)
    )
    return Audio(0.1 * made[None], rate)


def plainly(folder: Path, sound: Audio, **how: Any) -> list[dict[str, Any]]:
    """What a user of transformers gets: greedy, with times."""
    with quiet(), torch.no_grad():
        net = hf.WhisperForConditionalGeneration.from_pretrained(folder).eval()
        words = hf.AutoTokenizer.from_pretrained(folder)
        ears = hf.WhisperFeatureExtractor.from_pretrained(folder)
        wave = sound.data[0, 0].numpy()
        long = {"truncation": False, "padding": "longest"} if len(wave) > ears.n_samples else {}
        heard = ears(wave, sampling_rate=RATE, return_tensors="pt", **long)
        made = net.generate(
            heard.input_features, return_timestamps=True, return_segments=True, **how
        )
    times = net.generation_config.no_timestamps_token_id + 1
    return [
        {
            **one,
            "text": words.decode(one["tokens"][one["tokens"] < times], skip_special_tokens=True),
        }
        for one in made["segments"][0]
    ]


@pytest.mark.parametrize("seconds", [1.5, 3.0, 8.2])
@pytest.mark.parametrize(("language", "task"), [("en", "transcribe"), ("Chinese", "translate")])
def test_what_is_heard_is_what_transformers_hears(
    seconds: float, language: str, task: Any, folders: dict[str, Path]
) -> None:
    ctx = Bench()
    sound = noise(seconds)
    made = transcribe(load(str(folders["many"]), ctx), sound, ctx, language, task)
    expected = plainly(folders["many"], sound, language=language.lower(), task=task)
    kept = [one for one in expected if one["text"].strip() and float(one["start"]) < seconds]
    assert [one["text"] for one in made.words] == [one["text"].strip() for one in kept]
    assert made.text == "".join(one["text"] for one in kept).strip()
    assert made.text
    for ours, theirs in zip(made.words, kept, strict=True):
        assert ours["start"] == pytest.approx(float(theirs["start"]), abs=0.006)
        assert ours["end"] == pytest.approx(min(float(theirs["end"]), seconds), abs=0.006)
    assert made.language == {"en": "en", "Chinese": "zh"}[language]


def test_the_language_is_heard_where_none_is_asked_for(folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["many"]), ctx)
    sound = noise(4, 3)
    made = transcribe(model, sound, ctx)
    assert made.language in ("en", "zh")
    assert made == transcribe(model, sound, ctx, made.language)
    expected = plainly(folders["many"], sound, task="transcribe")
    assert made.text == "".join(one["text"] for one in expected).strip()
    with pytest.raises(
        NodeError, match="port 'language': Whisper knows no 'French'; it knows en, zh"
    ):
        transcribe(model, sound, ctx, "French")


def test_a_whisper_for_english_needs_no_language_and_knows_no_other(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["english"]), ctx)
    sound = noise(5)
    made = transcribe(model, sound, ctx)
    assert made.language == "en"
    expected = plainly(folders["english"], sound)
    assert made.text == "".join(one["text"] for one in expected).strip()
    assert transcribe(model, sound, ctx, "english") == made
    for how in (("zh", "transcribe"), ("", "translate")):
        with pytest.raises(NodeError, match="hears English alone and translates nothing"):
            transcribe(model, sound, ctx, *how)  # type: ignore[arg-type]


def test_sounds_of_other_rates_and_channels_are_heard_as_mono_at_16_khz(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["many"]), ctx)
    plain = noise(2)
    both = Audio(torch.cat((2 * plain.data, 0 * plain.data), 1), RATE)
    assert transcribe(model, both, ctx, "en").text == transcribe(model, plain, ctx, "en").text
    slow = noise(2, rate=48_000, channels=2)
    made = transcribe(model, slow, ctx, "en")
    assert made.words
    assert all(0 <= one["start"] <= one["end"] <= 2 for one in made.words)


def test_a_long_sound_is_heard_piece_by_piece_and_a_cancelled_run_ends(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["many"]), ctx)
    transcribe(model, noise(9), ctx, "en")
    assert len(ctx.shown) >= 3
    stopped = Bench(stop=2)
    with pytest.raises(Cancelled):
        transcribe(model, noise(9), stopped, "en")
    assert len(stopped.shown) == 2


def test_weights_that_visit_the_device_hear_the_same(folders: dict[str, Path]) -> None:
    near, far = Bench(), Bench()
    model = load(str(folders["many"]), near)
    offload = pack.loaders["transformers"].offload
    assert offload is not None
    far.live[model.source] = offload(model, folders["many"], "cpu")
    assert transcribe(model, noise(4), far) == transcribe(model, noise(4), near)


def test_half_precision_hears_something(folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["many"]), ctx, "bfloat16")
    assert transcribe(model, noise(3), ctx, "en").text
    assert ctx.live[model.source].parts["model"].dtype == torch.bfloat16


def test_a_voice_does_not_listen_and_a_whisper_does_not_speak(folders: dict[str, Path]) -> None:
    ctx = Bench()
    voice, whisper = (load(str(folders[name]), ctx) for name in ("voice", "many"))
    with pytest.raises(NodeError, match="is a voice, which speaks; link a Whisper"):
        transcribe(voice, noise(1), ctx)
    with pytest.raises(NodeError, match="is a Whisper, which listens; link a voice"):
        say(whisper, "hello", ctx)


def test_folders_that_are_not_whole_are_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    ctx = Bench()
    names = ("preprocessor_config.json", "tokenizer.json", "generation_config.json")
    (tmp_path / "config.json").write_bytes((folders["many"] / "config.json").read_bytes())
    for name in names:
        with pytest.raises(ModelError, match=f"has no {name}"):
            load(str(tmp_path), ctx)
        (tmp_path / name).write_bytes((folders["many"] / name).read_bytes())
    assert load(str(tmp_path), ctx).family == "whisper"
    told = json.loads((tmp_path / names[2]).read_text())
    del told["no_timestamps_token_id"]
    (tmp_path / names[2]).write_text(json.dumps(told))
    with pytest.raises(ModelError, match="is of an old kind, without the tokens of times"):
        load(str(tmp_path), ctx)
