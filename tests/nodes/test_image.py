"""Pack `image`, called as plain functions: known pixels and values worked out by hand."""

import itertools
import math
from typing import get_args

import pytest
import torch
from PIL import Image as PilImage

from musegraph import Context, File, Image, Mask, NodeError
from musegraph_nodes import image as pack
from musegraph_nodes.image.compose import BlendMode
from musegraph_nodes.image.lettering import Typeface, broken


def picture(*rows: list[tuple[float, ...]]) -> Image:
    return Image(torch.tensor([rows]))


def grey(*rows: list[float]) -> Image:
    return Image(torch.tensor([rows])[..., None].expand(-1, -1, -1, 3).contiguous())


def random(height: int, width: int, channels: int = 3, count: int = 1) -> Image:
    generator = torch.Generator().manual_seed(height * width + channels)
    return Image(torch.rand(count, height, width, channels, generator=generator))


def mask(*rows: list[float]) -> Mask:
    return Mask(torch.tensor([rows]))


def close(value: torch.Tensor, wanted: object, within: float = 1e-5) -> bool:
    return torch.allclose(value, torch.as_tensor(wanted, dtype=value.dtype), atol=within, rtol=0)


def red(image: Image) -> list[list[float]]:
    rows: list[list[float]] = image.data[0, ..., 0].tolist()
    return rows


def test_every_node_says_in_a_sentence_what_it_computes_and_has_a_version() -> None:
    for id, node in pack.pack.types.items():
        assert node.text.split("\n")[0].endswith("."), id
        assert node.version == "1", id


# Resampling


@pytest.mark.parametrize("method", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [(29, 41), (11, 7), (64, 3), (150, 97)])
def test_resampling_agrees_with_pillow(method: str, size: tuple[int, int]) -> None:
    source = random(37, 53)
    made = pack.resize(source, *size, fit="stretch", method=method).data  # type: ignore[arg-type]
    for channel in range(3):
        plane = PilImage.frombytes(
            "F", (53, 37), source.data[0, ..., channel].contiguous().numpy().tobytes()
        )
        filtered = plane.resize(size, PilImage.Resampling[method.upper()])
        peer = torch.frombuffer(bytearray(filtered.tobytes()), dtype=torch.float32)
        assert close(made[0, ..., channel], peer.reshape(size[1], size[0]).clamp(0, 1), 2e-5)


def test_area_averages_exactly_what_a_pixel_covers() -> None:
    source = grey([0.0, 0.3, 0.6, 0.9, 0.3])
    made = pack.resize(source, 2, 1, fit="stretch", method="area")
    # Each result pixel is 2.5 wide: (0 + 0.3 + 0.6/2) / 2.5 and (0.6/2 + 0.9 + 0.3) / 2.5.
    assert red(made)[0] == pytest.approx([0.24, 0.6])
    whole = pack.scale(random(6, 9), 1 / 3, "area")
    pooled = torch.nn.functional.avg_pool2d(random(6, 9).data.permute(0, 3, 1, 2), 3)
    assert close(whole.data, pooled.permute(0, 2, 3, 1))


def test_nearest_repeats_pixels() -> None:
    made = pack.scale(grey([0.1, 0.9]), 2.0, "nearest")
    assert red(made) == [pytest.approx([0.1, 0.1, 0.9, 0.9])] * 2


def test_fine_stripes_become_grey_and_not_coarse_stripes() -> None:
    stripes = grey(*[[0.0, 1.0] * 64] * 4)
    for method in ("bilinear", "bicubic", "lanczos", "area"):
        made = pack.resize(stripes, 18, 4, fit="stretch", method=method)  # type: ignore[arg-type]
        assert abs(made.data - 0.5).max() < 0.07, method


def test_colours_of_unseen_pixels_do_not_bleed_into_seen_ones() -> None:
    source = picture([(1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0)] * 4)
    for made in (pack.resize(source, 3, 1, fit="stretch"), pack.blur(source, 2.0)):
        seen = made.data[..., 3] > 0.01
        assert close(made.data[..., :3][seen], torch.tensor([1.0, 0, 0]).expand(seen.sum(), 3))


