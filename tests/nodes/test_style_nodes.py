"""Pack `style`: its nodes, what they make, and everything that they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from style_bench import Bench
from style_toys import TOYS, content_data, mask, noise, picture, refusal, stripes

from musegraph import (
    Cancelled,
    Engine,
    Image,
    Mask,
    NodeError,
    Registry,
    Store,
)
from musegraph_nodes import starter, style
from musegraph_nodes.style import load_features, texture, transfer, transfer_frames

FAST = {"size": 64, "steps": 2, "levels": 1, "preview": 0}


MADE_WITH = {"transfer": "content", "texture": "sample", "transfer_frames": "frames"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(Registry([TOYS, style.pack, starter.pack]), Store()) as made:
        yield made


def refused(
    engine: Engine, kind: str, pictures: dict[str, str], values: dict[str, Any]
) -> tuple[str, str, str]:
    given = {MADE_WITH[kind]: "content", "styles": "stripes", **pictures}
    fast = {"steps": 1, "levels": 1}
    if kind == "texture":
        given.pop("styles", None)
        fast |= {"width": 64, "height": 64}
    else:
        fast |= {"size": 64}
    return refusal(
        engine, kind, given, {**fast, **values}, features={"type": "style.load_features"}
    )


BOTH = [
    ({"styles": "dot"}, {}, "styles", "failed", "1×1"),
    ({"styles": "nan"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "infinite"}, {}, "styles", "failed", "no numbers"),
    ({"styles": "clear"}, {}, "styles", "failed", "transparent everywhere"),
    ({"styles": "none"}, {}, "styles", "failed", "holds no picture"),
    ({"styles": "wide"}, {}, "styles", "failed", "conv5_1 needs 16"),
    ({"styles": ""}, {}, "styles", "missing", ""),
    ({}, {"weights": [0]}, "weights", "failed", "all are 0"),
    ({}, {"weights": [1, 1]}, "weights", "failed", "2 weights for 1 styles"),
    ({}, {"weights": [-1]}, "weights", "failed", "0 or more"),
    ({}, {"style_weight": 0, "content_weight": 0}, "style_weight", "failed", "nothing is left"),
    ({}, {"style_weight": -1}, "style_weight", "value", ""),
    ({}, {"size": 100_000}, "size", "value", ""),
    ({}, {"size": 8}, "size", "failed", "needs 16"),
    ({}, {"steps": 0}, "steps", "value", ""),
    ({}, {"style_layers": "conv1_1, conv7_1"}, "style_layers", "failed", "no layer 'conv7_1'"),
    ({}, {"content_layers": "relu4"}, "content_layers", "failed", "no layer 'relu4'"),
    ({}, {"optimiser": "sgd"}, "optimiser", "value", ""),
    ({}, {"style_scale": 0.1}, "styles", "failed", "needs 16"),
]
BAD_TRANSFER = [
    *BOTH,
    ({"content": "dot"}, {}, "content", "failed", "1×1"),
    ({"content": "nan"}, {}, "content", "failed", "no numbers"),
    ({"content": "clear"}, {}, "content", "failed", "transparent everywhere"),
    ({"content": "none"}, {}, "content", "failed", "holds no picture"),
    ({"masks": "small"}, {}, "masks", "failed", "image.mask_resize"),
    ({"masks": "black"}, {}, "masks", "failed", "black everywhere"),
    ({"masks": "nan"}, {}, "masks", "failed", "no numbers"),
    ({"masks": "two"}, {}, "masks", "failed", "batch of 2"),
    ({}, {"strength": 0}, "strength", "value", ""),
    ({}, {"init": "picture"}, "start", "failed", "there is none"),
    ({"start": "nan"}, {"init": "picture"}, "start", "failed", "no numbers"),
    ({"start": "two"}, {"init": "picture"}, "start", "failed", "2 pictures and the content 1"),
]
BAD_FRAMES = [
    *BOTH,
    ({"frames": "dot"}, {}, "frames", "failed", "1×1"),
    ({"frames": "nan"}, {}, "frames", "failed", "no numbers"),
    ({"frames": "none"}, {}, "frames", "failed", "holds no picture"),
    ({"frames": ""}, {"frames": []}, "frames", "failed", "list is empty"),
    ({}, {"next_steps": 0}, "next_steps", "value", ""),
    ({}, {"steady": -1}, "steady", "value", ""),
]
BAD_TEXTURE = [
    ({"sample": "dot"}, {}, "sample", "failed", "1×1"),
    ({"sample": "nan"}, {}, "sample", "failed", "no numbers"),
    ({"sample": "infinite"}, {}, "sample", "failed", "no numbers"),
    ({"sample": "clear"}, {}, "sample", "failed", "transparent everywhere"),
    ({"sample": "none"}, {}, "sample", "failed", "holds no picture"),
    ({"sample": "wide"}, {}, "sample", "failed", "needs 16"),
    ({"sample": ""}, {}, "sample", "missing", ""),
    ({}, {"width": 31}, "width", "value", ""),
    ({}, {"height": 1_000_000}, "height", "value", ""),
    ({}, {"seamless": True, "width": 72}, "seamless", "failed", "multiples of 16"),
    ({}, {"layers": "conv0_1"}, "layers", "failed", "no layer 'conv0_1'"),
    ({}, {"steps": -1}, "steps", "value", ""),
    ({}, {"scale": 100}, "scale", "value", ""),
]


@pytest.mark.parametrize(
    ("kind", "pictures", "values", "port", "code", "said"),
    [
        (kind, *row)
        for kind, rows in (
            ("transfer", BAD_TRANSFER), ("transfer_frames", BAD_FRAMES), ("texture", BAD_TEXTURE)
        )
        for row in rows
    ],
)  # fmt: skip
def test_a_bad_input_is_refused_with_its_node_port_and_code(
    engine: Engine,
    kind: str,
    pictures: dict[str, str],
    values: dict[str, Any],
    port: str,
    code: str,
    said: str,
) -> None:
    node_id, found, words = refused(engine, kind, pictures, values)
    assert (node_id, found) == ("it", code), words
    assert f"port {port!r}" in words
    assert said in words


@cache
def net() -> Any:
    return load_features(Bench())


def painted(bench: Bench | None = None, **values: Any) -> Any:
    given = {"content": Image(content_data()), "styles": [Image(stripes())], **FAST, **values}
    return transfer(features=net(), ctx=bench or Bench(), **given)


@pytest.mark.parametrize("kind", ["grey", "black", "glass", "two", "stripes"])
def test_odd_pictures_are_repainted_all_the_same(kind: str) -> None:
    odd = picture(kind)
    as_style = painted(styles=[odd])
    as_content = painted(content=odd)
    for made in (as_style, as_content):
        assert bool(torch.isfinite(made.image.data).all())
        assert 0 <= float(made.image.data.min()) <= float(made.image.data.max()) <= 1
    assert as_content.image.data.shape == odd.data.shape
    if kind == "glass":
        assert torch.equal(as_content.image.data[..., 3], odd.data[..., 3])


def test_the_style_loss_falls_twentyfold_and_the_content_stays_near() -> None:
    made = painted(steps=40, levels=1)
    figures = made.figures
    assert figures["style_of_content"] / figures["style"] > 20
    assert figures["fall"] == pytest.approx(figures["style_of_content"] / figures["style"])
    assert figures["content"] < 1.5
    assert set(figures["layers"]) == {f"conv{at}_1" for at in range(1, 6)}
    red = made.image.data[..., 0] - made.image.data[..., 1]
    assert float(red.mean()) > 0.1  # the palette is that of the stripes
    inside = made.image.data[0, 24:40, 24:40].mean((0, 1))
    outside = made.image.data[0, :12, :].mean((0, 1))
    assert float((inside - outside).abs().max()) > 0.05  # and the disc is still there


def test_equal_seeds_give_equal_pictures_and_others_do_not() -> None:
    one, same, other = (painted(init="noise", seed=seed).image.data for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
def test_progress_previews_and_the_curve_follow_the_steps(optimiser: str) -> None:
    bench = Bench()
    made = painted(bench, steps=3, levels=2, size=80, preview=2, optimiser=optimiser)
    assert [done for done, _ in bench.steps] == [1, 2, 3, 4, 5, 6]
    assert {total for _, total in bench.steps} == {6}
    assert [preview.size for preview in bench.previews] == [(40, 40), (80, 80)]
    assert made.image.size == (80, 80)
    assert made.curve.size == (640, 360)
    assert float(made.curve.data.std()) > 0.02


def test_a_cancelled_run_ends_before_another_iteration_is_done() -> None:
    bench = Bench(cancel_at=2)
    with pytest.raises(Cancelled):
        painted(bench, steps=50)
    assert len(bench.steps) == 2


def test_a_cancelled_texture_and_a_cancelled_film_end_within_an_iteration_too() -> None:
    for cancelled in (
        lambda bench: texture(Image(stripes()), net(), bench, 64, 64, steps=50, levels=1),
        lambda bench: transfer_frames(
            moving(2), [Image(stripes())], net(), bench, size=64, steps=1, next_steps=50, levels=1
        ),
    ):
        bench = Bench(cancel_at=3)
        with pytest.raises(Cancelled):
            cancelled(bench)
        assert len(bench.steps) == 3


def test_a_style_counts_where_its_mask_is_white() -> None:
    green = Image(stripes().flip(-1) * 0 + torch.tensor([0.1, 0.8, 0.2]))
    made = painted(
        styles=[Image(stripes()), green], masks=[mask("left"), mask("right")], steps=25,
        content_weight=0.1,
    ).image.data  # fmt: skip
    left, right = made[0, :, :24].mean((0, 1)), made[0, :, 40:].mean((0, 1))
    assert float(right[1] - right[0]) > 0.2
    assert float(left[0]) > float(left[1])


def test_weights_blend_styles() -> None:
    green = Image(torch.tensor([0.1, 0.8, 0.2]).expand(1, 64, 64, 3).contiguous())
    both = [Image(stripes()), green]
    most, none = (painted(styles=both, weights=[1, w], steps=15).image.data for w in (9, 0))
    only = painted(styles=both[:1], steps=15).image.data
    assert torch.equal(none, only)
    assert float((most[..., 1] - none[..., 1]).mean()) > 0.1


@pytest.mark.parametrize("keep", ["luminance", "histogram"])
def test_the_colours_of_the_content_are_kept(keep: str) -> None:
    content = content_data()
    kept = painted(keep_colours=keep, steps=30, style_weight=100).image.data
    plain = painted(steps=30, style_weight=100).image.data
    mean = content.mean((1, 2))
    apart, lost = ((made.mean((1, 2)) - mean).abs().sum() for made in (kept, plain))
    assert float(apart) < float(lost) / 2
    assert float((kept - content).abs().mean()) > 0.01


@pytest.mark.parametrize("frugal", [False, True])
def test_windows_change_next_to_nothing(frugal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musegraph_nodes.style.repaint.FRUGAL", 48)
    bench = Bench(frugal=frugal)
    given = {"content": Image(content_data(96)), "size": 0, "steps": 2, "optimiser": "adam"}
    made = painted(bench, **given, tile=0 if frugal else 48).image.data
    whole = painted(**given).image.data
    assert float((made - whole).abs().max()) < 1e-3
    assert bench.checks > 3 * len(bench.steps)


def test_a_seamless_texture_joins_with_itself() -> None:
    def seam(seamless: bool) -> float:
        made = texture(
            Image(stripes(96, 12)), net(), Bench(), 64, 64, seamless, steps=25, levels=1, seed=1
        ).image.data[0]
        inside = (made[:, 1:] - made[:, :-1]).abs().mean()
        return float((made[:, 0] - made[:, -1]).abs().mean() / inside)

    assert seam(True) < 1.5
    assert seam(True) < seam(False)


def test_a_texture_has_the_colours_of_its_sample_and_the_size_asked_for() -> None:
    made = texture(Image(stripes()), net(), Bench(), 96, 64, steps=20, levels=1).image
    assert made.size == (96, 64)
    apart = made.data.mean((1, 2)) - stripes().mean((1, 2))
    assert float(apart.abs().max()) < 0.1


def moving(count: int) -> list[Image]:
    """A disc that goes right before a ground that stays."""
    frames = []
    for at in range(count):
        data = content_data()
        data[:, :, :] = 0.2
        data[:, 20:36, 8 + 6 * at : 24 + 6 * at] = torch.tensor([0.9, 0.8, 0.3])
        frames.append(Image(data))
    return frames


def test_frames_that_begin_with_the_last_result_flicker_less_than_frames_alone() -> None:
    frames, styles = moving(3), [Image(stripes())]
    fast = {"size": 0, "steps": 12, "levels": 1}
    grained = [Image(f.data + 0.02 * noise(*f.data.shape, seed=i)) for i, f in enumerate(frames)]
    # These stripes are far from the content, so the style pulls hard.
    made = transfer_frames(grained, styles, net(), Bench(), next_steps=8, steady=1e4, **fast)
    alone = [painted(content=frame, styles=styles, **fast).image for frame in grained]

    def flicker(images: list[Image]) -> float:
        still = [image.data[:, 44:] for image in images]
        return sum(float((b - a).abs().mean()) for a, b in pairwise(still))

    assert len(made.images) == 3
    assert flicker(made.images) < 0.5 * flicker(alone)
    there = made.images[2].data[0, 20:36, 20:36].mean((0, 1))
    ground = made.images[2].data[0, :12].mean((0, 1))
    assert float((there - ground).abs().max()) > 0.05  # the disc has moved with its frame


def test_what_has_moved_in_a_film_gets_strokes_of_the_style_too() -> None:
    made = transfer_frames(
        moving(2), [Image(stripes())], net(), Bench(), size=64, steps=2, next_steps=1, levels=1
    ).images[1]
    there = made.data[0, 20:36, 14:30]
    red, blue = there[..., 0] > there[..., 2] + 0.2, there[..., 2] > there[..., 0] + 0.2
    assert float(red.float().mean()) > 0.2
    assert float(blue.float().mean()) > 0.05


def test_frames_of_unequal_size_are_refused_with_the_number_of_the_first_that_differs() -> None:
    with pytest.raises(NodeError, match=r"port 'frames': picture 3 is 48×48 pixels and the first"):
        transfer_frames(
            [picture("two"), picture("small")], [Image(stripes())], net(), Bench(), size=64
        )


def test_a_run_away_optimisation_says_so(tmp_path: Path) -> None:
    from musegraph_nodes.style.objective import Figures
    from musegraph_nodes.style.optimise import Curve, optimised

    def broken(one: torch.Tensor) -> Figures:
        one.grad = torch.full_like(one, float("nan"))
        return Figures(float("nan"), 0, 0, 0)

    with pytest.raises(NodeError, match="ran away at step 1"):
        optimised(broken, noise(1, 3, 8, 8), 3, "adam", Curve(), lambda *_: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("masked", [False, True], ids=["everywhere", "by a mask"])
def test_at_less_strength_a_picture_is_nearer_to_its_content(masked: bool) -> None:
    bench, content = Bench(), Image(content_data())
    features = load_features(bench)
    masks = [Mask(torch.ones(1, 64, 64))] if masked else None

    def away(strength: float) -> float:
        made = transfer(
            content, [Image(stripes())], features, bench, masks=masks, strength=strength, **FAST
        )
        return float((made.image.data - content.data).abs().mean())

    faint, half, whole = (away(strength) for strength in (0.05, 0.5, 1.0))
    assert faint < 0.9 * half
    assert half < 0.9 * whole
