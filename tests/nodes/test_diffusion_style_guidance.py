"""Style guidance: what a sampler expects, pushed towards a style, beside a plain loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from style_bench import Bench as StyleBench
from style_toys import content_data, stripes
from tiny_sd import Bench, Tiny, make_tiny

from musegraph import Cancelled, Conditioning, Image, Latent, NodeError, Reference, Weights
from musegraph_nodes.diffusion import combine, decode, encode, encode_text, sample, style_guidance
from musegraph_nodes.diffusion.control.style_push import RATE
from musegraph_nodes.style import load_features
from musegraph_nodes.style.features import FeatureNet
from musegraph_nodes.style.gram import beyond, content_loss, gram, variation
from musegraph_nodes.style.palette import in_palette

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
STYLE, CONTENT = Image(stripes(32)), Image(content_data(32))


class Both(Bench):
    """A context that opens diffusion models and feature nets."""

    def weights(self, source: str) -> Weights:
        if source.startswith("starter/"):
            return StyleBench().weights(source)
        return super().weights(source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        if ref.loader == "style.features":
            self.leased.append(ref.part)
            with StyleBench().load(ref) as net:
                yield net
        else:
            with super().load(ref) as live:
                yield live


@pytest.fixture(scope="module", params=["epsilon", "v_prediction"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    return Tiny(make_tiny(folder, prediction_type=request.param))


def features(source: str = "starter/features") -> FeatureNet:
    return load_features(Both(), source)


def text(tiny: Tiny) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, "a red sun", tiny.ctx)


def led(tiny: Tiny, **how: Any) -> Conditioning:
    given = {"styles": [STYLE], "features": features(), "content": CONTENT, "smooth": 0.0} | how
    return style_guidance(text(tiny), **given)


def made(tiny: Tiny, told: Conditioning, ctx: Both | None = None, **how: Any) -> torch.Tensor:
    latent = encode(tiny.parts.vae, CONTENT, tiny.ctx)
    options: dict[str, Any] = {
        "latent": latent, "denoise": 0.5, "steps": 8, "seed": 3, "guidance": 1.0, "sampler": "ddim",
    }  # fmt: skip
    return sample(tiny.parts.model, told, ctx or Both(), **(options | how)).data


def shown(tiny: Tiny, data: torch.Tensor) -> torch.Tensor:
    """[1,3,H,W]: the picture of a latent."""
    latent = Latent(data, tiny.parts.model.family, 4)
    return decode(tiny.parts.vae, latent, tiny.ctx).data.permute(0, 3, 1, 2).contiguous()


def style_loss(net: Any, picture: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """The whitened loss of `style.transfer` written out by its formula."""
    from musegraph_nodes.style.gram import MEANS, whitener

    total = torch.zeros(())
    wanted, seen = net(goal, (*LAYERS, "conv5_1")), net(picture, (*LAYERS, "conv5_1"))
    for layer, target in wanted.items():
        mean = target[0].flatten(1).mean(1, keepdim=True)
        spread = gram(target) - mean @ mean.T
        white = whitener(spread, mean)
        flat = seen[layer][0].flatten(1) - mean
        apart = white @ (flat @ flat.T / flat.shape[1] - spread) @ white
        away = white @ flat.mean(1, keepdim=True)
        total = total + ((apart**2).sum() + MEANS * (away**2).sum()) / len(mean)
    return total / len(wanted)


def plain(tiny: Tiny, steps: int = 8, denoise: float = 0.5, pushes: int = 1) -> torch.Tensor:
    """The same as a loop over diffusers, with the gradient of autograd through the decoder."""
    pipe, vae = tiny.pipeline, tiny.pipeline.vae.requires_grad_(False)
    scheduler = DDIMScheduler.from_config(tiny.config)
    scheduler.set_timesteps(steps)
    times = scheduler.timesteps[steps - int(steps * denoise) :]
    words = text(tiny).parts[0].embeds["embeds"]
    clean = encode(tiny.parts.vae, CONTENT, tiny.ctx).data
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3))
    x = scheduler.add_noise(clean, noise, times[:1])
    goal = stripes(32).permute(0, 3, 1, 2).contiguous()
    base = in_palette(content_data(32).permute(0, 3, 1, 2).contiguous(), goal)
    mean, square, count = torch.zeros_like(x), torch.zeros_like(x), 0
    kind = scheduler.config.prediction_type
    with StyleBench().load(features()) as net:
        shape = net(base, ("conv4_2",))["conv4_2"]
        for t in times:
            signal = scheduler.alphas_cumprod[t] ** 0.5
            spread = (1 - signal**2) ** 0.5
            with torch.no_grad():
                answer = pipe.unet(x, t, words, return_dict=False)[0]
            if kind == "v_prediction":
                clean = signal * x - spread * answer
            else:
                clean = (x - spread * answer) / signal
            for _ in range(pushes):
                z = clean.detach().requires_grad_(True)
                picture = vae.decode(z / vae.config.scaling_factor).sample / 2 + 0.5
                away = content_loss(net(picture, ("conv4_2",))["conv4_2"], shape)
                loss = 3 * style_loss(net, picture, goal) + away + 100 * beyond(picture)
                (pull,) = torch.autograd.grad(loss * picture.numel(), z)
                count += 1
                mean, square = 0.8 * mean + 0.2 * pull, 0.95 * square + 0.05 * pull**2
                whole = (square / (1 - 0.95**count)).sqrt() + 1e-12
                clean = z.detach() - RATE * mean / (1 - 0.8**count) / whole
            if kind == "v_prediction":
                answer = (signal * x - clean) / spread
            else:
                answer = (x - signal * clean) / spread
            x = scheduler.step(answer, t, x, return_dict=False)[0]
    return x


@pytest.mark.parametrize("pushes", [1, 2])
def test_style_guidance_is_a_plain_loop_that_pushes_the_expected_latent(
    tiny: Tiny, pushes: int
) -> None:
    ours = made(tiny, led(tiny, pushes=pushes))
    assert (ours - plain(tiny, pushes=pushes)).abs().max() < 2e-3
    assert (ours - made(tiny, text(tiny))).abs().max() > 0.1


def test_what_is_pushed_is_nearer_to_the_style(tiny: Tiny) -> None:
    with StyleBench().load(features()) as net:
        far, near = (
            style_loss(
                net,
                shown(tiny, data),
                STYLE.data.permute(0, 3, 1, 2).contiguous(),
            )
            for data in (made(tiny, text(tiny)), made(tiny, led(tiny, pushes=4)))
        )
    assert near < 0.5 * far


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "heun", "res_multistep", "euler_cfg_pp"])
def test_every_kind_of_sampler_is_pushed_to_a_finite_picture_and_the_same_one_again(
    tiny: Tiny, sampler: str
) -> None:
    guidance = 0.7 if sampler.endswith("pp") else 4.0
    how = {"sampler": sampler, "guidance": guidance}
    one, again = (made(tiny, led(tiny), **how) for _ in range(2))
    assert torch.equal(one, again)
    assert torch.isfinite(one).all()
    assert not torch.allclose(one, made(tiny, text(tiny), **how), atol=1e-2)


def test_without_strength_the_text_is_left_and_no_feature_net_is_leased(tiny: Tiny) -> None:
    told, ctx = text(tiny), Both()
    given = {"styles": [STYLE], "features": features(), "content": CONTENT}
    assert style_guidance(told, **given, strength=0) is told
    quiet = made(tiny, style_guidance(told, **given, strength=0), ctx)
    assert "features" not in ctx.leased
    assert torch.equal(quiet, made(tiny, told))


def test_outside_its_stretch_nothing_is_pushed(tiny: Tiny) -> None:
    first = made(tiny, led(tiny, start=0.0, end=0.1))
    assert torch.equal(first, made(tiny, text(tiny)))
    every = made(tiny, led(tiny, every=100))
    assert not torch.equal(every, first)
    assert not torch.equal(every, made(tiny, led(tiny)))


def test_each_picture_of_a_batch_is_pushed_by_itself(tiny: Tiny) -> None:
    latent = encode(tiny.parts.vae, CONTENT, tiny.ctx)
    two = replace(latent, data=latent.data.repeat(2, 1, 1, 1))
    both = made(tiny, led(tiny), latent=two)
    alone = [made(tiny, led(tiny), seed=seed)[0] for seed in (3, 4)]
    for one, other in zip(both, alone, strict=True):
        assert (one - other).abs().max() < 5e-3


def test_it_is_cancelled_between_pushes_and_shows_previews(tiny: Tiny) -> None:
    ctx = Both()
    made(tiny, led(tiny), ctx)
    assert [done for done, _ in ctx.steps] == [1, 2, 3, 4]
    assert len(ctx.previews) == 4
    stopped = Both(cancel_at=1)
    with pytest.raises(Cancelled):
        made(tiny, led(tiny), stopped)
    assert len(stopped.steps) == 1


def test_too_many_styles_and_a_net_that_sees_nothing_are_refused_by_their_ports(tiny: Tiny) -> None:
    with pytest.raises(NodeError, match="port 'styles': there are 9"):
        led(tiny, styles=[STYLE] * 9)
    with pytest.raises(NodeError, match="port 'features'"):
        led(tiny, features=features().model_copy(update={"loader": "other.net"}))


def test_two_styles_on_one_text_are_refused(tiny: Tiny) -> None:
    told = led(tiny)
    with pytest.raises(NodeError, match="has a style already"):
        style_guidance(told, styles=[STYLE], features=features())
    with pytest.raises(NodeError, match=r"behind diffusion\.combine"):
        made(tiny, combine([told, led(tiny, strength=2.0)]))


def test_a_smooth_picture_is_asked_for_by_its_weight(tiny: Tiny) -> None:
    rough, smooth = (
        float(variation(shown(tiny, made(tiny, led(tiny, smooth=weight)))))
        for weight in (0.0, 5000.0)
    )
    assert smooth < rough
