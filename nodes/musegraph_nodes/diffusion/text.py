"""Texts as a denoiser reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Conditioning, ConditioningPart, Context, NodeError, TextEncoder, node

from .load import check_loader
from .loader import Encoder

if TYPE_CHECKING:
    from torch import Tensor


@node(version="1", numeric=True, uses="device")
def encode_text(
    encoder: TextEncoder,
    text: Annotated[
        str,
        Field(description="What is to be seen.", json_schema_extra={"multiline": True}),
    ],
    ctx: Context,
    clip_skip: Annotated[
        int,
        Field(ge=0, le=11, description="How many last layers to leave out; some models want it."),
    ] = 0,
) -> Conditioning:
    """Encode a text for a sampler.

    The hidden states of CLIP (https://arxiv.org/abs/2103.00020) as Stable Diffusion reads them,
    ``embeds`` [1,L,D] with L tokens, padded; what is longer is cut off, and said.
    """
    check_loader(encoder)
    with ctx.load(encoder) as live:
        ids, mask, rest = tokens(live, text)
        embeds = hidden_states(live, ids, mask, clip_skip, ctx.device)
    if rest:
        ctx.warn(f"the text is too long for the model, which does not see: {rest}")
    return Conditioning((ConditioningPart({"embeds": embeds}),), encoder.family)


def tokens(live: Encoder, text: str) -> tuple[Tensor, Tensor, str]:
    """Token ids [1,L], their mask, and the words for which there was no room."""
    tokenizer = live.tokenizer
    length = min(tokenizer.model_max_length, live.net.config.max_position_embeddings)
    options: dict[str, Any] = {"return_tensors": "pt", "verbose": False}
    made = tokenizer(text, padding="max_length", max_length=length, truncation=True, **options)
    whole = tokenizer(text, **options).input_ids
    rest = tokenizer.decode(whole[0, length - 1 : -1]) if whole.shape[-1] > length else ""
    return made.input_ids, made.attention_mask, str(rest).strip()


def hidden_states(live: Encoder, ids: Tensor, mask: Tensor, clip_skip: int, device: str) -> Tensor:
    """What ``StableDiffusionPipeline.encode_prompt`` computes: [1,L,D], float32."""
    import torch

    net = live.net
    wanted = getattr(net.config, "use_attention_mask", False)
    given = mask.to(device) if wanted else None
    with torch.no_grad():
        if clip_skip == 0:
            made: Tensor = net(ids.to(device), attention_mask=given)[0]
            return made.float()
        states = net(ids.to(device), attention_mask=given, output_hidden_states=True).hidden_states
        if clip_skip >= len(states):
            raise NodeError(
                f"clip_skip is {clip_skip} and this text encoder has {len(states) - 1} layers;"
                " set it lower, most models want 0"
            )
        # Before transformers 5 the layers lay one level deeper.
        made = getattr(net, "text_model", net).final_layer_norm(states[-(clip_skip + 1)])
        return made.float()
