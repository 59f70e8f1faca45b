"""The pictures that the starter model is trained on show what their captions say."""

from __future__ import annotations

import colorsys
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skia", exc_type=ImportError, reason="skia needs libGL and libEGL")

from musegraph_nodes.starter.scenes import (
    ObjectsSpec,
    SceneSpec,
    Spec,
    caption,
    chinese,
    chinese_caption,
    is_held_out,
    render,
    sample_spec,
)
from musegraph_nodes.starter.scenes import english as say
from musegraph_nodes.starter.scenes import vocabulary as words
from musegraph_nodes.starter.scenes.backdrop import BACKDROPS
from musegraph_nodes.starter.scenes.draw import CANVASES
from musegraph_nodes.starter.scenes.make_data import make_data
from musegraph_nodes.starter.scenes.spec import Thing
from musegraph_nodes.starter.scenes.subjects import SUBJECTS

HOUSE = SceneSpec(
    style="flat vector",
    scene="hills",
    time="day",
    subject="house",
    colour="red",
    position="center",
    count=1,
    orb="none",
    orb_position="left",
    weather="clear",
    seed=7,
)
SHAPE = ObjectsSpec(
    style="flat vector",
    relation="single",
    first=Thing("red", "circle"),
    second=None,
    background="white",
    count=1,
    seed=7,
)


def specs(count: int, held_out: bool | None = False) -> list[Spec]:
    rng = np.random.default_rng(11)
    return [sample_spec(rng, held_out) for _ in range(count)]


@pytest.mark.parametrize("size", [96, 128, 200])
@pytest.mark.parametrize("style", words.STYLES)
def test_the_same_spec_gives_the_same_picture(style: str, size: int) -> None:
    spec = replace(HOUSE, style=style)
    picture = render(spec, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, render(spec, size))
    assert not np.array_equal(picture, render(replace(spec, seed=8), size))


def test_every_sampled_spec_can_be_drawn() -> None:
    for spec in specs(150, None):
        assert render(spec, 64).std() > 2, spec


def test_held_out_combinations_are_sampled_only_on_demand() -> None:
    assert not any(is_held_out(spec) for spec in specs(3000))
    assert all(is_held_out(spec) for spec in specs(60, held_out=True))
    assert any(is_held_out(spec) for spec in specs(300, held_out=None))


def test_a_shape_is_held_out_in_second_place_too() -> None:
    pair = replace(SHAPE, relation="above", second=Thing("blue", "heart"))
    assert is_held_out(pair)
    assert not is_held_out(replace(pair, second=Thing("red", "heart")))


def expected_words(spec: Spec) -> list[tuple[str, ...]]:
    """Of each group of phrases, one must be in the caption."""
    groups: list[tuple[str, ...]] = [say.STYLES[spec.style]]
    if isinstance(spec, SceneSpec):
        nouns = (spec.subject, *say.SUBJECTS.get(spec.subject, ()))
        groups += [say.SCENES[spec.scene], say.TIMES[spec.time], say.WEATHERS[spec.weather]]
        if spec.count > 1:
            nouns = tuple(say.PLURALS.get(noun, noun + "s") for noun in nouns)
        colours = say.COLOURS[spec.colour] if spec.colour else ("",)
        groups.append(tuple(f"{colour} {noun}".strip() for colour in colours for noun in nouns))
        groups.append(say.POSITIONS[spec.position])
        groups += [(spec.orb,)] if spec.orb != "none" else []
        groups += [say.SEASONS[spec.season]] if spec.season else []
    else:
        for thing in (spec.first, spec.second):
            if thing:
                shapes = say.SHAPES.get(thing.shape, (thing.shape,))
                colours = say.COLOURS[thing.colour]
                groups.append(tuple(f"{colour} {shape}" for colour in colours for shape in shapes))
        groups.append((f"{spec.background} background",))
        groups += [say.RELATIONS[spec.relation]] if spec.second else []
    if spec.count > 1:
        groups.append(say.NUMBERS[spec.count])
    return groups


def expected_characters(spec: Spec) -> list[tuple[str, ...]]:
    """The same for Chinese."""
    groups: list[tuple[str, ...]] = [chinese.STYLES[spec.style]]
    if isinstance(spec, SceneSpec):
        groups += [chinese.SCENES[spec.scene], chinese.TIMES[spec.time]]
        groups += [chinese.WEATHERS[spec.weather], chinese.POSITIONS[spec.position]]
        groups.append((chinese.SUBJECTS[spec.subject][1],))
        groups += [(chinese.COLOURS[spec.colour],)] if spec.colour else []
        groups += [(chinese.ORBS[spec.orb],)] if spec.orb != "none" else []
        groups += [(chinese.SEASONS[spec.season],)] if spec.season else []
    else:
        for thing in (spec.first, spec.second):
            if thing:
                groups.append((chinese.COLOURS[thing.colour] + "的",))
                groups.append((chinese.SHAPES[thing.shape][1],))
        groups.append((f"{chinese.COLOURS[spec.background]}背景",))
        groups += [(chinese.RELATIONS[spec.relation],)] if spec.second else []
    if spec.count > 1:
        groups.append((chinese.NUMBERS[spec.count],))
    return groups


def test_captions_mention_what_the_spec_says() -> None:
    rng = np.random.default_rng(3)
    for spec in specs(500, None):
        text, translated = caption(spec, rng), chinese_caption(spec, rng)
        for group in expected_words(spec):
            assert any(phrase in text for phrase in group), (group, text)
        for group in expected_characters(spec):
            assert any(phrase in translated for phrase in group), (group, translated)


