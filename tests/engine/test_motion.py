"""Motion: to BVH, GLB and NPZ and back, from what others write, and from files that mean harm."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
import torch
from cost import cost
from scipy.spatial.transform import Rotation

from musegraph import Motion, NodeError, Skeleton, files
from musegraph.values import codec, identity
from musegraph.values.bvh import euler_zxy
from musegraph.values.gltf_write import write_glb
from musegraph.values.npz import pack_arrays
from musegraph.values.turns import of_vectors, product, rotated

NEAR = 1e-4
"""Metres that a joint may be off after a file."""


def random_motion(seed: int, most: int = 30, frames: int = 6) -> Motion:
    """A skeleton of any shape in any pose, some of it locked where angles have no names."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, most))
    parents = (-1, *(int(draw.integers(0, at)) for at in range(1, count)))
    offsets = draw.normal(0, 0.2, (count, 3))
    offsets[0] = 0
    turns = draw.normal(size=(frames, count, 4))
    locked = draw.random((frames, count)) < 0.1
    turns[locked] = (np.sqrt(0.5), np.sqrt(0.5), 0, 0)  # a quarter turn about x
    turns /= np.linalg.norm(turns, axis=-1, keepdims=True)
    names = [f"joint {at}" if at % 3 else f"Joint{at}" for at in range(count)]
    ends = [at for at in range(1, count) if at not in parents and draw.random() < 0.5]
    for at in ends:
        own = f"{names[parents[at]]}_end"
        if own not in names:
            names[at] = own
            turns[:, at] = (1, 0, 0, 0)
    skeleton = Skeleton(tuple(names), parents, tuple(map(tuple, offsets.tolist())))
    root = draw.normal(0, 3, (frames, 3))
    rate = float(draw.choice([20, 24, 30, 60, 120]))
    return Motion(torch.from_numpy(turns), torch.from_numpy(root), rate, skeleton)


def off(was: Motion, now: Motion) -> float:
    """How far the joint that is furthest from where it was is from there, in metres."""
    names = {name.replace(" ", "_"): at for at, name in enumerate(now.skeleton.names)}
    order = [names[name.replace(" ", "_")] for name in was.skeleton.names]
    gap = was.positions() - now.positions()[:, order]
    return float(gap.norm(dim=-1).max())


@pytest.mark.parametrize("kind", ["bvh", "glb", "npz"])
def test_joints_of_random_motions_and_skeletons_come_back_within_a_tenth_of_a_millimetre(
    kind: str,
) -> None:
    for seed in range(40):
        was = random_motion(seed)
        scale = {"bvh": 0.01}.get(kind, 0.0)
        file = files.to_file(was, "dance", kind)
        assert file.name == f"dance.{kind}"
        now = files.read_motion(file.data, file.name, scale=scale)
        assert now.frames == was.frames
        assert now.fps == pytest.approx(was.fps, rel=1e-5)
        assert off(was, now) < NEAR, seed


def test_a_motion_is_stored_and_comes_back_bit_for_bit() -> None:
    was = random_motion(5)
    now = codec.decode(bytearray(b"".join(codec.encode(was))))
    assert isinstance(now, Motion)
    assert identity(now) == identity(was)
    assert now.skeleton == was.skeleton
    assert torch.equal(now.rotations, was.rotations)


