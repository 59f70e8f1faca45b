"""Pack `control` without a model: known pictures and maps worked out by hand or another way."""

import math

import pytest
import torch
from scipy import ndimage

from musegraph import Cancelled, Context, Image, NodeError
from musegraph_nodes import control as pack
from musegraph_nodes.control.lines import thinned
from musegraph_nodes.control.skeleton import COLOURS


def random(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, height, width, channels, generator=generator))


def grey(plane: torch.Tensor) -> Image:
    return Image(plane[None, ..., None].expand(1, *plane.shape, 3).contiguous())


def drawn(*rows: str) -> Image:
    return grey(torch.tensor([[float(sign == "#") for sign in row] for row in rows]))


def signs(image: Image) -> list[str]:
    return ["".join("#" if x > 0.5 else "." for x in row) for row in image.data[0, ..., 0].tolist()]


def disk(side: int, radius: float) -> torch.Tensor:
    at = torch.arange(side) + 0.5 - side / 2
    return (radius + 0.5 - torch.hypot(at, at[:, None])).clamp(0, 1)


def test_every_node_says_in_a_sentence_what_it_computes_and_has_a_version() -> None:
    for id, node in pack.pack.types.items():
        assert node.text.split("\n")[0].endswith("."), id
        assert node.version == "1", id


MODELS = {"control.depth", "control.pose", "control.caption"}


@pytest.mark.parametrize("name", sorted(pack.pack.types.keys() - MODELS))
def test_every_map_has_the_size_of_its_picture_and_three_channels_from_0_to_1(name: str) -> None:
    if name == "control.draw_pose":
        return
    node = pack.pack.types[name]
    given = {"ctx": Context()} if node.context else {}
    made = node.function(random(40, 56, 4), **given)
    made = made if isinstance(made, Image) else made.image
    assert made.data.shape == (1, 40, 56, 3)
    assert made.data.dtype == torch.float32
    assert 0 <= float(made.data.min()) <= float(made.data.max()) <= 1


# Edges


def reference_canny(levels: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """OpenCV's algorithm, pixel by pixel in integers: its fixed-point tangent, its neighbours."""
    height, width, _ = levels.shape
    at = levels.tolist()

    def value(y: int, x: int, c: int) -> int:
        return int(at[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)][c])

    def sobel(y: int, x: int, c: int) -> tuple[int, int]:
        n = [[value(y + j, x + i, c) for i in (-1, 0, 1)] for j in (-1, 0, 1)]
        across = sum(w * (row[2] - row[0]) for w, row in zip((1, 2, 1), n, strict=True))
        down = sum(w * (n[2][i] - n[0][i]) for i, w in enumerate((1, 2, 1)))
        return across, down

    slopes = {}
    for y in range(height):
        for x in range(width):
            found = [sobel(y, x, c) for c in range(3)]
            slopes[y, x] = max(found, key=lambda pair: abs(pair[0]) + abs(pair[1]))
    size = {place: abs(dx) + abs(dy) for place, (dx, dy) in slopes.items()}
    marks = {}
    for (y, x), (dx, dy) in slopes.items():
        m = size[y, x]
        if m <= low:
            continue
        ax, ay = abs(dx), abs(dy) << 15
        flat = ax * 13573
        if ay < flat:
            top = m > size.get((y, x - 1), 0) and m >= size.get((y, x + 1), 0)
        elif ay > flat + (ax << 16):
            top = m > size.get((y - 1, x), 0) and m >= size.get((y + 1, x), 0)
        else:
            s = -1 if (dx ^ dy) < 0 else 1
            top = m > size.get((y - 1, x - s), 0) and m > size.get((y + 1, x + s), 0)
        if top:
            marks[y, x] = m > high
    todo = [place for place, strong in marks.items() if strong]
    made = torch.zeros(height, width)
    while todo:
        y, x = todo.pop()
        if made[y, x]:
            continue
        made[y, x] = 1
        todo += [(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1) if (y + j, x + i) in marks]
    return made


@pytest.mark.parametrize("seed", [0, 1])
def test_canny_is_that_of_opencv(seed: int) -> None:
    from musegraph_nodes.image import blur

    smooth = blur(random(36, 44, seed=seed), 1.5).data[0]
    levels = ((smooth - smooth.min()) / (smooth.max() - smooth.min()) * 255).round()
    made = pack.canny(Image(levels[None] / 255), 100, 200).data[0, ..., 0]
    wanted = reference_canny(levels, 100, 200)
    assert wanted.sum() > 100
    assert made.equal(wanted)


