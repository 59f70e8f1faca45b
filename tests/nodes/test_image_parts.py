"""Pack `image` in parts: shapes of masks, cutting out and stitching, room, tiles, textures."""

import math
from pathlib import Path

import pytest
import torch

from musegraph import Engine, Image, Mask, NodeError, Pack, Registry, Store, Workflow, node
from musegraph.values import decode, encode
from musegraph_nodes import image as pack
from musegraph_nodes.image.mask_tools import depth
from musegraph_nodes.image.regions import Region
from musegraph_nodes.image.tiling import Grid, assemble, overlaps, starts


def random(height: int, width: int, channels: int = 3, count: int = 1) -> Image:
    generator = torch.Generator().manual_seed(height * width + channels)
    return Image(torch.rand(count, height, width, channels, generator=generator))


def drawn(*rows: str) -> Mask:
    """A mask of signs: ``#`` is 1, ``+`` a half, everything else 0."""
    values = {"#": 1.0, "+": 0.5}
    return Mask(torch.tensor([[[values.get(sign, 0.0) for sign in row] for row in rows]]))


def box(width: int, height: int, left: int, top: int, right: int, bottom: int) -> Mask:
    data = torch.zeros(1, height, width)
    data[:, top:bottom, left:right] = 1
    return Mask(data)


# Masks as shapes


def test_holes_are_filled_and_bays_are_not() -> None:
    ring = drawn("#####..", "#...#..", "#.#.#.#", "#...#.#", "#####.#")
    filled = pack.mask_fill_holes(ring).data
    assert filled.equal(drawn("#####..", "#####..", "#####.#", "#####.#", "#####.#").data)
    bay = drawn("###", "#..", "###")
    assert pack.mask_fill_holes(bay).data.equal(bay.data)


def test_holes_above_a_size_stay_open_and_soft_edges_stay_soft() -> None:
    two = drawn("########", "#.##...#", "####...#", "########", "++++++++")
    made = pack.mask_fill_holes(two, largest=2).data
    assert made.equal(drawn("########", "####...#", "####...#", "########", "++++++++").data)


def test_a_colour_is_picked_by_its_distance() -> None:
    row = Image(torch.tensor([[[[0.0, 1, 0], [0.3, 1, 0], [1, 1, 0], [0, 0, 0]]]]))
    assert pack.mask_from_color(row, "#00ff00", 0.2).data.tolist() == [[[1, 1, 0, 0]]]
    # The root of the mean of squares: 0.3/√3 = 0.1732 and 1/√3 = 0.5774.
    soft = pack.mask_from_color(row, "#00ff00", 0.1, 0.5).data[0, 0]
    wanted = [1, (0.6 - 0.3 / math.sqrt(3)) / 0.5, (0.6 - 1 / math.sqrt(3)) / 0.5]
    assert soft[:3].tolist() == pytest.approx(wanted, abs=1e-6)
    assert soft[3] == soft[2]


def test_the_box_around_a_mask_is_measured_with_its_margin() -> None:
    shape = box(20, 10, 4, 2, 9, 5)
    assert pack.mask_box(shape) == (4, 2, 5, 3)
    assert pack.mask_box(shape, margin=3) == (1, 0, 11, 8)
    with pytest.raises(NodeError, match=r"the mask is nowhere 0\.5 or more"):
        pack.mask_box(Mask(torch.full((1, 4, 4), 0.4)))


def test_the_pieces_of_a_mask_come_one_by_one_and_the_largest_first() -> None:
    crowd = drawn("##...###", "##...###", ".....###", "#.......", ".#......")
    large, middle, corner = pack.mask_pieces(crowd, smallest=1)
    assert large.data.sum() == 9
    assert middle.data.equal(drawn("##......", "##......", *["........"] * 3).data)
    assert corner.data.sum() == 2, "pixels that touch in a corner belong together"
    assert [len(pack.mask_pieces(crowd, s, m)) for s, m in ((3, 9), (1, 1), (10, 9))] == [2, 1, 0]
    assert torch.stack([p.data for p in (large, middle, corner)]).sum(0).equal(crowd.data)


def test_depth_is_the_distance_to_the_edge_and_none_to_that_of_the_picture() -> None:
    made = depth(drawn("...", "###", "###").data)
    assert made.tolist() == [[[0, 0, 0], [1, 1, 1], [2, 2, 2]]]
    assert bool(depth(torch.ones(1, 2, 2)).isinf().all())


