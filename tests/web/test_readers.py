"""BVH and GLB that Musegraph writes, in readers of others: three.js in a page, bvh, pygltflib."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from harness import ROOT
from scipy.spatial.transform import Rotation

from musegraph import Motion, files

sys.path[:0] = [str(Path(__file__).parents[1] / "engine")]
from test_motion import random_motion  # noqa: E402  found by the above

NEAR = 1e-4
"""Metres that a joint may be off."""

SITE = "http://readers.test/"
THREE = ROOT / "web_ui" / "node_modules" / "three"
PAGE = """<!doctype html><script type=importmap>
{"imports": {"three": "/build/three.module.js"}}</script><script type=module>
import {AnimationMixer, LoopOnce} from 'three';
import {BVHLoader} from '/examples/jsm/loaders/BVHLoader.js';
import {GLTFLoader} from '/examples/jsm/loaders/GLTFLoader.js';
const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer;
/** Where all joints are at times, by name. */
const told = (root, joints, clip, times) => {
  const mixer = new AnimationMixer(root);
  const action = mixer.clipAction(clip).setLoop(LoopOnce, 1);
  action.clampWhenFinished = true;
  action.play();
  return times.map((time) => {
    action.reset();
    mixer.setTime(time);
    root.updateMatrixWorld(true);
    return joints.map((one) => one.matrixWorld.elements.slice(12, 15));
  });
};
globalThis.bvh = (data, times) => {
  const {skeleton, clip} = new BVHLoader().parse(new TextDecoder().decode(bytes(data)));
  const root = skeleton.bones[0];
  return told(root, skeleton.bones, clip, times);
};
globalThis.glb = async (data, times) => {
  const {scene, animations} = await new GLTFLoader().parseAsync(bytes(data), '');
  let joints = null;
  scene.traverse((one) => { if (one.isSkinnedMesh) joints = one.skeleton.bones; });
  return told(scene, joints, animations[0], times);
};
</script>"""


def times_of(motion: Motion) -> list[float]:
    return [at / motion.fps for at in range(motion.frames)]


def apart(was: Motion, places: Any) -> float:
    """How far the joint that is furthest from where it belongs is from there, in metres.

    Readers name joints as they like, and hang them in another order: each is held against the one
    of ours that stands nearest in all frames, and none may be left over.
    """
    ours, theirs = was.positions().double().numpy(), np.asarray(places, float)
    assert theirs.shape[0] == ours.shape[0]
    gaps = np.linalg.norm(ours[:, :, None] - theirs[:, None], axis=-1).max(axis=0)
    return float(max(gaps.min(axis=1).max(), gaps.min(axis=0).max()))


@pytest.fixture
def three(chromium: Any, tool: ModuleType) -> Any:
    """A page of its own with the loaders of three.js, as its package has them."""
    page = chromium.new_page()

    def answer(route: Any) -> None:
        path = route.request.url.removeprefix(SITE)
        kind = "text/html" if not path else "text/javascript"
        route.fulfill(body=(THREE / path).read_text() if path else PAGE, content_type=kind)

    page.route(f"{SITE}**", answer)
    page.goto(SITE)
    page.wait_for_function("() => globalThis.glb")
    yield page
    page.close()


SEEDS = range(12)


@pytest.mark.parametrize("kind", ["bvh", "glb"])
def test_joints_are_in_the_same_places_in_three_js(three: Any, kind: str) -> None:
    for seed in SEEDS:
        was = random_motion(seed)
        data = b64encode(files.to_file(was, "x", kind).data).decode()
        found = three.evaluate(
            f"async ([data, times]) => await {kind}(data, times)", [data, times_of(was)]
        )
        assert apart(was, np.array(found) * (0.01 if kind == "bvh" else 1)) < NEAR, seed


def of_bvh(data: bytes) -> np.ndarray:
    """Places [T,J,3] in metres by what the library ``bvh`` reads: names, offsets, channels."""
    from bvh import Bvh

    read = Bvh(data.decode())
    places = []
    for frame in range(read.nframes):
        world: dict[str, tuple[np.ndarray, Rotation]] = {}
        for name in read.get_joints_names():
            value = {
                one: read.frame_joint_channel(frame, name, one) for one in read.joint_channels(name)
            }
            order = "".join(one[0] for one in value if one.endswith("rotation"))
            own = Rotation.from_euler(order, [value[f"{axis}rotation"] for axis in order], True)
            move = np.array(read.joint_offset(name))
            if "Xposition" in value:
                move = np.array([value[f"{axis}position"] for axis in "XYZ"])
            parent = read.joint_parent(name)
            if parent is not None and parent.name in world:
                where, turn = world[parent.name]
                move, own = where + turn.apply(move), turn * own
            world[name] = (move, own)
        places.append([where for where, _ in world.values()])
    return np.array(places) / 100


def of_glb(data: bytes) -> np.ndarray:
    """Places [T,J,3] by what ``pygltflib`` reads: nodes, and the numbers of an animation."""
    from pygltflib import GLTF2

    read = GLTF2.load_from_bytes(data)

    def numbers(at: int) -> np.ndarray:
        accessor = read.accessors[at]
        view = read.bufferViews[accessor.bufferView]
        wide = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor.type]
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        flat = np.frombuffer(read.binary_blob(), "<f4", accessor.count * wide, start)
        return flat.reshape(-1, wide)

    animation = read.animations[0]
    moves = {
        (one.target.node, one.target.path): numbers(animation.samplers[one.sampler].output)
        for one in animation.channels
    }
    count = len(numbers(animation.samplers[0].input))
    joints = set(read.skins[0].joints)
    places: dict[int, np.ndarray] = {}

    def walk(at: int, where: np.ndarray, turn: Rotation) -> None:
        node = read.nodes[at]
        move = moves.get((at, "translation"), np.tile(node.translation or [0, 0, 0], (count, 1)))
        places[at] = where + turn.apply(move)
        own = moves.get((at, "rotation"), np.tile([0.0, 0, 0, 1], (count, 1)))
        for child in node.children or []:
            walk(child, places[at], turn * Rotation.from_quat(own))

    for root in read.scenes[read.scene].nodes:
        walk(root, np.zeros((count, 3)), Rotation.from_quat(np.tile([0.0, 0, 0, 1], (count, 1))))
    return np.stack([places[at] for at in sorted(joints)], axis=1)


def test_joints_are_in_the_same_places_in_libraries_of_python() -> None:
    for seed in SEEDS:
        was = random_motion(seed)
        assert apart(was, of_glb(files.to_file(was, "x", "glb").data)) < NEAR, seed
        ends = [at for at, end in enumerate(was.skeleton.ends) if not end]
        read = of_bvh(files.to_file(was, "x", "bvh").data)
        ours = was.positions().double().numpy()[:, ends]
        gaps = np.linalg.norm(ours[:, :, None] - read[:, None], axis=-1).max(axis=0)
        assert gaps.min(axis=1).max() < NEAR, seed
