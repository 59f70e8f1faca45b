"""A motion as a sheet of sprites for games: one picture, and where in it each frame stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Json, Motion, NodeError, files, node

from .looks import Look, View
from .options import Height, Seconds, Width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from musegraph import Skeleton

    from .turns import Doubles

MOST_SIDE = 16_384
"""Pixels of a sheet to a side: larger ones no graphics card takes."""

NAMES: dict[int, tuple[str, ...]] = {
    1: ("",),
    2: ("front", "back"),
    4: ("front", "right", "back", "left"),
    8: ("front", "front right", "right", "back right", "back", "back left", "left", "front left"),
}
"""Which way the figure looks in each row, as it is seen."""


Directions = Annotated[
    int,
    Field(
        ge=1,
        le=8,
        json_schema_extra={"enum": [1, 2, 4, 8]},
        description="How many ways it looks, a row each, the first as the camera says.",
    ),
]
InPlace = Annotated[
    bool,
    Field(description="Whether the figure stays in the middle: the game moves it."),
    ADVANCED,
]
Closer = Annotated[
    float, Field(ge=0.3, le=3, description="How large the figure is; 1: all in sight."), ADVANCED
]


class Sheet(NamedTuple):
    """The sheet, and its frames as programs for games read them."""

    image: Image
    frames: Annotated[
        Json, Field(description="Places of all frames, as Aseprite and TexturePacker write them.")
    ]


@node(version="2", title="Sprite sheet", numeric=True)
def sprite_sheet(
    motion: Motion,
    ctx: Context,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the figure, in names of frames.")
    ] = "dancer",
    count: Annotated[int, Field(ge=1, le=128, description="Frames of the motion.")] = 12,
    directions: Directions = 4,
    look: Annotated[Look, Field(description="A body of round limbs, sticks, or black.")] = "body",
    view: Annotated[View, Field(description="Where the camera stands.")] = "front",
    width: Annotated[Width, Field(description="Of each frame, in pixels.")] = 96,
    height: Annotated[Height, Field(description="Of each frame, in pixels.")] = 128,
    start: Annotated[Seconds, Field(description="Seconds at the first frame.")] = 0.0,
    length: Annotated[
        Seconds, Field(description="Seconds of the cycle that is drawn; 0: to the end.")
    ] = 0.0,
    in_place: InPlace = True,
    closer: Closer = 1.0,
) -> Sheet:
    """Draw a cycle of a motion for a game: frames on transparent ground in one picture.

    Columns are moments at equal distances, rows the ways that the figure looks. What
    ``frames`` says is read by Phaser, Godot, Unity and others as the JSON of Aseprite.
    """
    import torch

    from .edit import trim

    _fits(directions, width * count, height * directions)
    if start >= motion.seconds:
        raise NodeError(
            f"the motion has {motion.seconds:.2f} s, and the cycle begins at {start:g} s; begin"
            " earlier"
        )
    length = min(length or motion.seconds - start, motion.seconds - start)
    where = _moments(trim(motion, start, length), count, in_place)
    sheet = torch.from_numpy(
        _drawn(where, motion.skeleton, directions, view, look, (width, height), closer, ctx)
    )
    told = _told(files.plain_name(name) or "figure", count, directions, (width, height), length)
    return Sheet(Image(sheet[None]), told)


def _fits(directions: int, wide: int, tall: int) -> None:
    if directions not in NAMES:
        raise NodeError(f"a sheet has 1, 2, 4 or 8 directions, not {directions}")
    if max(wide, tall) > MOST_SIDE:
        raise NodeError(
            f"the sheet would be {wide} × {tall} pixels, and graphics cards"
            f" take at most {MOST_SIDE}; ask for smaller or fewer frames"
        )


def _drawn(
    where: Doubles,
    skeleton: Skeleton,
    directions: int,
    view: View,
    look: Look,
    size: tuple[int, int],
    closer: float,
    ctx: Context,
) -> NDArray[np.float32]:
    """The whole sheet [H,W,4]."""
    import numpy as np

    from .camera import shots
    from .drawing import cutouts
    from .turns import about, rotated

    sides = [
        rotated(about([0, 1, 0], 2 * np.pi * row / directions), where) for row in range(directions)
    ]
    # One camera for all rows: the figure has one size from everywhere.
    cameras = shots(sides, view, *size, 1.0, False, closer)
    rows = []
    for row, side in enumerate(sides):
        rows.append(np.concatenate([*cutouts(side, skeleton, cameras, look)], axis=1))
        ctx.progress(row + 1, directions)
    return np.concatenate(rows)


def _moments(motion: Motion, count: int, in_place: bool) -> Doubles:
    """Where the joints are [count,J,3] at moments at equal distances."""
    import numpy as np

    from .drawing import at_rate

    where = at_rate([motion], count / motion.seconds, 0.0)[0][:count]
    if in_place:
        where = where - where[:, :1] * np.array([1, 0, 1])
    return where


def _told(
    name: str, count: int, directions: int, size: tuple[int, int], length: float
) -> dict[str, object]:
    """The frames of a sheet in the form of Aseprite: a list, with a tag for each row."""
    width, height = size
    sides = NAMES[directions]
    frames = [
        {
            "filename": " ".join((name, *sides[row].split(), f"{at:03d}")).replace(" ", "_"),
            "frame": {"x": at * width, "y": row * height, "w": width, "h": height},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": {"x": 0, "y": 0, "w": width, "h": height},
            "sourceSize": {"w": width, "h": height},
            "duration": round(1000 * length / count),
        }
        for row in range(directions)
        for at in range(count)
    ]
    tags = [
        {"name": side or name, "from": row * count, "to": (row + 1) * count - 1,
         "direction": "forward"}
        for row, side in enumerate(sides)
    ]  # fmt: skip
    meta = {
        "app": "Musegraph", "version": "1", "image": f"{name}.png", "format": "RGBA8888",
        "size": {"w": width * count, "h": height * directions}, "scale": "1", "frameTags": tags,
    }  # fmt: skip
    return {"frames": frames, "meta": meta}
