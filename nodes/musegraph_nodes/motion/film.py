"""Films with sound: frames and audio in one MP4, written as they come."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from musegraph import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from musegraph import Audio

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_BLOCK = 1024


def library() -> Any:
    """PyAV, which is an extra: its wheels bring encoders under the GPL."""
    try:
        import av
    except ImportError:
        raise NodeError(
            "films are written by PyAV, which is not installed here; install it with"
            " pip install 'musegraph[video]', or take pictures from motion.render"
        ) from None
    return av


def muxed(
    frames: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    fps: float,
    sound: Audio | None,
    quality: int,
    seconds: float,
) -> bytes:
    """An MP4 of frames [H,W,3] and a sound: H.264 and AAC, ready to play before it is whole.

    A sound is cut to the length of the film. Both are written bit by bit, in step.
    """
    av = library()
    rate = Fraction(fps).limit_denominator(1001)
    # Its index can only be brought to the front in a file.
    with TemporaryDirectory() as folder:
        place = Path(folder) / "film.mp4"
        with av.open(str(place), "w", format="mp4", options={"movflags": "faststart"}) as box:
            _written(box, frames, size, rate, sound, quality, seconds)
        return place.read_bytes()


def dubbed(film: bytes, sound: Audio, name: str) -> bytes:
    """A film with another sound; its pictures stay as they are, bit by bit."""
    av = library()
    form = {b"ftyp": "mov", b"\x1a\x45\xdf\xa3": "matroska"}
    kind = form.get(film[4:8]) or form.get(film[:4])
    if kind is None:
        raise NodeError(f"{name!r} is no film; give an MP4, MOV or WebM")
    try:
        with (
            TemporaryDirectory() as folder,
            av.open(BytesIO(film), "r", format=kind) as source,
            av.open(
                str(Path(folder) / "film.mp4"), "w", format="mp4", options={"movflags": "faststart"}
            ) as box,
        ):
            if not source.streams.video:
                raise NodeError(f"{name!r} holds no moving pictures")
            seen = source.streams.video[0]
            video = box.add_stream_from_template(seen)
            audio = _audio(box, sound)
            end = _copied(box, source.demux(seen), video)
            for block in _sounds(sound, end):
                box.mux(audio.encode(block))
            box.mux(audio.encode(None))
            box.close()
            return (Path(folder) / "film.mp4").read_bytes()
    except (av.error.FFmpegError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NodeError(f"{name!r} cannot get another sound: {why}") from None


def _copied(box: Any, packets: Iterable[Any], video: Any) -> float:
    """The pictures of a film as they are; gives how long it is, in seconds."""
    end = 0.0
    for packet in packets:
        if packet.dts is None:
            continue
        if packet.pts is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        packet.stream = video
        box.mux(packet)
    return end


def _written(
    box: Any,
    frames: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    rate: Fraction,
    sound: Audio | None,
    quality: int,
    seconds: float,
) -> None:
    av = library()
    video = _video(box, size, rate, quality)
    audio = None if sound is None else _audio(box, sound)
    waiting = iter(()) if sound is None or audio is None else _sounds(sound, seconds)
    heard = 0.0
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts, picture.time_base = number, 1 / rate
        box.mux(video.encode(picture))
        while audio is not None and heard < (number + 1) / rate:
            block = next(waiting, None)
            if block is None:
                break
            box.mux(audio.encode(block))
            heard += block.samples / block.sample_rate
    box.mux(video.encode(None))
    if audio is not None:
        for block in waiting:
            box.mux(audio.encode(block))
        box.mux(audio.encode(None))


def _video(box: Any, size: tuple[int, int], rate: Fraction, quality: int) -> Any:
    known = library().codec.codecs_available
    codec = next((one for one in ("libx264", "libopenh264", "mpeg4") if one in known), "")
    if not codec:
        raise NodeError("this build of PyAV has no encoder for MP4; install PyAV from PyPI")
    video = box.add_stream(codec, rate=rate)
    video.width, video.height = size
    video.pix_fmt = "yuv420p"
    video.codec_context.thread_count = 1  # equal frames give equal bytes
    if codec == "libx264":
        # Its tree of macroblocks reads memory that nobody wrote, so equal frames gave other bytes.
        crf = str(round(38 - 0.28 * quality))
        video.options = {"crf": crf, "preset": "veryfast", "x264-params": "mbtree=0"}
    else:
        video.bit_rate = round(size[0] * size[1] * float(rate) * (0.02 + 0.002 * quality))
    return video


def _audio(box: Any, sound: Audio) -> Any:
    rate = sound.sample_rate if sound.sample_rate in AAC_RATES else 48000
    audio = box.add_stream("aac", rate=rate)
    audio.layout = "stereo" if sound.data.shape[1] > 1 else "mono"
    audio.bit_rate = 192_000
    return audio


def _sounds(sound: Audio, seconds: float) -> Iterator[Any]:
    import numpy as np

    from musegraph_nodes.audio.samples import at_rate

    if sound.data.shape[1] > 2:
        raise NodeError(
            f"the sound has {sound.data.shape[1]} channels and films take two; use audio.channels"
        )
    if sound.sample_rate not in AAC_RATES:
        sound = at_rate(sound, 48000)
    av = library()
    wave = sound.data[0].detach().cpu().float().clamp(-1, 1).numpy()
    wave = np.ascontiguousarray(wave[:, : round(seconds * sound.sample_rate)])
    layout = "stereo" if len(wave) > 1 else "mono"
    for start in range(0, wave.shape[1], _BLOCK):
        part = np.ascontiguousarray(wave[:, start : start + _BLOCK])
        block = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        block.sample_rate = sound.sample_rate
        block.pts, block.time_base = start, Fraction(1, sound.sample_rate)
        yield block
