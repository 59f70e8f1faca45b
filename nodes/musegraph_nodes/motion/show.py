"""Nodes that show a motion: frames, poses in the colours of OpenPose, a filmstrip, a film."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, File, Image, Json, NodeError, files, node

from .looks import Look, Stage, View
from .options import Dancers, Height, Rate, Seconds, Width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2 << 30
"""Of a batch of frames in memory; a film is not bound by it."""

Views = Annotated[View, Field(description="Where the camera stands; orbit goes round in 12 s.")]
Looks = Annotated[Look, Field(description="A body of round limbs, sticks, or black on white.")]
Stages = Annotated[Stage, Field(description="What is behind the figure.")]
Follow = Annotated[bool, Field(description="Whether the camera goes along with the figure.")]
Closer = Annotated[
    float, Field(ge=0.3, le=3, description="How large the figure is; 1: all of it in sight.")
]
Apart = Annotated[
    float, Field(ge=0, le=10, description="Metres between figures that stand beside each other.")
]


class Posed(NamedTuple):
    """Poses as pictures, and their points."""

    image: Image
    keypoints: Annotated[Json, Field(description="As OpenPose writes them, one for each frame.")]


@node(version="2", title="Render frames", numeric=True)
def render(
    motion: Dancers,
    ctx: Context,
    look: Looks = "body",
    view: Views = "three quarters",
    stage: Stages = "studio",
    width: Width = 512,
    height: Height = 512,
    fps: Rate = 0.0,
    follow: Annotated[Follow, ADVANCED] = True,
    closer: Annotated[Closer, ADVANCED] = 1.0,
    apart: Annotated[Apart, ADVANCED] = 1.3,
) -> Image:
    """Draw figures in motion as a batch of pictures, a picture to a frame.

    For a film with sound use motion.film, which keeps no more than a frame in memory.
    """
    import numpy as np
    import torch

    from .drawing import Picture, frames

    rate = fps or motion[0].fps
    count = max(round(min(one.seconds for one in motion) * rate), 1)
    _fits(count, width, height)
    made = np.empty((count, height, width, 3), np.float32)
    picture = Picture(look, stage, view, width, height, follow, closer)
    for at, frame in enumerate(frames(motion, picture, rate, apart)):
        made[at] = frame / np.float32(255)
        ctx.progress(at + 1, count)
    return Image(torch.from_numpy(made))


def _fits(count: int, width: int, height: int) -> None:
    size = count * width * height * 12
    if size > MOST_BYTES:
        raise NodeError(
            f"{count:,} frames of {width} × {height} would take {size >> 20:,} MB, and at most"
            f" {MOST_BYTES >> 20:,} MB are made; use motion.film, motion.trim or fewer frames a"
            " second"
        )


@node(version="2", title="Pose pictures", numeric=True)
def pose_pictures(
    motion: Dancers,
    view: Views = "front",
    width: Width = 512,
    height: Height = 512,
    fps: Annotated[Rate, Field(description="Pictures a second; 0: those of the motion.")] = 8.0,
    follow: Annotated[Follow, ADVANCED] = True,
    closer: Annotated[Closer, ADVANCED] = 1.0,
    apart: Annotated[Apart, ADVANCED] = 1.3,
) -> Posed:
    """Draw poses in the colours of OpenPose, on black, as pose ControlNets take them.

    ``keypoints`` are the same as numbers, which control.draw_pose draws in another size.
    """
    import torch

    from musegraph_nodes.control.skeleton import drawn, written

    from .body import need, parts_of
    from .camera import shots
    from .drawing import at_rate, pose_points

    for one in motion:
        need(one.skeleton, "head", "neck", "left_shoulder", "right_shoulder")
    rate = fps or motion[0].fps
    places = at_rate(motion, rate, apart)
    _fits(len(places[0]), width, height)
    cameras = shots(places, view, width, height, rate, follow, closer)
    parts = [parts_of(one.skeleton) for one in motion]
    pages, told = [], []
    for at, shot in enumerate(cameras):
        people = [
            pose_points(where[at], own, shot) for where, own in zip(places, parts, strict=True)
        ]
        pages.append(drawn(people, (width, height), max(min(width, height) / 128, 2.0)))
        told.append(written(people, (width, height)))
    return Posed(Image(torch.stack(pages)), told)


@node(version="2", title="Filmstrip", numeric=True)
def filmstrip(
    motion: Dancers,
    count: Annotated[int, Field(ge=2, le=64, description="Pictures.")] = 12,
    columns: Annotated[int, Field(ge=1, le=64, description="Pictures in a row.")] = 6,
    look: Looks = "body",
    view: Views = "three quarters",
    stage: Stages = "paper",
    width: Annotated[Width, Field(description="Of each picture, in pixels.")] = 200,
    height: Annotated[Height, Field(description="Of each picture, in pixels.")] = 260,
    start: Annotated[Seconds, Field(description="Seconds at the first picture.")] = 0.0,
    length: Annotated[
        Seconds, Field(description="Seconds from there to the last picture; 0: to the end.")
    ] = 0.0,
    apart: Annotated[Apart, ADVANCED] = 1.3,
) -> Image:
    """Lay moments of a motion beside each other in one picture, from left to right."""
    import numpy as np
    import torch

    from .drawing import Picture, frames
    from .edit import trim

    seconds = min(one.seconds for one in motion)
    if start >= seconds:
        raise NodeError(f"the motion has {seconds:.2f} s, and the strip begins at {start:g} s")
    length = min(length or seconds - start, seconds - start)
    cut = [trim(one, start, length) for one in motion]
    rate = count / length
    picture = Picture(look, stage, view, width - width % 2, height - height % 2, True, 1.0)
    tiles = list(frames(cut, picture, rate, apart))[:count]
    rows = []
    for at in range(0, len(tiles), columns):
        row = tiles[at : at + columns]
        row += [np.full_like(row[0], 255)] * (min(columns, len(tiles)) - len(row))
        rows.append(np.concatenate(row, axis=1))
    sheet = np.concatenate(rows).astype(np.float32) / 255
    return Image(torch.from_numpy(sheet[None]))


@node(version="3", title="Film a motion", numeric=True)
def film(
    motion: Dancers,
    ctx: Context,
    sound: Annotated[
        Audio | None, Field(description="Heard in the film, cut to its length.")
    ] = None,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "dance",
    look: Looks = "body",
    view: Views = "three quarters",
    stage: Stages = "studio",
    width: Width = 640,
    height: Height = 640,
    fps: Rate = 0.0,
    quality: Annotated[int, Field(ge=1, le=100, description="100 is the best.")] = 70,
    follow: Annotated[Follow, ADVANCED] = True,
    closer: Annotated[Closer, ADVANCED] = 1.0,
    apart: Annotated[Apart, ADVANCED] = 1.3,
) -> File:
    """Film figures with sound as MP4 (H.264, AAC), frame by frame: its length takes no memory."""
    from .drawing import Picture, frames
    from .film import muxed

    rate = fps or motion[0].fps
    seconds = min(one.seconds for one in motion)
    count = max(round(seconds * rate), 1)
    picture = Picture(look, stage, view, width, height, follow, closer)

    def told() -> Iterator[NDArray[np.uint8]]:
        for at, frame in enumerate(frames(motion, picture, rate, apart)):
            ctx.progress(at + 1, count)
            yield frame

    data = muxed(told(), (width, height), rate, sound, quality, count / rate)
    return File(data, f"{files.plain_name(name) or 'dance'}.mp4", "video/mp4")


@node(version="2", title="Frames and sound to film", numeric=True)
def mux(
    frames: Annotated[
        list[Image], Field(min_length=1, description="Pictures of one size, one after the other.")
    ],
    ctx: Context,
    sound: Annotated[
        Audio | None, Field(description="Heard in the film, cut to its length.")
    ] = None,
    fps: Annotated[float, Field(ge=1, le=120, description="Frames a second.")] = 30.0,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "film",
    quality: Annotated[int, Field(ge=1, le=100, description="100 is the best.")] = 70,
) -> File:
    """Make a film of pictures and a sound: MP4 with H.264 and AAC, written picture by picture."""
    import numpy as np

    from .film import muxed

    width, height = frames[0].size
    if any(one.size != (width, height) for one in frames):
        raise NodeError("the pictures differ in size; bring them to one with image.resize")
    even = (width - width % 2, height - height % 2)
    count = sum(len(one.data) for one in frames)

    def told() -> Iterator[NDArray[np.uint8]]:
        at = 0
        for batch in frames:
            for one in batch.data:
                at += 1
                ctx.progress(at, count)
                page = one[: even[1], : even[0], :3].detach().cpu().float().clamp(0, 1).numpy()
                yield np.ascontiguousarray((page * 255 + 0.5).astype(np.uint8))

    data = muxed(told(), even, fps, sound, quality, count / fps)
    return File(data, f"{files.plain_name(name) or 'film'}.mp4", "video/mp4")


@node(version="1", title="Sound onto film", numeric=True)
def dub(
    film: Annotated[File, Field(description="MP4, MOV or WebM; its own sound is left out.")],
    sound: Annotated[Audio, Field(description="Heard in the film, cut to its length.")],
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "film",
) -> File:
    """Give a film another sound: MP4 with AAC; the pictures are taken over as they are."""
    from .film import dubbed

    data = dubbed(film.data, sound, film.name)
    return File(data, f"{files.plain_name(name) or 'film'}.mp4", "video/mp4")