@pytest.mark.parametrize(
    ("fit", "size"),
    [("stretch", (40, 40)), ("contain", (40, 20)), ("cover", (40, 40)), ("pad", (40, 40))],
)
def test_each_fit_gives_its_size(fit: str, size: tuple[int, int]) -> None:
    assert pack.resize(random(10, 20), 40, 40, fit=fit).size == size  # type: ignore[arg-type]


def test_cover_shows_the_middle_and_pad_the_whole_on_the_background() -> None:
    source = grey([0.0, 0.25, 0.75, 1.0], [0.0, 0.25, 0.75, 1.0])
    assert red(pack.resize(source, 2, 2, "cover", "nearest"))[0] == [0.25, 0.75]
    padded = pack.resize(source, 4, 4, "pad", "nearest", "#ff0000")
    assert padded.data[0, 0, 0].tolist() == [1, 0, 0]
    assert red(padded)[1] == [0.0, 0.25, 0.75, 1.0]


def test_a_size_that_is_too_large_is_refused_before_memory_is_asked_for() -> None:
    with pytest.raises(NodeError, match="are too many"):
        pack.scale(random(300, 300), 64.0)


# Place


def test_a_box_is_cut_out_from_the_side_that_is_asked_for() -> None:
    source = random(6, 8)
    assert pack.crop(source, 3, 2, 1, 4).data.equal(source.data[:, 4:6, 1:4])
    assert pack.crop(source, 3, 2, anchor="bottom right").data.equal(source.data[:, 4:, 5:])
    assert pack.crop(source, 4, 4, anchor="center").data.equal(source.data[:, 1:5, 2:6])
    with pytest.raises(NodeError, match="9×2 at 0, 0 does not lie inside a picture of 8×6"):
        pack.crop(source, 9, 2)


def test_borders_are_filled_as_asked_for() -> None:
    source = grey([0.2, 0.4, 0.8])
    assert red(pack.pad(source, left=1, right=1, filling="edge"))[0] == pytest.approx(
        [0.2, 0.2, 0.4, 0.8, 0.8]
    )
    assert red(pack.pad(source, left=2, filling="mirror"))[0] == pytest.approx(
        [0.8, 0.4, 0.2, 0.4, 0.8]
    )
    clear = pack.pad(source, top=1, background="#ff000000")
    assert clear.data.shape == (1, 2, 3, 4)
    assert clear.data[0, 0, 0].tolist() == [1, 0, 0, 0]
    assert clear.data[0, 1, 0].tolist() == pytest.approx([0.2, 0.2, 0.2, 1])
    with pytest.raises(NodeError, match="narrower than the picture"):
        pack.pad(source, left=3, filling="mirror")


def test_pictures_are_mirrored() -> None:
    source = grey([1.0, 2.0], [3.0, 4.0])
    assert red(pack.flip(source)) == [[2, 1], [4, 3]]
    assert red(pack.flip(source, "vertical")) == [[3, 4], [1, 2]]
    assert red(pack.flip(source, "both")) == [[4, 3], [2, 1]]


