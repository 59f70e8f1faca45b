"""Parts of a latent made anew by a mask, and the rest of it left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from test_diffusion_fused import calls, check
from tiny import Opened
from tiny_sd import Tiny, make_tiny

from musegraph import Conditioning, Latent, Mask, NodeError
from musegraph_nodes.diffusion import empty_latent, encode_text, noise, optimise, sample
from musegraph_nodes.diffusion.sampling.fused import kind_of
from musegraph_nodes.diffusion.sampling.keep import Keep
from musegraph_nodes.diffusion.sampling.paths import answer, expected
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.schedulers import SAMPLERS

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")
SIDE = 8
"""Of a latent, in cells; a cell of the tiny models stands for 4 pixels, of the others for 8."""

PREDICTIONS = ("epsilon", "v_prediction")
NAMES = sorted({*OWN, *SAMPLERS})


@pytest.fixture(scope="module", params=PREDICTIONS)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("models") / request.param
    return Tiny(make_tiny(folder, prediction_type=request.param))


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def told(tiny: Tiny | Opened) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, "a red sun", tiny.ctx)


def picture(tiny: Tiny | Opened, batch: int = 1, seed: int = 5) -> Latent:
    blank = empty_latent(tiny.parts.model, batch=batch)
    shape = (batch, blank.data.shape[1], SIDE, SIDE)
    data = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return Latent(data, blank.family, blank.scale)


def right_half(value: float = 1.0, count: int = 1) -> Mask:
    """Of pixels, four to a cell: a half that falls between two cells."""
    data = torch.zeros(count, 4 * SIDE, 4 * SIDE)
    data[..., 2 * SIDE :] = value
    return Mask(data)


def made(tiny: Tiny | Opened, given: Latent, mask: Mask | None, **how: Any) -> torch.Tensor:
    how = {"steps": 4, "guidance": 3.0, "seed": 3, "sampler": "ddim", **how}
    return sample(tiny.parts.model, told(tiny), tiny.ctx, latent=given, mask=mask, **how).data


@pytest.mark.parametrize("sampler", NAMES)
def test_every_sampler_leaves_what_is_outside_of_the_mask(sampler: str, tiny: Tiny) -> None:
    given = picture(tiny)
    found = made(tiny, given, right_half(), sampler=sampler, steps=6)
    assert torch.isfinite(found).all()
    assert torch.equal(found[..., : SIDE // 2], given.data[..., : SIDE // 2])
    change = (found - given.data)[..., SIDE // 2 :].abs()
    assert float(change.mean()) > 0.1


def test_what_is_made_anew_is_what_a_loop_makes_that_puts_the_rest_back(tiny: Tiny) -> None:
    """The way that is known of old: before each step the rest, as noisy as the step asks for."""
    given, steps, seed = picture(tiny), 5, 3
    found = made(tiny, given, right_half(), steps=steps, seed=seed)
    pipeline = tiny.pipeline
    scheduler = DDIMScheduler.from_config(tiny.parts.model.options["scheduler"])
    scheduler.set_timesteps(steps)
    start = torch.randn(given.data.shape, generator=torch.Generator().manual_seed(seed))
    x, inside = start, torch.zeros(1, 1, SIDE, SIDE, dtype=torch.bool)
    inside[..., SIDE // 2 :] = True
    words = pipeline.encode_prompt("a red sun", "cpu", 1, True)
    both = torch.cat([words[1], words[0]])
    for at, t in enumerate(scheduler.timesteps):
        noisy = scheduler.add_noise(given.data, start, t[None])
        x = noisy if at == 0 else torch.where(inside, x, noisy)
        free, led = pipeline.unet(torch.cat([x, x]), t, encoder_hidden_states=both).sample.chunk(2)
        x = scheduler.step(free + 3.0 * (led - free), t, x).prev_sample
    torch.testing.assert_close(found[inside.expand_as(x)], x[inside.expand_as(x)])


def test_a_mask_of_ones_changes_nothing_and_one_of_zeros_keeps_everything(tiny: Tiny) -> None:
    given = picture(tiny)
    ones, zeros = Mask(torch.ones(1, 32, 32)), Mask(torch.zeros(1, 32, 32))
    for sampler in ("ddim", "euler_ancestral", "exp_heun_2_x0"):
        whole = made(tiny, given, None, sampler=sampler)
        assert torch.equal(made(tiny, given, ones, sampler=sampler), whole)
        assert torch.equal(made(tiny, given, zeros, sampler=sampler), given.data)


@pytest.mark.parametrize("sampler", ["ddim", "euler", "exp_heun_2_x0"])
def test_a_grey_mask_is_a_lower_denoise_there(sampler: str, tiny: Tiny) -> None:
    given = picture(tiny)
    grey = Mask(torch.full((1, 32, 32), 0.5))
    how = {"sampler": sampler, "steps": 8}
    less = made(tiny, given, None, denoise=0.5, **how)
    whole = made(tiny, given, None, **how)
    found = made(tiny, given, grey, **how)
    assert float((found - less).norm() / less.norm()) < 1e-3
    assert float((whole - less).norm() / less.norm()) > 0.1


def test_what_surrounds_it_is_seen_by_what_is_made_anew(tiny: Tiny) -> None:
    one, other = picture(tiny, seed=5), picture(tiny, seed=6)
    mixed = Latent(torch.cat([other.data[..., :4], one.data[..., 4:]], -1), one.family, one.scale)
    first, second = (made(tiny, given, right_half())[..., 4:] for given in (one, mixed))
    assert float((first - second).abs().mean()) > 1e-3


def test_each_picture_of_a_batch_may_have_its_own_mask(tiny: Tiny) -> None:
    given = picture(tiny, batch=2)
    masks = Mask(torch.cat([right_half().data, 1 - right_half().data]))
    found = made(tiny, given, masks)
    assert torch.equal(found[0, ..., :4], given.data[0, ..., :4])
    assert torch.equal(found[1, ..., 4:], given.data[1, ..., 4:])
    assert not torch.equal(found[1, ..., :4], given.data[1, ..., :4])


@pytest.mark.parametrize("family", ["sdxl", "sd3", "flux", "z_image", "qwen_image"])
def test_models_of_every_family_can_do_it(family: str, tmp_path: Path) -> None:
    other = Opened(family, tmp_path / family)
    given = picture(other)
    for sampler in ("euler", "dpmpp_2m"):
        found = made(other, given, right_half(), sampler=sampler, guidance=1.0)
        assert torch.equal(found[..., :4], given.data[..., :4])
        assert float((found - given.data)[..., 4:].abs().mean()) > 0.1


def test_samplings_with_masks_of_their_own_go_together(tiny: Tiny) -> None:
    model = optimise(tiny.parts.model, together=4).model
    left = {"mask": Mask(1 - right_half().data), "seed": 2}
    right = {"mask": right_half(), "seed": 1}
    asked = calls(tiny, right, left, model=model, latent=picture(tiny))
    assert kind_of(asked[0]) != kind_of(asked[0] | {"mask": None})
    check(tiny, asked)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "flow_prediction", "sample"])
def test_an_answer_stands_for_the_clean_latent_that_it_was_made_of(kind: Any) -> None:
    x, clean = torch.randn(2, 1, 4, 4, 4)
    signal, spread = (0.4, 0.6) if kind == "flow_prediction" else (0.6, 0.8)
    back = answer(kind, x, clean, signal, spread)
    torch.testing.assert_close(expected(kind, x, back, signal, spread), clean)


def test_a_place_is_made_anew_after_its_share_of_the_steps(tiny: Tiny) -> None:
    mask = torch.tensor([0.0, 0.25, 0.5, 0.9999999, 1.0])
    keep = Keep(None, mask, torch.zeros(5), None)  # type: ignore[arg-type]
    free = [keep.free(share).tolist() for share in (0.0, 0.5, 0.75, 1.0)]
    assert free[0] == [False, False, False, True, True]
    assert free[1] == [False, False, True, True, True]
    assert free[2] == free[3] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"latent": "empty"}, "the latent is empty; link the latent of a picture"),
        ({"start": 0.5}, "let one sampler go all of it"),
        ({"end": 0.5}, "let one sampler go all of it"),
        ({"noise": noise(add=False)}, "let one sampler go all of it"),
        ({"sigmas": [3.0, 1.0]}, "let one sampler go all of it"),
        ({"mask": right_half(count=2)}, "there are 2 masks for 1 latents; give one"),
    ],
)
def test_where_nothing_can_be_kept_it_is_said_why(how: Any, says: str, tiny: Tiny) -> None:
    given = empty_latent(tiny.parts.model) if "latent" in how else picture(tiny)
    asked = {"mask": right_half()} | {name: how[name] for name in how if name != "latent"}
    with pytest.raises(NodeError, match=says):
        made(tiny, given, **asked)
