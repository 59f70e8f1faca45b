"""Sound files to samples and back, by libsndfile: WAV, FLAC, OGG (Vorbis and Opus) and MP3.

Of a film (MP4, MOV, WebM) the sound is read.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from musegraph.errors import NodeError
from musegraph.values.containers import with_serial
from musegraph.values.films import decode_film_sound, film_format

if TYPE_CHECKING:
    from torch import Tensor

SOUND_FORMATS = {
    "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg",
}  # fmt: skip
_CODINGS = {
    "wav": ("WAV", "PCM_24"), "flac": ("FLAC", "PCM_24"),
    "ogg": ("OGG", "VORBIS"), "mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
MAX_SAMPLES = 1 << 28
"""More samples of all channels together are not read: 46 minutes in stereo at 48 kHz."""
RATES = 1000, 768_000
"""Samples a second that a sound that is read may have: what is slower or faster is no sound."""
BLOCK = 1 << 16
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def decode_sound(data: bytes, name: str) -> tuple[Tensor, int]:
    """The samples of a sound file [1,C,N], float32, and how many of them are a second."""
    import torch
    from soundfile import LibsndfileError, SoundFile

    if form := film_format(data[:12]):
        found, rate = decode_film_sound(data, form, name, MAX_SAMPLES)
        _check_rate(rate, name)
        return _finite(found, rate, name)
    blocks, count = [], 0
    try:
        with SoundFile(BytesIO(data)) as sound:
            rate = int(sound.samplerate)
            _check_rate(rate, name)
            # Block by block: what the head says of the length may be wrong.
            while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
                count += block.size
                if count > MAX_SAMPLES:
                    raise NodeError(
                        f"{name!r} has more than {MAX_SAMPLES:,} samples in its channels; cut it"
                    )
                blocks.append(torch.from_numpy(block))
    except LibsndfileError as error:
        raise NodeError(
            f"{name!r} is no sound that can be read (WAV, FLAC, OGG, MP3, MP4, MOV, WebM), or"
            f" damaged: {error.error_string}"
        ) from None
    if not blocks:
        raise NodeError(f"{name!r} is a sound of no length")
    return _finite(torch.cat(blocks).T.contiguous()[None], rate, name)


def _check_rate(rate: int, name: str) -> None:
    least, most = RATES
    if not least <= rate <= most:
        raise NodeError(
            f"{name!r} says that it has {rate:,} samples a second; sounds from {least:,} to"
            f" {most:,} are read"
        )


def _finite(found: Tensor, rate: int, name: str) -> tuple[Tensor, int]:
    import torch

    if not bool(torch.isfinite(found).all()):
        raise NodeError(f"{name!r} holds samples that are not numbers; save it again")
    return found, rate


def encode_sound(samples: Tensor, rate: int, name: str, kind: str, quality: int | None) -> bytes:
    """The bytes of a file with a sound [C,N]; 24 bits a sample where nothing is left out.

    ``quality`` 1 to 100 is for OGG and MP3. What is louder than full scale is cut off.
    """
    import torch
    from soundfile import LibsndfileError, SoundFile

    samples = samples.detach().float().cpu()
    if not bool(torch.isfinite(samples).all()):
        raise NodeError(f"{name!r} holds samples that are not numbers (NaN) and cannot be saved")
    if kind == "mp3" and rate not in _MP3_RATES:
        raise NodeError(f"{name!r} has {rate} samples a second, which MP3 does not know; save FLAC")
    form, coding = _CODINGS[kind]
    options: dict[str, Any] = {}
    if quality is not None and kind in ("ogg", "mp3"):
        options["compression_level"] = 1 - min(max(quality, 1), 100) / 100
    out = BytesIO()
    try:
        with SoundFile(
            out, "w", rate, len(samples), subtype=coding, format=form, **options
        ) as sound:
            for block in samples.clamp(-1, 1).split(BLOCK, dim=1):
                sound.write(block.T.numpy())
    except LibsndfileError as error:
        raise NodeError(
            f"{name!r} cannot be saved as {kind} with {len(samples)} channels at {rate} Hz:"
            f" {error.error_string}"
        ) from None
    # The library draws the number of the stream; equal sounds are to be equal files.
    return with_serial(out.getvalue()) if kind == "ogg" else out.getvalue()