# Cutting out and stitching


def test_what_is_cut_out_and_stitched_unchanged_gives_the_very_picture() -> None:
    source, hole = random(50, 70), box(70, 50, 20, 10, 40, 30)
    cut = pack.cut_out(source, hole)
    assert pack.stitch(source, [cut.image], [cut.region]).data.equal(source.data)


@pytest.mark.parametrize("size", [0, 128])
@pytest.mark.parametrize("feather", [0, 5])
def test_outside_the_mask_every_pixel_stays_bit_for_bit(size: int, feather: int) -> None:
    source, hole = random(50, 70), drawn(*["." * 70] * 20, *["." * 30 + "##+" * 5 + "." * 25] * 30)
    cut = pack.cut_out(source, hole, size=size, feather=feather)
    part = Image(torch.rand_like(cut.image.data))
    made = pack.stitch(source, [part], [cut.region]).data
    outside = hole.data[0] == 0
    assert made[0][outside].equal(source.data[0][outside])
    assert not made[0][~outside].equal(source.data[0][~outside])


def test_inside_a_hard_mask_every_pixel_is_that_of_the_part() -> None:
    source, hole = random(40, 40), box(40, 40, 8, 8, 24, 24)
    cut = pack.cut_out(source, hole, context=0, feather=0)
    assert cut.image.size == (16, 16)
    assert cut.image.data.equal(source.data[:, 8:24, 8:24])
    assert cut.mask.data.equal(torch.ones(1, 16, 16))
    part = random(16, 16)
    made = pack.stitch(source, [part], [cut.region]).data
    assert made[:, 8:24, 8:24].equal(part.data)


def test_a_feather_rises_inwards_from_the_edge_of_the_mask() -> None:
    source = Image(torch.zeros(1, 16, 16, 3))
    cut = pack.cut_out(source, box(16, 16, 4, 0, 16, 16), context=0, multiple=1, feather=3)
    made = pack.stitch(source, [Image(torch.ones(1, 16, 12, 3))], [cut.region]).data[0, 7, :, 0]
    assert made.tolist() == pytest.approx([0, 0, 0, 0, 0.25, 0.5, 0.75, *[1] * 9])


def test_a_box_takes_its_surroundings_suits_the_model_and_stays_inside() -> None:
    source = random(96, 96)
    cut = pack.cut_out(source, box(96, 96, 40, 40, 60, 50), context=0.5, multiple=16)
    assert (cut.region.left, cut.region.top, cut.region.size) == (26, 29, (48, 32))
    assert cut.image.data.equal(source.data[:, 29:61, 26:74])
    corner = pack.cut_out(source, box(96, 96, 90, 0, 96, 4), context=1, multiple=16)
    assert (corner.region.left, corner.region.top, corner.region.size) == (64, 0, (32, 16))


def test_a_small_part_is_brought_to_the_size_that_the_model_knows() -> None:
    cut = pack.cut_out(random(200, 300), box(300, 200, 100, 100, 130, 120), size=512, multiple=64)
    assert cut.image.size == (512, 448)
    assert cut.mask.data.shape == (1, 448, 512)
    width, height = cut.region.size
    assert width / height == pytest.approx(512 / 448, rel=0.02), "nothing is stretched"


def test_a_picture_too_narrow_for_the_multiple_goes_on_at_its_edges() -> None:
    source = random(21, 30)
    cut = pack.cut_out(source, box(30, 21, 0, 0, 30, 21), multiple=16, feather=0)
    assert cut.image.size == (32, 32)
    assert (cut.region.left, cut.region.top) == (-1, -6)
    assert cut.image.data[:, 6:27, 1:31].equal(source.data)
    assert cut.image.data[0, 0, 5:20].equal(source.data[0, 0, 4:19])
    made = pack.stitch(source, [cut.image], [cut.region])
    assert made.data.equal(source.data)


def test_a_grown_mask_bounds_what_changes() -> None:
    source, hole = random(64, 64), box(64, 64, 30, 30, 34, 34)
    cut = pack.cut_out(source, hole, grow=6, feather=2)
    black = Image(torch.zeros_like(cut.image.data))
    changed = (pack.stitch(source, [black], [cut.region]).data != source.data).any(-1)[0]
    assert changed.equal(pack.mask_grow(hole, 6).data[0] > 0)