def test_an_edge_is_one_pixel_wide_and_goes_on_where_it_is_weak() -> None:
    step = torch.zeros(20, 30)
    step[:, 15:] = torch.linspace(0.15, 0.5, 20)[:, None]  # Sobel's: from 153 to 510
    made = pack.canny(grey(step), 100, 380).data[0, ..., 0]
    assert made.sum(dim=1).tolist() == [1] * 20
    assert pack.canny(grey(step), 100, 520).data.max() == 0, "none of it is strong"
    with pytest.raises(NodeError, match="set low below high"):
        pack.canny(grey(step), 101, 100)


def test_an_edge_between_colours_of_one_brightness_is_found() -> None:
    red, blue = torch.tensor([0.4, 0.2, 0.0]), torch.tensor([0.0, 0.3, 0.1])
    both = torch.where(torch.arange(20)[None, :, None] < 10, red, blue).expand(8, 20, 3)[None]
    assert pack.canny(Image(both.contiguous())).data[0, 4].max() == 1


def test_soft_edges_follow_the_formula_at_a_step_and_are_nothing_where_it_is_even() -> None:
    height = 0.5
    step = torch.zeros(16, 200)
    step[:, 100:] = height
    made = pack.soft_edges(grey(step), finest=4, scales=2).data[0, 8, :, 0]
    # The derivative of a step under a Gaussian, times sigma, is height/√(2π) at every scale.
    square = (height / math.sqrt(2 * math.pi)) ** 2
    assert float(made.max()) == pytest.approx(square / (square + 0.12**2), rel=0.02)
    assert int(made.argmax()) in (99, 100)
    assert float(made[:20].max()) < 1e-4
    few = pack.soft_edges(grey(step), levels=4).data
    assert set(few.unique().mul(3).round(decimals=3).tolist()) <= {0, 1, 2, 3}


# Lines


def test_a_dark_line_is_drawn_and_a_light_one_is_not() -> None:
    page = torch.full((32, 64), 0.7)
    page[:, 15:17] = 0.2
    page[:, 47:49] = 1.0
    made = pack.lines(grey(page)).data[0, 16, :, 0]
    assert made[15:17].min() > 0.9
    assert made[47:49].max() == 0
    assert made[25:38].max() < 0.1
    paper = pack.lines(grey(page), ink="black on white").data[0, 16, :, 0]
    assert torch.allclose(paper, 1 - made)


def test_shadows_fill_what_is_dark_with_ink() -> None:
    page = torch.full((64, 64), 0.9)
    page[32:] = 0.1
    assert pack.lines(grey(page)).data[0, 60].max() < 0.05, "only its edge is a line"
    filled = pack.lines(grey(page), shadows=1, level=0.5, softness=0.1).data[0, ..., 0]
    assert filled[60].min() > 0.95
    assert filled[4].max() == 0


def test_thick_lines_become_thin_ones_that_hang_together() -> None:
    thick = drawn(".........", ".#######.", ".#######.", ".#######.", ".........")
    middle = signs(pack.thin(thick, Context()))
    assert middle[1] == middle[3] == "........."
    assert middle[2].strip(".") == "#" * len(middle[2].strip("."))
    assert len(middle[2].strip(".")) >= 3
    assert signs(pack.thin(Image(1 - thick.data), Context(), drawn="black on white")) == middle


def test_thinning_breaks_nothing_and_closes_no_hole() -> None:
    from musegraph_nodes.image import blur

    shape = blur(random(60, 80), 2).data[0, ..., 0] > 0.5
    shape[[0, -1]] = False  # at the edge of the picture a bay would become open water
    shape[:, [0, -1]] = False
    thin = thinned(shape[None], Context())[0]
    both, inside = [[1] * 3] * 3, None
    for kind, wide, narrow in ((both, shape, thin), (inside, ~shape, ~thin)):
        counts = [ndimage.label(one.numpy(), kind)[1] for one in (wide, narrow)]
        assert counts[0] == counts[1]
    assert not bool((thin & ~shape).any())
    square = thin[:-1, :-1] & thin[1:, :-1] & thin[:-1, 1:] & thin[1:, 1:]
    assert int(square.sum()) < 5, "all of it is a pixel thin, but where lines cross"
    assert thinned(thin[None], Context())[0].equal(thin)


