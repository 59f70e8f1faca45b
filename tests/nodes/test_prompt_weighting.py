"""Weighted and long texts as CLIP reads them, beside the plain pipeline and A1111's arithmetic."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_sd import WORDS, Bench, Tiny, make_tiny

from musegraph import Conditioning, NodeError
from musegraph_nodes.diffusion import encode_text, sample
from musegraph_nodes.diffusion.families import Encoder
from musegraph_nodes.diffusion.prompts.grammar import escape, parse
from musegraph_nodes.diffusion.prompts.schedule import timeline
from musegraph_nodes.diffusion.prompts.weighting import chunks_of, keep_mean, room

ROOM = WORDS - 2


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    made = Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))
    with made.ctx.load(made.parts.text_encoder) as found:
        for net in (found.net, made.pipeline.text_encoder):
            # A norm that has learned nothing leaves no mean for weights to keep.
            net.requires_grad_(False)
            generator = torch.Generator().manual_seed(1)
            for norm in (one for one in net.modules() if isinstance(one, torch.nn.LayerNorm)):
                norm.weight.add_(torch.randn(32, generator=generator) * 0.3)
                norm.bias.add_(torch.randn(32, generator=generator) * 0.3)
    return made


@pytest.fixture(scope="module")
def live(tiny: Tiny) -> Encoder:
    with tiny.ctx.load(tiny.parts.text_encoder) as found:
        assert isinstance(found, Encoder)
        return found


def told(tiny: Tiny, text: str, **options: Any) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, text, tiny.ctx, **options)


def states(tiny: Tiny, text: str, **options: Any) -> torch.Tensor:
    (part,) = told(tiny, text, **options).parts
    return part.embeds["embeds"]


def plain(tiny: Tiny, text: str) -> torch.Tensor:
    """What the pipeline of diffusers makes of a text."""
    made = tiny.pipeline.encode_prompt(text, "cpu", 1, False)[0]
    assert isinstance(made, torch.Tensor)
    return made


def ids(live: Encoder, text: str) -> list[str]:
    """The chunks of a text, its tokens written out."""
    ((spans, _),) = timeline(parse(text), 0)
    return [live.tokenizer.decode(chunk.ids).replace(" ", "") for chunk in chunks_of(live, spans)]


def weighed(tiny: Tiny, text: str, weights: dict[int, float]) -> tuple[torch.Tensor, torch.Tensor]:
    """The plain states of a text, and weights [1,L,1] of its tokens counted from 1."""
    plain_states = plain(tiny, text)
    factors = torch.ones(1, plain_states.shape[1], 1)
    for token, weight in weights.items():
        factors[0, token, 0] = weight
    return plain_states, factors


@pytest.mark.parametrize("text", ["a red sun", "", "a (b:1.0) c", "(a b c:1)", "a\n b", "a<b>c"])
def test_without_weights_a_text_is_that_of_the_pipeline_to_the_bit(tiny: Tiny, text: str) -> None:
    words = text.replace("(", "").replace(":1.0)", "").replace(":1)", "")
    for weighting in ("keep mean", "from empty"):
        assert torch.equal(states(tiny, text, weighting=weighting), plain(tiny, words))


def test_weighting_off_takes_the_text_as_it_is_written(tiny: Tiny) -> None:
    bench = Bench()
    bench.live = tiny.ctx.live
    text = "(a:2) [b|c"
    made = encode_text(tiny.parts.text_encoder, text, bench, weighting="off")
    assert torch.equal(made.parts[0].embeds["embeds"], plain(tiny, text))
    assert torch.equal(states(tiny, escape(text)), plain(tiny, text))
    assert bench.warnings == []


def test_weights_keep_the_mean_as_a1111_does(tiny: Tiny) -> None:
    z, factors = weighed(tiny, "a b c", {2: 1.5, 3: 1.1})
    made = z * factors
    expected = made * (z.mean() / made.mean())
    found = states(tiny, "a (b:1.5) (c)")
    assert torch.equal(found, expected)
    assert float(found.mean()) == pytest.approx(float(z.mean()), rel=1e-4)


def test_states_without_a_mean_are_not_blown_up() -> None:
    hidden = torch.tensor([[[1.0, -1.0], [2.0, -2.0]]])
    weights = torch.tensor([[[1.0], [1.5]]])
    assert torch.equal(keep_mean(hidden, weights), hidden * weights)


def test_weights_lead_away_from_the_empty_text_as_comfyui_does(tiny: Tiny) -> None:
    z, factors = weighed(tiny, "a b c", {2: 1.5, 3: 1 / 1.1})
    empty = plain(tiny, "")
    found = states(tiny, "a (b:1.5) [c]", weighting="from empty")
    assert torch.equal(found, torch.where(factors == 1, z, empty + factors * (z - empty)))
    zero = states(tiny, "(a b c:0)", weighting="from empty")
    assert torch.equal(zero[:, 1:4], empty[:, 1:4])


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6), st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_weight_of_one_changes_no_bit(tiny: Tiny, letters: list[str], data: Any) -> None:
    forms = st.sampled_from(["{}", "({}:1.0)", "({}:1)", "(({}:+1.):1.00)"])
    marked = [data.draw(forms) for _ in letters]
    text = " ".join(form.format(letter) for form, letter in zip(marked, letters, strict=True))
    assert torch.equal(states(tiny, text), plain(tiny, " ".join(letters)))


@given(st.floats(0.25, 2, width=16), st.floats(0.25, 2, width=16))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nested_weights_are_their_product_in_the_states(tiny: Tiny, a: float, b: float) -> None:
    for weighting in ("keep mean", "from empty"):
        nested = states(tiny, f"x ((y:{a:.9f}):{b:.9f})", weighting=weighting)
        flat = states(tiny, f"x (y:{a * b:.12f})", weighting=weighting)
        assert torch.allclose(nested, flat, rtol=1e-5, atol=1e-6)


# Chunks


def test_a_long_text_is_read_in_chunks_that_are_put_together(tiny: Tiny, live: Encoder) -> None:
    assert room(live) == ROOM
    words = "a b c d e f g h i j k l m n o p q"
    assert ids(live, words) == ["abcdefghijklmn", "opq"]
    found = states(tiny, words)
    assert found.shape == (1, 2 * WORDS, 32)
    assert torch.equal(found[:, :WORDS], plain(tiny, "a b c d e f g h i j k l m n"))
    assert torch.equal(found[:, WORDS:], plain(tiny, "o p q"))


def test_break_begins_a_chunk_also_inside_weights(tiny: Tiny, live: Encoder) -> None:
    assert ids(live, "a b BREAK c") == ["ab", "c"]
    assert ids(live, "BREAK a BREAK BREAK b") == ["", "a", "", "b"]
    found = states(tiny, "a b BREAK c")
    assert torch.equal(found, torch.cat([plain(tiny, "a b"), plain(tiny, "c")], dim=1))
    apart = states(tiny, "(a BREAK b:1.3)")
    assert torch.equal(apart[:, :WORDS], states(tiny, "(a:1.3)"))


def test_a_phrase_is_not_cut_if_it_fits_into_the_next_chunk(live: Encoder) -> None:
    assert ids(live, "a b c d e f g h i , j k l m n o p") == ["abcdefghi,", "jklmnop"]
    assert ids(live, "a b c d e f g h i j k l m , n o") == ["abcdefghijklm,", "no"]
    assert ids(live, "a b c d e f g h i j k l m n , o") == ["abcdefghijklmn", ",o"]


def test_weights_stay_with_their_words_in_every_chunk(tiny: Tiny) -> None:
    text = "a b c d e f g h i j k l m n o (p:1.4) q"
    found = states(tiny, text)
    assert torch.equal(found[:, :WORDS], plain(tiny, "a b c d e f g h i j k l m n"))
    assert torch.equal(found[:, WORDS:], states(tiny, "o (p:1.4) q"))


def test_layers_are_skipped_under_weights_and_in_chunks_too(tiny: Tiny) -> None:
    one = states(tiny, "a b", clip_skip=1)
    assert torch.equal(states(tiny, "(a b:1.0) BREAK a b", clip_skip=1), torch.cat([one, one], 1))
    assert not torch.equal(states(tiny, "a (b:1.3)", clip_skip=1), states(tiny, "a (b:1.3)"))


# What is said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a :)", r"the \) at character 4 has no partner"),
        ("a <lora:ink:0.5>", "<lora:ink:0.5> is taken out of the text .* diffusion.lora puts"),
        ("{a|b}", "the choice at character 1 .* diffusion.prompt_wildcards makes it"),
    ],
)
def test_what_a_prompt_asks_for_in_vain_is_said_once(tiny: Tiny, text: str, words: str) -> None:
    bench = Bench()
    bench.live = tiny.ctx.live
    encode_text(tiny.parts.text_encoder, f"{text} [x:y:0.5]", bench)
    (said,) = bench.warnings
    assert re.search(words, said)


def test_an_embedding_that_nothing_adds_is_refused_with_its_name(tiny: Tiny) -> None:
    with pytest.raises(NodeError, match=r"'neg', and the encoder has none at all; diffusion\.emb"):
        told(tiny, "a embedding:neg")


# Schedules, all the way through the sampler


def test_a_prompt_that_changes_gives_a_part_for_each_of_its_texts(tiny: Tiny) -> None:
    made = told(tiny, "a [b:c:2]", steps=4)
    assert [part.ranges for part in made.parts] == [((0.0, 0.5),), ((0.5, 1.0),)]
    for part, text in zip(made.parts, ("a b", "a c"), strict=True):
        assert torch.equal(part.embeds["embeds"], plain(tiny, text))
    turns = told(tiny, "[a|b]", steps=4)
    assert [part.ranges for part in turns.parts] == [
        ((0.0, 0.25), (0.5, 0.75)),
        ((0.25, 0.5), (0.75, 1.0)),
    ]


@pytest.mark.parametrize("name", ["euler", "heun", "plms", "exp_heun_2_x0"])
def test_the_sampler_reads_each_text_in_its_steps(tiny: Tiny, name: str) -> None:
    """What changes never is the plain sampling; what changes late shares the first steps."""

    def made(text: str, steps: int = 4) -> torch.Tensor:
        options: dict[str, Any] = {"seed": 3, "steps": steps, "sampler": name, "guidance": 3.0}
        return sample(tiny.parts.model, told(tiny, text, steps=steps), tiny.ctx, **options).data

    assert torch.equal(made("[a:b:0]"), made("b"))
    assert torch.equal(made("[a:b:4]"), made("a"))
    late = made("[a:b:3]")
    assert not torch.equal(late, made("a"))
    assert (late - made("a")).norm() < (made("[a:b:1]") - made("a")).norm()


def test_positive_and_negative_of_other_lengths_are_each_read_whole(tiny: Tiny) -> None:
    """The same answers as from the net asked for each by itself."""
    from musegraph_nodes.diffusion.families import family_of
    from musegraph_nodes.diffusion.prompts.regions import Prompts

    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    t = torch.tensor(500)
    long, short = told(tiny, "a b BREAK c"), told(tiny, "fog")
    with tiny.ctx.load(tiny.parts.model) as net, torch.no_grad():
        denoiser = family_of(tiny.parts.model).denoiser(net, tiny.parts.model, "cpu")
        free, towards = Prompts(short, long)(denoiser, x, t, 0.0)
        for text, answer in ((short, free), (long, towards)):
            embeds = text.parts[0].embeds["embeds"]
            alone = net(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
            assert torch.equal(answer, alone)