def test_several_parts_go_back_into_one_picture_and_none_changes_nothing() -> None:
    source = random(32, 32)
    cuts = [
        pack.cut_out(source, hole, context=0, feather=0)
        for hole in (box(32, 32, 0, 0, 8, 8), box(32, 32, 24, 24, 32, 32))
    ]
    parts = [Image(torch.full_like(cuts[0].image.data, value)) for value in (0.0, 1.0)]
    made = pack.stitch(source, parts, [cut.region for cut in cuts]).data
    assert made[0, :8, :8].max() == 0
    assert made[0, 24:, 24:].min() == 1
    assert made[0, 8:24].equal(source.data[0, 8:24])
    assert pack.stitch(source, [], []).data.equal(source.data)


def test_a_part_without_transparency_leaves_that_of_the_picture() -> None:
    source = random(16, 16, 4)
    cut = pack.cut_out(source, box(16, 16, 0, 0, 16, 16), feather=0)
    made = pack.stitch(source, [random(16, 16)], [cut.region]).data
    assert made[..., 3].equal(source.data[..., 3])
    assert made[..., :3].equal(random(16, 16).data)


def test_what_does_not_fit_is_said_before_anything_is_stitched() -> None:
    source = random(16, 16)
    cut = pack.cut_out(source, box(16, 16, 0, 0, 8, 8))
    with pytest.raises(NodeError, match="cut out of a picture of 16×16 and this one is 20×16"):
        pack.stitch(random(16, 20), [cut.image], [cut.region])
    with pytest.raises(NodeError, match="1 parts for 2 regions"):
        pack.stitch(source, [cut.image], [cut.region] * 2)
    with pytest.raises(NodeError, match="the mask is empty"):
        pack.cut_out(source, box(16, 16, 0, 0, 0, 0))
    with pytest.raises(NodeError, match="the mask is 8×16 and the picture 16×16"):
        pack.cut_out(source, box(8, 16, 0, 0, 8, 8))


def test_a_region_comes_back_from_its_bytes() -> None:
    region = pack.cut_out(random(32, 32), box(32, 32, 3, 4, 9, 9)).region
    read = decode(bytearray(b"".join(bytes(part) for part in encode(region))))
    assert isinstance(read, Region)
    assert (read.left, read.top, read.whole) == (region.left, region.top, region.whole)
    assert read.weights.equal(region.weights)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_each_piece_of_a_mask_is_redone_by_itself_and_put_back(
    tmp_path: Path, level: float
) -> None:
    """As faces are: two blots are cut out, made anew and stitched; or none, and nothing changes."""
    size = {"width": 96, "height": 64}
    graph = {
        "musegraph": 1,
        "outputs": {"before": "noise.out", "after": "back.out", "where": "both.out"},
        "nodes": {
            "noise": {"type": "image.noise", "values": size},
            "left": {
                "type": "image.mask_rectangle",
                "values": {**size, "x": 8, "y": 8, "box_width": 20, "box_height": 16},
            },
            "right": {
                "type": "image.mask_rectangle",
                "values": {**size, "x": 60, "y": 30, "box_width": 24, "box_height": 28},
            },
            "union": {"type": "image.mask_combine", "links": {"a": "left.out", "b": "right.out"}},
            "both": {"type": "test_parts.fainter", "links": {"mask": "union.out"}},
            "pieces": {
                "type": "image.mask_pieces",
                "values": {"level": level},
                "links": {"mask": "both.out"},
            },
            "cut": {
                "type": "image.cut_out",
                "values": {"feather": 0, "multiple": 1},
                "links": {"image": "noise.out", "mask": "pieces.out"},
            },
            "redo": {"type": "image.invert", "links": {"image": "cut.image"}},
            "back": {
                "type": "image.stitch",
                "links": {"image": "noise.out", "parts": "redo.out", "regions": "cut.region"},
            },
        },
    }

    @node(version="1")
    def fainter(mask: Mask) -> Mask:
        """Make a mask of 0.8 where it is 1."""
        return Mask(mask.data * 0.8)

    registry = Registry.of(pack.pack, Pack("test_parts", [fainter]))
    with Engine(registry, Store(tmp_path)) as engine:
        result = engine.run(engine.plan(Workflow.parse(graph)))
        assert result.ok, result.outcome.errors
        found = {name: value.data[0] for name, value in result.outputs().items()}
    inside = found["where"] > 0
    assert found["after"][~inside].equal(found["before"][~inside])
    if level == 0.9:
        assert found["after"].equal(found["before"]), "there are no pieces"
        return
    mixed = found["before"] + 0.8 * (1 - 2 * found["before"])
    assert torch.allclose(found["after"][inside], mixed[inside], atol=1e-6)


