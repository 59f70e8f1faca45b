"""Small pictures of unfinished latents, made only when somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from musegraph import Context, Image, Model

from .autoencoders import decoded, from_model, moments, to_model
from .families import Denoiser, Prediction
from .references import vae_of
from .sampling.paths import expected

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_MAPS: dict[tuple[str, ...], Tensor] = {}
_MOST_MAPS = 32


def preview_of(
    denoiser: Denoiser, ctx: Context, scheduler: Any, timestep: Tensor, given: Tensor, made: Tensor
) -> Callable[[], Image]:
    """A callable that shows what the denoiser expects the finished picture to be.

    ``given`` [B,C,h,w] is what it read at ``timestep``, ``made`` what it said. One pixel for each
    latent cell.
    """

    def look() -> Image:
        latent = _finished(denoiser.prediction, scheduler, timestep, given.detach(), made.detach())
        return Image(_colours(latent.float().cpu(), _map_of(denoiser.model, ctx)))

    return look


def preview_of_clean(denoiser: Denoiser, ctx: Context, clean: Tensor) -> Callable[[], Image]:
    """A callable that shows a clean latent [B,C,h,w] which the denoiser expects."""

    def look() -> Image:
        return Image(_colours(clean.detach().float().cpu(), _map_of(denoiser.model, ctx)))

    return look


def _finished(
    kind: Prediction, scheduler: Any, timestep: Tensor, given: Tensor, made: Tensor
) -> Any:
    """The clean latent that a prediction stands for."""
    if kind == "flow_prediction":
        noise = float(timestep) / scheduler.config.num_train_timesteps
        return expected(kind, given, made, 1 - noise, noise)
    levels = scheduler.alphas_cumprod
    at = min(max(round(float(timestep)), 0), len(levels) - 1)
    return expected(kind, given, made, float(levels[at]) ** 0.5, float(1 - levels[at]) ** 0.5)


def _colours(latent: Tensor, weights: Tensor) -> Tensor:
    """[B,C,h,w] to [B,h,w,3] by a linear map [C+1,3], its last row a constant."""
    planes = latent.permute(0, 2, 3, 1)
    return (planes @ weights[:-1] + weights[-1]).clamp(0, 1)


def _map_of(model: Model, ctx: Context) -> Tensor:
    """The linear map from latents to colours; fitted once for each autoencoder."""
    vae = vae_of(model)
    key = vae.base()
    if key not in _MAPS:
        while len(_MAPS) >= _MOST_MAPS:
            _MAPS.pop(next(iter(_MAPS)))
        with ctx.load(vae) as net:
            _MAPS[key] = fit(net, int(vae.options["scale"]))
    return _MAPS[key]


def fit(net: Any, scale: int) -> Tensor:
    """Least squares from latents to the colours that they stand for: [C+1,3].

    Half are of pictures with forms of all sizes, half are made up and decoded: what an encoder
    makes of made-up pictures is only part of what a denoiser goes through.
    """
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)
    side = 16 * scale
    pictures = torch.full((4, 3, side, side), 0.5)
    for cells, strength in ((2, 0.22), (4, 0.14), (8, 0.1), (16, 0.06)):
        noise = torch.randn(4, 3, cells, cells, generator=generator)
        pictures += strength * F.interpolate(noise, size=(side, side), mode="bicubic")
    pictures = pictures.clamp(0, 1)
    with torch.no_grad():
        given = (pictures * 2 - 1).to(device=net.device, dtype=net.dtype)
        latents = to_model(net, moments(net, given).chunk(2, dim=1)[0]).float().cpu()
        made_up = _soft_noise(latents.shape, generator)
        made_up = latents.mean((0, 2, 3), keepdim=True) + made_up * latents.std()
        shown = decoded(net, from_model(net, made_up.to(given))).float().cpu() / 2 + 0.5
    latents = torch.cat([latents, made_up])
    pictures = torch.cat([pictures, shown])
    rows = latents.permute(0, 2, 3, 1).flatten(0, 2)
    rows = torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
    wanted = F.avg_pool2d(pictures, scale).permute(0, 2, 3, 1).flatten(0, 2)
    solution: Tensor = torch.linalg.lstsq(rows, wanted, driver="gelsd").solution
    return solution


def _soft_noise(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Normal noise [B,C,h,w], half of the items fine and half of them soft."""
    import torch
    import torch.nn.functional as F

    fine = torch.randn(shape, generator=generator)
    soft = torch.randn(*shape[:2], 4, 4, generator=generator)
    fine[::2] = F.interpolate(soft, size=shape[2:], mode="bicubic")[::2]
    return fine
