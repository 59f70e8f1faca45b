"""Sounds as models want them, and what they make as sounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from musegraph import Audio, Context, NodeError

if TYPE_CHECKING:
    from torch import Tensor

_WIDTH = 24
_ROLLOFF = 0.945
"""Of the filter: as MusicGen's processor has them."""

_MOST_FILTERS = 1 << 24
"""Numbers in all filters of a change of rate."""


def prepared(audio: Audio, rate: int, channels: int) -> Tensor:
    """A sound [B,C,N] at a rate, with one or two channels: a mean, or the same on both sides."""
    import torch

    data = audio.data.float()
    if not data.shape[-1] or not bool(torch.isfinite(data).all()):
        raise NodeError("the sound is empty or holds samples that are not numbers; link another")
    if channels == 1:
        data = data.mean(1, keepdim=True)
    elif data.shape[1] == 1:
        data = data.repeat(1, channels, 1)
    elif data.shape[1] != channels:
        data = data[:, :channels]
    return resampled(data, audio.sample_rate, rate)


def resampled(data: Tensor, old: int, new: int) -> Tensor:
    """Samples [...,N] at another rate, by sinc interpolation under a Hann window."""
    import torch

    if old == new:
        return data
    common = math.gcd(old, new)
    old, new = old // common, new // common
    if old * new > _MOST_FILTERS:
        return _by_spectrum(data, old, new)
    base = min(old, new) * _ROLLOFF
    reach = math.ceil(_WIDTH * old / base)
    at = torch.arange(-reach, reach + old, dtype=data.dtype)[None, None] / old
    ticks = torch.arange(0, -new, -1, dtype=data.dtype)[:, None, None] / new + at
    ticks = (ticks * base).clamp(-_WIDTH, _WIDTH)
    window = torch.cos(ticks * math.pi / _WIDTH / 2) ** 2
    ticks = ticks * math.pi
    kernel = torch.where(ticks == 0, 1.0, ticks.sin() / ticks) * (window * (base / old))
    shape, length = data.shape, data.shape[-1]
    flat = torch.nn.functional.pad(data.reshape(-1, length), (reach, reach + old))
    made = torch.nn.functional.conv1d(flat[:, None], kernel, stride=old)
    made = made.transpose(1, 2).reshape(len(flat), -1)
    return made[..., : math.ceil(new * length / old)].reshape(*shape[:-1], -1)


def _by_spectrum(data: Tensor, old: int, new: int) -> Tensor:
    """The same for rates with so little in common that the filters would not fit into memory."""
    import torch
    from scipy.signal import resample

    return torch.from_numpy(resample(data.numpy(), math.ceil(data.shape[-1] * new / old), axis=-1))


def finished(made: list[Tensor], rate: int, ctx: Context) -> Audio:
    """What a model made as a sound; quieter where it would clip."""
    import torch

    data = torch.cat([one.detach().float().cpu() for one in made])
    if not bool(torch.isfinite(data).all()):
        raise NodeError(
            "the model made samples that are not numbers; with precision float32, or fewer seconds,"
            " it may not"
        )
    peaks = data.abs().amax((1, 2), keepdim=True)
    if bool((peaks > 1).any()):
        ctx.note(f"made quieter, so that nothing clips: the peak was {float(peaks.max()):.2f}")
        data = data / peaks.clamp(min=1)
    return Audio(data.contiguous(), rate)


def spliced(kept: Tensor, made: Tensor, start: int, end: int, fade: int) -> Tensor:
    """The kept sound [1,C,N] with what was made from sample ``start`` to ``end``, faded over."""
    import torch

    length = max(kept.shape[-1], min(end, made.shape[-1]))
    end = min(end, made.shape[-1], length)
    both = [torch.nn.functional.pad(one[..., :length], (0, length - one.shape[-1]))
            if one.shape[-1] < length else one[..., :length] for one in (kept, made)]  # fmt: skip
    share = torch.zeros(length)
    share[start:end] = 1
    before, after = min(fade, start), min(fade, length - end)
    share[start - before : start] = torch.linspace(0, 1, before + 2)[1:-1]
    share[end : end + after] = torch.linspace(1, 0, after + 2)[1:-1]
    return both[0] * (1 - share) + both[1] * share


def level(kept: Tensor, made: Tensor) -> float:
    """How much louder the kept sound is than what a model made of the same."""
    import torch

    loud, heard = (float(torch.sqrt((one.double() ** 2).mean())) for one in (kept, made))
    return loud / heard if loud > 1e-4 and heard > 1e-4 else 1.0
