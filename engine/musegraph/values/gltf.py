"""Motion from binary glTF 2.0 (GLB): the joints of its skin, or what its animation moves."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from musegraph.values.motion import (
    FARTHEST,
    MOST_FRAMES,
    MOST_JOINTS,
    Motion,
    MotionError,
    Skeleton,
    checked,
)
from musegraph.values.turns import of_matrices, product, rotated, slerp, unit

MOST_BYTES = 512 << 20
MOST_JSON = 32 << 20
MOST_NODES = 20_000
MOST_SECONDS = 3600.0
MOST_TURNS = 10_000_000
"""Frames times joints: two keys that lie apart are few bytes, and what lies between is made."""
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}


# GLB to motion


def read_glb(data: bytes, name: str = "the file", fps: float = 0.0) -> Motion:
    """The first animation of a GLB; ``fps`` 0: as dense as its keys stand."""
    tree, binary = _chunks(data)
    try:
        return _motion(tree, binary, name, fps)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MotionError(f"is no glTF that can be followed: {error!r:.80}") from None


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    if len(data) > MOST_BYTES:
        raise MotionError(f"has {len(data):,} bytes, and at most {MOST_BYTES:,} are read")
    if len(data) < 20 or data[:4] != b"glTF":
        raise MotionError("does not begin as a GLB does")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2 or length > len(data):
        raise MotionError(f"is glTF {version} or breaks off; only glTF 2.0 is read")
    at, tree, binary = 12, None, b""
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) != size:
            raise MotionError("breaks off in the middle of a chunk")
        if kind == JSON_CHUNK and tree is None:
            if size > MOST_JSON:
                raise MotionError(f"has {size:,} bytes of JSON, and at most {MOST_JSON:,} are read")
            try:
                tree = json.loads(body)
            except (ValueError, RecursionError):
                raise MotionError("has JSON that cannot be read") from None
        elif kind == BINARY_CHUNK and not binary:
            binary = body
        at += 8 + size
    if not isinstance(tree, dict):
        raise MotionError("has no JSON")
    return tree, binary


def _motion(tree: dict[str, Any], binary: bytes, name: str, fps: float) -> Motion:
    import numpy as np

    nodes = tree.get("nodes") or []
    if not 1 <= len(nodes) <= MOST_NODES:
        raise MotionError(f"has {len(nodes):,} nodes; a scene has 1 to {MOST_NODES:,}")
    parents = _parents(nodes)
    animations = tree.get("animations") or []
    if not animations:
        raise MotionError("has no animation, so nothing moves in it")
    numbers = _Numbers(tree, binary)
    channels = _channels(numbers, animations[0])
    joints = _joints(tree, nodes, parents, channels)
    for skin in (tree.get("skins") or [])[:1]:
        if "inverseBindMatrices" in skin:  # a figure at rest; that they are numbers is all we ask
            numbers(skin["inverseBindMatrices"], "bind matrix")
    times = _times([key for _, key, _, _ in channels], fps)
    if len(times) * len(joints) > MOST_TURNS:
        raise MotionError(
            f"is {len(times):,} frames of {len(joints)} joints when its keys are spread evenly; at"
            f" most {MOST_TURNS:,} turns are read: give fewer frames a second"
        )
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
                raise MotionError(f"has node {child} under two others, or under none that is there")
            parents[child] = at
    for at in range(len(nodes)):
        above, steps = at, 0
        while above >= 0:
            above, steps = parents[above], steps + 1
            if steps > 1000:
                raise MotionError("has nodes that hang from each other in a circle, or too deep")
    return parents


class _Numbers:
    """The accessors of a file as float64 [count,width]; read once each, from the binary chunk."""

    def __init__(self, tree: dict[str, Any], binary: bytes) -> None:
        self._tree, self._binary = tree, binary
        self._read: dict[int, Any] = {}
        self._left = 4 * len(binary)

    def __call__(self, index: int, what: str) -> Any:
        import numpy as np

        if index not in self._read:
            made = self._array(self._tree["accessors"][index])
            wrong = ~np.isfinite(made).all(axis=1)
            if wrong.any():
                raise MotionError(
                    f"has a {what}, its {int(wrong.argmax()) + 1}., that is not finite"
                )
            self._read[index] = made
        return self._read[index]

    def _array(self, one: dict[str, Any]) -> Any:
        import numpy as np

        width, kind = _WIDTHS[one["type"]], np.dtype(_KINDS[one["componentType"]])
        if "sparse" in one or "bufferView" not in one:
            raise MotionError("keeps numbers sparsely, which is not read: export it uncompressed")
        view = self._tree["bufferViews"][one["bufferView"]]
        if view.get("buffer", 0) != 0 or "uri" in self._tree["buffers"][0]:
            raise MotionError("keeps its numbers in another file; export it as one GLB")
        count, size = one["count"], width * kind.itemsize
        start = view.get("byteOffset", 0) + one.get("byteOffset", 0)
        stride = view.get("byteStride") or size
        if (
            {type(count), type(start), type(stride)} != {int}
            or min(count - 1, start, stride) < 0
            or stride > 252 + size
        ):
            raise MotionError("says impossible things of where its numbers lie")
        if start + stride * (count - 1) + size > len(self._binary):
            raise MotionError("says that it has more numbers than it has")
        self._left -= count * size
        if self._left < 0:
            raise MotionError("says of the same numbers again and again what they are")
        made = np.ndarray((count, width), kind, self._binary, start, (stride, kind.itemsize))
        made = made.astype(float)
        if one.get("normalized") and kind.kind in "iu":
            made = np.maximum(made / float(np.iinfo(kind).max), -1)
        return made


_Channel = tuple[tuple[int, str], Any, Any, bool]


def _channels(numbers: _Numbers, animation: Any) -> list[_Channel]:
    made: dict[tuple[int, str], _Channel] = {}
    good: set[tuple[int, int, str, str]] = set()
    for channel in animation["channels"]:
        path, node = channel["target"]["path"], channel["target"].get("node", -1)
        if path not in ("rotation", "translation") or node < 0:
            continue
        if (node, path) in made:
            raise MotionError(f"moves its node {node} twice at once")
        sampler = animation["samplers"][channel["sampler"]]
        keys, values = numbers(sampler["input"], "time")[:, 0], numbers(sampler["output"], path)
        way = sampler.get("interpolation", "LINEAR")
        if way == "CUBICSPLINE":
            values = values.reshape(len(keys), 3, -1)[:, 1]
        # Several channels may share their numbers, which are looked at once.
        one = (sampler["input"], sampler["output"], path, way)
        if one not in good:
            _check_keys(keys, values, path)
            good.add(one)
        made[node, path] = ((node, path), keys, values, way == "STEP")
    if not made:
        raise MotionError("has an animation that turns no node")
    return list(made.values())


def _check_keys(keys: Any, values: Any, path: str) -> None:
    import numpy as np

    if len(keys) != len(values):
        raise MotionError("has an animation with more times than values, or none")
    if (np.diff(keys) < 0).any() or keys[0] < 0:
        raise MotionError("has times in its animation that do not go on")
    if keys[-1] > MOST_SECONDS:
        raise MotionError(f"goes on for {keys[-1]:,.0f} s; at most {MOST_SECONDS:g} are read")
    if values.shape[1] != (4 if path == "rotation" else 3):
        raise MotionError(f"has a {path} of {values.shape[1]} numbers")
    if path == "rotation" and (np.linalg.norm(values, axis=1) < 1e-6).any():
        raise MotionError("has a rotation of length 0, which is none")


def _joints(
    tree: dict[str, Any], nodes: list[Any], parents: list[int], channels: list[_Channel]
) -> list[int]:
    """The nodes of the skeleton, a parent first: those of the skin, or all that move and below."""
    skins = tree.get("skins") or []
    wanted = set(skins[0]["joints"]) if skins else {node for (node, _), *_ in channels}
    if len(wanted) > 4 * MOST_JOINTS:
        raise MotionError(f"moves {len(wanted):,} nodes; a skeleton has up to {MOST_JOINTS} joints")
    tops = {node for node in wanted if not _ancestors(node, parents) & wanted}
    if len(tops) > 1:
        common = set.intersection(*({top} | _ancestors(top, parents) for top in tops))
        if not common:
            raise MotionError("moves several figures; export one of them alone")
        depth = {node: len(_ancestors(node, parents)) for node in common}
        tops = {max(depth, key=lambda node: depth[node])}
    top = next(iter(tops))
    order, todo = [], [top]
    while todo:
        node = todo.pop()
        order.append(node)
        todo += reversed(nodes[node].get("children", ()))
    below, needed = set(order), set(wanted) | {top}
    for node in wanted:
        needed |= _ancestors(node, parents) & below
    if not skins:
        needed = below
    kept = [node for node in order if node in needed and "mesh" not in nodes[node]]
    if not 1 <= len(kept) <= MOST_JOINTS or kept[0] != top:
        raise MotionError(f"has a skeleton of {len(kept)} joints; 1 to {MOST_JOINTS} are read")
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
        if not np.isfinite(matrix).all() or np.abs(matrix).max() > FARTHEST:
            raise MotionError("has a node whose matrix is none")
        size = float(np.cbrt(np.linalg.det(matrix[:3, :3])))  # below 0 where it mirrors
        if abs(size) < 1e-6:
            raise MotionError("has a node whose matrix is none")
        return matrix[:3, 3], of_matrices(matrix[:3, :3] / size), size
    x, y, z, w = (float(one) for one in node.get("rotation", (0, 0, 0, 1)))
    place = np.array([float(one) for one in node.get("translation", (0, 0, 0))])
    size = float(np.cbrt(abs(np.prod([float(one) for one in node.get("scale", (1, 1, 1))]))))
    turn = np.array([w, x, y, z])
    length = float(np.linalg.norm(turn))
    good = all(map(math.isfinite, (length, size, *place)))
    if place.shape != (3,) or not good or not length or not size:
        raise MotionError("has a node whose place, turn or size is none")
    return place, turn / length, size


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
        raise MotionError(f"has {count:,} frames; a motion has at most {MOST_FRAMES:,}")
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
    before, after, part = _weights(times, keys, stepped)
    turns = unit(values)[:, [3, 0, 1, 2]]
    return slerp(turns[before], turns[after], part)
