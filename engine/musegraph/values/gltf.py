"""Motion from binary glTF 2.0 (GLB): the joints of its skin, or what its animation moves."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from musegraph.values.motion import (
    MOST_FRAMES,
    MOST_JOINTS,
    Motion,
    Skeleton,
    checked,
    product,
    rotated,
)

MOST_BYTES = 512 << 20
MOST_JSON = 32 << 20
MOST_NODES = 20_000
MOST_SECONDS = 3600.0
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}


class GltfError(Exception):
    """Bytes that are no GLB with a motion, in a clause."""


# GLB to motion


def read_glb(data: bytes, name: str = "the file", fps: float = 0.0) -> Motion:
    """The first animation of a GLB; ``fps`` 0: as dense as its keys stand."""
    tree, binary = _chunks(data)
    try:
        return _motion(tree, binary, name, fps)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise GltfError(f"is no glTF that can be followed: {error!r:.80}") from None


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    if len(data) > MOST_BYTES:
        raise GltfError(f"has {len(data):,} bytes, and at most {MOST_BYTES:,} are read")
    if len(data) < 20 or data[:4] != b"glTF":
        raise GltfError("does not begin as a GLB does")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2 or length > len(data):
        raise GltfError(f"is glTF {version} or breaks off; only glTF 2.0 is read")
    at, tree, binary = 12, None, b""
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) != size:
            raise GltfError("breaks off in the middle of a chunk")
        if kind == JSON_CHUNK and tree is None:
            if size > MOST_JSON:
                raise GltfError(f"has {size:,} bytes of JSON, and at most {MOST_JSON:,} are read")
            try:
                tree = json.loads(body)
            except (ValueError, RecursionError):
                raise GltfError("has JSON that cannot be read") from None
        elif kind == BINARY_CHUNK and not binary:
            binary = body
        at += 8 + size
    if not isinstance(tree, dict):
        raise GltfError("has no JSON")
    return tree, binary


def _motion(tree: dict[str, Any], binary: bytes, name: str, fps: float) -> Motion:
    import numpy as np

    nodes = tree.get("nodes") or []
    if not 1 <= len(nodes) <= MOST_NODES:
        raise GltfError(f"has {len(nodes):,} nodes; a scene has 1 to {MOST_NODES:,}")
    parents = _parents(nodes)
    animations = tree.get("animations") or []
    if not animations:
        raise GltfError("has no animation, so nothing moves in it")
    channels = _channels(tree, binary, animations[0])
    joints = _joints(tree, nodes, parents, channels)
    times = _times([key for _, key, _, _ in channels], fps)
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else fps or 30.0
    places = {node: number for number, node in enumerate(joints)}
    rest = [_local(nodes[node]) for node in range(len(nodes))]
    base, turn, size = _above(joints[0], parents, rest)
    rotations = np.stack([np.broadcast_to(rest[n][1], (len(times), 4)) for n in joints], axis=1)
    rotations = rotations.copy()
    root = np.broadcast_to(rest[joints[0]][0], (len(times), 3)).copy()
    offsets = np.array([rest[node][0] for node in joints])
    for (node, path), keys, values, stepped in channels:
        if node not in places:
            continue
        if path == "rotation":
            rotations[:, places[node]] = _turning(times, keys, values, stepped)
        elif path == "translation" and node == joints[0]:
            root = _moving(times, keys, values, stepped)
        elif path == "translation":
            offsets[places[node]] = np.median(values, axis=0)
    scales = _scales(joints, parents, rest, size)
    offsets = offsets * scales[:, None]
    rotations[:, 0] = product(turn, rotations[:, 0])
    root = base + size * rotated(turn, root)
    skeleton = Skeleton(
        _names(nodes, joints),
        tuple(places[parents[node]] if at else -1 for at, node in enumerate(joints)),
        tuple(tuple(row) if at else (0.0, 0.0, 0.0) for at, row in enumerate(offsets.tolist())),
    )
    return checked(rotations, root, float(rate), skeleton, name)


def _parents(nodes: list[Any]) -> list[int]:
    parents = [-1] * len(nodes)
    for at, node in enumerate(nodes):
        for child in node.get("children", ()):
            if not 0 <= child < len(nodes) or parents[child] != -1 or child == at:
                raise GltfError(f"has node {child} under two others, or under none that is there")
            parents[child] = at
    for at in range(len(nodes)):
        above, steps = at, 0
        while above >= 0:
            above, steps = parents[above], steps + 1
            if steps > 1000:
                raise GltfError("has nodes that hang from each other in a circle, or too deep")
    return parents


_Channel = tuple[tuple[int, str], Any, Any, bool]


def _channels(tree: dict[str, Any], binary: bytes, animation: Any) -> list[_Channel]:
    import numpy as np

    made: list[_Channel] = []
    for channel in animation["channels"]:
        path, node = channel["target"]["path"], channel["target"].get("node", -1)
        if path not in ("rotation", "translation") or node < 0:
            continue
        sampler = animation["samplers"][channel["sampler"]]
        keys = _array(tree, binary, sampler["input"])[:, 0]
        values = _array(tree, binary, sampler["output"])
        way = sampler.get("interpolation", "LINEAR")
        if way == "CUBICSPLINE":
            values = values.reshape(len(keys), 3, -1)[:, 1]
        if len(keys) != len(values) or not len(keys):
            raise GltfError("has an animation with more times than values, or none")
        if not np.isfinite(keys).all() or (np.diff(keys) < 0).any() or keys[0] < 0:
            raise GltfError("has times in its animation that do not go on")
        if keys[-1] > MOST_SECONDS:
            raise GltfError(f"goes on for {keys[-1]:,.0f} s; at most {MOST_SECONDS:g} are read")
        if values.shape[1] != (4 if path == "rotation" else 3):
            raise GltfError(f"has a {path} of {values.shape[1]} numbers")
        made.append(((node, path), keys, values, way == "STEP"))
    if not made:
        raise GltfError("has an animation that turns no node")
    return made


def _array(tree: dict[str, Any], binary: bytes, index: int) -> Any:
    """An accessor as float64 [count,width]; nothing outside the binary chunk is read."""
    import numpy as np

    one = tree["accessors"][index]
    width, kind = _WIDTHS[one["type"]], np.dtype(_KINDS[one["componentType"]])
    count = one["count"]
    if "sparse" in one or "bufferView" not in one:
        raise GltfError("keeps numbers sparsely, which is not read; export it without compression")
    view = tree["bufferViews"][one["bufferView"]]
    if view.get("buffer", 0) != 0 or "uri" in tree["buffers"][0]:
        raise GltfError("keeps its numbers in another file; export it as one GLB")
    start = view.get("byteOffset", 0) + one.get("byteOffset", 0)
    stride = view.get("byteStride") or width * kind.itemsize
    if min(count, start, stride) < 0 or count < 1 or stride > 252 + width * kind.itemsize:
        raise GltfError("says impossible things of where its numbers lie")
    if start + stride * (count - 1) + width * kind.itemsize > len(binary):
        raise GltfError("says that it has more numbers than it has")
    made = np.ndarray((count, width), kind, binary, start, (stride, kind.itemsize)).astype(float)
    if one.get("normalized") and kind.kind in "iu":
        made = np.maximum(made / float(np.iinfo(kind).max), -1)
    return made


def _joints(
    tree: dict[str, Any], nodes: list[Any], parents: list[int], channels: list[_Channel]
) -> list[int]:
    """The nodes of the skeleton, a parent first: those of the skin, or all that move and below."""
    skins = tree.get("skins") or []
    wanted = set(skins[0]["joints"]) if skins else {node for (node, _), *_ in channels}
    tops = {node for node in wanted if not _ancestors(node, parents) & wanted}
    if len(tops) > 1:
        common = set.intersection(*({top} | _ancestors(top, parents) for top in tops))
        if not common:
            raise GltfError("moves several figures; export one of them alone")
        depth = {node: len(_ancestors(node, parents)) for node in common}
        tops = {max(depth, key=lambda node: depth[node])}
    top = next(iter(tops))
    order, todo = [], [top]
    while todo:
        node = todo.pop()
        order.append(node)
        todo += reversed(nodes[node].get("children", ()))
    needed = set(wanted) | {top}
    for node in wanted:
        needed |= _ancestors(node, parents) & set(order)
    if not skins:
        needed = set(order)
    kept = [node for node in order if node in needed and "mesh" not in nodes[node]]
    if not 1 <= len(kept) <= MOST_JOINTS or kept[0] != top:
        raise GltfError(f"has a skeleton of {len(kept)} joints; 1 to {MOST_JOINTS} are read")
    inside = set(kept)
    own = [*skins[0]["joints"]] if skins else []
    if sorted(own) == sorted(kept) and all(
        at == 0 or parents[node] in own[:at] for at, node in enumerate(own)
    ):
        return own  # in its own order, so that what was written comes back as it was
    return [node for node in kept if node == top or parents[node] in inside]


def _ancestors(node: int, parents: list[int]) -> set[int]:
    found: set[int] = set()
    while parents[node] >= 0:
        node = parents[node]
        found.add(node)
    return found


def _names(nodes: list[Any], joints: list[int]) -> tuple[str, ...]:
    made: list[str] = []
    for node in joints:
        plain = str(nodes[node].get("name") or f"node{node}")[:200]
        made.append(plain if plain not in made else f"{plain}.{node}")
    return tuple(made)


def _local(node: Any) -> tuple[Any, Any, float]:
    """Place, turn (w, x, y, z) and size of a node in its parent."""
    import numpy as np

    if "matrix" in node:
        matrix = np.array(node["matrix"], float).reshape(4, 4).T
        size = float(np.cbrt(max(np.linalg.det(matrix[:3, :3]), 1e-12)))
        return matrix[:3, 3], _quaternion(matrix[:3, :3] / size), size
    x, y, z, w = (float(one) for one in node.get("rotation", (0, 0, 0, 1)))
    place = np.array([float(one) for one in node.get("translation", (0, 0, 0))])
    size = float(np.cbrt(abs(np.prod([float(one) for one in node.get("scale", (1, 1, 1))]))))
    turn = np.array([w, x, y, z])
    length = float(np.linalg.norm(turn))
    if place.shape != (3,) or not all(map(math.isfinite, (length, size))) or not length or not size:
        raise GltfError("has a node whose place, turn or size is none")
    return place, turn / length, size


def _quaternion(matrix: Any) -> Any:
    """The unit quaternion of a rotation matrix."""
    import numpy as np

    m = matrix
    four = np.array([
        [m[0, 0] + m[1, 1] + m[2, 2], 0, 0, 0],
        [m[2, 1] - m[1, 2], m[0, 0] - m[1, 1] - m[2, 2], 0, 0],
        [m[0, 2] - m[2, 0], m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], 0],
        [m[1, 0] - m[0, 1], m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1]],
    ])  # fmt: skip
    values, vectors = np.linalg.eigh(four)
    return vectors[:, values.argmax()]


def _above(top: int, parents: list[int], rest: list[Any]) -> tuple[Any, Any, float]:
    """Place, turn and size of what the skeleton hangs from."""
    import numpy as np

    place, turn, size = np.zeros(3), np.array([1.0, 0, 0, 0]), 1.0
    node = parents[top]
    while node >= 0:
        own, way, large = rest[node]
        place = own + large * rotated(way, place)
        turn, size = product(way, turn), large * size
        node = parents[node]
    return place, turn, size


def _scales(joints: list[int], parents: list[int], rest: list[Any], size: float) -> Any:
    """By how much the offset of each joint is enlarged by all above it."""
    import numpy as np

    made = {joints[0]: size}
    for node in joints[1:]:
        above = parents[node]
        made[node] = made[above] * rest[above][2]
    return np.array([made[node] for node in joints])


def _times(keys: list[Any], fps: float) -> Any:
    import numpy as np

    first, last = min(float(one[0]) for one in keys), max(float(one[-1]) for one in keys)
    if last - first < 1e-6:
        return np.array([first])
    longest = max(keys, key=len)
    rate = fps or (len(longest) - 1) / max(float(longest[-1] - longest[0]), 1e-6)
    rate = min(max(rate, 1.0), 1000.0)
    count = round((last - first) * rate) + 1
    if count > MOST_FRAMES:
        raise GltfError(f"has {count:,} frames; a motion has at most {MOST_FRAMES:,}")
    if not fps and len(longest) == count and first == longest[0] and last == longest[-1]:
        even = np.linspace(first, last, count)
        return longest if np.abs(even - longest).max() < 0.1 / rate else even
    return np.linspace(first, last, count)


def _weights(times: Any, keys: Any, stepped: bool) -> tuple[Any, Any, Any]:
    import numpy as np

    after = np.clip(np.searchsorted(keys, times, "right"), 1, max(len(keys) - 1, 1))
    after = np.minimum(after, len(keys) - 1)
    before = np.maximum(after - 1, 0)
    gap = np.maximum(keys[after] - keys[before], 1e-9)
    part = np.clip((times - keys[before]) / gap, 0, 1)
    return before, after, np.floor(part) if stepped else part


def _moving(times: Any, keys: Any, values: Any, stepped: bool) -> Any:
    before, after, part = _weights(times, keys, stepped)
    return values[before] + (values[after] - values[before]) * part[:, None]


def _turning(times: Any, keys: Any, values: Any, stepped: bool) -> Any:
    """Turns x, y, z, w between keys by the shorter way, as w, x, y, z."""
    import numpy as np

    before, after, part = _weights(times, keys, stepped)
    a, b = values[before][:, [3, 0, 1, 2]], values[after][:, [3, 0, 1, 2]]
    near = (a * b).sum(-1, keepdims=True)
    b = np.where(near < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(near), 0, 1))
    across = np.sin(angle)
    small = across < 1e-6
    part = part[:, None]
    safe = np.where(small, 1, across)
    first = np.where(small, 1 - part, np.sin((1 - part) * angle) / safe)
    second = np.where(small, part, np.sin(part * angle) / safe)
    return first * a + second * b