# Holes


def test_a_hole_is_filled_from_what_lies_around_it_and_nothing_else_changes() -> None:
    slope = torch.linspace(0.2, 0.8, 65)[None, None, :, None].expand(1, 49, 65, 3).contiguous()
    hole = box(65, 49, 20, 10, 45, 40)
    broken = slope.clone()
    broken[hole.data > 0] = 0.0
    made = pack.fill_hole(Image(broken), hole).data
    assert made[hole.data == 0].equal(slope[hole.data == 0])
    assert float((made - slope).abs().max()) < 0.12
    steps = made.diff(dim=2).abs()[0, 10:40, 21:44]
    assert float(steps.max()) < 0.06, "it runs smoothly"


def test_a_hole_in_one_colour_takes_that_colour_and_a_whole_hole_what_there_is() -> None:
    even = Image(torch.full((1, 31, 17, 3), 0.3))
    broken = even.data.clone()
    broken[:, 5:30, 2:12] = 1.0
    made = pack.fill_hole(Image(broken), box(17, 31, 2, 5, 12, 30)).data
    assert torch.allclose(made, even.data, atol=1e-6)
    everything = pack.fill_hole(even, box(17, 31, 0, 0, 17, 31)).data
    assert bool(torch.isfinite(everything).all())
    with pytest.raises(NodeError, match="the mask is 8×8 and the picture 17×31"):
        pack.fill_hole(even, box(8, 8, 0, 0, 4, 4))


def test_colours_are_matched_where_two_pictures_are_to_be_alike() -> None:
    wanted, hole = random(40, 40), box(40, 40, 10, 10, 30, 30)
    painted = wanted.data * torch.tensor([0.5, 0.8, 1.0]) + torch.tensor([0.3, 0.1, 0.0])
    different = painted.clone()
    different[:, 10:30, 10:30] = 0.9
    made = pack.match_colors(Image(different), wanted, hole).data
    outside = hole.data == 0
    assert torch.allclose(made[outside], wanted.data[outside], atol=1e-5)
    half = pack.match_colors(Image(painted), wanted, amount=0.5).data
    assert torch.allclose(half, (painted + wanted.data) / 2, atol=1e-5)
    everything = pack.match_colors(Image(painted), wanted, box(40, 40, 0, 0, 40, 40)).data
    assert torch.allclose(everything, wanted.data, atol=1e-5)
    clear = torch.cat((painted, torch.full((1, 40, 40, 1), 0.5)), -1)
    assert pack.match_colors(Image(clear), wanted).data[..., 3].equal(clear[..., 3])
    with pytest.raises(NodeError, match="the reference 9×9"):
        pack.match_colors(wanted, random(9, 9))


# Room around


def test_room_is_made_in_four_directions_with_a_mask_that_says_where() -> None:
    source = random(8, 8)
    made = pack.outpaint(source, 2, 1, 4, 3, feather=0, multiple=1)
    assert made.image.size == (14, 12)
    assert made.image.data[:, 1:9, 2:10].equal(source.data)
    assert made.mask.data.equal(1 - box(14, 12, 2, 1, 10, 9).data)
    assert made.image.data[0, 0, 0].equal(source.data[0, 0, 0])
    assert made.image.data[0, -1, -1].equal(source.data[0, -1, -1])


def test_the_mask_falls_inside_the_picture_only_where_there_is_room_beside_it() -> None:
    made = pack.outpaint(random(8, 8), left=2, feather=3, multiple=1).mask.data
    assert made.shape == (1, 8, 10)
    assert made[0, 4].tolist() == pytest.approx([1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0, 0])
    assert bool((made == made[:, :1]).all()), "no room above or below"


def test_what_a_multiple_lacks_is_added_where_there_is_room() -> None:
    source = random(20, 20)
    assert pack.outpaint(source, left=5, multiple=8).image.size == (32, 24)
    made = pack.outpaint(source, left=5, multiple=16, feather=0)
    assert made.image.size == (32, 32)
    assert made.image.data[:, :20, 12:].equal(source.data)


