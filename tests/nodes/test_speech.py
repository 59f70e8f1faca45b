"""Speech by tiny voices of random weights: what transformers says, and what is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import transformers as hf
from model_bench import Bench
from safetensors.torch import load_file, save_file
from tiny_speech import make_voice

from musegraph import Cancelled, ModelError, NodeError, Reference
from musegraph_nodes.live import quiet
from musegraph_nodes.soundgen import load as sound_models
from musegraph_nodes.speech import load, pack, say
from musegraph_nodes.speech.sentences import sentences

RATE = 16_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("speech")
    return {
        "one": make_voice(place / "one"),
        "many": make_voice(place / "many", speakers=3),
        "raw": make_voice(place / "raw", normalize=False, add_blank=False),
    }


def plainly(folder: Path, text: str, seed: int, **how: Any) -> torch.Tensor:
    """What a user of transformers gets: samples [N]."""
    with quiet():
        net = hf.VitsModel.from_pretrained(folder).eval()
        words = hf.AutoTokenizer.from_pretrained(folder)
    net.noise_scale = how.pop("noise_scale", net.noise_scale)
    net.noise_scale_duration = how.pop("noise_scale_duration", net.noise_scale_duration)
    torch.manual_seed(seed)
    with torch.no_grad():
        made: torch.Tensor = net(**words(text, return_tensors="pt"), **how).waveform[0]
    return made


def test_the_pack_opens_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.speech as d; [t.schema() for t in d.pack.types.values()]; "
        "print(sorted({'torch', 'numpy', 'transformers', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"speed": 1.5}, {"speaking_rate": 1.5}),
        ({"expressiveness": 0.2, "rhythm": 1.1}, {"noise_scale": 0.2, "noise_scale_duration": 1.1}),
        ({"expressiveness": 0.0, "rhythm": 0.0}, {"noise_scale": 0.0, "noise_scale_duration": 0.0}),
    ],
)
def test_what_is_said_is_what_transformers_says_with_the_same_seed(
    ours: dict[str, Any], theirs: dict[str, Any], folders: dict[str, Path]
) -> None:
    ctx = Bench()
    model = load(str(folders["one"]), ctx)
    made = say(model, "Hello, old kite.", ctx, seed=5, **ours)
    expected = plainly(folders["one"], "Hello, old kite.", 5, **theirs)
    assert made.audio.sample_rate == RATE
    assert torch.equal(made.audio.data, expected[None, None])
    assert len(expected) > 1000
    assert float(expected.std()) > 0.01
    assert ctx.warned == []
    # The model is as it was for whoever uses it next.
    assert torch.equal(say(model, "kite", ctx).audio.data[0, 0], plainly(folders["one"], "kite", 0))


@pytest.mark.parametrize("speaker", [0, 2])
def test_a_model_of_several_voices_speaks_with_each(speaker: int, folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["many"]), ctx)
    made = say(model, "who am i", ctx, speaker=speaker, seed=1).audio.data[0, 0]
    assert torch.equal(made, plainly(folders["many"], "who am i", 1, speaker_id=speaker))
    other = say(model, "who am i", ctx, speaker=1, seed=1).audio.data[0, 0]
    assert made.shape != other.shape or not torch.equal(made, other)
    with pytest.raises(NodeError, match=r"port 'speaker': .* has 3 voices, 0 to 2, and 3 is asked"):
        say(model, "who am i", ctx, speaker=3)
    with pytest.raises(NodeError, match="has one voice, 0, and 1 is asked for"):
        say(load(str(folders["one"]), ctx), "who am i", ctx, speaker=1)


def test_another_seed_says_it_otherwise_and_the_process_has_no_part_in_it(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["one"]), ctx)
    say(model, "the sea", ctx)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = say(model, "the sea", ctx, seed=1).audio.data
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(say(model, "the sea", ctx, seed=1).audio.data, first)
    other = say(model, "the sea", ctx, seed=2).audio.data
    assert other.shape != first.shape or not torch.equal(other, first)


def test_sentences_follow_one_another_with_a_pause_and_their_times_are_exact(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["one"]), ctx)
    texts = ["One fox.", "It ran!", "Where to?"]
    made = say(model, " ".join(texts) + "\n\n", ctx, pause=0.25, seed=3)
    assert [one["text"] for one in made.words] == texts
    sound = made.audio.data[0, 0]
    at = 0
    for text, word in zip(texts, made.words, strict=True):
        alone = plainly(folders["one"], text, 3)
        assert (word["start"], word["end"]) == (at / RATE, (at + len(alone)) / RATE)
        assert torch.equal(sound[at : at + len(alone)], alone)
        at += len(alone) + 4000
        assert not sound[at - 4000 : at].any()
    assert at - 4000 == len(sound)
    assert made.words[-1]["end"] == len(sound) / RATE
    assert ctx.shown == [*texts, ""]


def test_a_cancelled_run_ends_before_the_next_sentence(folders: dict[str, Path]) -> None:
    ctx = Bench(stop=3)
    model = load(str(folders["one"]), ctx)
    with pytest.raises(Cancelled):
        say(model, "one. two. three. four.", ctx)
    assert ctx.shown == ["one.", "two.", "three."]


def test_what_a_voice_does_not_know_is_told_and_left_out(folders: dict[str, Path]) -> None:
    for name in ("one", "raw"):
        ctx = Bench()
        model = load(str(folders[name]), ctx)
        made = say(model, "ab 7, é & don’t 7.\n…", ctx)
        (warned,) = ctx.warned
        assert warned.startswith("the voice does not know 7 é &, and leaves it out; write it in")
        assert [one["text"] for one in made.words] == ["ab 7, é & don’t 7."]
        kept = "ab    don't " if name == "raw" else "ab 7, é & don't 7."
        assert torch.equal(made.audio.data[0, 0], plainly(folders[name], kept, 0))
        with pytest.raises(NodeError, match="port 'text': the voice knows no letter of it"):
            say(model, "你好。 7!", ctx)
        with pytest.raises(NodeError, match="port 'text': there is nothing to say"):
            say(model, " \n ", ctx)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ('"Go." he said. (Why?) So', ['"Go."', "he said.", "(Why?)", "So"]),
        ("Dr. Who met J. S. Bach, e.g. at 3.14 p.m. Then", None),
        (
            "你好。今天天气很好！“真的吗？”是……的",
            ["你好。", "今天天气很好！", "“真的吗？”", "是……", "的"],
        ),
        ("a line\nanother\r\n\n  third  one ", ["a line", "another", "third one"]),
        ("Wait... what", ["Wait...", "what"]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_sentences_end(text: str, parts: list[str] | None) -> None:
    assert sentences(text) == ([text] if parts is None else parts)


def test_a_sentence_that_is_too_long_is_cut_at_commas_and_between_words() -> None:
    assert sentences("one two, three four five", 12) == ["one two,", "three four", "five"]
    assert sentences("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    long = " ".join(["word"] * 500)
    assert max(map(len, sentences(long))) <= 300
    assert " ".join(sentences(long)) == long


def test_folders_that_do_not_speak_are_refused_in_words(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    ctx = Bench()

    def refused(why: str) -> None:
        with pytest.raises(ModelError, match=why):
            load(str(tmp_path), ctx)

    refused("holds no config.json")
    (tmp_path / "config.json").write_text("{")
    refused("is damaged")
    for named, why in (
        ("CLIPTextModel", "is no model of speech that is known here; known"),
        ("Qwen3ForCausalLM", r"writes texts; language\.load opens it"),
        ("MusicgenForConditionalGeneration", r"soundgen\.load opens it"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({"architectures": [named]}))
        refused(why)
    (tmp_path / "model_index.json").write_text("{}")
    refused("is a pipeline of Diffusers")
    (tmp_path / "model_index.json").unlink()
    (tmp_path / "config.json").write_text((folders["one"] / "config.json").read_text())
    refused("has no tokenizer")
    (tmp_path / "vocab.json").write_text((folders["one"] / "vocab.json").read_text())
    told = folders["one"] / "tokenizer_config.json"
    (tmp_path / "tokenizer_config.json").write_text(told.read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    refused("only as a pickle")
    with pytest.raises(ModelError, match="is one file"):
        load(str(tmp_path / "config.json"), ctx)
    other = Reference(loader="language.transformers", source="x", part="", digest="")
    with pytest.raises(NodeError, match=r"made for 'language\.transformers'"):
        say(other, "a", ctx)  # type: ignore[arg-type]


def test_who_opens_a_voice_for_other_sounds_is_told_which_node_opens_it(
    folders: dict[str, Path],
) -> None:
    with pytest.raises(
        ModelError, match=r"is a VitsModel, a model of speech; speech\.load opens it"
    ):
        sound_models(str(folders["one"]), Bench())


def test_voices_that_want_another_package_are_refused_without_it(
    tmp_path: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = Bench()
    for name in ("config.json", "vocab.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folders["one"] / name).read_bytes())
    monkeypatch.setitem(sys.modules, "phonemizer", None)
    monkeypatch.setitem(sys.modules, "uroman", None)
    with pytest.raises(ModelError, match="pip install phonemizer"):
        load(str(tmp_path), ctx)
    file = tmp_path / "tokenizer_config.json"
    file.write_text(json.dumps({"phonemize": False, "is_uroman": True}))
    with pytest.raises(ModelError, match="pip install uroman"):
        load(str(tmp_path), ctx)
    there = ModuleType("uroman")
    there.__spec__ = json.__spec__
    monkeypatch.setitem(sys.modules, "uroman", there)
    assert load(str(tmp_path), ctx).family == "vits"


def test_weights_in_the_names_of_published_folders_are_read(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    """Those of MMS call the two halves of normed weights by the names of older PyTorch."""
    for file in folders["one"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    newer = load_file(tmp_path / "model.safetensors")
    older = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in newer.items()
    }
    assert older.keys() != newer.keys()
    save_file(older, tmp_path / "model.safetensors", {"format": "pt"})
    ctx = Bench()
    made = say(load(str(tmp_path), ctx), "kite", ctx).audio.data
    assert torch.equal(made[0, 0], plainly(folders["one"], "kite", 0))


def test_damaged_weights_are_refused_when_they_are_loaded(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    for file in folders["one"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    ctx = Bench()
    model = load(str(tmp_path), ctx)
    with pytest.raises(ModelError, match=r"lacks .* of its tensors"):
        say(model, "x", ctx)
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(ModelError, match=r"cannot be opened|lacks"):
        say(model, "x", ctx)


@pytest.mark.parametrize("name", ["one", "many"])
def test_weights_that_visit_the_device_say_the_same(name: str, folders: dict[str, Path]) -> None:
    near, far = Bench(), Bench()
    model = load(str(folders[name]), near)
    offload = pack.loaders["transformers"].offload
    assert offload is not None
    far.live[model.source] = offload(model, folders[name], "cpu")
    made = [say(model, "a kite. a fox.", ctx, seed=3).audio.data for ctx in (near, far)]
    assert torch.equal(*made)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_voice_speaks_in_half_precision(precision: Any, folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["one"]), ctx, precision)
    made = say(model, "a kite", ctx).audio.data
    assert made.dtype == torch.float32
    assert float(made.std()) > 0.01
    assert ctx.live[model.source].parts["model"].dtype == getattr(torch, precision)