def test_thinning_stops_when_the_run_is_cancelled() -> None:
    class Stopped(Context):
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        pack.thin(grey(disk(64, 30)), Stopped())


def test_a_scribble_follows_the_outline_with_a_pen_of_its_width() -> None:
    made = pack.scribble(grey(disk(96, 30)), Context(), width=5).data[0, ..., 0]
    assert set(made.unique().tolist()) == {0, 1}
    at = torch.arange(96) + 0.5 - 48
    distance = (torch.hypot(at, at[:, None]) - 30).abs()
    assert bool((made[distance < 1] == 1).all()), "the outline is closed"
    assert float(distance[made > 0].max()) < 5
    area = float(made.sum())
    assert area == pytest.approx(2 * math.pi * 30 * 5, rel=0.15)
    assert pack.scribble(grey(disk(96, 30)), Context(), shortest=4000).data.max() == 0


# Tones


def test_a_level_and_otsu_part_dark_from_light() -> None:
    plane = torch.tensor([[0.1, 0.12, 0.5, 0.8, 0.82]])
    assert signs(pack.threshold(grey(plane), level=0.5)) == ["..###"]
    many = torch.cat((torch.full((8, 60), 0.2), torch.full((8, 40), 0.6)), 1)
    made = pack.threshold(grey(many), "otsu").data[0, 0, :, 0]
    assert made.tolist() == [0] * 60 + [1] * 40
    with pytest.raises(NodeError, match="of one brightness"):
        pack.threshold(grey(torch.full((4, 4), 0.5)), "otsu")


def test_luminance_is_luma_lightness_or_value() -> None:
    colour = torch.tensor([0.2, 0.6, 0.4])
    flat = Image(colour.expand(1, 2, 2, 3).contiguous())
    luma = 0.2126 * 0.2 + 0.7152 * 0.6 + 0.0722 * 0.4
    linear = [((c + 0.055) / 1.055) ** 2.4 for c in (0.2, 0.6, 0.4)]
    y = 0.2126729 * linear[0] + 0.7151522 * linear[1] + 0.0721750 * linear[2]
    for of, wanted in (("luma", luma), ("value", 0.6), ("lightness", 1.16 * y ** (1 / 3) - 0.16)):
        made = pack.luminance(flat, of)  # type: ignore[arg-type]
        assert made.data.flatten().tolist() == pytest.approx([wanted] * 12, abs=1e-5)
    grown = pack.luminance(flat, "value", gamma=2.0)
    assert float(grown.data[0, 0, 0, 0]) == pytest.approx(math.sqrt(0.6))
    dark = pack.luminance(grey(torch.tensor([[0.0, 0.02, 1.0]]))).data[0, 0, :, 0]
    assert dark.tolist() == pytest.approx([0, 24389 / 2700 * 0.02 / 12.92, 1], abs=1e-4)


def test_a_grid_of_colours_holds_the_mean_of_each_square() -> None:
    source = random(8, 12)
    made = pack.color_grid(source, 4).data
    for y in range(0, 8, 4):
        for x in range(0, 12, 4):
            mean = source.data[0, y : y + 4, x : x + 4].mean(dim=(0, 1))
            assert torch.allclose(made[0, y : y + 4, x : x + 4], mean.expand(4, 4, 3), atol=1e-6)


def test_a_palette_finds_the_colours_that_are_there_the_commonest_first() -> None:
    colours = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.2, 0.8], [0.2, 0.7, 0.3]])
    numbers = torch.tensor([0] * 50 + [1] * 30 + [2] * 20).reshape(10, 10)
    noise = random(10, 10).data[0] * 0.02
    made = pack.palette(Image((colours[numbers] + noise)[None]), 3)
    row = made.colors.data[0, 16, 16::32]
    assert torch.allclose(row, colours + 0.01, atol=0.01)
    assert torch.allclose(made.image.data[0], row[numbers])
    few = pack.palette(Image(colours[numbers][None]), 5)
    assert few.colors.size == (160, 32)
    assert torch.allclose(few.image.data[0], colours[numbers])


def test_a_tile_keeps_the_size_and_the_means_and_loses_the_detail() -> None:
    source = random(32, 32)
    made = pack.tile(source, 4).data
    assert made.shape == source.data.shape
    assert float(made.std()) < float(source.data.std()) / 2
    assert float(made.mean()) == pytest.approx(float(source.data.mean()), abs=0.01)
    assert pack.tile(source, 1).data.equal(source.data)
    even = grey(torch.full((16, 16), 0.3))
    assert torch.allclose(pack.tile(even, 4).data, even.data, atol=1e-6)


