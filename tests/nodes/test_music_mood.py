"""Pictures as moods: light and lively ones sound otherwise than dark and still ones."""

from __future__ import annotations

import pytest
import torch

from musegraph import Context, Image
from musegraph_nodes.music.arrange import arrange
from musegraph_nodes.music.harmony import chords
from musegraph_nodes.music.mood import _MOODS, feeling, feeling_of_words, mood, mood_of_words


def flat(*colour: float, side: int = 40) -> Image:
    return Image(torch.tensor(colour).expand(1, side, side + 8, len(colour)).clone())


def checks(low: float, high: float) -> Image:
    rows = torch.arange(96)
    squares = ((rows[:, None] // 8 + rows[None] // 8) % 2).float() * (high - low) + low
    return Image(squares[None, :, :, None].expand(1, 96, 96, 3).clone())


def test_a_dark_still_picture_is_slow_and_in_minor_and_a_bright_busy_one_fast_and_in_major() -> (
    None
):
    night, fair = mood(flat(0.05, 0.05, 0.06)), mood(Image(
        torch.cat((flat(1.0, 0.5, 0.0).data, flat(1.0, 1.0, 0.2).data), dim=2)
    ), energy=0.5)  # fmt: skip
    assert night.key.endswith("minor")
    assert fair.key.endswith("major")
    assert night.tempo < 90 < fair.tempo
    assert (night.genre, night.words) == ("classical", "gloomy and still")


def test_edges_and_colours_excite_and_light_pleases() -> None:
    assert feeling(checks(0.2, 0.9).data).energy > feeling(flat(0.55, 0.55, 0.55).data).energy
    assert feeling(flat(0.9, 0.1, 0.1).data).energy > feeling(flat(0.9, 0.9, 0.9).data).energy
    assert feeling(flat(0.9, 0.9, 0.9).data).pleasure > feeling(flat(0.3, 0.3, 0.3).data).pleasure


@pytest.mark.parametrize(
    ("colour", "key"),
    [((1, 0, 0), "C"), ((1, 0.5, 0), "G"), ((1, 1, 0), "D"), ((0, 1, 0), "E"), ((0, 0, 1), "Ab")],
)
def test_the_tonic_goes_round_the_fifths_as_the_hue_goes_round_the_colours(
    colour: tuple[float, ...], key: str
) -> None:
    assert mood(flat(*colour), pleasure=1).key == f"{key} major"


def test_grey_alpha_batches_and_single_pixels_have_a_mood() -> None:
    grey = mood(Image(torch.full((2, 1, 1, 3), 0.5)))
    assert grey.key.startswith("C ")
    clear = torch.cat((flat(1, 0.5, 0).data, torch.zeros(1, 40, 48, 1)), dim=3)
    assert mood(Image(clear)) == mood(flat(1, 0.5, 0))


@pytest.mark.parametrize("pleasure", [-1.0, 1.0])
@pytest.mark.parametrize("energy", [-1.0, 0.3, 1.0])
def test_every_mood_can_be_played(pleasure: float, energy: float) -> None:
    found = mood(flat(0.5, 0.4, 0.6), pleasure, energy)
    row = chords(found.chords, found.key)
    score = arrange(row, style=found.genre, tempo=found.tempo, bars=4)
    assert score.tempos[0].bpm == pytest.approx(found.tempo, rel=0.01)
    assert len(row["chords"]) == 4


def test_no_two_moods_are_alike() -> None:
    assert len({words for _, _, words in _MOODS.values()}) == len(_MOODS)
    assert len({genre for genre, _, _ in _MOODS.values()}) == len(_MOODS)


class Heard(Context):
    """A context that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warn(self, text: str, **_: object) -> None:
        self.said.append(text)


@pytest.mark.parametrize(
    ("text", "glad", "lively"),
    [
        ("Children laughing and dancing at a birthday party.", True, True),
        ("golden light over a calm sea at dusk", True, False),
        ("a lonely man walking home in the rain", False, False),
        ("A DRAGON attacks; fire, screams and a furious battle", False, True),
        ("he is not happy", False, None),
        ("nothing here is scary", True, None),
        ("sad but very, very happy", True, None),
    ],
)
def test_words_are_felt_as_people_feel_them(text: str, glad: bool, lively: bool | None) -> None:
    felt = feeling_of_words(text)
    assert felt is not None
    assert (felt.pleasure > 0.5) == glad
    assert lively is None or (felt.energy > 0.5) == lively


def test_words_become_music_and_those_that_are_not_known_are_told_of() -> None:
    ctx = Heard()
    made = mood_of_words("a bright orange balloon, children play", ctx)
    assert (made.key, ctx.said) == ("G major", [])
    assert mood_of_words("the sea was blue", ctx).key.startswith("Ab")
    assert chords(made.chords, made.key)
    for text in ("", "xyzzy", "\ud800 灯塔", "not " * 5000):
        ctx.said.clear()
        neutral = mood_of_words(text, ctx)
        assert 64 <= neutral.tempo <= 136
        assert len(ctx.said) == 1
    assert mood_of_words("calm", ctx, energy=1).tempo == 136
