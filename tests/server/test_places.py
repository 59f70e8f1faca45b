"""A worker for each graphics card that may be used, and one where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from musegraph.workers import places


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two cards, and a torch for them."""
    folder = tmp_path / "gpus"
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setattr(places, "CARDS", folder)
    monkeypatch.setattr(places, "cpu_build", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("MUSEGRAPH_DEVICE", raising=False)
    return folder


def test_each_card_has_a_worker_that_sees_no_other(cards: Path) -> None:
    made = places.places()
    assert [place.name for place in made] == ["cuda-0", "cuda-1"]
    assert [place.variables["CUDA_VISIBLE_DEVICES"] for place in made] == ["0", "1"]


def test_cards_that_are_hidden_are_not_used(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [place.name for place in places.places()] == ["cuda-1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [place.name for place in places.places()] == ["main"]


def test_without_a_card_that_can_be_used_there_is_one_worker(
    cards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSEGRAPH_DEVICE", "cpu")
    assert [place.name for place in places.places()] == ["main"]
    monkeypatch.delenv("MUSEGRAPH_DEVICE")
    monkeypatch.setattr(places, "cpu_build", lambda: True)
    assert [place.name for place in places.places()] == ["main"]
