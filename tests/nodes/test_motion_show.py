"""Figures that are seen: frames, poses as OpenPose has them, strips, films with sound."""

from __future__ import annotations

import io
import sys

import av
import numpy as np
import pytest
import torch

from musegraph import Audio, Context, File, Image, Motion, NodeError, Skeleton, files
from musegraph_nodes.motion import show
from musegraph_nodes.motion.body import BODY, arrays, motion_of
from musegraph_nodes.motion.camera import shots
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.drawing import OPENPOSE, at_rate
from musegraph_nodes.motion.film import muxed
from musegraph_nodes.motion.flesh import Flesh
from musegraph_nodes.motion.sprites import sprite_sheet
from musegraph_nodes.motion.turns import about, placed, product


@pytest.fixture(scope="module")
def dance() -> Motion:
    return choreograph(seconds=1.0, style="disco", seed=3).motion


def turned(motion: Motion, degrees: float) -> Motion:
    turns, root = arrays(motion)
    turns[:, 0] = product(about([0, 1, 0], np.radians(degrees)), turns[:, 0])
    return motion_of(turns, root, motion.fps, motion.skeleton)


def pixels(made: Image) -> np.ndarray:
    return made.data.numpy()


@pytest.mark.parametrize("size", [1.0, 0.6])
def test_shoes_lie_flat_where_a_figure_stands_and_never_in_the_floor(
    dance: Motion, size: float
) -> None:
    offsets = tuple((size * x, size * y, size * z) for x, y, z in BODY.offsets)
    body = Skeleton(BODY.names, BODY.parents, offsets)
    still = torch.zeros(1, 24, 4)
    still[..., 0] = 1
    (standing,) = at_rate([Motion(still, torch.zeros(1, 3), 30, body)], 30, 0)
    found = Flesh(body).sides(standing[0])
    for side in ("left", "right"):
        heel, toe = found[f"{side}_heel"], found[f"{side}_toe"]
        assert heel[1] == pytest.approx(toe[1], abs=1e-5)
        assert heel[1] == pytest.approx(0.038 * size, abs=1e-5)
        assert toe[2] - heel[2] == pytest.approx(0.225 * size, abs=0.01)
    (places,) = at_rate([dance], 30, 0)
    for frame in places:
        for name, point in Flesh(BODY).sides(frame).items():
            least = {"heel": 0.038, "toe": 0.035}.get(name.rpartition("_")[2], 0)
            assert point[1] > least - 0.005, name


@pytest.mark.parametrize(
    "view", ["front", "three quarters", "side", "back", "above", "low", "orbit"]
)
def test_a_whole_figure_is_in_sight_from_everywhere(dance: Motion, view: str) -> None:
    made = show.render([dance], Context(), "silhouette", view, width=96, height=128, fps=4)  # type: ignore[arg-type]
    assert made.data.shape == (4, 128, 96, 3)
    dark = pixels(made).mean(-1) < 0.5
    assert (dark.mean(axis=(1, 2)) > 0.02).all()
    assert not dark[:, [0, -1]].any()
    assert not dark[:, :, [0, -1]].any()


def test_a_body_is_lit_and_throws_a_shadow_and_sticks_tell_left_from_right(dance: Motion) -> None:
    body = pixels(show.render([dance], Context(), "body", "front", "white", 128, 128, 2))
    red = (body[..., 0] > body[..., 1] + 0.2) & (body[..., 0] > body[..., 2] + 0.2)
    assert red.mean() > 0.01
    shirts = body[red]
    assert np.ptp(shirts[:, 0]) > 0.2, "a flat colour has no light on it"
    studio = pixels(show.render([dance], Context(), "body", "front", "studio", 128, 128, 2))
    floor = studio[:, 110:].mean(-1)
    assert floor.max() - floor.min() > 0.2
    stick = pixels(show.render([dance], Context(), "stick", "front", "black", 128, 128, 2))[0]
    orange = np.argwhere((stick[..., 0] > 0.4) & (stick[..., 2] < 0.35))[:, 1].mean()
    blue = np.argwhere((stick[..., 2] > 0.4) & (stick[..., 0] < 0.35))[:, 1].mean()
    assert orange > blue, "seen from the front a figure's left is on our right"


