"""Motion from and to NPZ: ours, AMASS and AIST++ read as well; pickles are refused."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from musegraph.values.motion import MOST_FRAMES, MOST_JOINTS, Motion, MotionError, Skeleton, checked
from musegraph.values.turns import of_vectors, product, rotated

MOST_BYTES = 512 << 20
"""Of all arrays together, unpacked."""

_MOST_ARRAYS = 64


def arrays_of(data: bytes) -> dict[str, Any]:
    """The arrays of an NPZ, or of an NPY under the name ``data``; what would run code is refused.

    Headers are read first: nothing is unpacked that would not fit.
    """
    if data[:6] == b"\x93NUMPY":
        return {"data": _array(BytesIO(data), "data", len(data))}
    try:
        with zipfile.ZipFile(BytesIO(data)) as box:
            inside = box.infolist()
            if len(inside) > _MOST_ARRAYS:
                raise MotionError(
                    f"holds {len(inside)} arrays, and at most {_MOST_ARRAYS} are read"
                )
            size = sum(one.file_size for one in inside)
            if size > MOST_BYTES:
                raise MotionError(f"unpacks to {size:,} bytes, and at most {MOST_BYTES:,} are read")
            found = {}
            for one in inside:
                with box.open(one) as file:
                    name = one.filename.removesuffix(".npy")
                    found[name] = _array(file, name, one.file_size)
            return found
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise MotionError(f"is no NPZ that can be read: {error}") from None


def _array(file: Any, name: str, size: int) -> Any:
    import numpy as np
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, columns, kind = read(file, max_header_size=10_000)
    except (ValueError, EOFError, SyntaxError, TypeError) as error:
        said = " ".join(str(error).split())[:80]
        raise MotionError(f"has an array {name!r} whose header cannot be read: {said}") from None
    if kind.hasobject:
        raise MotionError(
            f"has a pickled array {name!r}; pickles can run code and are never read: save it again"
            " as plain numbers"
        )
    if kind.kind not in "biufUS" or not kind.itemsize or kind.subdtype:
        raise MotionError(f"has an array {name!r} of {kind}; numbers and names are read")
    if not all(type(side) is int and side >= 0 for side in shape):
        raise MotionError(f"has an array {name!r} of the shape {shape}, which is none")
    count = 1
    for side in shape:
        count *= side
    if count * kind.itemsize > min(size, MOST_BYTES):
        raise MotionError(f"has an array {name!r} that says it is larger than the file")
    raw = file.read(count * kind.itemsize)
    if len(raw) != count * kind.itemsize:
        raise MotionError(f"has an array {name!r} that breaks off")
    return np.frombuffer(raw, kind).reshape(shape, order="F" if columns else "C")


def read_npz(data: bytes, name: str = "the file", fps: float = 0.0) -> Motion:
    """The motion in an NPZ: ours, or rotations of SMPL joints on a body of ours.

    ``fps`` counts where the file does not say how many frames a second it has.
    """
    found = arrays_of(data)
    try:
        if {"rotations", "root", "offsets", "parents", "names"} <= found.keys():
            return _ours(found, name)
        for turns, places in (("poses", "trans"), ("smpl_poses", "smpl_trans")):
            if turns in found:
                return _smpl(found, turns, places, name, fps)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise MotionError(f"has arrays of the wrong kind or shape: {error}") from None
    raise MotionError(
        f"has the arrays {', '.join(sorted(found)[:12]) or 'of nothing'}; a motion has poses and"
        " trans (AMASS), smpl_poses and smpl_trans (AIST++), or what was saved here. Features of"
        " HumanML3D are read by motion.open"
    )


def _ours(found: dict[str, Any], name: str) -> Motion:
    offsets = found["offsets"].astype(float)
    if offsets.ndim != 2 or len(offsets) > MOST_JOINTS or found["names"].dtype.kind != "U":
        raise MotionError("has a skeleton that is none")
    family = str(found["family"]) if "family" in found else ""
    skeleton = Skeleton(
        tuple(str(one)[:200] for one in found["names"].tolist()),
        tuple(int(one) for one in found["parents"].tolist()),
        tuple((float(x), float(y), float(z)) for x, y, z in offsets.tolist()),
        family,
    )
    shape = found["rotations"].shape
    if len(shape) != 3 or shape[1:] != (len(offsets), 4) or found["root"].shape != (shape[0], 3):
        raise MotionError(f"has rotations of the shape {list(shape)} for {len(offsets)} joints")
    return checked(found["rotations"], found["root"], _rate(found, 0.0), skeleton, name)


def _smpl(found: dict[str, Any], turns: str, places: str, name: str, fps: float) -> Motion:
    """Axis and angle of 22 joints or more; AMASS stands its figures along z, AIST++ along y."""
    import numpy as np

    poses = np.asarray(found[turns], float)
    if poses.ndim == 3 and poses.shape[2] == 3:
        poses = poses.reshape(len(poses), -1)
    if poses.ndim != 2 or poses.shape[1] < 66 or poses.shape[1] % 3:
        raise MotionError(
            f"has {turns} of the shape {list(poses.shape)}; they are [frames, 3 for each joint], of"
            " 22 joints or more"
        )
    count = len(poses)
    if not 1 <= count <= MOST_FRAMES:
        raise MotionError(f"has {count:,} frames; a motion has 1 to {MOST_FRAMES:,}")
    root = np.asarray(found.get(places, np.zeros((count, 3))), float)
    if root.shape != (count, 3):
        raise MotionError(f"has {places} of the shape {list(root.shape)} for {count} frames")
    scaling = np.asarray(found.get("smpl_scaling", np.ones(1)), float).reshape(-1)
    root = root / float(scaling[0] if scaling.size and scaling[0] > 0 else 1.0)
    joints = 24 if poses.shape[1] == 72 else 22
    rotations = of_vectors(poses[:, : joints * 3].reshape(count, joints, 3))
    if turns == "poses":
        rotations, root = upright(rotations, root)
    rotations = np.concatenate(
        (rotations, np.tile([1.0, 0, 0, 0], (count, 24 - joints, 1))), axis=1
    )
    rate = _rate(found, fps or (60.0 if turns == "smpl_poses" else 30.0))
    return checked(rotations, root, rate, Skeleton.body(), name)


def upright(rotations: Any, root: Any) -> tuple[Any, Any]:
    """From z up to y up: what looked along -y looks along z."""
    import numpy as np

    turn = np.array([np.sqrt(0.5), -np.sqrt(0.5), 0, 0])
    rotations = np.array(rotations)
    rotations[:, 0] = product(turn, rotations[:, 0])
    return rotations, rotated(turn, root)


def _rate(found: dict[str, Any], usual: float) -> float:
    for key in ("fps", "mocap_framerate", "mocap_frame_rate", "framerate"):
        if key in found:
            rate = float(found[key].reshape(-1)[0])
            if not 1 <= rate <= 1000:
                raise MotionError(f"has {rate:g} frames a second; a motion has 1 to 1000")
            return rate
    if not usual:
        raise MotionError("does not say how many frames a second it has")
    return usual


def write_npz(motion: Motion) -> bytes:
    """The motion with its skeleton as plain arrays; equal motions give equal bytes."""
    import numpy as np

    skeleton = motion.skeleton
    parts = {
        "rotations": motion.rotations.detach().cpu().numpy(),
        "root": motion.root.detach().cpu().numpy(),
        "fps": np.array(motion.fps),
        "names": np.array(skeleton.names),
        "parents": np.array(skeleton.parents, np.int32),
        "offsets": np.array(skeleton.offsets, float),
        "family": np.array(skeleton.family),
    }
    return pack_arrays(parts)


def pack_arrays(parts: dict[str, Any]) -> bytes:
    """Arrays as NPZ, without the time of day that NumPy would write."""
    from numpy.lib import format as npy

    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as box:
        for name, array in parts.items():
            inside = BytesIO()
            npy.write_array(inside, array, allow_pickle=False)
            box.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), inside.getvalue(),
                         zipfile.ZIP_DEFLATED)  # fmt: skip
    return stream.getvalue()