def test_quarter_turns_are_clockwise_and_exact() -> None:
    source = grey([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert red(pack.rotate(source, 90)) == [[4, 1], [5, 2], [6, 3]]
    assert red(pack.rotate(source, -90)) == [[3, 6], [2, 5], [1, 4]]
    assert red(pack.rotate(source, 180, expand=False)) == [[6, 5, 4], [3, 2, 1]]


def test_other_turns_go_the_same_way_and_show_the_background() -> None:
    source = pack.pad(grey(*[[1.0] * 4] * 4), right=28, bottom=28)
    turned = pack.rotate(source, 45, background="#0000ff")
    assert turned.size == (46, 46)
    bright = (turned.data[0, ..., 0] > 0.5).nonzero().float().mean(dim=0)
    assert bright[0] < 8
    assert abs(bright[1] - 22.5) < 1
    assert turned.data[0, 0, 0].tolist() == [0, 0, 1]
    steady = pack.rotate(random(20, 30), 30, expand=False)
    back = pack.rotate(steady, -30, expand=False)
    assert abs(back.data[0, 8:12, 12:18] - random(20, 30).data[0, 8:12, 12:18]).mean() < 0.1


def test_turning_a_picture_keeps_what_shows_through_it() -> None:
    source = Image(torch.zeros(1, 40, 40, 4))
    turned = pack.rotate(source, 45, background="#ff0000")
    assert turned.data.shape[-1] == 4
    assert turned.data[0, 28, 28, 3] == pytest.approx(0, abs=1e-5)
    assert turned.data[0, 0, 0].tolist() == pytest.approx([1, 0, 0, 1])


def test_a_picture_is_measured() -> None:
    assert pack.size(random(4, 7, count=3)) == (7, 4, 3)


# Batches


def test_a_batch_is_split_and_stacked_again() -> None:
    batch = random(3, 4, count=3)
    assert pack.stack(pack.split(batch)).data.equal(batch.data)
    mixed = pack.stack([random(3, 4), random(3, 4, 4)])
    assert mixed.data.shape == (2, 3, 4, 4)
    assert mixed.data[0, ..., 3].min() == 1
    with pytest.raises(NodeError, match="picture 2 is 5×3 and the first is 4×3"):
        pack.stack([random(3, 4), random(3, 5)])
    with pytest.raises(NodeError, match="empty"):
        pack.stack([])


# Colour


def test_adjusting_nothing_changes_nothing() -> None:
    source = random(4, 4, 4)
    assert pack.adjust(source).data.equal(source.data)


def test_each_adjustment_follows_its_formula() -> None:
    source = picture([(0.2, 0.4, 0.6, 0.5)])
    cases = [
        ({"brightness": 2.0}, (0.4, 0.8, 1.0)),
        ({"contrast": 2.0}, (0.0, 0.3, 0.7)),
        ({"gamma": 2.0}, (math.sqrt(0.2), math.sqrt(0.4), math.sqrt(0.6))),
        # grey is 0.213 · 0.2 + 0.715 · 0.4 + 0.072 · 0.6 = 0.3718
        ({"saturation": 0.0}, (0.3718, 0.3718, 0.3718)),
        ({"saturation": 0.5}, (0.2859, 0.3859, 0.4859)),
    ]
    for change, wanted in cases:
        made = pack.adjust(source, **change)
        assert close(made.data[0, 0, 0], [*wanted, 0.5]), change


def test_turning_the_hue_leaves_grey_and_comes_round() -> None:
    source = random(5, 5)
    plain = grey([0.3, 0.7])
    assert close(pack.adjust(plain, hue=77).data, plain.data, 1e-6)
    muted = Image(0.4 + source.data * 0.2)
    turned = pack.adjust(pack.adjust(pack.adjust(muted, hue=120), hue=120), hue=120)
    assert close(turned.data, muted.data, 2e-3)


def test_grey_and_inverse_keep_transparency() -> None:
    source = picture([(1.0, 0.0, 0.0, 0.25)])
    assert close(pack.to_grayscale(source).data[0, 0, 0], [0.2126, 0.2126, 0.2126, 0.25])
    assert pack.invert(source).data[0, 0, 0].tolist() == [0, 1, 1, 0.25]


def test_the_blur_is_a_gaussian_that_keeps_light() -> None:
    point = Image(torch.zeros(1, 41, 41, 3))
    point.data[0, 20, 20] = 1
    made = pack.blur(point, 2.0).data[0, ..., 0]
    assert made.sum() == pytest.approx(1, abs=1e-4)
    assert made[20, 22] / made[20, 20] == pytest.approx(math.exp(-0.5), rel=1e-4)
    assert made[23, 24] / made[20, 20] == pytest.approx(math.exp(-25 / 8), rel=1e-3)
    flat = pack.blur(grey(*[[0.4] * 9] * 5), 30.0)
    assert close(flat.data, torch.full((1, 5, 9, 3), 0.4))
    source = random(8, 8)
    assert pack.blur(source, 0).data.equal(source.data)


def test_sharpening_raises_what_differs_and_leaves_what_is_flat() -> None:
    edge = grey(*[[0.3] * 8 + [0.6] * 8] * 8)
    made = pack.sharpen(edge, 1.0, 1.0).data[0, 4, :, 0]
    assert made[7] < 0.3 < 0.6 < made[8]
    assert close(made[:3], [0.3] * 3, 1e-4)
    assert pack.sharpen(edge, 1.0, 1.0, threshold=0.5).data.equal(edge.data)


def test_pictures_are_cross_faded() -> None:
    assert red(pack.blend(grey([0.0]), grey([1.0]), 0.25))[0][0] == pytest.approx(0.25)
    half = pack.blend(picture([(1.0, 0.0, 0.0, 1.0)]), picture([(0.0, 0.0, 1.0, 0.0)]), 0.5)
    assert close(half.data[0, 0, 0], [1, 0, 0, 0.5])
    assert len(pack.blend(random(2, 2, count=3), random(2, 2)).data) == 3
    with pytest.raises(NodeError, match=r"a is 1×1 and b is 2×1; image\.resize"):
        pack.blend(grey([0.0]), grey([0.0, 1.0]))


# Composition


def test_a_picture_is_laid_where_it_is_asked_for_and_cut_at_the_edges() -> None:
    base, over = grey(*[[0.0] * 5] * 4), grey([1.0, 1.0], [1.0, 1.0])
    assert red(pack.compose(base, over, x=1, y=1))[1] == [0, 1, 1, 0, 0]
    assert pack.compose(base, over, anchor="bottom right").data[0, 2:, 3:].min() == 1
    cut = pack.compose(base, over, x=-1, y=-1)
    assert cut.data[..., 0].sum() == 1
    assert cut.data[0, 0, 0, 0] == 1
    outside = pack.compose(base, over, x=50)
    assert outside.data.equal(base.data)


def test_opacity_mask_and_transparency_multiply() -> None:
    over = picture([(1.0, 1.0, 1.0, 0.5)])
    made = pack.compose(grey([0.0]), over, mask([0.5]), opacity=0.5)
    assert made.data[0, 0, 0].tolist() == pytest.approx([0.125] * 3)
    with pytest.raises(NodeError, match=r"the mask is 2×1 and the upper picture 1×1"):
        pack.compose(grey([0.0]), over, mask([0.5, 0.5]))


def test_transparent_grounds_follow_source_over() -> None:
    base = picture([(0.0, 0.0, 1.0, 0.5)])
    over = picture([(1.0, 0.0, 0.0, 0.5)])
    # alpha 0.5 + 0.5 · 0.5 = 0.75; red 0.5 / 0.75; blue 0.5 · 0.5 / 0.75
    assert close(pack.compose(base, over).data[0, 0, 0], [2 / 3, 0, 1 / 3, 0.75])
    empty = Image(torch.zeros(1, 1, 1, 4))
    assert close(pack.compose(empty, over, mode="multiply").data, over.data)


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("normal", 0.6),
        ("multiply", 0.12),
        ("screen", 0.68),
        ("overlay", 0.24),
        ("darken", 0.2),
        ("lighten", 0.6),
        ("add", 0.8),
        ("subtract", 0.0),
        ("difference", 0.4),
        ("exclusion", 0.56),
        ("hard light", 0.36),
        # D(0.2) = ((16 · 0.2 − 12) · 0.2 + 4) · 0.2 = 0.448; 0.2 + 0.2 · (0.448 − 0.2)
        ("soft light", 0.2496),
        ("color dodge", 0.5),
        ("color burn", 0.0),
    ],
)
def test_each_mode_follows_its_formula(mode: BlendMode, value: float) -> None:
    made = pack.compose(grey([0.2]), grey([0.6]), mode=mode)
    assert made.data[0, 0, 0, 0].item() == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("mode", get_args(BlendMode))
