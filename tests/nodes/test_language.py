"""Texts by tiny nets of random weights: what transformers itself writes, and what is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from model_bench import Bench
from tiny_language import WITHOUT_SYSTEM, make_language

from musegraph import Cancelled, ModelError, NodeError
from musegraph_nodes.language import expand_prompt, load, lyrics, pack, write
from musegraph_nodes.language.load import LanguageModel
from musegraph_nodes.language.manners import one_line, sung
from musegraph_nodes.language.rules import lyrics_rules, manner, song_before
from musegraph_nodes.live import quiet


class Answering(Bench):
    """Whatever is asked, the model says this; what it was asked is kept."""

    def __init__(self, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        from musegraph_nodes.language import generation

        self.read: list[str] = []

        def written(live: Any, ids: torch.Tensor, asked: Any) -> str:
            self.read.append(generation.said(live.parts["words"], ids[0]))
            return answer

        monkeypatch.setattr(generation, "_written", written)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("language")
    return {
        "chat": make_language(place / "chat"),
        "plain": make_language(place / "plain", "gpt2", None),
        "blunt": make_language(place / "blunt", template=WITHOUT_SYSTEM),
        "short": make_language(place / "short", "gpt2", None, reach=24),
    }


def opened(folder: Path) -> tuple[Any, Any]:
    with quiet():
        net = hf.AutoModelForCausalLM.from_pretrained(folder).eval()
        return net, hf.AutoTokenizer.from_pretrained(folder)


def plainly(folder: Path, ids: torch.Tensor, seed: int, **how: Any) -> str:
    """What a user of transformers gets."""
    net, words = opened(folder)
    torch.manual_seed(seed)
    with torch.no_grad(), quiet():
        made = net.generate(ids, attention_mask=torch.ones_like(ids), pad_token_id=1, **how)
    return str(words.decode(made[0, ids.shape[1] :], skip_special_tokens=True))


def test_the_pack_opens_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.language as d; [t.schema() for t in d.pack.types.values()]; "
        "print(sorted({'torch', 'numpy', 'transformers', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["chat", "plain"])
@pytest.mark.parametrize(
    "how",
    [
        {"temperature": 1.0, "top_p": 1.0, "top_k": 0},
        {"temperature": 0.7, "top_p": 0.9, "top_k": 0},
        {"temperature": 1.3, "top_p": 0.95, "top_k": 12, "repetition": 1.2},
        {"temperature": 0.0, "top_p": 1.0, "top_k": 0},
    ],
)
def test_what_is_written_is_what_transformers_writes_with_the_same_seed(
    kind: str, how: dict[str, Any], folders: dict[str, Path]
) -> None:
    ctx = Bench()
    model = load(str(folders[kind]), ctx)
    made = write(model, "a red sun", ctx, most=24, seed=5, **how)
    _, words = opened(folders[kind])
    ids = words("[u]a red sun\n[a]" if kind == "chat" else "a red sun", return_tensors="pt")
    plain = {"do_sample": how["temperature"] > 0, "max_new_tokens": 24}
    if how["temperature"]:
        plain |= {name: how[name] for name in ("temperature", "top_p", "top_k")}
    plain["repetition_penalty"] = how.get("repetition", 1.0)
    expected = plainly(folders[kind], ids.input_ids, 5, **plain)
    assert made.text == (expected.strip() if kind == "chat" else expected)
    assert len(made.text) > 2
    assert made.chat[-1] == {"role": "assistant", "content": made.text}


def test_another_seed_writes_something_else_and_the_process_has_no_part_in_it(
    folders: dict[str, Path],
) -> None:
    ctx = Bench()
    model = load(str(folders["plain"]), ctx)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = write(model, "x", ctx, most=16, seed=1, temperature=1.0)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert write(model, "x", ctx, most=16, seed=1, temperature=1.0) == first
    assert write(model, "x", ctx, most=16, seed=2, temperature=1.0) != first


def test_a_conversation_goes_on_from_node_to_node(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = Answering("fine", monkeypatch)
    model = load(str(folders["chat"]), ctx)
    first = write(model, "hello", ctx, system="be kind")
    second = write(model, "and now?", ctx, chat=first.chat)
    assert ctx.read == [
        "[s]be kind\n[u]hello\n[a]",
        "[s]be kind\n[u]hello\n[a]fine\n[u]and now?\n[a]",
    ]
    assert [one["role"] for one in second.chat] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    with pytest.raises(NodeError, match="port 'system': the conversation at 'chat' has one"):
        write(model, "x", ctx, system="be rude", chat=first.chat)


def test_a_model_that_knows_no_system_is_told_first_thing(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = Answering("fine", monkeypatch)
    write(load(str(folders["blunt"]), ctx), "hello", ctx, system="be kind")
    assert ctx.read == ["[u]be kind\n\nhello\n[a]"]


def test_thoughts_are_left_out(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = Answering("<think>hm, well</think>\n\nYes. ", monkeypatch)
    model = load(str(folders["chat"]), ctx)
    assert write(model, "so?", ctx).text == "Yes."
    assert write(model, "so?", ctx, think=True).text == "Yes."
    assert ctx.read == ["[u]so?\n[a]", "[u]so?\n[a]<think>"]
    ctx = Answering("<think>hm, well", monkeypatch)
    ctx.live.clear()
    assert write(model, "so?", ctx, think=True).text == ""
    assert "still thinking after 256 tokens" in ctx.warned[0]


def test_it_ends_before_a_stop_and_makes_no_token_after_it(folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["plain"]), ctx)
    whole = write(model, "x", ctx, most=40, temperature=0).text
    made = len(ctx.shown)
    mark = whole[9:11]
    ended = write(model, "x", ctx, most=40, temperature=0, stop=f"\n{mark}\nnever there").text
    assert ended == whole[: whole.index(mark)]
    assert len(ctx.shown) - made < made


def test_what_is_written_can_be_watched_and_a_cancelled_run_ends(
    folders: dict[str, Path],
) -> None:
    ctx = Bench(stop=5)
    model = load(str(folders["plain"]), ctx)
    with pytest.raises(Cancelled):
        write(model, "x", ctx, most=40, temperature=0)
    assert [len(text) for text in ctx.shown] == [1, 2, 3, 4, 5]


def test_a_model_writes_no_more_than_it_sees(folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["short"]), ctx)
    assert len(write(model, "a" * 20, ctx, temperature=0).text) <= 4
    assert ctx.warned == ["the model sees 24 tokens at once, and reads 20: it writes at most 4"]
    with pytest.raises(NodeError, match="has 30 tokens, and it sees 24 at once; shorten it"):
        write(model, "a" * 30, ctx)


def test_prompts_are_asked_for_by_rules_or_by_examples(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("sentences", "tags", "music", "motion"):
        how = manner(kind)
        ctx = Answering('Sure, here it is: "a **fox**,\n snow"', monkeypatch)
        made = expand_prompt(load(str(folders["chat"]), ctx), "a fox", ctx, kind)  # type: ignore[arg-type]
        assert made == "a fox, snow"
        assert ctx.read == [f"[s]{how.rules}\n[u]a fox\n[a]"]
        ctx = Answering(" a fox, snow", monkeypatch)
        made = expand_prompt(load(str(folders["plain"]), ctx), "a\nfox", ctx, kind)  # type: ignore[arg-type]
        assert made == "a fox, snow"
        assert ctx.read[0].startswith(f"Idea: {how.examples[0][0]}\nPrompt: ")
        assert ctx.read[0].endswith(f"{how.examples[-1][1]}\n\nIdea: a fox\nPrompt:")


def test_an_idea_of_which_nothing_is_made_is_handed_on(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = Answering(" ", monkeypatch)
    assert expand_prompt(load(str(folders["plain"]), ctx), "a fox", ctx) == "a fox"
    assert ctx.warned
    with pytest.raises(NodeError, match="port 'idea': there is no idea"):
        expand_prompt(load(str(folders["plain"]), ctx), " \n", ctx)


def test_lyrics_have_their_parts_in_brackets(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = Answering(
        "# Last Bus\n\n**Verse 1:**\nOne\nTwo\n(Pre-Chorus)\nThree\n\n\nCHORUS\nFour", monkeypatch
    )
    made = lyrics(
        load(str(folders["chat"]), ctx), "a bus", ctx, genre="folk", parts="verse, chorus"
    )
    assert made == "[verse]\nOne\nTwo\n\n[pre-chorus]\nThree\n\n[chorus]\nFour"
    asked = "Song about: a bus\nGenre: folk\nParts: verse, chorus\n"
    assert ctx.read == [f"[s]{lyrics_rules()}\n[u]{asked}Language: English\n[a]"]
    ctx = Answering("chorus]\nFour\n", monkeypatch)
    made = lyrics(
        load(str(folders["plain"]), ctx), "a bus", ctx, genre="folk", parts="verse, chorus"
    )
    assert made == "[chorus]\nFour"
    assert ctx.read == [song_before(asked)]
    assert song_before(asked).endswith("Parts: verse, chorus\n\n[")
    with pytest.raises(NodeError, match="port 'theme'"):
        lyrics(load(str(folders["plain"]), ctx), "", ctx)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a plain one", "a plain one"),
        ("Prompt: a fox", "a fox"),
        ("**Prompt:** a fox", "a fox"),
        ("“a fox”", "a fox"),
        ("a fox: red, small", "a fox: red, small"),
        ("", ""),
    ],
)
def test_a_prompt_is_one_line_without_what_models_put_around_it(said: str, kept: str) -> None:
    assert one_line(said) == kept


def test_lyrics_without_any_part_are_a_verse() -> None:
    assert sung("One\nTwo") == "[verse]\nOne\nTwo"


def test_what_is_no_conversation_is_refused(folders: dict[str, Path]) -> None:
    ctx = Bench()
    model = load(str(folders["plain"]), ctx)
    with pytest.raises(NodeError, match="set mode to continue"):
        write(model, "x", ctx, mode="answer")
    for chat in ({"role": "user"}, [{"role": "me", "content": ""}], [{"role": "user"}], ["hi"]):
        with pytest.raises(NodeError, match="port 'chat'"):
            write(model, "x", ctx, chat=chat)


def test_folders_that_are_no_language_model_are_refused_in_words(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    ctx = Bench()

    def refused(why: str) -> None:
        with pytest.raises(ModelError, match=why):
            load(str(tmp_path), ctx)

    refused("holds no config.json")
    (tmp_path / "config.json").write_text("{")
    refused("is damaged")
    for config in (
        {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model"},
        {"architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2"},
        {"model_type": "mine", "auto_map": {"AutoModelForCausalLM": "mine.Model"}},
    ):
        (tmp_path / "config.json").write_text(json.dumps(config))
        refused("is no language model that the installed transformers writes with")
    (tmp_path / "config.json").write_text('{"model_type": "imagegpt"}')
    refused(r"writes pictures; autoregressive\.load opens it")
    (tmp_path / "config.json").write_text((folders["chat"] / "config.json").read_text())
    refused("has no tokenizer")
    (tmp_path / "tokenizer.json").write_text((folders["chat"] / "tokenizer.json").read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    refused("only as a pickle")
    with pytest.raises(ModelError, match="is one file"):
        load(str(tmp_path / "config.json"), ctx)


def test_damaged_weights_are_refused_when_they_are_loaded(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    for file in folders["plain"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"n_layer": 3}))
    ctx = Bench()
    model = load(str(tmp_path), ctx)
    assert isinstance(model, LanguageModel)
    with pytest.raises(ModelError, match=r"lacks .* of its tensors"):
        write(model, "x", ctx)
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(ModelError, match=r"cannot be opened|lacks"):
        write(model, "x", ctx)


def test_weights_that_visit_the_device_write_the_same(folders: dict[str, Path]) -> None:
    near, far = Bench(), Bench()
    model = load(str(folders["plain"]), near)
    offload = pack.loaders["transformers"].offload
    assert offload is not None
    far.live[model.source] = offload(model, folders["plain"], "cpu")
    assert write(model, "x", far, most=12, seed=3) == write(model, "x", near, most=12, seed=3)
