"""Sounds as codes in levels, from coarse to fine, and back: EnCodec, also that of MusicGen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, Image, Media, NodeError, node
from musegraph_nodes.colours import hues

from .families import family_of
from .ports import SoundModel
from .sound import finished, prepared

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class AudioCodes(Media):
    """A batch of sounds as codes [F,B,K,T], int64, in K levels: each corrects those before it.

    F pieces overlap where the codec cuts long sounds; each has a loudness in ``scales`` [F,B,1].
    ``codec`` names the codebooks, of ``size`` codes each; ``padded`` is how many frames fill up the
    last piece, ``samples`` the length of the sound.
    """

    codes: Tensor
    scales: Tensor | None
    codec: str
    size: int
    sample_rate: int
    samples: int
    padded: int = 0

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.codes, "shape", ()))
        if len(shape) != 4:
            raise NodeError(f"AudioCodes need a tensor [F,B,K,T], and got the shape {list(shape)}")

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return int(self.codes.shape[2])


@node(version="1", title="Sound to codes", numeric=True, uses="device")
def encode(
    model: SoundModel,
    audio: Audio,
    ctx: Context,
    bandwidth: Annotated[
        float, Field(ge=0, le=100, description="kbit/s, of those the codec has; 0: all levels.")
    ] = 0.0,
) -> AudioCodes:
    """Turn a sound into codes in levels, as the codec of MusicGen or EnCodec does.

    The first level alone holds the outline; every further one corrects what is left. More kbit/s
    are more levels.
    """
    import torch

    family_of(model, "codes")
    with ctx.load(model) as live, live.turn(ctx):
        net = codec_of(live)
        config = net.config
        known = [float(one) for one in config.target_bandwidths]
        asked = bandwidth or max(known)
        if asked not in known:
            listed = ", ".join(f"{one:g}" for one in known)
            raise NodeError(f"{model.source!r} has no {asked:g} kbit/s; it has {listed}")
        sound = prepared(audio, int(config.sampling_rate), int(config.audio_channels))
        given, mask = _filled(sound, config.chunk_length, config.chunk_stride)
        given, mask = given.to(net.device, net.dtype), mask.to(net.device)
        with torch.no_grad():
            found = net.encode(given, mask, bandwidth=asked)
        scales = [one for one in found.audio_scales if one is not None]
        return AudioCodes(
            found.audio_codes.cpu(),
            torch.stack(scales).float().cpu() if scales else None,
            _named(net),
            int(config.codebook_size),
            int(config.sampling_rate),
            sound.shape[-1],
            int(found.last_frame_pad_length or 0),
        )


@node(version="1", title="Codes to sound", numeric=True, uses="device")
def decode(
    model: SoundModel,
    codes: AudioCodes,
    ctx: Context,
    levels: Annotated[
        int, Field(ge=0, le=128, description="How many, from the coarsest on; 0: all.")
    ] = 0,
) -> Audio:
    """Turn codes back into sound: all levels, or the coarse ones alone.

    A list of levels gives a sound for each: the hierarchy of the codec, as it is heard.
    """
    import torch

    family_of(model, "codes")
    if levels > codes.levels:
        raise NodeError(f"the codes have {codes.levels} levels, and {levels} are asked for")
    with ctx.load(model) as live, live.turn(ctx):
        net = codec_of(live)
        if _named(net) != codes.codec:
            raise NodeError(
                f"the codes are of another codec than that of {model.source!r}; link the model that"
                " made them"
            )
        kept = codes.codes[:, :, : levels or None].to(net.device)
        scales: list[Any] = [None] * len(kept)
        if codes.scales is not None:
            scales = [*codes.scales.to(net.device, net.dtype)]
        with torch.no_grad():
            made = net.decode(kept, scales, last_frame_pad_length=codes.padded).audio_values
    return finished([made[..., : codes.samples]], codes.sample_rate, ctx)


@node(version="1", title="Picture of codes", numeric=True)
def show_codes(
    codes: AudioCodes,
    width: Annotated[int, Field(ge=64, le=8192, description="Of the picture, in pixels.")] = 960,
    row: Annotated[
        int, Field(ge=1, le=256, description="Pixels of the height of a level."), ADVANCED
    ] = 24,
) -> Image:
    """Draw codes as colours: time to the right, the coarsest level on top."""
    import torch

    pieces = codes.codes.permute(1, 2, 0, 3).flatten(2)
    at = (torch.arange(width) * pieces.shape[-1] // width).clamp(max=pieces.shape[-1] - 1)
    data = hues(pieces[..., at], codes.size).repeat_interleave(row, dim=1)
    return Image(data.contiguous())


def codec_of(live: Any) -> Any:
    """The codec itself, or that inside MusicGen."""
    model = live.parts["model"]
    return getattr(model, "audio_encoder", model)


def _filled(sound: Tensor, chunk: int | None, stride: int | None) -> tuple[Tensor, Tensor]:
    """A sound that fills its pieces, and a mask [B,N] of what is sound."""
    import torch

    length = sound.shape[-1]
    wanted = length
    if chunk and stride:
        wanted = (-(-length // stride) - 1) * stride + chunk
    mask = torch.zeros(len(sound), max(wanted, length), dtype=torch.bool)
    mask[:, :length] = True
    return torch.nn.functional.pad(sound, (0, mask.shape[-1] - length)), mask


def _named(net: Any) -> str:
    """A name for what codes mean: two codecs with the same codebooks have the same."""
    from hashlib import blake2b

    books = (layer.codebook.embed for layer in net.quantizer.layers)
    state = blake2b(digest_size=8)
    for book in books:
        state.update(book.detach().float().cpu().contiguous().numpy().tobytes())
    return f"encodec-{net.config.sampling_rate}-{state.hexdigest()}"