def test_no_mode_leaves_the_range_or_gives_nan(mode: BlendMode) -> None:
    levels = [0.0, 0.25, 0.5, 1.0]
    below = [b for b, _ in itertools.product(levels, levels)]
    above = [s for _, s in itertools.product(levels, levels)]
    made = pack.compose(grey(below), grey(above), mode=mode).data
    assert made.min() >= 0
    assert made.max() <= 1


def test_batches_are_composed_one_by_one_or_with_one_for_all() -> None:
    assert len(pack.compose(random(4, 4, count=3), random(2, 2)).data) == 3
    assert len(pack.compose(random(4, 4), random(2, 2, count=3)).data) == 3
    with pytest.raises(NodeError, match="base and over hold 2 and 3 pictures"):
        pack.compose(random(4, 4, count=2), random(2, 2, count=3))


# Masks


def test_masks_come_from_channels_and_become_pictures() -> None:
    source = picture([(1.0, 0.5, 0.25, 0.75)])
    for channel, value in (("red", 1), ("green", 0.5), ("blue", 0.25), ("alpha", 0.75)):
        assert pack.to_mask(source, channel).data.item() == value  # type: ignore[arg-type]
    assert pack.to_mask(source).data.item() == pytest.approx(0.58825)
    assert pack.to_mask(grey([0.5]), "alpha").data.item() == 1
    assert pack.from_mask(mask([0.25])).data[0, 0, 0].tolist() == [0.25] * 3


