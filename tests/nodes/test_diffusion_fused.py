"""Samplings made as one batch, beside the same ones made alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from test_diffusion_controlnet import randomised
from test_diffusion_memory import refusing
from tiny import Opened
from tiny_sd import Tiny, make_tiny

from musegraph import Cancelled, Conditioning, Engine, Image, Latent, Model, Store, Workflow
from musegraph import load_registry as registry
from musegraph_nodes.diffusion import (
    combine,
    conditioning_range,
    control,
    empty_latent,
    encode,
    encode_text,
    load_controlnet,
    noise,
    optimise,
    region,
    sample,
)
from musegraph_nodes.diffusion.sampling.fused import kind_of, sampled_alone, sampled_together
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.schedulers import SAMPLERS

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")
NEAR = 1e-4
"""How far from the ones made alone, relative to them: DESIGN §6."""
DEFAULTS = {name: port.default for name, port in signature(sample).parameters.items()}
FAMILIES = ("sd2", "sdxl", "sd3", "flux", "z_image", "qwen_image")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def told(tiny: Tiny | Opened, text: str = "a red sun") -> Conditioning:
    return encode_text(tiny.parts.text_encoder, text, tiny.ctx)


def fast(tiny: Tiny | Opened, most: int = 4, **how: Any) -> Model:
    return optimise(tiny.parts.model, together=most, **how).model


def calls(tiny: Tiny | Opened, *differing: Mapping[str, Any], **how: Any) -> list[dict[str, Any]]:
    """What a sampler is called with: alike but for what is named apart."""
    model = how.pop("model", None) or fast(tiny)
    common = {name: value for name, value in DEFAULTS.items() if name != "ctx"}
    common |= {"model": model, "positive": told(tiny), "latent": empty_latent(model, 32, 32)}
    common |= {"steps": 4, "guidance": 4.0, "sampler": "euler"} | how
    return [common | own for own in differing]


def seeds(*numbers: int) -> list[dict[str, Any]]:
    return [{"seed": number} for number in numbers]


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


def check(tiny: Tiny | Opened, asked: list[dict[str, Any]], near: float = NEAR) -> None:
    """Of one kind, and each as it is alone, which the others are not."""
    kinds = [kind_of(call) for call in asked]
    assert kinds[0] is not None
    assert len(set(kinds)) == 1
    together = sampled_together(asked, tiny.ctx)
    alone = [sampled_alone(call, tiny.ctx) for call in asked]
    assert len(together) == len(alone)
    for made, single in zip(together, alone, strict=True):
        assert made.data.shape == single.data.shape
        assert apart(made.data, single.data) < near
        storage = made.data.untyped_storage()
        assert storage.nbytes() == made.data.nbytes, "it holds no memory of the others"
    assert apart(together[0].data, together[1].data) > 0.01


# Equal within the tolerance


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_and_texts_together_are_what_they_are_alone(family: str, tmp_path: Path) -> None:
    tiny = Opened(family, tmp_path / family)
    check(tiny, calls(tiny, *seeds(1, 2, 9)))
    texts = [{"positive": told(tiny, text)} for text in ("a red sun", "blue snow")]
    away = {"negative": told(tiny, "fog")}
    check(tiny, calls(tiny, texts[0] | away, texts[1] | away | {"seed": 5}))


@pytest.mark.parametrize("sampler", sorted({*OWN, *SAMPLERS} - {"dpm_adaptive"}))
def test_every_sampler_draws_for_each_item_what_it_draws_alone(sampler: str, tiny: Tiny) -> None:
    for schedule in ("model default", "kl_optimal"):  # that of diffusers where it has one, and ours
        check(tiny, calls(tiny, *seeds(3, 8), sampler=sampler, schedule=schedule))


def test_the_sampler_that_sizes_its_steps_by_the_worst_item_is_left_alone(tiny: Tiny) -> None:
    (one,) = calls(tiny, {}, sampler="dpm_adaptive")
    assert kind_of(one) is None


def test_variations_and_noise_of_another_strength_are_drawn_for_each(tiny: Tiny) -> None:
    check(tiny, calls(tiny, *seeds(1, 2), noise=noise(variation_seed=5, variation=0.3)))
    drawn = noise(eta=0.5, scale=1.1)
    check(tiny, calls(tiny, *seeds(1, 2), noise=drawn, sampler="euler_ancestral"))


@pytest.mark.parametrize("method", ["apg", "pag", "cfg_zero", "perp_neg", "tangential"])
def test_guiders_guide_each_item_by_itself(method: str, tiny: Tiny) -> None:
    away = {"negative": told(tiny, "fog")}
    texts = [away | {"positive": told(tiny, text)} for text in ("a red sun", "blue")]
    guider = {"method": method, "momentum": -0.5 if method == "apg" else 0.0}
    check(tiny, calls(tiny, *texts, guider=guider, guidance_rescale=0.5), near=2e-4)


def test_pictures_to_start_from_may_differ_and_batches_go_together(tiny: Tiny) -> None:
    vae = tiny.parts.vae
    pictures = [
        encode(vae, Image(torch.full((2, 32, 32, 3), shade)), tiny.ctx) for shade in (0.2, 0.8)
    ]
    given = [{"latent": picture, "seed": 4} for picture in pictures]
    check(tiny, calls(tiny, *given, denoise=0.6))
    double = empty_latent(tiny.parts.model, 32, 32, 2)
    check(tiny, calls(tiny, *seeds(1, 10), latent=double))
    texts = [{"positive": told(tiny, text)} for text in ("a red sun", "blue")]
    check(tiny, calls(tiny, *texts, latent=double))


def test_regions_and_schedules_of_texts_go_together_where_their_places_are_alike(
    tiny: Tiny,
) -> None:
    def scene(inside: str, side: int) -> dict[str, Any]:
        mask = torch.zeros(1, 32, 32)
        mask[:, :, side : side + 16] = 1
        early = conditioning_range(told(tiny, inside), 0.0, 0.5)
        both = combine([told(tiny, "snow"), region(early, mask_of(mask))])
        return {"positive": both}

    def mask_of(mask: torch.Tensor) -> Any:
        from musegraph import Mask

        return Mask(mask)

    check(tiny, calls(tiny, scene("a sun", 0), scene("a moon", 16)))
    late = {"positive": conditioning_range(told(tiny), 0.0, 1.0)}
    kinds = {kind_of(call) for call in calls(tiny, scene("a sun", 0), late)}
    assert len(kinds) == 2


def test_a_step_cache_and_fusion_go_together(tiny: Tiny, tmp_path: Path) -> None:
    model = fast(tiny, cache="deep", cache_every=2)
    check(tiny, calls(tiny, *seeds(1, 2, 3), model=model, steps=6))
    flux = Opened("flux", tmp_path / "flux")
    model = fast(flux, cache="taylor", cache_every=2)
    check(flux, calls(flux, *seeds(1, 2), model=model, steps=6))
    first = fast(flux, cache="first block")
    (one,) = calls(flux, {}, model=first)
    assert kind_of(one) is None, "it decides for the whole batch what it passes over"


# What goes together, and what does not


def test_without_the_wish_nothing_goes_together(tiny: Tiny) -> None:
    (one,) = calls(tiny, {}, model=tiny.parts.model)
    assert kind_of(one) is None
    assert optimise(tiny.parts.model, together=1).model == tiny.parts.model
    assert fast(tiny).base() == tiny.parts.model.base(), "the same weights are used"


def test_texts_of_another_length_sizes_and_settings_stay_apart(tiny: Tiny) -> None:
    plain = told(tiny)
    longer = Conditioning(
        tuple(
            type(part)({"embeds": torch.cat([part.embeds["embeds"]] * 2, dim=1)})
            for part in plain.parts
        ),
        plain.family,
    )
    small = empty_latent(tiny.parts.model, 16, 32)
    drawn = encode(tiny.parts.vae, Image(torch.full((1, 32, 32, 3), 0.3)), tiny.ctx)
    differing = [
        {},
        {"positive": longer},
        {"negative": plain},
        {"latent": small},
        {"latent": drawn},
        {"latent": None},
        {"steps": 5},
        {"guidance": 3.0},
        {"noise": noise(variation_seed=5, variation=0.3)},
        {"model": fast(tiny, cache="deep")},
        {"model": fast(tiny, 5)},
    ]
    kinds = [kind_of(call) for call in calls(tiny, *differing)]
    assert len(set(kinds)) == len(differing)


def test_texts_that_a_control_leads_go_together_only_if_they_are_the_same(
    tiny: Tiny, tmp_path: Path
) -> None:
    from diffusers import ControlNetModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet, sizes = tiny.pipeline.unet, (8, 16, 16)
        net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=sizes)
    randomised(net, 3).save_pretrained(tmp_path / "net")
    lead = load_controlnet(str(tmp_path / "net"), tiny.ctx)
    picture = Image(torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(1)))
    led = control(told(tiny), lead, picture)
    check(tiny, calls(tiny, *seeds(1, 2), positive=led))
    both = calls(tiny, {"positive": led}, {"positive": control(told(tiny, "blue"), lead, picture)})
    assert len({kind_of(call) for call in both}) == 2


def test_a_batch_is_asked_for_at_once_and_stops_when_told(tiny: Tiny) -> None:
    asked = calls(tiny, *seeds(1, 2, 3))
    with refusing(UNet2DConditionModel, "forward", 10**9) as seen:
        sampled_together(asked, tiny.ctx)
    assert seen == [2 * 3 * 64] * 4
    tiny.ctx.steps.clear()
    tiny.ctx.cancel_at = 2
    try:
        with pytest.raises(Cancelled):
            sampled_together(asked, tiny.ctx)
    finally:
        tiny.ctx.cancel_at = None
    assert len(tiny.ctx.steps) == 2


# In a run


def document(folder: Path, seed: Any, together: int, **values: Any) -> Workflow:
    nodes = {
        "load": {"type": "diffusion.load", "values": {"source": str(folder)}},
        "fast": {
            "type": "diffusion.optimise",
            "values": {"together": together},
            "links": {"model": "load.model"},
        },
        "text": {
            "type": "diffusion.encode_text",
            "values": {"text": values.pop("text", "abc")},
            "links": {"encoder": "load.text_encoder"},
        },
        "sample": {
            "type": "diffusion.sample",
            "values": {"steps": 3, "seed": seed, **values},
            "links": {"model": "fast.model", "positive": "text.out"},
        },
    }
    return Workflow.parse({"musegraph": 1, "nodes": nodes, "outputs": {"latent": "sample.out"}})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(registry(), Store(tmp_path / "cache")) as made:
        yield made


def latents(engine: Engine, work: Workflow) -> tuple[list[Latent], list[str], list[int]]:
    """What a run makes, what is noted of it, and the sizes that its net was asked for."""
    with refusing(UNet2DConditionModel, "forward", 10**9) as seen:
        result = engine.run(engine.plan(work))
    assert result.ok, result.outcome.errors
    found = result.outputs()["latent"]
    return found, result.record["steps"]["sample"].get("notes", []), seen


def test_a_list_of_seeds_is_sampled_together_and_each_keeps_its_key(
    engine: Engine, tiny: Tiny
) -> None:
    folder = tiny.folder
    alone, notes, seen = latents(engine, document(folder, [1, 2, 3, 4, 5], 1))
    assert (seen, notes[1:]) == ([2 * 64] * 15, [])
    made, notes, seen = latents(engine, document(folder, [1, 2, 3, 4, 5], 4))
    assert seen == [2 * 4 * 64] * 3 + [2 * 64] * 3
    assert notes[1:] == ["sampled in a batch of 4"]
    for one, other in zip(made, alone, strict=True):
        assert apart(one.data, other.data) < NEAR
    again, _, seen = latents(engine, document(folder, [5, 3, 1], 4))
    assert seen == [], "each is found by its own key"
    assert [bool(torch.equal(a.data, made[i].data)) for a, i in zip(again, (4, 2, 0), strict=True)]
    more, notes, seen = latents(engine, document(folder, [1, 7, 2, 8], 4))
    assert seen == [2 * 2 * 64] * 3
    assert "sampled in a batch of 2" in notes
    assert torch.equal(more[0].data, made[0].data)


def test_a_list_of_texts_is_sampled_together(engine: Engine, tiny: Tiny) -> None:
    texts = {"text": ["abc", "xyz", "red"]}
    alone, _, _ = latents(engine, document(tiny.folder, 1, 1, **texts))
    made, _, seen = latents(engine, document(tiny.folder, 1, 3, **texts))
    assert seen == [2 * 3 * 64] * 3
    for one, other in zip(made, alone, strict=True):
        assert apart(one.data, other.data) < NEAR


def test_a_batch_that_finds_no_memory_is_halved_and_its_results_are_kept(
    engine: Engine, tiny: Tiny
) -> None:
    work = document(tiny.folder, [1, 2, 3, 4], 4)
    with refusing(UNet2DConditionModel, "forward", 2 * 2 * 64) as seen:
        result = engine.run(engine.plan(work))
    assert result.ok, result.outcome.errors
    assert seen == [2 * 4 * 64, *[2 * 2 * 64] * 6]
    assert not result.outcome.reliefs, "nothing had to be made with less"
    notes = result.record["steps"]["sample"]["notes"]
    assert notes[0] == "there was no memory for 4 at once"
    assert notes[-1] == "sampled in a batch of 2"
    _, _, seen = latents(engine, work)
    assert seen == []
