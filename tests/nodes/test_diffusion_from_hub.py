"""A model that came from the hub goes through the same nodes as one that was always here."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_hub import fake_hub
from test_diffusion_folders import engine, workflow
from tiny_sd import make_tiny

from musegraph import Image
from musegraph.cli import main


def test_a_tiny_model_of_the_hub_gives_the_picture_of_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_tiny(tmp_path / "here")
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    monkeypatch.setenv("MUSEGRAPH_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with fake_hub() as hub:
        hub.repo("artist/tiny", files)
        monkeypatch.setenv("HF_ENDPOINT", hub.url())
        assert main(["models", "add", "artist/tiny", "--yes"]) == 0
    asked: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *where: asked.append(where))
    pictures = []
    for index, source in enumerate((Path("artist/tiny"), folder)):
        with engine(tmp_path / f"cache{index}") as one:
            pictures.append(one.run(one.plan(workflow(source))).outputs()["picture"])
    assert not asked, "loading a model asks nobody"
    first, second = pictures
    assert isinstance(first, Image)
    assert torch.equal(first.data, second.data)
