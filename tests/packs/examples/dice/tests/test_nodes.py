"""What the node promises."""

from musegraph_dice import pick


def test_the_same_seed_draws_the_same() -> None:
    options = "red\ngreen\nblue"
    assert pick(options, 7, 2) == pick(options, 7, 2)
    assert sorted(pick(options, 1, 3)) == ["blue", "green", "red"]
