"""What the node promises."""

from musegraph_echoes import echo


def test_an_echo_fades() -> None:
    assert echo("halloooo", 2, 0.5, " ") == "halloooo oooo oo"
