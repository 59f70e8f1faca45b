"""What is done with motions: turns beside scipy, feet that stand, limbs that reach, layouts."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from cost import cost
from scipy.spatial.transform import Rotation

from musegraph import File, Motion, NodeError, Skeleton
from musegraph_nodes import motion as moving
from musegraph_nodes.motion import edit, files, layouts, metrics
from musegraph_nodes.motion.body import BODY, arrays, feet, motion_of, parts_of
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.contacts import runs, standing
from musegraph_nodes.motion.limbs import bend
from musegraph_nodes.motion.turns import (
    about,
    between,
    euler,
    matrices,
    of_matrices,
    of_six,
    of_vectors,
    placed,
    six_of,
    slerp,
    vectors_of,
)


@pytest.fixture(scope="module")
def dance() -> Motion:
    return choreograph(seconds=8.0, style="hip-hop", seed=3).motion


def places(motion: Motion) -> np.ndarray:
    return placed(*arrays(motion), motion.skeleton)[1]


def quaternions(turn: Rotation) -> np.ndarray:
    return turn.as_quat(scalar_first=True)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """The same turns: q and -q are one."""
    return bool(np.abs(np.abs((a * b).sum(-1)) - 1).max() < 1e-9)


# -- turns, beside scipy ------------------------------------------------------------------------


def test_both_ways_of_six_numbers_are_columns_and_rows_of_the_matrix_of_scipy() -> None:
    turn = Rotation.random(200, rng=np.random.default_rng(0))
    matrix, own = turn.as_matrix(), quaternions(turn)
    assert np.allclose(matrices(own), matrix)
    assert np.allclose(six_of(own), np.concatenate((matrix[:, :, 0], matrix[:, :, 1]), -1))
    assert np.allclose(six_of(own, rows=True), np.concatenate((matrix[:, 0], matrix[:, 1]), -1))
    assert same(of_six(six_of(own)), own)
    assert same(of_six(six_of(own, rows=True), rows=True), own)
    assert same(of_six(six_of(own), rows=True), quaternions(turn.inv()))


def test_six_numbers_that_are_no_turn_are_made_one_by_gram_and_schmidt() -> None:
    draw = np.random.default_rng(1)
    six = draw.normal(size=(50, 6))
    for rows in (False, True):
        matrix = matrices(of_six(six, rows))
        assert np.allclose(matrix @ np.swapaxes(matrix, -1, -2), np.eye(3))
        assert np.allclose(np.linalg.det(matrix), 1)
        first = matrix[:, 0] if rows else matrix[:, :, 0]
        assert np.allclose(first, six[:, :3] / np.linalg.norm(six[:, :3], axis=1, keepdims=True))


def test_vectors_matrices_and_angles_are_those_of_scipy() -> None:
    draw = np.random.default_rng(2)
    turn = Rotation.random(200, rng=draw)
    own = quaternions(turn)
    assert np.abs(vectors_of(own) - turn.as_rotvec()).max() < 1e-9
    assert same(of_vectors(turn.as_rotvec()), own)
    assert same(of_matrices(turn.as_matrix()), own)
    x, y, z = draw.uniform(-3, 3, (3, 50))
    assert same(euler(x, y, z), quaternions(Rotation.from_euler("YXZ", np.stack((y, x, z), -1))))
    a, b = draw.normal(size=(2, 50, 3))
    turned = Rotation.from_quat(between(a, b), scalar_first=True).apply(a)
    assert np.allclose(np.cross(turned, b), 0, atol=1e-9)
    assert ((turned * b).sum(-1) > 0).all()
    assert np.allclose(Rotation.from_quat(between([1.0, 0, 0], [-1.0, 0, 0]), scalar_first=True)
                       .apply([1.0, 0, 0]), [-1, 0, 0])  # fmt: skip


def test_halfway_between_two_turns_is_halfway_by_the_shorter_way() -> None:
    a, b = about([0, 1, 0], np.array([0.1])), -about([0, 1, 0], np.array([1.1]))
    assert same(slerp(a, b, np.array([0.5])), about([0, 1, 0], np.array([0.6])))


# -- limbs --------------------------------------------------------------------------------------


def test_two_bones_reach_their_target_and_bend_to_the_side_of_the_pole() -> None:
    draw = np.random.default_rng(4)
    upper, lower = np.array([0.0, -0.4, 0]), np.array([0.0, -0.45, 0])
    target = draw.normal(size=(100, 3))
    target *= draw.uniform(0.2, 0.8, (100, 1)) / np.linalg.norm(target, axis=1, keepdims=True)
    pole = np.cross(target, draw.normal(size=(100, 3)))
    made = bend(np.zeros((100, 3)), target, upper, lower, pole, [1.0, 0, 0])
    knee = Rotation.from_quat(made.upper, scalar_first=True).apply(upper)
    end = knee + Rotation.from_quat(made.lower, scalar_first=True).apply(lower)
    assert np.abs(end - target).max() < 1e-9
    assert ((knee * pole).sum(-1) > 0).all()


@pytest.mark.parametrize("limb", ["left hand", "right foot"])
def test_a_limb_reaches_a_place_on_the_floor_for_as_long_as_it_is_told(
    dance: Motion, limb: str
) -> None:
    end = parts_of(BODY)[limb.replace(" hand", "_wrist").replace(" foot", "_ankle")]
    goal = places(dance)[60, end] + np.array([0.02, 0.05, 0.08])
    made = edit.reach(dance, limb, *goal.tolist(), "floor", 1.9, 0.2, 0.4)  # type: ignore[arg-type]
    off = np.linalg.norm(places(made)[58:62, end] - goal, axis=-1)
    assert off.max() < 2e-3
    assert np.abs(places(made)[:40] - places(dance)[:40]).max() < 1e-5
    length = np.linalg.norm(places(made)[:, end] - places(made)[:, BODY.parents[end]], axis=-1)
    assert np.ptp(length) < 1e-5


def test_a_reach_is_bounded_by_the_length_of_the_limb(dance: Motion) -> None:
    made = edit.reach(dance, "right hand", -5, 1, 0, "figure", 0, 0, 0)
    arm = (
        places(made)[:, parts_of(BODY)["right_wrist"]]
        - places(made)[:, BODY.joint("right_shoulder")]
    )
    assert np.linalg.norm(arm, axis=-1).max() < 0.5201


# -- feet ---------------------------------------------------------------------------------------


def slid(motion: Motion, pace: float = 0.3) -> Motion:
    """A motion whose root drifts ahead and trembles, so that its feet slide."""
    turns, root = arrays(motion)
    time = np.arange(len(root)) / motion.fps
    drift = np.stack((0.02 * np.sin(9 * time), 0.01 * np.sin(13 * time), pace * time), -1)
    return motion_of(turns, root + drift, motion.fps, motion.skeleton)


def test_fixed_feet_neither_slide_nor_sink(dance: Motion) -> None:
    before, after = metrics.foot_skate(slid(dance)), metrics.foot_skate(edit.fix_feet(slid(dance)))
    assert before.slide > 0.5
    assert after.slide < 0.05
    assert after.depth < 0.2


def test_feet_are_fixed_in_the_stretches_that_are_told(dance: Motion) -> None:
    told = {"left": [[1.0, 2.0]], "right": []}
    made = places(edit.fix_feet(slid(dance), told))[:, feet(BODY)[0][1]]
    assert np.ptp(made[31:59], axis=0).max() < 1e-3
    with pytest.raises(NodeError, match="stretches"):
        edit.fix_feet(dance, {"left": [3]})


def test_contacts_are_where_feet_stand(dance: Motion) -> None:
    found = edit.contacts(dance)
    assert all(end > start for side in found.values() for start, end in side)
    stands = standing(places(dance), BODY, dance.fps)
    for side, (_, ball) in enumerate(feet(BODY)):
        assert runs(stands[:, side])
        assert places(dance)[stands[:, side], ball, 1].max() < 0.08


# -- time and space -----------------------------------------------------------------------------


def test_a_mirrored_motion_is_the_mirror_image_and_twice_is_itself(dance: Motion) -> None:
    made = places(edit.mirror(dance))
    left, right = BODY.joint("left_wrist"), BODY.joint("right_wrist")
    assert np.allclose(made[:, left] * [-1, 1, 1], places(dance)[:, right], atol=1e-5)
    assert np.allclose(places(edit.mirror(edit.mirror(dance))), places(dance), atol=1e-5)


def test_a_loop_goes_on_where_it_ended_and_does_not_jump(dance: Motion) -> None:
    piece = edit.trim(dance, 1.0, 2.0)
    made = edit.loop(piece, 3, 0.4)
    assert made.frames == 3 * 60 - 2 * 12
    step = np.linalg.norm(np.diff(places(made), axis=0), axis=-1).max()
    usual = np.linalg.norm(np.diff(places(dance), axis=0), axis=-1).max()
    assert step < 1.6 * usual


def test_motions_are_joined_facing_where_the_first_looks() -> None:
    turns, root = arrays(choreograph(seconds=2.0, style="salsa").motion)
    aside = motion_of(turns.copy(), root + 5, 30, BODY)
    made = edit.join([aside, edit.mirror(aside)], 0.2)
    assert np.abs(np.diff(made.root.numpy(), axis=0)).max() < 0.1
    assert made.frames == 120 - 6


def test_a_blend_takes_the_upper_body_of_one_and_the_legs_of_the_other(dance: Motion) -> None:
    other = choreograph(seconds=8.0, style="ballet", seed=1).motion
    made = edit.blend(dance, other, 1.0, "upper body")
    elbow, knee = BODY.joint("left_elbow"), BODY.joint("left_knee")
    assert torch.allclose(made.rotations[:, knee], dance.rotations[:, knee], atol=1e-5)
    near = (made.rotations[:, elbow] * other.rotations[:, elbow]).sum(-1).abs()
    assert float(near.min()) > 1 - 1e-5
    with pytest.raises(NodeError, match="retarget"):
        edit.blend(dance, one_bone(), 0.5)


def one_bone() -> Motion:
    turns = torch.zeros(5, 2, 4)
    turns[..., 0] = 1
    skeleton = Skeleton(("a", "b"), (-1, 0), ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Motion(turns, torch.zeros(5, 3), 30.0, skeleton)


def test_a_motion_warped_to_other_beats_is_on_them() -> None:
    made = choreograph(seconds=10.0, tempo=120, style="salsa", seed=2)
    wanted = {"tempo": 104.0, "times": (np.arange(16) * 60 / 104).tolist()}
    before = metrics.beat_alignment(made.motion, wanted).of_music
    warped = edit.warp(made.motion, wanted, made.beats)
    assert warped.seconds == pytest.approx(10 * 120 / 104, rel=0.06)
    after = metrics.beat_alignment(warped, wanted).of_music
    assert after > before + 0.1
    with pytest.raises(NodeError, match="no beats"):
        edit.warp(made.motion, {"times": []})


def test_smoothing_takes_a_tremble_away_and_leaves_the_feet() -> None:
    dance = choreograph(seconds=4.0, style="pop", seed=2).motion
    turns, root = arrays(dance)
    draw = np.random.default_rng(0)
    shaken = motion_of(turns + draw.normal(0, 0.01, turns.shape), root, dance.fps, BODY)
    made = edit.smooth(shaken, 0.06)
    assert metrics.jerk(made) < 0.3 * metrics.jerk(shaken)
    assert metrics.foot_skate(made).slide < 0.1
    assert metrics.foot_skate(edit.smooth(shaken, 0.06, False)).slide > 0.1


def test_other_frames_a_second_and_another_speed_change_only_that(dance: Motion) -> None:
    made = edit.resample(dance, 60, 2)
    assert (made.fps, made.frames) == (60, dance.frames)
    assert np.allclose(places(made)[60], places(dance)[60], atol=1e-5)
    with pytest.raises(NodeError, match=r"8\.00 s"):
        edit.trim(dance, 9)


# -- other skeletons ----------------------------------------------------------------------------

MIXAMO = {
    "pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck",
    "head": "Head", "left_hip": "LeftUpLeg", "left_knee": "LeftLeg", "left_ankle": "LeftFoot",
    "left_foot": "LeftToeBase", "left_collar": "LeftShoulder", "left_shoulder": "LeftArm",
    "left_elbow": "LeftForeArm", "left_wrist": "LeftHand",
}  # fmt: skip


def giant(size: float = 1.4, drop: float = 45.0) -> Motion:
    """A larger body with the names of Mixamo whose arms hang at rest."""
    names = [
        MIXAMO.get(name.replace("right", "left"), name).replace(
            "Left", "Right" if "right" in name else "Left"
        )
        for name in BODY.names[:22]
    ]
    offsets = np.array(BODY.offsets[:22]) * size
    for side, sign in (("left", -1), ("right", 1)):
        turn = Rotation.from_euler("z", sign * drop, degrees=True)
        for joint in ("elbow", "wrist"):
            at = BODY.joint(f"{side}_{joint}")
            offsets[at] = turn.apply(offsets[at])
    offsets[1:3, 1] *= 0.8
    skeleton = Skeleton(
        tuple(f"mixamorig:{name}" for name in names), BODY.parents[:22],
        tuple((x, y, z) for x, y, z in offsets.tolist()),
    )  # fmt: skip
    turns = torch.zeros(2, 22, 4)
    turns[..., 0] = 1
    return Motion(turns, torch.zeros(2, 3), 30.0, skeleton)


def test_the_joints_of_a_body_are_known_by_the_names_of_other_programs() -> None:
    found = parts_of(giant().skeleton)
    assert [giant().skeleton.names[found[name]].rpartition(":")[2] for name in MIXAMO] == [
        *MIXAMO.values()
    ]
    assert found["right_shoulder"] == BODY.joint("right_shoulder")


@pytest.mark.parametrize("style", ["hip-hop", "ballet"])
def test_a_motion_on_another_skeleton_keeps_its_contacts_and_its_look(style: str) -> None:
    dance = choreograph(seconds=6.0, style=style, seed=5).motion  # type: ignore[arg-type]
    made = edit.retarget(dance, giant())
    assert made.skeleton == giant().skeleton
    stands = standing(places(dance), BODY, dance.fps)
    for side, (_, ball) in enumerate(feet(made.skeleton)):
        where = places(made)[:, ball]
        for start, end in runs(stands[:, side]):
            assert np.ptp(where[start:end], axis=0).max() < 0.005, (side, start)
    arm = [made.skeleton.joint(f"mixamorig:Left{name}") for name in ("Arm", "ForeArm")]
    own = [BODY.joint("left_shoulder"), BODY.joint("left_elbow")]

    def way(motion: Motion, pair: list[int]) -> np.ndarray:
        bone = places(motion)[:, pair[1]] - places(motion)[:, pair[0]]
        return bone / np.linalg.norm(bone, axis=-1, keepdims=True)

    assert (way(made, arm) * way(dance, own)).sum(-1).min() > math.cos(math.radians(2))
    back = edit.retarget(made)
    # Legs of other proportions bend a little otherwise; nothing else may differ.
    assert np.abs(places(back)[:, :22] - places(dance)[:, :22]).max() < 0.12


def test_a_skeleton_of_no_body_is_refused_by_name(dance: Motion) -> None:
    with pytest.raises(NodeError, match="pelvis"):
        edit.retarget(dance, one_bone())
    with pytest.raises(NodeError, match="left_ankle"):
        edit.contacts(one_bone())


# -- layouts ------------------------------------------------------------------------------------


def test_features_of_humanml3d_say_where_joints_are(dance: Motion) -> None:
    motion = edit.resample(dance, 20)
    data = layouts.features(motion)
    assert data.shape == (motion.frames - 1, 263)
    where = places(motion)[:, :22]
    told = layouts.places_of(data)
    # All but the place and the way that the first pose looks are kept.
    lengths = np.linalg.norm(where[:-1, :, None] - where[:-1, None], axis=-1)
    assert np.abs(np.linalg.norm(told[:, :, None] - told[:, None], axis=-1) - lengths).max() < 1e-6
    walked = np.linalg.norm(np.diff(where[:-1, 0, [0, 2]], axis=0), axis=-1)
    assert (
        np.abs(np.linalg.norm(np.diff(told[:, 0, [0, 2]], axis=0), axis=-1) - walked).max() < 1e-6
    )
    assert np.allclose(told[0, 0, [0, 2]], 0)
    assert set(np.unique(data[:, 259:])) <= {0.0, 1.0}


def test_a_body_is_fitted_to_features_and_stands_where_they_say(dance: Motion) -> None:
    file = files.save(dance, "x", "humanml3d")
    assert file.name == "x.npy"
    made = files.open_file(file)
    assert (made.fps, made.skeleton.family) == (20, "smpl")
    told = layouts.places_of(np.load(io.BytesIO(file.data)).astype(float))
    assert np.abs(places(made)[:, :22] - told).max() < 0.01


def test_turns_as_amass_keeps_them_come_back(dance: Motion) -> None:
    made = files.open_file(files.save(dance, "x", "smpl"))
    assert made.fps == dance.fps
    assert np.abs(places(made)[:, :22] - places(dance)[:, :22]).max() < 1e-4


@pytest.mark.parametrize("format", ["bvh", "glb", "npz"])
def test_a_motion_that_was_saved_opens_again(dance: Motion, format: str) -> None:
    file = files.save(dance, "x", format)  # type: ignore[arg-type]
    made = files.open_file(file)
    order = [made.skeleton.joint(name) for name in BODY.names]
    assert np.abs(places(made)[:, order] - places(dance)).max() < 1e-4
    metres = files.save(dance, "x", "bvh", "metres")
    assert np.abs(places(files.open_file(metres, "metres"))).max() < 5


class Harm:
    """What a pickle of this would run."""

    def __reduce__(self) -> tuple[object, ...]:
        return open, ("executed", "w")


def npy(table: np.ndarray, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, table, allow_pickle=pickled)
    return stream.getvalue()


def headed(shape: str, descr: str = "'<f4'", fill: str = "", body: bytes = b"") -> bytes:
    """An NPY, in its second version, that says what it likes of itself."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, {fill}}}\n".encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text + body


