"""Latents: empty ones, those of pictures, and pictures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Latent, Model, NodeError, Seed, Vae, node

from .autoencoders import decoded, from_model, moments, to_model
from .references import check_loader
from .tiles import decode_tiled, encode_tiled, frugal_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor


_MOST_SEEDS = 2**53
Side = Annotated[
    int, Field(ge=0, le=16384, description="In pixels; 0 takes what the model was trained for.")
]
Tile = Annotated[
    int,
    Field(ge=0, le=16384, description="Side of a tile in pixels, to save memory; 0: whole."),
    ADVANCED,
]


@node(version="1")
def empty_latent(
    model: Model,
    width: Side = 0,
    height: Side = 0,
    batch: Annotated[
        int, Field(ge=1, le=256, description="Pictures made at once; item i takes the seed + i.")
    ] = 1,
) -> Latent:
    """Give a sampler its size: an empty latent [B,C,h,w] for pictures of a width and height."""
    return blank(model, width, height, batch)


@node(version="2", numeric=True, uses="device", frugal="in tiles")
def encode(
    vae: Vae,
    image: Image,
    ctx: Context,
    posterior: Annotated[
        Literal["mean", "sample"],
        Field(description="The middle of what the encoder thinks likely, or one drawn by seed."),
        ADVANCED,
    ] = "mean",
    seed: Annotated[
        Seed,
        Field(description="Only for sample; picture i takes the seed + i."),
        ADVANCED,
    ] = 0,
    tile: Tile = 0,
) -> Latent:
    """Encode pictures [B,H,W,3] into a latent [B,C,h,w], to start image-to-image from.

    The autoencoder of latent diffusion (https://arxiv.org/abs/2112.10752); ``sample`` draws as
    ``StableDiffusionImg2ImgPipeline`` does. With ``tile`` it is encoded in tiles that overlap and
    blend, which takes less memory and more time, and changes tones a little.
    """
    if posterior == "mean":
        return encoded(vae, image, tile, ctx)
    return encoded(vae, image, tile, ctx, generators(ctx, seed, len(image.data)))


def encoded(
    vae: Vae,
    image: Image,
    tile: int,
    ctx: Context,
    seeded: list[torch.Generator] | None = None,
) -> Latent:
    """The latent of pictures: the middle of what is likely, or one drawn with a seed for each."""
    import torch
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    check_loader(vae)
    scale = int(vae.options["scale"])
    check_sides(*image.size, scale, "image.resize or image.crop makes it so")
    pixels = _opaque(image)
    with ctx.load(vae) as net, torch.no_grad():
        # Channels stay last in memory, as in what the pipeline makes of a picture from PIL: kernels
        # for planes that lie one after another round otherwise.
        planes = pixels.contiguous().permute(0, 3, 1, 2).to(ctx.device)
        planes = (2.0 * planes - 1.0).to(net.dtype)
        side = frugal_tile(*image.size, tile) if ctx.frugal else tile

        def seen(part: Tensor) -> Tensor:
            if not side:
                return _moments(net, part, ctx)
            cells = max(8, side // scale)
            return encode_tiled(lambda tile: _moments(net, tile, ctx), part, cells, scale)

        found = DiagonalGaussianDistribution(_batched(seen, planes, ctx.frugal))
        if seeded is None:
            made = found.mode()
        else:
            noise = noise_of(tuple(found.mean.shape), seeded)
            made = found.mean + found.std * noise.to(found.mean)
        data = to_model(net, made).float()
    return Latent(data, vae.family, scale)


@node(version="2", numeric=True, uses="device", frugal="in tiles")
def decode(
    vae: Vae,
    latent: Latent,
    ctx: Context,
    tile: Tile = 0,
) -> Image:
    """Decode a latent [B,C,h,w] into pictures [B,H,W,3].

    The same arithmetic as in ``StableDiffusionPipeline``: undo the scaling, decode, take -1..1 to
    0..1 and clamp. With ``tile`` it is decoded in tiles that overlap and blend, which takes less
    memory and more time, and changes tones a little.
    """
    import torch

    check_loader(vae)
    if latent.family != vae.family:
        raise NodeError(
            f"the latent is of the family {latent.family!r} and this autoencoder of"
            f" {vae.family!r}; link the vae of the model that made the latent"
        )
    with ctx.load(vae) as net, torch.no_grad():
        data = latent.data.to(device=ctx.device, dtype=net.dtype)
        data = from_model(net, data)
        high, wide = data.shape[-2:]
        scale = latent.scale
        side = frugal_tile(wide * scale, high * scale, tile) if ctx.frugal else tile

        def pictures(part: Tensor) -> Tensor:
            if not side:
                return _decoded(net, part, ctx)
            return decode_tiled(lambda tile: _decoded(net, tile, ctx), part, max(8, side // scale))

        made = _batched(pictures, data, ctx.frugal)
        pixels = (made.float() * 0.5 + 0.5).clamp(0, 1)
    return Image(pixels.permute(0, 2, 3, 1).contiguous())


def _batched(apply: Callable[[Tensor], Tensor], data: Tensor, frugal: bool) -> Tensor:
    """What a function makes of a batch [B,…]: of all at once, or of one after the other."""
    import torch

    return torch.cat([apply(item) for item in data.split(1)]) if frugal else apply(data)


def _moments(net: Any, planes: Tensor, ctx: Context) -> Tensor:
    ctx.check()
    return moments(net, planes)


def _decoded(net: Any, data: Tensor, ctx: Context) -> Tensor:
    ctx.check()
    return decoded(net, data)


def blank(model: Model, width: int = 0, height: int = 0, batch: int = 1) -> Latent:
    """Zeros of the shape that a model wants for a size in pixels; 0 is its own size."""
    import torch

    from .families import family_of

    check_loader(model)
    own = model.options.get("size") or (0, 0)
    width, height = width or own[0], height or own[1]
    if not (width and height):
        raise NodeError(
            "the model does not say what size it was trained for; link a latent from"
            " diffusion.empty_latent with width and height set"
        )
    channels, scale = int(model.options["channels"]), int(model.options["scale"])
    check_sides(width, height, scale * family_of(model).patch, "set width and height so")
    return Latent(
        torch.zeros(batch, channels, height // scale, width // scale), model.family, scale
    )


def check_sides(width: int, height: int, scale: int, remedy: str) -> None:
    """Raise :class:`NodeError`, with the nearest that do, if a size in pixels is not of cells."""
    if width % scale == 0 and height % scale == 0:
        return
    near = [_nearest(side, scale) for side in (width, height)]
    fit = f"{near[0][0]}×{near[1][0]}"
    other = f"{near[0][-1]}×{near[1][-1]}"
    raise NodeError(
        f"{width}×{height} pixels do not suit this model: width and height are multiples of"
        f" {scale}, the nearest are {fit} and {other}; {remedy}"
    )


def _nearest(side: int, scale: int) -> tuple[int, int]:
    """The multiples below and above; twice the side itself if it is one."""
    below = side // scale * scale
    return (below, below) if below == side else (max(below, scale), below + scale)


def _opaque(image: Image) -> Tensor:
    """[B,H,W,3]; a picture that is see-through somewhere is refused."""
    data = image.data.float()
    if data.shape[-1] == 3:
        return data
    if bool((data[..., 3] < 1).any()):
        raise NodeError(
            "the picture is transparent in places, which a latent cannot hold;"
            " image.flatten_alpha puts it on a background"
        )
    return data[..., :3]


def generators(ctx: Context, seed: int, count: int) -> list[torch.Generator]:
    """One generator for each item of a batch: item i is seeded with seed + i."""
    return [ctx.generator((seed + index) % _MOST_SEEDS) for index in range(count)]


def noise_of(shape: tuple[int, ...], seeded: list[torch.Generator]) -> Tensor:
    """Normal noise [B,…] on the CPU; each item is drawn alone, so only its own seed counts."""
    import torch

    return torch.cat([torch.randn((1, *shape[1:]), generator=g) for g in seeded])