def test_captions_read_like_english() -> None:
    rng = np.random.default_rng(3)
    two = caption(replace(HOUSE, subject="cactus", scene="desert", colour="", count=2), rng)
    assert "two cactuses" in two or "a pair of cactuses" in two
    assert "an orange " in caption(replace(HOUSE, colour="orange"), rng)


def hue_of(colour: str) -> float:
    red, green, blue = (channel / 255 for channel in words.COLOURS[colour])
    return colorsys.rgb_to_hsv(red, green, blue)[0] * 360


def shares_of_colours(pixels: np.ndarray[Any, Any]) -> dict[str, float]:
    """The share of the pixels, uint8 `[n, 3]`, that each colour name fits best; dull ones fit none.

    White fits what is bright and pale.
    """
    values = pixels.astype(float)
    high, low = values.max(1), values.min(1)
    chroma = high - low
    red, green, blue = values.T
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360
    names = [name for name in words.COLOURS if name != "white"]
    apart = np.stack([np.abs((hue - hue_of(name) + 180) % 360 - 180) for name in names])
    best = apart.argmin(0)
    vivid = chroma > 45
    shares = {name: float((vivid & (best == i)).mean()) for i, name in enumerate(names)}
    shares["white"] = float(((high > 150) & (chroma < 60)).mean())
    return shares


drawn_once = lru_cache(render)


def pixels_of_the_colour(spec: Spec, other: Spec) -> np.ndarray[Any, Any]:
    """Pixels `[n, 3]` of `spec` that are clearly different when its colour is another."""
    picture = render(spec)
    changed = np.abs(picture.astype(int) - drawn_once(other).astype(int)).max(-1) > 60
    pixels: np.ndarray[Any, Any] = picture[changed]
    return pixels


@pytest.mark.parametrize("style", words.STYLES)
@pytest.mark.parametrize("time", words.TIMES)
def test_the_colour_of_a_subject_survives_style_and_time(style: str, time: str) -> None:
    for colour in words.COLOURS:
        spec = replace(HOUSE, style=style, time=time, colour=colour)
        other = replace(spec, colour="teal" if colour in ("red", "orange", "pink") else "red")
        pixels = pixels_of_the_colour(spec, other)
        assert len(pixels) > 0.02 * 128 * 128, (colour, len(pixels))
        shares = shares_of_colours(pixels)
        assert max(shares, key=lambda name: shares[name]) == colour, (colour, shares)
        assert shares[colour] > 0.5, (colour, shares)


@pytest.mark.parametrize("style", words.STYLES)
def test_the_colour_of_a_shape_survives_style(style: str) -> None:
    for colour in words.COLOURS:
        background = "blue" if colour in ("white", "yellow") else "white"
        spec = replace(SHAPE, style=style, first=Thing(colour, "star"), background=background)
        opposite = "teal" if colour in ("red", "orange", "pink") else "red"
        other = replace(spec, first=Thing(opposite, "star"))
        shares = shares_of_colours(pixels_of_the_colour(spec, other))
        assert max(shares, key=lambda name: shares[name]) == colour, (colour, shares)
        assert shares[colour] > 0.5, (colour, shares)


@pytest.mark.parametrize("size", [192, 256])
def test_squares_of_pixel_art_lie_alike_in_every_latent(size: int) -> None:
    picture = render(replace(HOUSE, style="pixel art"), size)
    latents = picture.reshape(size // 8, 8, size // 8, 8, 3)
    quarters = latents.reshape(size // 8, 2, 4, size // 8, 2, 4, 3)
    assert (quarters == quarters[:, :, :1, :, :, :1]).all()
    assert (latents != latents[:, :1, :, :1]).any()


def test_strokes_of_paint_are_broad_enough_for_an_autoencoder_to_follow() -> None:
    left = []
    for seed in range(5):
        picture = render(replace(SHAPE, style="oil painting", seed=seed), 192).astype(float)
        ground = picture[:48, :48]
        from_afar = ground.reshape(12, 4, 12, 4, 3).mean((1, 3))
        left.append(from_afar.var((0, 1)).sum() / ground.var((0, 1)).sum())
    # It is 0.53; of strokes of half the width it was 0.37, and they were smoothed away.
    assert np.mean(left) > 0.47


def test_every_name_has_words_in_both_languages_and_a_drawing() -> None:
    assert set(SUBJECTS) == {name for names in words.SUBJECTS.values() for name in names}
    assert set(words.SCENES) == set(BACKDROPS) == set(say.SCENES) == set(chinese.SCENES)
    assert set(words.STYLES) == set(CANVASES) == set(say.STYLES) == set(chinese.STYLES)
    assert set(SUBJECTS) == set(chinese.SUBJECTS)
    assert set(SUBJECTS) >= words.COLOURED | words.COUNTED | words.ALREADY_PLURAL
    assert set(words.SHAPES) == set(chinese.SHAPES)


def test_weather_and_season_fit_the_rest_of_the_picture() -> None:
    for spec in specs(3000, None):
        if isinstance(spec, SceneSpec):
            assert spec.weather != "aurora" or spec.time == "night"
            assert spec.weather != "rainbow" or spec.time in words.SUNNY_TIMES
            assert spec.weather != "snow" or spec.scene not in words.SNOWLESS
            assert not spec.season or (spec.weather != "snow" and spec.scene in words.SEASONAL)


def test_data_is_the_same_whatever_the_number_of_workers(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    make_data(one, count=6, seed=5, size=64, workers=1, chunk=3)
    make_data(two, count=6, seed=5, size=64, workers=2, chunk=2)
    for file in ("pictures.npy", "captions.json", "specs.json"):
        assert (one / file).read_bytes() == (two / file).read_bytes()
    assert np.load(one / "pictures.npy").shape == (6, 64, 64, 3)
    assert [len(each) for each in json.loads((one / "captions.json").read_text())] == [4] * 6
