"""Prompts in families of several text encoders: weights, chunks, learned words, regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny import Opened
from tiny_sd import WORDS, Bench, settled

from musegraph import Conditioning, Mask, NodeError
from musegraph_nodes.diffusion import (
    combine,
    decode,
    embedding,
    empty_latent,
    encode_text,
    region,
    sample,
)
from musegraph_nodes.live import quiet

Open = Callable[[str], Opened]
LONG = "a b c d e f g h i j k l m n o p q"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Open:
    made: dict[str, Opened] = {}

    def one(name: str) -> Opened:
        if name not in made:
            made[name] = Opened(name, tmp_path_factory.mktemp("models") / name)
        return made[name]

    return one


def told(tiny: Opened, text: str, **options: Any) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, text, tiny.ctx, **options)


def embeds(tiny: Opened, text: str, **options: Any) -> dict[str, torch.Tensor]:
    (part,) = told(tiny, text, **options).parts
    return part.embeds


def warned(tiny: Opened, text: str, **options: Any) -> list[str]:
    bench = Bench()
    bench.live = tiny.ctx.live
    encode_text(tiny.parts.text_encoder, text, bench, **options)
    return bench.warnings


def test_both_encoders_of_sdxl_are_weighted_each_by_its_own_mean(opened: Open) -> None:
    tiny = opened("sdxl")
    plain, made = embeds(tiny, "a b c"), embeds(tiny, "a (b:1.5) c")
    assert torch.equal(made["pooled"], plain["pooled"])
    half = plain["embeds"].shape[-1] // 2
    for side in (slice(0, half), slice(half, None)):
        states, factors = plain["embeds"][..., side], torch.ones(1, WORDS, 1)
        factors[0, 2] = 1.5
        scaled = states * factors
        expected = scaled * (states.mean() / scaled.mean())
        assert torch.allclose(made["embeds"][..., side], expected, rtol=1e-5)
    assert all(torch.equal(embeds(tiny, "a (b:1.0) c")[n], plain[n]) for n in plain)


def test_a_long_text_of_sdxl_has_the_embedding_of_its_first_chunk(opened: Open) -> None:
    tiny = opened("sdxl")
    made, first = embeds(tiny, LONG), embeds(tiny, LONG[: 2 * (WORDS - 2) - 1])
    assert made["embeds"].shape[1] == 2 * WORDS
    assert torch.equal(made["embeds"][:, :WORDS], first["embeds"])
    assert torch.equal(made["pooled"], first["pooled"])


def test_sdxl_learns_a_word_in_both_encoders_as_in_diffusers(opened: Open, tmp_path: Path) -> None:
    tiny = opened("sdxl")
    generator = torch.Generator().manual_seed(4)
    pipeline = tiny.pipeline
    widths = [net.config.hidden_size for net in (pipeline.text_encoder, pipeline.text_encoder_2)]
    vectors = [torch.randn(2, wide, generator=generator) for wide in widths]
    file = tmp_path / "cat.safetensors"
    save_file({"clip_l": vectors[0], "clip_g": vectors[1]}, file)
    encoder = embedding(tiny.parts.text_encoder, str(file), tiny.ctx, "<cat>")
    (part,) = encode_text(encoder, "a <cat> b", tiny.ctx).parts
    with quiet():
        fresh = type(pipeline).from_pretrained(tiny.folder)
        settled(fresh)
        for one, words, net in (
            (vectors[0], fresh.tokenizer, fresh.text_encoder),
            (vectors[1], fresh.tokenizer_2, fresh.text_encoder_2),
        ):
            fresh.load_textual_inversion(one, token="<cat>", tokenizer=words, text_encoder=net)
    plain, _, pooled, _ = fresh.encode_prompt("a <cat> b", do_classifier_free_guidance=False)
    assert torch.equal(part.embeds["embeds"], plain)
    assert torch.equal(part.embeds["pooled"], pooled)
    single = tmp_path / "odd.safetensors"
    save_file({"emb_params": torch.ones(1, 7)}, single)
    with pytest.raises(NodeError, match="'odd' holds no vectors as wide"):
        encode_text(embedding(encoder, str(single), tiny.ctx), "a", tiny.ctx)


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_where_t5_reads_on_clip_reads_the_beginning_as_in_the_pipeline(
    opened: Open, name: str
) -> None:
    tiny = opened(name)
    assert embeds(tiny, LONG)["embeds"].shape == embeds(tiny, "a")["embeds"].shape
    size: dict[str, Any] = {"height": 32, "width": 32}
    plain = tiny.plain(prompt=LONG, guidance_scale=3.5, **size)
    given = empty_latent(tiny.parts.model, 32, 32)
    options: dict[str, Any] = {"seed": 7, "steps": 3, "guidance": 3.5, "sampler": "euler"}
    latent = sample(tiny.parts.model, told(tiny, LONG), tiny.ctx, latent=given, **options)
    assert torch.equal(decode(tiny.parts.vae, latent, tiny.ctx).data, plain)


@pytest.mark.parametrize("name", ["sd3", "flux", "z_image", "qwen_image"])
def test_an_encoder_that_knows_no_weights_says_so_and_reads_the_words(
    opened: Open, name: str
) -> None:
    tiny = opened(name)
    (said,) = warned(tiny, "a (b:1.4) c")
    assert "knows no weights" in said
    assert warned(tiny, "a (b:1.0) c") == warned(tiny, "a (b) c", weighting="off") == []
    plain, made = embeds(tiny, "a b c"), embeds(tiny, "a (b:1.4) c")
    if name in ("z_image", "qwen_image"):
        assert all(torch.equal(made[one], plain[one]) for one in plain)
    if name == "sd3":  # its CLIPs are weighted, its T5 is not
        assert not torch.equal(made["embeds"][:, :WORDS], plain["embeds"][:, :WORDS])
        assert torch.equal(made["embeds"][:, WORDS:], plain["embeds"][:, WORDS:])


@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux", "z_image", "qwen_image"])
def test_regions_and_schedules_reach_the_nets_of_every_family(opened: Open, name: str) -> None:
    """A region everywhere is the prompt alone, to the bit; half of it changes its half more."""
    tiny = opened(name)
    given = empty_latent(tiny.parts.model, 32, 32)
    area = torch.zeros(1, 32, 32)
    area[..., :16] = 1

    def made(conditioning: Conditioning) -> torch.Tensor:
        options: dict[str, Any] = {"seed": 7, "steps": 2, "guidance": 2.0, "sampler": "euler"}
        return sample(tiny.parts.model, conditioning, tiny.ctx, latent=given, **options).data

    one, other = told(tiny, "a b"), told(tiny, "x y z")
    alone = made(other)
    assert torch.equal(made(combine([one, region(other, Mask(torch.ones(1, 32, 32)))])), alone)
    assert torch.equal(made(told(tiny, "[a b:x y z:0]")), alone)
    plain = made(one)
    half = (made(combine([one, region(other, Mask(area))])) - plain).abs().mean(dim=(0, 1, 2))
    middle = half.shape[0] // 2
    assert half[:middle].mean() > half[middle:].mean()
