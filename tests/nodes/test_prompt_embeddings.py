"""Words that an encoder learns from a file, beside ``load_textual_inversion`` of diffusers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from tiny_sd import Tiny, make_tiny

from musegraph import Engine, ModelError, NodeError, Store, TextEncoder, Workflow
from musegraph.workflow import Port
from musegraph_nodes.diffusion import embedding, encode_text
from musegraph_nodes.live import quiet

VECTORS = torch.randn(3, 32, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def taught(tiny: Tiny) -> StableDiffusionPipeline:
    """The plain pipeline, with the same words in it."""
    with quiet():
        made = StableDiffusionPipeline.from_pretrained(tiny.folder, safety_checker=None)
        made.load_textual_inversion({"<cat>": VECTORS}, token="<cat>")
        made.load_textual_inversion({"<dog>": VECTORS[:1]}, token="<dog>")
    return made


def file(folder: Path, name: str, **tensors: torch.Tensor) -> str:
    path = folder / f"{name}.safetensors"
    save_file(tensors, path)
    return str(path)


def both(tiny: Tiny, folder: Path) -> TextEncoder:
    """The encoder with the two words, one in each layout."""
    cat = file(folder, "cat", emb_params=VECTORS)
    dog = file(folder, "dog", **{"<dog>": VECTORS[0]})
    one = embedding(tiny.parts.text_encoder, cat, tiny.ctx, "<cat>")
    return embedding(one, dog, tiny.ctx)


def states(tiny: Tiny, encoder: TextEncoder, text: str, **options: Any) -> torch.Tensor:
    (part,) = encode_text(encoder, text, tiny.ctx, **options).parts
    return part.embeds["embeds"]


def plain(pipeline: Any, text: str) -> torch.Tensor:
    made = pipeline.encode_prompt(text, "cpu", 1, False)[0]
    assert isinstance(made, torch.Tensor)
    return made


def plain_skipped(pipeline: Any, text: str) -> torch.Tensor:
    """The layer before the last, as the pipeline reads it where it can: its clip_skip 1."""
    words = pipeline.maybe_convert_prompt(text, pipeline.tokenizer)
    ids = pipeline.tokenizer(words, padding="max_length", truncation=True, return_tensors="pt")
    net = pipeline.text_encoder
    found = net(ids.input_ids, output_hidden_states=True).hidden_states[-2]
    made = getattr(net, "text_model", net).final_layer_norm(found)
    assert isinstance(made, torch.Tensor)
    return made


@pytest.mark.parametrize("text", ["a <cat> b", "<cat> <dog>", "<cat>", "a<dog>, b", "<cats> cat"])
def test_a_learned_word_is_read_as_diffusers_reads_it_to_the_bit(
    tiny: Tiny, taught: StableDiffusionPipeline, tmp_path: Path, text: str
) -> None:
    encoder = both(tiny, tmp_path)
    assert torch.equal(states(tiny, encoder, text), plain(taught, text))
    assert torch.equal(states(tiny, encoder, text, clip_skip=1), plain_skipped(taught, text))


def test_the_tag_and_the_word_itself_mean_the_same(
    tiny: Tiny, taught: StableDiffusionPipeline, tmp_path: Path
) -> None:
    source = file(tmp_path, "bad-hands", emb_params=VECTORS)
    encoder = embedding(tiny.parts.text_encoder, source, tiny.ctx)
    wanted = plain(taught, "a <cat> b")
    for text in ("a embedding:bad-hands b", "a <embedding:bad-hands> b", "a bad-hands b"):
        assert torch.equal(states(tiny, encoder, text), wanted), text
    # The hyphen belongs to the word: within a longer one it does not stand.
    assert not torch.equal(states(tiny, encoder, "a bad-handset b"), wanted)


def test_a_learned_word_can_be_weighted(tiny: Tiny, tmp_path: Path) -> None:
    encoder = both(tiny, tmp_path)
    one = states(tiny, encoder, "a (<cat>:1.0) b")
    more = states(tiny, encoder, "a (<cat>:1.4) b", weighting="from empty")
    empty = states(tiny, encoder, "")
    changed = (more != one).any(dim=-1)[0].nonzero().flatten().tolist()
    assert changed == [2, 3, 4]
    assert torch.equal(more[:, 2:5], empty[:, 2:5] + 1.4 * (one[:, 2:5] - empty[:, 2:5]))


def test_a_word_of_several_vectors_is_not_cut_by_a_chunk(tiny: Tiny, tmp_path: Path) -> None:
    encoder = both(tiny, tmp_path)
    found = states(tiny, encoder, "a b c d e f g h i j k l m <cat> n")
    assert torch.equal(found[:, 16:], states(tiny, encoder, "<cat> n"))


def test_the_encoder_is_afterwards_what_it_was(tiny: Tiny, tmp_path: Path) -> None:
    with tiny.ctx.load(tiny.parts.text_encoder) as live:
        matrix, copy = (
            live.net.get_input_embeddings(),
            live.net.get_input_embeddings().weight.clone(),
        )
    before = states(tiny, tiny.parts.text_encoder, "a <cat> b")
    states(tiny, both(tiny, tmp_path), "a <cat> b")
    assert live.words == {}
    assert live.net.get_input_embeddings() is matrix
    assert torch.equal(matrix.weight, copy)
    assert torch.equal(states(tiny, tiny.parts.text_encoder, "a <cat> b"), before)


def test_the_end_of_a_text_is_found_behind_a_learned_word(tiny: Tiny, tmp_path: Path) -> None:
    """CLIP pools at the highest id in older models: those of learned words must not be higher."""
    from musegraph_nodes.diffusion.prompts.weighting import framed

    with tiny.ctx.load(both(tiny, tmp_path)) as live:
        ids = framed(live, [5, *live.words["<cat>"], *live.words["<dog>"]]).ids
    assert int(ids.argmax()) == 6
    assert ids[0, 1:6].tolist() == [5, -1, -2, -3, -4]


def test_a_file_of_sdxl_holds_vectors_for_both_encoders(tmp_path: Path) -> None:
    from musegraph_nodes.diffusion.prompts.embeddings import vectors_for

    wide = torch.ones(2, 48)
    path = Path(file(tmp_path, "xl", clip_l=VECTORS, clip_g=wide))
    assert torch.equal(vectors_for(path, "text_encoder", 32), VECTORS)
    assert torch.equal(vectors_for(path, "text_encoder_2", 48), wide)
    assert vectors_for(path, "text_encoder_2", 32).shape == (0, 32)
    assert vectors_for(path, "text_encoder_3", 48).shape == (0, 48)


def test_what_is_no_embedding_or_does_not_fit_is_refused_in_words(
    tiny: Tiny, tmp_path: Path
) -> None:
    encoder = tiny.parts.text_encoder

    def refused(
        words: str, source: str, token: str = "", kind: type[Exception] = NodeError
    ) -> None:
        with pytest.raises(kind, match=words):
            states(tiny, embedding(encoder, source, tiny.ctx, token), "a")

    refused("holds 2 tensors", file(tmp_path, "two", a=VECTORS, b=VECTORS + 1), kind=ModelError)
    refused("is no embedding", file(tmp_path, "deep", x=VECTORS[None]), kind=ModelError)
    refused("holds no vectors as wide", file(tmp_path, "wide", emb_params=torch.ones(1, 48)))
    refused("'a b' cannot be a word", file(tmp_path, "ok", emb_params=VECTORS), "a b")
    (tmp_path / "old.pt").write_bytes(b"PK")
    refused("only .safetensors", str(tmp_path / "old.pt"), kind=ModelError)
    refused("holds 4 .safetensors files", str(tmp_path), kind=ModelError)
    once = embedding(encoder, file(tmp_path, "ok", emb_params=VECTORS), tiny.ctx)
    with pytest.raises(NodeError, match="has an embedding 'ok' already"):
        embedding(once, file(tmp_path, "ok", emb_params=VECTORS), tiny.ctx)
    with pytest.raises(NodeError, match=r"the embedding 'no', and the encoder has ok; diff"):
        states(tiny, once, "embedding:no")


def test_a_workflow_encodes_with_an_embedding_and_counts_by_its_content(
    tiny: Tiny, taught: StableDiffusionPipeline, tmp_path: Path
) -> None:
    source = file(tmp_path, "word", emb_params=VECTORS)
    work = Workflow.parse(
        {
            "musegraph": 1,
            "nodes": {
                "load": {"type": "diffusion.load", "values": {"source": str(tiny.folder)}},
                "teach": {
                    "type": "diffusion.embedding",
                    "values": {"source": source},
                    "links": {"encoder": "load.text_encoder"},
                },
                "encode": {
                    "type": "diffusion.encode_text",
                    "values": {"text": "a word b"},
                    "links": {"encoder": "teach.out"},
                },
            },
        }
    )
    with Engine(store=Store(tmp_path / "cache")) as engine:
        first = engine.run(engine.plan(work))
        assert first.ok, first.outcome.errors
        made = first.value(Port("encode", "out")).parts[0].embeds["embeds"]
        assert torch.equal(made, plain(taught, "a <cat> b"))
        save_file({"emb_params": VECTORS + 1}, source)
        other = engine.run(engine.plan(work)).value(Port("encode", "out")).parts[0]
        assert not torch.equal(other.embeds["embeds"], made)
