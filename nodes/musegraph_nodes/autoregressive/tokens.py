"""Pictures as tokens and back, and a picture of the tokens: what such a model reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import Context, Image, NodeError, node
from musegraph_nodes.colours import hues

from .ports import ImageTokens, Writer


@node(version="1", title="Picture to tokens", numeric=True, uses="device")
def encode(
    model: Writer,
    image: Annotated[Image, Field(description="Its largest square is taken.")],
    ctx: Context,
) -> ImageTokens:
    """Turn pictures into the tokens [B,h,w] that a model reads of them.

    For ImageGPT a token is a pixel, and says which of its colours is nearest; for Janus a patch,
    and says which part of its codebook (https://arxiv.org/abs/1711.00937).
    """
    import torch

    from .painters import named, painter_of
    from .writing import tokens_of

    with ctx.load(model) as live, live.turn(ctx), torch.no_grad():
        painter = painter_of(model, live, ctx.device)
        ids = tokens_of(painter, image)
        return ImageTokens(ids, named(model, painter), len(painter.book()))


@node(version="1", title="Tokens to picture", numeric=True, uses="device")
def decode(model: Writer, tokens: ImageTokens, ctx: Context) -> Image:
    """Turn tokens back into pictures: all that a model knows of them."""
    import torch

    from .painters import named, painter_of
    from .writing import pictures_of

    with ctx.load(model) as live, live.turn(ctx), torch.no_grad():
        painter = painter_of(model, live, ctx.device)
        if named(model, painter) != tokens.codebook:
            raise NodeError(
                f"port 'tokens': they are of another codebook than that of {model.source!r}; link"
                " the model that made them"
            )
        rows, columns = tokens.ids.shape[1:]
        if (rows, columns) != (painter.side, painter.side):
            raise NodeError(
                f"port 'tokens': they are {columns} × {rows}, and {model.source!r} has pictures of"
                f" {painter.side} × {painter.side}"
            )
        return pictures_of(painter, tokens.ids)


@node(version="1", title="Picture of tokens", numeric=True)
def show_tokens(
    tokens: ImageTokens,
    cell: Annotated[
        int, Field(ge=1, le=256, description="Pixels of a token, in each direction.")
    ] = 16,
) -> Image:
    """Draw tokens as colours, a hue for each code: alike is what the model reads as the same."""
    colours = hues(tokens.ids, tokens.size)
    return Image(colours.repeat_interleave(cell, 1).repeat_interleave(cell, 2).contiguous())