def test_a_mask_cuts_a_picture_out() -> None:
    cut = pack.set_alpha(grey([0.5, 0.5]), mask([0.0, 1.0]))
    assert cut.data[0, 0].tolist() == [[0.5, 0.5, 0.5, 0], [0.5, 0.5, 0.5, 1]]
    page = pack.flatten_alpha(cut, "#ff0000")
    assert close(page.data[0, 0], [[1, 0, 0], [0.5, 0.5, 0.5]])


def test_rectangles_and_ellipses_are_drawn_where_they_are_asked_for() -> None:
    box = pack.mask_rectangle(6, 5, -1, 1, 3, 2)
    assert box.data[0].sum() == 4
    assert box.data[0, 1:3, :2].min() == 1
    disk = pack.mask_ellipse(100, 80, 50.0, 40.0, 30.0, 20.0)
    assert disk.data.sum().item() == pytest.approx(math.pi * 30 * 20, rel=2e-3)
    assert disk.data[0, 40, 50] == 1
    assert disk.data.equal(disk.data.flip(1, 2))


def test_growing_is_by_a_round_brush_and_shrinking_is_its_opposite() -> None:
    point = Mask(torch.zeros(1, 21, 21))
    point.data[0, 10, 10] = 0.5
    for radius in (1, 2, 5, 9):
        grown = pack.mask_grow(point, radius).data[0]
        y, x = torch.meshgrid(torch.arange(-10, 11), torch.arange(-10, 11), indexing="ij")
        assert grown.equal((x * x + y * y <= radius * radius).float() * 0.5), radius
    box = pack.mask_rectangle(30, 30, 10, 10, 10, 10)
    assert pack.mask_grow(box, -3).data.equal(pack.mask_rectangle(30, 30, 13, 13, 4, 4).data)
    whole = Mask(torch.ones(1, 9, 9))
    assert pack.mask_grow(whole, -4).data.equal(whole.data)
    assert pack.mask_grow(box, 0).data.equal(box.data)


