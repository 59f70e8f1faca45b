"""Motions from files and to files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, File, Motion, NodeError, files, node

from .options import Rate


@node(version="1")
def load(motion: Motion) -> Motion:
    """Take a motion that was dropped here: BVH, GLB or NPZ."""
    return motion


@node(id="open", version="2", title="Open motion")
def open_file(
    file: File,
    unit: Annotated[
        Literal["auto", "metres", "centimetres", "inches"],
        Field(description="Of a BVH, which does not say it; auto: a figure over 8 is in cm."),
    ] = "auto",
    fps: Annotated[Rate, Field(description="Of an NPZ that does not say it; 0: as usual.")] = 0.0,
) -> Motion:
    """Read the motion in a file: BVH, GLB, NPZ as AMASS and AIST++ keep it, or HumanML3D.

    AMASS and AIST++ hold turns of SMPL joints; they get a body of ours. Features of HumanML3D
    (263 numbers a frame, as .npy) hold places, to which the body is fitted. Pickles are refused.
    """
    from .layouts import is_features, of_features

    if is_features(file.data):
        return of_features(file.data, file.name, fps or 20.0)
    scale = {"auto": 0.0, "metres": 1.0, "centimetres": 0.01, "inches": 0.0254}[unit]
    return files.read_motion(file.data, file.name, fps, scale)


@node(version="1", numeric=True)
def save(
    motion: Motion,
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "motion",
    format: Annotated[
        Literal["bvh", "glb", "npz", "humanml3d", "smpl"],
        Field(
            description="BVH and GLB for other programs, NPZ loses nothing; humanml3d: 263 numbers"
            " a frame; smpl: turns as AMASS keeps them."
        ),
    ] = "bvh",
    unit: Annotated[
        Literal["centimetres", "metres"], Field(description="Of a BVH."), ADVANCED
    ] = "centimetres",
) -> File:
    """Make a file of a motion; whoever runs the workflow writes it to a folder."""
    from .layouts import as_smpl, features_file

    if format == "humanml3d":
        return File(features_file(motion), f"{files.plain_name(name)}.npy", files.BYTES)
    if format == "smpl":
        return File(as_smpl(motion), f"{files.plain_name(name)}.npz", files.BYTES)
    if format == "bvh" and unit == "metres":
        return File(files.write_bvh(motion, 1.0), f"{files.plain_name(name)}.bvh", files.BYTES)
    made = files.to_files(motion, name, format)
    if len(made) != 1:
        raise NodeError(f"the motion became {len(made)} files, not one")
    return made[0]
