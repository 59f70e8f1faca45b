"""The melody of a sound as MusicGen hears it: which of twelve tones is the strongest, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

RATE = 32_000
TONES = 12
_WINDOW, _HOP = 16_384, 4_096
_MOST = 30 * RATE


def chroma(samples: Tensor) -> Tensor:
    """The strongest tone of each frame as one of twelve [B,T,12], from samples [B,N] at 32 kHz.

    What the feature extractor of MusicGen Melody gives, which asks for torchaudio: power over a
    Hann window of 16,384 samples every 4,096, at most the first 30 seconds.
    """
    import torch
    import torch.nn.functional as F
    from transformers.audio_utils import chroma_filter_bank

    samples = samples[:, :_MOST].float()
    if (short := _WINDOW - samples.shape[-1]) > 0:
        samples = F.pad(samples, (short // 2, short // 2 + short % 2))
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(
        samples, _WINDOW, _HOP, window=window, pad_mode="reflect", return_complex=True
    )
    power = (spectrum / window.pow(2).sum().sqrt()).abs().pow(2)
    bank = chroma_filter_bank(_WINDOW, TONES, RATE, tuning=0)
    tones = torch.einsum("cf,bft->bct", torch.from_numpy(bank).float(), power)
    tones = F.normalize(tones, p=float("inf"), dim=-2, eps=1e-6)
    return F.one_hot(tones.argmax(1), TONES).float()