def test_masks_are_softened_hardened_inverted_and_resized() -> None:
    box = pack.mask_rectangle(40, 40, 0, 0, 20, 40)
    soft = pack.mask_feather(box, 3.0)
    assert soft.data[0, 20, 19:21].mean().item() == pytest.approx(0.5, abs=1e-4)
    assert pack.mask_threshold(soft, 0.5).data.equal(box.data)
    assert pack.mask_invert(box).data.equal(1 - box.data)
    assert pack.mask_resize(box, 20, 10, "area").data.equal(
        pack.mask_rectangle(20, 10, 0, 0, 10, 10).data
    )


def test_masks_are_combined() -> None:
    a, b = mask([0.0, 0.25, 1.0]), mask([1.0, 0.5, 1.0])
    cases = {
        "union": [1, 0.5, 1],
        "intersection": [0, 0.25, 1],
        "difference": [0, 0.25, 0],
        "exclusion": [1, 0.25, 0],
    }
    for how, wanted in cases.items():
        assert pack.mask_combine(a, b, how).data[0, 0].tolist() == wanted  # type: ignore[arg-type]
    with pytest.raises(NodeError, match="a is 3×1 and b is 1×1"):
        pack.mask_combine(a, mask([1.0]))


# Fills


def test_fills_have_the_colours_that_were_asked_for() -> None:
    assert pack.color(2, 1, "#ff8000", 2).data.shape == (2, 1, 2, 3)
    assert close(pack.color(1, 1, "#ff800040").data[0, 0, 0], [1, 128 / 255, 0, 64 / 255])
    ramp = red(pack.gradient(4, 1, angle=0.0))[0]
    assert ramp == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert red(pack.gradient(1, 2, angle=-90.0)) == [[0.75], [0.25]]
    round_one = pack.gradient(101, 101, shape="radial").data[0, ..., 0]
    assert round_one[50, 50] == pytest.approx(0, abs=1e-6)
    assert round_one[0, 0] == pytest.approx(100 / 101, abs=1e-5)
    fading = pack.gradient(2, 1, "#ff0000", "#0000ff00", angle=0.0)
    assert close(fading.data[0, 0], [[1, 0, 0, 0.75], [1, 0, 0, 0.25]])


def test_noise_is_that_of_its_seed() -> None:
    one, same, other = (pack.noise(Context(), 8, 8, seed) for seed in (1, 1, 2))
    assert one.data.equal(same.data)
    assert not one.data.equal(other.data)
    plain = pack.noise(Context(), 64, 64, 3, colored=False)
    assert plain.data[..., 0].equal(plain.data[..., 2])
    assert plain.data.mean().item() == pytest.approx(0.5, abs=0.02)


# Files


def test_a_picture_that_is_saved_and_opened_is_the_same() -> None:
    source = Image((random(5, 6, 4, 2).data * 255).round() / 255)
    for kind in ("png", "webp"):
        made = pack.save(source, "cat", kind)  # type: ignore[arg-type]
        assert [file.name for file in made] == [f"cat-1.{kind}", f"cat-2.{kind}"]
        assert pack.open_file(made[1]).data.equal(source.data[1:])
    assert pack.load(source) is source
    with pytest.raises(NodeError, match="PNG is lossless and has no quality"):
        pack.save(source, "cat", "png", 80)


# Contact sheets


def test_a_sheet_holds_every_picture_row_by_row() -> None:
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff"]
    sheet = pack.grid([pack.color(20, 10, c) for c in colours], columns=3, gap=4)
    # Margins of 6: 3 · 20 + 2 · 4 + 12 wide, 2 · 10 + 4 + 12 high.
    assert sheet.size == (80, 36)
    data = sheet.data[0]
    assert data[6, 6].tolist() == [1, 0, 0]
    assert data[15, 6 + 2 * 24 + 19].tolist() == [0, 0, 1]
    assert data[6 + 14, 6 + 24].tolist() == [0, 1, 1]
    assert close(data[0, 0], [246 / 255, 245 / 255, 242 / 255])
    assert close(data[-7, -7], data[0, 0])


