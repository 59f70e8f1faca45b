"""Token after token: how a picture is written. Imported only where it is used."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch

from musegraph import Context, Image
from musegraph_nodes.colours import heat
from musegraph_nodes.image.geometry import resize
from musegraph_nodes.image.pixels import over_color
from musegraph_nodes.language.draw import warpers

from .painters import Painter, named, painter_of
from .ports import Asked, ImageTokens, Written

if TYPE_CHECKING:
    from torch import Generator, Tensor

Tell = Callable[["Tensor", int], None]


def written(asked: Asked, given: Image | None = None, keep: float = 0.0) -> Written:
    """Pictures from nothing but a prompt, or each below the upper part of a given one.

    Of pictures [B,H,W,C] the first has the first seeds, and all have as many.
    """
    with asked.ctx.load(asked.model) as live, live.turn(asked.ctx), torch.no_grad():
        painter = painter_of(asked.model, live, asked.ctx.device)
        kept = torch.zeros(len(asked.seeds), 0, dtype=torch.int64)
        if given is not None:
            rows = round(keep * painter.side)
            tokens = tokens_of(painter, given)[:, :rows].flatten(1)
            kept = tokens.repeat_interleave(len(asked.seeds) // len(tokens), 0)
        ids, bits = _all(painter, asked, kept)
        codes = len(painter.book())
        for number, open_bits in enumerate(bits[:, kept.shape[1] :].tolist(), 1):
            if open_bits:
                asked.ctx.note(
                    f"picture {number}: of the {math.log2(codes):.1f} bits of a token"
                    f" {sum(open_bits) / len(open_bits):.2f} were open on average"
                )
        grid = (len(ids), painter.side, painter.side)
        made = ImageTokens(ids.reshape(grid), named(asked.model, painter), codes)
        doubt = _heated(bits.reshape(grid) / math.log2(codes), painter.pixels)
        return Written(pictures_of(painter, made.ids), doubt, made)


def tokens_of(painter: Painter, image: Image) -> Tensor:
    """The tokens [B,h,w] of the largest square in the middle of pictures."""
    flat = Image(over_color(image.data, "#000000"))
    side = painter.pixels
    planes = resize(flat, side, side, "cover").data.permute(0, 3, 1, 2) * 2 - 1
    return torch.cat([painter.read(one[None]) for one in planes])


def pictures_of(painter: Painter, tokens: Tensor) -> Image:
    """The pictures of tokens [B,h,w], decoded one by one: a batch takes no more memory."""
    shown = [painter.show(one[None]) for one in tokens]
    return Image((torch.cat(shown) / 2 + 0.5).clamp(0, 1))


def _all(painter: Painter, asked: Asked, kept: Tensor) -> tuple[Tensor, Tensor]:
    """All pictures side by side, or one by one where memory is short: ids and bits [B,N]."""
    ctx, total = asked.ctx, painter.side**2
    draws = [ctx.generator(seed) for seed in asked.seeds]
    size = 1 if ctx.frugal else len(draws)
    parts = []
    for at in range(0, len(draws), size):
        some = slice(at, at + size)
        tell = partial(_tell, ctx, painter, (at // size, len(draws) // size))
        parts.append(_one(painter, asked, kept[some], draws[some], tell))
    ctx.progress(total, total)
    ids, bits = zip(*parts, strict=True)
    return torch.cat(ids), torch.cat(bits)


def _one(
    painter: Painter, asked: Asked, kept: Tensor, draws: list[Generator], tell: Tell
) -> tuple[Tensor, Tensor]:
    """Pictures that go through the model together."""
    begun, total = kept.shape[1], painter.side**2
    ids = torch.zeros(len(kept), total, dtype=torch.int64)
    ids[:, :begun] = kept
    bits = torch.zeros(len(kept), total)
    writing = painter.begin(asked.prompt, asked.guidance)
    fresh = kept
    for at in range(begun, total):
        tell(ids, at)
        logits = writing.feed(fresh).float().cpu()
        bits[:, at] = torch.special.entr(logits.softmax(-1)).sum(-1) / math.log(2)
        fresh = drawn(logits, draws, asked)
        ids[:, at] = fresh[:, 0]
    return ids, bits


def drawn(logits: Tensor, draws: list[Generator], asked: Asked) -> Tensor:
    """A token [B,1] of each row of logits [B,codes], by the generator of its own picture.

    So a picture is the same whatever is written beside it, and whatever else runs meanwhile.
    """
    if asked.temperature == 0:
        return logits.argmax(-1, keepdim=True)
    nothing = torch.zeros(len(logits), 0, dtype=torch.int64)
    for warp in warpers(asked.temperature, asked.top_k, asked.top_p):
        logits = warp(nothing, logits)
    rows = zip(logits.softmax(-1), draws, strict=True)
    return torch.stack([torch.multinomial(odds, 1, generator=own) for odds, own in rows])


def _tell(ctx: Context, painter: Painter, turn: tuple[int, int], ids: Tensor, done: int) -> None:
    """Say how far along, after each row with what is written of the first picture.

    One of a batch is enough to watch: a codec takes its time on a CPU.
    """
    total = painter.side**2
    rows, rest = divmod(done, painter.side)
    preview = (lambda: _unfinished(painter, ids[:1], rows)) if rows and not rest else None
    before, turns = turn
    ctx.progress(before * total + done, turns * total, preview=preview)


def _unfinished(painter: Painter, ids: Tensor, rows: int) -> Image:
    """Pictures of which some rows are written; grey is what is not."""
    side = painter.side
    # The codec looks at a picture as a whole: more of the same does least to what is there.
    filled = ids.reshape(-1, side, side)[:, torch.arange(side) % rows]
    shown = pictures_of(painter, filled).data.clone()
    shown[:, rows * shown.shape[1] // side :] = 0.5
    return Image(shown)


def _heated(shares: Tensor, pixels: int) -> Image:
    """Shares [B,h,w], 0..1, as colours of a picture of so many pixels."""
    each = pixels // shares.shape[1]
    colours = torch.from_numpy(heat(shares.clamp(0, 1).numpy())).float() / 255
    return Image(colours.repeat_interleave(each, 1).repeat_interleave(each, 2).contiguous())