def test_room_is_filled_as_asked_for_however_wide_it_is() -> None:
    row = Image(torch.tensor([[[[0.1] * 3, [0.5] * 3, [0.9] * 3]]]))
    wide = pack.outpaint(row, left=5, multiple=1, filling="mirror").image.data[0, 0, :, 0]
    assert wide.tolist() == pytest.approx([0.5, 0.1, 0.5, 0.9, 0.5, 0.1, 0.5, 0.9])
    plain = pack.outpaint(row, right=1, multiple=1, filling="color", background="#ff0000")
    assert plain.image.data[0, 0, 3].tolist() == [1, 0, 0]


def test_zooming_out_keeps_the_size_and_shows_the_whole_picture_smaller() -> None:
    source = random(32, 48)
    made = pack.zoom_out(source, 2, feather=0)
    assert made.image.size == (48, 32)
    assert made.mask.data.equal(1 - box(48, 32, 12, 8, 36, 24).data)
    small = pack.resize(source, 24, 16, "stretch")
    assert made.image.data[:, 8:24, 12:36].equal(small.data)
    corner = pack.zoom_out(source, 2, "top left", feather=0).mask.data
    assert corner.equal(1 - box(48, 32, 0, 0, 24, 16).data)


def test_a_square_has_room_at_the_shorter_sides() -> None:
    source = random(10, 20)
    made = pack.square(source, feather=0, multiple=1)
    assert made.image.size == (20, 20)
    assert made.mask.data.equal(1 - box(20, 20, 0, 5, 20, 15).data)
    assert made.image.data[:, 5:15].equal(source.data)
    assert pack.square(source, multiple=16).image.size == (32, 32)


# Tiles


@pytest.mark.parametrize(("side", "tile", "overlap"), [(100, 32, 8), (64, 64, 8), (65, 64, 32)])
def test_tiles_cover_a_side_and_share_what_was_asked_for(
    side: int, tile: int, overlap: int
) -> None:
    begins = starts(side, tile, overlap)
    assert (begins[0], begins[-1] + tile) == (0, side)
    assert all(over >= overlap for over in overlaps(tuple(begins), tile)[1:])
    assert starts(20, 64, 8) == [0]


@pytest.mark.parametrize("size", [(70, 90), (32, 70), (20, 20), (33, 31)])
@pytest.mark.parametrize("overlap", [0, 8, 16])
def test_untouched_tiles_merge_into_the_very_picture(size: tuple[int, int], overlap: int) -> None:
    source = random(*size, 4, 2)
    split = pack.split_tiles(source, 32, overlap)
    assert split.numbers == list(range(len(split.tiles)))
    assert pack.merge_tiles(split.tiles, split.tiling).data.equal(source.data)


def test_tiles_fade_into_each_other_where_they_overlap() -> None:
    split = pack.split_tiles(random(32, 60), 32, 4)
    dark, light = (Image(torch.full_like(split.tiles[0].data, v)) for v in (0.0, 1.0))
    row = pack.merge_tiles([dark, light], split.tiling).data[0, 3, :, 0]
    assert row.tolist() == [*[0] * 28, 0.125, 0.375, 0.625, 0.875, *[1] * 28]


def test_the_edges_of_tiles_count_for_nothing_where_tiles_fade_in_the_middle() -> None:
    source = random(70, 90).data
    grid = Grid.of((90, 70), 32, 12)

    def spoilt(number: int) -> torch.Tensor:
        y, x = divmod(number, len(grid.columns))
        top, left = grid.rows[y], grid.columns[x]
        tile = source[:, top : top + 32, left : left + 32].clone()
        inner = [3 if at else 0 for at in (top, left)]
        outer = [29 if at + 32 < side else 32 for at, side in ((top, 70), (left, 90))]
        keep = tile[:, inner[0] : outer[0], inner[1] : outer[1]].clone()
        tile.fill_(9)
        tile[:, inner[0] : outer[0], inner[1] : outer[1]] = keep
        return tile

    assert assemble(grid, spoilt, fade=0.5).equal(source)
    assert float(assemble(grid, spoilt).max()) > 1


def test_tiles_of_one_value_merge_without_a_trace_of_the_grid() -> None:
    split = pack.split_tiles(random(70, 70), 32, 12)
    even = [Image(torch.full_like(tile.data, 0.3)) for tile in split.tiles]
    assert bool((pack.merge_tiles(even, split.tiling).data == 0.3).all())


