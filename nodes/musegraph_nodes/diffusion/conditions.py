"""What a denoiser is told beside a text: sizes, and the picture that it is to fill in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Conditioning, Context, Image, Mask, NodeError, Vae, node

from .latents import Tile, encoded

if TYPE_CHECKING:
    from torch import Tensor


Size = Annotated[
    int, Field(ge=0, le=16384, description="In pixels; 0 takes that of the picture made.")
]
Crop = Annotated[
    int,
    Field(ge=0, le=16384, description="Pixels that seem cut off; 0 shows the subject whole."),
    ADVANCED,
]


@node(version="1")
def condition_sizes(
    conditioning: Conditioning,
    original_width: Size = 0,
    original_height: Size = 0,
    crop_left: Crop = 0,
    crop_top: Crop = 0,
    target_width: Size = 0,
    target_height: Size = 0,
    score: Annotated[
        float,
        Field(ge=0, le=10, description="How beautiful it is to be, as the refiner is told."),
        ADVANCED,
    ] = 6.0,
    score_away: Annotated[
        float,
        Field(ge=0, le=10, description="How beautiful what guidance leads away from would be."),
        ADVANCED,
    ] = 2.5,
) -> Conditioning:
    """Tell Stable Diffusion XL of sizes, which it knows from the pictures it was trained on.

    The size and crop conditioning of SDXL (https://arxiv.org/abs/2307.01952, §2.2): a larger
    original size gives finer detail. Other models pass it over; without this node they are told the
    size of the picture.
    """
    sizes: dict[str, Any] = {
        "crop": [crop_top, crop_left], "score": score, "score_away": score_away
    }  # fmt: skip
    if original_width and original_height:
        sizes["original"] = [original_height, original_width]
    if target_width and target_height:
        sizes["target"] = [target_height, target_width]
    for name, pair in (
        ("original", (original_width, original_height)),
        ("target", (target_width, target_height)),
    ):
        if any(pair) and not all(pair):
            raise NodeError(
                f"of the {name} size only one side is set ({pair[0]}×{pair[1]}); set both, or"
                " leave both at 0"
            )
    parts = tuple(
        replace(part, options=part.options | {"sizes": sizes}) for part in conditioning.parts
    )
    return replace(conditioning, parts=parts)


@node(version="1", numeric=True, uses="device", frugal="in tiles")
def condition_inpaint(
    conditioning: Conditioning,
    vae: Vae,
    image: Annotated[Image, Field(description="The picture of which a part is made anew.")],
    mask: Annotated[Mask, Field(description="1 where it is made anew, 0 where it stays.")],
    ctx: Context,
    tile: Tile = 0,
) -> Conditioning:
    """Show a model made for inpainting the picture around the hole that it is to fill.

    For denoisers that read a mask and the rest of the picture beside the noise, as in
    ``StableDiffusionInpaintPipeline``: the text goes through here on its way to the sampler. A
    negative text need not.
    """
    import torch.nn.functional as F

    width, height = image.size
    if tuple(mask.data.shape[-2:]) != (height, width):
        raise NodeError(
            f"the mask is {mask.data.shape[-1]}×{mask.data.shape[-2]} pixels and the picture"
            f" {width}×{height}; image.resize makes them alike"
        )
    hole = (mask.data[:, None] >= 0.5).float()
    around = _around(vae, image, hole, tile, ctx)
    cells = F.interpolate(hole, size=tuple(around.shape[-2:]))
    shown = {"mask": cells.cpu(), "masked": around.cpu()}
    parts = tuple(replace(part, embeds=part.embeds | shown) for part in conditioning.parts)
    return replace(conditioning, parts=parts)


def _around(vae: Vae, image: Image, hole: Tensor, tile: int, ctx: Context) -> Tensor:
    """The latent of a picture that is grey in its hole."""
    keep = (1 - hole).permute(0, 2, 3, 1)
    if len(keep) not in (1, len(image.data)):
        raise NodeError(
            f"there are {len(keep)} masks for {len(image.data)} pictures; give one, or one for each"
        )
    pixels = image.data[..., :3].float() * keep + 0.5 * (1 - keep)
    return encoded(vae, Image(pixels), tile, ctx).data
