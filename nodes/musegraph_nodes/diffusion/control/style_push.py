"""Style guidance while it samples: what is expected of the picture, pushed towards a style."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musegraph import Conditioning, Context, NodeError
from musegraph_nodes.diffusion.autoencoders import decoded, from_model
from musegraph_nodes.diffusion.families import Denoiser, Prediction
from musegraph_nodes.diffusion.references import vae_of
from musegraph_nodes.diffusion.sampling.paths import expected
from musegraph_nodes.diffusion.sampling.sigmas import mixed

from .marks import STYLE

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.sampling.sigmas import Levels
    from musegraph_nodes.style.nets import Features
    from musegraph_nodes.style.objective import Objective

RATE = 0.15
"""How far a push goes at strength 1, where latents have a spread of about 1."""

_PACE, _POWER = 0.8, 0.95
"""How much of the gradients before, and of their squares, is kept (Adam's averages)."""

_LEAST = 1e-12


@contextmanager
def pushed(
    denoiser: Denoiser, text: Conditioning, levels: Callable[[], Levels], ctx: Context
) -> Iterator[Push | None]:
    """What pushes a sampling towards the styles that its text carries; None where it has none."""
    from musegraph_nodes.style.features import FeatureNet

    parts = [part for part in text.parts if STYLE in part.options]
    if not parts:
        yield None
        return
    spec = parts[0].options[STYLE]
    if any(part.options[STYLE] != spec for part in parts):
        raise NodeError(
            "the positive text is put together of several with styles of their own; put"
            " diffusion.style_guidance behind diffusion.combine, with all styles"
        )
    features = FeatureNet.model_validate(spec["features"])
    shown = {
        name.removeprefix(f"{STYLE}:"): picture
        for name, picture in parts[0].embeds.items()
        if name.startswith(f"{STYLE}:")
    }
    with ctx.load(features) as net, ctx.load(vae_of(denoiser.model)) as vae:
        yield Push(denoiser, net, vae, spec, shown, levels(), ctx)


@dataclass
class _Way:
    """Averages of the gradients of one picture, and of their squares."""

    mean: Any = 0.0
    square: Any = 0.0
    count: int = 0

    def step(self, gradient: Tensor) -> Tensor:
        """A push of about 1 in each value [1,C,h,w]: Adam, https://arxiv.org/abs/1412.6980."""
        self.count += 1
        self.mean = _PACE * self.mean + (1 - _PACE) * gradient
        self.square = _POWER * self.square + (1 - _POWER) * gradient**2
        mean = self.mean / (1 - _PACE**self.count)
        made: Tensor = mean / ((self.square / (1 - _POWER**self.count)).sqrt() + _LEAST)
        return made


class Push:
    """The style guidance of one sampling; it changes the guided answer of the net."""

    def __init__(
        self, denoiser: Denoiser, net: Features, vae: Any, spec: Mapping[str, Any],
        shown: Mapping[str, Tensor], levels: Levels, ctx: Context,
    ) -> None:  # fmt: skip
        self.denoiser, self.net, self.vae = denoiser, net, vae
        self.spec, self.shown, self.levels, self.ctx = spec, shown, levels, ctx
        self.aims: list[Objective] = []
        self.ways: list[_Way] = []

    def __call__(self, x: Tensor, t: Tensor, made: Tensor, step: int) -> Tensor:
        """The answer ``made`` [B,C,h,w] to ``x`` at ``t`` that stands for the pushed picture."""
        start, end = self.denoiser.at
        if start < self.spec["start"] or end > self.spec["end"] or step % self.spec["every"]:
            return made
        kind = self.denoiser.prediction
        signal, noise = mixed(self.levels, float(t))
        clean = expected(kind, x.float(), made.float(), signal, noise)
        change = self._away(clean) - clean
        return made + (change * slope(kind, signal, noise)).to(made.dtype)

    def _away(self, clean: Tensor) -> Tensor:
        """Clean latents after as many pushes as are asked for at a step."""
        import torch

        self._begin(clean)
        parts = list(clean.split(1))
        for at, (aim, way) in enumerate(zip(self.aims, self.ways, strict=True)):
            for _ in range(self.spec["pushes"]):
                toward = way.step(self._gradient(parts[at], aim))
                parts[at] = parts[at] - self.spec["strength"] * RATE * toward
        return torch.cat(parts)

    def _gradient(self, clean: Tensor, aim: Objective) -> Tensor:
        """Which way the losses of the picture of a latent [1,C,h,w] grow."""
        import torch

        with torch.enable_grad():
            latent = clean.detach().to(self.vae.dtype).requires_grad_(True)
            picture = decoded(self.vae, from_model(self.vae, latent)).float() / 2 + 0.5
            seen = picture.detach().requires_grad_(True)
            aim(seen)
            assert seen.grad is not None
            found: Tensor = torch.autograd.grad(picture, latent, seen.grad)[0]
        return found.float()

    def _begin(self, clean: Tensor) -> None:
        """Set the aims when the size is known."""
        from musegraph_nodes.style.aim import aimed
        from musegraph_nodes.style.prepare import Style, resized

        if self.aims:
            return
        scale = int(self.denoiser.model.options["scale"])
        size = (clean.shape[3] * scale, clean.shape[2] * scale)
        content = self.shown.get("content")
        if content is not None and len(content) not in (1, len(clean)):
            raise NodeError(
                f"port 'content' of style guidance: there are {len(content)} contents and"
                f" {len(clean)} pictures are sampled;"
                " give one, or one for each"
            )
        styles = [
            Style(self.shown[str(at)], None, weight, None)
            for at, weight in enumerate(self.spec["weights"])
        ]
        for at in range(len(clean)):
            one = None if content is None else content[at : at + 1] if len(content) > 1 else content
            here = None if one is None else resized(one, size)
            self.aims.append(aimed(self.net, here, styles, size, settings(self.spec), self.ctx))
            self.ways.append(_Way())


def settings(spec: Mapping[str, Any]) -> Any:
    """The losses that a spec asks for."""
    from musegraph_nodes.style.settings import Settings

    return Settings(
        steps=1, levels=1, style_weight=spec["style_weight"], smooth=spec["smooth"],
        content_weight=spec["content_weight"], optimiser="adam", basis="pixels", strokes=False,
        recolour=True, style_scale=spec["style_scale"], style_layers=spec["style_layers"],
        content_layers=spec["content_layers"], compare="whitened", tile=0, preview=0,
    )  # fmt: skip


def slope(kind: Prediction, signal: float, noise: float) -> float:
    """By how much an answer changes with its clean latent."""
    if kind == "sample":
        return 1.0
    least = max(noise, 1e-6)
    return -signal / least if kind == "epsilon" else -1 / least