def test_what_is_nearer_hides_what_is_behind_it(dance: Motion) -> None:
    turns, root = arrays(dance)
    ahead = motion_of(turns, root + np.array([0, 0, 0.8]), 30, BODY)
    both = pixels(show.render([ahead, dance], Context(), "body", "front", "white", 96, 128, 2,
                              apart=0.0))  # fmt: skip
    first = pixels(show.render([dance], Context(), "body", "front", "white", 96, 128, 2))

    def red(page: np.ndarray) -> int:
        return int(((page[..., 0] > 0.5) & (page[..., 1] < 0.35) & (page[..., 2] < 0.4)).sum())

    # The figure ahead wears red, and the yellow one behind it is hidden for the most part.
    yellow = (both[..., 0] > 0.6) & (both[..., 1] > 0.45) & (both[..., 2] < 0.3)
    assert red(both) > 2 * yellow.sum()
    assert red(first) > 0


def test_poses_have_their_points_where_the_joints_are_seen(dance: Motion) -> None:
    made = show.pose_pictures([dance], "front", 128, 128, 4)
    people = [one["people"] for one in made.keypoints]  # type: ignore[index, union-attr]
    assert (len(people), made.image.data.shape) == (4, (4, 128, 128, 3))
    told = np.array(people[0][0]["pose_keypoints_2d"]).reshape(18, 3)
    left, right = OPENPOSE.index("left_hip"), OPENPOSE.index("right_hip")
    assert told[left, 0] > told[right, 0]
    assert told[OPENPOSE.index("nose"), 1] < told[OPENPOSE.index("neck"), 1]
    page = pixels(made.image)[0]
    x, y = told[OPENPOSE.index("left_knee"), :2].astype(int)
    assert page[y, x] == pytest.approx([0, 0, 1], abs=0.02), "colour 12 of OpenPose"


def test_a_face_is_not_seen_from_behind(dance: Motion) -> None:
    made = show.pose_pictures([turned(dance, 180)], "front", 128, 128, 2)
    told = np.array(made.keypoints[0]["people"][0]["pose_keypoints_2d"]).reshape(18, 3)  # type: ignore[index, call-overload]
    assert told[OPENPOSE.index("nose"), 2] == 0
    assert told[OPENPOSE.index("left_eye"), 2] == 0
    assert told[OPENPOSE.index("neck"), 2] == 1


def test_a_camera_sees_a_point_where_a_pinhole_does(dance: Motion) -> None:
    where = placed(*arrays(dance), BODY)[1]
    (shot, *_) = shots([where], "front", 100, 100, 30, False, 1.0)
    point = where[0, 5]
    local = shot.axes @ (point - shot.eye)
    x, y = shot.seen(point[None])[0][0]
    assert x == pytest.approx(50 - shot.scale * local[0] / local[2])
    assert y == pytest.approx(50 + shot.scale * local[1] / local[2])
    assert np.allclose(shot.axes @ shot.axes.T, np.eye(3))


def test_a_strip_has_as_many_pictures_as_asked_for(dance: Motion) -> None:
    made = show.filmstrip([dance], 5, 3, width=64, height=80)
    assert made.size == (3 * 64, 2 * 80)
    last = pixels(made)[0, 80:, 128:]
    assert (last == 1).all(), "the sixth place is empty"
    with pytest.raises(NodeError, match="strip begins"):
        show.filmstrip([dance], start=5)


