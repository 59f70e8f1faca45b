"""Where in a picture a word is: cross-attention made visible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import (
    ADVANCED,
    Context,
    Image,
    Latent,
    Mask,
    Model,
    NodeError,
    Seed,
    TextEncoder,
    node,
)
from musegraph_nodes.diffusion.latents import generators, noise_of
from musegraph_nodes.diffusion.references import check_loader, part_of

from .undo import kept

if TYPE_CHECKING:
    from torch import Tensor


_COLOURS = ((0.0, 0.0, 0.2), (0.1, 0.3, 0.9), (0.2, 0.9, 0.6), (1.0, 0.9, 0.2), (0.9, 0.1, 0.1))
"""From where a word is not looked at to where it is most."""
Looks = Annotated[
    int,
    Field(ge=1, le=50, description="At how many noise levels to look; they are averaged."),
    ADVANCED,
]


class Maps(NamedTuple):
    """A picture and a mask for each word, in the order of the words."""

    maps: Image
    masks: Mask


Opacity = Annotated[
    float,
    Field(ge=0, le=1, description="Of the maps over the picture."),
    ADVANCED,
]


@node(version="1", numeric=True, uses="device")
def attention_maps(
    model: Model,
    text_encoder: TextEncoder,
    latent: Annotated[Latent, Field(description="A finished one: what the text was made into.")],
    text: Annotated[
        str,
        Field(description="The text that it was made of.", json_schema_extra={"multiline": True}),
    ],
    words: Annotated[
        str, Field(description="Words of the text, with commas between them; empty: all of them.")
    ],
    ctx: Context,
    image: Annotated[
        Image | None, Field(description="The decoded picture, to lay the maps over.")
    ] = None,
    looks: Looks = 6,
    seed: Annotated[Seed, Field(description="Of the noise."), ADVANCED] = 0,
    opacity: Opacity = 0.6,
) -> Maps:
    """Show where a model looks for a word: ``masks`` [W,H,W] 0..1, and as colours over a picture.

    The idea of DAAM (https://arxiv.org/abs/2210.04885): the attention of all heads, layers and
    noise levels to a word's tokens, averaged. The latent is made noisy again and the model asked
    once at each level. For models whose layers read the text by cross-attention.
    """
    import torch

    from musegraph_nodes.diffusion.families import family_of

    check_loader(model)
    check_loader(text_encoder)
    if len(latent.data) != 1:
        raise NodeError(
            f"there are {len(latent.data)} latents, and maps are of one; image.split and a list"
            " give a map of each"
        )
    part, _ = family_of(model).encode(text_encoder, text, ctx)
    chosen = _tokens(text_encoder, text, words, ctx)
    times, noisy = _levels(model, latent, looks, seed, ctx)
    with ctx.load(model) as net, torch.no_grad(), kept(net):
        high, wide = latent.data.shape[-2:]
        recorder = Recorder((high, wide), [ids for _, ids in chosen])
        recorder.watch(net)
        denoiser = family_of(model).denoiser(net, model, ctx.device)
        prepared = denoiser.conditions([part], tuple(latent.data.shape))
        for index, (time, x) in enumerate(zip(times, noisy, strict=True)):
            denoiser(x, time, prepared)
            ctx.progress(index + 1, len(times))
    masks = _stretched(recorder.maps(), (high * latent.scale, wide * latent.scale)).cpu()
    return Maps(Image(_coloured(masks, image, opacity)), Mask(masks))


def _tokens(
    encoder: TextEncoder, text: str, words: str, ctx: Context
) -> list[tuple[str, list[int]]]:
    """Words, each with the places of its tokens in the text."""
    from musegraph_nodes.diffusion.families import family_of

    reader = family_of(encoder).readers[0]
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    wanted = wanted or list(dict.fromkeys(text.replace(",", " ").split()))
    with ctx.load(part_of(encoder, reader.part)) as live:
        read = live.tokenizer(text).input_ids
        found = []
        for word in wanted:
            own = live.tokenizer(word, add_special_tokens=False).input_ids
            places = [
                start + step
                for start in range(len(read) - len(own) + 1)
                if own and read[start : start + len(own)] == own
                for step in range(len(own))
            ]
            if not places:
                raise NodeError(
                    f"{word!r} is no word of the text {text!r}; name words as they stand in it"
                )
            found.append((word, places))
    return found


def _levels(
    model: Model, latent: Latent, looks: int, seed: int, ctx: Context
) -> tuple[list[Tensor], list[Tensor]]:
    """The latent made noisy at levels between the first and the last, with their times."""
    import torch
    from diffusers import DDPMScheduler

    config = model.options["scheduler"]
    names = ("beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "trained_betas")
    if "beta_schedule" not in config and "beta_start" not in config:
        raise NodeError(
            "the model mixes noise in along a straight line, and reads its text by joint attention;"
            " maps are made of models such as Stable Diffusion and SDXL"
        )
    schedule: Any = DDPMScheduler(**{name: config[name] for name in names if name in config})
    count = int(schedule.config["num_train_timesteps"])
    data = latent.data.to(ctx.device)
    noise = noise_of(tuple(data.shape), generators(ctx, seed, 1)).to(ctx.device)
    steps = [count * (2 * look + 1) // (2 * looks) for look in range(looks)]
    times = [torch.tensor(step, device=ctx.device) for step in steps]
    return times, [schedule.add_noise(data, noise, time[None]) for time in times]


class Recorder:
    """Attention to chosen tokens, collected from all layers that look at a text."""

    def __init__(self, cells: tuple[int, int], tokens: list[list[int]]) -> None:
        self.cells = cells
        self.tokens = tokens
        self.total: Any = 0.0
        self.count = 0

    def watch(self, net: Any) -> None:
        """Let the layers of a network report; it computes what it did before."""
        found = 0
        for name, module in net.named_modules():
            if name.endswith("attn2") and hasattr(module, "processor"):
                module.processor = self._watching(module.processor)
                found += 1
        if not found:
            raise NodeError(
                f"a {type(net).__name__} has no layers of cross-attention to look at; maps are made"
                " of models such as Stable Diffusion and SDXL"
            )

    def _watching(self, own: Any) -> Any:
        def processor(
            attn: Any, hidden_states: Tensor, encoder_hidden_states: Any = None, **more: Any
        ) -> Any:
            self._look(attn, hidden_states, encoder_hidden_states)
            return own(attn, hidden_states, encoder_hidden_states, **more)

        return processor

    def _look(self, attn: Any, hidden: Tensor, texts: Tensor) -> None:
        """Softmax of queries and keys, [heads,cells,tokens], which fused kernels do not give."""
        query = attn.head_to_batch_dim(attn.to_q(hidden))
        key = attn.head_to_batch_dim(attn.to_k(texts))
        share = attn.get_attention_scores(query, key).float().mean(dim=0)
        high = round(math.sqrt(len(share) * self.cells[0] / self.cells[1]))
        wide = len(share) // high
        maps = [share[:, ids].mean(dim=1).reshape(1, high, wide) for ids in self.tokens]
        self.total = self.total + _stretched(_stack(maps), self.cells)
        self.count += 1

    def maps(self) -> Tensor:
        """The mean of all that was seen: [words,h,w], from 0 to 1 for each word."""
        mean: Tensor = self.total / self.count
        low, high = mean.amin(dim=(1, 2), keepdim=True), mean.amax(dim=(1, 2), keepdim=True)
        return (mean - low) / (high - low).clamp(min=1e-12)


def _stack(maps: list[Tensor]) -> Tensor:
    import torch

    return torch.cat(maps)


def _stretched(maps: Tensor, size: tuple[int, int]) -> Tensor:
    from torch.nn.functional import interpolate

    made = interpolate(maps[:, None], size, mode="bicubic", antialias=True)[:, 0]
    return made.clamp(0, 1)


def _coloured(masks: Tensor, image: Image | None, opacity: float) -> Tensor:
    """Masks [W,H,W] as colours [W,H,W,3], over a picture where there is one."""
    import torch
    from torch.nn.functional import interpolate

    table = torch.tensor(_COLOURS)
    at = masks * (len(table) - 1)
    below = at.floor().long().clamp(max=len(table) - 2)
    share = (at - below)[..., None]
    colours = table[below] * (1 - share) + table[below + 1] * share
    if image is None:
        return colours
    planes = image.data[:1, ..., :3].float().cpu().permute(0, 3, 1, 2)
    if planes.shape[-2:] != masks.shape[-2:]:
        planes = interpolate(planes, masks.shape[-2:], mode="bicubic", antialias=True).clamp(0, 1)
    under = planes.permute(0, 2, 3, 1)
    return under * (1 - opacity) + colours * opacity