def test_turns_are_those_of_scipy() -> None:
    draw = np.random.default_rng(0)
    a, b = (Rotation.random(200, rng=draw) for _ in range(2))
    place = draw.normal(size=(200, 3))

    def ours(turn: Rotation) -> np.ndarray:
        return turn.as_quat(scalar_first=True)

    both = Rotation.from_quat(product(ours(a), ours(b)), scalar_first=True)
    assert (both * (a * b).inv()).magnitude().max() < 1e-9
    assert np.abs(rotated(ours(a), place) - a.apply(place)).max() < 1e-12
    assert np.abs(euler_zxy(ours(a)) - a.as_euler("ZXY", degrees=True)).max() < 1e-6
    again = Rotation.from_quat(of_vectors(a.as_rotvec()), scalar_first=True)
    assert (again * a.inv()).magnitude().max() < 1e-9


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 3 90 0
  CHANNELS 6 Xposition Yposition Zposition Xrotation Yrotation Zrotation
  JOINT Left Arm
  {
    OFFSET 0 10 0
    CHANNELS 3 Yrotation Xrotation Zrotation
    End Site
    {
      OFFSET 20 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0083333
0 90 0 0 0 0 0 0 0
5 90 0 10 20 30 40 50 60
"""


def test_a_bvh_of_another_program_is_read_in_the_order_of_its_channels_and_in_its_unit() -> None:
    found = files.read("Motion", BVH.encode(), "application/octet-stream", "x.bvh")
    assert isinstance(found, Motion)
    assert found.skeleton.names == ("Hips", "Left Arm", "Left Arm_end")
    assert found.fps == 120
    hips = Rotation.from_euler("XYZ", (10, 20, 30), degrees=True)
    arm = hips * Rotation.from_euler("YXZ", (40, 50, 60), degrees=True)
    elbow = np.array([0.05, 0.9, 0]) + hips.apply([0, 0.1, 0])
    wanted = np.stack((elbow, elbow + arm.apply([0.2, 0, 0])))
    assert np.abs(found.positions()[1, 1:].numpy() - wanted).max() < 1e-9


def test_a_glb_says_what_the_standard_demands_of_it() -> None:
    was = random_motion(8)
    data = write_glb(was)
    size, kind = struct.unpack_from("<II", data, 12)
    tree = json.loads(data[20 : 20 + size])
    assert (data[:4], kind, len(data)) == (
        b"glTF",
        0x4E4F534A,
        struct.unpack_from("<I", data, 8)[0],
    )
    binary = len(data) - 28 - size
    assert tree["buffers"][0]["byteLength"] == binary
    for view in tree["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= binary
    (sampler,) = {one["input"] for one in tree["animations"][0]["samplers"]}
    assert {"min", "max"} <= tree["accessors"][sampler].keys()
    assert len(tree["skins"][0]["joints"]) == len(was.skeleton.names)


def test_a_glb_whose_figure_hangs_from_a_turned_and_shrunk_node_stands_upright_in_metres() -> None:
    was = random_motion(9)
    data = write_glb(was)
    size = struct.unpack_from("<I", data, 12)[0]
    tree = json.loads(data[20 : 20 + size])
    half = float(np.sqrt(0.5))
    tree["nodes"].append({"children": [0], "scale": [0.01] * 3, "rotation": [half, 0, 0, half],
                          "translation": [1, 2, 3]})  # fmt: skip
    tree["scenes"][0]["nodes"] = [len(tree["nodes"]) - 1]
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + data[20 + size :]
    found = files.read_motion(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body, "x.glb")
    places = was.positions().numpy() * 0.01
    wanted = np.stack((places[..., 0] + 1, 2 - places[..., 2], 3 + places[..., 1]), axis=-1)
    assert np.abs(found.positions().numpy() - wanted).max() < 1e-5


def npz(**arrays: np.ndarray) -> bytes:
    return pack_arrays(arrays)


def test_rotations_of_amass_and_aist_are_read_upright() -> None:
    poses = np.zeros((3, 156))
    up = Rotation.from_euler("X", 90, degrees=True)  # AMASS: a body that stands along z
    poses[:, :3] = up.as_rotvec()
    trans = np.tile([1.0, 2.0, 0.9], (3, 1))
    amass = files.read_motion(npz(poses=poses, trans=trans, mocap_framerate=np.array(120.0)), "a")
    assert (amass.fps, len(amass.skeleton.names)) == (120, 24)
    assert np.allclose(amass.root[0], (1, 0.9, -2))
    head = amass.skeleton.joint("head")
    assert float(amass.positions()[0, head, 1]) > 1.4
    aist = files.read_motion(
        npz(smpl_poses=np.zeros((4, 72)), smpl_trans=np.full((4, 3), 90.0),
            smpl_scaling=np.array([90.0])),
        "b.npz",
    )  # fmt: skip
    assert aist.fps == 60
    assert np.allclose(aist.root[0], 1)


def pickled() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, poses=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


def bomb() -> bytes:
    """What says that it unpacks to two gigabytes."""
    data = bytearray(npz(poses=np.zeros((2, 72))))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1 << 31)
    return bytes(data)


def lying_header() -> bytes:
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 72), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(64)


def glb_of(tree: object, binary: bytes = b"") -> bytes:
    text = json.dumps(tree).encode()
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    body += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


REST = (0.0, 0.0, 0.0, 1.0)
NAN, ENDLESS = float("nan"), float("inf")


def animated(
    nodes: list[object] | None = None,
    count: object = 2,
    times: tuple[float, ...] = (0, 1),
    values: tuple[float, ...] = REST * 2,
    path: str = "rotation",
    bind: tuple[float, ...] = (),
    **more: object,
) -> bytes:
    """A GLB whose first node moves; ``count`` times it says it has, ``bind`` is of its skin."""
    wide = {"rotation": "VEC4", "translation": "VEC3"}[path]
    parts = [struct.pack(f"<{len(one)}f", *one) for one in (times, values, bind)]
    starts = [0, len(parts[0]), len(parts[0]) + len(parts[1])]
    tree = {
        "nodes": nodes or [{}], "buffers": [{}],
        "bufferViews": [{"buffer": 0, "byteOffset": start} for start in starts],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": count, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": len(times), "type": wide},
            {"bufferView": 2, "componentType": 5126, "count": 1, "type": "MAT4"},
        ],
        "animations": [{"samplers": [{"input": 0, "output": 1}],
                        "channels": [{"sampler": 0, "target": {"node": 0, "path": path}}]}],
    }  # fmt: skip
    if bind:
        tree["skins"] = [{"joints": [0], "inverseBindMatrices": 2}]
    return glb_of(tree | more, b"".join(parts))


def crowded(nodes: int, channels: int, shared: bool) -> bytes:
    """Channels without end, each with all the numbers of the file."""
    keys = np.arange(10_000, dtype="<f4") / 10
    turn = {"bufferView": 1, "componentType": 5126, "count": 10_000, "type": "VEC4"}
    return glb_of(
        {"nodes": [{"children": [*range(1, nodes)]}, *({} for _ in range(nodes - 1))],
         "buffers": [{}], "bufferViews": [{"buffer": 0}, {"buffer": 0, "byteOffset": 40_000}],
         "accessors": [{**turn, "bufferView": 0, "type": "SCALAR"}, *([turn] * channels)],
         "animations": [{
             "samplers": [{"input": 0, "output": 1 if shared else 1 + at}
                          for at in range(channels)],
             "channels": [{"sampler": at, "target": {"node": at % nodes, "path": "rotation"}}
                          for at in range(channels)]}]},
        keys.tobytes() + np.ones(40_000, "<f4").tobytes(),
    )  # fmt: skip


def stretched() -> bytes:
    """Keys that lie close, and one a quarter of an hour later: 900,000 frames of 512 joints."""
    parts = [np.linspace(0, 0.9, 900, dtype="<f4"), np.tile(np.array(REST, "<f4"), 900),
             np.array([0, 900], "<f4"), np.tile(np.array(REST, "<f4"), 2)]  # fmt: skip
    starts = np.cumsum([0, *(part.nbytes for part in parts)]).tolist()
    return glb_of(
        {"nodes": [{"children": [*range(1, 512)]}, *({} for _ in range(511))],
         "buffers": [{}], "bufferViews": [{"buffer": 0, "byteOffset": at} for at in starts[:4]],
         "accessors": [{"bufferView": at, "componentType": 5126, "count": (900, 900, 2, 2)[at],
                        "type": ("SCALAR", "VEC4")[at % 2]} for at in range(4)],
         "animations": [{"samplers": [{"input": 0, "output": 1}, {"input": 2, "output": 3}],
                         "channels": [{"sampler": at, "target": {"node": at, "path": "rotation"}}
                                      for at in (0, 1)]}]},
        b"".join(part.tobytes() for part in parts),
    )  # fmt: skip


def below(node: dict[str, object]) -> list[object]:
    """A node that hangs from the one that moves."""
    return [{"children": [1]}, node]


HOSTILE = {
    "nothing": (b"", "has no HIERARCHY"),
    "a BVH without end": (BVH.replace("Frames: 2", "Frames: 900000").encode(), "breaks off"),
    "channels without end": (BVH.replace("CHANNELS 6", "CHANNELS 99999999").encode(), "99999999"),
    "joints without end": (
        ("HIERARCHY\nROOT a\n{\n" + "JOINT b\n{\n" * 5000 + "MOTION\n").encode(), "none can be"),
    "a number that is none": (BVH.replace("5 90 0", "nan 90 0").encode(), "frame 2"),
    "an endless number": (BVH.replace("5 90 0", "inf 90 0").encode(), "frame 2"),
    "words for numbers": (BVH.replace("5 90 0", "x 90 0").encode(), "has words where"),
    "time that stands still": (BVH.replace("0.0083333", "0").encode(), "Frame Time"),
    "brackets that stay open": (BVH.replace("}\nMOTION", "MOTION").encode(), "do not close"),
    "two figures": (BVH.replace("MOTION", "ROOT b\n{\n}\nMOTION").encode(), "more than one ROOT"),
    "a pickled array": (pickled(), "pickles can run code"),
    "a zip that swells": (bomb(), "unpacks to"),
    "an array that lies of its size": (lying_header(), "larger than the file"),
    "a broken zip": (b"PK\x03\x04" + bytes(40), "no NPZ that can be read"),
    "numbers of no shape": (npz(poses=np.zeros((2, 7))), "of the shape"),
    "poses that are no numbers": (npz(poses=np.full((2, 72), np.nan)), "no finite number"),
    "another NPZ": (npz(weights=np.zeros(3)), "has the arrays weights"),
    "a GLB that breaks off": (b"glTF\x02\0\0\0\xff\0\0\0" + bytes(20), "breaks off"),
    "a GLB that does not move": (glb_of({"nodes": [{}]}), "has no animation"),
    "a GLB in a circle": (animated([{"children": [1]}, {"children": [0]}]), "in a circle"),
    "a GLB with more than it has": (animated([{}], count=10**9), "more numbers than it has"),
    "a GLB that is no glTF": (glb_of({"nodes": [3], "animations": [{}]}), "followed"),
    "a GLB with an endless count": (animated(count=ENDLESS), "impossible things"),
    "a GLB with a count that is none": (animated(count=NAN), "impossible things"),
    "a GLB with half a count": (animated(count=1.5), "impossible things"),
    "a GLB with a count in letters": (animated(count="2"), "impossible things"),
    "a GLB with a count of 31 digits": (animated(count=10**30), "more numbers than it has"),
    "a GLB with a place that is none": (
        animated(values=(0, 0, 0, 0, NAN, 0), path="translation"), "translation, its 2., that"),
    "a GLB with an endless place": (
        animated(values=(0, 0, ENDLESS, 0, 0, 0), path="translation"), "translation, its 1., that"),
    "a GLB with a place out of the world": (
        animated(values=(0, 0, 0, 1e30, 0, 0), path="translation"), "goes further than"),
    "a GLB with a time that is none": (animated(times=(0, NAN)), "time, its 2., that is not"),
    "a GLB with an endless time": (animated(times=(0, ENDLESS)), "time, its 2., that is not"),
    "a GLB with a time of years": (animated(times=(0, 1e9)), "goes on for"),
    "a GLB whose time goes back": (animated(times=(1, 0)), "do not go on"),
    "a GLB with a turn that is none": (animated(values=(*REST, 0, NAN, 0, 1)), "rotation, its 2."),
    "a GLB with an endless turn": (animated(values=(*REST, 0, ENDLESS, 0, 1)), "rotation, its 2."),
    "a GLB with a turn of no length": (animated(values=(*REST, 0, 0, 0, 0)), "of length 0"),
    "a GLB with a bind matrix that is none": (
        animated(bind=(NAN, *[0] * 15)), "bind matrix, its 1., that is not"),
    "a GLB with an endless bind matrix": (
        animated(bind=(*[0] * 15, ENDLESS)), "bind matrix, its 1., that is not"),
    "a GLB that lies of its bind matrices": (
        animated(skins=[{"joints": [0], "inverseBindMatrices": 2}]), "more numbers than it has"),
    "a GLB with a joint nowhere": (animated(below({"translation": [0, NAN, 0]})), "place, turn"),
    "a GLB with a joint endlessly far": (
        animated(below({"translation": [0, ENDLESS, 0]})), "place, turn"),
    "a GLB with a joint turned by nothing": (
        animated(below({"rotation": [0, 0, 0, 0]})), "place, turn"),
    "a GLB with a matrix that is none": (animated(below({"matrix": [NAN] * 16})), "matrix is none"),
    "a GLB with a matrix of zeros": (animated(below({"matrix": [0] * 16})), "matrix is none"),
    "a GLB of joints without end": (
        animated([{}] * 20_000, skins=[{"joints": [*range(20_000)]}]), "has up to 512 joints"),
    "a GLB of channels without end": (crowded(1, 50_000, True), "twice at once"),
    "a GLB of shared channels": (crowded(20_000, 20_000, True), "has up to 512 joints"),
    "a GLB that says all again and again": (crowded(500, 500, False), "again and again"),
    "a GLB of frames without end": (stretched(), "899,001 frames of 512 joints"),
    "a deep GLB": (glb_of(0)[:20] + b"[" * 1_000_000, "."),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_within_a_second(name: str) -> None:
    data, said = HOSTILE[name]
    with cost() as spent, pytest.raises(NodeError, match=said) as told:
        files.read("Motion", data, "application/octet-stream", "x.bvh")
    assert spent.seconds < 1
    assert "x.bvh" in str(told.value)


def test_bytes_changed_anywhere_are_read_or_refused_and_nothing_else() -> None:
    draw = np.random.default_rng(3)
    was = random_motion(2, 8, 3)
    for kind in ("bvh", "glb", "npz"):
        whole = files.to_file(was, "x", kind).data
        for _ in range(150):
            data = bytearray(whole)
            for at in draw.integers(0, len(data), 3).tolist():
                data[at] = int(draw.integers(0, 256))
            try:
                files.read_motion(bytes(data[: int(draw.integers(1, len(data) + 1))]), "x")
            except NodeError:
                continue


@pytest.mark.parametrize(
    ("parents", "said"), [((0, -1), "first joint"), ((-1, 1), "stands before"), ((-1,), "as many")]
)
def test_a_skeleton_that_is_none_is_refused(parents: tuple[int, ...], said: str) -> None:
    with pytest.raises(NodeError, match=said):
        Skeleton(("a", "b"), parents, ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)))


def test_a_motion_as_a_value_on_the_canvas_is_a_file_a_small_picture_and_facts() -> None:
    from musegraph import Store
    from musegraph.store import Entry
    from musegraph.workers.values import _part

    turns = torch.zeros(50, 24, 4)
    turns[..., 0] = 1
    still = Motion(turns, torch.tensor([[0.0, 0.96, 0.0]]).repeat(50, 1), 25.0, Skeleton.body())
    store = Store()
    name = identity(still)
    assert name is not None
    store.live.put(name, still, 1.0)
    made = _part(store, "dance", Entry(name), None, slice(0, 1))
    assert made is not None
    assert made["facts"] == {"frames": 50, "seconds": 2.0, "fps": 25.0, "joints": 24}
    assert made["preview"].startswith("data:image/")


def test_a_small_picture_of_a_motion_shows_a_figure_in_each_of_its_fields() -> None:
    from musegraph.workers.poses import POSES, poses

    for seed in range(6):
        page = poses(random_motion(seed)).data[0]
        assert bool(torch.isfinite(page).all())
    turns = torch.zeros(50, 24, 4)
    turns[..., 0] = 1
    page = poses(Motion(turns, torch.zeros(50, 3), 25.0, Skeleton.body())).data[0]
    fields = page.chunk(POSES, dim=1)
    assert all(0.02 < float((field[..., 0] > 0.5).float().mean()) < 0.3 for field in fields)