def opened(file: File) -> tuple[list[np.ndarray], np.ndarray, dict[str, float]]:
    """Frames, sound and lengths of a film, by another reader of its parts."""
    with av.open(io.BytesIO(file.data)) as box:
        frames = [one.to_ndarray(format="rgb24") for one in box.decode(video=0)]
        rate = float(box.streams.video[0].average_rate or 0)
    sound = np.zeros((1, 0))
    rates = {"fps": rate, "hertz": 0.0}
    with av.open(io.BytesIO(file.data)) as box:
        if box.streams.audio:
            rates["hertz"] = box.streams.audio[0].rate
            sound = np.concatenate([one.to_ndarray() for one in box.decode(audio=0)], axis=1)
    return frames, sound, rates


def tone(seconds: float, rate: int, channels: int = 2) -> Audio:
    wave = 0.5 * torch.sin(torch.arange(round(seconds * rate)) * 2 * torch.pi * 440 / rate)
    return Audio(wave.repeat(1, channels, 1), rate)


def test_a_film_has_its_frames_and_its_sound_in_step(dance: Motion) -> None:
    sound = tone(3.0, 44_100)
    file = show.film([dance], Context(), sound, width=64, height=64, fps=10)
    assert (file.name, file.media) == ("dance.mp4", "video/mp4")
    assert file.data.find(b"moov") < file.data.find(b"mdat"), "plays before it is whole"
    frames, heard, rates = opened(file)
    assert (len(frames), rates) == (10, {"fps": 10, "hertz": 44_100})
    assert heard.shape[0] == 2
    assert heard.shape[1] == pytest.approx(44_100, abs=2048)
    inside = heard[0, 4096:-4096]
    crossings = (np.diff(np.sign(inside)) > 0).sum() / len(inside) * 44_100
    assert crossings == pytest.approx(440, abs=3)
    drawn = pixels(show.render([dance], Context(), width=64, height=64, fps=10))
    assert np.abs(frames[5] / 255 - drawn[5]).mean() < 0.03
    again = show.film([dance], Context(), sound, width=64, height=64, fps=10)
    assert again.data == file.data


def test_pictures_and_a_sound_of_another_rate_become_a_film() -> None:
    ramp = torch.linspace(0, 1, 12)[:, None, None, None].expand(12, 33, 35, 3).contiguous()
    file = show.mux([Image(ramp[:6]), Image(ramp[6:])], Context(), tone(1.0, 30_000, 1), 12)
    frames, heard, rates = opened(file)
    assert [one.shape for one in frames] == [(32, 34, 3)] * 12
    assert [one.mean() for one in frames] == sorted(one.mean() for one in frames)
    assert (rates["hertz"], heard.shape[1]) == (48_000, pytest.approx(48_000, abs=2048))
    silent, heard, _ = opened(show.mux([Image(ramp)], Context(), None, 12))
    assert (len(silent), heard.size) == (12, 0)


def test_the_sound_of_a_film_is_read_and_another_one_put_in_its_place() -> None:
    ramp = torch.linspace(0, 1, 12)[:, None, None, None].expand(12, 32, 32, 3).contiguous()
    film = show.mux([Image(ramp)], Context(), tone(1.0, 44_100, 2), 12)
    heard = files.read("Audio", film.data, film.media, film.name)
    assert isinstance(heard, Audio)
    assert (heard.sample_rate, heard.data.shape[1]) == (44_100, 2)
    assert heard.data.shape[2] == pytest.approx(44_100, abs=2048)
    assert float(heard.data.square().mean()) ** 0.5 == pytest.approx(0.5 / 2**0.5, abs=0.01)
    silent = show.mux([Image(ramp)], Context(), None, 12)
    with pytest.raises(NodeError, match=r"'film\.mp4' is a film without sound"):
        files.read("Audio", silent.data, silent.media, silent.name)
    for before in (film, silent):
        made = show.dub(before, tone(9.0, 30_000, 1))
        was, now = opened(before), opened(made)
        assert all((a == b).all() for a, b in zip(was[0], now[0], strict=True))
        assert now[1].shape == (1, pytest.approx(48_000, abs=2048))
    with pytest.raises(NodeError, match="'x' is no film"):
        show.dub(File(b"nothing", "x"), tone(1, 8000))
    with pytest.raises(NodeError, match="'x' cannot get another sound"):
        show.dub(File(film.data[:400], "x"), tone(1, 8000))