def test_tiles_that_were_all_enlarged_make_a_larger_picture() -> None:
    source = random(40, 50)
    split = pack.split_tiles(source, 32, 8)
    twice = [pack.scale(tile, 2, "nearest") for tile in split.tiles]
    assert pack.merge_tiles(twice, split.tiling).data.equal(pack.scale(source, 2, "nearest").data)


def test_tiles_that_lack_or_have_another_size_are_named() -> None:
    split = pack.split_tiles(random(40, 50), 32, 8)
    with pytest.raises(NodeError, match="there are 3 tiles, and the picture was split into 4"):
        pack.merge_tiles(split.tiles[:3], split.tiling)
    odd = [*split.tiles[:3], random(32, 30)]
    with pytest.raises(NodeError, match="tile 4 is 30×32 and was split as 32×32"):
        pack.merge_tiles(odd, split.tiling)
    with pytest.raises(NodeError, match="more than half a tile of 32"):
        pack.split_tiles(random(40, 50), 32, 17)


def test_nodes_between_split_and_merge_work_on_one_tile_after_another(tmp_path: Path) -> None:
    graph = {
        "musegraph": 1,
        "inputs": {},
        "outputs": {"merged": "merge.out", "whole": "all.out"},
        "nodes": {
            "noise": {"type": "image.noise", "values": {"width": 70, "height": 50}},
            "split": {
                "type": "image.split_tiles",
                "values": {"tile": 32, "overlap": 8},
                "links": {"image": "noise.out"},
            },
            "each": {"type": "image.invert", "links": {"image": "split.tiles"}},
            "merge": {
                "type": "image.merge_tiles",
                "links": {"tiles": "each.out", "tiling": "split.tiling"},
            },
            "all": {"type": "image.invert", "links": {"image": "noise.out"}},
        },
    }
    with Engine(store=Store(tmp_path)) as engine:
        result = engine.run(engine.plan(Workflow.parse(graph)))
        assert result.ok, result.outcome.errors
        outputs = result.outputs()
    assert outputs["merged"].data.equal(outputs["whole"].data)


# Textures


def test_wrapping_by_half_brings_the_edges_to_the_middle_and_back() -> None:
    source = random(8, 6)
    moved = pack.wrap(source, seam=2)
    assert moved.image.data[:, 4:, 3:].equal(source.data[:, :4, :3])
    cross = drawn(*["..##.."] * 3, *["######"] * 2, *["..##.."] * 3)
    assert moved.mask.data.equal(cross.data)
    for odd in (source, random(7, 5)):
        there = pack.wrap(odd).image
        assert pack.wrap(there, -0.5, -0.5).image.data.equal(odd.data)
    assert pack.wrap(source, 0, 1).mask.data.max() == 0, "nothing moved, so there is no old edge"


def test_a_picture_is_laid_out_without_a_gap() -> None:
    source = random(3, 5)
    made = pack.repeat(source, 3, 2).data
    assert made.shape == (1, 6, 15, 3)
    assert made[:, 3:, 5:10].equal(source.data)


def test_a_seamless_picture_repeats_as_evenly_as_it_is_inside() -> None:
    across = torch.linspace(0, 1, 40)
    slope = Image(across[None, None, :, None].expand(1, 32, 40, 3).contiguous())
    before = pack.seams(slope)
    assert before == (pytest.approx(39), 0)
    made = pack.seamless(slope, 0.25)
    assert made.size == (30, 24)
    assert pack.seams(made).across < 2
    # The first pixel is the one that came after the last; then it fades to what was there.
    row = made.data[0, 0, :, 0]
    assert row[0] == pytest.approx(float(across[30] + 0.05 * (across[0] - across[30])))
    assert row[10:].equal(across[10:30])


def test_a_texture_that_repeats_has_no_seam_and_a_flat_one_neither() -> None:
    wave = torch.sin(torch.arange(32) / 32 * 2 * math.pi) / 2 + 0.5
    made = pack.seams(Image(wave[None, None, :, None].expand(1, 32, 32, 3).contiguous()))
    assert made.across < 2
    assert pack.seams(Image(torch.full((1, 4, 4, 3), 0.5))) == (0, 0)
    only = pack.seamless(random(16, 16), 0.25, "horizontal")
    assert only.size == (12, 16)