def test_batches_different_sizes_and_transparency_find_their_place_on_a_sheet() -> None:
    small = Image(torch.zeros(1, 10, 10, 4))
    sheet = pack.grid([random(40, 40, count=2), small], columns=0, gap=0, background="#102030")
    assert sheet.size == (80, 50)
    assert sheet.data.shape[-1] == 3
    assert close(sheet.data[0, 45, 20], [16 / 255, 32 / 255, 48 / 255])
    assert pack.grid([small], cell=64, gap=0).size == (64, 64)


def test_labels_are_written_below_their_pictures_and_inside_the_sheet() -> None:
    pictures = [pack.color(128, 64, "#808080") for _ in range(3)]
    plain = pack.grid(pictures, columns=2)
    sheet = pack.grid(pictures, ["seed 7", "", "a lighthouse at dusk, watercolor"], columns=2)
    assert sheet.size[0] == plain.size[0]
    assert sheet.size[1] > plain.size[1] + 2 * 12
    page = sheet.data[0, ..., 0]
    ink = page < 0.4
    assert ink[24 + 64 : 24 + 64 + 22, 24:152].any()
    assert not ink[24 + 64 : 24 + 64 + 22, 168:].any()
    assert not ink[:, :24].any()
    assert not ink[:, 152:168].any()


def test_labels_of_rows_and_columns_stand_left_and_above_and_touch_no_picture() -> None:
    pictures = [pack.color(100, 100, "#808080") for _ in range(4)]
    plain = pack.grid(pictures, columns=2)
    sheet = pack.grid(pictures, columns=2, row_labels=["a", "bb"], column_labels=["x", "yy"])
    side, head = (new - old for new, old in zip(sheet.size, plain.size, strict=True))
    assert side > 12
    assert head > 12
    page = sheet.data[0, ..., 0]
    assert torch.equal(page[head + 24 :, side + 24 :], plain.data[0, 24:, 24:, 0])
    ink = page < 0.4
    assert ink[head + 24 : head + 124, : side + 24].any()
    assert ink[head + 140 : head + 240, : side + 24].any()
    for left in (side + 24, side + 140):
        assert ink[: head + 24, left : left + 100].any()
    assert not ink[: head + 24, : side + 24].any()


@pytest.mark.parametrize(("port", "what"), [("row_labels", "row"), ("column_labels", "column")])
def test_labels_of_rows_and_columns_must_be_as_many_as_these(port: str, what: str) -> None:
    with pytest.raises(NodeError, match=f"3 {what} labels for 2 {what}s"):
        pack.grid([random(9, 9)] * 4, columns=2, **{port: ["a", "b", "c"]})


@pytest.mark.parametrize("most", [1, 2, 3])
def test_long_labels_are_broken_between_words_and_end_in_an_ellipsis(most: int) -> None:
    face = Typeface(12, None)
    text = "a lighthouse at dusk, in watercolor, with a very very long description of everything"
    lines = broken(text, face, 128, most)
    assert len(lines) == most
    assert all(face.width(line) <= 128 for line in lines)
    assert lines[-1].endswith("…")
    assert " ".join(lines)[:-1].rstrip() == text[: len(" ".join(lines)) - 1].rstrip(" ,")
    assert broken("one\ntwo", face, 128, 3) == ["one", "two"]
    assert len(broken("w" * 60, face, 128, 9)) > 1


def test_letters_that_the_font_lacks_are_written_plainly_or_named() -> None:
    face = Typeface(12, None)
    assert face.spelled("Café – 3 × 5") == "Cafe - 3 x 5"
    with pytest.raises(NodeError, match=r"lacks: 灯塔; give a font file"):
        pack.grid([random(9, 9)], ["灯塔 at dusk"])
    with pytest.raises(NodeError, match=r"'x\.ttf' is no font"):
        pack.grid([random(9, 9)], ["a"], font=File(b"no font", "x.ttf"))
    with pytest.raises(NodeError, match="2 labels for 1 pictures"):
        pack.grid([random(9, 9)], ["a", "b"])
    with pytest.raises(NodeError, match="empty"):
        pack.grid([])
