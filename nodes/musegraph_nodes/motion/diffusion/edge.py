"""The net of EDGE (Tseng et al. 2023) in the names that its published weights have.

Music goes through two layers of attention; motion looks at it across, and is scaled and shifted by
what time and music are as a whole. Positions are turned into what is asked and looked at, over the
whole width and before it is split into heads, which is EDGE's own way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musegraph import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = 64
"""The width of a head in EDGE; how many heads there are is not written in the shapes."""


class EdgeSize(NamedTuple):
    """How large a net is, as its weights show."""

    numbers: int = 151
    """Of a token of motion."""
    heard: int = 35
    """Of a token of music."""
    tokens: int = 150
    width: int = 512
    inner: int = 1024
    layers: int = 8
    heads: int = 8


class Rotary(nn.Module):
    """Positions as angles of neighbouring pairs."""

    freqs: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        speeds = [10_000.0 ** (-at / width) for at in range(0, width, 2)]
        self.register_buffer("freqs", torch.tensor(speeds))

    def forward(self, x: Tensor) -> Tensor:
        place = torch.arange(x.shape[-2], device=x.device, dtype=self.freqs.dtype)
        angle = place[:, None] * self.freqs
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        even, odd = x[..., ::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2)


class Listening(nn.Module):
    """A layer over music: attention, then what each token makes of it."""

    def __init__(self, size: EdgeSize, rotary: Rotary) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(size.width, size.heads, batch_first=True)
        self.linear1 = nn.Linear(size.width, size.inner)
        self.linear2 = nn.Linear(size.inner, size.width)
        self.norm1, self.norm2 = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.rotary = rotary

    def forward(self, x: Tensor) -> Tensor:
        x = x + _looked(self.self_attn, self.rotary, self.norm1(x))
        made: Tensor = x + self.linear2(F.gelu(self.linear1(self.norm2(x))))
        return made


class Film(nn.Module):
    """Scales and shifts what a layer adds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Mish(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.block(told)[:, None].chunk(2, -1)
        made: Tensor = (scale + 1) * x + shift
        return made


class Dancing(nn.Module):
    """A layer over motion: attention to itself, to music, and what each token makes of it."""

    def __init__(self, size: EdgeSize, rotary: Rotary) -> None:
        super().__init__()
        width = size.width
        self.self_attn = nn.MultiheadAttention(width, size.heads, batch_first=True)
        self.multihead_attn = nn.MultiheadAttention(width, size.heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(width, size.inner), nn.Linear(size.inner, width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.film1, self.film2, self.film3 = Film(width), Film(width), Film(width)
        self.rotary = rotary

    def forward(self, x: Tensor, music: Tensor, told: Tensor) -> Tensor:
        x = x + self.film1(_looked(self.self_attn, self.rotary, self.norm1(x)), told)
        x = x + self.film2(_looked(self.multihead_attn, self.rotary, self.norm2(x), music), told)
        made: Tensor = x + self.film3(self.linear2(F.gelu(self.linear1(self.norm3(x)))), told)
        return made


def _looked(
    attention: nn.MultiheadAttention, rotary: Rotary, x: Tensor, other: Tensor | None = None
) -> Tensor:
    query = rotary(x)
    key, value = (query, x) if other is None else (rotary(other), other)
    made: Tensor = attention(query, key, value, need_weights=False)[0]
    return made


class _Layers(nn.Module):
    """Holds the layers under the name that they have in the weights."""

    def __init__(self, layers: list[Dancing]) -> None:
        super().__init__()
        self.stack = nn.ModuleList(layers)


class _Waves(nn.Module):
    """Times of diffusion as sines and cosines."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.waves = width // 2

    def forward(self, time: Tensor) -> Tensor:
        at = torch.arange(self.waves, device=time.device)
        angle = time[:, None] * torch.exp(at * (-math.log(10_000) / (self.waves - 1)))
        return torch.cat((angle.sin(), angle.cos()), -1)


class EdgeNet(nn.Module):
    """Noisy motion [B,T,numbers], music [B,T,heard] and times [B] in; motion without noise out."""

    def __init__(self, size: EdgeSize) -> None:
        super().__init__()
        self.size = size
        width = size.width
        self.rotary = Rotary(width)
        self.time_mlp = nn.Sequential(_Waves(width), nn.Linear(width, 4 * width), nn.Mish())
        self.to_time_cond = nn.Sequential(nn.Linear(4 * width, width))
        self.to_time_tokens = nn.Sequential(nn.Linear(4 * width, 2 * width))
        self.null_cond_embed = nn.Parameter(torch.zeros(1, size.tokens, width))
        self.null_cond_hidden = nn.Parameter(torch.zeros(1, width))
        self.norm_cond = nn.LayerNorm(width)
        self.input_projection = nn.Linear(size.numbers, width)
        self.cond_encoder = nn.Sequential(*(Listening(size, self.rotary) for _ in range(2)))
        self.cond_projection = nn.Linear(size.heard, width)
        self.non_attn_cond_projection = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.seqTransDecoder = _Layers([Dancing(size, self.rotary) for _ in range(size.layers)])
        self.final_layer = nn.Linear(width, size.numbers)

    def forward(self, x: Tensor, music: Tensor, time: Tensor, free: Tensor) -> Tensor:
        """``free`` [B] says of whom music is withheld, for guidance."""
        tokens = self.cond_encoder(self.cond_projection(music))
        nothing = self.null_cond_embed[:, : tokens.shape[1]].to(tokens.dtype)
        tokens = torch.where(free[:, None, None], nothing, tokens)
        whole = self.non_attn_cond_projection(tokens.mean(-2))
        whole = torch.where(free[:, None], self.null_cond_hidden.to(whole.dtype), whole)
        hidden = self.time_mlp(time)
        told = self.to_time_cond(hidden) + whole
        when = self.to_time_tokens(hidden).unflatten(-1, (2, -1))
        music = self.norm_cond(torch.cat((tokens, when), 1))
        x = self.input_projection(x)
        for layer in self.seqTransDecoder.stack:
            x = layer(x, music, told)
        made: Tensor = self.final_layer(x)
        return made


def size_of(shapes: Mapping[str, tuple[int, ...]], source: str, heads: int = 0) -> EdgeSize:
    """How large the net of weights is; a sentence for what is no net of EDGE, with what is off."""
    try:
        width, numbers = shapes["input_projection.weight"]
        tokens = shapes["null_cond_embed"][1]
        inner = shapes["seqTransDecoder.stack.0.linear1.weight"][0]
        heard = shapes["cond_projection.weight"][1]
    except (KeyError, ValueError, IndexError):
        raise ModelError(
            f"{source!r} is no model of dance in the layout of EDGE: it has no"
            " input_projection.weight, null_cond_embed or seqTransDecoder.stack.0.linear1.weight;"
            " motion.train_dance makes such models, and `musegraph models convert` makes a"
            " .safetensors file of EDGE's own checkpoint"
        ) from None
    stack = [name.split(".")[2] for name in shapes if name.startswith("seqTransDecoder.stack.")]
    layers = 1 + max((int(at) for at in stack if at.isdecimal()), default=-1)
    size = EdgeSize(numbers, heard, tokens, width, inner, layers, heads or max(width // _HEAD, 1))
    if (
        not 1 <= layers <= 64
        or not 8 <= width <= 4096
        or max(size) > 65_536
        or width % (2 * size.heads)
    ):
        raise ModelError(f"the model of dance {source!r} is of an unknown build: {size}")
    return size


def check(shapes: Mapping[str, tuple[int, ...]], size: EdgeSize, source: str) -> None:
    """Refuse weights that are not exactly those of the net: missing, strange or of other shapes."""
    with torch.device("meta"):
        wanted = {name: tuple(one.shape) for name, one in EdgeNet(size).state_dict().items()}
    # What positions turn by can be worked out, so it may be left out.
    missing = [n for n in wanted if n not in shapes and not n.endswith("rotary.freqs")]
    strange = [n for n in shapes if n not in wanted]
    other = [n for n in wanted if n in shapes and tuple(shapes[n]) != wanted[n]]
    for what, names in (
        ("lacks", missing),
        ("has unknown", strange),
        ("has other shapes of", other),
    ):
        if names:
            more = f" and {len(names) - 4} more" if len(names) > 4 else ""
            raise ModelError(
                f"the model of dance {source!r} {what} {', '.join(names[:4])}{more}; it is damaged,"
                " or of a layout that is none of EDGE's"
            )


def tensors_of(net: EdgeNet, half: bool = False) -> dict[str, Tensor]:
    """All that belongs into a file of weights, each under every name that it has in EDGE."""
    made: dict[str, Any] = {}
    for name, tensor in net.state_dict().items():
        kept = tensor.detach().cpu()
        made[name] = (kept.half() if half and not name.endswith("freqs") else kept).clone()
    return made