HOSTILE = {
    "numbers that are none": (npy(np.full((3, 263), np.nan)), "not finite"),
    "endless numbers": (npy(np.full((3, 263), np.inf)), "not finite"),
    "places a world away": (npy(np.full((3, 263), 1e6)), "kilometre"),
    "another width": (npy(np.zeros((3, 264))), "has the arrays"),
    "a shape of three sides": (npy(np.zeros((2, 3, 263))), "features are .frames, 263"),
    "no frames": (npy(np.zeros((0, 263))), "features are .frames, 263"),
    "a pickled array": (npy(np.full((1, 263), Harm()), True), "pickles can run code"),
    "a pickle alone": (npy(np.array([Harm()]), True), "pickles can run code"),
    "letters": (npy(np.full((3, 263), "x")), "features are numbers"),
    "yes and no": (npy(np.zeros((3, 263), bool)), "features are numbers"),
    "complex numbers": (npy(np.zeros((3, 263), complex)), "of complex128"),
    "moments": (npy(np.zeros((3, 263), "M8[s]")), "numbers and names are read"),
    "records": (npy(np.zeros((3, 263), [("a", "f4"), ("b", "i4")])), "numbers and names are read"),
    "numbers of no size": (headed("(9999999999, 263)", "'<V0'"), "numbers and names are read"),
    "more than the file": (headed("(99999999999, 263)"), "larger than the file"),
    "fewer than none": (headed("(-5, -263, 263)", body=bytes(9999)), "of the shape"),
    "a shape that is none": (headed("(True, 263)", body=bytes(1052)), "of the shape"),
    "a huge header": (headed("(1, 263)", fill=" " * 50_000_000), "header cannot be read"),
    "a deep header": (headed("(1, 263)", fill=f"'x': {'(' * 4000}{')' * 4000}"), "header cannot"),
    "a header that is a program": (
        headed("(__import__('os').mkdir('executed'), 263)"), "header cannot be read"),
    "a header that lies of its length": (
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{'a': (1, 263)}", "header cannot"),
    "an unknown version": (b"\x93NUMPY\x09\x00, 263)" + bytes(99), "header cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_features_that_mean_harm_are_refused_in_words_within_a_second(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data, said = HOSTILE[name]
    with cost() as spent, pytest.raises(NodeError, match=said) as told:
        files.open_file(File(data, "x.npy"))
    assert spent.seconds < 1
    assert "x.npy" in str(told.value)
    assert not list(tmp_path.iterdir())  # nothing of it was carried out


def test_features_kept_by_columns_are_those_kept_by_rows(dance: Motion) -> None:
    table = layouts.features(edit.resample(dance, 20))
    rows, columns = (
        files.open_file(File(npy(one), "x.npy")) for one in (table, np.asfortranarray(table))
    )
    assert torch.equal(rows.rotations, columns.rotations)
    assert torch.equal(rows.root, columns.root)


# -- measures -----------------------------------------------------------------------------------


def test_measures_tell_good_motions_from_bad_ones(dance: Motion) -> None:
    assert metrics.plausibility(dance).beyond == 0
    turns, root = arrays(dance)
    turns[:, BODY.joint("left_knee")] = about([1, 0, 0], np.full(len(root), -1.0))
    broken = metrics.plausibility(motion_of(turns, root, 30, BODY))
    assert broken.beyond == 1
    assert "left_knee" in broken.notes
    assert metrics.diversity([dance, dance]) == 0
    assert metrics.diversity([dance, edit.mirror(dance)]) > 0.05
    still = motion_of(turns[:1].repeat(90, 0), root[:1].repeat(90, 0), 30, BODY)
    assert (metrics.jerk(still), metrics.foot_skate(still).slide) == (0, 0)
    assert metrics.beat_alignment(still, {"times": [0.5, 1.0]}).of_music == 0
    with pytest.raises(NodeError, match="no beat lies"):
        metrics.beat_alignment(still, {"times": [50.0]})


def test_the_pack_names_its_nodes() -> None:
    types = moving.pack.types.keys()
    assert {"motion.choreograph", "motion.film", "motion.open", "motion.retarget"} <= types