def test_a_shuffle_keeps_the_colours_moves_them_and_is_the_same_again() -> None:
    halves = Image(
        torch.where(torch.arange(64)[:, None] < 32, torch.eye(3)[0], torch.eye(3)[2])
        .expand(1, 64, 64, 3)
        .contiguous()
    )
    made = pack.shuffle(halves, Context(), 5, 16)
    assert torch.allclose(made.data.sum(-1), torch.ones(1, 64, 64), atol=1e-5)
    assert float((made.data - halves.data).abs().mean()) > 0.1
    assert made.data.equal(pack.shuffle(halves, Context(), 5, 16).data)
    assert not made.data.equal(pack.shuffle(halves, Context(), 6, 16).data)


# Normals and poses


def test_a_slope_has_the_normal_that_geometry_gives_it_in_each_convention() -> None:
    # Rises by a pixel for each pixel to the right: its normal looks left, 45° up from the page.
    ramp = (torch.arange(32) / 32).expand(8, 32)
    half = math.sqrt(0.5) / 2
    for convention, red in (("controlnet", 0.5 + half), ("opengl", 0.5 - half)):
        made = pack.normals(grey(ramp), 32, convention)  # type: ignore[arg-type]
        assert made.data[0, 4, 16].tolist() == pytest.approx([red, 0.5, 0.5 + half], abs=1e-4)
    down = pack.normals(grey(ramp.T[:, :8].contiguous()), 32, "opengl").data[0, 16, 4]
    assert down.tolist() == pytest.approx([0.5, 0.5 + half, 0.5 + half], abs=1e-4)
    under = pack.normals(grey(ramp.T[:, :8].contiguous()), 32, "directx").data[0, 16, 4]
    assert float(under[1]) == pytest.approx(0.5 - half, abs=1e-4)
    flat = pack.normals(grey(torch.full((4, 4), 0.3)))
    assert flat.data[0, 2, 2].tolist() == [0.5, 0.5, 1]


def person(**seen: tuple[float, float]) -> dict[str, object]:
    names = ["nose", "neck", "r_shoulder", "r_elbow"]
    flat: list[float] = []
    for at in range(18):
        x, y = seen.get(names[at] if at < 4 else "", (0.0, 0.0))
        flat += [x, y, 1.0 if x else 0.0]
    return {"pose_keypoints_2d": flat}


def test_bodies_are_drawn_in_the_colours_of_openpose() -> None:
    points = {
        "canvas_width": 100,
        "canvas_height": 80,
        "people": [person(neck=(50.5, 20.5), r_shoulder=(30.5, 20.5))],
    }
    page = pack.draw_pose(points, thickness=3).data[0]
    assert page.shape == (80, 100, 3)
    full = torch.tensor(COLOURS) / 255
    assert page[20, 50].tolist() == pytest.approx(full[1].tolist()), "the neck"
    assert page[20, 30].tolist() == pytest.approx(full[2].tolist()), "the right shoulder"
    assert page[20, 40].tolist() == pytest.approx((full[0] * 0.6).tolist()), "the limb, darker"
    assert page[26, 40].max() == 0
    assert page[40:].max() == 0
    twice = pack.draw_pose(points, width=200, height=160, thickness=6).data[0]
    assert twice[41, 101].tolist() == pytest.approx(full[1].tolist())


def test_points_that_are_not_seen_are_not_drawn_and_wrong_ones_are_told_of() -> None:
    nobody = {"canvas_width": 8, "canvas_height": 8, "people": [person()]}
    assert pack.draw_pose(nobody).data.max() == 0
    assert pack.draw_pose([nobody]).size == (8, 8), "as ControlNet tools hand it on: in a list"
    far = {"canvas_width": 8, "canvas_height": 8, "people": [person(neck=(1e9, -1e9))]}
    assert pack.draw_pose(far).data.max() == 0
    for wrong in ({}, {"people": [{"pose_keypoints_2d": [1.0]}]}, "text", {"people": [1]}):
        with pytest.raises(NodeError, match="no points as OpenPose writes them"):
            pack.draw_pose(wrong)
    with pytest.raises(NodeError, match="set width and height"):
        pack.draw_pose({"people": []})