def test_frames_are_taken_one_by_one_and_never_all_at_once() -> None:
    alive: list[int] = []

    def told():  # type: ignore[no-untyped-def]
        for at in range(8):
            alive.append(at)
            yield np.full((32, 32, 3), 20 * at, np.uint8)

    frames = told()
    assert not alive
    assert muxed(frames, (32, 32), 8, None, 50, 1.0)
    assert alive == [*range(8)]


def test_what_cannot_be_shown_is_refused_in_words(dance: Motion) -> None:
    with pytest.raises(NodeError, match="even numbers"):
        show.render([dance], Context(), width=65, height=64, fps=2)
    with pytest.raises(NodeError, match=r"motion\.film"):
        show.render([choreograph(seconds=60.0).motion], Context(), width=1024, height=1024)
    with pytest.raises(NodeError, match="two; use"):
        show.film([dance], Context(), tone(1, 8000, 3), width=64, height=64, fps=2)
    pages = [Image(torch.zeros(1, 8, side, 3)) for side in (8, 10)]
    with pytest.raises(NodeError, match="differ in size"):
        show.mux(pages, Context())


def test_without_pyav_a_film_says_what_to_install_and_all_else_works(
    dance: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NodeError, match=r"pip install 'musegraph\[video\]'"):
        show.film([dance], Context(), None, width=64, height=64, fps=2)
    assert len(show.render([dance], Context(), width=64, height=64, fps=2).data) == 2


def test_a_sheet_of_sprites_shows_a_figure_on_nothing_in_as_many_ways_as_asked_for(
    dance: Motion,
) -> None:
    made = sprite_sheet(dance, Context(), "rene", 3, 4, width=64, height=80, length=0.9)
    page = pixels(made.image)[0]
    assert page.shape == (4 * 80, 3 * 64, 4)
    frames, meta = made.frames["frames"], made.frames["meta"]  # type: ignore[index, call-overload]
    assert meta["size"] == {"w": 192, "h": 320}
    assert [one["name"] for one in meta["frameTags"]] == ["front", "right", "back", "left"]
    assert (frames[5]["filename"], frames[5]["duration"]) == ("rene_right_002", 300)
    tiles = {
        one["filename"]: page[
            one["frame"]["y"] : one["frame"]["y"] + one["frame"]["h"],
            one["frame"]["x"] : one["frame"]["x"] + one["frame"]["w"],
        ]
        for one in frames
    }
    heights = []
    for tile in tiles.values():
        seen = tile[..., 3]
        assert 0.03 < (seen > 0.5).mean() < 0.4
        assert not seen[:, [0, -1]].any(), "cut off"
        assert not seen[[0, -1]].any(), "cut off"
        heights.append(np.ptp(np.nonzero(seen.max(axis=1) > 0.5)[0]))
    of_moments = np.reshape(heights, (4, 3))
    assert np.ptp(of_moments, axis=0).max() < 12, "of one size from everywhere"
    # What shows of the skin of a face, and of the hair on the back of the head.
    skin = {name: (tile[:24, :, 0] > 0.6).sum() for name, tile in tiles.items()}
    assert skin["rene_front_000"] > 2 * skin["rene_back_000"]
    dark = pixels(sprite_sheet(dance, Context(), count=1, directions=1, look="silhouette").image)
    assert not dark[..., :3].any()
    with pytest.raises(NodeError, match="graphics cards"):
        sprite_sheet(dance, Context(), count=128, width=256)
    with pytest.raises(NodeError, match="begin earlier"):
        sprite_sheet(dance, Context(), start=4)
