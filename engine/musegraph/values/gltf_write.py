"""Motion to binary glTF 2.0 (GLB): nodes, a skin with bones to be seen, and an animation."""

from __future__ import annotations

import json
import struct
from typing import Any

from musegraph.values.gltf import BINARY_CHUNK, JSON_CHUNK
from musegraph.values.motion import Motion, Skeleton

_FLOAT, _SHORT = 5126, 5123
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def write_glb(motion: Motion, name: str = "motion") -> bytes:
    """The motion as GLB: joints as nodes, bones as a skinned mesh, one animation."""
    import numpy as np

    skeleton = motion.skeleton
    blob = _Blob()
    count = len(skeleton.names)
    turns = motion.rotations.detach().cpu().numpy()[..., [1, 2, 3, 0]].astype("<f4")
    root = motion.root.detach().cpu().numpy().astype("<f4")
    times = blob.add((np.arange(motion.frames) / motion.fps).astype("<f4")[:, None], bounds=True)
    samplers = [{"input": times, "output": blob.add(root), "interpolation": "LINEAR"}]
    channels = [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]
    for at in range(count):
        if skeleton.ends[at]:
            continue
        samplers.append(
            {"input": times, "output": blob.add(turns[:, at]), "interpolation": "LINEAR"}
        )
        channels.append({
            "sampler": len(samplers) - 1, "target": {"node": at, "path": "rotation"},
        })  # fmt: skip
    nodes: list[dict[str, Any]] = []
    for at, joint in enumerate(skeleton.names):
        node: dict[str, Any] = {"name": joint, "translation": list(skeleton.offsets[at])}
        if not at:
            node["translation"] = root[0].astype(float).tolist()
        below = [child for child, parent in enumerate(skeleton.parents) if parent == at]
        if below:
            node["children"] = below
        nodes.append(node)
    mesh, bind = _bones(skeleton, blob)
    nodes.append({"name": "figure", "mesh": 0, "skin": 0})
    tree = {
        "asset": {"version": "2.0", "generator": "Musegraph"},
        "scene": 0,
        "scenes": [{"nodes": [0, count]}],
        "nodes": nodes,
        "meshes": [{"name": "bones", "primitives": [mesh]}],
        "materials": [{"pbrMetallicRoughness": {
            "baseColorFactor": [0.85, 0.55, 0.35, 1.0], "metallicFactor": 0, "roughnessFactor": 0.7,
        }}],
        "skins": [{"joints": [*range(count)], "skeleton": 0, "inverseBindMatrices": bind}],
        "animations": [{"name": name, "samplers": samplers, "channels": channels}],
        **blob.parts(),
    }  # fmt: skip
    return _glb(tree, bytes(blob.data))


def _glb(tree: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(tree, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    whole = 12 + 8 + len(text) + 8 + len(binary)
    return b"".join((
        struct.pack("<4sII", b"glTF", 2, whole),
        struct.pack("<II", len(text), JSON_CHUNK), text,
        struct.pack("<II", len(binary), BINARY_CHUNK), binary,
    ))  # fmt: skip


class _Blob:
    """The binary part, a view and an accessor for each array."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: Any, bounds: bool = False, target: int = 0) -> int:
        """The number of the accessor of an array [count,width]."""
        raw = array.tobytes()
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)}
        self.views.append(view | ({"target": target} if target else {}))
        self.data += raw + b"\0" * (-len(raw) % 4)
        one: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _FLOAT if array.dtype.kind == "f" else _SHORT,
            "count": len(array),
            "type": _TYPES[array.shape[1]],
        }
        if bounds:
            one |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        self.accessors.append(one)
        return len(self.accessors) - 1

    def parts(self) -> dict[str, Any]:
        return {
            "buffers": [{"byteLength": len(self.data) + -len(self.data) % 4}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }


def _bones(skeleton: Skeleton, blob: _Blob) -> tuple[dict[str, Any], int]:
    """A thin double pyramid along each bone that follows the joint it begins at; the bind poses."""
    import numpy as np

    where = np.zeros((len(skeleton.names), 3))
    for at, parent in enumerate(skeleton.parents):
        if parent >= 0:
            where[at] = where[parent] + np.array(skeleton.offsets[at])
    points, normals, joints = [], [], []
    for at, parent in enumerate(skeleton.parents):
        if parent < 0:
            continue
        for corners in _pyramids(where[parent], where[at]):
            across = np.cross(corners[1] - corners[0], corners[2] - corners[0])
            points.append(corners)
            normals.append(np.tile(across / max(np.linalg.norm(across), 1e-12), (3, 1)))
            joints += [parent] * 3
    if not points:  # a single joint: a mesh has a triangle all the same
        points, normals = [np.zeros((3, 3))], [np.tile([0.0, 1.0, 0.0], (3, 1))]
        joints = [0] * 3
    corners = np.concatenate(points).astype("<f4")
    owners = np.zeros((len(corners), 4), "<u2")
    owners[:, 0] = joints
    weights = np.zeros((len(corners), 4), "<f4")
    weights[:, 0] = 1
    mesh = {
        "attributes": {
            "POSITION": blob.add(corners, bounds=True, target=34962),
            "NORMAL": blob.add(np.concatenate(normals).astype("<f4"), target=34962),
            "JOINTS_0": blob.add(owners, target=34962),
            "WEIGHTS_0": blob.add(weights, target=34962),
        },
        "material": 0,
    }
    bind = np.tile(np.eye(4, dtype="<f4"), (len(where), 1, 1))
    bind[:, 3, :3] = -where  # columns lie one after the other in glTF
    return mesh, blob.add(bind.reshape(-1, 16))


def _pyramids(start: Any, end: Any) -> list[Any]:
    """Eight triangles [3,3] about a line, thickest at a fifth of it; none if it has no length."""
    import numpy as np

    along = end - start
    length = float(np.linalg.norm(along))
    if length < 1e-6:
        return []
    side = np.cross(along, [0, 0, 1.0] if abs(along[2]) < 0.9 * length else [1.0, 0, 0])
    side = side / np.linalg.norm(side)
    other = np.cross(along / length, side)
    thick = min(0.12 * length, 0.05)
    ring = [start + 0.2 * along + thick * (c * side + s * other)
            for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]  # fmt: skip
    made = []
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        made += [np.array([a, b, end]), np.array([b, a, start])]
    return made
